"""The audit of a project's CI as an asset, and the plan that follows from it."""

import dagster as dg
import pytest

from assets.audit import QUESTIONS, check_name
from cicd_defs.facts.findings import Confidence, Family, Finding, Severity
from resources.judges import Judged
from resources.scanners import NotEvaluated
from tests.assets.shop import FILES, MemoryRepositories, OtherJudges, checks_of, declared, materialise

CI = ".github/workflows/ci.yml"
POOR = """\
on: pull_request
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: pytest -q || true
"""
KEYS = [
    dg.AssetKey(["shop", name])
    for name in ("repository", "stacks", "pipeline", "ci_audit", "improvement_plan")
]
CHECKS = {check_name(family) for family in QUESTIONS}

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def audited(instance, files=None, selection=KEYS, project=None, judges=None):
    repositories = MemoryRepositories({**FILES, CI: POOR} if files is None else files)
    return materialise(project, instance, selection, repositories=repositories, judges=judges)


def shown(result, name):
    [event] = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["shop", name])
    ]
    return event.materialization.metadata


def test_findings_are_a_table_with_numbers_over_time_and_a_check_for_each_family(instance):
    result = audited(instance)
    report = result.asset_value(["shop", "ci_audit"])
    assert ("or-true", CI, 7) in {(row.rule, row.file, row.line) for row in report.rows}
    metadata = shown(result, "ci_audit")
    assert metadata["findings"].value == len(report.rows)
    assert metadata["high"].value == sum(row.severity == "high" for row in report.rows)
    assert metadata["minutes_to_save"].value == report.minutes > 0
    assert len(metadata["table"].records) == len(report.rows)
    checks = {name: answer for name, answer in checks_of(result).items() if name in CHECKS}
    assert checks["cannot_fail"][:2] == (False, "ERROR")
    assert checks["flow"][0]
    assert set(checks) == CHECKS


def test_the_plan_mends_what_was_found_patch_by_patch(instance):
    plan = audited(instance).asset_value(["shop", "improvement_plan"])
    assert plan.series[0].slug == "let-checks-fail"
    assert "-      - run: pytest -q || true\n+      - run: pytest -q\n" in plan.series[0].patch
    assert [one.number for one in plan.series] == list(range(1, len(plan.series) + 1))
    assert all(set(one.depends_on) < set(range(one.number)) for one in plan.series)


def test_the_settings_of_the_project_file_are_heard(instance):
    text = "repository: acme/shop\naudit: {ignore: [or-true], rules: {no-timeout: high}}\n"
    report = audited(instance, project=declared(text)).asset_value(["shop", "ci_audit"])
    assert "or-true" not in {row.rule for row in report.rows}
    assert {row.severity for row in report.rows if row.rule == "no-timeout"} == {"high"}


def test_others_findings_join_and_one_that_could_not_be_asked_is_no_green_check(instance):
    theirs = Finding(
        *(
            "unpinned-uses",
            Family.SAFETY_NETS,
            Severity.MEDIUM,
            Confidence.HIGH,
            CI,
            6,
            15,
            6,
            34,
            "a tag moves",
        ),
        tool="zizmor",
    )
    rows = audited(instance, judges=OtherJudges(Judged((theirs,)))).asset_value(["shop", "ci_audit"]).rows
    assert ("zizmor", "unpinned-uses") in {(row.tool, row.rule) for row in rows}
    nobody = OtherJudges(
        Judged(not_evaluated=(NotEvaluated(scanner="zizmor", reason="it is not installed"),))
    )
    result = audited(instance, files=FILES, judges=nobody)
    passed, severity, words = checks_of(result)["safety_nets"]
    assert (passed, severity) == (False, "WARN")
    assert words == "not evaluated: zizmor: it is not installed"


def test_each_can_be_made_alone(instance):
    audited(instance)
    again = audited(instance, selection=[KEYS[-1]])
    assert [event.asset_key for event in again.get_asset_materialization_events()] == [KEYS[-1]]
    alone = audited(instance, selection=[KEYS[-2]])
    assert [event.asset_key for event in alone.get_asset_materialization_events()] == [KEYS[-2]]
    assert {name for name in checks_of(alone) if name in CHECKS} == CHECKS
