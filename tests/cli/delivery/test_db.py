"""`cicd db upgrade`, `cicd init-db` and `cicd audit-log`, as a person calls them."""

import json
import sqlite3
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from cicd_defs.adapters.store.engine import open_store
from cicd_defs.cli import app
from cicd_defs.cli.reading import UsageProblem

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CICD_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


@pytest.fixture
def told(home):
    """A store with two entries in its log."""
    store = open_store(f"sqlite:///{home}/store.db", migrate=True)
    store.audit.append("ann", "key.created", "cicd_abc", {"scopes": ["read"]}, NOW)
    store.audit.append("eve\x1b[31m", "merge", "shop#42", {"half": "\ud800"}, NOW)
    store.close()
    return home / "store.db"


def run(*arguments):
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False).output


@pytest.mark.parametrize("command", [("db", "upgrade"), ("init-db",)])
def test_the_tables_are_made_once(home, command):
    for _ in range(2):
        assert run(*command) == f"sqlite:///{home}/store.db: up to date, version 0001.\n"
    open_store(f"sqlite:///{home}/store.db").close()


def test_a_place_that_cannot_be_written_is_said_in_words(home, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:secret@127.0.0.1:1/x")
    with pytest.raises(UsageProblem, match="DATABASE_URL names its host") as caught:
        run("db", "upgrade")
    assert "secret" not in str(caught.value)
    assert caught.value.code == 3


def test_the_log_is_listed_newest_first(told):
    lines = run("audit-log", "list").splitlines()
    assert [line.split()[0] for line in lines] == ["NUMBER", "2", "1"]
    assert "\x1b" not in lines[1]
    assert run("audit-log", "list", "--limit", "1").splitlines()[1].split() == lines[1].split()
    assert json.loads(run("audit-log", "list", "--json").splitlines()[1])["detail"] == {"scopes": ["read"]}


def test_a_log_that_was_changed_is_found(told):
    assert (
        run("audit-log", "verify") == "The audit log holds: 2 entries, each follows from the one before it.\n"
    )
    with sqlite3.connect(told) as db:
        db.execute("DROP TRIGGER audit_no_update")
        db.execute("UPDATE audit SET actor = 'bob' WHERE sequence = 2")
    with pytest.raises(
        UsageProblem, match=r"entry 2 is not what was written\. Up to there it holds"
    ) as caught:
        run("audit-log", "verify")
    assert caught.value.code == 1
