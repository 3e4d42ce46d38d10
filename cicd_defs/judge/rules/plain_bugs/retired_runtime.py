"""A step uses an action or a command that GitHub has switched off.

**Why it matters** Versions of actions that are switched off fail; those on an old Node.js run on a newer one for which
they were not made, with a warning in each run, until they fail as well. Values that are set by printing
`::set-output` are taken from anything that prints, which is why it was replaced.
**How to fix** Use a version that is looked after, pinned by its commit; write to `$GITHUB_OUTPUT`, `$GITHUB_STATE`,
`$GITHUB_ENV` and `$GITHUB_PATH`.
**Example** `echo "::set-output name=tag::$TAG"` becomes `echo "tag=$TAG" >> "$GITHUB_OUTPUT"`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.edits import comment_gap, edit_script, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found, replacing
from cicd_defs.judge.workflows.retired import Retired, newer_pin, retired_action

ABOUT = About(Family.PLAIN_BUGS, Severity.MEDIUM)

_COMMAND = regex(r"::(set-output|save-state|set-env|add-path)(?=[ :])")
_ECHO = regex(
    r"""(?P<say>echo(?:[ ]-n|[ ]-e)?)[ ]+(?P<quote>["']?)::(?P<what>set-output|save-state|set-env|add-path)"""
    r"""(?:[ ]+name=(?P<name>[^:'"]+?))?::(?P<value>[^\n]*?)(?P=quote)(?=[ ]*(?:$|\n|;|&&|\|\||\)|}))"""
)
_FILES = {
    "set-output": "GITHUB_OUTPUT",
    "save-state": "GITHUB_STATE",
    "set-env": "GITHUB_ENV",
    "add-path": "GITHUB_PATH",
}
_COMMENT = regex(r"[ \t]+#[ \t]*([^\r\n]*)")
_OLD_CALLS = regex(r"\bgithub\.(?!rest\b|graphql\b|request\b|paginate\b|hook\b|auth\b|log\b)\w|require\(")
_RUNTIMES = {"node10": "10", "node12": "12", "node16": "16"}


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Versions of actions, commands of workflows, and runtimes of own actions that are gone."""
    for step in workflow.steps:
        if step.uses:
            yield from _action(step)
        elif step.run and "::" in step.run.text:
            yield from _commands(step)
    if workflow.kind == "action":
        yield from _own_runtime(workflow)


def _action(step: WrittenStep) -> Iterator[Found]:
    assert step.uses is not None
    source = step.source
    comment = _COMMENT.match(source.text, step.uses.end)
    gone = retired_action(step.action, step.version, comment[1] if comment else "")
    if gone is None:
        return
    yield Found(
        source,
        step.uses.start,
        step.uses.end,
        f"`{step.uses.text.strip()}` {gone.why}",
        _newer(step, gone, comment),
    )


def _newer(step: WrittenStep, gone: Retired, comment: re.Match[str] | None) -> Fix | None:
    assert step.uses is not None
    source, uses = step.source, step.uses
    if uses.aliased or uses.style in {"|", ">"}:
        return None
    name = step.uses.text.partition("@")[0].strip()
    if _newly_required(step):
        return None
    pin = newer_pin(step.action, frozenset(step.inputs))
    if pin is None:
        if not gone.instead or len(step.version) == 40:
            return None
        edit = replacing(source, uses.start, uses.end, f"{uses.style}{name}@{gone.instead}{uses.style}")
        return Fix(f"Use `{name}@{gone.instead}`", (edit,))
    version, commit = pin
    written = f"{uses.style}{name}@{commit}{uses.style}"
    rest = source.text[uses.end : source.line_end(uses.end)]
    if comment is None and rest.strip():  # more of the same line, as in braces: no room for a comment
        return Fix(f"Use `{name}` {version}", (replacing(source, uses.start, uses.end, written),))
    told = re.sub(r"^v?\d+(?:\.\d+)*(?=\s|$)", "", comment[1]).strip() if comment else ""
    end = comment.end() if comment else uses.end
    text = f"{written}{comment_gap(source)}# {version}{f' {told}' if told else ''}"
    return Fix(f"Use `{name}` {version}", (replacing(source, uses.start, end, text),))


def _newly_required(step: WrittenStep) -> bool:
    """Whether newer versions ask for what this step does not give: an input, or other names in a script."""
    if (
        step.action == "actions/github-script"
    ):  # the fifth version moved the calls from `github` to `github.rest`
        return _OLD_CALLS.search(step.given("script")) is not None
    return step.action == "actions/setup-java" and "distribution" not in step.inputs


def _commands(step: WrittenStep) -> Iterator[Found]:
    assert step.run is not None
    text = step.run.text
    for found in _COMMAND.finditer(text):
        begin = text.rfind("\n", 0, found.start()) + 1
        before = text[begin : found.start()]
        if before.lstrip().startswith(("#", "//")) or re.search(r"grep|\bsed\b|stop-commands", before):
            continue
        start, end = step.place(found.start(), found.end())
        edits = with_all(_to_file(step, begin, found.start()))
        file = _FILES[found[1]]
        yield Found(
            step.source,
            start,
            end,
            f"`::{found[1]}` is a command that was withdrawn; values go into `${file}`",
            Fix(f"Write to `${file}`", edits) if edits else None,
        )


def _to_file(step: WrittenStep, begin: int, at: int) -> Edit | None:
    """The `echo` that holds the command, as one that writes into the file; None where it is no plain one."""
    assert step.run is not None
    text = step.run.text
    echo = next((one for one in _ECHO.finditer(text, begin) if one.start() <= at < one.end()), None)
    if echo is None or (echo["what"] != "add-path" and not echo["name"]) or step.script is None:
        return None
    value, quote, name = echo["value"], echo["quote"], (echo["name"] or "").strip()
    if quote == "" and re.search(r"[\s'\"<>|&;]", value):
        return None
    if '"' in value.replace('\\"', "") and step.run.style == '"':
        return None
    said = value if echo["what"] == "add-path" else f"{name}={value}"
    mark = "" if step.run.style == '"' else '"'
    line = f"echo {quote}{said}{quote} >> {mark}${_FILES[echo['what']]}{mark}"
    return edit_script(step, echo.start(), echo.end(), line)


def _own_runtime(workflow: WrittenWorkflow) -> Iterator[Found]:
    runs = workflow.root.mapping("runs")
    using = runs.scalar("using") if runs else None
    if using is None or using.text.lower() not in _RUNTIMES:
        return
    edit = replacing(workflow.source, using.start, using.end, f"{using.style}node24{using.style}")
    yield Found(
        workflow.source,
        using.start,
        using.end,
        f"`{using.text}` is Node.js {_RUNTIMES[using.text.lower()]}, which the runners do not have any more",
        Fix("Run on `node24`", (edit,)),
    )
