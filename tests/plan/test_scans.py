import shlex
import subprocess

import pytest

from cicd_defs.plan.pipeline import Job, Step
from cicd_defs.plan.scans import secrets_job
from tests.samples import claims, component, plan

HOSTILE = "a b; echo $x `y` 'z"


def step_of(job_id: str, *components) -> Step:
    jobs: dict[str, Job] = {job.id: job for workflow in plan(*components).workflows for job in workflow.jobs}
    return jobs[job_id].steps[-1]


def words(job_id: str, *components) -> list[str]:
    return shlex.split(step_of(job_id, *components).run or "")


def test_secrets_are_looked_for_in_the_whole_history():
    checkout, scan = secrets_job("ubuntu-24.04", 20).steps
    assert checkout.inputs["fetch-depth"] == "0"
    assert "filter" not in checkout.inputs
    assert str(scan.inputs["extra_args"]).split() == ["--results=verified,unknown", "--fail-on-scan-errors"]


@pytest.mark.parametrize(
    ("stack", "program"),
    [("python", "bandit"), ("node", "semgrep"), ("rust", "semgrep"), ("java", "semgrep")],
)
def test_scans_read_the_components_own_code(stack, program):
    scan = words("scan-code", component(stack, source_paths=("src", HOSTILE)))
    assert scan[2].startswith(f"{program}==")
    assert scan[-2:] == ["src", HOSTILE]


def test_without_known_code_the_whole_folder_is_scanned():
    assert words("scan-code", component())[-1] == "."


def test_bandit_leaves_out_tests_and_what_it_leaves_out_by_itself():
    scan = words("scan-code", component(source_paths=("shop",)))
    left_out = scan[scan.index("--exclude") + 1].split(",")
    assert {".git", ".tox", "*.egg", "*/tests/*", "*/testing/*", "*/test_*.py"} <= set(left_out)


def test_later_yarns_are_asked_their_way():
    yarn = component("node", package_managers=claims("yarn"))
    assert step_of("scan-dependencies", yarn).run == "yarn npm audit --recursive --severity high"


@pytest.mark.parametrize(
    ("status", "report", "fails"),
    [
        pytest.param(0, "0 vulnerabilities found - Packages audited: 9", False, id="nothing"),
        pytest.param(7, "9 vulnerabilities found - Packages audited: 9", False, id="up-to-moderate"),
        pytest.param(8, "1 vulnerabilities found - Packages audited: 9", True, id="high"),
        pytest.param(15, "9 vulnerabilities found - Packages audited: 9", True, id="high-among-others"),
        pytest.param(16, "1 vulnerabilities found - Packages audited: 9", True, id="critical"),
        pytest.param(1, "error An unexpected error occurred", True, id="not-looked-up"),
        pytest.param(0, "", True, id="nothing-said"),
    ],
)
def test_classic_yarn_fails_on_high_and_critical(tmp_path, status, report, fails):
    """The command itself is run, with a yarn that answers as told."""
    program = tmp_path / "yarn"
    program.write_text(
        f"#!/bin/sh\n[ \"$*\" = 'audit --level high' ] || exit 99\necho '{report}'\nexit {status}\n"
    )
    program.chmod(0o755)
    yarn = component("node", package_managers=claims("yarn"), classic_yarn=True)
    script = step_of("scan-dependencies", yarn).run or ""
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) is fails
    assert report in done.stdout
