"""Tests that need services and tests that need nothing cannot be told apart.

**Why it matters** Without markers or folders for them, the quick tests cannot be run alone: every change waits for a
database, and who has none at home runs no test at all.
**How to fix** Declare markers (`integration`, `slow`), put them on the tests that need services, and run
`pytest -m "not integration"` first. Folders such as `tests/unit` and `tests/integration` do the same.
**Example** `markers = ["integration: needs services"]` below `[tool.pytest.ini_options]`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.source import Source
from cicd_defs.facts.stacks import Component
from cicd_defs.facts.survey import join
from cicd_defs.judge.hooks import commands_of_ci
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.written_settings import Section, appended, below, sections_of, settings_of

ABOUT = About(Family.HYGIENE, Severity.LOW, subject="repository", strict=True)

_PLACES = (
    ("pytest.toml", "pytest"),
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("pyproject.toml", "tool.pytest.ini_options"),
    ("pyproject.toml", "tool.pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
"""Where pytest is configured, in the order in which it looks: https://docs.pytest.org/en/stable/reference/customize.html"""
_APART = re.compile(
    r"(?:.*/)?(?:t|tests?)/(?:.*/)?(?:unit|integration|functional|e2e|end_to_end|smoke|acceptance|system|integration_tests"
    r"|unit_tests|live|slow)/.*|(?:.*/)?(?:unit|integration|functional|e2e|acceptance|system)[_-]?tests?/.*"
    r"|(?:.*/)?test_(?:unit|integration)/.*"
)
_OURS = ("integration: needs services, such as a database", "slow: takes long")


def find(repository: Repository) -> Iterator[Found]:
    """Python projects whose tests use services, without a marker and without folders that tell them apart."""
    for component in repository.stacks.components:
        if component.stack != "python" or not any(one.name == "pytest" for one in component.test_runners):
            continue
        if not (component.services or (component.path == "." and _has_services(repository))) or _selects(
            repository
        ):
            continue
        if not _is_apart(repository, component) and not _declared(repository, component):
            yield _found(repository, component)


def _has_services(repository: Repository) -> bool:
    """Whether a job that runs pytest starts services beside it."""
    return any(
        job.node.mapping("services") is not None
        and any("pytest" in command.text for step in job.steps for command in step.commands)
        for workflow in repository.workflows
        for job in workflow.jobs
    )


def _selects(repository: Repository) -> bool:
    """Whether CI chooses tests by a marker or by name."""
    return any(
        command.plain.startswith("pytest ") and re.search(r"\s-[mk][ =]", command.plain)
        for _, command in commands_of_ci(repository)
    )


def _is_apart(repository: Repository, component: Component) -> bool:
    inside = "" if component.path == "." else component.path + "/"
    return any(
        path.endswith(".py") and path.startswith(inside) and _APART.fullmatch(path)
        for path in repository.tree.paths
    )


def _declared(repository: Repository, component: Component) -> bool:
    for folder in dict.fromkeys((component.path, *component.members, ".")):
        for name, section in _PLACES:
            source = repository.source(join(folder, name))
            if source and any(
                one.section == section and one.name == "markers" for one in settings_of(source)
            ):
                return True
    return any(
        path.endswith("conftest.py") and (source := repository.source(path)) and "markers" in source.text
        for path in repository.tree.paths
    )


def _found(repository: Repository, component: Component) -> Found:
    """Where pytest is configured, else the manifest."""
    message = "tests that use services have no marker, so that the others cannot be run alone"
    for folder in dict.fromkeys((component.path, *component.members)):
        for name, section in _PLACES:
            source = repository.source(join(folder, name))
            head = source and next((one for one in sections_of(source) if one.name == section), None)
            if source and head:
                fix = Fix("Declare the markers `integration` and `slow`", (_below(source, head),), safe=True)
                return Found(source, head.start, head.end, message, fix)
    manifest = repository.source(component.manifest) or Source(component.manifest, "")
    place = repository.source(join(component.path, "pyproject.toml"))
    if place is not None:
        edit = appended(place, f"[tool.pytest.ini_options]\n{_toml()}")
    else:
        edit = Edit(join(component.path, "pytest.ini"), 0, 0, f"[pytest]\n{_ini()}")
    return Found(
        manifest,
        0,
        manifest.line_end(0),
        message,
        Fix("Declare the markers `integration` and `slow`", (edit,)),
    )


def _below(source: Source, head: Section) -> Edit:
    return below(source, head, _toml() if source.path.endswith(".toml") else _ini())


def _toml() -> str:
    return "markers = [\n" + "".join(f'    "{marker}",\n' for marker in _OURS) + "]\n"


def _ini() -> str:
    return "markers =\n" + "".join(f"    {marker}\n" for marker in _OURS)
