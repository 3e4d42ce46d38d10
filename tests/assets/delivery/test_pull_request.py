import dataclasses
import json
import pickle
from datetime import timedelta

import dagster as dg
import pytest

from assets.delivery.partitions import RUN_KEY_TAG
from cicd_defs.flows.pull_request.evaluate import PARTS
from cicd_defs.flows.run.recover import recover_claims
from tests.assets.delivery.shop import NAME, PROJECT, SECRET, files_below, made_by, shop_at
from tests.flows.memory import MemoryStarter, task

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
PICKLED = pickle.dumps(None)[:1]
RED = {"test": {"exit_code": 1, "tail": "AssertionError: 2 != 3"}}


@pytest.fixture
def shop(tmp_path):
    with shop_at(tmp_path) as made:
        yield made


def test_a_full_run_merges(shop):
    found = shop.open()
    [run] = shop.asked()
    result = shop.run(run.job, 1, run.key)
    assert result.success
    assert made_by(result) == {"pull_request", *PARTS, "evaluation_report", "merge_decision", "merge"}
    merged = shop.now(1)
    assert (merged.state, merged.merged_sha) == ("merged", result.asset_value("merge").commit)
    assert (merged.head_sha, result.asset_value("merge").head) == (found.head_sha, found.head_sha)
    assert [claim.subject for claim in shop.beats.claims] == [run.subject]
    assert shop.line.claims.current(NAME, 1).state == "done"
    assert shop.answer() == []


def test_each_part_has_its_check_with_the_partition_and_what_it_says(shop):
    shop.open()
    shop.line.sandbox.ends = RED
    result = shop.run("evaluate", 1)
    checks = {check.asset_key.to_user_string(): check for check in result.get_asset_check_evaluations()}
    assert {part: check.passed for part, check in checks.items()} == {
        "sandbox_build": True, "test_results": False, "gate_integrity": True,
    }  # fmt: skip
    assert {check.partition for check in checks.values()} == {shop.partition(1)}
    assert checks["test_results"].metadata["verdict"].value == "failed"


def test_a_red_run_yields_a_diagnosis_and_no_merge(shop):
    shop.open()
    shop.line.sandbox.ends = RED
    result = shop.run("evaluate", 1)
    assert result.success
    assert made_by(result) == {"pull_request", *PARTS, "evaluation_report", "merge_decision", "diagnosis"}
    assert result.asset_value("diagnosis").failures
    assert (result.asset_value("merge_decision").outcome, shop.now(1).state) == ("reject", "open")
    assert shop.line.claims.current(NAME, 1).state == "done"


def test_a_red_run_of_an_agent_s_pull_request_asks_for_a_fix(tmp_path):
    with shop_at(tmp_path, PROJECT.replace("auto_merge: true", "auto_merge: true, max_retries: 2")) as shop:
        kept = shop.line.tasks.add(task())
        shop.open(f"cicd/{kept.key}")
        shop.line.tasks.set_status(kept.key, "pull_request", shop.line.now(), 1)
        starter = MemoryStarter()
        shop.line = dataclasses.replace(shop.line, starter=starter)
        shop.line.sandbox.ends = RED
        result = shop.run("evaluate", 1)
        assert {"diagnosis", "fix_request"} <= made_by(result)
        asked = result.asset_value("fix_request")
        assert (asked.run.task_key, asked.run.pull_request, len(starter.started)) == (kept.key, 1, 1)
        assert result.asset_value("merge_decision").outcome == "wait"


def test_a_superseded_run_ends_as_skipped(shop):
    shop.open()
    [run] = shop.asked()
    partition = shop.partition(1)
    shop.push("change", {"more.py": "1\n"})
    result = shop.defs.resolve_job_def("evaluate").execute_in_process(
        partition_key=partition, instance=shop.instance, tags={RUN_KEY_TAG: run.key}
    )
    assert (result.success, made_by(result), shop.decisions(1)) == (True, set(), [])
    assert shop.line.sandbox.prepared == []
    skipped = {event.step_key for event in result.all_events if event.is_step_skipped}
    assert {"evaluation_report", "merge_decision", "merge"} <= skipped
    shop.answer()
    assert shop.now(1).state == "merged"


def test_a_run_that_is_superseded_in_its_middle_writes_and_merges_nothing(shop):
    shop.open()
    [run] = shop.asked()

    def newer(kind):
        if kind == "test":
            shop.line.sandbox.during = lambda kind: None
            shop.push("change", {"more.py": "1\n"})
            shop.line.claims.take(
                run.subject.model_copy(update={"head": shop.now(1).head_sha}), 1, "run-2", shop.line.now(), 9
            )

    shop.line.sandbox.during = newer
    result = shop.run("evaluate", 1, run.key)
    assert result.success
    assert not {"evaluation_report", "merge_decision", "merge"} & made_by(result)
    assert (shop.now(1).state, shop.forge.comments(NAME, 1)) == ("open", ())


def test_an_approval_merges_without_evaluating_again(tmp_path):
    with shop_at(tmp_path, PROJECT.replace("approvals: 0", "approvals: 1")) as shop:
        shop.open()
        shop.answer()
        assert (shop.now(1).state, [one.outcome for one in shop.decisions(1)]) == ("open", ["hold"])
        before = len(shop.line.sandbox.ran)
        shop.person("olga").review(1, "approved", shop.line.now())
        [run] = shop.asked()
        assert run.job == "decide"
        result = shop.run(run.job, 1, run.key)
        assert (made_by(result), shop.now(1).state) == ({"merge_decision", "merge"}, "merged")
        assert len(shop.line.sandbox.ran) == before
        assert (shop.asked(), shop.line.inbox.depth()) == ((), 0)


def test_an_event_ends_with_the_decision_also_where_that_is_to_hold(tmp_path):
    with shop_at(tmp_path, PROJECT.replace("approvals: 0", "approvals: 2")) as shop:
        shop.open()
        shop.answer()
        shop.person("olga").review(1, "approved", shop.line.now())
        [run] = shop.asked()
        assert shop.asked() == (run.model_copy(update={"fresh": False}),)
        assert shop.run(run.job, 1, run.key).success
        assert ([one.outcome for one in shop.decisions(1)], shop.now(1).state) == (["hold", "hold"], "open")
        assert (shop.asked(), shop.line.inbox.depth()) == ((), 0)


def test_a_policy_that_changes_during_a_run_has_it_evaluated_again_under_the_new_one(shop):
    shop.open()
    [run] = shop.asked()
    shop.line.sandbox.during = lambda kind: shop.declare(PROJECT.replace("approvals: 0", "approvals: 1"))
    assert shop.run(run.job, 1, run.key).success
    assert (shop.now(1).state, shop.line.claims.current(NAME, 1).state) == ("open", "void")
    [again] = shop.asked()
    assert (again.job, again.subject.policy != run.subject.policy) == ("evaluate", True)
    shop.run(again.job, 1, again.key)
    assert [one.outcome for one in shop.decisions(1)] == ["hold"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_not_evaluated_again_without_its_pull_request(shop, part):
    shop.open()
    shop.line.sandbox.ends = RED
    shop.run("evaluate", 1)
    shop.line.sandbox.ends = {}
    result = shop.run("evaluate", 1, parts=[part])
    assert (result.success, made_by(result)) == (True, set())  # what was found stays as it was
    again = shop.run("evaluate", 1, parts=["pull_request", part])
    assert made_by(again) == {"pull_request", part}


def test_parts_without_the_others_hold(shop):
    shop.open()
    result = shop.run(
        "evaluate", 1, parts=["pull_request", "gate_integrity", "evaluation_report", "merge_decision"]
    )
    assert result.asset_value("evaluation_report").words == {
        "sandbox_build": "fault", "test_results": "fault", "gate_integrity": "passed",
    }  # fmt: skip
    assert result.asset_value("merge_decision").outcome == "hold"


@pytest.mark.parametrize("job", ["evaluate", "decide"])
def test_without_an_evaluation_a_later_step_says_what_to_do_first(shop, job):
    shop.open()
    result = shop.run(job, 1, parts=["merge_decision"])
    assert (result.success, made_by(result)) == (True, set())


def test_a_partition_that_is_nothing_ends_as_skipped(shop):
    shop.open()
    shop.instance.add_dynamic_partitions("pull_requests", ["nonsense", "shop-9-0123456789ab"])
    for partition in ("nonsense", "shop-9-0123456789ab"):
        job = shop.defs.resolve_job_def("evaluate")
        result = job.execute_in_process(partition_key=partition, instance=shop.instance)
        assert (result.success, made_by(result)) == (True, set())


def test_values_are_json_files_in_a_folder_for_each_asset_and_never_pickles(shop):
    shop.open()
    shop.run("evaluate", 1)
    storage = shop.folder / "dagster"
    values = {path: data for path, data in files_below(storage).items() if "values/" in path}
    names = {path.split("assets/")[1].split("/")[0] for path in values if "assets/" in path}
    assert names == {"pull_request", *PARTS, "evaluation_report", "merge_decision", "merge"}
    for path, data in values.items():
        assert path.endswith(f"@partition={shop.decisions(1)[0].project}-1-{shop.now(1).head_sha[:12]}.json")
        assert json.loads(data)
    assert not [path for path, data in files_below(storage).items() if data.startswith(PICKLED)]


def test_no_secret_is_in_what_is_stored_or_logged(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("SHOP_API_KEY", "another-canary-0123456789")
    with shop_at(tmp_path) as shop:
        shop.open(body=f"Nothing of {NAME}")
        shop.line.sandbox.ends = RED
        result = shop.run("evaluate", 1)
        events = "\n".join(str(event) for event in result.all_events)
    stored = b"".join(files_below(tmp_path / "dagster").values()) + b"".join(
        files_below(tmp_path / "home").values()
    )
    printed = "".join(capfd.readouterr())
    for secret in (SECRET, "another-canary-0123456789"):
        assert secret.encode() not in stored
        assert secret not in events + printed
    assert b"merge_decision" in b"".join(path.encode() for path in files_below(tmp_path / "dagster"))


def test_a_step_that_breaks_fails_its_run_and_is_asked_for_again(shop, monkeypatch):
    shop.open()
    [run] = shop.asked()
    with monkeypatch.context() as patch:

        def full(*_):
            raise OSError("No space left on device")

        patch.setattr(shop.line.evidence, "put_decision", full)
        assert not shop.run("evaluate", 1, run.key).success
    assert shop.now(1).state == "open"
    stale = shop.line.claims.current(NAME, 1)
    shop.line.claims.beat(stale, stale.heartbeat_at - timedelta(seconds=60))
    assert len(recover_claims(shop.line)) == 1
    shop.answer()
    assert (shop.now(1).state, len(shop.decisions(1))) == ("merged", 1)


def test_the_definitions_load_with_every_asset_check_and_job(shop):
    dg.Definitions.validate_loadable(shop.defs)
    graph = shop.defs.resolve_asset_graph()
    assert len(graph.asset_check_keys) == len(PARTS)


def test_no_sandbox_is_a_neutral_check_and_a_hold(tmp_path):
    with shop_at(tmp_path) as shop:
        shop.line = dataclasses.replace(shop.line, sandbox=None)
        shop.open()
        result = shop.run("evaluate", 1)
        assert result.asset_value("merge_decision").outcome == "hold"
        [check] = [one for one in shop.forge.checks(NAME, shop.now(1).head_sha) if one.ours]
        assert check.state == "neutral"
