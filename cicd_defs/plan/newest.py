"""Which version of an action to take, given the tags that its repository has now."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cicd_defs.plan.pinned import Pin

_FULL = re.compile(r"v(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})", re.ASCII)
"""A full version. `v4` and `v4.1` move with every release, and what has a `-` behind it is a trial."""

Number = tuple[int, int, int]


class MovedTag(ValueError):
    """A tag that does not point to what it pointed to: somebody may have put other code behind a version in use."""


def newest(pin: "Pin", tags: Mapping[str, str], known: Mapping[str, str], *, major: bool = False) -> "Pin":
    """The action at its newest full version, of the same major unless `major`.

    `tags` are the repository's tags with the commits behind them, annotated ones followed to their commit; `known` the
    same as it was recorded. The pin's `date` is kept: the caller has the day. Raises `MovedTag` where the version in
    use, or a newer one that was recorded, is gone or has another commit now.
    """
    moved = list(_moved(pin, tags, {**known, pin.version: pin.pin}))
    if moved:
        raise MovedTag(" ".join(moved))
    here = number_of(pin.version)
    numbered = {number: tag for tag in tags if (number := number_of(tag))}
    fitting = [number for number in numbered if major or (here and number[0] == here[0])]
    version = numbered[max(fitting)] if fitting else pin.version
    return pin.model_copy(update={"version": version, "pin": tags[version], "source": "tag"})


def number_of(tag: str) -> Number | None:
    """The number of a full version; None of any other tag."""
    found = _FULL.fullmatch(tag)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _moved(pin: "Pin", tags: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    here = number_of(pin.version) or (0, 0, 0)
    for version, commit in known.items():
        if version != pin.version and (number_of(version) or (-1, 0, 0)) < here:
            continue
        now = tags.get(version)
        if now is None:
            yield f"the tag {version} is gone; it was recorded at {commit}."
        elif now != commit:
            yield f"the tag {version} MOVED from {commit} to {now}."
