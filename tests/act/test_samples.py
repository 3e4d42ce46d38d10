"""Every sample's workflows run through, whatever it is written in: jobs, steps, conditions and what is handed on.

What builds and tests is a stub here, so that no toolchain is needed; `test_act.py` has a sample of which all is real.
"""

import re
from posixpath import join

import pytest
import yaml

from tests.act import Repository, run_workflow, unavailable
from tests.act.repository import WORKFLOWS
from tests.act.rules import says
from tests.samples import SAMPLES, Sample

pytestmark = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))

EVENTS = ("push", "schedule")
QUIET = (
    says("gh", "api", text="success\n"),  # the gate is green
    says("yarn", "audit", text="Packages audited: 9\n"),
    says("curl", text='<a href="/page">'),
)
BY_EVENT = ("github.event_name ==", "inputs.")
"""What stands in the conditions of jobs that run for some events only."""


@pytest.mark.parametrize("name", SAMPLES)
def test_every_job_runs_through(name, tmp_path):
    sample = SAMPLES[name]
    repository = Repository.declared(sample.text, with_artifacts(sample), tmp_path / "files")
    for path in sorted((repository.path / WORKFLOWS).iterdir()):
        text = path.read_text()
        workflow = yaml.safe_load(text)
        secrets = dict.fromkeys(
            re.findall(r"secrets\.(\w+)", text), "clusters: []"
        )  # a kubeconfig, if it is one
        for event in set(EVENTS) & set(workflow[True]):  # YAML 1.1 reads `on` as true
            home = tmp_path / f"{path.stem}-{event}"
            outcome = run_workflow(
                repository, event, home, tmp_path, file=path.name, secrets=secrets, rules=QUIET, wiring=True
            )
            assert outcome.green, outcome.log
            waiting = {
                job for job, said in workflow["jobs"].items() if is_for_others(str(said.get("if")), event)
            }
            skipped = {job for job, result in outcome.jobs.items() if result != "success"}
            assert skipped - {"notify"} == waiting - {"notify"}  # it has tests of its own


def is_for_others(condition: str, event: str) -> bool:
    """Whether a job's condition asks for another event, or for a person."""
    return any(word in condition for word in BY_EVENT) and f"== '{event}'" not in condition


def with_artifacts(sample: Sample) -> dict[str, str]:
    """The repository with what its builds would have made, as nothing is built here."""
    kept = {
        join(part.path, artifact, "made").removeprefix("./"): ""
        for part in sample.project.pipeline.components
        for artifact in part.artifacts
    }
    return {**{path: text for path, text in sample.files.items() if path != ".gitignore"}, **kept}
