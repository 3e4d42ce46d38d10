"""How Go, Rust, Java and Kotlin projects are linted, tested and built with their own build tools."""

import re
from collections.abc import Iterator

from cicd_defs.facts.commands import command
from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.stacks import Command
from cicd_defs.facts.survey import Survey, join

GOLANGCI_MODULE = "github.com/golangci/golangci-lint"
GOLANGCI_VERSIONS = {True: "v2.5.0", False: "v1.64.8"}
"""The version for a configuration of the second schema, and the last one that reads the first."""
MAVEN_FLAGS = "--batch-mode --no-transfer-progress"
MAVEN_CHECKS = {
    "checkstyle": "checkstyle:check", "pmd": "pmd:check", "spotbugs": "spotbugs:check", "ktlint": "ktlint:check",
    "detekt": "detekt:check", "spotless": "spotless:check", "spring-javaformat": "spring-javaformat:validate",
}  # fmt: skip
GRADLE_CHECKS = {
    "checkstyle": "checkstyleMain", "pmd": "pmdMain", "spotbugs": "spotbugsMain", "ktlint": "ktlintCheck",
    "detekt": "detekt", "spotless": "spotlessCheck", "spring-javaformat": "checkFormat",
    "google-java-format": "verifyGoogleJavaFormat",
}  # fmt: skip

_GOLANGCI_VERSION = re.compile(
    r"golangci-lint-action@[^\n]*\n(?:[^\n]*\n){0,6}?\s*version:\s*[\"']?v?(\d+\.\d+(?:\.\d+)?)"
)
_SCHEMA_2 = re.compile(r"^\s*[\"']?version[\"']?\s*[:=]\s*[\"']?2\b", re.MULTILINE)


def go_commands(scene: Scene, draft: Draft) -> Iterator[Command]:
    """Every command of a Go module; `go vet` lints where it names no linter, for it comes with every toolchain."""
    claims, module = draft.claims, [f"{draft.manifest}:1"]
    yield from command("install", ["go mod download"], module)
    linters = claims.names("linters")
    if linters:
        lines = [line for name in linters if (line := _go_linter(scene, draft, name))]
        yield from command("lint", lines, [claims.evidence("linters", name)[0] for name in linters])
    else:
        yield from command("lint", ["go vet ./..."], module)
    if claims.names("formatters"):
        places = [claims.evidence("formatters", name)[0] for name in claims.names("formatters")]
        yield from command("format", ['test -z "$(gofmt -l . | tee /dev/stderr)"'], places)
    if claims.has("test_runners", "go-test"):
        yield from command("test", ["go test ./..."], claims.evidence("test_runners", "go-test"))
    yield from command("build", ["go build ./..."], module)


def _go_linter(scene: Scene, draft: Draft, name: str) -> str:
    text = scene.survey.text(draft.manifest)
    if name == "golangci-lint":
        if re.search(
            rf"^tool\s.*{GOLANGCI_MODULE}|^\t{GOLANGCI_MODULE}\S*/cmd/golangci-lint$", text, re.MULTILINE
        ):
            return "go tool golangci-lint run ./..."
        return _golangci(scene.survey, draft)
    modules = {
        "staticcheck": "honnef.co/go/tools/cmd/staticcheck@2025.1.1 ./...",
        "revive": "github.com/mgechev/revive@v1.12.0 -set_exit_status ./...",
    }
    return "go vet ./..." if name == "go-vet" else f"go run {modules[name]}" if name in modules else ""


def _golangci(survey: Survey, draft: Draft) -> str:
    """golangci-lint at the version that CI uses; the schema of its configuration tells the major version."""
    versions = [
        found[1]
        for path in survey.paths
        if path.startswith(".github/workflows/") and (found := _GOLANGCI_VERSION.search(survey.text(path)))
    ]
    names = (".golangci.yml", ".golangci.yaml", ".golangci.toml", ".golangci.json")
    config = survey.first(draft.path, names) or survey.first(".", names)
    second = (
        versions[0].startswith("2.")
        if versions
        else config is None or bool(_SCHEMA_2.search(survey.text(config)))
    )
    module = f"{GOLANGCI_MODULE}/v2" if second else GOLANGCI_MODULE
    version = f"v{versions[0]}" if versions else GOLANGCI_VERSIONS[second]
    return f"go run {module}/cmd/golangci-lint@{version} run ./..."


def rust_commands(scene: Scene, draft: Draft) -> Iterator[Command]:
    """Every command of a crate or workspace; all features together only where its own commands ask for that."""
    claims, manifest = draft.claims, [scene.survey.cite(draft.manifest) or ""]
    scope = " --workspace" if draft.members else ""
    locked = " --locked" if draft.lock_file else ""
    yield from command("install", [f"cargo fetch{locked}"], manifest)
    if claims.has("linters", "clippy"):
        features = _features(scene, draft, "clippy")
        line = f"cargo clippy{scope} --all-targets{features} -- -D warnings"
        yield from command("lint", [line], claims.evidence("linters", "clippy"))
    if claims.has("formatters", "rustfmt"):
        yield from command("format", ["cargo fmt --all --check"], claims.evidence("formatters", "rustfmt"))
    if claims.has("test_runners", "cargo-test"):
        features = _features(scene, draft, "test")
        yield from command(
            "test", [f"cargo test{scope}{features}{locked}"], claims.evidence("test_runners", "cargo-test")
        )
    yield from command("build", [f"cargo build{scope}{locked}"], manifest)


def _features(scene: Scene, draft: Draft, subcommand: str) -> str:
    pattern = re.compile(rf"cargo( +\S+)* +{subcommand}\b.* --all-features\b")
    return " --all-features" if scene.invoked(draft, pattern) else ""


def java_commands(scene: Scene, draft: Draft) -> Iterator[Command]:
    """Every command of a Maven or Gradle build, by its wrapper where it has one."""
    maven = draft.claims.has("package_managers", "maven")
    build = _maven(scene, draft) if maven else _gradle(scene, draft)
    checks = MAVEN_CHECKS if maven else GRADLE_CHECKS
    for kind, claimed in (("lint", "linters"), ("format", "formatters")):
        names = [name for name in draft.claims.names(claimed) if name in checks]
        lines = [f"{build} {' '.join(checks[name] for name in names)}"] if names else []
        places = [draft.claims.evidence(claimed, name)[0] for name in names]
        yield from command("lint" if kind == "lint" else "format", lines, places)
    if draft.claims.names("test_runners"):
        runner = draft.claims.names("test_runners")[0]
        yield from command("test", [f"{build} test"], draft.claims.evidence("test_runners", runner))
    packaged = f"{build} -DskipTests package" if maven else f"{build} assemble"
    yield from command("build", [packaged], [f"{draft.manifest}:1"])


def _maven(scene: Scene, draft: Draft) -> str:
    wrapper = scene.survey.has(join(draft.path, "mvnw"))
    return f"{'./mvnw' if wrapper else 'mvn'} {MAVEN_FLAGS}"


def _gradle(scene: Scene, draft: Draft) -> str:
    return "./gradlew" if scene.survey.has(join(draft.path, "gradlew")) else "gradle"
