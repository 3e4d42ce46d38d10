"""How long a kettle takes, and how hot the water gets."""

HEAT_OF_WATER = 4186.0
"""Joules that a kilogram of water takes up for each degree."""


def energy_to_heat(litres: float, degrees: float) -> float:
    """Return the energy in joules that heats so many litres of water by so many degrees."""
    if litres < 0 or degrees < 0:
        raise ValueError("litres and degrees cannot be negative")
    return litres * HEAT_OF_WATER * degrees
