import os
import subprocess
from itertools import product

import pytest

from cicd_defs.judge.workflows.outcomes import gate_cases, gate_is_red
from cicd_defs.plan.gate import SCRIPT
from tests.samples import ci, commands, component, plan


def areas(count: int):
    """A repository of that many areas with one job each, no two of them alike."""
    parts = (
        component(path=f"part{number}", commands=commands(lint=f"make lint-{number}"))
        for number in range(count)
    )
    return ci(plan(*parts))


@pytest.mark.parametrize("count", range(1, 9))
def test_gate_is_right_for_every_subset_of_areas_and_every_result(count):
    """Exhaustive: 2 endings of the first job, and for each area unchanged, or changed with one of three endings."""
    verdicts = list(gate_cases(areas(count)))
    assert len(verdicts) == 4**count + 2 * 2**count
    assert [verdict for verdict in verdicts if verdict.wrong] == []


def test_gate_is_right_where_components_have_jobs_of_every_kind():
    every_kind = commands(lint="a", typecheck="b", test="c", build="d")
    workflow = ci(
        plan(
            component(commands=every_kind),
            component("node", "web", commands=every_kind),
            images=("Dockerfile",),
        )
    )
    verdicts = list(gate_cases(workflow))
    assert len(verdicts) == (1 + 3**4) ** 2 * (1 + 3) + 2 * 8
    assert not [verdict for verdict in verdicts if verdict.wrong]


@pytest.mark.parametrize("count", range(3, 9))
def test_gate_is_right_where_areas_that_are_alike_share_a_job(count):
    """Two endings of the first job, none changed, or any of the other subsets with one of three endings."""
    alike = (component(path=f"part{number}", commands=commands(lint="make lint")) for number in range(count))
    verdicts = list(gate_cases(ci(plan(*alike))))
    assert len(verdicts) == 1 + 3 * (2**count - 1) + 2 * 2**count
    assert [verdict for verdict in verdicts if verdict.wrong] == []


def test_a_gate_that_can_be_skipped_is_found_out():
    workflow = areas(2)
    *jobs, gate = workflow.jobs
    broken = workflow.model_copy(update={"jobs": (*jobs, gate.model_copy(update={"condition": None}))})
    assert {verdict.wrong for verdict in gate_cases(broken)} >= {"the gate does not report"}


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_gates_script_decides_as_the_model_does(length):
    for results in product(("success", "failure", "cancelled", "skipped"), repeat=length):
        environment = {**os.environ, "RESULTS": " ".join(results)}
        answer = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", SCRIPT], env=environment, capture_output=True, check=False
        )
        assert (answer.returncode != 0) == gate_is_red(results), results
