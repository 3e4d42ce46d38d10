"""Two modules of the same package are for the same thing.

**Why it matters** A mistake is mended in one of them and stays in the other; a test replaces the one while the program
uses the other, and whether it works depends on which was imported. Nobody knows which is meant.
**How to fix** Keep one, and let the other's users import it. Where both are meant, name them by what differs.
**Example** `shop/monitoring/logging.py` and `shop/utils/logging.py` both have `setup_logging` and `get_logger`:
`shop/utils/logging.py` stays, and `shop/monitoring/logging.py` goes.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.judge.python.code import FUNCTIONS, ModuleCode, ProjectCode, code_of, text_of
from cicd_defs.judge.python.places import folders_of, is_product, stem_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.FLAKY_CODE, Severity.LOW, subject="repository")

_MOST_OF_A_NAME = 6
_LONG = 600
"""Characters of a syntax tree: about five lines of code."""
_LAYERS = frozenset(
    {
        *("models", "views", "admin", "apps", "urls", "forms", "serializers", "cli", "main", "app", "types"),
        *(
            "constants",
            "schemas",
            "schema",
            "commands",
            "tasks",
            "signals",
            "routes",
            "router",
            "api",
            "handlers",
        ),
    }
)
_TOPICS: Mapping[str, str] = {
    **dict.fromkeys(("log", "logs", "logger", "loggers", "logging"), "logging"),
    **dict.fromkeys(("db", "database", "databases"), "database"),
    **dict.fromkeys(("conf", "config", "configs", "configuration", "settings"), "config"),
    **dict.fromkeys(("auth", "authentication"), "auth"),
    **dict.fromkeys(("cache", "caches", "caching"), "cache"),
    **dict.fromkeys(("metric", "metrics"), "metrics"),
    **dict.fromkeys(("date", "dates", "datetime", "time"), "time"),
    **dict.fromkeys(("string", "strings", "text", "str"), "text"),
    **dict.fromkeys(("file", "files", "filesystem", "fs"), "files"),
    **dict.fromkeys(("email", "emails", "mail", "mailer"), "mail"),
    **dict.fromkeys(("error", "errors", "exception", "exceptions", "exc"), "errors"),
    **dict.fromkeys(("constant", "constants", "const", "consts"), "constants"),
}
_FILLERS = frozenset(
    {
        *(
            "util",
            "utils",
            "helper",
            "helpers",
            "tools",
            "common",
            "core",
            "base",
            "lib",
            "new",
            "old",
            "copy",
            "my",
        )
    }
    | {*("setup", "manager", "service", "2", "v2", "backup", "bak", "functions", "funcs", "module", "shared")}
)
_TWINS = re.compile(
    r"(?i)^_?(?:a?sync|asyncio|aio|async_\w+|v\d+\w*|py[23]\d*|legacy|compat|deprecated|experimental|beta)$"
)
_LEFT_BEHIND = re.compile(
    r"(?i)(?:old|new|copy|backup|bak|orig|original|prev|previous|tmp|temp|final|fixed|updated|refactored|rewrite)"
    r"[_ .-]+(?P<of>\w+)|(?P<stem>\w+?)[_ .-]+(?:old|new|copy\d*|backup|bak|orig|original|prev|previous|tmp|temp|final"
    r"|fixed|updated|refactored|rewrite|v?\d)"
)
"""How a file is called that somebody kept beside the one that it was made from."""

_ANYTHING = frozenset(
    {"util", "utils", "utilities", "helper", "helpers", "common", "misc", "tools", "shared"}
)
_ROOT_FILES = ("pyproject.toml", "setup.py", "requirements.txt", "Dockerfile", "setup.cfg")


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two modules; `copy` is the one that fewer others import."""

    copy: ModuleCode
    kept: ModuleCode
    shared: frozenset[str]

    @cached_property
    def likeness(self) -> float:
        """How much of their names they share, from 0 to 1."""
        return len(self.shared) / len(_names(self.copy) | _names(self.kept))

    @cached_property
    def equal(self) -> frozenset[str]:
        """The shared names that are defined alike, to the word."""
        ours, others = _definitions(self.copy), _definitions(self.kept)
        return frozenset(name for name in self.shared if _told(ours[name]) == _told(others[name]))


def find(repository: Repository) -> Iterator[Found]:
    """Modules that do again what another module of their package does."""
    project = code_of(repository)
    told: set[str] = set()
    for pair in _pairs(project, repository):
        if pair.copy.path in told or pair.kept.path in told or not _are_duplicates(pair, project):
            continue
        told.add(pair.copy.path)
        source = pair.copy.module.source
        names = ", ".join(f"`{name}`" for name in sorted(pair.shared)[:3])
        message = f"this module is for the same thing as `{pair.kept.path}`: both define {names}"
        yield Found(source, 0, source.line_end(0), message, _fix(pair, project))
    yield from _by_name(project, repository, told)


def _by_name(project: ProjectCode, repository: Repository, told: set[str]) -> Iterator[Found]:
    """Modules side by side whose names say that they are for one thing, whatever they define."""
    folders: dict[str, dict[str, ModuleCode]] = {}
    for path, code in sorted(project.by_path.items()):
        if not code.package and is_product(code.module.source) and _offers(code):
            folders.setdefault(path.rpartition("/")[0], {})[stem_of(path)] = code
    for beside in folders.values():
        topics: dict[str, ModuleCode] = {}
        for stem, code in beside.items():
            found = _LEFT_BEHIND.fullmatch(stem)
            kept = beside.get(found["of"] or found["stem"]) if found else None
            sure = kept is not None and bool(_offers(code) & _offers(kept))
            if kept is not None and not sure:
                continue
            topic = _of_all(stem)
            other = kept if sure else topics.setdefault(topic, code) if topic else None
            if other is None or other is code:
                continue
            copy, kept = (
                (code, other) if sure else sorted((code, other), key=lambda one: _weight(one, project))
            )
            pair = _Pair(copy, kept, _offers(copy) & _offers(kept))
            if told & {copy.path, kept.path} or _know_each_other(pair, project):
                continue
            told.add(copy.path)
            source = copy.module.source
            message = f"this module is for the same thing as `{kept.path}`, as its name says"
            yield Found(source, 0, source.line_end(0), message, strict=not sure)


def _of_all(stem: str) -> str | None:
    """What a name alone says that a module is for; None where it takes more to say it."""
    if stem.lower() in _ANYTHING:
        return "anything"
    words = [word for word in stem.lower().split("_") if word not in _ANYTHING | {"setup"}]
    return _topic(stem) if words and all(word in _TOPICS for word in words) else None


def _offers(code: ModuleCode) -> frozenset[str]:
    """The public names of a module, its constants among them."""
    return _names(code) | frozenset(name for name in code.bound if name.isupper() and name[0] != "_")


def _names(code: ModuleCode) -> frozenset[str]:
    return frozenset(
        name for name in (*code.functions, *code.classes) if not name.startswith("_") and name != "main"
    )


def _definitions(code: ModuleCode) -> Mapping[str, ast.stmt]:
    return {**code.functions, **code.classes}


def _told(definition: ast.stmt) -> str:
    """A definition without its docstring and places, to compare it by."""
    if isinstance(definition, (*FUNCTIONS, ast.ClassDef)):
        body = definition.body
        told = body[1:] if isinstance(body[0], ast.Expr) and text_of(body[0].value) is not None else body
        arguments = ast.dump(definition.args) if isinstance(definition, FUNCTIONS) else ""
        return f"{type(definition).__name__} {definition.name} {arguments}" + "".join(map(ast.dump, told))
    return ast.dump(definition)


def _pairs(project: ProjectCode, repository: Repository) -> Iterator[_Pair]:
    """Modules of one package that share public names which few others have."""
    by_name: dict[str, list[ModuleCode]] = {}
    for _, code in sorted(project.by_path.items()):
        if not code.package and is_product(code.module.source):
            for name in _names(code):
                by_name.setdefault(name, []).append(code)
    counts: Counter[tuple[str, str]] = Counter()
    for holders in by_name.values():
        if 2 <= len(holders) <= _MOST_OF_A_NAME:
            for at, one in enumerate(holders):
                counts.update((one.path, other.path) for other in holders[at + 1 :])
    for paths in sorted(counts):
        first, second = (project.by_path[path] for path in paths)
        if _root(first.path, repository) == _root(second.path, repository):
            copy, kept = sorted((first, second), key=lambda one: _weight(one, project))
            yield _Pair(copy, kept, _names(copy) & _names(kept))


def _weight(code: ModuleCode, project: ProjectCode) -> tuple[int, int, int, int, str]:
    """How much a module is used; of two that are used alike, the shorter and higher name is the older one."""
    users = project.importers.get(code.path, frozenset())
    direct = [path for path in users if not path.endswith("__init__.py")]
    return len(direct), len(users), -len(folders_of(code.path)), -len(code.path), code.path


def _root(path: str, repository: Repository) -> str:
    """The folder of the component that a file belongs to: several services of one repository may share nothing."""
    folder = path.rpartition("/")[0]
    while folder and not any(f"{folder}/{name}" in repository.paths for name in _ROOT_FILES):
        folder = folder.rpartition("/")[0]
    return folder


def _are_duplicates(pair: _Pair, project: ProjectCode) -> bool:
    if _know_each_other(pair, project) or _are_twins(pair):
        return False
    if len(pair.shared) == 1:
        beside = folders_of(pair.copy.path) == folders_of(pair.kept.path)
        if beside and pair.likeness == 1 and _topic(pair.copy.path) == _topic(pair.kept.path):
            return True
        return pair.likeness == 1 and len(pair.equal) == 1 and _weighs_enough(pair)
    mostly_equal = len(pair.equal) * 2 > len(pair.shared)
    if _topic(pair.copy.path) == _topic(pair.kept.path) and pair.likeness >= 0.5:
        return mostly_equal or not _are_parts_of_a_pattern(pair, project)
    return pair.likeness >= 0.6 and mostly_equal


def _weighs_enough(pair: _Pair) -> bool:
    """Whether what a single name stands for is too long to be alike by chance."""
    return len(_told(_definitions(pair.copy)[min(pair.shared)])) > _LONG


def _topic(path: str) -> str:
    """What a module is for, by its name: `log_utils` and `logger` are both for logging."""
    words = [word for word in re.split(r"_|(?<=[a-z])(?=\d)", stem_of(path).lower()) if word]
    telling = [word for word in words if word not in _FILLERS] or words
    if telling[1:] in (["config"], ["conf"]) and telling[0] in _TOPICS:
        telling = telling[:1]  # `log_config` is about logs
    return "_".join(_TOPICS.get(word, word) for word in telling)


def _know_each_other(pair: _Pair, project: ProjectCode) -> bool:
    """Whether one builds on the other."""
    users = project.importers
    return pair.copy.path in users.get(pair.kept.path, ()) or pair.kept.path in users.get(pair.copy.path, ())


def _are_twins(pair: _Pair) -> bool:
    """Whether they are two forms of one thing by intent: with and without `async`, or of two versions."""
    one, other = ({*folders_of(code.path), stem_of(code.path)} for code in (pair.copy, pair.kept))
    words = {word for name in one ^ other for word in (name, *name.split("_"))}
    if {"test", "tests"} & words:
        return True
    if any(_TWINS.fullmatch(word) for word in words):
        return True
    ours, others = _definitions(pair.copy), _definitions(pair.kept)
    return any(type(ours[name]) is not type(others[name]) for name in pair.shared)


def _are_parts_of_a_pattern(pair: _Pair, project: ProjectCode) -> bool:
    """Whether their folders are built alike, as backends and plugins are, so that each has its own."""
    if stem_of(pair.copy.path) in _LAYERS:
        return True
    folders = [code.path.rpartition("/")[0] for code in (pair.copy, pair.kept)]
    if folders[0] == folders[1]:
        return False
    ours, others = (_stems_in(folder, project) for folder in folders)
    return len(ours & others) >= 2 or _has_third(pair, project)


def _stems_in(folder: str, project: ProjectCode) -> frozenset[str]:
    return project.stems_by_folder.get(folder, frozenset()) - {"__init__", "__main__"}


def _has_third(pair: _Pair, project: ProjectCode) -> bool:
    """Whether more than two folders side by side have a module of that name."""
    stem, parts = stem_of(pair.copy.path), folders_of(pair.copy.path)
    if stem != stem_of(pair.kept.path) or parts[:-1] != folders_of(pair.kept.path)[:-1]:
        return False
    above = "/".join(parts[:-1])
    return (
        sum(
            1
            for folder in project.stems_by_folder
            if folder.rpartition("/")[0] == above and stem in project.stems_by_folder[folder]
        )
        > 2
    )


def _fix(pair: _Pair, project: ProjectCode) -> Fix | None:
    """An exact copy becomes an import of what it copies."""
    name = _import_name(pair.kept.path, project)
    if (
        name is None
        or _import_name(pair.copy.path, project) is None
        or name.partition(".")[0] != (_import_name(pair.copy.path, project) or "").partition(".")[0]
    ):
        return None
    kept = {_told(one) for one in pair.kept.body}
    told = [
        one for one in pair.copy.body if not (isinstance(one, ast.Expr) and text_of(one.value) is not None)
    ]
    if any(isinstance(one, ast.ImportFrom) and one.level for one in told) or any(
        _told(one) not in kept for one in told
    ):
        return None
    if any(not isinstance(one, _ONLY_DEFINES) for one in told):
        return None  # it does something when it is run or imported
    names = sorted({*_definitions(pair.copy), *pair.copy.bound} - {"__all__"})
    source = pair.copy.module.source
    lines = [
        f'"""What `{name}` offers."""',
        "",
        f"from {name} import (",
        *(f"    {one}," for one in names),
        ")",
        "",
        "__all__ = [",
        *(f'    "{one}",' for one in names),
        "]",
        "",
    ]
    edit = Edit(source.path, 0, len(source.text), source.newline.join(lines))
    return Fix(f"Import what it needs from `{name}`", (edit,))


_ONLY_DEFINES = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.Assign, ast.AnnAssign, *FUNCTIONS)


def _import_name(path: str, project: ProjectCode) -> str | None:
    """The name under which a module of a package is imported."""
    parts = [*folders_of(path), stem_of(path)]
    begin = len(parts) - 1
    while begin and "/".join(parts[:begin]) + "/__init__.py" in project.by_path:
        begin -= 1
    return ".".join(parts[begin:]) if begin < len(parts) - 1 else None
