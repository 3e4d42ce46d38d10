"""What becomes of findings from one report to the next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.scans import (
    LONGEST_TEXT,
    ScanFinding,
    Scanned,
    ScanReport,
    ToolRun,
    Unread,
    at_least,
    fingerprinted,
    heaviest_first,
    in_short,
    report_of,
    severity_of,
    trend_of,
)


def finding(rule="B602", file="a.py", line=1, content="run(words)", target="repository", severity="high"):
    one = ScanFinding(
        tool="bandit", target=target, rule=rule, severity=severity, file=file, line=line, message="x"
    )
    return one, content


def scanned(*sightings, reason="", unread=(), target="repository"):
    run = ToolRun(tool="bandit", target=target, reason=reason, unread=unread)
    return Scanned(runs=(run,), findings=fingerprinted(sightings))


def report(given, before=None):
    return report_of("code", "c" * 40, "digest", given, before)


def shown(findings):
    return [(one.rule, one.file, one.line) for one in findings]


def test_a_line_that_moves_or_is_indented_anew_is_the_same_finding():
    before = report(scanned(finding(line=3)))
    now = report(scanned(finding(line=30, content="   run( words)".replace("( ", "("))), before)
    trend = trend_of(before, now)
    assert (trend.new, trend.fixed, len(trend.still)) == ((), (), 1)


@pytest.mark.parametrize(
    "change", [{"rule": "B603"}, {"file": "b.py"}, {"content": "run(other)"}], ids=lambda one: next(iter(one))
)
def test_another_rule_file_or_code_is_another_finding(change):
    before = report(scanned(finding()))
    trend = trend_of(before, report(scanned(finding(**change)), before))
    assert (len(trend.new), len(trend.fixed), trend.still) == (1, 1, ())


def test_one_more_of_the_same_is_one_new_finding():
    before = report(scanned(finding(line=1), finding(line=5)))
    now = report(scanned(finding(line=1), finding(line=5), finding(line=9)), before)
    assert shown(trend_of(before, now).new) == [("B602", "a.py", 9)]
    assert len(trend_of(now, before).fixed) == 1


def test_of_a_first_report_all_is_new():
    trend = trend_of(None, report(scanned(finding())))
    assert (trend.first, len(trend.new), trend.fixed) == (True, 1, ())


def test_what_nobody_could_look_at_is_neither_fixed_nor_new():
    first = report(scanned(finding(), finding(file="b.py")))
    night = report(scanned(reason="no network"), first)
    trend = trend_of(first, night)
    assert (trend.new, trend.fixed, trend.still) == ((), (), ())
    assert len(trend.carried) == 2
    assert night.gaps == ("bandit, repository: no network",)
    later = report(scanned(finding()), night)
    trend = trend_of(night, later)
    assert (trend.new, shown(trend.fixed), shown(trend.still)) == (
        (),
        [("B602", "b.py", 1)],
        [("B602", "a.py", 1)],
    )


def test_of_a_file_that_could_not_be_read_nothing_is_fixed():
    first = report(scanned(finding(), finding(file="b.py")))
    now = report(scanned(unread=(Unread(file="b.py", reason="syntax error"),)), first)
    trend = trend_of(first, now)
    assert shown(trend.fixed) == [("B602", "a.py", 1)]
    assert shown(trend.carried) == [("B602", "b.py", 1)]
    assert now.gaps == ("bandit, b.py: syntax error",)


def test_a_target_that_is_gone_has_no_findings_any_more():
    first = report(scanned(finding(target="uv.lock"), target="uv.lock"))
    now = report(scanned(finding(target="poetry.lock", file="p"), target="poetry.lock"), first)
    assert len(trend_of(first, now).fixed) == 1


NAMES = st.sampled_from(["a", "b", "c"])
SIGHTINGS = st.lists(
    st.builds(
        lambda rule, file, content, line: finding(rule, file, line, content),
        NAMES,
        NAMES,
        NAMES,
        st.integers(1, 99),
    ),
    max_size=12,
)


@given(earlier=SIGHTINGS, later=SIGHTINGS, reason=st.sampled_from(["", "no network"]))
def test_every_finding_is_told_once_and_numbers_add_up(earlier, later, reason):
    before = report(scanned(*earlier))
    now = report(scanned(*([] if reason else later), reason=reason), before)
    trend = trend_of(before, now)
    prints = [one.fingerprint for one in now.known]
    assert len(set(prints)) == len(prints)
    assert len(trend.new) + len(trend.still) == len(now.findings)
    assert len(now.known) == len(before.known) + len(trend.new) - len(trend.fixed)
    assert not (reason and (trend.new or trend.fixed))
    assert ScanReport.model_validate_json(now.model_dump_json()) == now


def test_severities_are_one_scale():
    words = ["INFO", "Moderate", "CRITICAL", "UNKNOWN", ""]
    assert [severity_of(word) for word in words] == ["low", "medium", "critical", "high", "high"]
    found = [finding(severity=one, file=one)[0] for one in ("low", "critical", "medium")]
    assert [one.severity for one in heaviest_first(found)] == ["critical", "medium", "low"]
    assert [one.severity for one in at_least(found, "medium")] == ["critical", "medium"]


def test_what_a_tool_says_is_one_line_and_not_too_long():
    assert in_short(" a\n b\t") == "a b"
    assert in_short(None) == ""
    assert len(in_short("x" * 1000)) == LONGEST_TEXT
