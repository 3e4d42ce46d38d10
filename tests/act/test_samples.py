"""Every sample's workflows run through, whatever it is written in: no job fails, and each runs for some event.

What deploys is a stub here, and what builds and tests but for a script in bash, so that no toolchain is needed;
`test_act.py` and `test_nightly.py` have a sample of which all is real. How a deployment fails is in `test_release.py`.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from cicd_defs.spec.read import read_project
from tests.act import Repository, run_workflow, unavailable
from tests.act.places import ANYWHERE
from tests.act.repository import WORKFLOWS, files_below
from tests.act.rules import says

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(unavailable() is not None, reason=str(unavailable())),
]

SAMPLES = sorted((Path(__file__).parents[2] / "projects" / "samples").glob("*.yaml"))
FIRST_PAGE = says("curl", "http://127.0.0.1:18080/", text='<a href="/more">More</a>\n')  # of the handbook
RULES = (FIRST_PAGE, *ANYWHERE)
REAL = {"custom": ("shellcheck", "make")}
"""The samples of which what builds and tests is real too, and the programs for that."""
TOLD_ALONE = {"notify"}  # it runs where something went wrong; `test_told.py` has it


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_job_runs_through(sample, tmp_path):
    lacking = [name for name in REAL.get(sample.stem, ()) if shutil.which(name) is None]
    if lacking:
        pytest.skip(f"not installed here: {', '.join(lacking)}")
    text = sample.read_text()
    tree = sample.parent / read_project(text, sample.name).repository
    repository = Repository.declared(text, files_below(tree), tmp_path / "files")
    for path in sorted((repository.path / WORKFLOWS).iterdir()):
        workflow = yaml.load(path.read_text(), yaml.CSafeLoader)
        secrets = dict.fromkeys(re.findall(r"secrets\.([A-Z_0-9]+)", path.read_text()), "clusters: some")
        left = set(workflow["jobs"]) - TOLD_ALONE
        for number, (event, branch, inputs) in enumerate(runs(workflow)):
            if event == "workflow_dispatch" and not left & reached_by(inputs):
                continue
            repository.change({"note.txt": "new\n"}, branch)
            outcome = run_workflow(
                repository,
                event,
                tmp_path / f"{path.stem}-{number}",
                tmp_path,
                file=path.name,
                secrets=secrets,
                inputs=inputs,
                rules=RULES,
                wiring=sample.stem not in REAL,
            )
            assert outcome.green, outcome.log
            left -= {job for job, result in outcome.jobs.items() if result == "success"}
        assert left == set()


def runs(workflow: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What can start a workflow: the event, the branch that it concerns, and what a person answers."""
    on = workflow[True]  # YAML 1.1 reads `on` as true
    for branch in (on.get("push") or {}).get("branches", ()):
        yield "push", branch, {}
    for event in ("pull_request", "schedule", "release"):
        if event in on:
            yield event, "change", {}
    asked = ((on.get("workflow_dispatch") or {}).get("inputs") or {}).get("environment", {})
    for place in asked.get("options", ()):
        if job := workflow["jobs"].get(f"deploy-{place}"):
            source = next(step for step in job["steps"] if step["id"] == "verify-source")
            yield "workflow_dispatch", source["env"]["BRANCH"], {"environment": place}


def reached_by(inputs: Mapping[str, str]) -> set[str]:
    """The job that a person wants who answers like this."""
    return {f"deploy-{inputs['environment']}"}
