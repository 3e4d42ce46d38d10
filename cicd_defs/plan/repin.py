"""The same pipeline with other pins: every action and image of which a newer version or digest is known."""

import re

from cicd_defs.facts.value import Value
from cicd_defs.plan import pins as ours
from cicd_defs.plan.pinned import Pins
from cicd_defs.plan.pipeline import Action, Pipeline


def repinned(pipeline: Pipeline, pins: Pins) -> Pipeline:
    """The pipeline with the actions and images of `pins` at these versions and digests, and nothing else changed.

    An image gets its digest where it has none or the one that we bring along, wherever it is named. A digest that
    somebody declared stays.
    """
    if not pins.pins:
        return pipeline
    changed = _changed(pipeline, pins)
    assert isinstance(changed, Pipeline)
    return changed


def _changed(part: object, pins: Pins) -> object:
    if isinstance(part, Action):
        return _action(part, pins)
    if isinstance(part, str):
        return _text(part, pins)
    if isinstance(part, tuple):
        return tuple(_changed(item, pins) for item in part)
    if isinstance(part, dict):
        return {key: _changed(item, pins) for key, item in part.items()}
    if isinstance(part, Value):
        new = {name: _named(name, value, pins) for name, value in part}
        return part.model_copy(update={name: new[name] for name, value in part if new[name] != value})
    return part


def _named(name: str, value: object, pins: Pins) -> object:
    """A field's value. An `image`, of a service or a Dockerfile's base, gets a digest also where it has none."""
    pin = pins.image(value) if name == "image" and isinstance(value, str) else None
    return f"{value}@{pin.pin}" if pin else _changed(value, pins)


def _action(action: Action, pins: Pins) -> Action:
    pin = pins.action(action.name)
    return Action(name=action.name, commit=pin.pin, version=pin.version) if pin else action


_WITH_DIGEST = re.compile(r"([A-Za-z0-9][\w./:-]*)@(sha256:[0-9a-f]{64})", re.ASCII)


def _text(text: str, pins: Pins) -> str:
    """Text that may hold images with the digests that we bring along, such as a command."""
    if "@sha256:" not in text:
        return text
    return _WITH_DIGEST.sub(lambda found: _with_digest(found[1], found[2], pins), text)


def _with_digest(reference: str, digest: str, pins: Pins) -> str:
    pin, known = pins.image(reference), ours.packaged().image(reference)
    replaced = pin is not None and known is not None and known.pin == digest
    return f"{reference}@{pin.pin if pin and replaced else digest}"
