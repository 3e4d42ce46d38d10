"""What is detected in a whole repository, in the columns and words by which the field labels repositories."""

from collections.abc import Iterable

from cicd_defs.facts.stacks import Claim, Stacks

# Every Go toolchain formats with gofmt, and goimports and gofumpt extend it: they do not tell repositories apart.
UNMARKED = frozenset({"gofmt", "goimports"})
# isort beside Black sorts imports the way Black formats: together they are counted as one formatter.
COMPANIONS = {"isort": "black"}


def corpus_columns(stacks: Stacks) -> dict[str, str]:
    """The union of all claims: comma-joined names, `none` for an empty set; `yes` or `no` for containers."""
    columns = {
        "languages": _joined(stacks, "languages", stacks.other_languages),
        "package_managers": _joined(stacks, "package_managers", stacks.other_package_managers),
        "test_runners": _joined(stacks, "test_runners", stacks.other_test_runners),
        "linters": _joined(stacks, "linters", (), "formatters", stacks.hooks),
        "type_checkers": _joined(stacks, "type_checkers", ()),
    }
    # Compose files alone start what others built: a repository that builds an image has a Dockerfile.
    columns["docker"] = _yes(stacks.dockerfiles)
    columns["k8s"] = _yes(stacks.kubernetes or stacks.helm_charts or stacks.skaffold)
    return columns


def _joined(stacks: Stacks, kind: str, others: Iterable[Claim], *more: str | Iterable[Claim]) -> str:
    claims: list[Claim] = []
    for source in (kind, *more):
        if isinstance(source, str):
            claims += [claim for component in stacks.components for claim in getattr(component, source)]
        else:
            claims += source
    names = dict.fromkeys(claim.name for claim in (*claims, *others))
    shown = [name for name in names if name not in UNMARKED and COMPANIONS.get(name) not in names]
    return ",".join(shown) or "none"


def _yes(found: object) -> str:
    return "yes" if found else "no"
