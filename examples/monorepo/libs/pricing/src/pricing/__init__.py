"""What it costs to send a parcel. Prices are in cents, weights in grams."""

from typing import Literal, get_args

Place = Literal["inland", "abroad"]
PLACES: tuple[str, ...] = get_args(Place)

STEPS = ((500, 390), (2_000, 590), (10_000, 1_090))
"""Up to how many grams a parcel costs how many cents inland."""

ABROAD = 2.5
"""How many times as much it costs abroad."""


class TooHeavyError(ValueError):
    """Nobody carries this."""


def price(grams: int, place: Place = "inland") -> int:
    """The price of one parcel."""
    if grams <= 0:
        raise ValueError("a parcel weighs something")
    for limit, cents in STEPS:
        if grams <= limit:
            return round(cents * ABROAD) if place == "abroad" else cents
    raise TooHeavyError(f"a parcel weighs at most {STEPS[-1][0]} grams")
