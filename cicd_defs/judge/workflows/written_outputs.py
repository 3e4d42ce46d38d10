"""Which outputs a step or a job sets, as far as the files say."""

import re

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Fate
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.judge.repository import Repository

_OF_ACTIONS: dict[str, frozenset[str]] = {
    "actions/cache": frozenset({"cache-hit", "cache-primary-key", "cache-matched-key"}),
    "actions/cache/restore": frozenset({"cache-hit", "cache-primary-key", "cache-matched-key"}),
    "actions/checkout": frozenset({"ref", "commit"}),
    "actions/setup-python": frozenset({"python-version", "cache-hit", "python-path"}),
    "actions/setup-node": frozenset({"cache-hit", "node-version"}),
    "actions/setup-go": frozenset({"cache-hit", "go-version"}),
    "actions/setup-java": frozenset({"distribution", "version", "path", "cache-hit", "cache-primary-key"}),
    "actions/upload-artifact": frozenset({"artifact-id", "artifact-url", "artifact-digest"}),
    "actions/download-artifact": frozenset({"download-path"}),
    "actions/github-script": frozenset({"result"}),
    "docker/build-push-action": frozenset({"imageid", "digest", "metadata"}),
    "docker/metadata-action": frozenset(
        {"version", "tags", "labels", "annotations", "json", "tag-names", "bake-file"}
        | {f"bake-file-{kind}" for kind in ("tags", "labels", "annotations")}
    ),
}
"""Outputs of common actions, from their own `action.yml` and documentation; `github-script` may set others."""

_OPEN = frozenset({"actions/github-script"})
_WRITES = regex(
    r"""(?:^|[\s"'({;,`|&])(?P<a>[A-Za-z_][\w-]*)(?:=|<<)|set-output\s+name=(?P<b>[\w-]+)|\\n(?P<c>[A-Za-z_][\w-]*)=""",
    re.MULTILINE,
)
_TOOLS = """
echo printf cd mkdir rm cp mv ls touch cat export set true false exit test [ [[ pip pip3 apt-get sudo npm yarn pnpm
pytest ruff mypy git curl wget tar unzip docker chmod sleep go cargo bundle sed grep source eslint tsc
"""
_PLAIN_TOOLS = frozenset(_TOOLS.split())
_CALLS = regex(r"\.(?:/|sh|py|js|ts|rb)|run|exec|task|make|just")


def outputs_of_step(step: WrittenStep, repository: Repository) -> frozenset[str] | None:
    """The names of a step's outputs, in lower case; None where nobody can tell."""
    notes, key = step.source.notes, f"outputs {step.job.id} {step.index}"
    held = notes.get(key)
    if not (isinstance(held, tuple) and held[0] is step):
        held = notes[key] = (step, _outputs_of_step(step, repository))
    given: frozenset[str] | None = held[1]
    return given


def _outputs_of_step(step: WrittenStep, repository: Repository) -> frozenset[str] | None:
    if step.uses is not None:
        return _of_action(step, repository)
    if step.run is None:
        return None
    text = step.run.text
    if "GITHUB_OUTPUT" not in text and "set-output" not in text:
        return frozenset() if _sets_nothing(step) else None
    if _passed_on(step) or re.search(r"[\"']?\$\{?\w+}?[\"']?=|\}\}=|\$\w+<<|\{\w+\}=|%s=", text):
        return None
    return frozenset((found["a"] or found["b"] or found["c"]).lower() for found in _WRITES.finditer(text))


def _passed_on(step: WrittenStep) -> bool:
    """Whether what another program prints goes into the file, or another program is given the file."""
    assert step.run is not None
    text = step.run.text
    if step.script is None:
        return True
    for command in step.commands:
        if command.fate is Fate.CAPTURED:
            continue
        if command.name in {"echo", "printf", "{", "set", "export", "cat"} and "<<" not in command.text:
            if command.name == "cat" and any("GITHUB_OUTPUT" in redirect for redirect in command.redirects):
                return True
            continue
        if any("GITHUB_OUTPUT" in redirect for redirect in command.redirects):
            return True
        if "GITHUB_OUTPUT" in command.text or _CALLS.search(command.text):
            return True
    return "<<" in text


def _sets_nothing(step: WrittenStep) -> bool:
    """Whether a script without a word of outputs calls nothing that could set some."""
    if step.script is None or not step.commands:
        return False
    return all(
        command.name in _PLAIN_TOOLS and not _CALLS.search(" ".join(command.words[:3]))
        for command in step.commands
    )


def _of_action(step: WrittenStep, repository: Repository) -> frozenset[str] | None:
    assert step.uses is not None
    known = _OF_ACTIONS.get(step.action)
    if known is not None:
        return None if step.action in _OPEN else known
    path = step.uses.text.strip()
    if not path.startswith("./") or "${{" in path:
        return None
    folder = path[2:].strip("/")
    file = repository.action_in(folder)
    runs = file.root.mapping("runs") if file else None
    if file is None or runs is None or runs.text("using") != "composite":
        return None
    return _keys(file.root.mapping("outputs"))


def outputs_of_job(job: WrittenJob, repository: Repository) -> frozenset[str] | None:
    """The names of a job's outputs, in lower case; None where nobody can tell."""
    if job.uses is not None:
        called = called_workflow(job, repository)
        if called is None:
            return None
        event = called.event("workflow_call")
        return _keys(event.mapping("outputs") if event else None)
    node = job.node.get("outputs")
    if node is not None and job.node.mapping("outputs") is None:
        return frozenset()
    mapping = job.node.mapping("outputs")
    return None if mapping is not None and "<<" in mapping.by_key else _keys(mapping)


def called_workflow(job: WrittenJob, repository: Repository) -> WrittenWorkflow | None:
    """The workflow of the same repository that a job calls."""
    path = job.uses.text.strip() if job.uses else ""
    if not path.startswith("./"):
        return None
    return repository.workflow_at.get(path[2:])


def _keys(mapping: object) -> frozenset[str]:
    pairs = getattr(mapping, "pairs", ())
    return frozenset(key.text.lower() for key, _ in pairs)
