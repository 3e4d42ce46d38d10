"""Go: modules, the tests that they have, and the Go version they ask for."""

import re

from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, folder_of, join

_GO_LINE = re.compile(r"^go[ \t]+(\d+\.\d+)", re.MULTILINE)
_TOOLCHAIN = re.compile(r"^toolchain[ \t]+go(\d+\.\d+)", re.MULTILINE)
_GO_VERSION = re.compile(r"^(?:go)?(\d+\.\d+)", re.MULTILINE)
_IGNORED = re.compile(r"(^|/)[_.][^/]*/")


def find_projects(survey: Survey) -> list[Draft]:
    """The Go modules of a repository that have sources of their own."""
    modules = [path for path in survey.named("go.mod") if not _IGNORED.search(path)]
    holding = survey.lowest_roles(path for path in survey.paths if path.endswith(".go"))
    return [_draft(survey, path) for path in modules if folder_of(path) in holding]


def _draft(survey: Survey, path: str) -> Draft:
    folder = folder_of(path)
    return Draft("go", folder, path, (path,), lock_file=survey.first(folder, ("go.sum",)))


def claim_package_managers(scene: Scene, draft: Draft) -> None:
    """Modules are Go's package manager."""
    draft.claims.add("package_managers", "go-mod", [scene.survey.cite(draft.manifest)])


def claim_tests(scene: Scene, draft: Draft) -> None:
    """`go test`, where there are test files."""
    tests = [path for path in scene.sources(draft) if path.endswith("_test.go")]
    for path in tests[:20]:
        place = scene.survey.cite(path, r"^func (Test|Benchmark|Example|Fuzz)\w*\(")
        if place and scene.survey.role(path) < Role.FIXTURE:
            draft.claims.add("test_runners", "go-test", [place])
            return


def claim_ginkgo(scene: Scene, draft: Draft) -> None:
    """Ginkgo, where the module itself asks for it."""
    place = scene.survey.cite(draft.manifest, r"^[ \t]*(require )?github\.com/onsi/ginkgo(/v2)? v\S+[ \t]*$")
    draft.claims.add("test_runners", "ginkgo", [place])


def drop_included_linters(draft: Draft) -> None:
    """golangci-lint and staticcheck's users run `go vet` within or beside them: it is named only where it is alone."""
    if any(draft.claims.has("linters", name) for name in ("golangci-lint", "staticcheck", "revive")):
        draft.claims.drop("linters", "go-vet")
        draft.claims.drop("linters", "golint")


def supported_versions(survey: Survey, draft: Draft) -> tuple[str, ...]:
    """The Go version that the module is developed with, without its patch number; the least that it admits is older."""
    used = (
        _GO_VERSION.search(survey.text(join(draft.path, ".go-version")) or survey.text(".go-version")),
        _TOOLCHAIN.search(survey.text(draft.manifest)),
        _GO_LINE.search(survey.text(draft.manifest)),
        _GO_LINE.search(survey.text("go.work")),
    )
    return next(((found[1],) for found in used if found), ())
