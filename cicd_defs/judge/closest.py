"""The word that somebody meant: the nearest one of those that there are."""

from collections.abc import Iterable
from difflib import get_close_matches

NEAR = 0.6
"""How much alike two words have to be, from 0 to 1."""


def closest(word: str, known: Iterable[str], near: float = NEAR) -> str | None:
    """The known word most like this one, case aside; None where none is near."""
    lower = {one.lower(): one for one in sorted(known, reverse=True)}
    found = get_close_matches(word.lower(), list(lower), n=1, cutoff=near)
    return lower[found[0]] if found else None
