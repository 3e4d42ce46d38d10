"""How coverage.py measures, as it reads it.

Settings: https://coverage.readthedocs.io/en/latest/config.html
"""

from collections.abc import Sequence

from cicd_defs.plan.hygiene import Coverage

NEVER_RUN = (
    "if TYPE_CHECKING:",
    "raise NotImplementedError",
    r"@(abc\.)?abstractmethod",
    r"^\s*\.\.\.$",
)
"""Lines that no test can reach, as regular expressions: types alone, and what others fill in."""

TESTS = ("tests/*", "test/*", "*/test_*.py", "*/*_test.py", "conftest.py")
"""What is left out where all of a folder is measured."""


def render_coverage(coverage: Coverage, header: Sequence[str]) -> str:
    """The text of `.coveragerc`: branches count, and so do files of the project's own code that nothing imports."""
    sources = coverage.sources or (".",)
    parts = [
        *(f"# {line}".rstrip() for line in header),
        "[run]",
        "branch = true",
        _listed("source", sources),
        *([] if coverage.sources else [_listed("omit", TESTS)]),
        "",
        "[report]",
        _listed("exclude_also", NEVER_RUN),
    ]
    return "\n".join(parts) + "\n"


def _listed(name: str, values: Sequence[str]) -> str:
    return "\n".join([f"{name} =", *(f"    {value}" for value in values)])
