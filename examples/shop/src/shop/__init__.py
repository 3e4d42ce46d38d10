"""A small tea shop: a catalogue, a basket that knows its price, and orders that are kept."""

__version__ = "0.3.0"
