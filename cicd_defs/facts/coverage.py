"""Where a Python project says how its coverage is measured."""

from cicd_defs.facts.manifests import table
from cicd_defs.facts.survey import Survey, join

SECTIONS = ("coverage:run", "coverage:report", "coverage:paths")


def coverage_config(survey: Survey, folder: str) -> str | None:
    """`file:line` of the settings of coverage.py, a `.coveragerc` aside; None where there are none.

    Files: https://coverage.readthedocs.io/en/latest/config.html
    """
    for path in (join(folder, name) for name in ("setup.cfg", "tox.ini")):
        if any(section in survey.ini(path) for section in SECTIONS):
            return survey.cite(path, r"^\[coverage:")
    if survey.has(path := join(folder, ".coveragerc.toml")):
        return f"{path}:1"
    manifest = join(folder, "pyproject.toml")
    if table(survey.toml(manifest), "tool", "coverage"):
        return survey.cite(manifest, r"^[ \t]*\[tool\.coverage\b") or f"{manifest}:1"
    return None
