"""Every sample's workflows run through, whatever it is written in: jobs, steps, conditions and what is handed on.

What builds and tests is a stub here, so that no toolchain is needed; `test_act.py` has a sample of which all is real.
"""

import pytest
import yaml

from tests.act import Repository, run_workflow, unavailable
from tests.act.repository import WORKFLOWS
from tests.act.rules import says
from tests.golden.test_golden import CASES
from tests.pairwise.repositories import REPOSITORIES

pytestmark = pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))

SAMPLES = {name: (text, REPOSITORIES[files].files) for name, (files, text) in CASES.items()}
"""Name to a declaration and the files of its repository."""

EVENTS = ("push", "schedule")
QUIET = (
    says("gh", "api", text="success\n"),  # the gate is green
    says("yarn", "audit", text="Packages audited: 9\n"),
)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_job_runs_through(name, tmp_path):
    repository = Repository.declared(*SAMPLES[name], tmp_path / "files")
    for path in sorted((repository.path / WORKFLOWS).iterdir()):
        workflow = yaml.safe_load(path.read_text())
        for event in set(EVENTS) & set(workflow[True]):  # YAML 1.1 reads `on` as true
            home = tmp_path / f"{path.stem}-{event}"
            outcome = run_workflow(
                repository, event, home, tmp_path, file=path.name, rules=QUIET, wiring=True
            )
            assert outcome.green, outcome.log
            at_night = {job for job, said in workflow["jobs"].items() if "schedule" in said.get("if", "")}
            waiting = at_night if event == "push" else set()
            assert {job for job, result in outcome.jobs.items() if result != "success"} == waiting
