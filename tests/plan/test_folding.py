"""What is written once for several components does for each exactly what its own jobs would do."""

import json
import os
import subprocess
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.facts.detect import detect
from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import Written
from cicd_defs.judge.workflows.outcomes import gate_cases
from cicd_defs.plan.checks import check_jobs
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.folding import LEAST, folded, unfolded
from cicd_defs.plan.lift import lift_workflow, visible
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.plan.units import units_of
from cicd_defs.render.files import render_files
from cicd_defs.render.github import render_workflow
from cicd_defs.spec.read import read_project
from tests.pairwise.repositories import REPOSITORIES, below
from tests.plan.test_areas import git
from tests.samples import ci, commands, component, plan, project

NAMES = ("api", "billing", "catalog", "mail")


def alike(stack="python", *, names=NAMES, folder="services", **changes) -> list:
    return [component(stack, f"{folder}/{name}", **changes) for name in names]


def jobs_of(*components, **pipeline):
    """The jobs of these components, each by itself and folded."""
    units, _ = units_of(project(**pipeline), Stacks(components=components))
    make = partial(check_jobs, alone=False)
    return [job for unit in units for job in make(unit)], folded(units, make)


def by_id(jobs):
    return sorted(jobs, key=lambda job: job.id)


def folds(*components, **pipeline) -> bool:
    own, once = jobs_of(*components, **pipeline)
    assert by_id(unfolded(once)) == by_id(own)
    return len(once) < len(own)


COVERED = [{"path": f"services/{name}", "name": name, "coverage_tool": "codecov"} for name in NAMES]
SAMPLES = [name for name, one in REPOSITORIES.items() if len(one.components) == 1 and name != "nothing"]


def several(name: str) -> dict[str, str]:
    return {
        path: text
        for one in NAMES
        for path, text in below(f"services/{one}", REPOSITORIES[name].files).items()
    }


def compiled(files: dict[str, str], spec: str = "") -> Pipeline:
    return compile_pipeline(
        read_project(f"repository: acme/x\n{spec}", "x.yaml"), detect(Tree.of(files)), Written()
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_four_of_a_kind_are_written_once_whatever_they_are_built_with(name):
    units, _ = units_of(project(), detect(Tree.of(several(name))))
    make = partial(check_jobs, alone=False)
    own, once = [job for unit in units for job in make(unit)], folded(units, make)
    assert len(once) * len(NAMES) == len(own)
    assert by_id(unfolded(once)) == by_id(own)


@pytest.mark.parametrize(
    ("components", "pipeline"),
    [
        pytest.param(alike(names=NAMES[: LEAST - 1]), {}, id="two"),
        pytest.param([*alike(names=NAMES[:2]), *alike("go", names=NAMES[2:])], {}, id="two-kinds"),
        pytest.param(
            [component(path=f"s/{n}", commands=commands(test=f"make {n}")) for n in NAMES], {}, id="commands"
        ),
        pytest.param(
            [component(path=f"s/{n}", versions=(f"3.{11 + i}",)) for i, n in enumerate(NAMES)],
            {},
            id="versions",
        ),
        pytest.param(alike("node", folder="it's [x]"), {}, id="quotes"),
        pytest.param(alike(folder="${{ github.token }}"), {}, id="expression"),
        pytest.param(alike(), {"components": COVERED}, id="coverage"),
    ],
)
def test_what_differs_keeps_jobs_of_its_own(components, pipeline):
    own, once = jobs_of(*components, **pipeline)
    assert by_id(unfolded(once)) == by_id(own)
    if "it's" not in components[0].path:  # a quote is told to GitHub as GitHub quotes
        assert once == tuple(own)


def test_more_legs_than_github_starts_are_not_written_once():
    versions = tuple(str(number) for number in range(30, 95))
    assert folds(*alike("node", versions=versions[:60]))
    assert not folds(*alike("node", versions=versions))


@pytest.mark.parametrize("taken", ["python", "python-2"])
def test_a_group_has_a_name_that_no_component_has(taken):
    _, once = jobs_of(*alike(), component("go", taken))
    ids = [job.id for job in once]
    assert len(set(ids)) == len(ids)
    assert folds(*alike(), component("go", taken))


WORDS = st.text(st.sampled_from("ab'/ {}$[]0.-_é"), min_size=1, max_size=10).map(
    lambda text: text.strip("/ ") or "x"
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(WORDS, min_size=3, max_size=5, unique=True), st.sampled_from(["node", "python", "go", "rust"])
)
def test_folding_changes_nothing_whatever_the_folders_are_called(paths, stack):
    parts = [component(stack, path, name=f"c{number}") for number, path in enumerate(paths)]
    own, once = jobs_of(*parts)
    assert by_id(unfolded(once)) == by_id(own)


MIXED = {**several("npm-no-lock"), **below("worker", REPOSITORIES["go"].files)}


def test_the_gate_is_right_for_every_subset_of_the_legs():
    verdicts = list(gate_cases(ci(compiled(MIXED))))
    assert {len(verdict.changed) for verdict in verdicts} == {0, 1, 2, 3, 4, 5}
    assert not [verdict for verdict in verdicts if verdict.wrong]


def test_a_group_that_runs_for_none_of_its_legs_is_found_out():
    workflow = ci(compiled(MIXED))
    broken = [
        job.model_copy(update={"condition": "needs.changes.outputs.worker == 'true'"})
        if job.id == "test-node"
        else job
        for job in workflow.jobs
    ]
    assert all(job.matrix.chosen.parts for job in workflow.jobs if job.id == "test-node" and job.matrix)
    found = gate_cases(workflow.model_copy(update={"jobs": tuple(broken)}))
    assert "green although test-node did not run" in {verdict.wrong for verdict in found}


def test_the_files_have_no_finding_and_say_what_was_planned(findings, tmp_path):
    written = []
    for name in SAMPLES:
        workflow = ci(compiled(several(name)))
        path = tmp_path / name / workflow.path
        path.parent.mkdir(parents=True)
        path.write_text(render_workflow(workflow, ()))
        written.append(path)
        assert lift_workflow(path.read_text(), workflow.file) == visible(workflow)
    assert findings(written) == []


def test_the_file_is_a_fraction_as_long():
    once, own = (
        len(
            render_workflow(
                ci(compiled(several("uv"), f"pipeline: {{only_changed: {value}}}\n")), ()
            ).splitlines()
        )
        for value in ("true", "false")
    )
    assert once * 2 < own


def test_people_are_told_the_commands_of_each_component():
    told = "".join(
        file.text for file in render_files(compiled(several("npm"))) if file.kind == "contributing"
    )
    assert "matrix." not in told


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param(["services/api/x.js"], ["api"], id="one"),
        pytest.param(
            ["services/mail/x.js", "services/api/y.js", "worker/a.go"], ["api", "mail"], id="two-and-another"
        ),
        pytest.param(["services/api/README.md"], [], id="documentation"),
        pytest.param(["worker/main.go"], [], id="another"),
        pytest.param([".github/workflows/ci.yml"], list(NAMES), id="the-workflow-itself"),
    ],
)
def test_the_legs_are_the_components_that_changed(tmp_path, paths, expected):
    work = tmp_path / "work"
    for path in (*MIXED, *paths):
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text("before\n")
    git(work, "init", "--quiet")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "base")
    base = git(work, "rev-parse", "HEAD")
    for path in paths:
        (work / path).write_text("after\n")
    git(work, "commit", "--quiet", "--all", "--message", "change")
    job = ci(compiled(MIXED)).job("changes")
    assert job is not None
    output = tmp_path / "output"
    output.write_text("")
    environment = {**os.environ, "BASE": base, "GITHUB_OUTPUT": str(output)}
    run = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", job.steps[-1].run or ""]
    subprocess.run(run, cwd=work, env=environment, check=True, capture_output=True)
    said = dict(line.split("=", 1) for line in output.read_text().splitlines())
    assert set(job.outputs) == {"worker", "node"} <= set(said)
    assert json.loads(said["node"]) == [{"name": name, "path": f"services/{name}"} for name in expected]


def test_a_pipeline_that_looks_at_no_changes_has_the_jobs_of_each():
    workflow = ci(plan(*alike(), only_changed=False))
    assert not [job for job in workflow.jobs if job.matrix and job.matrix.chosen]
