"""Fixes are made together where they can be, each whole or not at all, and taken back where they do harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.findings import Confidence, Edit, Family, Finding, Fix, Severity, in_order
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping
from cicd_defs.judge.edits import insert_pair, set_input
from cicd_defs.judge.fixing import apply_edits, fix_all
from cicd_defs.judge.readable import flaw

RED = "red"


def finding(file: str, start: int, *edits: Edit, rule: str = "bad", safe: bool = True) -> Finding:
    return Finding(
        rule=rule,
        family=Family.HYGIENE,
        severity=Severity.LOW,
        confidence=Confidence.HIGH,
        file=file,
        line=1,
        column=start + 1,
        end_line=1,
        end_column=start + 2,
        message="m",
        start=start,
        end=start + 1,
        excerpt=str(start),
        fix=Fix("f", edits, safe) if edits else None,
    )


def letters(files: dict[str, str], safe: bool = True):
    """A toy rule: each `x` is bad, and becomes `y`; each `!` too, but its fix brings two."""

    def judged(state):
        now = {**files, **state}
        found = [
            finding(path, at, Edit(path, at, at + 1, "y" if char == "x" else "!!"), rule=char, safe=safe)
            for path, text in sorted(now.items())
            for at, char in enumerate(text)
            if char in "x!"
        ]
        return in_order(found)

    return fix_all(files.get, judged, unsafe=False)


def test_all_are_mended_and_a_second_run_changes_nothing():
    fixed = letters({"a": "x-x-x", "b": "nothing"})
    assert fixed.files == {"a": "y-y-y"}
    assert (len(fixed.mended), fixed.left) == (3, ())
    assert letters({"a": "y-y-y"}).files == {}


def test_fixes_that_touch_each_other_are_made_one_after_the_other():
    assert letters({"a": "x" * 40}).files == {"a": "y" * 40}


def test_a_fix_that_brings_something_new_is_refused_and_the_others_are_made():
    fixed = letters({"a": "x-!-x-!-x"})
    assert fixed.files == {"a": "y-!-y-!-y"}
    assert {one.rule for one in fixed.refused} == {"!"}
    assert [one.rule for one in fixed.left] == ["!", "!"]


def test_what_is_not_safe_waits_until_it_is_asked_for():
    assert letters({"a": "x"}, safe=False).files == {}


def test_a_refusal_among_thousands_costs_few_audits():
    count = 0
    text = "x-" * 500 + "!"

    def judged(state):
        nonlocal count
        count += 1
        return in_order(
            [
                finding("a", at, Edit("a", at, at + 1, "y" if char == "x" else "!!"), rule=char)
                for at, char in enumerate(state.get("a", text))
                if char in "x!"
            ]
        )

    fixed = fix_all({"a": text}.get, judged, unsafe=False)
    assert fixed.files == {"a": "y-" * 500 + "!"}
    assert count < 40


def test_a_fix_of_several_files_is_made_whole_or_not_at_all():
    files = {"a": "x", "b": "b"}
    both = (Edit("a", 0, 1, "y"), Edit("b", 0, 1, RED), Edit("new", 0, 0, "n"))

    def judged(state, harm):
        now = {**files, **state}
        found = [finding("a", 0, *both)] if "x" in now["a"] else []
        return in_order([*found, *([finding("b", 0, rule="new")] if harm and RED in now["b"] else [])])

    assert fix_all(files.get, lambda state: judged(state, False), unsafe=False).files == {
        "a": "y",
        "b": RED,
        "new": "n",
    }
    refused = fix_all(files.get, lambda state: judged(state, True), unsafe=False)
    assert refused.files == {}
    assert len(refused.refused) == 1


def test_rounds_end_where_a_fix_goes_in_circles():
    def judged(state):
        text = state.get("a", "x")
        other = "z" if text == "x" else "x"
        return (finding("a", 0, Edit("a", 0, 1, other), rule=f"from-{text}"),)

    assert fix_all({"a": "x"}.get, judged, unsafe=False).files == {}


@given(st.text(max_size=30), st.data())
def test_edits_that_do_not_overlap_change_just_their_places(text, data):
    cuts = (
        sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6, unique=True)))
        if text
        else [0, 0]
    )
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    edits = [Edit("a", start, end, f"<{start}>") for start, end in spans]
    expected, at = "", 0
    for start, end in spans:
        expected += text[at:start] + f"<{start}>"
        at = end
    shuffled = data.draw(st.permutations(edits))
    assert apply_edits(text, shuffled) == expected + text[at:]


@pytest.mark.parametrize("wanted", [True, False])
def test_only_what_is_wanted_is_mended(wanted):
    def judged(state):
        return () if state.get("a") == "y" else (finding("a", 0, Edit("a", 0, 1, "y")),)

    fixed = fix_all({"a": "x"}.get, judged, unsafe=True, wanted=lambda _: wanted)
    assert bool(fixed.files) == wanted


CI = ".github/workflows/ci.yml"
BARE = """\
on: push
jobs:
  test:
    name: Tests
    runs-on: ubuntu-24.04  # small
    # They are quick.
    steps:
      - name: Get it
        uses: actions/checkout@v4
        if: always()
      - run: make
"""
ABOVE_ALL = {"permissions": "{}", "concurrency": "ci", "env": "{A: 1}"}
OF_JOBS = {"timeout-minutes": "5", "permissions": "{}", "concurrency": "tests", "env": "{B: 1}"}
OF_CHECKOUTS = {"persist-credentials": "false", "fetch-depth": "1", "clean": "true"}
PLACES = {"jobs": ("on", "jobs"), "test": ("name", "runs-on", "steps")}


def wanting(place: str, key: str, before: str):
    """A rule that wants a key above all or in the job, and puts it before another: several may want the same."""

    def asked(workflow: WrittenWorkflow):
        node = workflow.root if place == "jobs" else workflow.jobs[0].node
        value = {"jobs": ABOVE_ALL, "test": OF_JOBS}[place][key]
        if key not in node.by_key:
            yield insert_pair(workflow.source, node, [f"{key}: {value}"], before=before)

    return asked


def wanting_input(key: str, behind: str | None):
    """A rule that wants an input of the checkout, and where there is none yet, `with` behind a key."""

    def asked(workflow: WrittenWorkflow):
        step = workflow.steps[0]
        if key in step.inputs:
            return
        if behind is None or isinstance(step.node.get("with"), Mapping):
            yield set_input(step, key, OF_CHECKOUTS[key])
        else:
            lines = ["with:", f"  {key}: {OF_CHECKOUTS[key]}"]
            yield insert_pair(workflow.source, step.node, lines, after=behind)

    return asked


WISHES = [
    *(wanting("jobs", key, before) for key in ABOVE_ALL for before in PLACES["jobs"]),
    *(wanting("test", key, before) for key in OF_JOBS for before in PLACES["test"]),
    *(wanting_input(key, behind) for key in OF_CHECKOUTS for behind in (None, "name", "if")),
]


@given(st.sets(st.integers(0, len(WISHES) - 1), min_size=2))
def test_several_fixes_that_put_the_same_key_somewhere_put_it_there_once(chosen):
    def judged(state):
        text = state.get(CI, BARE)
        assert not flaw(CI, text)
        workflow = WrittenWorkflow.read(Source(CI, text))
        return in_order(
            [
                finding(CI, edit.start, edit, rule=f"wish-{number}")
                for number in sorted(chosen)
                for edit in WISHES[number](workflow)
                if edit
            ]
        )

    fixed = fix_all({CI: BARE}.get, judged, unsafe=False)
    assert not fixed.left
    assert not fixed.refused
    left = fixed.files[CI]
    for line in BARE.splitlines():
        assert line.removeprefix("      - ").strip() in left


@pytest.mark.parametrize("bad", ["a: 1\na: 2\n", "a: ["])
def test_a_fix_that_nobody_could_read_is_refused_unasked(bad):
    def judged(state):
        text = state.get(CI, "a: 1\nb: x\n")
        assert text != bad
        found = [finding(CI, 0, Edit(CI, 0, len(text), bad), rule="worse")] if "x" in text else []
        return in_order([*found, *([finding(CI, 8, Edit(CI, 8, 9, "y"))] if "x" in text else [])])

    fixed = fix_all({CI: "a: 1\nb: x\n"}.get, judged, unsafe=False)
    assert fixed.files == {CI: "a: 1\nb: y\n"}
    assert [one.rule for one in fixed.refused] == ["worse"]
