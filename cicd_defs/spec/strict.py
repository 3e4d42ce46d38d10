"""What every part of the declaration is: frozen, strict about types, and closed to unknown keys."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import Annotated, Any, TypeVar

from annotated_types import MinLen
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from cicd_defs.spec.problem import shown

T = TypeVar("T")

# What a key's description says beside its words, in a form that `cicd explain` and the JSON schema carry on.
PLANNED: dict[str, Any] = {"status": "planned"}
DETECTED: dict[str, Any] = {"when_left_out": "detected in the repository"}


class Strict(BaseModel):
    """A frozen part of a declaration. Unknown keys and values of another type are refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, validate_default=False, defer_build=True
    )


@dataclass(frozen=True)
class Mistake:
    """Something wrong between keys that are right by themselves. `at` leads from the model to the value."""

    at: tuple[str | int, ...]
    message: str
    hint: str = ""


def refuse_mistakes(mistakes: Iterable[Mistake]) -> None:
    """Raise one error that carries all of the mistakes, if there are any."""
    found = tuple(mistakes)
    if found:
        message = "; ".join(mistake.message for mistake in found)
        raise PydanticCustomError("mistakes", "{message}", {"message": message, "mistakes": found})


def _distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    seen: set[T] = set()
    mistakes = []
    for index, value in enumerate(values):
        if value in seen:
            mistakes.append(Mistake((index,), f"{shown(value)} is listed twice", "Leave one of them out."))
        seen.add(value)
    refuse_mistakes(mistakes)
    return values


Distinct = Annotated[tuple[T, ...], AfterValidator(_distinct), Field(json_schema_extra={"uniqueItems": True})]
"""A list in which nothing stands twice."""

Choices = Annotated[
    tuple[T, ...], MinLen(1), AfterValidator(_distinct), Field(json_schema_extra={"uniqueItems": True})
]
"""A list of one or more different things."""


def collisions(names: Iterable[tuple[tuple[str | int, ...], str]], what: str) -> Iterator[Mistake]:
    """A mistake for each name that collides with an earlier one. `-` and `_` count as the same."""
    seen: dict[str, str] = {}
    for at, name in names:
        earlier = seen.get(name.replace("-", "_"))
        if earlier is not None:
            yield Mistake(at, f"{what} `{name}` collides with {what} `{earlier}`", "Give each its own name.")
        seen.setdefault(name.replace("-", "_"), name)


def given_twice(secrets: Iterable[str], env_vars: Mapping[str, str]) -> Iterator[Mistake]:
    """A mistake for each of the `secrets` that has the name of a variable beside it."""
    for index, name in enumerate(secrets):
        if name in env_vars:
            message = f"`{name}` is a variable and a secret"
            yield Mistake(("secrets", index), message, "Leave one of them out.")


def unknown(at: tuple[str | int, ...], name: str, known: Collection[str], what: str) -> Iterator[Mistake]:
    """A mistake if `name` is none of the names that are `known`."""
    if name not in known:
        listed = ", ".join(islice(known, 10)) + (", …" if len(known) > 10 else "")
        yield Mistake(at, f"there is no {what} `{name}`", f"Known here: {listed}.")


def way(names: tuple[str, ...]) -> str:
    """Names on a way, as an error shows them."""
    return " → ".join(names if len(names) < 10 else (*names[:4], "…", *names[-4:]))


def circle(edges: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The names on one circle, each before the one that it leads to, the first again last; empty for none."""
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()
