"""An expression is put into a script before the shell reads it.

**Why it matters** What the expression is worked out to becomes a part of the script. A branch, a title or an input such
as `"; curl … | sh; "` is then run.
**How to fix** Give the value to the step as a variable under `env`, and use the variable: the shell takes it for data.
Values that GitHub sets as variables itself are used as they are.
**Example** `echo "${{ github.event.issue.title }}"` becomes `echo "${TITLE}"`, with
`env: {TITLE: "${{ github.event.issue.title }}"}`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.quoting import Quoting, quotings
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, Sequence
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.adopted.shells import Shell, may_be_bash, shell_of
from cicd_defs.judge.edits import insert_pair

_EXPRESSION = re.compile(r"\$\{\{((?:[^'}]|'[^']*'|}(?!}))*)}}")
_PATH = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_*][\w-]*)*")
_SET_BY_GITHUB = {
    "github": re.compile(
        r"action|action_path|action_repository|actor|actor_id|api_url|base_ref|event_name|event_path|graphql_url|head_ref|job"
        r"|ref|ref_name|ref_protected|ref_type|repository|repository_id|repository_owner|repository_owner_id"
        r"|retention_days|run_attempt|run_id|run_number|server_url|sha|triggering_actor|workflow|workflow_ref|workflow_sha"
        r"|workspace"
    ),
    "runner": re.compile(r"arch|debug|environment|name|os|temp|tool_cache"),
}
"""https://docs.github.com/actions/reference/workflows-and-actions/variables#default-environment-variables"""

_OTHER_IN_CONTAINERS = {
    "github.workspace",
    "github.action_path",
    "github.event_path",
    "runner.temp",
    "runner.tool_cache",
}
_ONE_WORD = re.compile(
    r"github\.(?:sha|ref|ref_name|head_ref|base_ref|repository|repository_owner|actor|run_id|run_number|run_attempt|workspace"
    r"|event_name|server_url|api_url|action_path|job|token|event\.(?:number|(?:pull_request|issue)\.number|after|before"
    r"|pull_request\.(?:head|base)\.(?:sha|ref|repo\.full_name)|workflow_run\.(?:id|head_sha|head_branch)))"
    r"|runner\.\w+|secrets\.\w+|strategy\.job-index"
)
_PLAIN_VALUE = re.compile(r"[\w./@:+,=-]+")
_ODD_VALUE = re.compile(r"[^\w./@:+,= -]")


@dataclass(frozen=True)
class _Use:
    """One expression of a script: where it stands, what it says, and the variable that has its value."""

    start: int
    end: int
    inside: str
    name: str
    given: bool


def fix(place: Place) -> Fix | None:
    """All expressions of the script that were reported, as variables. None where one of them cannot be one."""
    step = place.step
    if step is None or step.run is None or not step.can_be_edited or step.node.flow or step.node.aliased:
        return None
    shell = shell_of(step)
    named = shell is None and may_be_bash(step)
    wanted = {one.subject.strip() for one in place.alike}
    uses = list(_uses(step, wanted))
    if (shell is None and not named) or not uses or len({use.inside for use in uses}) < len(wanted):
        return None
    texts = _powershell(step, uses) if shell is Shell.POWERSHELL else _bash(step, uses)
    if texts is None:
        return None
    edits = _edits(step, uses, [text for text, _ in texts], named)
    safe = (
        not named
        and all(same for _, same in texts)
        and not any(use.inside.startswith("env.") for use in uses)
    )
    return Fix("Give it to the script as a variable", edits, safe=safe) if edits else None


def _uses(step: WrittenStep, wanted: set[str]) -> Iterator[_Use]:
    assert step.run is not None
    held = step.node.mapping("env")
    taken = (
        {key.text: node.text.strip() for key, node in held.pairs if isinstance(node, Scalar)} if held else {}
    )
    for found in _EXPRESSION.finditer(step.run.text):
        inside = found[1].strip()
        if inside not in wanted:
            continue
        written = "${{ " + inside + " }}"
        known = next((name for name, value in taken.items() if value == found[0] or value == written), None)
        name = known or _of_github(step, inside)
        if name:
            yield _Use(found.start(), found.end(), inside, name, True)
            continue
        name = _new_name(inside, taken)
        taken[name] = written
        yield _Use(found.start(), found.end(), inside, name, False)


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


def _bash(step: WrittenStep, uses: list[_Use]) -> list[tuple[str, bool]] | None:
    """What stands in the place of each expression, and whether it surely comes to the same."""
    assert step.run is not None
    texts: list[tuple[str, bool]] = []
    around = quotings(step.run.text, [(use.start, use.end) for use in uses])
    for use, quoting in zip(uses, around, strict=True):
        variable = f"${{{use.name}}}"
        if quoting in {Quoting.DOUBLE, Quoting.HEREDOC, Quoting.COMMENT, Quoting.NUMBER}:
            texts.append((variable, quoting is not Quoting.NUMBER))
        elif quoting is Quoting.SINGLE:
            texts.append((f"'\"{variable}\"'", False))
        elif quoting is Quoting.WHOLE:
            texts.append((f'"{variable}"', False))
        elif quoting is Quoting.COMMAND and use.inside.startswith("env."):
            texts.append((variable, False))
        elif quoting in {Quoting.WORD, Quoting.PART}:
            words = _words(step, use.inside)
            if words is None:
                return None
            cut = words == "many" or (words == "unknown" and quoting is Quoting.WORD)
            texts.append((variable if cut else f'"{variable}"', False))
        else:
            return None
    return texts


def _words(step: WrittenStep, inside: str) -> str | None:
    """Whether a value is `one` word, `many` or `unknown`; None where it holds what the shell was meant to read."""
    if _ONE_WORD.fullmatch(inside):
        return "one"
    key = inside.removeprefix("matrix.")
    matrix = step.job.matrix
    if key == inside or matrix is None:
        return "unknown"
    axis = step.job.axes.get(key)
    included = matrix.get("include")
    rows = (
        [row.get(key) for row in included.items if isinstance(row, Mapping)]
        if isinstance(included, Sequence)
        else []
    )
    nodes = [*(axis.items if axis else rows), *(row for row in rows if axis and row)]
    values = [node.text if isinstance(node, Scalar) else "" for node in nodes]
    if any(_ODD_VALUE.search(value) for value in values):
        return None
    if not values or not all(values):
        return "unknown"
    return "one" if all(map(_PLAIN_VALUE.fullmatch, values)) else "many"


def _powershell(step: WrittenStep, uses: list[_Use]) -> list[tuple[str, bool]] | None:
    """The same for PowerShell, which does not cut values at blanks. None in single quotes and in long texts."""
    assert step.run is not None
    text = step.run.text
    if "@'" in text or '@"' in text:
        return None
    texts: list[tuple[str, bool]] = []
    for use in uses:
        before = text[text.rfind("\n", 0, use.start) + 1 : use.start]
        single, double = _open_quotes(before)
        if single or (not double and not before.strip()):
            return None
        if not double and _words(step, use.inside) != "one":
            return None
        whole = before.endswith((" ", "=", "(")) and text[use.end : use.end + 1] in {
            "",
            " ",
            "\n",
            "\r",
            ")",
            ";",
        }
        if not double and not whole:
            return None
        texts.append((f"${{env:{use.name}}}" if double else f"$env:{use.name}", double))
    return texts


def _open_quotes(before: str) -> tuple[bool, bool]:
    """Whether a line's beginning leaves a single or a double quote open."""
    opened = ""
    for mark in before:
        if mark in "'\"" and opened in {"", mark}:
            opened = "" if opened else mark
    return opened == "'", opened == '"'


def _edits(step: WrittenStep, uses: list[_Use], texts: list[str], named: bool) -> tuple[Edit, ...]:
    assert step.run is not None
    source, style = step.source, step.run.style
    edits: list[Edit] = []
    for use, text in zip(uses, texts, strict=True):
        start, end = step.place(use.start, use.end)
        if not style and (start == step.run.start or use.start == 0) and text[0] in "\"'":
            return ()
        edits.append(Edit(source.path, start, end, _in_quotes(text, style)))
    new = {use.name: use.inside for use in uses if not use.given}
    put = [*([_with_variables(step, new)] if new else ()), *([_in_bash(step)] if named else ())]
    return tuple(edits + [edit for edit in put if edit]) if all(put) else ()


def _in_bash(step: WrittenStep) -> Edit | None:
    """The shell's name, before the script or before what stands first."""
    first = step.node.pairs[0][0].text
    if first == "run":
        return insert_pair(step.source, step.node, ["shell: bash"], before="run")
    return insert_pair(step.source, step.node, ["shell: bash"], after=first)


def _in_quotes(text: str, style: str) -> str:
    """A part of a script as the YAML quotes around it want it."""
    if style == '"':
        return text.replace('"', '\\"')
    return text.replace("'", "''") if style == "'" else text


def _with_variables(step: WrittenStep, new: dict[str, str]) -> Edit | None:
    lines = [f"{name}: {_value(inside)}" for name, inside in new.items()]
    held = step.node.mapping("env")
    if held is not None:
        return insert_pair(step.source, held, lines, after=held.pairs[-1][0].text) if held.pairs else None
    if "env" in step.node.by_key:
        return None
    first = step.node.pairs[0][0].text
    below = ["env:", *(f"  {line}" for line in lines)]
    if first != "run":
        return insert_pair(step.source, step.node, below, before="run")
    return insert_pair(step.source, step.node, below, after="run")


def _value(inside: str) -> str:
    """An expression as YAML's plain text where that can hold it."""
    inside = " ".join(inside.split())
    written = "${{ " + inside + " }}"
    if re.search(r": |\s#", written):
        return '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return written
