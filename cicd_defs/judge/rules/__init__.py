"""Every rule, by family; each family's own list is in its folder. A rule is a file, and its docstring the manual."""

from cicd_defs.judge.rule import Rule
from cicd_defs.judge.rules import cannot_fail, flaky_code, flow, hygiene, plain_bugs, safety_nets, work_twice

FAMILIES = (cannot_fail, work_twice, flow, plain_bugs, safety_nets, hygiene, flaky_code)

RULES: tuple[Rule, ...] = tuple(Rule.of(module) for family in FAMILIES for module in family.RULES)

BY_NAME: dict[str, Rule] = {rule.name: rule for rule in RULES}
