"""Pins in a text: the commit of an action, the digest of an image, the revision of a hook. Bots move them.

Forms: `uses: owner/name@<commit> # v1.2.3`, `image: name:tag@sha256:<digest>` (in a Dockerfile too), and pre-commit's
`rev: <commit> # frozen: v1.2.3` or `rev: v1.2.3`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Each part is bounded, so that no text takes long to search.
_VERSION = r"v?\d[\w.+-]*"
_PIN = re.compile(
    rf"(?<![\w.-])(?P<action>[\w.-]{{1,64}}/[\w./-]{{1,200}})@"
    rf"(?P<commit>[0-9a-f]{{40}}\b[\"']?(?:[ \t]+#[ \t]*(?:tag=)?{_VERSION})?)"
    r"|(?<![\w.-])(?P<image>[\w.-]{1,128}(?::\d{1,5}(?=/))?(?:/[\w.-]{1,128}){0,8})"
    r"(?P<digest>(?::[\w.-]{1,128})?@sha256:[0-9a-f]{64})\b"
    rf"|(?P<rev>^[ \t]*(?:-[ \t]+)?rev:[ \t]+)(?P<at>[\"']?(?:[0-9a-f]{{40}}\b|{_VERSION})[\"']?"
    rf"(?:[ \t]+#[ \t]*(?:frozen:[ \t]*)?{_VERSION})?)",
    re.MULTILINE,
)
_NUMBERED = re.compile(r"v?(\d+(?:\.\d+)*)(.*)")


@dataclass(frozen=True)
class Pin:
    """What is pinned, and to what, as it stands in the file."""

    of: str
    to: str

    def __str__(self) -> str:
        return f"{self.of} {self.to}"


def pins_of(text: str) -> tuple[Pin, ...]:
    """All pins of a text, in its order."""
    return tuple(_pin(match) for match in _PIN.finditer(text)) if _may_pin(text) else ()


def masked(text: str) -> str:
    """The text with every pin left out."""
    return _PIN.sub(lambda match: f"{_before(match)}\0", text) if _may_pin(text) else text


def filled(text: str, choose: Callable[[int, Pin], Pin]) -> str:
    """The text with each pin as `choose` says, given its position among those of the same name."""
    seen: dict[str, int] = {}

    def put(match: re.Match[str]) -> str:
        pin = _pin(match)
        position = seen[pin.of] = seen.get(pin.of, -1) + 1
        return _before(match) + choose(position, pin).to

    return _PIN.sub(put, text)


def find_pin(pins: Sequence[Pin], of: str, position: int) -> Pin | None:
    """The pin of that name, by its position among those of the same name."""
    same = [pin for pin in pins if pin.of == of]
    return same[position] if position < len(same) else None


def higher(one: Pin, other: Pin) -> Pin | None:
    """The pin with the higher version, or None where the two do not compare."""
    first, second = _version(one), _version(other)
    if first is None or second is None or first[1] != second[1] or first[0] == second[0]:
        return None
    return one if first[0] > second[0] else other


def _version(pin: Pin) -> tuple[tuple[int, ...], str] | None:
    """The version that a pin names: its comment's, else its tag's; with what stands behind the numbers."""
    told = pin.to.rpartition("#")[2] if "#" in pin.to else pin.to.split("@")[0].lstrip(":")
    found = _NUMBERED.fullmatch(re.sub(r"^\s*(?:tag=|frozen:)?\s*", "", told).strip("\"' "))
    if found is None or len(found[1]) > 30:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers), found[2]


def _may_pin(text: str) -> bool:
    return "@" in text or "rev:" in text


def _pin(match: re.Match[str]) -> Pin:
    of = match["action"] or match["image"] or "rev"
    return Pin(of, match["commit"] or match["digest"] or match["at"])


def _before(match: re.Match[str]) -> str:
    if match["action"]:
        return f"{match['action']}@"
    return match["image"] or match["rev"]
