import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

import cicd_defs.adapters.git
from assets.checks import FAMILIES
from cicd_defs.definitions.projects import CHECKOUT, definitions, projects_folder
from tests.assets.shop import AUDIT_CHECKS, SCAN_CHECKS, usual_keys
from tests.resources.repository import write

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")

GOOD, BAD = "repository: acme/shop\n", "repository: acme/shop\npipelin: {}\n"


def graph_of(folder):
    defs = definitions(folder, {})
    dg.Definitions.validate_loadable(defs)
    return defs.resolve_asset_graph()


def test_a_bad_project_file_costs_its_own_assets_only(tmp_path):
    write(
        tmp_path / "projects",
        {"shop.yaml": GOOD, "bad.yaml": BAD, "worse.yaml": "{{{", "tea-house.yaml": GOOD, "9.yaml": BAD},
    )
    graph = graph_of(tmp_path / "projects")
    assert {key.path[0] for key in graph.get_all_asset_keys()} == {
        *("project_files", "shop", "tea-house"),
        *("bad", "worse"),  # told what is wrong, at the place where people look for them
    }
    shown = graph.get(dg.AssetKey("project_files"))
    assert shown.description
    assert "3 of 5 refused" in shown.description
    rows = [record.data for record in shown.metadata["problems now"].records]
    assert any(row["place"] == "projects/bad.yaml:2:1" and "pipelin" in row["problem"] for row in rows)
    assert any(row["place"].startswith("projects/worse.yaml:") for row in rows)


def test_a_refused_file_keeps_its_assets_and_they_say_what_is_wrong(tmp_path):
    """A worker reads the files again: one that broke since the run was asked for has the same keys and steps."""
    folder = tmp_path / "projects"
    write(folder, {"bad.yaml": GOOD})
    well = definitions(folder, {}).resolve_implicit_global_asset_job_def()
    write(folder, {"bad.yaml": BAD})
    defs = definitions(folder, {})
    job = defs.resolve_implicit_global_asset_job_def()
    assert set(usual_keys("bad")) <= set(defs.resolve_asset_graph().get_all_asset_keys())
    assert {node.name for node in job.nodes} == {node.name for node in well.nodes}
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, asset_selection=usual_keys("bad"), raise_on_error=False
        )
    [failure] = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data.description
    assert told.startswith("projects/bad.yaml:2:1: ")
    assert "correct it and reload definitions" in told
    assert (
        "projects/bad.yaml:2:1: "
        in defs.resolve_asset_graph().get(dg.AssetKey(["bad", "pipeline"])).description
    )


def test_refused_files_of_one_name_do_not_cost_anybody_else_s_assets(tmp_path):
    write(
        tmp_path / "projects",
        {"a-b.yaml": BAD, "a_b.yaml": BAD, "a-b.yml": BAD, "project_files.yaml": BAD, "shop.yaml": GOOD},
    )
    names = {key.path[0] for key in graph_of(tmp_path / "projects").get_all_asset_keys()}
    assert len(names & {"a-b", "a_b"}) == 1
    assert "shop" in names


def test_what_is_wrong_now_is_not_hidden_by_what_was_materialised_before(tmp_path):
    key = dg.AssetKey("project_files")
    write(tmp_path / "projects", {"shop.yaml": GOOD})
    defs = definitions(tmp_path / "projects", {})
    well = defs.resolve_asset_graph().get(key)
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=[key]
        )
    [event] = result.get_asset_materialization_events()
    assert set(event.materialization.metadata).isdisjoint(well.metadata)
    write(tmp_path / "projects", {"shop.yaml": BAD})
    broken = graph_of(tmp_path / "projects").get(key)
    assert "projects/shop.yaml:2:1" in broken.description
    assert broken.code_version != well.code_version


def test_the_project_files_are_checked_one_by_one(tmp_path):
    write(tmp_path / "projects", {"shop.yaml": GOOD, "bad.yaml": BAD, "bad.yml": BAD, "ä ö.yaml": GOOD})
    defs = definitions(tmp_path / "projects", {})
    job = defs.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey("project_files")])
    passed = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert passed == {"bad_yaml": False, "bad_yml": False, "shop_yaml": True, "____yaml": False}


def test_no_project_at_all_is_well_too(tmp_path):
    assert {key.path[0] for key in graph_of(tmp_path / "nowhere").get_all_asset_keys()} == {"project_files"}


def test_loading_reads_project_files_and_never_a_repository(tmp_path, monkeypatch):
    monkeypatch.setattr(
        cicd_defs.adapters.git, "run_git", lambda *a, **k: pytest.fail(f"git was asked for {a}")
    )
    monkeypatch.setattr(cicd_defs.adapters.git, "local_tree", lambda path: pytest.fail(f"{path} was read"))
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: pytest.fail(f"a process was started: {a}"))
    write(tmp_path / "projects", {"shop.yaml": GOOD, "here.yaml": "repository: ..\n"})
    graph_of(tmp_path / "projects")


def test_every_project_has_its_group_keys_and_checks(tmp_path):
    write(tmp_path / "projects", {f"project-{number}.yaml": GOOD for number in range(3)})
    graph = graph_of(tmp_path / "projects")
    for number in range(3):
        assert set(usual_keys(f"project-{number}")) <= set(graph.get_all_asset_keys())
    assert len(graph.asset_check_keys) == 3 * (len(FAMILIES) + len(SCAN_CHECKS) + len(AUDIT_CHECKS) + 1)


def test_where_project_files_are_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert projects_folder({"CICD_PROJECTS": str(tmp_path / "mine")}) == tmp_path / "mine"
    assert projects_folder({}) == CHECKOUT / "projects"
    (tmp_path / "projects").mkdir()
    assert projects_folder({}) == tmp_path / "projects"


def test_our_own_project_files_are_well(monkeypatch):
    graph = graph_of(CHECKOUT / "projects")
    assert {"shop", "cicd-defs"} <= {key.path[0] for key in graph.get_all_asset_keys()}
    assert "All" in graph.get(dg.AssetKey("project_files")).description


def test_nothing_but_our_io_manager_keeps_values(tmp_path):
    write(tmp_path / "projects", {"shop.yaml": GOOD})
    repository = definitions(tmp_path / "projects", {}).get_repository_def()
    managers = {
        name: definition
        for job in repository.get_all_jobs()
        for name, definition in job.resource_defs.items()
        if isinstance(definition, dg.IOManagerDefinition)
    }
    assert set(managers) == {"io_manager"}
    assert "JSON" in managers["io_manager"].description


def test_the_location_is_loaded_as_dagster_does_it(tmp_path):
    write(
        tmp_path,
        {
            "projects/shop.yaml": GOOD,
            "projects/bad.yaml": BAD,
            "home/dagster.yaml": "telemetry: {enabled: false}\n",
        },
    )
    env = {**os.environ, "CICD_PROJECTS": str(tmp_path / "projects"), "DAGSTER_HOME": str(tmp_path / "home")}
    dagster = str(Path(sys.executable).with_name("dagster"))
    command = [dagster, "definitions", "validate", "-m", "cicd_defs.definitions.projects"]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "Validation successful" in ended.stdout + ended.stderr
    assert "BetaWarning" not in ended.stdout + ended.stderr


def test_no_secret_of_the_environment_is_kept_anywhere(tmp_path, monkeypatch):
    secrets = {"HTTPS_PROXY": "http://canary-user:canary-word@127.0.0.1:9", "GITHUB_TOKEN": "canary-token"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    write(
        tmp_path,
        {
            "projects/shop.yaml": GOOD,
            "projects/here.yaml": "repository: ../code\n",
            "code/a.py": "1",
            "home/x": "",
        },
    )
    job = definitions(tmp_path / "projects", os.environ).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        for name, well in {"here": True, "shop": False}.items():
            result = job.execute_in_process(
                instance=instance, asset_selection=usual_keys(name), raise_on_error=False
            )
            assert result.success is well
    kept = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert len(kept) > 10
    assert not [path for path in kept if b"canary" in path.read_bytes()]
