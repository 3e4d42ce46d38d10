"""Edits of YAML files that change one thing and leave every other byte alone: comments, quotes, CRLF, Unicode.

Each returns the edit, or None where it cannot be made without touching more, as where a node is reached by an alias.
"""

import itertools
import re
from collections.abc import Sequence as Listed

from cicd_defs.facts.findings import Edit
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.remembered import remembered
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, Sequence

_MARKS = ("#", "//", "/*", "*", "--", ";", "<!--")
_MOST_LINES = 40
_PLAIN = regex(r"[A-Za-z_/.][\w./@+ -]*(?<! )")
_PINNED = regex(r"(?m)@[0-9a-f]{40}[\"']?([ \t]+)#[ \t]")
_COMMENTED = regex(r"(?m)^[ \t]*[^#\s][^#\n]*?\S([ \t]+)#[ \t]")
_WORDS_OF_YAML = regex(r"(?i:true|false|yes|no|on|off|null|y|n|~)")


def is_for_no_hand(source: Source) -> bool:
    """Whether the comments on top of a file say that it must not be edited: a program will write it anew."""
    lines = source.text.removeprefix("\ufeff").split("\n", _MOST_LINES)[:_MOST_LINES]
    comments = itertools.takewhile(lambda line: not line.strip() or line.lstrip().startswith(_MARKS), lines)
    return any("do not edit" in line.lower() for line in comments)


def scalar_text(value: str) -> str:
    """A value as YAML writes it on one line, quoted where plain text would be read as something else."""
    if re.fullmatch(r"\d{1,9}", value):
        return value
    if _PLAIN.fullmatch(value) and not _WORDS_OF_YAML.fullmatch(value):
        return value
    if re.fullmatch(r"\$\{\{[^'\"#:\n]*}}", value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if "\\" not in value else f"'{value}'"


def replace_scalar(source: Source, scalar: Scalar, value: str) -> Edit | None:
    """Another value in place of a word, in its own quotes where it has some."""
    if scalar.aliased or scalar.style in {"|", ">"}:
        return None
    plain = scalar.style and not re.search(r"[\\'\"\n]", value)
    text = f"{scalar.style}{value}{scalar.style}" if plain else scalar_text(value)
    return Edit(source.path, scalar.start, scalar.end, text)


@remembered
def comment_gap(source: Source) -> str:
    """What stands before `#` behind a value: two blanks where the file's own comments have two, else one."""
    gaps = _PINNED.findall(source.text) or _COMMENTED.findall(source.text)
    return "  " if gaps.count("  ") * 2 > len(gaps) else " "


def indent_of(source: Source, mapping: Mapping) -> str | None:
    """What stands before each key of a block map, as blanks: `- name: x` has its keys two further than the dash."""
    if mapping.flow or not mapping.pairs:
        return None
    first = mapping.pairs[0][0]
    begin = source.line_start(first.start)
    before = source.text[begin : first.start]
    if before.strip(" -") or "\t" in before:
        return None
    return " " * len(before)


def end_of(source: Source, node: Node) -> int:
    """Where the lines of a node end, behind a comment on its last one: where the next line begins."""
    return source.next_line(max(node.start, node.end - 1) if node.end > node.start else node.start)


def insert_pair(
    source: Source,
    mapping: Mapping,
    lines: Listed[str],
    *,
    after: str | None = None,
    before: str | None = None,
) -> Edit | None:
    """Put `key: value` lines into a map: behind a key, before a key, or first.

    Before a key is right behind the one above it, so that an empty line and what is said of the key stay with it.
    Lines are without the map's own indentation. In a map in braces, one line can be put in.
    """
    if mapping.aliased or not mapping.pairs:
        return None
    if mapping.flow:
        return _insert_in_braces(source, mapping, lines, after)
    indent = indent_of(source, mapping)
    if indent is None:
        return None
    newline = source.newline
    text = "".join(f"{indent}{line}{newline}" if line else newline for line in lines)
    if after is None and before is not None:
        after = _above(mapping, before)
    if after is not None and after in mapping.by_key:
        key, node = mapping.by_key[after]
        if node.aliased and node.start < key.start:
            node = key
        at = end_of(source, node if node.end > key.end else key)
        if at >= len(source.text) and not source.text.endswith(("\n", "\r")):
            return Edit(source.path, at, at, newline + text[: -len(newline)])
        return Edit(source.path, at, at, text)
    key = mapping.by_key[before][0] if before in mapping.by_key else mapping.pairs[0][0]
    # The first key of a list's item stands behind the dash: what is put in takes its place on that line.
    return Edit(source.path, key.start, key.start, text[len(indent) :] + indent)


def _above(mapping: Mapping, name: str) -> str | None:
    """The key that stands before another one; None where that is the first."""
    names = [key.text for key, _ in mapping.pairs]
    at = names.index(name) if name in names else 0
    return names[at - 1] if at and names.count(names[at - 1]) == 1 else None


def _insert_in_braces(source: Source, mapping: Mapping, lines: Listed[str], after: str | None) -> Edit | None:
    if len(lines) != 1:
        return None
    key = mapping.by_key.get(after or "")
    at = (key[1].end if key[1].end > key[0].end else key[0].end) if key else mapping.pairs[-1][1].end
    at = max(at, key[0].end if key else mapping.pairs[-1][0].end)
    return Edit(source.path, at, at, f", {lines[0]}")


def remove_pair(source: Source, mapping: Mapping, name: str) -> Edit | None:
    """Take a key and what stands below it away, with its lines."""
    pair = mapping.by_key.get(name)
    if pair is None or mapping.aliased or mapping.flow or len(mapping.pairs) < 2:
        return None
    key, node = pair
    if node.aliased:
        return None
    end = end_of(source, node if node.end > key.end else key)
    begin = source.line_start(key.start)
    if source.text[begin : key.start].strip():  # behind a dash: the next key moves up
        following = next((other for other, _ in mapping.pairs if other.start >= end), None)
        return Edit(source.path, key.start, following.start, "") if following else None
    return Edit(source.path, begin, end, "")


def remove_item(source: Source, sequence: Sequence, item: Node) -> Edit | None:
    """Take an item of a list away, with its lines. None where it is the only one."""
    if sequence.aliased or item.aliased or len(sequence.items) < 2 or item not in sequence.items:
        return None
    at = sequence.items.index(item)
    if sequence.flow:
        if at:
            return Edit(source.path, sequence.items[at - 1].end, item.end, "")
        return Edit(source.path, item.start, sequence.items[1].start, "")
    begin = source.line_start(item.start)
    dash = source.text[begin : item.start]
    if dash.strip() != "-":
        return None
    return Edit(source.path, begin, end_of(source, item), "")


def remove_step(step: WrittenStep) -> Edit | None:
    """Take a step away."""
    steps = step.job.node.sequence("steps")
    return remove_item(step.source, steps, step.node) if steps else None


def set_input(step: WrittenStep, name: str, value: str) -> Edit | None:
    """Give an input to a step's action: replaced where it is there, else put under `with`."""
    source = step.source
    given = step.inputs.get(name.lower())
    if given is not None and given.is_plain and not given.aliased and value in {"true", "false"}:
        return Edit(source.path, given.start, given.end, value)
    if given is not None:
        return replace_scalar(source, given, value)
    # An action is given text, however YAML reads it: `false` needs no quotes here.
    line = f"{name}: {value if value in {'true', 'false'} else scalar_text(value)}"
    below = step.node.mapping("with")
    if below is not None and below.pairs:
        return insert_pair(source, below, [line], after=below.pairs[-1][0].text)
    if "with" in step.node.by_key:
        return None
    if step.node.flow:
        return insert_pair(source, step.node, [f"with: {{{line}}}"], after="uses")
    return insert_pair(source, step.node, ["with:", f"  {line}"], after="uses")


def edit_script(step: WrittenStep, start: int, end: int, text: str) -> Edit | None:
    """Change a part of a step's script; offsets are in the script's text."""
    if not step.can_be_edited or ("\n" in text and step.run is not None and step.run.style not in {"|"}):
        return None
    begin, stop = step.place(start, end)
    return Edit(step.source.path, begin, stop, text)


def with_all(*edits: Edit | None) -> tuple[Edit, ...] | None:
    """Edits of one fix; None where one of them cannot be made."""
    return tuple(edit for edit in edits if edit is not None) if all(edits) else None
