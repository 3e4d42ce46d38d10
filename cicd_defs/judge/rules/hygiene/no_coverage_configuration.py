"""CI measures coverage, and no file says of what.

**Why it matters** Without a configuration coverage.py counts what happened to be imported: files that no test touches
are missing from the figure, tests are in it, branches are not counted, and whoever measures at home gets another
number than CI.
**How to fix** Say it once where the tool looks: `[tool.coverage.run]` in `pyproject.toml`, a `.coveragerc`,
`.nycrc.json`, `coverage` in the configuration of vitest or jest. CI's command then needs no arguments.
**Example** `pytest --cov` with `[tool.coverage.run]`, `branch = true` and `source = ["shop"]`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.manifests import read_json
from cicd_defs.facts.script import Command
from cicd_defs.facts.survey import join, name_of
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.hooks import commands_of_ci
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.written_settings import appended, sections_of, settings_of

ABOUT = About(Family.HYGIENE, Severity.LOW, subject="repository")

_PYTHON = re.compile(r"(?:^|\s)(--cov(?:[= ][\w./-]+)?(?=\s|$)|coverage3?\s+run\b[^\n|;&]*)")
_SOURCE = re.compile(r"--cov[= ](?P<cov>[\w./-]+)|--source[= ](?P<source>[\w./,-]+)")
_NODE = re.compile(
    r"(?:^|\s|/)(?:(nyc|c8)\s+(?!report|merge|check)\S|(?:jest|vitest)\b[^\n|;&]*\s(--coverage(?:=true)?|--coverage\.enabled)(?=\s|$)|(?:npm|pnpm|yarn)\b[^\n|;&]*\s(--coverage)(?=\s|$))"
)
_RC = re.compile(
    r"(?:.*/)?\.?coverage(?:rc)?[\w-]*(?:\.toml|\.ini|\.cfg)?|(?:.*/)?\.?codecov\.ya?ml|(?:.*/)?\.coveralls\.yml"
)
_RC_NODE = re.compile(
    r"(?:.*/)?(?:\.nycrc(?:\..+)?|nyc\.config\..+|\.c8rc(?:\..+)?|\.?codecov\.ya?ml|\.istanbul\.yml)"
)
_CONFIG_NODE = re.compile(
    r"(?:vitest|vite|jest)[\w.-]*\.(?:config|workspace|preset)[\w.-]*\.(?:[cm]?[jt]s|json)|jest\.json"
)
_IN_INI = ("setup.cfg", "tox.ini")


def find(repository: Repository) -> Iterator[Found]:
    """The commands of CI that measure coverage, where nothing is configured."""
    for step, command in commands_of_ci(repository):
        if command.name in {"pip", "pip3", "echo", "grep"} or "install" in command.words[:4]:
            continue
        text = " ".join(command.words)
        if (measured := _PYTHON.search(text)) and _is_measured(text):
            if not _python_is_configured(repository):
                yield _found(step, command, measured[1], _python_fix(repository, text))
        elif (measured := _NODE.search(text)) and not _node_is_configured(repository, text):
            tool = measured[1] or measured[2] or measured[3]
            yield _found(step, command, tool, _node_fix(repository, measured[1]))


def _is_measured(text: str) -> bool:
    """Whether it runs tests, and brings no configuration of its own."""
    return bool(re.search(r"pytest|coverage|test", text)) and not re.search(
        r"--(?:cov-config|rcfile)\b", text
    )


def _found(step: WrittenStep, command: Command, what: str, fix: Fix | None) -> Found:
    start, end = step.place(command.start, command.end)
    message = f"`{what.strip()}` measures coverage, and no file says what is counted"
    return Found(step.source, start, end, message, fix)


def _python_is_configured(repository: Repository) -> bool:
    for path in repository.tree.paths:
        name = name_of(path)
        if path.count("/") > 3:
            continue
        if _RC.fullmatch(path) and name not in {"coverage", ".coverage", "coverage.toml"}:
            return True
        if name == "pyproject.toml" and (source := repository.source(path)) and "coverage" in source.text:
            if any(one.key.startswith("tool.coverage.") for one in settings_of(source)):
                return True
            if any(one.name.startswith("tool.coverage") for one in sections_of(source)):
                return True
        elif name in _IN_INI and (source := repository.source(path)) and "[coverage:" in source.text:
            return True
    return False


def _python_fix(repository: Repository, text: str) -> Fix:
    """A table of coverage.py with the code that the command or the repository names."""
    component = next((one for one in repository.stacks.components if one.stack == "python"), None)
    folder = component.path if component else "."
    offered = repository.offered.get(join(folder, ".coveragerc"))
    place = repository.source(join(folder, "pyproject.toml"))
    if place is None and offered:
        return Fix("Write .coveragerc", (Edit(join(folder, ".coveragerc"), 0, 0, offered),))
    named = _SOURCE.search(text)
    told = (named["cov"] or named["source"]).split(",") if named else []
    sources = told or [
        path for path in (component.source_paths if component else ()) if not path.endswith(".py")
    ]
    if place is not None:
        quoted = ", ".join(f'"{one}"' for one in sources)
        listed = f"source = [{quoted}]\n" if sources else ""
        return Fix("Say what is counted", (appended(place, f"[tool.coverage.run]\nbranch = true\n{listed}"),))
    listed = "source =\n" + "".join(f"    {one}\n" for one in sources) if sources else ""
    return Fix(
        "Say what is counted", (Edit(join(folder, ".coveragerc"), 0, 0, f"[run]\nbranch = true\n{listed}"),)
    )


def _node_is_configured(repository: Repository, text: str) -> bool:
    if re.search(r"--(?:all|include|exclude|src|collectCoverageFrom|coverage\.include|config)\b", text):
        return True
    for path in repository.tree.paths:
        if path.count("/") > 3:
            continue
        name = name_of(path)
        if _RC_NODE.fullmatch(path):
            return True
        if _CONFIG_NODE.fullmatch(name) and (source := repository.source(path)) and "overage" in source.text:
            return True
        if name == "package.json" and (source := repository.source(path)):
            manifest = read_json(source.text)
            jest = manifest.get("jest")
            if (
                "nyc" in manifest
                or "c8" in manifest
                or (isinstance(jest, dict) and any("overage" in key for key in jest))
            ):
                return True
    return False


def _node_fix(repository: Repository, tool: str | None) -> Fix | None:
    """What nyc or c8 counts. The configuration of others is a program, and is left to people."""
    if not tool:
        return None
    folder = "src/" if any(path.startswith("src/") for path in repository.tree.paths) else "lib/"
    if not any(path.startswith(folder) for path in repository.tree.paths):
        folder = ""
    listed = f'"include": ["{folder}**/*"],\n  "exclude": ["test/**", "coverage/**"]'
    text = f'{{\n  "all": true,\n  {listed}\n}}\n'
    path = f".{tool}rc.json"
    return Fix(f"Write {path}", (Edit(path, 0, 0, text),))
