"""What the scripts of a release do with what they meet: each is run for real, with programs that answer for others."""

import base64
import json
import os
import stat
import subprocess

import pytest

from cicd_defs.plan.pipeline import Step
from tests.plan.test_deploy import GHCR, live, planned, step
from tests.plan.test_release import job, release


class Shell:
    """A step's script, run for real in a folder of its own, with programs that say what a test wants."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "bin").mkdir()

    def program(self, name: str, script: str) -> None:
        """A program for the front of the path."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def run(self, step: Step, **env: str) -> subprocess.CompletedProcess[str]:
        literal = {name: value for name, value in step.env.items() if isinstance(value, str)}
        runner = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_SHA": "0" * 40,
        }
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step.run or ""],
            cwd=self.folder,
            env={**runner, **literal, **env},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


KUBECONFIG = "apiVersion: v1\nclusters: []\n"


@pytest.mark.parametrize(
    "content", [KUBECONFIG, base64.b64encode(KUBECONFIG.encode()).decode()], ids=["as-it-is", "base64"]
)
def test_the_kubeconfig_is_for_one_user_and_goes_away(content, shell):
    found = live({"kubectl": "k8s/"}, kubeconfig_secret="KUBECONFIG_LIVE")
    file = shell.folder / "kubeconfig"
    ran = shell.run(step(found, "setup-kubeconfig"), CONTENT=content, KUBECONFIG=str(file))
    assert ran.returncode == 0, ran.stderr
    assert file.read_text().strip() == KUBECONFIG.strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    last = found.steps[-1]
    assert last.condition == "always()"
    assert shell.run(last, KUBECONFIG=str(file)).returncode == 0
    assert not file.exists()


@pytest.mark.parametrize("content", ["", "neither"], ids=["empty", "nonsense"])
def test_what_is_no_kubeconfig_is_refused(content, shell):
    found = step(live({"kubectl": "k8s/"}, kubeconfig_secret="KUBECONFIG_LIVE"), "setup-kubeconfig")
    ran = shell.run(found, CONTENT=content, KUBECONFIG=str(shell.folder / "kubeconfig"))
    assert ran.returncode != 0
    assert ("KUBECONFIG_LIVE is empty" in ran.stderr) == (not content)


def check_runs(*runs: tuple[str, str | None, str], app: str = "github-actions") -> str:
    """GitHub's answer: status, conclusion and start of each check."""
    listed = [
        {"status": status, "conclusion": conclusion, "started_at": at, "app": {"slug": app}}
        for status, conclusion, at in runs
    ]
    return json.dumps({"check_runs": listed})


GREEN, RED, RUNNING = ("completed", "success", "2"), ("completed", "failure", "1"), ("in_progress", None, "3")


@pytest.mark.parametrize(
    ("answers", "green", "said"),
    [
        pytest.param([check_runs(GREEN)], True, "is green", id="green"),
        pytest.param([check_runs(RED)], False, "ended as failure", id="red"),
        pytest.param([check_runs(RED, GREEN)], True, "is green", id="green-the-second-time"),
        pytest.param(
            [check_runs(), check_runs(RUNNING), check_runs(GREEN)], True, "is green", id="comes-later"
        ),
        pytest.param(
            [check_runs(GREEN, RUNNING), check_runs(GREEN, RED)], True, "is green", id="waits-for-all"
        ),
        pytest.param(
            [check_runs(("completed", "cancelled", "1"))], False, "ended as cancelled", id="stopped"
        ),
        pytest.param([""], False, "did not report", id="no-answer"),
        pytest.param([check_runs()], False, "did not report", id="never"),
        pytest.param([check_runs(GREEN, app="somebody")], False, "did not report", id="somebody-else's"),
    ],
)
def test_the_gate_is_waited_for(answers, green, said, shell):
    """The answers come one after the other, the last again and again; each waits a minute of no time."""
    for number, answer in enumerate(answers, 1):
        (shell.folder / f"answer-{number}").write_text(answer)
    shell.program(
        "gh",
        'count=$(($(cat count 2>/dev/null || echo 0) + 1)); echo "$count" > count\n'
        f'file="answer-$((count < {len(answers)} ? count : {len(answers)}))"; [ -s "$file" ] || exit 1\n'
        'exec jq --raw-output "${@: -1}" "$file"',
    )
    wait = step(job(release(planned({"command": "x"})), "checked"), "verify-gate")
    # The clock goes on a minute with each look, instead of after it.
    script = (wait.run or "").replace("sleep 15", "SECONDS=$((SECONDS + 60))")
    ran = shell.run(wait.model_copy(update={"run": script}), MINUTES="5")
    assert (ran.returncode == 0) == green, ran.stderr
    assert said in ran.stdout + ran.stderr


DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("asked", "built", "answer", "looked_up"),
    [
        pytest.param("", DIGEST, "", "", id="built"),
        pytest.param("1.2.3", "", DIGEST, "ghcr.io/acme/shop:1.2.3", id="tag"),
        pytest.param(DIGEST, "", DIGEST, f"ghcr.io/acme/shop@{DIGEST}", id="digest"),
        pytest.param("", "", "", "", id="nothing"),
        pytest.param("1.2.3", "", "exit 1", "ghcr.io/acme/shop:1.2.3", id="unknown"),
    ],
)
def test_what_is_deployed_has_a_digest(asked, built, answer, looked_up, shell):
    pipeline = planned({"command": "x"}, ("Dockerfile",), GHCR)
    digest = step(job(release(pipeline), "push-image"), "build-digest")
    shell.program("docker", f'echo "$4" > asked; {answer if answer == "exit 1" else f"echo {answer}"}')
    ran = shell.run(digest, ASKED=asked, DIGEST=built)
    output = shell.folder / "output"
    if DIGEST in (built, answer):
        assert output.read_text() == f"digest={DIGEST}\n", ran.stderr
    else:
        assert ran.returncode != 0
        assert not output.exists()
    assert ((shell.folder / "asked").read_text().strip() if looked_up else "") == looked_up


@pytest.mark.parametrize(
    ("ref", "state", "goes"),
    [
        ("refs/heads/main", "", True),
        ("refs/heads/feature", "behind", False),
        ("refs/heads/maintenance", "identical", False),
        ("refs/tags/v1", "behind", True),
        ("refs/tags/v1", "identical", True),
        ("refs/tags/v1", "ahead", False),
        ("refs/tags/v1", "diverged", False),
        ("refs/pull/1/merge", "behind", False),
    ],
)
def test_only_what_was_merged_is_deployed(ref, state, goes, shell):
    shell.program("gh", f'[ -n "{state}" ] && echo "{state}"')
    ran = shell.run(step(live({"command": "x"}), "verify-source"), GITHUB_REF=ref)
    assert (ran.returncode == 0) == goes, ran.stderr


@pytest.mark.parametrize(
    ("answer", "status", "expected"),
    [
        pytest.param(
            '[{"revision":2,"status":"superseded"},{"revision":3,"status":"deployed"},{"revision":4,"status":"failed"}]',
            0,
            "3",
            id="what-was-deployed-last",
        ),
        pytest.param("Error: release: not found", 1, "0", id="new"),
        pytest.param("Error: cluster unreachable", 1, None, id="no-answer"),
        pytest.param("cluster unreachable: login not found", 1, None, id="no-login"),
    ],
)
def test_helm_remembers_what_was_deployed(answer, status, expected, shell):
    (shell.folder / "answer").write_text(answer)
    shell.program("helm", f"cat answer {'>&2' if status else ''}; exit {status}")
    ran = shell.run(step(live({"helm": "charts/shop"}), "deploy-remember"))
    assert (ran.returncode == 0) == (expected is not None)
    if expected:
        assert (shell.folder / "revision").read_text().strip() == expected
    else:
        assert "cluster unreachable" in ran.stderr


def test_kubectl_takes_no_workload_for_new_where_the_cluster_does_not_answer(shell):
    (shell.folder / "named").write_text("shop deployment/one\n")
    shell.program(
        "kubectl",
        'case "$*" in *dry-run*) echo \'{"kind":"Deployment","metadata":{"namespace":"shop","name":"one"}}\' ;;\n'
        "  get*) exit 1 ;; esac",
    )
    ran = shell.run(step(live({"kubectl": "k8s/"}), "deploy-remember"))
    assert ran.returncode != 0
    assert " 0" not in ran.stdout


@pytest.mark.parametrize(
    ("deploy", "file", "content"),
    [
        pytest.param({"helm": "charts/shop"}, "revision", "0\n", id="helm"),
        pytest.param({"compose": "compose.yaml"}, "previous.yml", "", id="compose"),
        pytest.param({"skaffold": "skaffold.yaml"}, "workloads", "shop deployment/one 0\n", id="skaffold"),
    ],
)
def test_where_nothing_ran_before_that_is_said_and_nothing_done(deploy, file, content, shell):
    (shell.folder / file).write_text(content)
    for name in ("helm", "docker", "kubectl"):
        shell.program(name, "exit 1")
    ran = shell.run(step(live(deploy), "deploy-rollback"))
    assert ran.returncode == 0, ran.stderr
    assert (shell.folder / "output").read_text() == "nothing=true\n"


@pytest.mark.parametrize(
    ("deploy", "path"),
    [
        ({"compose": "{seconds} of.yaml"}, "'{seconds} of.yaml'"),
        ({"helm": "{minutes}/{at}"}, "'{minutes}/{at}'"),
    ],
)
def test_a_path_is_what_was_declared(deploy, path):
    scripts = [each.run or "" for each in live(deploy).steps if "compose" in each.id or "chart" in each.id]
    assert scripts
    assert all(path in script or path.strip("'") in script for script in scripts)


SERVICES = {
    "web": {"build": {}, "image": f"ghcr.io/acme/shop@sha256:{'a' * 64}"},
    "job": {"build": {}},
    "tagged": {"build": {}, "image": "job:1"},
    "db": {"image": "postgres:16"},
}


@pytest.mark.parametrize(
    ("images", "services", "expected"),
    [
        pytest.param((), SERVICES, ["up --detach --build"], id="none-pushed"),
        pytest.param(
            ("Dockerfile",), SERVICES, ["build job tagged", "up --detach --no-build"], id="others-are-built"
        ),
        pytest.param(("Dockerfile",), {"web": SERVICES["web"]}, ["up --detach --no-build"], id="all-pushed"),
    ],
)
def test_compose_builds_no_image_that_was_pushed(images, services, expected, shell):
    (shell.folder / "config").write_text(json.dumps({"services": services}))
    shell.program(
        "docker",
        'case "$*" in *"config --format"*) cat config ;;\n'
        ' *) words="$*"; echo "${words#*compose.yaml }" >> calls ;; esac',
    )
    docker = GHCR if images else None
    ran = shell.run(step(live({"compose": "compose.yaml"}, images, docker), "deploy"))
    assert ran.returncode == 0, ran.stderr
    calls = (shell.folder / "calls").read_text().splitlines()
    assert [call.partition(" --remove-orphans")[0] for call in calls] == expected


def test_helm_is_told_of_each_repository_once(shell):
    (shell.folder / "charts" / "shop").mkdir(parents=True)
    (shell.folder / "charts" / "shop" / "Chart.lock").touch()
    (shell.folder / "listed").write_text(
        "NAME\tVERSION\tREPOSITORY\tSTATUS\n"
        "one\t1.2.3\thttps://a.example/charts\tok\n"
        "two\t>= 1.0 < 2\thttps://b.example/charts\tmissing\n"
        "three\t~1\thttps://a.example/charts\tok\n"
        "four\t1\tfile://../four\tok\n"
    )
    shell.program(
        "helm", 'case "$1 $2" in "dependency list") cat listed ;; *) echo "$1 $2 ${@: -1}" >> calls ;; esac'
    )
    ran = shell.run(step(live({"helm": "charts/shop"}), "setup-chart"))
    assert ran.returncode == 0, ran.stderr
    assert (shell.folder / "calls").read_text().splitlines() == [
        "repo add https://a.example/charts",
        "repo add https://b.example/charts",
        "dependency build charts/shop",
    ]


@pytest.mark.parametrize(("revisions", "nothing"), [([0], "true"), ([0, 7], "false"), ([7], "false")])
def test_kubectl_goes_back_where_there_was_something(revisions, nothing, shell):
    lines = [f"shop deployment/part-{number} {revision}" for number, revision in enumerate(revisions)]
    (shell.folder / "workloads").write_text("".join(f"{line}\n" for line in lines))
    shell.program("kubectl", 'echo "$@" >> calls')
    ran = shell.run(step(live({"kubectl": "k8s/"}), "deploy-rollback"))
    assert ran.returncode == 0, ran.stderr
    assert (shell.folder / "output").read_text() == f"nothing={nothing}\n"
    calls = shell.folder / "calls"
    undone = [line for line in calls.read_text().splitlines() if " undo " in line] if calls.exists() else []
    assert undone == [
        f"rollout undo deployment/part-{number} --namespace shop --to-revision=7"
        for number, revision in enumerate(revisions)
        if revision
    ]


@pytest.mark.parametrize(
    ("one", "fails"), [("daemonset/one", "*undo*one*"), ("deployment/one", "*patch*one*")]
)
def test_one_workload_that_cannot_go_back_does_not_keep_the_others(one, fails, shell):
    (shell.folder / "workloads").write_text(f"shop {one} 1\nshop statefulset/two 2\n")
    shell.program("kubectl", f'echo "$@" >> calls; case "$*" in {fails}) exit 1 ;; esac')
    ran = shell.run(step(live({"kubectl": "k8s/"}), "deploy-rollback"))
    assert ran.returncode == 1
    assert f"could not be taken back: {one}" in ran.stderr
    assert "undo statefulset/two" in (shell.folder / "calls").read_text()
