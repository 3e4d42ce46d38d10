import pytest

from cicd_defs.facts.reports.steps import StepResult
from cicd_defs.facts.reports.tests import TestCase, TestReport
from cicd_defs.facts.reports.verdicts import Finding, Verdict
from cicd_defs.plan.work.diagnosis import Diagnosis, Failure, diagnose
from cicd_defs.plan.work.strategy import Tried, next_strategy


def step(kind="test", **changes):
    values = {
        "name": f"{kind}: shop",
        "kind": kind,
        "component": "shop",
        "exit_code": 1,
        "tail": "it broke\n",
    }
    return StepResult.model_validate({**values, **changes})


def verdict(*steps, word="failed", **changes):
    return Verdict(part="test_results", word=word, summary="red", steps=steps, **changes)


def junit(*failed, message="assert 1 == 2"):
    cases = [TestCase(id=name, outcome="failed", message=message) for name in failed]
    return TestReport(cases=(TestCase(id="t::fine", outcome="passed"), *cases))


@pytest.mark.parametrize("kind", ["install", "lint", "typecheck", "test", "build"])
def test_the_category_is_the_kind_of_the_step(kind):
    [failure] = diagnose([verdict(step("setup", exit_code=0), step(kind, exit_code=2))]).failures
    assert (failure.category, failure.exit_code, failure.component) == (kind, 2, "shop")


@pytest.mark.parametrize("word", ["passed", "not_applicable", "not_evaluated", "fault"])
def test_what_is_no_failure_of_the_change_is_not_diagnosed(word):
    assert diagnose([verdict(step(), word=word)]).failures == ()


def test_failing_tests_are_named_with_their_messages():
    [failure] = diagnose([verdict(step(), tests=junit("t::a", "t::b"))]).failures
    assert [(test.id, test.message) for test in failure.tests] == [
        ("t::a", "assert 1 == 2"),
        ("t::b", "assert 1 == 2"),
    ]


def test_tests_that_fail_while_the_step_passes_are_found_too():
    [failure] = diagnose([verdict(step(exit_code=0), tests=junit("t::a"))]).failures
    assert (failure.category, failure.tests[0].id) == ("test", "t::a")


def test_many_failing_tests_are_counted():
    [failure] = diagnose([verdict(step(), tests=junit(*(f"t::{n}" for n in range(30))))]).failures
    assert (len(failure.tests), failure.more_tests) == (20, 10)
    assert diagnose([verdict(step(), tests=junit("t::a"))]).summary == "test of shop failed: 1 test"


def test_the_last_fifty_lines_are_kept():
    [failure] = diagnose([verdict(step(tail="\n".join(map(str, range(200))) + "\n"))]).failures
    assert failure.tail.splitlines() == [str(n) for n in range(150, 200)]


def test_a_short_output_is_kept_from_its_beginning():
    [failure] = diagnose([verdict(step(head="first\n", tail="last\n"))]).failures
    assert failure.tail == "first\nlast"


def test_a_step_that_was_stopped_says_how():
    [failure] = diagnose([verdict(step(ended="timed_out", exit_code=None))]).failures
    assert (failure.exit_code, failure.how) == (None, "timed out")


def test_findings_without_a_step_are_told_with_their_places():
    found = (Finding(kind="deleted_test", message="a test is gone", path="tests/test_a.py", line=3),)
    [failure] = diagnose(
        [Verdict(part="gate_integrity", word="failed", summary="weakened", findings=found)]
    ).failures
    assert (failure.category, failure.tail) == ("gate_integrity", "tests/test_a.py:3: a test is gone")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (step(tail="failed in 0.12s at 0x7f01"), step(tail="failed in 3.40s at 0x55aa"), True),
        (step(tail="/tmp/w1/a.py broke"), step(tail="/var/w2/x/a.py broke"), True),
        (step(tail="NameError"), step(tail="TypeError"), False),
        (step("lint"), step("test"), False),
        (step(exit_code=1), step(exit_code=2), False),
    ],
)
def test_a_diagnosis_is_the_same_whatever_varies_from_run_to_run(one, other, same):
    assert diagnose([verdict(one)]).same_as(diagnose([verdict(other)])) is same


def test_other_failing_tests_make_another_diagnosis():
    def of(*names):
        return diagnose([verdict(step(), tests=junit(*names))])

    assert of("t::a", "t::b").same_as(of("t::b", "t::a"))
    assert not of("t::a").same_as(of("t::a", "t::b"))


def failing(what):
    return Diagnosis(failures=(Failure(part="test_results", category="test", tail=what),))


ALL = ("regenerate_prompt", "different_approach", "simplified_scope")
A, B = failing("NameError"), failing("TypeError")


@pytest.mark.parametrize(
    ("declared", "most", "tried", "now", "strategy"),
    [
        pytest.param(ALL, 3, (), A, "regenerate_prompt", id="first"),
        pytest.param(ALL, 3, ((0, A),), B, "regenerate_prompt", id="something-changed"),
        pytest.param(ALL, 3, ((0, A),), A, "different_approach", id="same-again"),
        pytest.param(ALL, 3, ((0, A), (1, A)), A, "simplified_scope", id="same-twice"),
        pytest.param(ALL, 9, ((0, A), (1, A), (2, A)), A, "simplified_scope", id="the-last-is-kept"),
        pytest.param(ALL, 3, ((0, A), (0, B), (0, A)), B, None, id="used-up"),
        pytest.param(ALL, 0, (), A, None, id="none-allowed"),
        pytest.param((), 3, (), A, None, id="none-declared"),
        pytest.param(("simplified_scope",), 3, ((0, A),), B, "simplified_scope", id="declaration-changed"),
    ],
)
def test_the_next_strategy(declared, most, tried, now, strategy):
    before = [Tried(strategy=ALL[at], diagnosis=diagnosis.digest) for at, diagnosis in tried]
    assert next_strategy(declared, most, before, now) == strategy
