"""Each rule finds what it must, to the line, nothing else, and its fixes mend it."""

from collections.abc import Mapping

import pytest
import yaml

from cicd_defs.facts.findings import Finding
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.fixing import fix_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rules import all_rules, rules_by_name
from tests.judge.cases import ALL, Case

AT_LEAST = 5


def findings_in(files: Mapping[str, str], rule: str) -> tuple[Finding, ...]:
    tree = Tree.of(files)
    return audit(Repository(tree), Settings("strict"), rules=[rules_by_name()[rule]]).findings


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.rule}: {case.title}")
def test_a_rule_finds_what_it_must_and_nothing_else(case: Case):
    found = sorted(
        (one.file, one.line) for one in findings_in(case.files, case.rule) if one.rule == case.rule
    )
    assert found == sorted(case.expected)
    assert bool(case.expected) == case.bad


@pytest.mark.parametrize(
    "case", [case for case in ALL if case.bad], ids=lambda case: f"{case.rule}: {case.title}"
)
def test_a_fix_takes_its_finding_away_and_brings_nothing(case: Case):
    def judged(state: Mapping[str, str]) -> tuple[Finding, ...]:
        return findings_in({**case.files, **state}, case.rule)

    before = judged({})
    fixed = fix_all(case.files.get, judged, unsafe=True)
    assert not fixed.refused
    assert len(fixed.left) == len([one for one in before if one.fix is None])
    assert (
        fix_all(
            {**case.files, **fixed.files}.get, lambda state: judged({**fixed.files, **state}), unsafe=True
        ).files
        == {}
    )
    for path, text in fixed.files.items():
        if path.endswith((".yml", ".yaml")):
            yaml.load(text, yaml.CSafeLoader)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_each_rule_has_cases_and_a_manual(rule):
    cases = [case for case in ALL if case.rule == rule.name]
    assert len([case for case in cases if case.bad]) >= AT_LEAST
    assert len([case for case in cases if not case.bad]) >= AT_LEAST
    assert rule.summary.endswith(".")
    for part in ("**Why it matters**", "**How to fix**", "**Example**"):
        assert part in rule.manual


def test_no_case_is_of_a_rule_that_is_not_there():
    assert {case.rule for case in ALL} <= set(rules_by_name())
