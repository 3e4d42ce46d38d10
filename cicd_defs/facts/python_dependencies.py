"""What a Python project's manifests ask for: every package, whether for development only, and in which part."""

import re
from collections.abc import Iterable, Iterator

from cicd_defs.facts.draft import Dependency, Draft, package_pattern
from cicd_defs.facts.manifests import Table, strings, table
from cicd_defs.facts.survey import Survey, name_of

_NAME = re.compile(r"^\s*[\"']?([A-Za-z0-9][\w.-]*)")
_DEVELOPMENT = re.compile(
    r"dev|test|lint|check|\bci\b|typ|fmt|format|style|qa|quality|cov|static|mypy|tool|all", re.I
)
_QUOTED = re.compile(r"[\"']([A-Za-z][\w.-]{1,60})\s*(?:\[[\w,-]*\])?\s*(?:[<>=!~;].{0,60})?[\"']")
_DEVELOPMENT_LISTS = re.compile(r"(tests?|dev)_requires?|extras_require|test_requires")

Found = tuple[str, bool, str]


def read_dependencies(survey: Survey, draft: Draft) -> tuple[Dependency, ...]:
    """Every package that the project's manifests name."""
    found: list[Dependency] = []
    for path in draft.manifests:
        reader = _READERS.get(name_of(path), _from_lines)
        for name, dev, part in dict.fromkeys(reader(survey, path)):
            if place := survey.cite(path, package_pattern(name)):
                found.append(Dependency(normal(name), place, dev, part))
    return tuple(found)


def normal(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _named(requirements: Iterable[str], *, dev: bool, part: str = "") -> Iterator[Found]:
    for requirement in requirements:
        if found := _NAME.match(requirement[:200]):
            yield found[1], dev, part


def _from_pyproject(survey: Survey, path: str) -> Iterator[Found]:
    data = survey.toml(path)
    project, tool = table(data, "project"), table(data, "tool")
    yield from _named(strings(project.get("dependencies")), dev=False)
    yield from _from_extras(table(project, "optional-dependencies"))
    yield from _from_groups(table(data, "dependency-groups"))
    yield from _named(strings(table(tool, "uv").get("dev-dependencies")), dev=True, part="group dev")
    yield from _from_groups(table(tool, "pdm", "dev-dependencies"))
    yield from _from_hatch(table(tool, "hatch"))
    yield from _from_poetry(table(tool, "poetry"))
    yield from _from_pixi(table(tool, "pixi"))


def _from_extras(extras: Table) -> Iterator[Found]:
    for extra, requirements in extras.items():
        if "doc" not in extra:
            yield from _named(
                strings(requirements), dev=bool(_DEVELOPMENT.search(extra)), part=f"extra {extra}"
            )


def _from_groups(groups: Table) -> Iterator[Found]:
    for group, requirements in groups.items():
        if "doc" not in group:
            yield from _named(strings(requirements), dev=True, part=f"group {group}")


def _from_poetry(poetry: Table) -> Iterator[Found]:
    for name, wanted in table(poetry, "dependencies").items():
        # Packages of poetry's own kind of extras are listed with the others and marked.
        yield name, False, "optional" if table(wanted).get("optional") is True else ""
    yield from ((name, True, "group dev") for name in table(poetry, "dev-dependencies"))
    for group, content in table(poetry, "group").items():
        if "doc" not in group:
            yield from ((name, True, f"group {group}") for name in table(content, "dependencies"))


def _from_pixi(pixi: Table) -> Iterator[Found]:
    features = {f"feature {name}": content for name, content in table(pixi, "feature").items()}
    for part, content in {"": pixi, **features}.items():
        for key in ("dependencies", "pypi-dependencies"):
            yield from ((name, True, part) for name in table(content, key))


def _from_hatch(hatch: Table) -> Iterator[Found]:
    for name, environment in table(hatch, "envs").items():
        for key in ("dependencies", "extra-dependencies"):
            yield from _named(strings(table(environment).get(key)), dev=True, part=f"environment {name}")


def _from_hatch_toml(survey: Survey, path: str) -> Iterator[Found]:
    yield from _from_hatch(survey.toml(path))


def _from_setup_cfg(survey: Survey, path: str) -> Iterator[Found]:
    sections = survey.ini(path)
    options = sections.get("options", {})
    yield from _named(options.get("install_requires", "").splitlines(), dev=False)
    yield from _named(options.get("tests_require", "").splitlines(), dev=True)
    for extra, requirements in sections.get("options.extras_require", {}).items():
        if "doc" not in extra:
            dev = bool(_DEVELOPMENT.search(extra))
            yield from _named(requirements.splitlines(), dev=dev, part=f"extra {extra}")


def _from_setup_py(survey: Survey, path: str) -> Iterator[Found]:
    # A program: any quoted word may be a requirement, so only what follows a list for development counts as such.
    text = survey.text(path)[:50_000]
    lists = _DEVELOPMENT_LISTS.search(text)
    for found in _QUOTED.finditer(text):
        yield found[1], lists is not None and found.start() > lists.start(), ""


def _from_pipfile(survey: Survey, path: str) -> Iterator[Found]:
    data = survey.toml(path)
    yield from ((name, False, "") for name in table(data, "packages"))
    yield from ((name, True, "group dev") for name in table(data, "dev-packages"))


def _from_pixi_toml(survey: Survey, path: str) -> Iterator[Found]:
    yield from _from_pixi(survey.toml(path))


def _from_tox(survey: Survey, path: str) -> Iterator[Found]:
    for section in survey.ini(path).values():
        lines = (line.rpartition(":")[2] for line in section.get("deps", "").splitlines())
        wanted = (line for line in lines if not line.lstrip().startswith(("-", "{")))
        yield from _named(wanted, dev=True, part="environment tox")


def _from_environment(survey: Survey, path: str) -> Iterator[Found]:
    for line in survey.text(path).splitlines()[:500]:
        if found := re.match(r"^\s*-\s+[\"']?(?:[\w-]+::)?([A-Za-z][\w.-]*)\s*(?:[<>=!~\"'#].*)?$", line):
            yield found[1], True, f"file {path}"


def _from_lines(survey: Survey, path: str) -> Iterator[Found]:
    lines = survey.text(path).splitlines()[:2000]
    yield from _named(
        (one for one in lines if not one.lstrip().startswith(("#", "-"))), dev=True, part=f"file {path}"
    )


_READERS = {
    "pyproject.toml": _from_pyproject,
    "setup.cfg": _from_setup_cfg,
    "setup.py": _from_setup_py,
    "Pipfile": _from_pipfile,
    "pixi.toml": _from_pixi_toml,
    "hatch.toml": _from_hatch_toml,
    "tox.ini": _from_tox,
    "environment.yml": _from_environment,
    "environment.yaml": _from_environment,
}
