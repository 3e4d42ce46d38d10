"""Every check turns red on a planted defect, and green without it."""

import pytest

import assets.checks
import assets.written
from assets.checks import FAMILIES, Evidence
from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import CI_PATH
from cicd_defs.plan.pipeline import Permission
from cicd_defs.render.files import render_files
from cicd_defs.render.regenerate import regenerate
from resources.scanners import Finding, NotEvaluated, Refusal, Scan, Zizmor
from tests.assets.shop import (
    AUDIT_CHECKS,
    FILES,
    NOBODY,
    SCAN_CHECKS,
    Scanner,
    checks_of,
    declared,
    materialise,
)

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")

PLAN = compile_pipeline(declared().project, detect(Tree.of(FILES)), Written())
TEXTS = render_files(PLAN)
BROUGHT_TOGETHER = regenerate(TEXTS, {})


def verdicts(files=TEXTS, plan=PLAN, scan=None):
    workflows = {file.path: file.text for file in files if file.kind == "workflow"}
    evidence = Evidence(plan, files, scan or Zizmor().scan(workflows), BROUGHT_TOGETHER)
    return {family.name: family.answer(evidence) for family in FAMILIES}


def edited(old, new, path=CI_PATH):
    """The files, with some text of one of them replaced."""
    assert any(old in file.text for file in TEXTS if file.path == path)
    return tuple(
        file.model_copy(update={"text": file.text.replace(old, new, 1)}) if file.path == path else file
        for file in TEXTS
    )


def red(found):
    return {name for name, verdict in found.items() if not verdict.passed}


def test_what_we_render_is_green():
    assert red(verdicts()) == set()


PLANTED = [
    pytest.param(
        "runs-on: ", "runs_on: ", {"schema", "security", "round_trip", "idempotence"}, id="misspelt-key"
    ),
    pytest.param("jobs:", "jobs: [", {"schema", "security", "round_trip", "idempotence"}, id="not-yaml"),
    pytest.param(
        "permissions: {}",
        "permissions: write-all",
        {"security", "round_trip", "idempotence"},
        id="all-rights",
    ),
    pytest.param(
        "persist-credentials: false",
        "persist-credentials: true",
        {"security", "round_trip", "idempotence"},
        id="credentials",
    ),
    pytest.param(
        "timeout-minutes: 20", "timeout-minutes: 21", {"round_trip", "idempotence"}, id="another-number"
    ),
    pytest.param("\njobs:", "\n\njobs:", {"idempotence"}, id="a-blank-line"),
]


@pytest.mark.parametrize(("old", "new", "expected"), PLANTED)
def test_a_planted_defect_turns_its_checks_red(old, new, expected):
    found = verdicts(edited(old, new))
    assert red(found) == expected
    for name in expected:
        assert found[name].metadata["found"].records


def test_a_workflow_nobody_planned_is_no_round_trip():
    stranger = TEXTS[0].model_copy(update={"path": ".github/workflows/other.yml"})
    assert "round_trip" in red(verdicts((*TEXTS, stranger)))


def test_a_planned_workflow_without_its_file_is_no_pass():
    without = tuple(file for file in TEXTS if file.path != CI_PATH)
    found = verdicts(without)
    for name in ("schema", "security", "round_trip"):
        assert not found[name].passed
        assert CI_PATH in {record.data["file"] for record in found[name].metadata["found"].records}
    assert red(verdicts(())) == {"schema", "security", "round_trip", "idempotence"}


def test_without_any_workflow_there_is_nothing_to_judge_and_that_is_said():
    plan = PLAN.model_copy(
        update={"workflows": (), "files": tuple(file for file in PLAN.files if file.kind != "workflow")}
    )
    found = verdicts(render_files(plan), plan)
    for name in ("schema", "security", "round_trip"):
        assert found[name].sentence.startswith("no workflow files to judge")


def test_a_renderer_that_is_not_the_same_twice_is_not_idempotent(monkeypatch):
    counted = iter(range(100))
    monkeypatch.setattr(
        assets.checks,
        "render_files",
        lambda plan: tuple(
            f.model_copy(update={"text": f"{f.text}# {next(counted)}"}) for f in render_files(plan)
        ),
    )
    assert red(verdicts()) == {"idempotence"}


def test_a_file_that_is_lost_on_the_way_is_not_idempotent():
    assert "idempotence" in red(verdicts(TEXTS[:-1]))


def test_what_people_and_the_declaration_both_changed_is_shown_with_both_sides():
    texts = {file.path: file.text for file in regenerate(TEXTS, {}).files}
    texts[CI_PATH] = texts[CI_PATH].replace("timeout-minutes: 20", "timeout-minutes: 99", 1)
    later = edited("timeout-minutes: 20", "timeout-minutes: 7")
    evidence = Evidence(PLAN, later, NOBODY, regenerate(later, texts))
    verdict = next(family.answer(evidence) for family in FAMILIES if family.name == "hand_edits")
    assert not verdict.passed
    [row] = verdict.metadata["found"].records
    assert "timeout-minutes: 99" in row.data["current"]
    assert "timeout-minutes: 7" in row.data["generated"]


def test_a_right_that_no_step_needs_turns_privileges_red():
    ci = PLAN.workflows[0]
    job = ci.jobs[1]
    wider = (*job.permissions, Permission(scope="packages", access="write", reason="because"))
    jobs = tuple(one.model_copy(update={"permissions": wider}) if one is job else one for one in ci.jobs)
    plan = PLAN.model_copy(update={"workflows": (ci.model_copy(update={"jobs": jobs}), *PLAN.workflows[1:])})
    [row] = verdicts(plan=plan)["privileges"].metadata["found"].records
    assert row.data["scope"] == "packages"


def test_a_secret_that_people_put_where_strangers_reach_it_turns_secrets_red():
    texts = {file.path: file.text for file in BROUGHT_TOGETHER.files}
    texts[CI_PATH] = texts[CI_PATH].replace("\njobs:\n", "\nenv:\n  WORD: ${{ secrets.WORD }}\n\njobs:\n", 1)
    evidence = Evidence(PLAN, TEXTS, NOBODY, regenerate(TEXTS, texts))
    verdict = next(family.answer(evidence) for family in FAMILIES if family.name == "secrets")
    assert not verdict.passed
    assert "WORD" in str([record.data for record in verdict.metadata["found"].records])


def test_who_cannot_be_asked_is_a_warning_and_no_pass():
    found = verdicts(scan=NOBODY)
    for name in ("schema", "security"):
        assert (found[name].passed, found[name].evaluated) == (False, False)
        assert "not evaluated: it is not installed" in found[name].sentence
    assert found["round_trip"].passed


REFUSED = Scan(scanner="fake", refusals=(Refusal(file=CI_PATH, reason="not a workflow"),))
FOUND = Scan(
    scanner="fake",
    findings=(Finding(file=CI_PATH, line=3, rule="template-injection", severity="high", message="evil"),),
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(FOUND, {"security": (False, "ERROR")}, id="findings"),
        pytest.param(REFUSED, {"schema": (False, "ERROR"), "security": (False, "ERROR")}, id="refused"),
        pytest.param(NOBODY, {"schema": (False, "WARN"), "security": (False, "WARN")}, id="nobody-to-ask"),
        pytest.param(
            NotEvaluated(scanner="fake", reason="x"),
            {"schema": (False, "WARN"), "security": (False, "WARN")},
            id="failed-to-run",
        ),
    ],
)
def test_verdicts_reach_dagster_and_nothing_is_kept_from_being_made(answer, expected):
    result = materialise(scanner=Scanner(answer))
    assert result.success
    said = {name: (passed, severity) for name, (passed, severity, _) in checks_of(result).items()}
    assert (
        said
        == {
            "hand_edits": (True, "ERROR"),
            "privileges": (True, "ERROR"),
            "secrets": (True, "ERROR"),
            "round_trip": (True, "ERROR"),
            "idempotence": (True, "ERROR"),
            "schema": (True, "ERROR"),
            "security": (True, "ERROR"),
            **dict.fromkeys(SCAN_CHECKS, (True, "ERROR")),
            **dict.fromkeys(AUDIT_CHECKS, (True, "WARN")),
        }
        | expected
    )


def test_a_defect_of_the_renderer_reaches_the_checks_of_a_run(monkeypatch):
    broken = edited("runs-on: ", "runs_on: ")
    monkeypatch.setattr(assets.written, "render_files", lambda _: broken)
    result = materialise(scanner=Zizmor())
    assert {name for name, (passed, *_) in checks_of(result).items() if not passed} == {
        *("schema", "security", "round_trip", "idempotence")
    }
