"""Which files beside the workflows are generated, and how."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from cicd_defs.spec.names import CodeOwner, OwnedPath
from cicd_defs.spec.strict import Distinct, Mistake, Strict, refuse_mistakes

CodeOwners = dict[OwnedPath, Distinct[CodeOwner]]


def covers(wide: str, narrow: str) -> bool:
    """Whether every file of the second pattern surely is one of the first, both as CODEOWNERS has them."""
    wide, narrow = wide.removeprefix("/"), narrow.removeprefix("/")
    if wide in {"*", "**", narrow}:
        return True
    folder = wide.removesuffix("**")
    return folder.endswith("/") and "*" not in folder and narrow.startswith(folder)


def _dead(patterns: Sequence[str]) -> Iterator[Mistake]:
    """Entries that say nothing: the last pattern that matches a file decides, and a later one matches all of theirs."""
    for at, pattern in enumerate(patterns):
        if later := next((wide for wide in patterns[at + 1 :] if covers(wide, pattern)), None):
            message = f"`{later}` stands behind it and matches the same files, and the last match decides"
            yield Mistake((pattern,), message, f"Write `{later}` before it.")


def _in_order(owners: CodeOwners) -> CodeOwners:
    refuse_mistakes(_dead(list(owners)))
    return owners


class Files(Strict):
    """Which files beside the workflows are generated, and how."""

    task_runner: Literal["make", "task"] = Field(
        "make", description="What people run the local commands with: a Makefile or a Taskfile."
    )
    dependabot: bool = Field(
        True, description="Keep actions, images and dependencies up to date by Dependabot."
    )
    code_owners: Annotated[CodeOwners, AfterValidator(_in_order)] = Field(
        {},
        description="Who is asked for a review of which files: of all that match a file the last one decides.",
        examples=[{"*": ["@acme/platform"], "k8s/**": ["@acme/operations", "lead@example.com"]}],
    )
    ruleset: bool = Field(True, description="Write the branch's rules as JSON, to be imported into GitHub.")
    contributing: bool | None = Field(
        None,
        description="A section of CONTRIBUTING.md with exactly the commands that CI runs.",
        examples=[True],
        json_schema_extra={"when_left_out": "where the repository has no CONTRIBUTING.md of its own"},
    )
    coverage: bool = Field(
        False, description="Write .coveragerc where the tests measure coverage and nothing configures it."
    )
