"""An image is pushed under a tag that moves, and under none that stays.

**Why it matters** `latest` is another image tomorrow: nobody can say which one runs, or go back to the one before.
**How to fix** Push the commit or the version as a tag, too.
**Example** `tags: ghcr.io/acme/shop:latest` gets `ghcr.io/acme/shop:${{ github.sha }}` beside it.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.edits import edit_script, replace_scalar, with_all
from cicd_defs.judge.images.pushed_images import (
    MOVING,
    Tagged,
    literal,
    metadata_tags,
    pushed_by,
    split,
    uses_metadata,
)
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.placed import edit_in, span_in

ABOUT = About(Family.PLAIN_BUGS, Severity.MEDIUM)

_KIND = regex(r"type=(\w+)")
_VALUE = regex(r"(?:^|,)value=([^,]*)")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Images of which each tag that the job pushes is a moving one."""
    if not any(word in workflow.source.text for word in ("push", "builds submit", "acr build")):
        return
    for job in workflow.jobs:
        tagged = list(pushed_by(job))
        names = {literal(job, one.step, one.name).lower() for one in tagged}
        for name in sorted(names):
            same = [one for one in tagged if literal(job, one.step, one.name).lower() == name]
            if all(_moves(job, one) for one in same):
                yield _found(same[0], same)
        for step, scalar in metadata_tags(job):
            if _all_move(scalar) and uses_metadata(job, step):
                yield _of_metadata(step, scalar)


def _moves(job: WrittenJob, one: Tagged) -> bool:
    tag = split(literal(job, one.step, one.reference))[1].strip().lower()
    return MOVING.fullmatch(tag) is not None and "@" not in one.reference


def _found(first: Tagged, same: list[Tagged]) -> Found:
    source = first.step.source
    start, end = span_in(source, first.scalar, first.start, first.end)
    if first.command is not None:
        start, end = first.step.place(first.start, first.end)
    tags = " and ".join(f"`{tag}`" for tag in dict.fromkeys(one.tag for one in same))
    edits = with_all(_with_commit(first))
    return Found(
        source,
        start,
        end,
        f"`{first.name}` is pushed as {tags} only, which is another image tomorrow",
        Fix("Push the commit as a tag, too", edits) if edits else None,
    )


def _with_commit(one: Tagged) -> Edit | None:
    if one.command is not None:
        return _in_script(one)
    added = f"{one.name}:${{{{ github.sha }}}}"
    text = one.scalar.text
    if one.scalar.style == "|":
        begin = text.rfind("\n", 0, one.start) + 1
        if text[begin : one.start].strip() or text[one.end :].partition("\n")[0].strip():
            return edit_in(one.step.source, one.scalar, one.end, one.end, f",{added}")
        end = span_in(one.step.source, one.scalar, one.start, one.end)[1]
        source = one.step.source
        line = source.line_start(end)
        blanks = source.text[line:end][: len(source.text[line:end]) - len(source.text[line:end].lstrip())]
        return Edit(source.path, end, end, f"{source.newline}{blanks}{added}")
    if one.scalar.style == "" and text == one.reference:
        return replace_scalar(one.step.source, one.scalar, f"{text},{added}")
    return edit_in(one.step.source, one.scalar, one.end, one.end, f",{added}")


def _in_script(one: Tagged) -> Edit | None:
    assert one.command is not None
    assert one.step.run is not None
    double = one.step.run.style == '"'
    commit = "$GITHUB_SHA" if double else '"$GITHUB_SHA"'
    added = f"{one.name}:{commit}"
    if re.search(r"[\s'\"]", one.name):
        return None
    command = one.command
    if command.has("--push") or command.name == "az":
        return edit_script(one.step, one.end, one.end, f" -t {added}")
    tool = command.words[0]
    if tool in {"gcloud", "crane"}:
        return None
    was = one.reference if ":" in one.reference.rpartition("/")[2] else f"{one.name}:{one.tag}"
    tail = f" && {tool} tag {was} {added} && {tool} push {added}"
    return edit_script(one.step, command.end, command.end, tail)


def _all_move(scalar: Scalar) -> bool:
    """Whether each line of a metadata step's list gives a moving tag."""
    lines = [
        line.strip() for line in scalar.text.splitlines() if line.strip() and not line.strip().startswith("#")
    ]
    return bool(lines) and all(map(_line_moves, lines))


def _line_moves(line: str) -> bool:
    kind = _KIND.search(line)
    if kind is None or kind[1] == "raw":
        value = _VALUE.search(line) if kind else None
        text = (value[1] if value else "" if kind else line).strip().lower()
        return MOVING.fullmatch(text) is not None
    return kind[1] == "edge" or (kind[1] == "ref" and "event=branch" in line)


def _of_metadata(step: WrittenStep, scalar: Scalar) -> Found:
    source = step.source
    first = re.search(r"[^\s].*", scalar.text)
    begin, stop = (first.start(), first.end()) if first else (0, len(scalar.text))
    start, end = span_in(source, scalar, begin, stop)
    edit = None
    if scalar.style == "|":
        line = source.line_start(start)
        edit = Edit(source.path, start, start, f"type=sha{source.newline}{source.text[line:start]}")
    elif not scalar.style and "\n" not in scalar.text:
        key = step.node.mapping("with")
        held = key.key("tags") if key else None
        begin = source.line_start(held.start) if held else 0
        if (
            held
            and source.text[scalar.end : source.line_end(scalar.end)].strip() == ""
            and not scalar.aliased
        ):
            blanks = " " * (held.start - begin + 2)
            lines = f"|{source.newline}{blanks}{scalar.text}{source.newline}{blanks}type=sha"
            edit = Edit(source.path, scalar.start, scalar.end, lines)
    edits = with_all(edit)
    told = "the tags are all moving ones: none says which commit or version the image is of"
    return Found(source, start, end, told, Fix("Add a tag of the commit", edits) if edits else None)
