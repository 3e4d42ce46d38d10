"""Readers of manifests that never raise: what cannot be read is empty.

The text comes from strangers: broken, huge, nested a million deep, or made of YAML aliases that multiply. Each reader
gives plain dicts, lists and strings; numbers and dates of YAML stay as they were written.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import yaml

LARGEST = 512 * 1024
DEEPEST = 60
MOST_EVENTS = 100_000

Table = dict[str, Any]

_JSON_NOISE = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
# The standard library needs a minute for half a megabyte of `a.a.a.a`.
_DEEP_KEY = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){60}")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_INI_SECTION = re.compile(r"^\[([^\]\n]+)\]")
_INI_OPTION = re.compile(r"^([A-Za-z0-9_.:{}-]+)\s*[=:]\s*(.*)$")


def read_toml(text: str) -> Table:
    """A TOML document, or `{}`."""
    if len(text) > LARGEST or _DEEP_KEY.search(text):
        return {}
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def read_json(text: str) -> Table:
    """A JSON object, comments and trailing commas forgiven, or `{}`."""
    if len(text) > LARGEST:
        return {}
    for candidate in (text, without_comments(text)):
        try:
            data = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        return data if isinstance(data, dict) else {}
    return {}


def without_comments(text: str) -> str:
    """JSON with comments, as JSON; strings are left as they are."""
    bare = _JSON_NOISE.sub(lambda found: found[0] if found[0].startswith('"') else " ", text)
    return _TRAILING_COMMA.sub(r"\1", bare)


def read_yaml(text: str) -> Any:
    """The first document of a YAML text, scalars as strings and aliases as None; None where it cannot be read."""
    if len(text) > LARGEST:
        return None
    try:
        return _Composer(_events(text)).document()
    except (yaml.YAMLError, ValueError, RecursionError, StopIteration):
        return None


def read_ini(text: str) -> dict[str, dict[str, str]]:
    """Sections of an INI file (setup.cfg, tox.ini), continuation lines joined by newlines."""
    sections: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    key = None
    for line in text[:LARGEST].splitlines():
        if found := _INI_SECTION.match(line):
            section, key = sections.setdefault(found[1].strip(), {}), None
        elif not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        elif line[0].isspace() and key is not None:
            section[key] += "\n" + line.strip()
        elif found := _INI_OPTION.match(line):
            key = found[1]
            section[key] = found[2]
    return sections


def table(data: Any, *keys: str) -> Table:
    """The table under these keys, or `{}` where something else or nothing is there."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def strings(value: Any) -> tuple[str, ...]:
    """The strings of a list; one string counts as a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def string(value: Any) -> str:
    """The value where it is a string, else the empty string."""
    return value if isinstance(value, str) else ""


def _events(text: str) -> Iterator[yaml.Event]:
    for count, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if count > MOST_EVENTS:
            raise ValueError("too many nodes")
        yield event


class _Composer:
    """Builds plain values from YAML events, with a bound on depth."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events

    def document(self) -> Any:
        for event in self._events:
            if not isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
                return self._value(event, 0)
        return None

    def _value(self, event: yaml.Event, depth: int) -> Any:
        if depth > DEEPEST:
            raise ValueError("too deep")
        if isinstance(event, yaml.ScalarEvent):
            return event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        if isinstance(event, yaml.MappingStartEvent):
            pairs = {}
            for item in self._until(yaml.MappingEndEvent):
                key = self._value(item, depth + 1)
                value = self._value(next(self._events), depth + 1)
                if isinstance(key, str):
                    pairs[key] = value
            return pairs
        return None

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self._events), end):
            yield event
