"""What an unquoted YAML word means. Words that YAML 1.1 and 1.2 read differently are refused."""

import re
from dataclasses import dataclass

import yaml

from cicd_defs.spec.problem import quoted, shown

_CORE = {  # the core schema of YAML 1.2, section 10.3.2
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
}
_CORE_PATTERN = re.compile("|".join(f"(?P<{tag}>{pattern})" for tag, pattern in _CORE.items()))
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+")
_MOST_DIGITS = 18
_WORDS = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "null": "no value",
    "str": "text",
    "timestamp": "a date",
    "value": "a mark of YAML",
    "merge": "a merge key",
}


@dataclass(frozen=True, slots=True)
class Trap:
    """Why a word is refused: YAML's versions do not agree on it."""

    message: str
    hint: str


def read_plain(text: str) -> object | Trap:
    """What an unquoted word stands for: text, a number, true or false, None; or a trap."""
    old, new = _old_tag(text), _new_tag(text)
    if old != new or (old == "int" and not _DECIMAL.fullmatch(text)):
        return _trap(text, old, new)
    if old == "bool":
        return text.lower() == "true"
    if old == "int":
        return _whole_number(text)
    return {"null": None, "float": float("nan")}.get(old, text)


def _old_tag(text: str) -> str:
    """What PyYAML's own rules, those of YAML 1.1, take the word for."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], [])
    return next((tag.rpartition(":")[2] for tag, pattern in resolvers if pattern.match(text)), "str")


def _new_tag(text: str) -> str:
    match = _CORE_PATTERN.fullmatch(text)
    return str(match.lastgroup) if match else "str"


def _whole_number(text: str) -> int:
    """The number; one that is far too large stays too large."""
    if text.startswith("0x"):
        return int(text[:_MOST_DIGITS], 16)
    return int(text[: _MOST_DIGITS + 1])


def _trap(text: str, old: str, new: str) -> Trap:
    advice = f"Quote it if text is meant: {quoted(text)}"
    if old == "str":
        return Trap(f"programs disagree whether {shown(text)} is text or {_WORDS[new]}", f"{advice}.")
    plain = _plainly(text, old)
    also = f"; otherwise write {plain}" if plain else ""
    return Trap(f"YAML reads {shown(text)} without quotes as {plain or _WORDS[old]}", f"{advice}{also}.")


def _plainly(text: str, tag: str) -> str:
    """How to write what YAML 1.1 reads, so that nobody reads anything else."""
    if tag not in {"bool", "int"} or len(text) > _MOST_DIGITS:
        return ""
    return str(yaml.safe_load(text)).lower()
