"""Settings in TOML and INI files with the place of each, and edits that leave all else as it is.

A reader of lines: it knows sections, keys, dotted keys and values that go on over several lines. What is odder than
that is no setting.
TOML: https://toml.io/en/v1.0.0  INI: https://docs.python.org/3/library/configparser.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.findings import Edit
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.source import Source

_SECTION = regex(r"[ \t]*\[{1,2}[ \t]*([^\]\n]+?)[ \t]*\]{1,2}[ \t]*(?:[#;].*)?$")
_TOML = regex(
    r"[ \t]*((?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|\"[^\"\n]*\"))*)[ \t]*=[ \t]*(.*)$"
)
_INI = regex(r"([A-Za-z_][\w.:{}-]*)[ \t]*[=:][ \t]*(.*)$")
_STRING = regex(r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'", re.DOTALL)
_INLINE = regex(r"([\w-]+)[ \t]*=[ \t]*(\"[^\"]*\"|'[^']*'|[^,{}\s]+)")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `key` is its name with its section's, `tool.mypy.strict`; `start` to `end` its key and value.

    `table` counts the sections above it: settings of one `[[…]]` entry have the same.
    """

    section: str
    key: str
    value: str
    start: int
    end: int
    table: int
    inline: bool = False

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.key.rpartition(".")[2]

    @property
    def word(self) -> str:
        """Its value without quotes."""
        return self.value.strip().strip("\"'")


@dataclass(frozen=True, slots=True)
class Section:
    """A section's head: its name, and from where to where it stands."""

    name: str
    start: int
    end: int


def is_toml(path: str) -> bool:
    """Whether a file's name says that it is TOML; the others that are read here are INI."""
    return path.endswith(".toml")


def sections_of(source: Source) -> tuple[Section, ...]:
    """The heads of a file's sections."""
    return tuple(one for one in _lines(source) if isinstance(one, Section))


def settings_of(source: Source) -> tuple[Setting, ...]:
    """A file's settings in order."""
    return tuple(one for one in _lines(source) if isinstance(one, Setting))


def _lines(source: Source) -> Iterator[Section | Setting]:
    toml = is_toml(source.path)
    text, at, section, table = source.text, int(source.text.startswith("\ufeff")), "", 0
    while at < len(text):
        end = source.line_end(at)
        line = text[at:end]
        after = source.next_line(at)
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            pass
        elif head := _SECTION.match(line) if line.lstrip().startswith("[") else None:
            section, table = _plain(head[1]) if toml else head[1].strip(), table + 1
            yield Section(section, at + line.index("["), at + len(line.rstrip()))
        elif found := (_TOML if toml else _INI).match(line):
            start, value = at + found.start(1), at + found.start(2)
            stop = _end_of_toml(text, value, end) if toml else _end_of_ini(source, end)
            key = _plain(found[1]) if toml else found[1]
            whole = f"{section}.{key}" if section and toml else key
            written = text[value:stop].rstrip()
            yield Setting(section, whole, written, start, value + len(written), table)
            if toml and written.startswith("{"):
                for inner in _INLINE.finditer(written):
                    begin = value + inner.start()
                    yield Setting(
                        section,
                        f"{whole}.{inner[1]}",
                        inner[2],
                        begin,
                        value + inner.end(),
                        table,
                        inline=True,
                    )
            after = source.next_line(max(stop - 1, value)) if stop > end else after
        at = after


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _end_of_toml(text: str, at: int, end: int) -> int:
    """Where a value ends: behind its last bracket or string, before a comment."""
    depth, here = 0, at
    while here < len(text):
        sign = text[here]
        if sign in "\"'" and (string := _STRING.match(text, here)):
            here = string.end()
            continue
        if sign in "#\n":
            if not depth:
                return here
            here = text.find("\n", here)
            if here < 0:
                return end
        depth += sign in "[{"
        depth -= sign in "]}"
        here += 1
    return len(text)


def _end_of_ini(source: Source, end: int) -> int:
    """Where a value ends: its lines go on while they are indented."""
    stop = end
    while (begin := source.next_line(stop)) < len(source.text):
        line = source.text[begin : source.line_end(begin)]
        if not line.strip() or not line[0].isspace() or line.lstrip().startswith(("#", ";")):
            break
        stop = begin + len(line)
    return stop


def without(source: Source, setting: Setting) -> Edit | None:
    """Take a setting away, with its line. None within braces, where commas would have to be known."""
    if setting.inline:
        return None
    begin = source.line_start(setting.start)
    if source.text[begin : setting.start].strip():
        return None
    return Edit(source.path, begin, source.next_line(max(setting.end - 1, setting.start)), "")


def appended(source: Source, text: str) -> Edit:
    """Lines at the end of a file, after an empty one."""
    end = len(source.text)
    before = (
        ""
        if not source.text.strip()
        else source.newline
        if source.text.endswith("\n")
        else source.newline * 2
    )
    return Edit(source.path, end, end, before + text.replace("\n", source.newline))


def below(source: Source, section: Section, text: str) -> Edit:
    """Lines put right below a section's head."""
    at = source.next_line(section.end)
    lead = "" if source.text[:at].endswith(("\n", "\r")) else source.newline
    return Edit(source.path, at, at, lead + text.replace("\n", source.newline))
