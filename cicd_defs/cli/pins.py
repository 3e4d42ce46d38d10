"""Commands about pins: which version of every action and image is used, and which is the newest."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cicd_defs.cli.reading import PLACE, PROJECTS, UsageProblem

if TYPE_CHECKING:
    from cicd_defs.plan.pinned import Pin, Pins
    from resources.pin_lookups import Sources
    from resources.registries import Registries

FILE = PROJECTS / "pins.tsv"
GITHUB = "https://github.com"
LOOK = (
    " A tag that moved may hide somebody else's code: look at the action's repository before you use it. The others "
    "can be brought up to date with --only."
)


@click.group()
def pins() -> None:
    """Versions of actions and images, each pinned to a commit or a digest."""


@pins.command("list")
@click.option(
    "--file",
    type=PLACE,
    default=FILE,
    show_default=True,
    help="The file of pins, beside the project files.",
)
def list_pins(file: Path) -> None:
    """Print every pin in use: kind, name, version, commit or digest, who told it, since when, and its age in days."""
    from datetime import UTC, datetime

    today = datetime.now(UTC).date()
    rows = [("KIND", "NAME", "VERSION", "PIN", "SOURCE", "SINCE", "DAYS")]
    for pin in _in_use(file).pins:
        age = pin.age(today)
        since = ("?", "?") if age is None else (pin.date, str(age))
        rows.append((pin.kind, pin.name, pin.version, pin.pin, pin.source, *since))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@pins.command()
@click.option("--only", multiple=True, help="An action or an image in use, or an image to add: mongo:8.")
@click.option("--major", is_flag=True, help="Take new major versions of actions too.")
@click.option(
    "--out", type=PLACE, default=FILE, show_default=True, help="The file of pins to bring up to date."
)
@click.option("--github", default=GITHUB, show_default=True, help="Where the actions' repositories are.")
def update(only: tuple[str, ...], major: bool, out: Path, github: str) -> None:
    """Look up the newest version of each action and the digest of each image, and write them into the file of pins.

    Everything that is planned from then on has these. A tag that was moved since it was recorded is an error; then,
    and where anything cannot be looked up, nothing is written.
    """
    import os
    from datetime import UTC, datetime

    from cicd_defs.plan.pinned import Pins, written_pins
    from resources.pin_lookups import look_up, told
    from resources.registries import Registries
    from resources.values import write_atomically

    used = _in_use(out)
    chosen = _chosen(used, only) if only else used.pins
    today = datetime.now(UTC).date().isoformat()
    with Registries() as registries:
        found = look_up(chosen, _sources(github, dict(os.environ), registries), today, major=major)
    if found.problems:
        suspicious = any(problem.moved for problem in found.problems)
        raise UsageProblem(
            f"{told(found.problems)}\nNothing was written to {out}.{LOOK if suspicious else ''}"
        )
    changes = [line for pin in found.pins if (line := _change(pin, used))]
    mode = out.stat().st_mode & 0o777 if out.exists() else 0o644
    write_atomically(out, written_pins(Pins(pins=found.pins).over(_kept(out))).encode())
    out.chmod(mode)  # what is written in a draft first is its owner's alone
    print("".join(f"{line}\n" for line in changes), end="")
    print(f"{out}: {len(found.pins)} looked up, {len(changes)} changed.", file=sys.stderr)


def _kept(file: Path) -> "Pins":
    """What the file holds already."""
    from cicd_defs.plan.pinned import BadPins
    from resources.pins import pins_in

    try:
        return pins_in(file)
    except BadPins as error:
        raise UsageProblem(f"{error}\nMend the file, or take it away to begin anew.") from None


def _in_use(file: Path) -> "Pins":
    """The packaged pins, with those of the file in their place."""
    from cicd_defs.plan.pins import packaged

    return _kept(file).over(packaged())


def _chosen(used: "Pins", only: Iterable[str]) -> tuple["Pin", ...]:
    """The pins of these names: an action's, an image's with its tag or all tags of it, or an image that is new."""
    chosen: dict[str, Pin] = {}
    for name in only:
        of_that_name = [pin for pin in used.pins if name.lower() in {pin.name.lower(), pin.reference.lower()}]
        for pin in of_that_name or [_new_image(name)]:
            chosen[pin.reference] = pin
    return tuple(chosen.values())


def _new_image(reference: str) -> "Pin":
    from pydantic import ValidationError

    from cicd_defs.plan.pinned import Pin
    from resources.registries import RegistryError, place_of

    name, _, tag = reference.rpartition(":")
    unknown = "sha256:" + "0" * 64  # its place is taken by what the registry says, or nothing is written
    told = {"kind": "image", "name": name, "version": tag, "pin": unknown, "source": "registry"}
    try:
        place_of(reference)
        return Pin.model_validate(told)
    except (RegistryError, ValidationError):
        raise UsageProblem(
            f"No plan uses {reference!r}. `cicd pins list` shows what is used; an image is added as NAME:TAG."
        ) from None


def _sources(github: str, environ: dict[str, str], registries: "Registries") -> "Sources":
    from cicd_defs.adapters.git import Git
    from resources.pin_lookups import Sources

    git, base = Git(Path(), environ), github.rstrip("/")
    return Sources(tags=lambda name: git.tags(f"{base}/{name}"), digest=registries.digest)


def _change(pin: "Pin", used: "Pins") -> str:
    """What changed of a pin, in a line; nothing where all is as it was."""
    before = used.action(pin.name) if pin.kind == "action" else used.image(pin.reference)
    if before is not None and (before.version, before.pin) == (pin.version, pin.pin):
        return ""
    was = f"{before.version} {before.pin}" if before else "new"
    return f"{pin.kind} {pin.name}: {was} → {pin.version} {pin.pin}"
