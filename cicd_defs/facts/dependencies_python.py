"""Python: what a project builds on in the same repository, by path, by requirement and by import."""

import ast
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.manifests import strings, table
from cicd_defs.facts.python_dependencies import normal
from cicd_defs.facts.reach import Reach, reach_to, read_sources
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, join, name_of

MOST_LINES = 2000
DEEPEST = 8
PACKAGED = ("pyproject.toml", "setup.py", "setup.cfg")
_ROOTS = ("src", "lib", "python")
_REQUIREMENT = re.compile(
    r"^\s*(?:(?P<option>-e|--editable|-r|--requirement|-c|--constraint)[ \t=]*)?"
    r"(?:[\w.-]+(?:\[[\w,.-]*\])?[ \t]*@[ \t]*)?(?:file:/{0,3})?(?:\$\{?PROJECT_ROOT\}?/|\{root:uri\}/)?"
    r"(?P<path>\.{1,2}(?:/[^\s;#\[\]]*)?|[\w.-]+(?:/[^\s;#\[\]]*)?)"
)
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]{1,200})[ \t]+import[ \t]*(\([^)]{0,2000}|[^\n#]{0,300})|import[ \t]+([^\n#]{1,300}))",
    re.MULTILINE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def python_reaches(scene: Scene, draft: Draft) -> Iterator[Reach]:
    """Everything that a Python project speaks of outside its folder."""
    for path in draft.manifests:
        if name_of(path) in ("pyproject.toml", "Pipfile", "pixi.toml"):
            yield from _tables(scene, path)
        elif path.endswith((".txt", ".in", ".pip", "tox.ini")):
            yield from _requirements(scene.survey, draft, path)
    yield from _imports(scene, draft)


def _tables(scene: Scene, manifest: str) -> Iterator[Reach]:
    """Path dependencies in the tables of package managers, sources that are members of a workspace, requirements."""
    survey, data = scene.survey, scene.survey.toml(manifest)
    tools = table(data, "tool") if name_of(manifest) == "pyproject.toml" else data
    for written in _paths(tools, 0):
        yield from reach_to(survey, manifest, written, rf"path[ \t]*=[ \t]*[\"']{re.escape(written)}")
    for name, source in table(data, "tool", "uv", "sources").items():
        home = _projects(scene).get(normal(name)) if table(source).get("workspace") is True else None
        if home is not None:
            yield from reach_to(survey, manifest, home, rf"^[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*=", ".")
    for requirement in _listed(data):
        by_path = "file:" in requirement or "{root" in requirement
        if by_path and (found := _REQUIREMENT.match(requirement[:300])):
            yield from reach_to(survey, manifest, found["path"], re.escape(requirement[:300]))


def _paths(value: Any, depth: int) -> Iterator[str]:
    """Every text under a key `path`, at any depth."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "path" and isinstance(item, str):
                yield item
            else:
                yield from _paths(item, depth + 1)


def _listed(data: Mapping[str, Any]) -> Iterator[str]:
    project = table(data, "project")
    yield from strings(project.get("dependencies"))
    groups = (table(project, "optional-dependencies"), table(data, "dependency-groups"))
    yield from (one for group in groups for listed in group.values() for one in strings(listed))
    for group in table(data, "tool", "pdm", "dev-dependencies").values():
        yield from strings(group)


def _projects(scene: Scene) -> Mapping[str, str]:
    """The names of the repository's Python projects, each with its folder."""

    def named() -> Mapping[str, str]:
        names = {
            draft.path: table(scene.survey.toml(join(draft.path, "pyproject.toml")), "project").get("name")
            for draft in scene.drafts
            if draft.stack == "python"
        }
        return {normal(name): path for path, name in names.items() if isinstance(name, str)}

    return scene.survey.once("python projects by name", named)


def _requirements(survey: Survey, draft: Draft, path: str) -> Iterator[Reach]:
    """Lines that name a folder or another file. pip takes folders from where it runs, files from the file's folder."""
    for line in survey.text(path).splitlines()[:MOST_LINES]:
        found = _REQUIREMENT.match(line[:300])
        if found is None or not (found["option"] or "/" in found["path"]):
            continue
        is_file = found["option"] in ("-r", "--requirement", "-c", "--constraint")
        yield from reach_to(
            survey, path, found["path"], "^" + re.escape(line[:300]), None if is_file else draft.path
        )


def _imports(scene: Scene, draft: Draft) -> Iterator[Reach]:
    """One import for each other project whose packages are imported: the first that is found."""
    exports = _exports(scene)
    found = {draft.path}
    for path in read_sources(scene, draft, (".py", ".pyi")) if exports else ():
        text = scene.survey.text(path)
        if any(_home(name, exports) not in {None, *found} for name in _likely(text)):
            for name, line in _imported(text):
                home = _home(name, exports)
                if home is not None and home not in found:
                    found.add(home)
                    yield Reach(home, path, line)


def _home(name: str, exports: Mapping[str, frozenset[str]]) -> str | None:
    """The project that has what is imported, by the longest part of its name that any has; None where several do."""
    while name and name not in exports:
        name = name.rpartition(".")[0]
    homes = exports.get(name, frozenset())
    return next(iter(homes)) if len(homes) == 1 else None


def _likely(text: str) -> Iterator[str]:
    """What the lines that look like imports name. A text may hold such lines too: it is worth a closer look."""
    for line in _IMPORT.finditer(text):
        words = re.findall(r"[\w.]+", line[2] or line[3])
        yield from (f"{line[1]}.{word}" if line[1] else word for word in words)


def _imported(text: str) -> Iterator[tuple[str, int]]:
    """What a module imports, by full name, each with its line; nothing of a text that is not Python."""
    # Only the names of imports matter: without odd escapes the parser has nothing to warn of.
    plain = _ESCAPE.sub(lambda found: found[0] if found[1] in "\\\r\n'\"" else f"/{found[1]}", text)
    try:
        waiting: deque[ast.AST] = deque([ast.parse(plain)])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        for block in _BLOCKS:
            waiting += getattr(node, block, ())


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a statement holds other statements."""


def _exports(scene: Scene) -> Mapping[str, frozenset[str]]:
    """The packages and modules of every Python project, each with the folders of the projects that have it."""

    def named() -> Mapping[str, frozenset[str]]:
        homes: dict[str, set[str]] = {}
        projects = [draft for draft in scene.drafts if draft.stack == "python"]
        for draft in projects if len(projects) > 1 else ():
            for dotted in _packages(scene, draft):
                homes.setdefault(dotted, set()).add(draft.path)
        return {dotted: frozenset(paths) for dotted, paths in homes.items()}

    return scene.survey.once("python packages", named)


def _packages(scene: Scene, draft: Draft) -> Iterator[str]:
    """What can be imported of a project: its packages, its modules where it is installed, its path from the top."""
    survey, start = scene.survey, 0 if draft.path == "." else len(draft.path) + 1
    ceiling = max(Role.PROJECT, survey.role(draft.manifest))
    installed = name_of(draft.manifest) in PACKAGED
    if "/" in draft.path or survey.has(join(draft.path, "__init__.py")):
        yield draft.path.replace("/", ".")
    for path in scene.sources(draft):
        if path.endswith((".py", ".pyi")) and survey.role(path) <= ceiling:
            parts = path[start:].rpartition(".")[0].split("/")
            parts = parts[1:] if parts[0] in _ROOTS and len(parts) > 1 else parts
            if len(parts) > 1 or (installed and parts[0] not in ("setup", "conftest", "__init__")):
                yield _package(survey, path, parts)


def _package(survey: Survey, path: str, parts: Sequence[str]) -> str:
    """The outermost package that a module is in, else the module: `acme.core` of `src/acme/core/x.py`."""
    folders = path.split("/")[:-1]
    outside = len(folders) - (len(parts) - 1)
    for depth in range(1, len(parts)):
        if survey.has("/".join([*folders[: outside + depth], "__init__.py"])):
            return ".".join(parts[:depth])
    return ".".join(parts)
