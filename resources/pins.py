"""The pins that stand beside project files."""

from __future__ import annotations

from pathlib import Path

from cicd_defs.plan.pinned import PINS_FILE, BadPins, Pins, read_pins

LARGEST_PINS = 4 * 1024 * 1024


def pins_beside(folder: Path) -> Pins:
    """The pins that stand beside project files; none where there is no such file. Raises `BadPins`."""
    return pins_in(folder / PINS_FILE)


def pins_in(file: Path) -> Pins:
    """The pins in a file; none where there is none. Raises `BadPins` for what cannot be read as pins."""
    try:
        if file.stat().st_size > LARGEST_PINS:
            raise BadPins(f"{file}: it has more than {LARGEST_PINS:,} bytes, so it is no file of pins.")
        return read_pins(file.read_text("utf-8"), str(file))
    except FileNotFoundError:
        return Pins()
    except UnicodeDecodeError:
        raise BadPins(f"{file}: it is not UTF-8. `cicd pins update` writes it anew.") from None
    except OSError as error:
        raise BadPins(f"{file}: it cannot be read: {error.strerror}.") from error
