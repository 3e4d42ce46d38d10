"""How a Python project is installed, linted, type-checked, tested and built, with its own package manager."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.commands import command, hook_version, is_safe_name, is_safe_path
from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.installed_python import installed_parts, is_installed
from cicd_defs.facts.integration import alone, pytest_apart, without
from cicd_defs.facts.manifests import table
from cicd_defs.facts.python_requirements import is_packaged, requirement_files
from cicd_defs.facts.sources import Role
from cicd_defs.facts.stacks import Command
from cicd_defs.facts.survey import is_within, join, name_of

TOOL_KINDS = ("test_runners", "linters", "formatters", "type_checkers", "coverage_tools")
PREFIXES = {
    "uv": "uv run ",
    "poetry": "poetry run ",
    "pdm": "pdm run ",
    "pipenv": "pipenv run ",
    "pixi": "pixi run ",
    "rye": "rye run ",
    "hatch": "hatch run ",
    "conda": "conda run --no-capture-output --name base ",
}
PACKAGES = {"pyre": "pyre-check", "unittest": "", "coverage": "coverage"}


@dataclass(frozen=True)
class _Toolbox:
    """How tools are started in one project, and those that only its hooks know, with the hooks' versions."""

    scene: Scene
    draft: Draft
    manager: str

    def run(self, tool: str, arguments: str = "") -> str:
        """The command line that starts a tool."""
        line = f"{tool} {arguments}".strip()
        package = PACKAGES.get(tool, tool)
        if not package or not self.is_missing(package):
            return PREFIXES.get(self.manager, "") + (f"python -m {line}" if tool == "unittest" else line)
        if self.manager == "uv":
            return f"uv run --with {self.requirement(package)} {line}"
        if self.manager == "pip":
            return line
        return f"pipx run --spec {self.requirement(package)} {line}"

    def is_missing(self, package: str) -> bool:
        """Whether no part of the manifests that gets installed names the tool."""
        found = [one for one in self.draft.dependencies if one.name == package]
        return not any(not one.part.startswith("environment") or self.manager == "hatch" for one in found)

    def requirement(self, package: str) -> str:
        """The tool at the version that the repository's hooks pin, if they do."""
        version = hook_version(self.scene.survey, package)
        return f"{package}=={version}" if version else package


def python_commands(scene: Scene, draft: Draft) -> Iterator[Command]:
    """Every command of a Python project for which there is evidence."""
    manager = _manager(draft)
    toolbox = _Toolbox(scene, draft, manager)
    founded = draft.claims.evidence("package_managers", manager)
    yield from command("install", _install(toolbox), founded)
    yield from command("lint", _lint(toolbox), _places(draft, "linters"))
    yield from command("format", _format(toolbox), _places(draft, "formatters"))
    yield from command("typecheck", _typecheck(toolbox), _places(draft, "type_checkers"))
    yield from command("test", _test(toolbox), _places(draft, "test_runners"))
    yield from _apart(toolbox)
    yield from command("build", _build(toolbox), [scene.survey.cite(draft.manifest) or ""])


def drop_coverage_not_installed(scene: Scene, draft: Draft) -> None:
    """Take `pytest-cov` back where the tests run without it: pytest dies of `--cov` if nothing installs it."""
    toolbox = _Toolbox(scene, draft, _manager(draft))
    if not _brings_in(toolbox, "pytest-cov") or _pytest_starter(toolbox) or _is_pytest_isolated(toolbox):
        draft.claims.drop("coverage_tools", "pytest-cov")


def _is_pytest_isolated(toolbox: _Toolbox) -> bool:
    """Whether pytest runs in an environment of its own, by `pipx run`."""
    return toolbox.is_missing("pytest") and toolbox.manager not in ("pip", "uv")


def _brings_in(toolbox: _Toolbox, package: str) -> bool:
    """Whether the install command installs a package that the manifests name."""
    survey, draft = toolbox.scene.survey, toolbox.draft
    kinds = ("extra", "group") if toolbox.manager != "pip" or is_packaged(survey, draft) else ("group",)
    chosen = [f"{kind} {name}" for kind in kinds for name in _parts(draft, kind)]
    files = [join(draft.path, path) for path in requirement_files(survey, draft)]
    parts = installed_parts(survey, draft, toolbox.manager, chosen, files)
    return any(one.name == package and is_installed(one, parts) for one in draft.dependencies)


def _manager(draft: Draft) -> str:
    return next(iter(draft.claims.names("package_managers")), "pip")


def _places(draft: Draft, kind: str) -> Iterator[str]:
    for name in draft.claims.names(kind):
        yield from draft.claims.evidence(kind, name)[:1]


def _install(toolbox: _Toolbox) -> list[str]:
    draft, locked = toolbox.draft, toolbox.draft.lock_file is not None
    extras, groups = _parts(draft, "extra"), _parts(draft, "group")
    match toolbox.manager:
        case "uv":
            return [_uv_sync(toolbox, extras, groups, locked=locked)]
        case "poetry":
            with_groups = f" --with {','.join(groups)}" if groups else ""
            return [
                "poetry install --no-interaction"
                + with_groups
                + "".join(f" --extras {one}" for one in extras)
            ]
        case "pdm":
            wanted = "".join(f" -G {one}" for one in (*extras, *groups))
            return ["pdm install" + (" --frozen-lockfile" if locked else "") + wanted]
        case "pipenv":
            return ["pipenv sync --dev" if locked else "pipenv install --dev"]
        case "pixi":
            return ["pixi install --locked" if locked else "pixi install"]
        case "rye":
            return ["rye sync --no-lock" if locked else "rye sync"]
        case "hatch":
            return ["hatch env create"]
        case "conda":
            return [f"conda env update --name base --file {name_of(draft.manifest)}"]
    return _pip_install(toolbox, extras, groups)


def _uv_sync(toolbox: _Toolbox, extras: list[str], groups: list[str], *, locked: bool) -> str:
    words = (
        ["uv sync"] + (["--locked"] if locked else []) + (["--all-packages"] if toolbox.draft.members else [])
    )
    words += [f"--extra {one}" for one in extras]
    return " ".join(words + [f"--group {one}" for one in groups if one != "dev"])


def _parts(draft: Draft, kind: str) -> list[str]:
    """The fewest extras or groups that hold the tools in use and pytest's plugins, the fullest first."""
    tools = {name for one in TOOL_KINDS for name in draft.claims.names(one)} - {"tox", "nox", "coverage"}
    held: dict[str, set[str]] = {}
    for one in draft.dependencies:
        found, _, name = one.part.partition(" ")
        if (
            found == kind
            and one.dev
            and is_safe_name(name)
            and (one.name in tools or one.name.startswith("pytest-"))
        ):
            held.setdefault(name, set()).add(one.name)
    chosen: list[str] = []
    wanted = set().union(*held.values())
    while wanted:
        fullest = max(held, key=lambda name: (len(held[name] & wanted), name == "dev"))
        chosen.append(fullest)
        wanted -= held[fullest]
    return chosen


def _pip_install(toolbox: _Toolbox, extras: list[str], groups: list[str]) -> list[str]:
    draft, files = toolbox.draft, requirement_files(toolbox.scene.survey, toolbox.draft)
    packaged = is_packaged(toolbox.scene.survey, draft)
    words = [f"-r {path}" for path in files] + [f"--group {one}" for one in groups]
    if packaged:
        words.append(f'-e ".[{",".join(extras)}]"' if extras else "-e .")
    lines = [f"python -m pip install {' '.join(words)}"] if words else []
    missing = [toolbox.requirement(PACKAGES.get(tool, tool)) for tool in _started_tools(toolbox)]
    return lines + ([f"python -m pip install {' '.join(dict.fromkeys(missing))}"] if missing else [])


def _started_tools(toolbox: _Toolbox) -> Iterator[str]:
    """The tools that the commands start but that no manifest installs."""
    claims = toolbox.draft.claims
    for kind in ("linters", "formatters", "type_checkers", "test_runners"):
        for tool in claims.names(kind):
            package = PACKAGES.get(tool, tool)
            unneeded = tool in ("tox", "nox") and claims.has("test_runners", "pytest")
            if package and not unneeded and toolbox.is_missing(package):
                yield tool


def _targets(toolbox: _Toolbox, limit: Role) -> list[str]:
    """The folders (or single files) directly in the component that hold its Python sources."""
    draft, survey = toolbox.draft, toolbox.scene.survey
    start = 0 if draft.path == "." else len(draft.path) + 1
    ceiling = max(limit, survey.role(draft.manifest))
    inside = (path[start:] for path in toolbox.scene.sources(draft) if survey.role(path) <= ceiling)
    heads = dict.fromkeys(path.partition("/")[0] for path in inside if "/" in path)
    return [head for head in heads if is_safe_path(head)] or ["."]


def _arguments(toolbox: _Toolbox, tool: str, limit: Role) -> str:
    """The paths that the repository itself gives to a tool, else the folders of its sources."""
    for one in toolbox.scene.invoked(toolbox.draft, re.compile(rf"{tool}\s")):
        words = [word for word in one.command.split()[1:] if not word.startswith("-")]
        paths = [word.rstrip("/").removeprefix("./") for word in words]
        if paths and one.folder == toolbox.draft.path and all(_is_own_path(toolbox, path) for path in paths):
            return " ".join(paths)
    return " ".join(_targets(toolbox, limit))


def _is_own_path(toolbox: _Toolbox, path: str) -> bool:
    whole = join(toolbox.draft.path, path)
    return is_safe_path(path) and any(is_within(one, whole) for one in toolbox.scene.sources(toolbox.draft))


def _lint(toolbox: _Toolbox) -> Iterator[str]:
    for tool in toolbox.draft.claims.names("linters"):
        limit = Role.PROJECT if tool == "pylint" else Role.TEST
        yield toolbox.run(tool, "check ." if tool == "ruff" else _arguments(toolbox, tool, limit))


def _format(toolbox: _Toolbox) -> Iterator[str]:
    checks = {
        "black": "--check",
        "isort": "--check-only",
        "yapf": "--diff --recursive",
        "autopep8": "--diff --exit-code --recursive",
    }
    for tool in toolbox.draft.claims.names("formatters"):
        if tool == "ruff":
            yield toolbox.run(tool, "format --check .")
        else:
            yield toolbox.run(tool, f"{checks[tool]} {_arguments(toolbox, tool, Role.TEST)}")


def _typecheck(toolbox: _Toolbox) -> Iterator[str]:
    for tool in toolbox.draft.claims.names("type_checkers"):
        if tool == "mypy":
            yield toolbox.run(
                tool, "" if _mypy_names_files(toolbox) else _arguments(toolbox, tool, Role.PROJECT)
            )
        else:
            yield toolbox.run(tool, "check" if tool in ("pyrefly", "ty", "pyre") else "")


def _mypy_names_files(toolbox: _Toolbox) -> bool:
    survey, folder = toolbox.scene.survey, toolbox.draft.path
    configured = set(table(survey.toml(join(folder, "pyproject.toml")), "tool", "mypy"))
    for name in ("mypy.ini", ".mypy.ini", "setup.cfg"):
        configured |= survey.ini(join(folder, name)).get("mypy", {}).keys()
    return bool({"files", "packages", "modules"} & configured)


def _test(toolbox: _Toolbox) -> Iterator[str]:
    runners = toolbox.draft.claims.names("test_runners")
    if "pytest" in runners:
        if starter := _pytest_starter(toolbox):
            yield toolbox.run(starter, "run -e py" if starter == "tox" else "")
        else:
            apart = pytest_apart(toolbox.scene.survey, toolbox.draft.path)
            yield toolbox.run("pytest", without(apart))
    elif "tox" in runners:
        yield toolbox.run("tox", "run -e py")
    elif "nox" in runners:
        yield toolbox.run("nox")
    elif "unittest" in runners:
        yield _unittest(toolbox)
    else:
        yield from (toolbox.run(runner) for runner in runners[:1])


def _pytest_starter(toolbox: _Toolbox) -> str | None:
    """The program that has to start pytest, where only its environments hold it."""
    if not toolbox.is_missing("pytest") or toolbox.manager not in ("pip", "uv"):
        return None
    return next((name for name in ("tox", "nox") if name in toolbox.draft.claims.names("test_runners")), None)


def _apart(toolbox: _Toolbox) -> Iterator[Command]:
    """Integration and end-to-end tests by themselves, where pytest is started directly and can tell them apart."""
    if "pytest" not in toolbox.draft.claims.names("test_runners") or _pytest_starter(toolbox):
        return
    for apart in pytest_apart(toolbox.scene.survey, toolbox.draft.path):
        yield from command(apart.kind, [toolbox.run("pytest", alone(apart))], [apart.evidence])


def _unittest(toolbox: _Toolbox) -> str:
    if toolbox.scene.survey.has(join(toolbox.draft.path, "manage.py")):
        return PREFIXES.get(toolbox.manager, "") + "python manage.py test"
    return toolbox.run("unittest", "discover")


def _build(toolbox: _Toolbox) -> Iterator[str]:
    draft = toolbox.draft
    data = toolbox.scene.survey.toml(join(draft.path, "pyproject.toml"))
    if not ("build-system" in data or toolbox.scene.survey.has(join(draft.path, "setup.py"))):
        return
    own = {"uv": "uv build", "poetry": "poetry build", "pdm": "pdm build", "hatch": "hatch build"}
    yield own.get(toolbox.manager, "pipx run build")
