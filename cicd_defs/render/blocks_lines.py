"""Files of lines as blocks: lists of patterns, Makefiles, Dockerfiles, sections of settings, and a part of a text.

Every text of these kinds can be cut, but for a text whose marks are broken.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from cicd_defs.render.blocks import (
    Block,
    Unsplittable,
    header_block,
    header_length,
    is_blank,
    is_remark,
    lines_of,
    stem_of,
)

SECTION_BEGIN, SECTION_END = "<!-- cicd-defs:begin -->", "<!-- cicd-defs:end -->"
"""What stands around our part of a text that is people's own."""

Cut = Callable[[Sequence[str], int], tuple[str, int]]
"""From the lines and where an element begins: its stem, and the line behind its last one."""

_VARIABLE = re.compile(r"(?:(?:export|override|unexport) +)*([\w.%/-]+)\s*(?::{0,3}|[?+!])=")
_NESTS = re.compile(r"\s*(ifn?eq|ifn?def)\b")
_HEREDOC = re.compile(r"<<-?([\"']?)([A-Za-z_]\w*)\1")


def split_patterns(text: str) -> Block:
    """A list of patterns, one a line, told apart by their first word: .dockerignore, CODEOWNERS."""
    return _cut(text, lambda lines, at: (stem_of(lines[at].split()[0]), at + 1))


def split_whole(text: str) -> Block:
    """A file that is one element: JSON."""
    return Block("", children=(Block("file", head=text),) if text else ())


def split_makefile(text: str) -> Block:
    """A Makefile: each rule with its recipe, each variable, each condition with what it holds."""
    return _cut(text, _make_element)


def split_settings(text: str) -> Block:
    """Sections of keys, as configparser has them: .coveragerc."""
    return _grouped(_cut(text, _setting), lambda block: block.head.startswith("["))


def split_dockerfile(text: str) -> Block:
    """A Dockerfile: stages, and in them their instructions."""
    return _grouped(_cut(text, _instruction), lambda block: block.head[:5].upper() == "FROM ")


def split_section(text: str) -> Block:
    """Our section of a text. What stands around it is the head and the tail of the whole, and people's own."""
    lines = lines_of(text)
    begins = [at for at, line in enumerate(lines) if line.strip() == SECTION_BEGIN]
    ends = [at for at, line in enumerate(lines) if line.strip() == SECTION_END]
    if not begins and not ends:
        return Block("", head=text)
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        line = (begins or ends)[-1] + 1
        raise Unsplittable(line, f"there has to be one `{SECTION_BEGIN}` and one `{SECTION_END}` behind it")
    first, last = begins[0], ends[0]
    return Block(
        "",
        head="".join(lines[:first]),
        children=(_section(lines, first, last),),
        tail="".join(lines[last + 1 :]),
    )


def _section(lines: Sequence[str], first: int, last: int) -> Block:
    """Our section: what stands under each of its headings, and the mark at its end."""
    starts = [*_headings(lines, first, last), last]
    blocks, after = [], starts[0]
    for start, stop in pairwise((*starts, last + 1)):
        end = _without_blanks(lines, start, stop)
        stem = "end" if start == last else stem_of(lines[start].lstrip("#"))
        lead, head = "".join(lines[after:start]), "".join(lines[start:end])
        blocks.append(Block(stem, lead=lead, head=head, line=start + 1))
        after = end
    return Block("section", head="".join(lines[first : starts[0]]), children=tuple(blocks), line=first + 1)


def _headings(lines: Sequence[str], first: int, last: int) -> Iterator[int]:
    """The lines that are headings; what looks like one in a block of code is a comment."""
    fence = ""
    for at in range(first, last):
        mark = re.match(r" {0,3}(`{3,}|~{3,})", lines[at])
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and re.match(r"#{1,6}\s", lines[at]):
            yield at


def _without_blanks(lines: Sequence[str], start: int, stop: int) -> int:
    while stop > start + 1 and is_blank(lines[stop - 1]):
        stop -= 1
    return stop


def _cut(text: str, cut: Cut) -> Block:
    """The header and each element with the blank lines and comments above it."""
    lines = lines_of(text)
    header = header_block(lines)
    at = after = header_length(header)
    blocks = [header] if header else []
    while at < len(lines):
        if is_blank(lines[at]) or is_remark(lines[at]):
            at += 1
            continue
        stem, end = cut(lines, at)
        head, lead = "".join(lines[at:end]), "".join(lines[after:at])
        blocks.append(Block(stem, lead=lead, head=head, line=at + 1))
        at = after = end
    return Block("", children=tuple(blocks), tail="".join(lines[after:]))


def _grouped(flat: Block, opens: Callable[[Block], bool]) -> Block:
    """The elements that open a group, with those that follow them as their children."""
    groups: list[Block] = []
    members: dict[int, list[Block]] = {}
    for block in flat.children:
        if not groups or opens(block) or not opens(groups[-1]):
            groups.append(block)
        else:
            members.setdefault(len(groups) - 1, []).append(block)
    children = (
        replace(block, children=(*block.children, *members.get(at, ()))) for at, block in enumerate(groups)
    )
    return replace(flat, children=tuple(children))


def _make_element(lines: Sequence[str], at: int) -> tuple[str, int]:
    line = lines[at]
    if _NESTS.match(line):
        return stem_of(line), _closed(lines, at, _NESTS, re.compile(r"\s*endif\b"))
    if re.match(r"\s*define\b", line):
        return stem_of(line), _closed(lines, at, re.compile(r"\s*define\b"), re.compile(r"\s*endef\b"))
    end = _continued(lines, at)
    if variable := _VARIABLE.match(line):
        return variable[1], end
    said = line.split("#")[0]
    target, colon, rest = said.partition(":")
    if colon and "=" not in target and not line.startswith("\t"):
        of_target = target.strip() != ".PHONY" and "=" not in rest
        return stem_of(target if of_target else said), _recipe_end(lines, end)
    return stem_of(line), end


def _closed(lines: Sequence[str], at: int, opens: re.Pattern[str], closes: re.Pattern[str]) -> int:
    """The line behind the one that closes what opens here; the file's end where nothing does."""
    depth = 0
    for number in range(at, len(lines)):
        depth += bool(opens.match(lines[number])) - bool(closes.match(lines[number]))
        if not depth:
            return number + 1
    return len(lines)


def _continued(lines: Sequence[str], at: int) -> int:
    while at < len(lines) - 1 and lines[at].rstrip("\r\n").endswith("\\"):
        at += 1
    return at + 1


def _recipe_end(lines: Sequence[str], at: int) -> int:
    """The line behind a recipe. Blank lines and comments belong to it where more of it follows."""
    end = at
    while at < len(lines):
        if lines[at].startswith("\t") and not is_blank(lines[at]):
            at = end = _continued(lines, at)
        elif is_blank(lines[at]) or is_remark(lines[at]):
            at += 1
        else:
            break
    return end


def _setting(lines: Sequence[str], at: int) -> tuple[str, int]:
    if lines[at].startswith("["):
        return stem_of(lines[at].split("]")[0].removeprefix("[")), at + 1
    end = last = at + 1
    while end < len(lines) and (lines[end].startswith((" ", "\t")) or is_blank(lines[end])):
        end += 1
        last = last if is_blank(lines[end - 1]) else end
    return stem_of(re.split(r"[=:]", lines[at])[0]), last


def _instruction(lines: Sequence[str], at: int) -> tuple[str, int]:
    words = lines[at].split()
    word = words[0].upper()
    end = _behind_heredocs(lines, at, _instruction_end(lines, at))
    if word == "FROM":
        named = [name for before, name in pairwise(words) if before.upper() == "AS"]
        return stem_of(named[0] if named else "stage"), end
    if word in ("ENV", "ARG", "LABEL") and words[1:]:
        return stem_of(f"{word} {words[1].split('=')[0]}"), end
    return stem_of(word), end


def _instruction_end(lines: Sequence[str], at: int) -> int:
    """The line behind an instruction. Comments and blank lines between continued lines belong to it."""
    continued = True
    for number in range(at, len(lines)):
        if number > at and (is_blank(lines[number]) or is_remark(lines[number])):
            continue
        if not continued:
            return _without_gap(lines, at, number)
        continued = lines[number].rstrip().endswith("\\")
    return _without_gap(lines, at, len(lines))


def _without_gap(lines: Sequence[str], at: int, end: int) -> int:
    while end > at + 1 and (is_blank(lines[end - 1]) or is_remark(lines[end - 1])):
        end -= 1
    return end


def _behind_heredocs(lines: Sequence[str], at: int, end: int) -> int:
    if lines[at].split()[0].upper() not in ("RUN", "COPY", "ADD"):
        return end
    for word in _heredocs("".join(lines[at:end])):
        closing = (number for number in range(end, len(lines)) if lines[number].strip() == word)
        end = next(closing, len(lines) - 1) + 1
    return end


def _heredocs(text: str) -> Iterator[str]:
    return (match[2] for match in _HEREDOC.finditer(text))
