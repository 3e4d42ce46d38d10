"""Every pair of options, through the whole line: read, detect, compile, render, read back, and five checkers."""

import os
from collections.abc import Collection
from pathlib import Path

import pytest

from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import written_files
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import looked_at
from cicd_defs.plan.lift import differences, lift_workflow
from cicd_defs.plan.pipeline import Pipeline, Workflow
from cicd_defs.render.files import GeneratedFile, render_files
from cicd_defs.spec.read import read_project
from tests.pairwise import Case, every_pair, pairs, specs

LEAST = 500
"""How many declarations the long campaign judges."""


def artefacts(case: Case):
    """The case's pipeline and its files."""
    project = read_project(case.text, f"{case.name}.yaml")
    tree = Tree.of(case.files)
    pipeline = compile_pipeline(project, detect(tree), written_files(tree, looked_at(project)))
    return pipeline, render_files(pipeline)


def judged(cases: tuple[Case, ...], folder: Path, findings) -> list[str]:
    """Everything that is wrong with the cases' files, with the case's choices; `findings` asks the checkers."""
    written: dict[str, list[Path]] = {}
    wrong: list[str] = []
    for case in cases:
        pipeline, files = artefacts(case)
        for file in files:
            target = folder / case.name / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.text)
            written.setdefault(file.kind, []).append(target)
            if file.kind == "workflow":
                wrong += [f"{case.name} {dict(case.choices)}: {one}" for one in astray(case, pipeline, file)]
    return wrong + [str(finding) for kind, paths in written.items() for finding in findings(paths, kind)]


def astray(case: Case, pipeline: Pipeline, file: GeneratedFile) -> list[str]:
    """Where a workflow speaks of what is not there, or does not read back as its plan."""
    planned = pipeline.workflow(file.path)
    assert planned is not None
    there = {*case.files, *(one.path for one in pipeline.applied)}
    return [
        *(f"{path} is not there" for path in lost(planned, there)),
        *(str(item) for item in differences(planned, lift_workflow(file.text, planned.file))),
    ]


PATH_INPUTS = ("cache-dependency-path", "cache-dependency-glob", "manifest-path", "file")
"""Inputs of actions that name files, which must be there."""


def lost(workflow: Workflow, files: Collection[str]) -> list[str]:
    """The files that a workflow speaks of and the repository does not have."""
    named = {
        str(step.inputs[name])
        for job in workflow.jobs
        for step in job.steps
        for name in PATH_INPUTS
        if name in step.inputs
    }
    folders = {
        step.working_directory for job in workflow.jobs for step in job.steps if step.working_directory
    }
    return [
        *(path for path in named if path not in files),
        *(folder for folder in folders if not any(path.startswith(f"{folder}/") for path in files)),
    ]


def test_every_pair_of_options_is_covered():
    covered = {pair for case in specs(1) for pair in pairs(case.choices)}
    assert covered >= every_pair()


def test_files_of_every_pair_have_no_finding(findings, tmp_path):
    assert judged(specs(200), tmp_path, findings) == []


@pytest.mark.soak
@pytest.mark.skipif("CICD_SOAK" not in os.environ, reason="the long form runs in `make soak`")
def test_files_of_many_combinations_have_no_finding(findings, tmp_path):
    assert judged(specs(LEAST), tmp_path, findings) == []
