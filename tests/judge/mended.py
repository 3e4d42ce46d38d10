"""A repository is mended in memory, and every step of it is looked at by means of its own: what was broken is told.

What is proven of each fix: it is made exactly as it was announced; what can be parsed before it can be parsed after
it; outside of its edits no key and no value of a YAML file differs; no comment is lost but with the lines that it was
about; ends of lines and a byte order mark stay as they are. An audit from the beginning finds what the last one found,
and a second run nothing more to mend.
"""

import ast
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from cicd_defs.cli.auditing import notices_of, offers_for
from cicd_defs.facts.findings import Edit, Finding
from cicd_defs.facts.instructions import instructions_of, is_dockerfile
from cicd_defs.facts.source import Source
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.fixing import Fixed, apply_edits, everything, fix_all
from cicd_defs.judge.repository import Repository
from resources.judges import Judges

COMMENT = re.compile(r"(?:^|(?<=\s))#(?!!).*?\s*$", re.MULTILINE)
"""What may be a comment, in YAML as in shell; where it is none, it stays all the same."""


class Step(NamedTuple):
    """Fixes that were made together, on the files as they were then."""

    before: Mapping[str, str]
    fixes: tuple[Finding, ...]


@dataclass(frozen=True)
class Mended:
    """What came of a repository. `anew` is what is found in what came out, by an audit from the beginning.

    `steps` in their order; `again` is what a second run would change.
    """

    name: str
    first: tuple[Finding, ...]
    fixed: Fixed
    anew: tuple[Finding, ...]
    steps: tuple[Step, ...]
    again: Mapping[str, str]
    notices: tuple[str, ...]
    read: Callable[[str], str | None]

    @property
    def problems(self) -> list[str]:
        """Everything that a fix broke."""
        told = [problem for step in self.steps for problem in _step_problems(step, self.read)]
        told += _replayed(self)
        told += _not_proven(self)
        told += [f"a second run changes {path}" for path in self.again]
        return [f"{self.name}: {problem}" for problem in told]

    def count(self) -> dict[str, Counter[str]]:
        """By rule: what was found, what of it can be mended, what was left, and which fixes were taken back."""
        return {
            "before": Counter(one.rule for one in self.first),
            "after": Counter(one.rule for one in self.fixed.left),
            "with a fix": Counter(one.rule for one in self.first if one.fix),
            "refused": Counter(one.rule for one in self.fixed.refused),
        }


def mend(
    name: str,
    root: Path,
    tree: Tree,
    settings: Settings,
    *,
    others: bool,
    wanted: Callable[[Finding], bool] = everything,
) -> Mended:
    """Mend a repository as `cicd audit --fix=all` does, in memory, or what is `wanted` of it."""
    begun = Repository(tree, offers=lambda: offers_for(root, tree))
    judges = Judges()
    notices: dict[str, None] = {}
    found_in: dict[int, Mapping[str, str]] = {}
    kept: list[tuple[Finding, ...]] = []  # what is known by its id has to stay where it is

    def judged(state: Mapping[str, str]) -> tuple[Finding, ...]:
        now = begun.changed(state)
        if others:
            said = judges.judge(now)
            notices.update(dict.fromkeys(notices_of(said)))
            findings = audit(now, settings, said.findings).findings
        else:
            findings = audit(now, settings).findings
        held = dict(state)
        kept.append(findings)
        # Of a text that is judged again, other programs' findings are the same objects: the first state has its text.
        found_in.update((id(one), held) for one in findings if id(one) not in found_in)
        return findings

    fixed = fix_all(tree.text_as_it_is, judged, unsafe=True, wanted=wanted)
    first = kept[0]
    anew = judged_anew(tree, fixed, settings, judges if others else None, lambda: offers_for(root, tree))

    def after(path: str) -> str | None:
        return fixed.files[path] if path in fixed.files else tree.text_as_it_is(path)

    again = fix_all(after, lambda state: judged({**fixed.files, **state}), unsafe=True, wanted=wanted).files

    def text_in(state: Mapping[str, str], fixes: Sequence[Finding]) -> dict[str, str]:
        paths = {edit.file for one in fixes if one.fix for edit in one.fix.edits}
        return {path: state[path] if path in state else tree.text_as_it_is(path) or "" for path in paths}

    rounds: list[tuple[dict[str, str], list[Finding]]] = []
    for one in fixed.mended:
        texts = text_in(found_in[id(one)], [one])
        if not rounds or any(rounds[-1][0].get(path, text) != text for path, text in texts.items()):
            rounds.append(({}, []))
        rounds[-1][0].update(texts)
        rounds[-1][1].append(one)
    done = tuple(Step(texts, tuple(fixes)) for texts, fixes in rounds)
    return Mended(name, first, fixed, anew, done, again, tuple(notices), tree.text_as_it_is)


def judged_anew(
    tree: Tree,
    fixed: Fixed,
    settings: Settings,
    judges: Judges | None,
    offers: Callable[[], Mapping[str, str]],
) -> tuple[Finding, ...]:
    """What is found in the mended files by somebody who remembers nothing of our own rules' findings."""

    def read(path: str) -> bytes | None:
        return fixed.files[path].encode() if path in fixed.files else tree.read(path)

    mended = Repository(Tree(tuple(sorted({*tree.paths, *fixed.files})), read), offers=offers)
    return audit(mended, settings, judges.judge(mended).findings if judges else ()).findings


def _replayed(mended: Mended) -> Iterator[str]:
    """The edits of all steps, made one step after the other, give the files that came out."""
    state: dict[str, str] = {}
    for step in mended.steps:
        for path, before in step.before.items():
            if state.get(path, before) != before:
                yield f"{path} was changed by something that no fix tells of"
        state |= {path: apply_edits(text, _edits(step.fixes, path)) for path, text in step.before.items()}
    for path, text in mended.fixed.files.items():
        if state.get(path) != text:
            yield f"{path} is not what its fixes make of it"
        if (wrong := parse_problem(path, text)) and not parse_problem(path, mended.read(path) or ""):
            yield f"{path}: all fixes together break it: {wrong}"


def _not_proven(mended: Mended) -> Iterator[str]:
    """What the audits between the fixes overlooked, since they look again only at what has changed."""
    left, anew = (
        Counter((one.tool, one.rule, one.file, one.line) for one in found)
        for found in (mended.fixed.left, mended.anew)
    )
    for tool, rule, file, line in (anew - left) + (left - anew):
        yield f"{file}:{line} [{tool} {rule}]: the last audit and one from the beginning do not agree"


def _edits(fixes: Sequence[Finding], path: str) -> list[Edit]:
    return [edit for one in fixes if one.fix for edit in one.fix.edits if edit.file == path]


_NAMED = re.compile(r"`([\w./-]+\.py)`")
"""A module that another is to be taken from instead: the comments of what is taken stand there."""


def _step_problems(step: Step, read: Callable[[str], str | None]) -> Iterator[str]:
    for one in step.fixes:
        for path in sorted({edit.file for edit in one.fix.edits} if one.fix else ()):
            before, edits = step.before[path], _edits([one], path)
            meant = before[one.start : one.end] if path == one.file else ""
            meant += "".join(read(named) or "" for named in _NAMED.findall(one.message) if named != path)
            for problem in fix_problems(path, before, edits, meant):
                yield f"{path}:{one.line} [{one.rule}]: {problem}"


def fix_problems(path: str, before: str, edits: Sequence[Edit], meant: str = "") -> Iterator[str]:
    """What one fix, on its own, breaks in one file. `meant` is what it is about: a comment may be the defect."""
    edits = sorted(edits, key=lambda edit: edit.start)
    after = apply_edits(before, edits)
    wrong = parse_problem(path, after)
    if wrong:
        if not before or not parse_problem(path, before):
            yield wrong
        return
    if before.startswith("\ufeff") != after.startswith("\ufeff"):
        yield "the byte order mark is not what it was"
    if before and _ends(before) != _ends(after) and len(_ends(before)) == 1:
        yield f"ends of lines are mixed: {_ends(after)}"
    if before and before.endswith("\n") != after.endswith("\n"):
        yield "the end of the last line is not what it was"
    yield from (f"the comment `{lost}` is lost" for lost in lost_comments(path, before, after, edits, meant))
    if path.endswith((".yml", ".yaml")) and before:
        yield from _yaml_differences(before, after, edits)


def _ends(text: str) -> set[str]:
    return set(re.findall(r"\r\n|\r|\n", text))


def parse_problem(path: str, text: str) -> str:
    """Why a file cannot be read by what reads it; empty where it can, or nothing known does."""
    text = text.removeprefix("\ufeff")
    try:
        if path.endswith((".yml", ".yaml")):
            for document in yaml.compose_all(text, yaml.CSafeLoader):
                if document is not None and (twice := _key_twice(document)):
                    return f"`{twice}` stands in one map twice"
        elif path.endswith(".toml"):
            tomllib.loads(text)
        elif path.endswith(".json"):
            json.loads(text)
        elif path.endswith(".py"):
            ast.parse(text)
        elif is_dockerfile(path) and not any(instructions_of(Source(path, text))):
            return "it holds no instructions"
    except (yaml.YAMLError, ValueError, SyntaxError) as error:
        return f"it cannot be read: {' '.join(str(error).split())}"
    return ""


def _key_twice(node: yaml.Node) -> str:
    """A key that a map has two of, which GitHub refuses; empty where there is none."""
    if isinstance(node, yaml.MappingNode):
        keys = Counter(str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        inside = (_key_twice(value) for _, value in node.value)
        return next((key for key, count in keys.items() if count > 1 and key != "<<"), "") or "".join(inside)
    return "".join(map(_key_twice, node.value)) if isinstance(node, yaml.SequenceNode) else ""


def lost_comments(
    path: str, before: str, after: str, edits: Sequence[Edit], meant: str = ""
) -> Iterator[str]:
    """Comments that are gone, or are none any more. `edits` are those of one fix, in order; `meant` is its subject.

    One that no edit touches stands where it has moved to, and ends there; another may have been put before it on its
    line. One that an edit takes away is put elsewhere by the same fix, is what the fix is about, or went with the code
    on both sides of it, or before it on its line.
    """
    ends = {span.end: span for span in _comments(after)}
    put = Counter(one.text for edit in edits for one in _comments(edit.text))
    texts = (_texts_of(path, before), _texts_of(path, after))
    for comment in _comments(before):
        taking = [one for one in edits if _takes(one, comment)]
        if taking:
            if put[comment.text]:
                put[comment.text] -= 1
            elif comment.text not in meant and not any(_went_along(before, comment, one) for one in taking):
                yield comment.text
            continue
        moved = sum(len(one.text) - (one.end - one.start) for one in edits if one.end <= comment.start)
        now = ends.get(comment.end + moved)
        stays = now is not None and now.start <= comment.start + moved
        if not stays or _within(texts[0], comment.start) != _within(texts[1], comment.start + moved):
            yield comment.text


class Span(NamedTuple):
    """A part of a text."""

    start: int
    end: int
    text: str


def _comments(text: str) -> list[Span]:
    return [
        Span(one.start(), one.start() + len(one[0].rstrip()), one[0].rstrip())
        for one in COMMENT.finditer(text)
    ]


def _texts_of(path: str, text: str) -> list[tuple[int, int]]:
    """The places of a YAML file in which `#` may stand for itself."""
    if not path.endswith((".yml", ".yaml")):
        return []
    return [(leaf.start, leaf.end) for leaf in leaves(text)]


def _within(spans: Sequence[tuple[int, int]], at: int) -> bool:
    return any(start <= at < end for start, end in spans)


def _takes(edit: Edit, comment: Span) -> bool:
    """Whether an edit changes a comment, or parts it from its own end."""
    if edit.start == edit.end:
        return comment.start < edit.start < comment.end
    return edit.start < comment.end and comment.start < edit.end


def _went_along(before: str, comment: Span, edit: Edit) -> bool:
    """Whether a comment was taken away with what it is about, in whose place nothing stands."""
    if edit.text.strip() or comment.start < edit.start or edit.end < comment.end:
        return False
    begin = before.rfind("\n", 0, comment.start) + 1
    said = before[begin : comment.start]
    if said.strip():
        return edit.start <= begin + len(said) - len(said.lstrip())
    return _has_code(before[edit.start : comment.start]) and _has_code(before[comment.end : edit.end])


def _has_code(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.split("\n"))


class Leaf(NamedTuple):
    """A key or a value of a YAML file: where it hangs, what it says, and its place."""

    path: tuple[str, ...]
    value: str
    start: int
    end: int


def _yaml_differences(before: str, after: str, edits: Sequence[Edit]) -> Iterator[str]:
    """Keys and values that differ, of those that no edit touches."""
    old_spans, new_spans, moved = [], [], 0
    for edit in edits:
        old_spans.append((edit.start, edit.end))
        new_spans.append((edit.start + moved, edit.start + moved + len(edit.text)))
        moved += len(edit.text) - (edit.end - edit.start)
    was = [leaf for leaf in leaves(before) if not _touched(leaf, old_spans)]
    now = [leaf for leaf in leaves(after) if not _touched(leaf, new_spans)]
    gone = Counter((leaf.path, leaf.value) for leaf in was)
    come = Counter((leaf.path, leaf.value) for leaf in now)
    for path, value in [*(gone - come), *(come - gone)][:4]:
        yield f"`{'.'.join(path)}: {value[:60]}` differs, which no edit touches"


def _touched(leaf: Leaf, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= leaf.end and leaf.start <= end for start, end in spans)


def leaves(text: str) -> list[Leaf]:
    """All keys and values of a YAML text, with offsets in characters. Items of lists have no number: they may move."""
    shift = text.startswith("\ufeff")
    found: list[Leaf] = []
    for document in yaml.compose_all(text[shift:], yaml.CSafeLoader):
        if document is not None:
            found += _leaves(document, (), shift)
    return found


def _leaves(node: yaml.Node, path: tuple[str, ...], shift: int) -> Iterator[Leaf]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _leaves(key, (*path, "<key>"), shift)
            yield from _leaves(value, (*path, str(key.value)[:80]), shift)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _leaves(item, (*path, "*"), shift)
    else:
        value = f"{node.tag}:{node.value}"
        yield Leaf(path, value, node.start_mark.index + shift, node.end_mark.index + shift)
