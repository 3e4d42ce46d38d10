import json
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from cicd_defs.adapters.store.engine import open_store
from cicd_defs.definitions.projects import definitions
from cicd_defs.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects/shop.yaml").write_text("repository: acme/shop\nbranch: develop\n")
    return tmp_path / "projects"


def environ(folder: Path) -> dict[str, str]:
    return {"CICD_HOME": str(folder.parent / "home"), "CICD_PROJECTS": str(folder)}


def push(ref="refs/heads/develop", repository="acme/shop") -> bytes:
    body = {"ref": ref, "before": "a" * 40, "after": "b" * 40, "repository": {"full_name": repository}}
    return json.dumps(body).encode()


def tick(folder, cursor=None):
    repository = definitions(folder, environ(folder)).get_repository_def()
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, repository_def=repository, cursor=cursor)
        return repository.get_sensor_def("pushes").evaluate_tick(context)


@pytest.mark.parametrize(
    ("body", "looked_at"),
    [
        pytest.param(push(), ["shop/repository"], id="to its branch"),
        pytest.param(push("refs/heads/main"), [], id="to another branch"),
        pytest.param(push(repository="acme/other"), [], id="to another repository"),
        pytest.param(b"{", [], id="unreadable"),
    ],
)
def test_a_push_has_the_repository_looked_at_again(folder, body, looked_at):
    store = open_store(Settings.from_env(environ(folder)).store_url, migrate=True)
    store.inbox.add("one", "github", "push", body, NOW)
    store.close()
    first = tick(folder)
    keys = [key.to_user_string() for request in first.run_requests or [] for key in request.asset_selection]
    assert keys == looked_at
    assert first.cursor == "1"
    assert not tick(folder, first.cursor).run_requests  # once


def test_without_a_store_nothing_was_pushed(folder):
    assert tick(folder).skip_message == "Nothing was pushed."


def test_a_store_of_another_version_is_said(folder):
    settings = Settings.from_env(environ(folder))
    settings.cicd_home.mkdir()
    (settings.cicd_home / "store.db").touch()
    assert "cicd db upgrade" in tick(folder).skip_message
