"""Who is told of a run's end, when, and what: the plan, and its scripts as bash, jq and curl really run them."""

import email
import json
import os
import shutil
import subprocess
from email.policy import default as modern

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.lift import differences, lift_workflow
from cicd_defs.plan.notify import BY_ITSELF, with_notifications
from cicd_defs.plan.notify_scripts import NOTICE, telling
from cicd_defs.plan.pipeline import Environment, Job, Step, Triggers, Workflow
from cicd_defs.render.github import render_workflow
from cicd_defs.spec.model import Project
from cicd_defs.spec.read import SpecError, read_project
from tests.act.sinks import REFUSED, listening, missing
from tests.samples import component

EVERYTHING = ["ci_failed", "deployment_complete", "rollback_complete"]
PUSHED = "github.event_name == 'push'"
BROKEN = "failure() || contains(needs.*.result, 'cancelled')"


def declared(pipeline: dict | None = None, **notifications: object) -> Project:
    text = {"repository": "acme/shop", "pipeline": pipeline or {}, "notifications": notifications}
    return read_project(json.dumps(text), "shop.yaml")


def job(job_id: str, *steps: str, place: str | None = None, needs: tuple[str, ...] = ()) -> Job:
    return Job(
        id=job_id,
        name=job_id,
        runs_on="ubuntu-24.04",
        timeout_minutes=5,
        needs=needs,
        environment=Environment(name=place) if place else None,
        steps=tuple(Step(id=step, name=step, run="true") for step in (steps or ("other",))),
    )


def workflow(*jobs: Job, **triggers: object) -> Workflow:
    when = triggers or {"push_branches": ("main",), "pull_request": True}
    return Workflow(file="x.yml", name="X", triggers=Triggers.model_validate(when), jobs=jobs or (job("a"),))


RELEASE = (
    job("image"),
    job("deploy-staging", "deploy", "deploy-rollback", place="staging"),
    job("deploy-production", "deploy", place="production", needs=("deploy-staging",)),
)


def told(project: Project, planned: Workflow) -> Job | None:
    return with_notifications(project, planned).job("notify")


@pytest.mark.parametrize(
    ("notifications", "kinds"),
    [
        pytest.param({}, {}, id="nobody"),
        pytest.param({"channels": ["SLACK_URL"]}, {"SLACK_URL": "slack"}, id="slack"),
        pytest.param({"channels": ["SLACK"]}, {"SLACK": "slack"}, id="one-word"),
        pytest.param({"channels": ["TELEGRAM_X"]}, {"TELEGRAM_X": "telegram"}, id="telegram"),
        pytest.param({"channels": ["TEAMS_X"]}, {"TEAMS_X": "teams"}, id="teams"),
        pytest.param({"channels": ["SMTP_X", "EMAIL_X"]}, {"SMTP_X": "email", "EMAIL_X": "email"}, id="mail"),
        pytest.param({"channels": ["SLACKER", "_X"]}, {"SLACKER": "webhook", "_X": "webhook"}, id="webhook"),
        pytest.param(
            {"channels": [{"secret": "SLACK_X", "kind": "webhook"}]}, {"SLACK_X": "webhook"}, id="said"
        ),
        pytest.param({"slack_integration": True}, {"SLACK_WEBHOOK_URL": "slack"}, id="slack-switch"),
        pytest.param({"email_notifications": True}, {"EMAIL_URL": "email"}, id="mail-switch"),
        pytest.param(
            {"channels": [{"secret": "EMAIL_URL", "kind": "webhook"}], "email_notifications": True},
            {"EMAIL_URL": "webhook"},
            id="listed-and-switched",
        ),
    ],
)
def test_each_channel_is_told_its_own_way(notifications, kinds):
    found = told(declared(**notifications), workflow())
    steps = found.steps[1:] if found else ()
    assert {step.env["SECRET"]: step.run for step in steps} == {
        name: telling(kind) for name, kind in kinds.items()
    }
    assert {str(step.env["ADDRESS"]) for step in steps} == {f"${{{{ secrets.{name} }}}}" for name in kinds}
    assert (found.secrets if found else ()) == tuple(kinds)


def test_a_channel_twice_is_refused_in_its_line():
    with pytest.raises(SpecError, match=r"channels\[1\].*`SLACK_URL` collides"):
        declared(channels=["SLACK_URL", {"secret": "SLACK_URL"}])


@pytest.mark.parametrize(
    ("events", "planned", "condition"),
    [
        pytest.param(None, workflow(), f"({PUSHED}) && ({BROKEN})", id="ci"),
        pytest.param(["ci_failed"], workflow(pull_request=True), None, id="pull-requests-alone"),
        pytest.param(["pr_created"], workflow(), None, id="not-asked"),
        pytest.param(["deployment_complete"], workflow(), None, id="nothing-deployed"),
        pytest.param(
            None,
            workflow(schedule=("0 2 * * *",), manual=True),
            f"(github.event_name == 'schedule') && ({BROKEN})",
            id="nightly",
        ),
        pytest.param(
            EVERYTHING,
            workflow(*RELEASE, push_tags=("v*",), release=True, manual=True),
            f"({PUSHED} || github.event_name == 'release' || github.event_name == 'workflow_dispatch')"
            f" && ({BROKEN} || needs.deploy-staging.result == 'success'"
            " || needs.deploy-production.result == 'success' || needs.deploy-staging.outputs.rollback == 'success')",
            id="release",
        ),
        pytest.param(
            ["rollback_complete"],
            workflow(*RELEASE, push_branches=("main",)),
            f"({PUSHED}) && (needs.deploy-staging.outputs.rollback == 'success')",
            id="rollback-alone",
        ),
    ],
)
def test_when_people_are_told(events, planned, condition):
    asked = {} if events is None else {"webhook_events": events}
    found = told(declared(channels=["SLACK_URL"], **asked), planned)
    assert (found.condition if found else None) == (condition and f"!cancelled() && {condition}")


def test_the_job_knows_of_all_others_and_none_waits_for_it():
    project = declared({"components": [{"path": ".", "stack": "python"}]}, channels=["SLACK_URL"])
    pipeline = compile_pipeline(project, Stacks(components=(component(),)), Written())
    for planned in pipeline.workflows:
        *others, last = planned.jobs
        assert last.id == "notify"
        assert last.needs == tuple(other.id for other in others)
        assert not [other.id for other in others if "notify" in other.needs]
        assert (last.environment, last.permissions) == (Environment(name="notifications"), ())


@pytest.mark.parametrize("whole", [None, BY_ITSELF], ids=["by-job", "whole"])
def test_every_job_says_whom_it_excludes_or_the_workflow_does(whole):
    planned = workflow(*RELEASE, push_branches=("main",)).model_copy(update={"concurrency": whole})
    found = told(declared(channels=["X"]), planned)
    assert found is not None
    assert found.concurrency == (None if whole else BY_ITSELF)


def test_nobody_to_tell_changes_nothing():
    planned = workflow(*RELEASE, push_branches=("main",))
    assert with_notifications(declared(), planned) == planned


def test_a_deployment_says_how_its_rollback_ended():
    found = with_notifications(declared(channels=["X"]), workflow(*RELEASE, push_branches=("main",)))
    outputs = {each.id: {name: str(value) for name, value in each.outputs.items()} for each in found.jobs}
    assert outputs == {
        "image": {},
        "deploy-staging": {
            "rollback": (
                "${{ steps.deploy-rollback.outputs.nothing == 'true' && 'nothing'"
                " || steps.deploy-rollback.outcome }}"
            )
        },
        "deploy-production": {},
        "notify": {},
    }


@given(secret=st.from_regex(r"[A-Z_][A-Z0-9_]{0,99}", fullmatch=True))
def test_the_file_says_what_the_plan_says(secret):
    if secret.startswith("GITHUB_"):
        return
    planned = with_notifications(
        declared(channels=[secret], webhook_events=EVERYTHING), workflow(*RELEASE, push_branches=("main",))
    )
    assert differences(planned, lift_workflow(render_workflow(planned, ()), planned.file)) == ()


# What follows runs the scripts.

needs_programs = pytest.mark.skipif(missing() is not None, reason=str(missing()))
RUN = {
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_WORKFLOW": "CI",
    "GITHUB_REF_NAME": 'fix/<!channel>&"$(id)',
    "GITHUB_SHA": "0" * 40,
    "GITHUB_ACTOR": "octocat",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_RUN_ID": "7",
}
URL = "https://github.com/acme/shop/actions/runs/7"
DEPLOYS = {"deploy-staging": "staging", "deploy-production": "production"}


def needs(rollback: str = "", **results: str) -> dict[str, object]:
    outputs = {"rollback": rollback} if rollback else {}
    return {
        name.replace("_", "-"): {"result": result, "outputs": outputs} for name, result in results.items()
    }


def bash(script: str, folder, **env: str) -> subprocess.CompletedProcess[str]:
    """The script as a step of GitHub's runs it."""
    variables = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(folder), **RUN, **env}
    command = [str(shutil.which("bash")), "-eo", "pipefail", "-c", script]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=300)


def notice(folder, jobs, events=tuple(EVERYTHING), places=DEPLOYS):
    done = bash(NOTICE, folder, NEEDS=json.dumps(jobs), DEPLOYS=json.dumps(places), EVENTS=" ".join(events))
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "notice.json").read_text())


@needs_programs
@pytest.mark.parametrize(
    ("jobs", "events", "event", "lines"),
    [
        pytest.param(
            needs(lint="failure", test="success", gate="failure"),
            EVERYTHING,
            "ci_failed",
            ["Failed: lint, gate"],
            id="failed",
        ),
        pytest.param(
            needs(lint="success", test="cancelled"),
            EVERYTHING,
            "ci_failed",
            ["Stopped: test"],
            id="time-is-up",
        ),
        pytest.param(
            needs(deploy_staging="success", deploy_production="skipped"),
            EVERYTHING,
            "deployment_complete",
            ["Deployed to: staging"],
            id="deployed",
        ),
        pytest.param(
            needs(deploy_staging="success", deploy_production="failure"),
            EVERYTHING,
            "ci_failed",
            ["Failed: deploy-production", "Deployed to: staging"],
            id="half-way",
        ),
        pytest.param(
            needs("success", deploy_staging="failure"),
            EVERYTHING,
            "rollback_complete",
            ["Failed: deploy-staging", "Rolled back: staging"],
            id="rolled-back",
        ),
        pytest.param(
            needs("success", deploy_staging="failure"),
            ["ci_failed"],
            "ci_failed",
            ["Failed: deploy-staging", "Rolled back: staging"],
            id="rolled-back-untold",
        ),
        pytest.param(
            needs("nothing", deploy_staging="failure"),
            EVERYTHING,
            "ci_failed",
            ["Failed: deploy-staging"],
            id="never-ran-before",
        ),
        pytest.param(
            needs("failure", deploy_staging="failure"),
            EVERYTHING,
            "ci_failed",
            ["Failed: deploy-staging", "Could not be rolled back: staging"],
            id="not-rolled-back",
        ),
    ],
)
def test_what_is_told(jobs, events, event, lines, tmp_path):
    found = notice(tmp_path, jobs, events)
    assert found["event"] == event
    assert found["lines"] == [f"On {RUN['GITHUB_REF_NAME']}, by octocat", *lines, URL]


@needs_programs
@pytest.mark.parametrize(("production", "end"), [("skipped", "went well"), ("failure", "went well in part")])
def test_what_failed_beside_a_deployment_is_not_told_to_have_gone_well(production, end, tmp_path):
    jobs = needs(deploy_staging="success", deploy_production=production)
    assert notice(tmp_path, jobs, ["deployment_complete"])["subject"].endswith(end)


@pytest.fixture
def sinks(tmp_path):
    with listening(tmp_path / "sinks") as found:
        yield found


def tell(kind: str, folder, address: str) -> subprocess.CompletedProcess[str]:
    certificate = str(folder / "sinks" / "certificate.pem")
    return bash(telling(kind), folder, ADDRESS=address, SECRET="A_SECRET", CURL_CA_BUNDLE=certificate)


SUBJECT = "CI of acme/shop failed"
LINES = [f"On {RUN['GITHUB_REF_NAME']}, by octocat", "Failed: lint", URL]


@needs_programs
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param(
            "slack",
            lambda body: body["text"],
            id="slack",
        ),
        pytest.param("telegram", lambda body: body["text"], id="telegram"),
        pytest.param(
            "teams",
            lambda body: "\n".join(
                [each["text"] for each in body["attachments"][0]["content"]["body"]]
                + [body["attachments"][0]["content"]["actions"][0]["url"]]
            ),
            id="teams",
        ),
        pytest.param("webhook", lambda body: "\n".join([body["subject"], *body["lines"]]), id="webhook"),
    ],
)
def test_what_is_posted(kind, text, sinks, tmp_path):
    notice(tmp_path, needs(lint="failure"))
    done = tell(kind, tmp_path, f" http://127.0.0.1:{sinks.http}/bot1:x/sendMessage?chat_id=-5&a={{b}}[c]\n")
    assert done.returncode == 0, done.stderr
    [post] = sinks.heard()
    assert (post["path"], post["type"]) == ("/bot1:x/sendMessage?chat_id=-5&a={b}[c]", "application/json")
    expected = "\n".join([SUBJECT, *LINES])
    if kind == "slack":
        expected = f"*{SUBJECT}*\n" + "\n".join(LINES).replace("&", "&amp;").replace("<", "&lt;").replace(
            ">", "&gt;"
        )
    assert text(json.loads(post["body"])) == expected


@needs_programs
def test_what_is_mailed(sinks, tmp_path):
    notice(tmp_path, needs(lint="failure"))
    query = "from=ci@example.com&to=team@example.com,on+call@example.com"
    done = tell("email", tmp_path, f"smtps://us%40er:p%22w@127.0.0.1:{sinks.mail}?{query}\n")
    assert done.returncode == 0, done.stderr
    [mail] = sinks.heard()
    assert (mail["from"], mail["login"]) == ("<ci@example.com>", 'us@er:p"w')
    assert mail["to"] == ["<team@example.com>", "<on+call@example.com>"]
    read = email.message_from_string(mail["text"], policy=modern)
    assert (read["subject"], read["from"]) == (SUBJECT, "ci@example.com")
    assert read["date"].datetime is not None
    assert read.get_content().splitlines() == LINES


def no_mail(sinks) -> str:
    return f"smtp://127.0.0.1:{sinks.plain_mail}?from=a@example.com&to=b@example.com"


@needs_programs
@pytest.mark.parametrize(
    ("kind", "address", "words"),
    [
        pytest.param("slack", lambda _: "", "The secret A_SECRET is empty", id="no-secret"),
        pytest.param("email", lambda _: "", "The secret A_SECRET is empty", id="no-secret-for-mail"),
        pytest.param(
            "webhook", lambda sinks: f"http://127.0.0.1:{sinks.http}{REFUSED}/hush", "403", id="refused"
        ),
        pytest.param("email", lambda _: "smtps://hush@127.0.0.1", "A_SECRET is not smtps://", id="no-query"),
        pytest.param(
            "email", lambda _: "smtps://hush@127.0.0.1?from=a@example.com", "A_SECRET names no", id="nobody"
        ),
        pytest.param("email", no_mail, "TLS", id="mail-without-tls"),
    ],
)
def test_a_channel_that_cannot_be_told_fails_and_says_why(kind, address, words, sinks, tmp_path):
    notice(tmp_path, needs(lint="failure"))
    done = tell(kind, tmp_path, address(sinks))
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    assert "hush" not in done.stdout + done.stderr
    assert [heard for heard in sinks.heard() if heard["how"] == "mail"] == []
