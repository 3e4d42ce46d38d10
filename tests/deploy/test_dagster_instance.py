"""Dagster on PostgreSQL, as `deploy/dagster.yaml` sets it up."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import dagster as dg
import pytest
import yaml

from tests.postgres import PASSWORD, USER, missing, running_postgres

ROOT = Path(__file__).parents[2]
PRODUCTION = ROOT / "deploy" / "dagster.yaml"
LONGEST = 120  # seconds until the webserver answers


def test_production_differs_in_its_storage_only():
    production = yaml.safe_load(PRODUCTION.read_text())
    assert production.pop("storage")
    assert production == yaml.safe_load((ROOT / "dagster.yaml").read_text())


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """What a process of Dagster gets: a home with that configuration, and an empty database."""
    if missing():
        pytest.skip(missing())
    home = tmp_path_factory.mktemp("dagster")
    shutil.copy(PRODUCTION, home / "dagster.yaml")
    with running_postgres() as server:
        yield {
            "DAGSTER_HOME": str(home),
            "DAGSTER_POSTGRES_USER": USER,
            "DAGSTER_POSTGRES_PASSWORD": PASSWORD,
            "DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "DAGSTER_POSTGRES_PORT": str(server.port),
            "DAGSTER_POSTGRES_DB": server.create(),
        }


@dg.asset
def number() -> int:
    return 42


@pytest.mark.system
def test_a_run_is_kept_in_postgresql(environment, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as instance:
        assert "postgresql+psycopg2" in instance.run_storage.postgres_url
        assert dg.materialize([number], instance=instance).success
    with dg.DagsterInstance.get() as again:
        assert [run.status for run in again.get_runs()] == [dg.DagsterRunStatus.SUCCESS]
        assert again.get_latest_materialization_event(dg.AssetKey("number")) is not None


@pytest.mark.system
def test_the_webserver_answers(environment, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).parent / "dagster-webserver", "--empty-workspace", "-h", "127.0.0.1"]
    with (tmp_path / "log").open("w+") as log:
        server = subprocess.Popen(
            [*command, "-p", str(port)], env={**os.environ, **environment}, stdout=log, stderr=log
        )
        try:
            told = answer(f"http://127.0.0.1:{port}/server_info", server)
        except AssertionError as error:
            raise AssertionError(f"{error}: {(tmp_path / 'log').read_text()[-3000:]}") from None
        finally:
            server.terminate()
            server.wait(30)
    assert told["dagster_version"] == dg.__version__


def answer(address, server):
    """What the webserver says, once it says something."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        assert server.poll() is None, "the webserver ended"
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                return json.load(response)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError("the webserver did not answer")
