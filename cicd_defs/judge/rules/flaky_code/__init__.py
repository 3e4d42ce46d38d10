"""Code that makes CI flaky."""

from types import ModuleType

from cicd_defs.judge.rules.flaky_code import shared_test_state, work_at_import

RULES: tuple[ModuleType, ...] = (work_at_import, shared_test_state)
