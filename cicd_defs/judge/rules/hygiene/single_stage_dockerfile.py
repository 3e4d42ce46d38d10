"""The image that runs carries what it was built with: compilers, headers, development dependencies.

**Why it matters** The image is many times larger than its program, takes longer to pull and to start, and every
compiler and header in it is one more thing to be patched and to be used by somebody who got in.
**How to fix** Build in a stage of its own and copy the result: `FROM golang AS build` … `FROM distroless` and
`COPY --from=build`. For Python, make wheels or the virtual environment in the first stage; for Node.js, leave the
development dependencies out: `npm ci --omit=dev`.
**Example** One stage with `RUN apt-get install -y build-essential` becomes two, and the last one has no compiler.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Severity
from cicd_defs.judge.images.dockerfiles import Instruction, WrittenDockerfile, dockerfiles_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.HYGIENE, Severity.LOW, subject="repository", strict=True)

_TOOLCHAIN = re.compile(
    r"(?:.*/)?(?:golang|rust|maven|gradle|gcc|swift|haskell|dart|buildpack-deps|(?:dotnet/)?sdk"
    r"|(?:eclipse-temurin|openjdk|amazoncorretto):\S*jdk\S*)(?:[:@].*)?"
)
_PACKAGES = re.compile(
    r"(?:apt-get|apt|apk|yum|dnf|microdnf|zypper)\b[^&|;]*\b(?:install|add)\b[^&|;]*?\s"
    r"(build-essential|gcc|g\+\+|clang|make|cmake|build-base|python3-dev|libc6?-dev|musl-dev|libffi-dev|libpq-dev"
    r"|gfortran|cargo|rustc|golang(?:-go)?|default-jdk|maven)(?=[\s\\]|$)"
)
_TAKEN_AWAY = re.compile(r"--virtual|\b(?:purge|apk del|autoremove|remove -y|yum remove|dnf remove)\b|-t \.")
_BUILDS = re.compile(
    r"\b(go build|cargo build|cargo install --path|mvnw? [^&|;]*package|gradlew? [^&|;]*(?:build|bootJar|installDist)"
    r"|dotnet publish)\b"
)
_DEVELOPMENT = re.compile(
    r"(pip install [^&|;]*(?:requirements[-_/]dev|dev[-_/]requirements|requirements[-_/]test|\[dev\]|\[test\])[^&|;]*"
    r"|poetry install [^&|;]*--with[ =]dev|uv sync [^&|;]*--(?:dev|all-groups)|pipenv install [^&|;]*--dev)"
)
_NODE_BUILD = re.compile(
    r"\b(?:npm|pnpm|yarn|bun) (?:run )?build\b|\b(?:next|vite|nest|ng|tsc)(?: build| -p\b)"
)
_NODE_INSTALL = re.compile(
    r"\b(?:npm (?:ci|install)|yarn install|pnpm install)\b(?![^&|;]*(?:--omit|--prod))"
)
_NODE_PRUNED = re.compile(
    r"\b(?:npm prune|pnpm prune|yarn install [^&|;]*--prod|npm ci [^&|;]*--omit|rm -rf [^&|;]*node_modules)"
)


def find(repository: Repository) -> Iterator[Found]:
    """The first thing in each image that only its build needed."""
    for dockerfile in dockerfiles_of(repository):
        if dockerfile.for_developers:
            continue
        instructions = dockerfile.inherited(dockerfile.final)
        if not any(one.word in {"CMD", "ENTRYPOINT"} for one in instructions):
            continue
        found = _carried(dockerfile, instructions)
        if found:
            one, what = found
            yield Found(
                dockerfile.source,
                one.start,
                one.end,
                f"{what} stays in the image that runs: build in a stage of its own",
            )


def _carried(
    dockerfile: WrittenDockerfile, instructions: list[Instruction]
) -> tuple[Instruction, str] | None:
    runs = [one for one in instructions if one.word == "RUN"]
    for one in runs:
        script = one.script
        packages = _PACKAGES.search(script)
        if packages and not _TAKEN_AWAY.search(script):
            return one, f"`{packages[1]}`"
        if development := _DEVELOPMENT.search(script):
            return one, f"`{development[1].strip()}`"
    base = dockerfile.base_of(dockerfile.final)
    for one in runs:
        built = _BUILDS.search(one.script)
        if built and base and _TOOLCHAIN.fullmatch(base):
            return dockerfile.line(dockerfile.final)[0].origin, f"the toolchain of `{base}`"
    return _node(runs)


def _node(runs: list[Instruction]) -> tuple[Instruction, str] | None:
    """Node.js' development dependencies, where the image builds with them and does not take them away."""
    scripts = [one.script for one in runs]
    if not any(map(_NODE_BUILD.search, scripts)) or any(map(_NODE_PRUNED.search, scripts)):
        return None
    return next(
        (
            (one, f"what `{found[0]}` installs for developers")
            for one in runs
            if (found := _NODE_INSTALL.search(one.script))
        ),
        None,
    )
