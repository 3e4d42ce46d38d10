"""`cicd key`, `cicd task` and `cicd event`, as a person runs them, on a store of their own."""

import json
import re

import httpx
import pytest
from click.testing import CliRunner

from cicd_defs.adapters.store.engine import open_store
from cicd_defs.cli import UsageProblem, app
from tests.facts.payloads import body
from tests.gateway.served import SECRET, environment, gateway


@pytest.fixture
def cicd(tmp_path, monkeypatch):
    """Run a command; return its exit code and all that it prints."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def run(*arguments):
        made = CliRunner().invoke(app, [str(one) for one in arguments])
        if isinstance(made.exception, UsageProblem):
            return made.exception.code, made.output + str(made.exception)
        assert made.exception is None or isinstance(made.exception, SystemExit), made.exception
        return made.exit_code, made.output

    return run


@pytest.fixture
def store(tmp_path, cicd):
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}", migrate=True)
    yield opened
    opened.close()


def test_a_key_is_printed_once_listed_by_its_beginning_and_revoked(cicd, store):
    code, said = cicd("key", "create", "ci", "--person", "mona", "--scope", "task", "--expires", 30)
    key = re.search(r"cicd_\S{40,}", said)[0]
    assert code == 0
    listed = cicd("key", "list")[1]
    assert key not in listed
    assert re.search(rf"{re.escape(key[:11])} +ci +mona +task .*works until", listed)
    assert cicd("key", "revoke", key[:11])[0] == 0
    assert re.search(r"revoked \d{4}-", cicd("key", "list")[1])
    assert [entry.action for entry in store.audit.entries()] == ["key.created", "key.revoked"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("create", "ci", "--person", "mona"), 2, "--scope"),
        (("create", "ci", "--scope", "task"), 2, "--person"),
        (("create", "ci", "--person", "mona", "--scope", "everything"), 2, "everything"),
        (("create", " ", "--person", "mona", "--scope", "task"), 2, "printable"),
        (("create", "ci", "--person", "\x1b[31m", "--scope", "task"), 2, "printable"),
        (("create", "ci", "--person", "mona", "--scope", "task", "--expires", 0), 2, "expires"),
        (("revoke", "cicd_nobody"), 2, "no key"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(cicd, arguments, code, words):
    got, said = cicd("key", *arguments)
    assert (got, words in said) == (code, True), said


def test_a_task_is_submitted_listed_and_shown(cicd, tmp_path):
    code, said = cicd(
        "task", "submit", "shop", "--title", "Round prices", "--description", "To cents.",
        "--requirement", "Half up", "--accept", "0.125 is 0.13", "--priority", "high", "--complexity", "low",
    )  # fmt: skip
    assert (code, said) == (0, "shop-1\n")
    assert re.search(r"shop-1 +submitted +high +- +Round prices", cicd("task", "list")[1])
    shown = cicd("task", "show", "shop-1")[1]
    assert "Requirements:\n- Half up" in shown
    assert "Accepted when:\n- 0.125 is 0.13" in shown
    as_json = json.loads(cicd("task", "show", "shop-1", "--json")[1])
    assert (as_json["estimated_complexity"], as_json["project"]) == ("low", "shop")


def test_a_task_comes_from_a_file_and_options_come_first(cicd, tmp_path):
    file = tmp_path / "task.yaml"
    file.write_text("title: One\ndescription: |\n  Two\n  lines\nrequirements:\n  - Half up\npriority: low\n")
    code, said = cicd("task", "submit", "--file", file, "--title", "Another", "--as", "mona")
    assert (code, said.splitlines()[0]) == (0, "shop-1")
    assert "acceptance criteria" in said
    kept = json.loads(cicd("task", "show", "shop-1", "--json")[1])
    assert (kept["title"], kept["description"], kept["priority"]) == ("Another", "Two\nlines", "low")
    assert (kept["requirements"], kept["asked_by"]) == (["Half up"], "mona")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: a\n", "no description"),
        ("{}", "no title and no description"),
        ("title: a\ndescription: b\ncolour: red\n", "colour: unknown field; the fields are"),
        ("title: [a]\ndescription: b\n", "title"),
        ("title: a\ndescription: b\nproject: other\n", "no project 'other'"),
        ("- a\n", "no table"),
        ("title: a\ntitle: b\n", "task.yaml:2:1"),
        ("title: '\n", "task.yaml:"),
        (None, "cannot be read"),
    ],
)
def test_a_task_file_that_makes_no_sense_is_refused_in_words(cicd, tmp_path, text, words):
    file = tmp_path / "task.yaml"
    if text is not None:
        file.write_text(text)
    code, said = cicd("task", "submit", "--file", file)
    assert (code, words in said) == (2, True), said


def test_a_task_that_there_is_not_is_said_so(cicd):
    assert cicd("task", "show", "shop-9")[0] == 2


def test_a_store_that_cannot_be_opened_is_a_fault(cicd, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:////proc/no/store.db")
    assert cicd("task", "list")[0] == 3


def test_an_event_is_posted_to_a_gateway_and_its_answer_decides_the_exit_code(cicd, tmp_path, monkeypatch):
    file = tmp_path / "event.json"
    file.write_bytes(body("pull_request"))
    with gateway(tmp_path) as (_, url):
        post = ("event", "post", file, "--event", "pull_request", "--delivery", "d1", "--url", url)
        assert cicd(*post) == (0, '{"status":"accepted","delivery":"d1"}\n')
        assert cicd(*post) == (0, '{"status":"duplicate","delivery":"d1"}\n')
        code, said = cicd("event", "post", file, "--event", "push", "--url", url)
        assert (code, "quarantined" in said) == (1, True)
        monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", SECRET + " of somebody else")
        assert cicd(*post)[0] == 2
    assert cicd(*post)[0] == 3


def test_a_task_by_the_api_and_its_key_by_the_command_line(cicd, tmp_path):
    key = cicd("key", "create", "ci", "--person", "mona", "--scope", "task")[1].split()[0]
    with gateway(tmp_path) as (_, url), httpx.Client(trust_env=False) as web:
        web.headers["Authorization"] = f"Bearer {key}"
        made = web.post(f"{url}/api/v1/tasks", json={"title": "a", "description": "b"})
        assert (made.status_code, made.json()["asked_by"]) == (201, "mona")
        assert web.get(f"{url}/api/v1/tasks/{made.json()['id']}").json() == made.json()
        cicd("key", "revoke", key[:11])
        assert web.get(f"{url}/api/v1/tasks/shop-1").status_code == 401
    assert cicd("task", "list")[1].count("shop-1") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("missing.json", "--event", "push"), "cannot be read"),
        ((__file__, "--event", "push", "--url", "ftp://x"), "cannot post there"),
        ((__file__, "--event", "push", "--url", "no address"), "cannot post there"),
        ((__file__, "--event", "öffnen", "--url", "http://127.0.0.1:9"), "cannot post there"),
    ],
)
def test_an_event_that_cannot_be_posted_is_refused_in_words(cicd, arguments, words):
    code, said = cicd("event", "post", *arguments)
    assert (code, words in said) == (2, True), said
