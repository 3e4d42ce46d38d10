"""A component's checks run for changes in which nothing of it has changed.

**Why it matters** In a repository of several components most changes concern one of them, and the checks of all the
others say what they said before.
**How to fix** Start the file for its component's paths only, or let a first job find what changed. Where branch
rules require one of its checks, take the second way: a check that does not start never reports.
**Example** A file that tests `web/` gets `paths: [web/**, .github/workflows/web.yml]` under `pull_request`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, nothing_in
from cicd_defs.judge.commands.purposes import CHECKS, kind_of_action, purpose_of
from cicd_defs.judge.edits import insert_pair, scalar_text
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.minutes import of_job
from cicd_defs.plan.kinds import StepKind

ABOUT = About(Family.WORK_TWICE, Severity.LOW, Confidence.MEDIUM, strict=True)

_WORK = CHECKS | {StepKind.BUILD, StepKind.INSTALL}
_STARTS = ("pull_request", "push")
_FILTERS = ("paths", "paths-ignore", "tags")
_FINDS_CHANGES = (
    "paths-filter",
    "changed-files",
    "changes",
    "git diff",
    "nx affected",
    "turbo",
    "--since",
    "lerna",
)
_GIVEN = regex(r"\s(?:-C|--prefix|--cwd|--directory|--dir|--chdir)[ =]([\w./-]+)")
_IMAGE = regex(r"docker (?:buildx )?build\b(?:.*\s)?(?!-)([\w./-]+)$")
_MANIFESTS = (
    *("package.json", "pyproject.toml", "setup.py", "requirements.txt", "go.mod", "Cargo.toml", "pom.xml"),
    *("build.gradle", "build.gradle.kts", "Gemfile", "composer.json", "mix.exs", "Package.swift"),
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Files that work in the folders of components only, and start for changes anywhere."""
    starts = [name for name in _STARTS if name in workflow.events and not _is_filtered(workflow, name)]
    if not starts or not repository.whole or len(starts) < len(set(workflow.events) & set(_STARTS)):
        return
    folders = _folders_of(workflow)
    if not folders or any(word in workflow.source.text for word in _FINDS_CHANGES):
        return
    components = [folder for folder in sorted(folders) if _is_component(folder, repository)]
    if len(components) < len(folders) or not _has_others(components, repository):
        return
    key = workflow.events[starts[0]][0]
    names = " and ".join(f"`{folder}/`" for folder in components)
    edits = _filtered(workflow, starts, components) if len(components) == 1 else None
    yield Found(
        workflow.source,
        key.start,
        key.end,
        f"`{key.text}` starts the checks of {names} for every change in the repository",
        Fix(f"Start it for changes in {names}", edits) if edits else None,
        minutes=sum(map(of_job, workflow.jobs)) / 2,
    )


def _is_filtered(workflow: WrittenWorkflow, name: str) -> bool:
    filters = workflow.event(name)
    return filters is not None and any(key in filters.by_key for key in _FILTERS)


def _folders_of(workflow: WrittenWorkflow) -> set[str]:
    """The folders that all work of a file is done in; none where some of it is done at the root, or out of sight."""
    folders: set[str] = set()
    for job in workflow.jobs:
        if job.uses is not None:
            return set()
        for step in job.steps:
            worked = _worked_in(step)
            if "." in worked or "" in worked:
                return set()
            folders |= worked
    return {folder for folder in folders if not any(folder.startswith(f"{other}/") for other in folders)}


def _worked_in(step: WrittenStep) -> set[str]:
    if step.uses is not None:
        outside = step.action.startswith("./") or kind_of_action(step) in _WORK
        given = step.given("working-directory") or step.given("context") or step.given("project")
        return (
            {moved_to(".", given)}
            if outside and given and "${{" not in given
            else {"."}
            if outside
            else set()
        )
    folders: set[str] = set()
    folder = moved_to(".", step.directory)
    for command in step.commands:
        if command.name in {"cd", "pushd"} and len(command.words) > 1:
            folder = moved_to(folder, command.words[1])
        purpose = purpose_of(command)
        if purpose is not None and purpose.kind in _WORK and not _of_a_tool(command.plain):
            place = _GIVEN.search(command.text) or _IMAGE.match(command.plain)
            here = moved_to(folder, place[1]) if place else folder
            folders.add("." if "$" in here else here)
    return folders


def _of_a_tool(plain: str) -> bool:
    """Whether a command installs a tool, wherever it runs: `pip install poetry`, `npm install -g pnpm`."""
    words = plain.split()
    return words[:2] == ["pip", "install"] and not any(
        word.startswith(("-r", "-e", ".")) for word in words[2:]
    )


def _is_component(folder: str, repository: Repository) -> bool:
    """Whether a folder has a manifest of its own, which refers to nothing outside it and is in no workspace."""
    found = [path for name in _MANIFESTS if (path := f"{folder}/{name}") in repository.paths]
    if not found or any("../" in (repository.tree.text(path) or "") for path in found):
        return False
    whole = [name for path in found if (name := path.rpartition("/")[2]) in repository.paths]
    return not any("workspace" in (repository.tree.text(name) or "") for name in whole)


def _has_others(components: list[str], repository: Repository) -> bool:
    """Whether the repository holds another component, or several are worked on here."""
    if len(components) > 1:
        return True
    inside = f"{components[0]}/"
    return any(
        path.rpartition("/")[2] in _MANIFESTS and not path.startswith(inside) and path.count("/") <= 3
        for path in repository.tree.paths
    )


def _filtered(workflow: WrittenWorkflow, starts: list[str], components: list[str]) -> tuple[Edit, ...] | None:
    node = workflow.root.get("on")
    paths = ", ".join(map(scalar_text, (*(f"{folder}/**" for folder in components), workflow.path)))
    if not isinstance(node, Mapping) or node.flow or node.aliased:
        return _rewritten(workflow, starts, paths)
    edits: list[Edit] = []
    for name in starts:
        key, below = node.by_key[name]
        edit = _below(workflow, node, key, below, f"paths: [{paths}]")
        if edit is None:
            return None
        edits.append(edit)
    return tuple(edits)


def _below(workflow: WrittenWorkflow, node: Mapping, key: Scalar, below: object, line: str) -> Edit | None:
    source = workflow.source
    if isinstance(below, Mapping) and below.pairs:
        return insert_pair(source, below, [line], after=below.pairs[-1][0].text)
    if not (isinstance(below, Scalar) and nothing_in(below)) and not isinstance(below, Mapping):
        return None
    colon = source.text.find(":", key.end)
    indent = " " * (key.start - source.line_start(key.start))
    return Edit(source.path, colon + 1, max(colon + 1, below.end), f"{source.newline}{indent}  {line}")


def _rewritten(workflow: WrittenWorkflow, starts: list[str], paths: str) -> tuple[Edit, ...] | None:
    """`on: [push, pull_request]`, in lines."""
    key, node = workflow.root.key("on"), workflow.root.get("on")
    if key is None or node is None or isinstance(node, Mapping) or node.aliased:
        return None
    source = workflow.source
    if "#" in source.text[key.end : node.end]:
        return None
    lines = ["on:"]
    for name in workflow.events:
        lines.append(f"  {name}:")
        lines += [f"    paths: [{paths}]"] if name in starts else []
    return (Edit(source.path, key.start, node.end, source.newline.join(lines)),)
