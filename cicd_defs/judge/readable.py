"""Whether what reads a file would take it: it can be parsed, and no map in it has a key twice."""

import ast
import json
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from cicd_defs.facts.workflow import ACTION_PATH

_MERGE = "<<"


def flaw(path: str, text: str) -> str:
    """Why a file would be refused; empty where it is read, or where its kind is not known here.

    GitHub takes `Name` and `name` for one key: https://github.com/actions/runner, `TemplateReader`.
    """
    text = text.removeprefix("\ufeff")
    try:
        if path.endswith((".yml", ".yaml")):
            loose = path.startswith(".github/") or bool(ACTION_PATH.fullmatch(path))
            twice = next(_keys_twice(yaml.parse(text, yaml.CBaseLoader), loose), "")
            return f"`{twice}` stands in one map twice" if twice else ""
        if path.endswith(".json"):
            json.loads(text, object_pairs_hook=_object)
        elif path.endswith(".toml"):
            tomllib.loads(text)
        elif path.endswith(".py"):
            ast.parse(text)
    except (yaml.YAMLError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        return f"it cannot be read: {' '.join(str(error).split())}"
    return ""


def _keys_twice(events: Iterable[Any], loose: bool) -> Iterator[str]:
    """The keys that some map has a second time. A map's events are its keys and values in turn."""
    levels: list[set[str] | None] = []  # None for a list
    turns: list[bool] = []  # whether a key comes next
    for event in events:
        kind = type(event)
        if kind in {yaml.MappingEndEvent, yaml.SequenceEndEvent}:
            levels.pop()
            turns.pop()
            continue
        starts = kind in {yaml.MappingStartEvent, yaml.SequenceStartEvent}
        if not starts and kind not in {yaml.ScalarEvent, yaml.AliasEvent}:
            continue
        keys = levels[-1] if levels else None
        if keys is not None:
            if turns[-1] and kind is yaml.ScalarEvent and event.value != _MERGE:
                key = event.value.lower() if loose else event.value
                if key in keys:
                    yield event.value
                keys.add(key)
            turns[-1] = not turns[-1]
        if starts:
            levels.append(set() if kind is yaml.MappingStartEvent else None)
            turns.append(True)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) < len(pairs):
        raise ValueError("a key stands in one object twice")
    return held
