"""What the commands of the delivery line begin with: the settings, the store, and who asks."""

import getpass
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cicd_defs.cli.reading import UsageProblem
from cicd_defs.cli.writing import terminal

if TYPE_CHECKING:
    from cicd_defs.adapters.store.engine import Store
    from cicd_defs.settings import Settings

MISUSE = 2
FAULT = 3
"""Exit codes: what was asked makes no sense; something that is needed does not work."""


def settings_here() -> "Settings":
    """Return the settings of this process's environment."""
    from cicd_defs.settings import Settings, SettingsError

    try:
        return Settings.from_env(os.environ)
    except SettingsError as error:
        raise UsageProblem(str(error), MISUSE) from None


@contextmanager
def opened_store(settings: "Settings") -> "Iterator[Store]":
    """Open our store, brought up to date, for as long as the block runs."""
    from cicd_defs.adapters.store.engine import StoreError, open_store

    try:
        store = open_store(settings.store_url, migrate=True)
        try:
            yield store
        finally:
            store.close()
    except StoreError as error:
        raise UsageProblem(str(error), FAULT) from None


def operator() -> str:
    """Return the name of whoever runs this command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; the first row names them."""
    shown = [[terminal(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
