"""What `cicd explain` says of a key of a project file."""

import re
from collections.abc import Iterator, Sequence
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import annotated_types
import yaml
from pydantic.fields import FieldInfo

from cicd_defs.spec.keys import Key, closest, declared_keys, names_below
from cicd_defs.spec.strict import Strict
from cicd_defs.spec.text import Form

PLANNED_WORDS = "planned: read and checked today, acted on by later work"
_INDEX = re.compile(r"\[\d*\]")


def all_keys() -> tuple[str, ...]:
    """The dotted paths of all keys, in the order of the declaration."""
    return tuple(declared_keys())


def overview() -> str:
    """All keys, a line each, with what they are for."""
    width = max(map(len, all_keys()))
    return "\n".join(_line(key, width) for key in declared_keys().values())


def explain(word: str) -> str | None:
    """All about the key that a dotted path, or the end of one, names; None where there is no such key.

    A name that stands in several places is explained for each.
    """
    found = _named(word)
    return "\n\n".join(map(_entry, found)) if found else None


def closest_key(word: str) -> str | None:
    """The key that was likely meant by an unknown word."""
    plain = _plain(word)
    paths = all_keys()
    if meant := closest(plain, paths):
        return meant[0]
    names = {path.rpartition(".")[2]: path for path in reversed(paths)}
    return next((names[name] for name in closest(plain.rpartition(".")[2], names)), None)


def _plain(word: str) -> str:
    return _INDEX.sub("", word).strip().strip(".")


def _named(word: str) -> list[Key]:
    plain, keys = _plain(word), declared_keys()
    if plain in keys:
        same_end = [key for key in keys.values() if "." not in plain and key.name == plain]
        return same_end or [keys[plain]]
    return [key for key in keys.values() if plain and f".{key.path}".endswith(f".{plain}")]


def _line(key: Key, width: int) -> str:
    mark = " (planned)" if key.planned else ""
    return f"{key.path:<{width}}  {key.field.description}{mark}"


def _entry(key: Key) -> str:
    facts = {
        "type": type_words(key.field.annotation, key.field.metadata),
        "keys": ", ".join(names_below(key.path)),
        "kind": ", ".join(dict.fromkeys(form.kind for form in key.forms)),
        "default": _default(key),
        "status": PLANNED_WORDS if key.planned else "in use",
        "example": _example(key),
    }
    lines = (f"  {name + ':':<9}{fact}" for name, fact in facts.items() if fact)
    return "\n".join([key.path, f"  {key.field.description}", *lines])


def _default(key: Key) -> str:
    default = key.field.get_default(call_default_factory=True)
    if key.field.is_required():
        return "none, it must be given"
    if "when_left_out" in key.extra:
        return str(key.extra["when_left_out"])
    if isinstance(default, Strict):
        return "that of each of its keys"
    if default in ((), {}):
        return "none"
    return _as_yaml(default)


def example_of(key: Key) -> Any:
    """A value that shows what the key takes: its example, or else its default; None for a group of keys."""
    if key.field.examples:
        return key.field.examples[0]
    default = key.field.get_default(call_default_factory=True)
    if isinstance(default, Strict):
        return None
    return list(default) if isinstance(default, tuple) else default


def _example(key: Key) -> str:
    value = example_of(key)
    return "" if value is None else f"{key.name}: {_as_yaml(value)}"


def _as_yaml(value: Any) -> str:
    """A value on one line of YAML."""
    plain = list(value) if isinstance(value, tuple) else value
    text: str = yaml.safe_dump(
        plain, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True
    )
    return text.removesuffix("\n").removesuffix("\n...")


def type_words(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """A type in words, such as "a list of versions"."""
    if hasattr(annotation, "__metadata__"):
        return type_words(get_args(annotation)[0], (*annotation.__metadata__, *metadata))
    for form in metadata:
        if isinstance(form, Form) and annotation is str:
            return form.says
    if get_origin(annotation) is Literal:
        return f"one of {', '.join(get_args(annotation))}"
    arguments = [argument for argument in get_args(annotation) if argument not in (NoneType, Ellipsis)]
    if get_origin(annotation) is tuple:
        return f"a list, each entry {type_words(arguments[0])}"
    if get_origin(annotation) is dict:
        return f"names with values: {type_words(arguments[0])}, {type_words(arguments[1])}"
    if arguments:
        return type_words(arguments[0], metadata)
    return _simple_words(annotation, metadata)


def _simple_words(annotation: Any, metadata: Sequence[Any]) -> str:
    if annotation is bool:
        return "true or false"
    if annotation is int:
        low, high = _bounds(metadata)
        return f"a whole number from {low} to {high}"
    return "a group of keys"


def _bounds(metadata: Sequence[Any]) -> tuple[Any, Any]:
    limits = list(_limits(metadata))
    low = next(limit.ge for limit in limits if isinstance(limit, annotated_types.Ge))
    return low, next(limit.le for limit in limits if isinstance(limit, annotated_types.Le))


def _limits(metadata: Sequence[Any]) -> Iterator[Any]:
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else [item]
