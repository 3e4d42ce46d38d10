"""Code that makes CI flaky."""

from types import ModuleType

from cicd_defs.judge.rules.flaky_code import shared_test_state, unmarked_network_test, work_at_import

RULES: tuple[ModuleType, ...] = (work_at_import, unmarked_network_test, shared_test_state)
