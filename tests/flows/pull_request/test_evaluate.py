import threading
from datetime import UTC, datetime

import pytest

from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.flows.line import Limits
from cicd_defs.flows.pull_request.decide import decide_merge
from cicd_defs.flows.pull_request.evaluate import PARTS, NotEvaluated, evaluate
from cicd_defs.flows.pull_request.report import report_on
from tests.flows.pull_request.place import MERGES, NO_TEST


def run(place, wanted=tuple(PARTS), parts=PARTS, **bench):
    """Evaluate, report and decide; return the verdicts as they came, and the decision."""
    claim, facts = place.claimed()
    made = place.bench(claim, facts)
    for name, value in bench.items():
        setattr(made, name, value)
    verdicts = list(evaluate(made, wanted, parts))
    report = report_on(place.line, claim, "run-1")
    return verdicts, report, decide_merge(place.line, claim)


def words(verdicts):
    return {verdict.part: verdict.word for verdict in verdicts}


def test_all_well_is_merged(place):
    place.open()
    verdicts, report, decision = run(place)
    assert words(verdicts) == report.words == dict.fromkeys(PARTS, "passed")
    assert (decision.outcome, len(decision.reasons)) == ("merge", 0)
    assert (len(place.sandbox.prepared), len(place.sandbox.destroyed)) == (1, 1)


def raises(bench):
    raise RuntimeError("broken")


def exits(bench):
    raise SystemExit(3)


def other(bench):
    return Verdict(part="somebody-else", word="passed", summary="")


def red_word(bench):
    return "passed"


WAYS = {
    "raises": raises,
    "exits": exits,
    "gives nothing": lambda bench: None,
    "gives no verdict": red_word,
    "gives another part's": other,
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_part_that_fails_by_itself_is_one_fault_and_holds(place, part, way):
    place.open()
    verdicts, report, decision = run(place, parts={**PARTS, part: WAYS[way]})
    assert [verdict.part for verdict in verdicts].count(part) == 1
    assert words(verdicts)[part] == report.words[part] == "fault"
    assert [word for name, word in report.words.items() if name != part] == ["passed"] * (len(PARTS) - 1)
    assert decision.outcome == "hold"
    assert any(f"`{part}` failed by itself" in vote.reason for vote in decision.reasons)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("dropped", ["from those wanted", "from the table"])
def test_a_part_that_is_dropped_is_one_fault_and_holds(place, part, dropped):
    place.open()
    wanted = [name for name in PARTS if dropped == "from the table" or name != part]
    parts = {name: body for name, body in PARTS.items() if name != part}
    verdicts, report, decision = run(place, wanted, parts)
    assert [verdict.part for verdict in verdicts].count(part) == (dropped == "from the table")
    assert report.words[part] == "fault"
    assert (decision.outcome, place.here.forge.rows[1].state) == ("hold", "open")
    assert f"`{part}` could not be completed" in report.markdown


@pytest.fixture
def hurried(place, monkeypatch):
    """A place where an evaluation may take 0.6 real seconds."""
    place.here.limits = Limits(validation_minutes=0.01)
    monkeypatch.setattr(place.here.clock, "now", lambda: datetime.now(UTC))
    return place


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_hangs_past_the_time_for_all_is_one_fault_and_holds(hurried, part):
    place = hurried
    place.open()
    over = threading.Event()

    def hangs(bench):
        over.wait(20)
        return Verdict(part=part, word="passed", summary="Too late.")

    verdicts, report, decision = run(place, parts={**PARTS, part: hangs})
    over.set()
    assert sorted(words(verdicts)) == sorted(PARTS)
    assert len(verdicts) == len(PARTS)
    assert report.words[part] == "fault"
    assert "not done after 0.01 minutes" in next(one.summary for one in verdicts if one.part == part)
    assert decision.outcome == "hold"
    kept = place.store.evidence.parts(place.subject(), 0)
    assert (kept[part]["word"], kept[part]["summary"] == "Too late.") == ("fault", False)


def test_a_step_that_hangs_is_ended_with_its_workspace(hurried):
    place = hurried
    place.open()
    place.sandbox.hanging = {"test"}
    verdicts, _, decision = run(place)
    assert words(verdicts)["test_results"] == "fault"
    assert (decision.outcome, len(place.sandbox.destroyed) > 0) == ("hold", True)


def test_a_workspace_that_is_ready_only_after_the_end_is_removed_too(hurried):
    """The sandbox takes longer to be made ready than there is time: nothing of it may be left behind."""
    place = hurried
    place.open()
    ready, real = threading.Event(), place.sandbox.prepare

    def slow(*arguments):
        ready.wait(20)
        return real(*arguments)

    place.sandbox.prepare = slow
    _, _, decision = run(place)
    assert decision.outcome == "hold"
    ready.set()
    for thread in [one for one in threading.enumerate() if one.name in PARTS]:
        thread.join(20)
    assert len(place.sandbox.destroyed) == len(place.sandbox.prepared) == 1
    assert place.sandbox.ran == []


@pytest.mark.parametrize(
    ("ends", "part_words", "outcome", "gate"),
    [
        (
            {"install": {"exit_code": 1}},
            {"sandbox_build": "failed", "test_results": "failed"},
            "reject",
            "build_success",
        ),
        (
            {"install": {"exit_code": 127, "tail": "bash: npm: command not found"}},
            {"sandbox_build": "not_evaluated", "test_results": "not_evaluated"},
            "hold",
            "evaluated",
        ),
        (
            {"build": {"exit_code": 2}},
            {"sandbox_build": "failed", "test_results": "passed"},
            "reject",
            "build_success",
        ),
        (
            {"lint": {"exit_code": 1}},
            {"sandbox_build": "passed", "test_results": "failed"},
            "reject",
            "build_success",
        ),
        (
            {"test": {"exit_code": 5}},
            {"sandbox_build": "passed", "test_results": "failed"},
            "reject",
            "build_success",
        ),
        (
            {"test": {"ended": "timed_out", "exit_code": None}},
            {"test_results": "failed"},
            "reject",
            "build_success",
        ),
        (
            {"test": {"ended": "killed", "exit_code": None}},
            {"test_results": "failed"},
            "reject",
            "build_success",
        ),
        (
            {"test": {"ended": "not_started", "exit_code": None}},
            {"test_results": "fault"},
            "hold",
            "evaluated",
        ),
    ],
)
def test_how_a_step_ends_decides(place, ends, part_words, outcome, gate):
    component = {"path": ".", "lint_cmd": "ruff check", "build_cmd": "python -m build"}
    place.declare(**MERGES, pipeline={"components": (component,)})
    place.open()
    place.sandbox.ends = ends
    verdicts, _, decision = run(place)
    assert {part: words(verdicts)[part] for part in part_words} == part_words
    assert (decision.outcome, decision.reasons[0].gate) == (outcome, gate)


JUNIT = (
    b"<testsuite><testcase classname='t' name='a'/><testcase classname='t' name='b'>%b</testcase></testsuite>"
)


@pytest.mark.parametrize(
    ("files", "failed", "word"),
    [
        ({"reports/junit.xml": JUNIT % b""}, [], "passed"),
        ({"reports/junit.xml": JUNIT % b"<failure message='no'/>"}, ["t::b"], "failed"),
        ({"reports/junit.xml": b"<!DOCTYPE x><testsuite/>"}, [], "failed"),
        ({"reports/junit.xml": b"<testsuite/>"}, [], "failed"),
        ({}, [], "failed"),  # it exits with 0, and nothing says that a test ran
    ],
)
def test_tests_are_read_from_the_report(place, files, failed, word):
    place.open()
    place.sandbox.files = files
    verdict = next(one for one in run(place)[0] if one.part == "test_results")
    assert [case.id for case in (verdict.tests.failed if verdict.tests else ())] == failed
    assert verdict.word == word


def test_a_report_that_is_no_plain_file_fails(place):
    place.open()
    place.sandbox.refused = {"reports/junit.xml": "It is a link; links are not followed."}
    verdicts, _, decision = run(place)
    verdict = next(one for one in verdicts if one.part == "test_results")
    assert (verdict.word, verdict.findings[0].kind) == ("failed", "result_refused")
    assert decision.outcome == "reject"


def test_without_a_sandbox_nothing_of_it_is_run_and_it_is_held(place):
    place.open()
    place.sandbox = None
    verdicts, _, decision = run(place)
    assert words(verdicts) == {
        "sandbox_build": "not_evaluated", "test_results": "not_evaluated", "gate_integrity": "passed",
    }  # fmt: skip
    assert (decision.outcome, decision.reasons[0].gate) == ("hold", "evaluated")


@pytest.mark.parametrize(
    ("who", "level", "word"),
    [
        ({"author_role": "stranger"}, "full", "passed"),
        ({"from_fork": True}, "full", "passed"),
        ({"author_role": "stranger"}, "partial", "not_evaluated"),
        ({"from_fork": True}, "partial", "not_evaluated"),
        ({"author_role": "stranger"}, "none", "not_evaluated"),
        ({"author_role": "member"}, "partial", "passed"),
        ({"author_role": "member"}, "none", "passed"),
    ],
)
def test_a_stranger_s_code_runs_in_a_full_sandbox_only(place, who, level, word):
    place.open(**who)
    place.sandbox.level = level
    verdicts, _, decision = run(place)
    assert words(verdicts)["test_results"] == word
    assert bool(place.sandbox.ran) is (word == "passed")
    assert (decision.outcome == "merge") is (who == {"author_role": "member"})


def test_a_conflict_is_not_evaluated_and_held(place, monkeypatch):
    place.open()
    monkeypatch.setattr(place.here.repository, "merge_result", lambda *_: None)
    verdicts, _, decision = run(place)
    assert set(words(verdicts).values()) == {"not_evaluated"}
    assert (decision.outcome, "conflicts" in {vote.gate for vote in decision.reasons}) == ("hold", True)


def test_the_steps_are_the_base_s_and_never_the_change_s(place):
    place.open(files={"Makefile": "test:\n\ttrue\n", "tox.ini": "[tox]\n", "pyproject.toml": "[project]\n"})
    run(place)
    ran = " ".join(step.run for step in place.sandbox.ran)
    assert "pytest" in ran
    assert "make" not in ran


def test_a_deleted_test_is_held_for_an_owner(place):
    place.open(files=NO_TEST)
    _, _, decision = run(place)
    assert {vote.gate for vote in decision.reasons} == {"gate_integrity"}
    place.review()
    assert decide_merge(place.line, place.store.claims.current("acme/shop", 1)).outcome == "merge"


def test_only_the_wanted_parts_run(place):
    place.open()
    verdicts, _, _ = run(place, ["gate_integrity"])
    assert words(verdicts) == {"gate_integrity": "passed"}
    assert place.sandbox.prepared == []


def test_not_evaluated_is_no_fault(place):
    place.open()

    def missing(bench):
        raise NotEvaluated("Install it.")

    verdicts, _, decision = run(place, parts={**PARTS, "sandbox_build": missing})
    assert words(verdicts)["sandbox_build"] == "not_evaluated"
    assert decision.outcome == "hold"
