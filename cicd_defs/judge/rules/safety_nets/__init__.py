"""What keeps a mistake small."""

from types import ModuleType

RULES: tuple[ModuleType, ...] = ()
