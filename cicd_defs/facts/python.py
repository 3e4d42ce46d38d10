"""Python: where its projects are, what they depend on, who manages their packages, which versions they support."""

import re
from collections.abc import Iterator

from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.globs import within_globs
from cicd_defs.facts.manifests import Table, string, strings, table
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, folder_of, join, name_of
from cicd_defs.facts.versions import PYTHON_MINORS, ascending, ci_versions, python_versions

REQUIREMENTS = re.compile(r"(.*[-_.])?(requirements?|reqs?|constraints-dev)([-_.][\w.-]*)?\.(txt|in|pip)")
REQUIREMENT_FOLDERS = frozenset({"requirements", "reqs", "requirement"})
ENVIRONMENTS = ("environment.yml", "environment.yaml")
MANIFESTS = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "pixi.toml",
    "hatch.toml",
    *ENVIRONMENTS,
    "tox.ini",
)
MOST_TESTS_READ = 200
LOCK_FILES = ("uv.lock", "poetry.lock", "pdm.lock", "pixi.lock", "Pipfile.lock", "pylock.toml")

_UNITTEST = r"^(import unittest|from unittest import .*TestCase|from django\.test import .*TestCase)"


_PACKAGING = r"^\s*(?:from|import) (?:setuptools|distutils|skbuild|numpy\.distutils)\b|^(?:\w+\.)?setup\s*\("


def find_projects(survey: Survey) -> list[Draft]:
    """The Python projects of a repository: folders with packaging metadata, or with requirements beside sources."""
    folders: dict[str, str] = {}
    for path in _manifests(survey):
        folders.setdefault(_home(path), path)
    sources = [path for path in survey.paths if path.endswith((".py", ".pyi", ".pyx"))]
    sources = [path for path in sources if name_of(path) not in ("setup.py", "conf.py")]
    beside = frozenset(map(folder_of, sources))
    lowest = survey.lowest_roles(sources)
    requirements = _requirement_files(survey)
    drafts = [
        _draft(survey, folder, manifest, requirements.get(folder, []))
        for folder, manifest in folders.items()
        if _is_project(survey, folder, manifest, lowest, folder in beside or not _has_parent(folder, folders))
    ]
    return _without_members(survey, drafts)


def _manifests(survey: Survey) -> Iterator[str]:
    """Candidates, the most telling ones of a folder first."""
    for path in survey.named("pyproject.toml"):
        data = survey.toml(path)
        if any(key in data for key in ("project", "build-system", "dependency-groups")) or _managed(data):
            yield path
    # A module of that name that packages nothing is no manifest.
    yield from (path for path in survey.named("setup.py") if survey.cite(path, _PACKAGING))
    yield from (
        path for path in survey.named("setup.cfg") if {"metadata", "options"} & survey.ini(path).keys()
    )
    yield from survey.named("Pipfile", "pixi.toml")
    yield from (path for path in survey.matching(REQUIREMENTS) if "doc" not in name_of(path))
    yield from (
        path for path in survey.paths
        if path.endswith((".txt", ".in")) and name_of(folder_of(path)) in REQUIREMENT_FOLDERS
    )  # fmt: skip
    yield from (path for path in survey.named(*ENVIRONMENTS) if "python" in survey.text(path))


def _managed(data: Table) -> bool:
    tool = table(data, "tool")
    return any(name in tool for name in ("poetry", "uv", "pixi", "rye"))


def _home(path: str) -> str:
    folder = folder_of(path)
    return folder_of(folder) if name_of(folder) in REQUIREMENT_FOLDERS else folder


def _is_project(survey: Survey, folder: str, manifest: str, lowest: dict[str, Role], near: bool) -> bool:
    """Whether a manifest has sources; mere requirements inside another project need some in their own folder."""
    packaged = name_of(manifest) in ("pyproject.toml", "setup.py", "setup.cfg")
    limit = max(Role.TEST if packaged else Role.PROJECT, survey.role(manifest))
    return folder in lowest and lowest[folder] <= limit and (packaged or near)


def _has_parent(folder: str, folders: dict[str, str]) -> bool:
    while folder != ".":
        folder = folder_of(folder)
        if folder in folders:
            return True
    return False


def _draft(survey: Survey, folder: str, manifest: str, requirements: list[str]) -> Draft:
    named = tuple(path for name in MANIFESTS if survey.has(path := join(folder, name)))
    manifests = (*named, *(path for path in requirements if path not in named))
    return Draft("python", folder, manifest, manifests, lock_file=survey.first(folder, LOCK_FILES))


def _requirement_files(survey: Survey) -> dict[str, list[str]]:
    """Requirements files by the folder of the project that they speak of."""
    found: dict[str, list[str]] = {}
    for path in survey.paths:
        name, parent = name_of(path), name_of(folder_of(path))
        listed = parent in REQUIREMENT_FOLDERS and name.endswith((".txt", ".in", ".pip"))
        wanted = (listed or REQUIREMENTS.fullmatch(name)) and "doc" not in name
        if wanted and survey.role(path) <= Role.TEST and not _is_compiled(survey, path):
            found.setdefault(_home(path), []).append(path)
    return found


def _is_compiled(survey: Survey, path: str) -> bool:
    """Whether a requirements file is pip-compile's output, which names dependencies of dependencies."""
    return path.endswith(".txt") and survey.has(path.removesuffix(".txt") + ".in")


def _without_members(survey: Survey, drafts: list[Draft]) -> list[Draft]:
    """Members of a uv workspace become part of its root."""
    by_path = {draft.path: draft for draft in drafts}
    for root in drafts:
        workspace = table(survey.toml(join(root.path, "pyproject.toml")), "tool", "uv", "workspace")
        members = within_globs(
            by_path, root.path, strings(workspace.get("members")), strings(workspace.get("exclude"))
        )
        for path in members:
            root.manifests += by_path.pop(path).manifests
        root.members = tuple(sorted(members))
    return list(by_path.values())


def claim_package_managers(scene: Scene, draft: Draft) -> None:
    """Who installs this project: its lock file says so, then its tables, then CI's commands; pip where none does."""
    claims, survey = draft.claims, scene.survey
    for manager, place in _managers_by_files(survey, draft):
        claims.add("package_managers", manager, [place])
    for manager, pattern in _MANAGER_COMMANDS:
        if not claims.names("package_managers"):
            claims.add("package_managers", manager, [one.place for one in scene.invoked(draft, pattern)])
    if not claims.names("package_managers"):
        _claim_like_others(scene, draft)


def _claim_like_others(scene: Scene, draft: Draft) -> None:
    """A project that says nothing is installed as the repository's other Python projects are."""
    for other in scene.drafts:
        manager = next(iter(other.claims.names("package_managers")), "")
        if other.stack == "python" and manager not in ("", "pip"):
            draft.claims.add("package_managers", manager, other.claims.evidence("package_managers", manager))
            return
    draft.claims.add("package_managers", "pip", [scene.survey.cite(draft.manifest)])


def _managers_by_files(survey: Survey, draft: Draft) -> Iterator[tuple[str, str | None]]:
    manifest = join(draft.path, "pyproject.toml")
    tool = table(survey.toml(manifest), "tool")
    for lock, manager in _MANAGER_LOCKS:
        if survey.has(join(draft.path, lock)):
            yield manager, f"{join(draft.path, lock)}:1"
            return
    for manager in ("poetry", "uv", "pixi", "rye"):
        if manager in tool:
            yield manager, survey.cite(manifest, rf"^[ \t]*\[+tool\.{manager}\b")
            return
    if {"dev-dependencies", "scripts"} & table(tool, "pdm").keys():
        yield "pdm", survey.cite(manifest, r"^[ \t]*\[+tool\.pdm\b")
    elif table(tool, "hatch", "envs"):
        yield "hatch", survey.cite(manifest, r"^[ \t]*\[+tool\.hatch\.envs\b")
    elif table(survey.toml(join(draft.path, "hatch.toml")), "envs"):
        yield "hatch", survey.cite(join(draft.path, "hatch.toml"), r"^[ \t]*\[+envs\b")
    elif name_of(draft.manifest) in ENVIRONMENTS:
        yield "conda", f"{draft.manifest}:1"


_MANAGER_LOCKS = (
    ("uv.lock", "uv"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "pdm"),
    ("pixi.lock", "pixi"),
    ("Pipfile.lock", "pipenv"),
    ("Pipfile", "pipenv"),
    ("pixi.toml", "pixi"),
)
_MANAGER_COMMANDS = tuple(
    (manager, re.compile(pattern))
    for manager, pattern in (
        ("uv", r"uv +sync\b"),
        ("poetry", r"poetry +(install|sync)\b"),
        ("pdm", r"pdm +(install|sync)\b"),
        ("hatch", r"hatch +(test|fmt|env)\b"),
    )
)


def supported_versions(survey: Survey, draft: Draft) -> tuple[str, ...]:
    """The Python minors to test: the classifiers', else `requires-python`'s, else what is pinned, else CI's."""
    data = survey.toml(join(draft.path, "pyproject.toml"))
    options = survey.ini(join(draft.path, "setup.cfg"))
    requires = _requires_python(survey, draft, data, options)
    admitted = python_versions(requires) if requires else ()
    listed = _classified(survey, draft, data, options)
    if listed:
        return tuple(version for version in listed if not admitted or version in admitted) or admitted
    return admitted or _pinned(survey, draft) or ci_versions(survey, "python-version", r"3\.\d{1,2}")


def _requires_python(survey: Survey, draft: Draft, data: Table, options: dict[str, dict[str, str]]) -> str:
    poetry = table(data, "tool", "poetry", "dependencies").get("python")
    declared = string(table(data, "project").get("requires-python")) or string(poetry)
    declared = declared or options.get("options", {}).get("python_requires", "")
    if declared:
        return declared
    found = re.search(
        r"python_requires\s*=\s*[\"']([^\"'\n]{1,80})", survey.text(join(draft.path, "setup.py"))
    )
    return found[1] if found else ""


def _classified(
    survey: Survey, draft: Draft, data: Table, options: dict[str, dict[str, str]]
) -> tuple[str, ...]:
    project = strings(table(data, "project").get("classifiers"))
    poetry = strings(table(data, "tool", "poetry").get("classifiers"))
    text = "\n".join((*project, *poetry, options.get("metadata", {}).get("classifiers", "")))
    text = text + survey.text(join(draft.path, "setup.py"))
    found = set(re.findall(r"Programming Language :: Python :: (3\.\d{1,2})\b", text))
    return ascending(found & set(PYTHON_MINORS))


def _pinned(survey: Survey, draft: Draft) -> tuple[str, ...]:
    for folder in dict.fromkeys((draft.path, ".")):
        for name in (".python-version", "runtime.txt", ".tool-versions"):
            text = survey.text(join(folder, name))
            if found := re.findall(r"(?:^|python[- ])(3\.\d{1,2})", text, re.MULTILINE):
                return ascending(set(found))
    return ()


def claim_test_environments(scene: Scene, draft: Draft) -> None:
    """tox and nox, where what they run are tests."""
    survey = scene.survey
    for name in ("tox.ini", "tox.toml", "noxfile.py"):
        path = join(draft.path, name)
        text = survey.text(path)
        if re.search(r"deprecated|no longer (used|maintained)", text[:1000], re.I):
            continue
        if re.search(r"pytest|py\.test|unittest|\btests?\b|nosetests|trial\b|commands", text):
            draft.claims.add("test_runners", "nox" if name == "noxfile.py" else "tox", [survey.cite(path)])
    manifest = join(draft.path, "pyproject.toml")
    if "tox" in table(survey.toml(manifest), "tool"):
        draft.claims.add("test_runners", "tox", [survey.cite(manifest, r"^[ \t]*\[+tool\.tox\b")])
    if "tox:tox" in survey.ini(join(draft.path, "setup.cfg")):
        draft.claims.add("test_runners", "tox", [survey.cite(join(draft.path, "setup.cfg"), r"^\[tox:tox\]")])


def drop_replaced_tools(draft: Draft) -> None:
    """Configuration that was left behind when Ruff took over says nothing of what runs today."""
    replaced = (
        ("linters", "flake8"),
        ("linters", "pylint"),
        ("formatters", "black"),
        ("formatters", "isort"),
    )
    if draft.claims.is_used("linters", "ruff"):
        for kind, name in replaced:
            if not draft.claims.is_used(kind, name):
                draft.claims.drop(kind, name)


def claim_unittest(scene: Scene, draft: Draft) -> None:
    """The standard library's runner, where tests are written for it and nothing else runs them."""
    if draft.claims.names("test_runners"):
        return
    tests = [path for path in scene.sources(draft) if re.search(r"(^|[/_])tests?([/_.]|$)", path)]
    for path in tests[:MOST_TESTS_READ]:
        if scene.survey.role(path) <= Role.TEST and (place := scene.survey.cite(path, _UNITTEST)):
            draft.claims.add("test_runners", "unittest", [place])
            return
