"""Expressions of a script as variables of its step: what they are called, and where they are put.

A value that GitHub sets as a variable itself, or that `env` has already, is used under that name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.findings import Edit
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.edits import insert_pair

EXPRESSION = regex(r"\$\{\{((?:[^'}]|'[^']*'|}(?!}))*)}}")
_PATH = regex(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_*][\w-]*)*")
_SET_BY_GITHUB = {
    "github": regex(
        r"action|action_path|action_repository|actor|actor_id|api_url|base_ref|event_name|event_path|graphql_url|head_ref|job"
        r"|ref|ref_name|ref_protected|ref_type|repository|repository_id|repository_owner|repository_owner_id"
        r"|retention_days|run_attempt|run_id|run_number|server_url|sha|triggering_actor|workflow|workflow_ref|workflow_sha"
        r"|workspace"
    ),
    "runner": regex(r"arch|debug|environment|name|os|temp|tool_cache"),
}
"""https://docs.github.com/actions/reference/workflows-and-actions/variables#default-environment-variables"""

_OTHER_IN_CONTAINERS = {
    "github.workspace",
    "github.action_path",
    "github.event_path",
    "runner.temp",
    "runner.tool_cache",
}
ONE_WORD = regex(
    r"github\.(?:sha|ref|ref_name|head_ref|base_ref|repository|repository_owner|actor|run_id|run_number|run_attempt|workspace"
    r"|event_name|server_url|api_url|action_path|job|token|event\.(?:number|release\.tag_name|(?:pull_request|issue)\.number|after|before"
    r"|pull_request\.(?:head|base)\.(?:sha|ref|repo\.full_name)|workflow_run\.(?:id|head_sha|head_branch)))"
    r"|runner\.\w+|secrets\.\w+|strategy\.job-index"
)


@dataclass(frozen=True)
class Use:
    """One expression of a script: where it stands, what it says, and the variable that has its value."""

    start: int
    end: int
    inside: str
    name: str
    given: bool


def uses_in(step: WrittenStep, text: str, wanted: set[str]) -> Iterator[Use]:
    """The expressions of a step's script that are wanted, in order, each with the variable that it becomes."""
    held = step.node.mapping("env")
    taken = (
        {key.text: node.text.strip() for key, node in held.pairs if isinstance(node, Scalar)} if held else {}
    )
    for found in EXPRESSION.finditer(text):
        inside = found[1].strip()
        if not any(_speaks_of(inside, one) for one in wanted):
            continue
        written = "${{ " + inside + " }}"
        known = next((name for name, value in taken.items() if value == found[0] or value == written), None)
        name = known or _of_github(step, inside)
        if name:
            yield Use(found.start(), found.end(), inside, name, True)
            continue
        name = _new_name(inside, taken)
        taken[name] = written
        yield Use(found.start(), found.end(), inside, name, False)


def are_all(uses: list[Use], wanted: set[str]) -> bool:
    """Whether everything that is wanted is among the expressions."""
    insides = {use.inside for use in uses}
    return bool(uses) and all(any(_speaks_of(inside, one) for inside in insides) for one in wanted)


def _speaks_of(inside: str, subject: str) -> bool:
    """Whether an expression is the subject, or has it as a part, as `inputs.tag` in `inputs.tag || 'latest'`."""
    if inside == subject or subject not in inside:
        return inside == subject
    return re.search(rf"(?<![\w.-]){re.escape(subject)}(?![\w.-])", inside) is not None


def _of_github(step: WrittenStep, inside: str) -> str | None:
    """The variable that has a value without our doing: GitHub's own, or one of `env`."""
    path = inside.lower()
    context, _, rest = path.partition(".")
    if step.job.node.get("container") is not None and path in _OTHER_IN_CONTAINERS:
        return None
    if context in _SET_BY_GITHUB and _SET_BY_GITHUB[context].fullmatch(rest):
        return f"{context}_{rest}".upper()
    return inside.partition(".")[2] if re.fullmatch(r"env\.[A-Za-z_]\w*", inside) else None


def _new_name(inside: str, taken: dict[str, str]) -> str:
    found = _PATH.search(re.sub(r"'[^']*'", "", inside))
    path = _PATH.fullmatch(inside)
    words = (path[0] if path else found[0] if found and "." in found[0] else "value").split(".")
    # The context stays in the name: `FEATURES` could mean something to `make`, `MATRIX_FEATURES` hardly does.
    words = [word for word in words[words[0] == "github" :] if word != "outputs"]
    name = re.sub(r"\W+", "_", "_".join(words)).upper().strip("_") or "VALUE"
    if "_" not in name or name.startswith(("GITHUB_", "RUNNER_", "ACTIONS_")):
        name = f"VALUE_{name}" if name != "VALUE" else name
    number, free = 2, name
    while free in taken:
        free = f"{name}_{number}"
        number += 1
    return free


def in_quotes(text: str, style: str) -> str:
    """A part of a script as the YAML quotes around it want it."""
    if style == '"':
        return text.replace('"', '\\"')
    return text.replace("'", "''") if style == "'" else text


def with_variables(step: WrittenStep, new: dict[str, str]) -> Edit | None:
    """New variables of a step, by name: behind those that it has, else before what it runs."""
    lines = [f"{name}: {_value(inside)}" for name, inside in new.items()]
    held = step.node.mapping("env")
    if held is not None:
        return insert_pair(step.source, held, lines, after=held.pairs[-1][0].text) if held.pairs else None
    if "env" in step.node.by_key:
        return None
    first = step.node.pairs[0][0].text
    below = ["env:", *(f"  {line}" for line in lines)]
    main = "run" if step.run is not None else "with"
    if first != main:
        return insert_pair(step.source, step.node, below, before=main)
    return insert_pair(step.source, step.node, below, after=main)


def _value(inside: str) -> str:
    """An expression as YAML's plain text where that can hold it."""
    inside = " ".join(inside.split())
    written = "${{ " + inside + " }}"
    if re.search(r": |\s#", written):
        return '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return written
