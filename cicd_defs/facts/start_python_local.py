"""Whether a Python project depends on packages that lie in the repository: none installs before its sources are there.

Forms: https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources,
https://python-poetry.org/docs/dependency-specification/#path-dependencies,
https://pdm-project.org/latest/usage/dependency/#local-dependencies and Pipfile's `path`.
"""

import re
from collections.abc import Iterator
from typing import Any

from cicd_defs.facts.manifests import Table, strings, table

_REFERENCE = re.compile(r"@[ \t]*file:|^-e[ \t]|^file:")


def depends_on_sources(pyproject: Table, pipfile: Table) -> bool:
    """Whether any manifest names a dependency by its folder, or one of the same workspace."""
    sources = [*_sources(pyproject), *_values(pipfile, "packages"), *_values(pipfile, "dev-packages")]
    beside = any(_is_beside(one) for one in sources)
    return beside or any(_REFERENCE.search(line) for line in _lines(pyproject))


def _sources(pyproject: Table) -> Iterator[Any]:
    yield from _values(pyproject, "tool", "uv", "sources")
    yield from _values(pyproject, "tool", "poetry", "dependencies")
    yield from _values(pyproject, "tool", "poetry", "dev-dependencies")
    for group in table(pyproject, "tool", "poetry", "group"):
        yield from _values(pyproject, "tool", "poetry", "group", group, "dependencies")


def _values(data: Table, *path: str) -> Iterator[Any]:
    """What stands behind each name of a table: one source, or several of which a marker chooses."""
    for value in table(data, *path).values():
        yield from value if isinstance(value, list) else (value,)


def _is_beside(source: Any) -> bool:
    return isinstance(source, dict) and bool(source.get("path") or source.get("workspace"))


def _lines(pyproject: Table) -> Iterator[str]:
    """The requirements of each list that a pyproject.toml may hold."""
    yield from strings(table(pyproject, "project").get("dependencies"))
    for path in (
        ("project", "optional-dependencies"),
        ("dependency-groups",),
        ("tool", "pdm", "dev-dependencies"),
    ):
        for listed in table(pyproject, *path).values():
            yield from strings(listed)
