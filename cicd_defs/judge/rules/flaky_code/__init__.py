"""Code that makes CI flaky."""

from types import ModuleType

from cicd_defs.judge.rules.flaky_code import (
    duplicate_modules,
    shared_test_state,
    unmarked_network_test,
    untested_module,
    untyped_public_function,
    work_at_import,
)

RULES: tuple[ModuleType, ...] = (
    work_at_import,
    duplicate_modules,
    unmarked_network_test,
    shared_test_state,
    untyped_public_function,
    untested_module,
)
