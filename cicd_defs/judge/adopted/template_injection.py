"""An expression is put into a script before the shell reads it.

**Why it matters** What the expression is worked out to becomes a part of the script. A branch, a title or an input such
as `"; curl … | sh; "` is then run.
**How to fix** Give the value to the step as a variable under `env`, and use the variable: the shell takes it for data.
Values that GitHub sets as variables itself are used as they are.
**Example** `echo "${{ github.event.issue.title }}"` becomes `echo "${TITLE}"`, with
`env: {TITLE: "${{ github.event.issue.title }}"}`. In `actions/github-script` it becomes `process.env.TITLE`.
"""

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.quoting import Quoting, quotings
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, Sequence
from cicd_defs.judge.adopted.github_script import in_javascript
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.adopted.quoted_words import Put, in_whole_words
from cicd_defs.judge.adopted.shells import Shell, may_be_bash, shell_of
from cicd_defs.judge.adopted.variables import ONE_WORD, Use, are_all, in_quotes, uses_in, with_variables
from cicd_defs.judge.edits import insert_pair

_PLAIN_VALUE = regex(r"[\w./@:+,=-]+")
_ODD_VALUE = regex(r"[^\w./@:+,= -]")


def fix(place: Place) -> Fix | None:
    """All expressions of the script that were reported, as variables. None where one of them cannot be one."""
    step = place.step
    if step is not None and step.action == "actions/github-script":
        return in_javascript(place, step)
    if step is None or step.run is None or not step.can_be_edited or step.node.flow or step.node.aliased:
        return None
    shell = shell_of(step)
    named = shell is None and may_be_bash(step)
    wanted = {one.subject.strip() for one in place.alike}
    uses = list(uses_in(step, step.run.text, wanted))
    if (shell is None and not named) or not are_all(uses, wanted):
        return None
    puts = _powershell(step, uses) if shell is Shell.POWERSHELL else _bash(step, uses)
    if puts is None:
        return None
    edits = _edits(step, uses, puts, named)
    safe = (
        not named and all(one.same for one in puts) and not any(use.inside.startswith("env.") for use in uses)
    )
    return Fix("Give it to the script as a variable", edits, safe=safe) if edits else None


def _bash(step: WrittenStep, uses: list[Use]) -> list[Put] | None:
    """What comes in the place of the expressions."""
    assert step.run is not None
    puts: list[Put] = []
    around = quotings(step.run.text, [(use.start, use.end) for use in uses])
    for use, quoting in zip(uses, around, strict=True):
        variable = f"${{{use.name}}}"
        if quoting in {Quoting.DOUBLE, Quoting.HEREDOC, Quoting.COMMENT, Quoting.NUMBER}:
            written, same = variable, quoting is not Quoting.NUMBER
        elif quoting is Quoting.SINGLE:
            written, same = f"'\"{variable}\"'", False
        elif quoting is Quoting.WHOLE:
            written, same = f'"{variable}"', False
        elif quoting is Quoting.COMMAND and use.inside.startswith("env."):
            written, same = variable, False
        elif quoting in {Quoting.WORD, Quoting.PART}:
            words = _words(step, use.inside)
            if words is None:
                return None
            cut = words == "many" or (words == "unknown" and quoting is Quoting.WORD)
            written, same = variable if cut else f'"{variable}"', False
        else:
            return None
        puts.append(Put(use.start, use.end, written, variable, same))
    smooth = in_whole_words(step.run.text, puts)
    return smooth if all(_is_as_written(step, one) for one in smooth) else puts


def _is_as_written(step: WrittenStep, put: Put) -> bool:
    """Whether a part of a script stands in the file just so, on one line."""
    assert step.run is not None
    start, end = step.place(put.start, put.end)
    written = step.run.text[put.start : put.end]
    return "\n" not in written and in_quotes(written, step.run.style) == step.source.text[start:end]


def _words(step: WrittenStep, inside: str) -> str | None:
    """Whether a value is `one` word, `many` or `unknown`; None where it holds what the shell was meant to read."""
    if ONE_WORD.fullmatch(inside):
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


def _powershell(step: WrittenStep, uses: list[Use]) -> list[Put] | None:
    """The same for PowerShell, which does not cut values at blanks. None in single quotes and in long texts."""
    assert step.run is not None
    text = step.run.text
    if "@'" in text or '@"' in text:
        return None
    puts: list[Put] = []
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
        variable = f"${{env:{use.name}}}" if double else f"$env:{use.name}"
        puts.append(Put(use.start, use.end, variable, variable, double))
    return puts


def _open_quotes(before: str) -> tuple[bool, bool]:
    """Whether a line's beginning leaves a single or a double quote open."""
    opened = ""
    for mark in before:
        if mark in "'\"" and opened in {"", mark}:
            opened = "" if opened else mark
    return opened == "'", opened == '"'


def _edits(step: WrittenStep, uses: list[Use], puts: list[Put], named: bool) -> tuple[Edit, ...]:
    assert step.run is not None
    source, style = step.source, step.run.style
    edits: list[Edit] = []
    for put in puts:
        start, end = step.place(put.start, put.end)
        if not style and (start == step.run.start or put.start == 0) and put.text[0] in "\"'":
            return ()
        edits.append(Edit(source.path, start, end, in_quotes(put.text, style)))
    new = {use.name: use.inside for use in uses if not use.given}
    more = [*([_in_bash(step)] if named else ()), *([with_variables(step, new)] if new else ())]
    return tuple(edits + [edit for edit in more if edit]) if all(more) else ()


def _in_bash(step: WrittenStep) -> Edit | None:
    """The shell's name, before the script or before what stands first."""
    first = step.node.pairs[0][0].text
    if first == "run":
        return insert_pair(step.source, step.node, ["shell: bash"], before="run")
    return insert_pair(step.source, step.node, ["shell: bash"], after=first)
