"""Text that strangers may have written, made harmless for Markdown as GitHub and Dagster show it."""

import re
import unicodedata

from cicd_defs.render import markdown

LONGEST_LINE = 300
_MEANING = re.compile(r"([\\`*_{}\[\]()#+\-!|~$=^])")
_ORDERED = re.compile(r"^(\d+)([.)])")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SPACE = "\u200b"
"""A space without width. Behind `@`, `:` or within `www.` nothing becomes a mention or a link."""


def clean(text: str) -> str:
    """Lines of text without control characters, marks that turn its direction, and what cannot be seen."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return "\n".join(map(_seen, lines.split("\n")))


def _seen(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(char for char in line if unicodedata.category(char) not in _UNSEEN)


def plain(text: str, longest: int = LONGEST_LINE) -> str:
    """Text on one line, shown as it is: no HTML, no Markdown, no picture, no link, and nobody is mentioned."""
    line = _line(text, longest)
    line = _MEANING.sub(r"\\\1", line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _ORDERED.sub(r"\1\\\2", line)
    line = line.replace("@", f"@{_SPACE}").replace("://", f":{_SPACE}//")
    return re.sub(r"(?i)\b(www|GH\\-)(?=\S)", rf"\1{_SPACE}", line).replace("\\#", f"\\#{_SPACE}")


def code(text: str, longest: int = LONGEST_LINE) -> str:
    """Text on one line as code; not for a table (`cell`)."""
    line = _line(text, longest)
    return markdown.code(line) if line else ""


def cell(text: str) -> str:
    """Text as code in a cell of a table."""
    return code(text).replace("|", "\\|")


def prose(text: str, longest: int = 2 * LONGEST_LINE) -> str:
    """A sentence of ours on one line, in which names stand between backticks: these become code, all else is plain."""
    pieces = re.split(r"`([^`]+)`", _line(text, longest))
    made = [_named(piece) if at % 2 else _plain_piece(piece) for at, piece in enumerate(pieces)]
    return "".join(piece or (" " if 0 < at < len(made) - 1 else "") for at, piece in enumerate(made))


def _named(piece: str) -> str:
    """A name as code; one with a bar, which would end a cell of a table, as plain text."""
    return plain(f"`{piece}`", len(piece) + 2) if "|" in piece else code(piece, len(piece))


def _plain_piece(piece: str) -> str:
    """A piece of a sentence, with the spaces around it."""
    before, after = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
    return f"{before}{plain(piece, len(piece))}{after if piece.strip() else ''}"


def fenced(text: str, language: str = "") -> str:
    """Lines of text as a block of code, between fences that none of them closes."""
    return markdown.fenced(clean(text).strip("\n"), re.sub(r"[^a-z]", "", language))


def last_lines(text: str, lines: int, longest: int) -> str:
    """The end of some output: at most so many lines and characters."""
    ending = clean(text[-20 * longest :]).rstrip() if lines and longest else ""
    kept = "\n".join(ending.split("\n")[-lines:])
    return kept if len(kept) <= longest else f"… {kept[len(kept) - longest :]}"


def _line(text: str, longest: int) -> str:
    """The beginning of a text on one line. Of a very long one only that much is looked at."""
    line = " ".join(clean(text[: 20 * longest]).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
