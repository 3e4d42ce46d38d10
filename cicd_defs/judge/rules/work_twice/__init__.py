"""Work that is done twice."""

from types import ModuleType

RULES: tuple[ModuleType, ...] = ()
