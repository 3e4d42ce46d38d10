"""Every rule, written down by family. A rule is a file; `cicd explain RULE` prints its docstring."""

from types import ModuleType

from cicd_defs.judge.rule import Rule
from cicd_defs.judge.rules.cannot_fail import or_true

CANNOT_FAIL: tuple[ModuleType, ...] = (or_true,)
WORK_TWICE: tuple[ModuleType, ...] = ()
FLOW: tuple[ModuleType, ...] = ()
PLAIN_BUGS: tuple[ModuleType, ...] = ()
SAFETY_NETS: tuple[ModuleType, ...] = ()
HYGIENE: tuple[ModuleType, ...] = ()
FLAKY_CODE: tuple[ModuleType, ...] = ()

RULES: tuple[Rule, ...] = tuple(
    Rule.of(module)
    for family in (CANNOT_FAIL, WORK_TWICE, FLOW, PLAIN_BUGS, SAFETY_NETS, HYGIENE, FLAKY_CODE)
    for module in family
)

BY_NAME: dict[str, Rule] = {rule.name: rule for rule in RULES}
