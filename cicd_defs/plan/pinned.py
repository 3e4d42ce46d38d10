"""Pins as values, and the file that people keep them in: which version of what, at which commit or digest, since when.

The file stands beside the project files and is written by `cicd pins update`. Its rows take the place of the packaged
ones. It has tab-separated columns, one pin a line, so that a change of one pin is a change of one line.
"""

import datetime
import re
from collections.abc import Iterator
from typing import Literal, Self

from pydantic import ValidationError, model_validator

from cicd_defs.facts.value import Value

PINS_FILE = "pins.tsv"
"""What the file is called, in the folder of the project files."""

HEADER = """\
# Versions that take the place of those which cicd-defs brings along. Written by `cicd pins update`; keep it in git.
kind\tname\tversion\tpin\tsource\tseen
"""

_FORMS = {
    "action": ("a commit", re.compile(r"[0-9a-f]{40}")),
    "image": ("a digest", re.compile(r"sha256:[0-9a-f]{64}")),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,250}")
_VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class Pin(Value):
    """One version of one thing, and what it was when somebody looked.

    An action's version is a tag of its repository and its pin the commit behind it; an image's are a tag and a digest.
    `source` says who told: the tag itself, a comment beside somebody's pin, a registry, or pins that were seen in
    public repositories. `date` is a day or a month: of the commit where it came with the package, else of the look.
    """

    kind: Literal["action", "image"]
    name: str
    version: str
    pin: str
    source: Literal["tag", "comment", "registry", "seen"]
    date: str = ""

    @property
    def reference(self) -> str:
        """How an image is named in a file, without its digest."""
        return f"{self.name}:{self.version}"

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        form, pattern = _FORMS[self.kind]
        if not pattern.fullmatch(self.pin):
            raise ValueError(f"{self.pin!r} is not {form}")
        for text, allowed in ((self.name, _NAME), (self.version, _VERSION)):
            if not allowed.fullmatch(text):
                raise ValueError(f"{text!r} cannot stand here")
        if self.date and _first_day(self.date) is None:
            raise ValueError(f"{self.date!r} is neither a day, such as 2026-11-21, nor a month")
        return self

    def age(self, today: datetime.date) -> int | None:
        """Whole days from its date, of a month from its first day, to today; None where it has no date."""
        begun = _first_day(self.date)
        return None if begun is None else (today - begun).days


def _first_day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text if len(text) > len("2026-11") else f"{text}-01")
    except ValueError:
        return None


class Pins(Value):
    """Pins by what they are for: one for an action, one for each tag of an image."""

    pins: tuple[Pin, ...] = ()

    def action(self, name: str) -> Pin | None:
        """The pin of an action. Case does not matter."""
        wanted = name.lower()
        return next((pin for pin in self.pins if pin.kind == "action" and pin.name.lower() == wanted), None)

    def image(self, reference: str) -> Pin | None:
        """The pin of an image, named with its tag and without a digest."""
        return next((pin for pin in self.pins if pin.kind == "image" and pin.reference == reference), None)

    def over(self, others: "Pins") -> "Pins":
        """These, and those of the others that are for something else, by kind and name."""
        mine = {_for(pin) for pin in self.pins}
        both = (*self.pins, *(pin for pin in others.pins if _for(pin) not in mine))
        return Pins(pins=tuple(sorted(both, key=_for)))


def _for(pin: Pin) -> tuple[str, str, str]:
    """What a pin is for."""
    return (pin.kind, pin.name.lower(), pin.version if pin.kind == "image" else "")


class BadPins(ValueError):
    """A file of pins that does not say what it should: every line that is wrong, and why."""


def read_pins(text: str, where: str) -> Pins:
    """The pins in a file's text. `where` names the file in errors. Raises `BadPins`."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line and line[0] != "#"]
    columns = HEADER.splitlines()[1]
    if not lines or lines[0][1] != columns:
        expected = ", ".join(columns.split("\t"))
        raise BadPins(
            f"{where}: it does not begin with the columns {expected}. `cicd pins update` writes it anew."
        )
    rows = [(number, line.split("\t")) for number, line in lines[1:]]
    if wrong := list(_wrong(rows, where)):
        raise BadPins("\n".join(wrong))
    return Pins(pins=tuple(_pin(row) for _, row in rows))


def _wrong(rows: list[tuple[int, list[str]]], where: str) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for number, row in rows:
        try:
            pin = _pin(row)
        except ValidationError as error:
            told = error.errors()[0]
            key = ".".join(map(str, told["loc"]))
            yield f"{where}:{number}: {key}{': ' if key else ''}{told['msg'].removeprefix('Value error, ')}."
            continue
        except ValueError:
            yield f"{where}:{number}: it has {len(row)} columns, not 6: is a tab missing?"
            continue
        if _for(pin) in seen:
            yield f"{where}:{number}: {pin.name} is pinned twice. Take one line out."
        seen.add(_for(pin))


def _pin(row: list[str]) -> Pin:
    kind, name, version, pin, source, seen = row
    told = {"kind": kind, "name": name, "version": version, "pin": pin, "source": source, "date": seen}
    return Pin.model_validate(told)


def written_pins(pins: Pins) -> str:
    """The text of a file with these pins, by kind and name."""
    rows = (
        (pin.kind, pin.name, pin.version, pin.pin, pin.source, pin.date)
        for pin in sorted(pins.pins, key=_for)
    )
    return HEADER + "".join("\t".join(row) + "\n" for row in rows)
