"""Who hears of a run that failed, and who does not: with real servers for HTTP and mail on loopback."""

import json

import pytest

from tests.act import HTTP_PORT, MAIL_PORT, Outcome, Repository, Rule, run_workflow, sinks, unavailable
from tests.act.rules import fails
from tests.act.sinks import REFUSED

WHY_NOT = unavailable() or sinks.missing()
pytestmark = [pytest.mark.system, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]

DECLARATION = """\
repository: acme/shop
pipeline:
  components:
    - {path: ., stack: custom, lint_cmd: test -e tidy, test_cmd: test -e sound}
notifications:
  channels: [SLACK_URL, TELEGRAM_URL, TEAMS_URL, HOOK]
  email_notifications: true
"""
SECRETS = {
    "SLACK_URL": f"http://127.0.0.1:{HTTP_PORT}/slack",
    "TELEGRAM_URL": f"http://127.0.0.1:{HTTP_PORT}/bot1:token/sendMessage?chat_id=5",
    "TEAMS_URL": f"http://127.0.0.1:{HTTP_PORT}/teams",
    "HOOK": f"http://127.0.0.1:{HTTP_PORT}/hook",
    "EMAIL_URL": f"smtps://us%40er:password@127.0.0.1:{MAIL_PORT}?from=ci@example.com&to=team@example.com",
}
POSTED = ["/slack", "/bot1:token/sendMessage?chat_id=5", "/teams", "/hook"]
FILES = {"tidy": "", "sound": "", "readme": ""}


@pytest.fixture
def told(tmp_path):
    """Run a workflow of the sample, of which these files are removed."""

    def run(
        event: str, *removed: str, file: str = "ci.yml", rules: tuple[Rule, ...] = (), **secrets: str
    ) -> Outcome:
        repository = Repository.declared(DECLARATION, FILES, tmp_path / "shop")
        repository.change(dict.fromkeys(removed), "main" if event == "push" else "change")
        return run_workflow(
            repository,
            event,
            tmp_path / "home",
            tmp_path,
            file=file,
            secrets=SECRETS | secrets,
            rules=rules,
            listening=True,
        )

    return run


def paths(outcome: Outcome) -> list[str]:
    return [heard["path"] for heard in outcome.heard if heard["how"] == "http"]


def test_a_push_that_fails_is_told_to_everybody(told):
    outcome = told("push", "sound")
    assert outcome.failed_steps == {("test", "test"), ("gate", "gate")}, outcome.log
    assert outcome.jobs["notify"] == "success", outcome.log
    assert paths(outcome) == POSTED
    [mail] = [heard for heard in outcome.heard if heard["how"] == "mail"]
    assert (mail["to"], mail["login"]) == (["<team@example.com>"], "us@er:password")
    assert "Subject: CI of acme/shop failed\r\n" in mail["text"]
    assert "Failed: gate, test\r\n" in mail["text"]
    assert "password" not in outcome.log


@pytest.mark.parametrize(
    ("event", "removed"),
    [
        pytest.param("push", "readme", id="green"),
        pytest.param("pull_request", "sound", id="pull-request"),
        pytest.param("workflow_dispatch", "sound", id="by-hand"),
    ],
)
def test_nobody_is_told(event, removed, told):
    outcome = told(event, removed)
    assert outcome.green == (removed == "readme"), outcome.log
    assert outcome.jobs["notify"] == "skipped"
    assert outcome.heard == []


def test_a_channel_that_fails_keeps_no_other_from_being_told(told):
    outcome = told("push", "tidy", SLACK_URL=SECRETS["HOOK"].replace("/hook", f"{REFUSED}/it"), TEAMS_URL="")
    assert outcome.jobs["notify"] == "failure"
    assert {step for job, step in outcome.failed_steps if job == "notify"} == {
        "notify-slack_url",
        "notify-teams_url",
    }
    assert paths(outcome) == [f"{REFUSED}/it", POSTED[1], POSTED[3]]
    assert len(outcome.heard) == 4
    assert "The secret TEAMS_URL is empty" in outcome.log


def test_a_night_that_finds_something_is_told(told):
    outcome = told("schedule", file="nightly.yml", rules=(fails("trufflesecurity/trufflehog"),))
    assert outcome.failed_steps == {("scan-secrets", "scan-secrets")}, outcome.log
    assert paths(outcome) == POSTED
    assert json.loads(outcome.heard[3]["body"])["failed"] == ["scan-secrets"]
