"""The keys of a project file, as the models declare them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from pydantic.fields import FieldInfo

from cicd_defs.spec.model import Project
from cicd_defs.spec.strict import Strict
from cicd_defs.spec.text import Form


@dataclass(frozen=True)
class Key:
    """One key: its dotted path without indices, and what the model says. `planned`: later work acts on it."""

    path: str
    field: FieldInfo
    planned: bool

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms of its texts; for a table those of its keys, then of its values."""
        return tuple(_forms(self.field.metadata, self.field.annotation))

    @property
    def extra(self) -> dict[str, Any]:
        """What the model says beside the words."""
        extra = self.field.json_schema_extra
        return dict(extra) if isinstance(extra, dict) else {}

    @property
    def below(self) -> type[Strict] | None:
        """The model of what stands under this key, where that has keys of ours."""
        return next(_models(self.field.annotation), None)


@cache
def declared_keys() -> dict[str, Key]:
    """Every key by its dotted path, in the order of the declaration."""
    return {key.path: key for key in _walk(Project, "", planned=False)}


def key_at(parts: Sequence[str | int]) -> Key | None:
    """The innermost key on the way to a value. Indices, and keys that people choose, are passed over."""
    words = [part for part in parts if isinstance(part, str)]
    paths = (".".join(words[:count]) for count in range(len(words), 0, -1))
    return next((declared_keys()[path] for path in paths if path in declared_keys()), None)


def names_below(path: str) -> tuple[str, ...]:
    """The keys that may stand right under a dotted path; under "" those of the file."""
    prefix = f"{path}." if path else ""
    return tuple(key.name for key in declared_keys().values() if key.path == prefix + key.name)


def closest(word: str, known: Iterable[str]) -> list[str]:
    """The one known word that was likely meant, or nothing."""
    known = list(known)
    begins = [name for name in known if len(word) > 1 and name.startswith(word)]
    return begins[:1] or get_close_matches(word, known, 1)


def _walk(model: type[Strict], prefix: str, *, planned: bool) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        if model is Project and name == "name":
            continue  # the file's stem, never written in it
        extra = field.json_schema_extra
        here = planned or (isinstance(extra, dict) and extra.get("status") == "planned")
        key = Key(f"{prefix}{field.alias or name}", field, here)
        yield key
        if key.below:
            yield from _walk(key.below, f"{key.path}.", planned=here)


def _models(annotation: Any) -> Iterator[type[Strict]]:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _forms(metadata: Sequence[Any], annotation: Any) -> Iterator[Form]:
    """The forms in a type and around it."""
    yield from (item for item in metadata if isinstance(item, Form))
    inner = getattr(annotation, "__metadata__", ())
    arguments = get_args(annotation)[:1] if inner else get_args(annotation)
    yield from (item for item in inner if isinstance(item, Form))
    for argument in arguments:
        if not isinstance(argument, str):
            yield from _forms((), argument)
