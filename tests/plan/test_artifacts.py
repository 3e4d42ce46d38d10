"""What a build makes reaches the jobs that need it, whatever has changed, and no job waits for what never comes."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.facts.stacks import Claim
from cicd_defs.judge.workflows.outcomes import gate_cases
from cicd_defs.plan.lift import lift_workflow, visible
from cicd_defs.plan.pipeline import Job, Pipeline, Workflow
from cicd_defs.render.github import render_workflow
from tests.samples import ci, commands, component, plan

BUILDS = commands(install="make deps", test="make test", build="make dist")
TESTS = commands(install="make deps", test="make test")


def chain(**pipeline: object) -> Pipeline:
    """`api` builds on `ui`, which builds on `core`; these two hand over what they make. `alone` has no part in it."""
    declared = [
        {"path": "api", "name": "api", "depends_on": ["ui"], "integration_cmd": "make integration"},
        {"path": "ui", "name": "ui", "depends_on": ["core"], "artifacts": ["dist"]},
        {"path": "libs/core", "name": "core", "artifacts": ["dist/", "it's.txt", "a $b"]},
        {"path": "alone", "name": "alone"},
    ]
    parts = (
        component("python", "api", commands=TESTS),
        component("node", "ui", commands=BUILDS),
        component("go", "libs/core", commands=BUILDS),
        component("rust", "alone", commands=BUILDS),
    )
    return plan(*parts, components=declared, **pipeline)


def job(workflow: Workflow, name: str) -> Job:
    found = workflow.job(name)
    assert found is not None
    return found


def nightly(pipeline: Pipeline) -> Workflow:
    found = pipeline.workflow(".github/workflows/nightly.yml")
    assert found is not None
    return found


def test_jobs_wait_for_the_builds_that_they_are_handed_something_from():
    workflow = ci(chain())
    needs = {one.id: set(one.needs) - {"changes"} for one in workflow.jobs if one.id != "gate"}
    assert needs == {
        **{one: set() for one in ("changes", "test-core", "build-core", "test-alone", "build-alone")},
        **{one: {"build-core"} for one in ("test-ui", "build-ui")},
        "test-api": {"build-ui", "build-core"},
    }
    assert set(job(workflow, "gate").needs) == set(needs)


def test_what_was_built_is_there_before_anything_is_installed():
    steps = [step.id for step in job(ci(chain()), "test-api").steps]
    assert steps[:4] == ["checkout", "download-build-ui", "download-build-core", "download-unpack"]
    assert steps.index("download-unpack") < steps.index("install")


def test_what_is_kept_is_asked_for_under_the_same_name():
    workflow = ci(chain())
    kept = {one.id: step for one in workflow.jobs for step in one.steps if step.id == "upload-build"}
    assert {name: step.inputs["name"] for name, step in kept.items()} == {
        "build-ui": "build.ui",
        "build-core": "build.core",
    }
    for step in kept.values():
        assert step.inputs["if-no-files-found"] == "error"
        assert "retention-days" in step.inputs
    asked = [
        step.inputs["name"]
        for step in job(workflow, "test-api").steps
        if step.id.startswith("download-build")
    ]
    assert asked == ["build.ui", "build.core"]


@pytest.mark.parametrize("changed", ["core", "ui", "api", "alone"])
def test_a_change_runs_its_checks_and_the_builds_that_they_need(changed):
    """The areas follow from one change alone: `api` and `ui` change with what they build on."""
    with_it = {"core": {"core", "ui", "api"}, "ui": {"ui", "api"}, "api": {"api"}, "alone": {"alone"}}[
        changed
    ]
    builds = {"core": {"core", "ui"}, "ui": {"core", "ui"}, "api": {"core", "ui"}, "alone": {"alone"}}[
        changed
    ]
    verdict = next(
        one
        for one in gate_cases(ci(chain()))
        if set(one.changed) == with_it and set(one.results.values()) <= {"success", "skipped"}
    )
    ran = {name for name, result in verdict.results.items() if result == "success"} - {"changes"}
    assert ran == {f"test-{name}" for name in with_it} | {f"build-{name}" for name in builds}


def test_the_gate_is_right_whatever_changes_and_however_the_builds_end():
    verdicts = list(gate_cases(ci(chain())))
    assert not [verdict for verdict in verdicts if verdict.wrong]
    failed = [one for one in verdicts if one.results["build-core"] == "failure"]
    assert failed
    assert all(one.red and one.results["test-api"] == "skipped" for one in failed)


def test_a_build_that_runs_for_its_own_area_alone_is_found_out():
    workflow = ci(chain())
    narrow = [
        one.model_copy(update={"condition": "needs.changes.outputs.core == 'true'"})
        if one.id == "build-core"
        else one
        for one in workflow.jobs
    ]
    wrong = {verdict.wrong for verdict in gate_cases(workflow.model_copy(update={"jobs": tuple(narrow)}))}
    assert "green although test-api did not run" in wrong


def test_at_night_the_builds_come_along():
    workflow = nightly(chain())
    assert [one.id for one in workflow.jobs][:3] == ["build-core", "build-ui", "integration-api"]
    assert job(workflow, "integration-api").needs == ("build-ui", "build-core")
    assert all(one.condition is None for one in workflow.jobs)
    assert "build-alone" not in {one.id for one in workflow.jobs}


def test_in_one_file_every_build_is_there_once():
    workflow = ci(chain(layout="unified"))
    assert {"build-core", "integration-api"} <= {one.id for one in workflow.jobs}
    assert job(workflow, "integration-api").needs == ("build-ui", "build-core")
    assert "needs.changes" in (job(workflow, "build-core").condition or "")


def test_without_areas_every_build_runs_of_every_change():
    workflow = ci(chain(only_changed=False))
    assert job(workflow, "build-core").condition is None
    assert job(workflow, "test-api").needs == ("build-ui", "build-core")


def test_the_files_have_no_finding_and_say_what_was_planned(findings, tmp_path):
    written = []
    for pipeline in (chain(), chain(layout="unified"), chain(only_changed=False)):
        for workflow in pipeline.workflows:
            path = tmp_path / str(len(written)) / workflow.path
            path.parent.mkdir(parents=True)
            path.write_text(render_workflow(workflow, ()))
            written.append(path)
            assert lift_workflow(path.read_text(), workflow.file) == visible(workflow)
    assert findings(written) == []


def test_what_is_packed_is_unpacked_where_it_was(tmp_path):
    """The scripts themselves: odd names, permissions, hidden files and links survive; what is missing is told."""
    workflow = ci(chain())
    script = next(step.run for step in job(workflow, "build-core").steps if step.id == "upload-pack")
    unpack = next(step.run for step in job(workflow, "test-ui").steps if step.id == "download-unpack")
    here, there, temporary = tmp_path / "here", tmp_path / "there", tmp_path / "temporary"
    for folder in (here / "libs/core/dist", there, temporary):
        folder.mkdir(parents=True)
    assert run(script, here, temporary) != 0
    for name in ("dist/.hidden", "dist/tool", "it's.txt", "a $b"):
        (here / "libs/core" / name).write_text(name)
    (here / "libs/core/dist/tool").chmod(0o755)
    (here / "libs/core/dist/link").symlink_to("tool")
    assert (run(script, here, temporary), run(unpack, there, temporary)) == (0, 0)
    kept = {str(path.relative_to(there)) for path in there.rglob("*") if not path.is_dir()}
    assert kept == {
        f"libs/core/{name}" for name in ("dist/.hidden", "dist/tool", "dist/link", "it's.txt", "a $b")
    }
    assert (there / "libs/core/dist/tool").stat().st_mode & 0o111
    assert (there / "libs/core/dist/link").is_symlink()


def run(script: str | None, folder: Path, temporary: Path) -> int:
    # GitHub evaluates expressions first; the script must hold none that it would change.
    assert script is not None
    assert "${{" not in script
    environment = {"PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(temporary)}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        pytest.param({"artifacts": ["dist"], "skip": ["build"]}, "no effect without a build", id="no-build"),
        pytest.param({"artifacts": ["dist"]}, "build on each other", id="circle"),
    ],
)
def test_what_is_not_handed_over_is_said(declared, words):
    parts = {
        name: component("node", name, commands=BUILDS, depends_on=(Claim(name=other, evidence=("x:1",)),))
        for name, other in (("a", "b"), ("b", "a"))
    }
    pipeline = plan(
        *parts.values(), components=[{"path": "a", "name": "a", **declared}, {"path": "b", "name": "b"}]
    )
    assert [note for note in pipeline.notes if words in note.message]
    assert not [
        step for one in ci(pipeline).jobs for step in one.steps if step.id.startswith("download-build")
    ]


NAMES = ("a", "b", "c", "d")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=7),
    st.sets(st.sampled_from(NAMES)),
    st.booleans(),
)
def test_whoever_builds_on_whom_the_gate_is_right(edges, makers, unified):
    """Circles too: detected ones are allowed."""
    parts = [
        component(
            "go",
            name,
            commands=commands(build="make dist") if name in makers else commands(test="make test"),
            depends_on=tuple(Claim(name=on, evidence=("x:1",)) for of, on in edges if of == name),
        )
        for name in NAMES
    ]
    declared = [
        {"path": name, "name": name, "artifacts": ["dist"] if name in makers else []} for name in NAMES
    ]
    pipeline = plan(*parts, components=declared, layout="unified" if unified else "split")
    assert not [verdict for verdict in gate_cases(ci(pipeline)) if verdict.wrong]
    for workflow in pipeline.workflows:
        assert lift_workflow(render_workflow(workflow, ()), workflow.file) == visible(workflow)
        for one in workflow.jobs:
            handed = {
                step.id.removeprefix("download-")
                for step in one.steps
                if step.id.startswith("download-build-")
            }
            assert handed <= set(one.needs)
