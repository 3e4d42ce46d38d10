"""Every rule, by family; each family's own list is in its folder. A rule is a file, and its docstring the manual.

The families about workflows are loaded at once, the others when somebody asks for a whole repository: they know much
more of the world, and a single file is to be judged quickly.
"""

from functools import cache

from cicd_defs.judge.rule import Rule
from cicd_defs.judge.rules import cannot_fail, flow, plain_bugs, safety_nets, work_twice

ABOUT_WORKFLOWS = (cannot_fail, work_twice, flow, plain_bugs, safety_nets)


@cache
def workflow_rules() -> tuple[Rule, ...]:
    """The rules that judge one workflow."""
    modules = (module for family in ABOUT_WORKFLOWS for module in family.RULES)
    return tuple(rule for rule in map(Rule.of, modules) if rule.about.subject == "workflow")


@cache
def all_rules() -> tuple[Rule, ...]:
    """All rules, in the order of the families."""
    from cicd_defs.judge.rules import flaky_code, hygiene

    return tuple(
        Rule.of(module) for family in (*ABOUT_WORKFLOWS, hygiene, flaky_code) for module in family.RULES
    )


@cache
def rules_by_name() -> dict[str, Rule]:
    """All rules by name."""
    return {rule.name: rule for rule in all_rules()}
