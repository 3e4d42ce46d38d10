"""Code that makes CI flaky."""

from types import ModuleType

RULES: tuple[ModuleType, ...] = ()
