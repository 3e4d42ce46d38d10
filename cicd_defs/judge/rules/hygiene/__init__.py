"""What a repository has beside its workflows."""

from types import ModuleType

RULES: tuple[ModuleType, ...] = ()
