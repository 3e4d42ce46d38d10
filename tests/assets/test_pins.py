"""The pins beside a project file are the pins of its plan."""

from dataclasses import replace

import dagster as dg
import pytest

from cicd_defs.plan.pinned import PINS_FILE, Pin, Pins, written_pins
from tests.assets.shop import declared, materialise

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
NEWER = Pin(
    kind="action", name="actions/checkout", version="v99.0.0", pin="9" * 40, source="tag", date="2026-11-21"
)


def planned(folder, raise_on_error=True):
    """The run of a project whose file stands in this folder, up to its plan."""
    project = replace(declared(), path=folder / "shop.yaml")
    with dg.DagsterInstance.ephemeral() as instance:
        upstream = dg.AssetSelection.assets(dg.AssetKey(["shop", "pipeline"])).upstream()
        return materialise(project, instance, selection=upstream, raise_on_error=raise_on_error)


def test_a_plan_has_the_pins_that_stand_beside_its_project_file(tmp_path):
    (tmp_path / PINS_FILE).write_text(written_pins(Pins(pins=(NEWER,))))
    plan = planned(tmp_path).output_for_node("shop__pipeline")
    used = {step.uses for flow in plan.workflows for job in flow.jobs for step in job.steps if step.uses}
    assert {(one.version, one.commit) for one in used if one.name == NEWER.name} == {
        (NEWER.version, NEWER.pin)
    }


def test_pins_that_cannot_be_read_are_told_in_words(tmp_path):
    (tmp_path / PINS_FILE).write_text("mine\n")
    result = planned(tmp_path, raise_on_error=False)
    [failure] = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data.description
    assert f"{tmp_path / PINS_FILE}: it does not begin with the columns" in told
