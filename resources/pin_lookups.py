"""What the world says of pins now: the tags of actions' repositories, and the digests behind images' tags."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cicd_defs.adapters.git import GitError
from cicd_defs.plan.newest import MovedTag, newest
from cicd_defs.plan.pinned import Pin
from cicd_defs.plan.pins import recorded
from resources.registries import RegistryError

AT_ONCE = 8
"""How many pins are looked up side by side."""


@dataclass(frozen=True)
class Problem:
    """Why a pin was not looked up: whether its tag moved, else what was not reached. `what` names the pin."""

    what: str
    reason: str
    moved: bool = False


@dataclass(frozen=True)
class LookedUp:
    """What became of the pins that were looked up: as they are now, and what went wrong."""

    pins: tuple[Pin, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Sources:
    """Who is asked: for the tags of an action's repository, and for the digest behind an image's tag."""

    tags: Callable[[str], Mapping[str, str]]
    digest: Callable[[str], str]


def look_up(pins: Iterable[Pin], sources: Sources, today: str, *, major: bool = False) -> LookedUp:
    """Each pin as it is today. `today` is a day, `2026-11-21`; a pin that cannot be had is a problem, and left out."""
    with ThreadPoolExecutor(AT_ONCE) as several:
        answers = list(several.map(lambda pin: _now(pin, sources, today, major), pins))
    return LookedUp(
        pins=tuple(answer for answer in answers if isinstance(answer, Pin)),
        problems=tuple(answer for answer in answers if isinstance(answer, Problem)),
    )


def told(problems: Iterable[Problem]) -> str:
    """The problems in words, a line for each reason, with all that it concerns."""
    concerned: dict[str, list[str]] = {}
    for problem in problems:
        concerned.setdefault(problem.reason, []).append(problem.what)
    return "\n".join(f"{', '.join(names)}: {reason}" for reason, names in concerned.items())


def _now(pin: Pin, sources: Sources, today: str, major: bool) -> Pin | Problem:
    try:
        if pin.kind == "image":
            digest = sources.digest(pin.reference)
            return pin.model_copy(update={"pin": digest, "source": "registry", "date": today})
        found = newest(pin, _tags_of(pin, sources), recorded(pin.name), major=major)
        return found.model_copy(update={"date": today})
    except MovedTag as error:
        return Problem(pin.name, str(error), moved=True)
    except (GitError, RegistryError) as error:
        return Problem(pin.name if pin.kind == "action" else pin.reference, str(error))


def _tags_of(pin: Pin, sources: Sources) -> Mapping[str, str]:
    """The tags of an action's repository: the first two words of its name; the rest is a folder in it."""
    return sources.tags("/".join(pin.name.split("/")[:2]))
