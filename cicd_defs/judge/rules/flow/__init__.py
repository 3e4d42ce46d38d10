"""Jobs and steps in an order that cannot hold."""

from types import ModuleType

RULES: tuple[ModuleType, ...] = ()
