"""Values that do not mean what they look like."""

from types import ModuleType

RULES: tuple[ModuleType, ...] = ()
