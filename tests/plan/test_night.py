"""Integration and end-to-end tests run at night, each in a job of its own, and hold no change up."""

import pytest

from cicd_defs.plan.pipeline import Job, StepKind
from tests.samples import ci, claims, commands, component, plan

SERVICES = claims("postgres")


def nightly(*components, **pipeline) -> dict[str, Job]:
    workflow = plan(*components, **pipeline).workflow(".github/workflows/nightly.yml")
    return {job.id: job for job in workflow.jobs if not job.id.startswith("scan")} if workflow else {}


def run_of(job: Job, kind: StepKind) -> str | None:
    return next((step.run for step in job.steps if step.kind == kind), None)


@pytest.mark.parametrize(
    ("runs", "services", "expected"),
    [
        pytest.param({"test": "t"}, (), {}, id="tests-alone"),
        pytest.param({"test": "t"}, SERVICES, {"integration": "t"}, id="tests-with-services"),
        pytest.param({"test": "t", "integration": "i"}, (), {"integration": "i"}, id="integration"),
        pytest.param({"test": "t", "e2e": "e"}, (), {"e2e": "e"}, id="e2e"),
        pytest.param(
            {"test": "t", "e2e": "e"}, SERVICES, {"integration": "t", "e2e": "e"}, id="e2e-and-services"
        ),
        pytest.param(
            {"test": "t", "integration": "i", "e2e": "e"}, (), {"integration": "i", "e2e": "e"}, id="all"
        ),
    ],
)
def test_each_kind_of_tests_has_its_job(runs, services, expected):
    jobs = nightly(component(commands=commands(**runs), services=services))
    found = {name: run_of(job, StepKind(name)) or run_of(job, StepKind.TEST) for name, job in jobs.items()}
    assert {name: run for name, run in found.items() if name in {"integration", "e2e"}} == expected
    assert all(bool(jobs[name].services) == bool(services) for name in expected)


def test_end_to_end_tests_are_no_part_of_a_changes_checks():
    pipeline = plan(component(commands=commands(lint="l", test="t", e2e="e")))
    assert {job.id for job in ci(pipeline).jobs} == {"changes", "lint", "test", "gate"}
    assert [command.kind for command in pipeline.local] == ["lint", "test", "e2e"]


def test_they_can_be_declared_and_skipped():
    declared = {"path": ".", "e2e_cmd": "make e2e"}
    assert run_of(nightly(component(), components=[declared])["e2e"], StepKind.E2E) == "make e2e"
    found = component(commands=commands(test="t", e2e="e"))
    assert "e2e" not in nightly(found, components=[{"path": ".", "skip": ["e2e"]}])


@pytest.mark.parametrize(
    ("manager", "runners", "run"),
    [
        ("npm", ("vitest", "playwright"), "npx playwright install --with-deps"),
        ("pnpm", ("vitest", "playwright"), "pnpm exec playwright install --with-deps"),
        ("npm", ("vitest", "cypress"), None),
    ],
)
def test_playwright_gets_its_browsers_where_end_to_end_tests_run(manager, runners, run):
    part = component(
        "node",
        "web",
        package_managers=claims(manager),
        test_runners=claims(*runners),
        commands=commands(install="i", test="t", integration="n", e2e="e"),
    )
    jobs = nightly(part)
    steps = {name: {step.id: step for step in job.steps} for name, job in jobs.items()}
    assert "setup-browsers" not in steps["integration"]
    assert (steps["e2e"]["setup-browsers"].run if run else steps["e2e"].get("setup-browsers")) == run
    assert list(steps["e2e"])[-3:] == [*(["setup-browsers"] if run else ["install"]), "e2e", "upload-reports"]
