"""How a runner gets ready for a component: its runtime, its package manager, and the cache of what they download.

One function a stack, listed in `RECIPES`. A version is literal text or a matrix expression.
"""

from collections.abc import Callable
from posixpath import join, normpath

from cicd_defs.facts.stacks import StackName
from cicd_defs.plan import pins, tools
from cicd_defs.plan.pipeline import Expression, Step, Text
from cicd_defs.plan.units import Unit

DEFAULT_VERSIONS: dict[StackName, str] = {
    "python": "3.13",
    "node": "22",
    "go": "stable",
    "rust": "stable",
    "java": "21",
}
"""What runs where a repository does not say which versions it supports."""

RUNTIMES: dict[StackName, str] = {
    "python": "Python",
    "node": "Node.js",
    "go": "Go",
    "rust": "Rust",
    "java": "Java",
}
"""How each runtime is called in names that people read."""


def checkout(full_history: bool = False, blobs: bool = False) -> Step:
    """The repository's files, without leaving the token behind.

    `full_history` where something compares commits; `blobs` where it also reads what old commits held.
    """
    history: dict[str, Text] = {"fetch-depth": "0"} if full_history else {}
    if full_history and not blobs:
        history["filter"] = "blob:none"
    return Step(
        id="checkout",
        name="Check out the code",
        uses=pins.action("actions/checkout"),
        inputs={**history, "persist-credentials": "false"},
    )


def setup_steps(unit: Unit, version: Text | None) -> tuple[Step, ...]:
    """Everything before the install command. Nothing for a component whose stack is not known."""
    if unit.stack is None:
        return ()
    return RECIPES[unit.stack](unit, version or DEFAULT_VERSIONS[unit.stack])


def tracked_file(unit: Unit, usual: str) -> str:
    """The file that tells when what is cached is out of date, as a path from the repository's root.

    The lock file, else the manifest, as they were detected; else a file of the `usual` name in the component.
    """
    return unit.lock_file or unit.manifest or normpath(join(unit.path, usual))


def _python(unit: Unit, version: Text) -> tuple[Step, ...]:
    tracked = tracked_file(unit, "pyproject.toml")
    if unit.manager == "uv":
        return (_uv(version, tracked),)
    if unit.manager == "pixi":
        return (_pixi(unit),)
    program = _PYTHON_PROGRAMS.get(unit.manager)
    install = () if program is None else (_pipx(unit.manager, program),)
    if unit.manager in _CACHED_BY_SETUP_PYTHON and not unit.own_install and "install" in unit.commands:
        return (*install, _setup_python(version, {"cache": unit.manager, "cache-dependency-path": tracked}))
    return (*install, _setup_python(version, {}), _cache("downloads", _PYTHON_CACHES, "python", tracked))


_CACHED_BY_SETUP_PYTHON = frozenset({"pip", "pipenv", "poetry"})
_PYTHON_CACHES = "~/.cache/pip\n~/.cache/pdm\n~/.cache/uv\n~/.local/share/hatch\n"
"""Where Python's package managers keep downloads. setup-python fails where the one it was told of is not there."""

_PYTHON_PROGRAMS = {"poetry": tools.POETRY, "hatch": tools.HATCH, "pdm": tools.PDM, "pipenv": tools.PIPENV}


def _pipx(program: str, version: str) -> Step:
    return Step(
        id=f"setup-{program}",
        name=f"Install {program}",
        run=f'pipx install "{program}=={version}"',
        timeout_minutes=5,
    )


def _setup_python(version: Text, cache: dict[str, Text]) -> Step:
    return Step(
        id="setup-python",
        name="Set up Python",
        uses=pins.action("actions/setup-python"),
        inputs={"python-version": version, **cache},
    )


def _uv(version: Text, tracked: str) -> Step:
    return Step(
        id="setup-uv",
        name="Set up uv and Python",
        uses=pins.action("astral-sh/setup-uv"),
        inputs={
            "version": tools.UV,
            "python-version": version,
            "enable-cache": "true",
            "cache-dependency-glob": tracked,
        },
    )


def _pixi(unit: Unit) -> Step:
    return Step(
        id="setup-pixi",
        name="Set up pixi",
        uses=pins.action("prefix-dev/setup-pixi"),
        inputs={
            "pixi-version": tools.PIXI,
            "manifest-path": unit.manifest or normpath(join(unit.path, "pixi.toml")),
            "cache": "true" if unit.lock_file else "false",
        },
    )


def _node(unit: Unit, version: Text) -> tuple[Step, ...]:
    if unit.manager == "bun":
        return (_setup_node(version, {}), _setup_bun(), _bun_cache(unit))
    cache: dict[str, Text] = {}
    if unit.lock_file:
        cache = {"cache": unit.manager, "cache-dependency-path": unit.lock_file}
    corepack = Step(id="setup-corepack", name=f"Enable {unit.manager}", run=f"corepack enable {unit.manager}")
    before = (corepack,) if unit.manager in {"pnpm", "yarn"} else ()
    after = () if unit.lock_file else (_download_cache(unit),)
    return (*before, _setup_node(version, cache), *after)


def _setup_node(version: Text, cache: dict[str, Text]) -> Step:
    return Step(
        id="setup-node",
        name="Set up Node.js",
        uses=pins.action("actions/setup-node"),
        # An empty package-manager-cache would follow package.json; we say which cache we mean, or none.
        inputs={"node-version": version, **(cache or {"package-manager-cache": "false"})},
    )


def _setup_bun() -> Step:
    return Step(
        id="setup-bun",
        name="Set up Bun",
        uses=pins.action("oven-sh/setup-bun"),
        inputs={"bun-version": tools.BUN},
    )


def _bun_cache(unit: Unit) -> Step:
    return _cache("Bun's downloads", "~/.bun/install/cache", "bun", tracked_file(unit, "package.json"))


def _download_cache(unit: Unit) -> Step:
    return _cache(
        f"{unit.manager}'s downloads",
        _NODE_CACHES[unit.manager],
        unit.manager,
        tracked_file(unit, "package.json"),
    )


_NODE_CACHES = {
    "npm": "~/.npm",
    "pnpm": "~/.local/share/pnpm/store",
    "yarn": "~/.yarn/berry/cache\n~/.cache/yarn\n",
}


def _cache(what: str, path: str, key: str, tracked: str) -> Step:
    """A cache of downloads. The tracked path comes from the repository, so it is quoted as GitHub quotes."""
    quoted = tracked.replace("'", "''")
    return Step(
        id="cache-downloads",
        name=f"Cache {what}",
        uses=pins.action("actions/cache"),
        inputs={
            "path": path,
            "key": Expression(text=f"{key}-${{{{ runner.os }}}}-${{{{ hashFiles('{quoted}') }}}}"),
            "restore-keys": Expression(text=f"{key}-${{{{ runner.os }}}}-"),
        },
    )


def _go(unit: Unit, version: Text) -> tuple[Step, ...]:
    cache: dict[str, Text] = {"cache": "false"}
    if unit.lock_file:
        cache = {"cache": "true", "cache-dependency-path": unit.lock_file}
    setup = Step(
        id="setup-go",
        name="Set up Go",
        uses=pins.action("actions/setup-go"),
        inputs={"go-version": version, **cache},
    )
    return (setup,)


def fetched_tool_env(unit: Unit) -> dict[str, Text]:
    """What lets `go run` fetch a tool that is written for a newer Go: setup-go forbids every toolchain but its own."""
    return {"GOTOOLCHAIN": "auto"} if unit.stack == "go" else {}


def golangci_lint(unit: Unit) -> Step:
    """golangci-lint on the path, so that the lint command is the same here and on a person's machine."""
    return Step(
        id="setup-golangci-lint",
        name="Install golangci-lint",
        uses=pins.action("golangci/golangci-lint-action"),
        inputs={"version": tools.GOLANGCI_LINT, "install-only": "true", "working-directory": unit.path},
    )


def _rust(unit: Unit, version: Text) -> tuple[Step, ...]:
    toolchain = Step(
        id="setup-rust",
        name="Set up Rust",
        env={"TOOLCHAIN": version},
        run=(
            'rustup toolchain install "$TOOLCHAIN" --profile minimal --component clippy,rustfmt --no-self-update\n'
            'echo "RUSTUP_TOOLCHAIN=$TOOLCHAIN" >> "$GITHUB_ENV"\n'
        ),
        timeout_minutes=10,
    )
    cache = Step(
        id="cache-cargo",
        name="Cache Cargo's downloads and builds",
        uses=pins.action("Swatinem/rust-cache"),
        inputs={"workspaces": unit.path},
    )
    return (toolchain, cache)


def _java(unit: Unit, version: Text) -> tuple[Step, ...]:
    setup = Step(
        id="setup-java",
        name="Set up Java",
        uses=pins.action("actions/setup-java"),
        inputs={
            "distribution": "temurin",
            "java-version": version,
            "cache": unit.manager if unit.manager in {"maven", "gradle"} else "maven",
        },
    )
    return (setup,)


RECIPES: dict[StackName, Callable[[Unit, Text], tuple[Step, ...]]] = {
    "python": _python,
    "node": _node,
    "go": _go,
    "rust": _rust,
    "java": _java,
}
"""Stack to the steps that make a runner ready for it."""
