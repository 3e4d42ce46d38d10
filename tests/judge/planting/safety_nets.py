"""What keeps a mistake small, taken away or never put there."""

import random
from collections.abc import Mapping

from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.judge.edits import remove_pair
from cicd_defs.judge.fixing import apply_edits
from tests.judge.planting.places import (
    MARK,
    Planted,
    Planter,
    any_of,
    as_run,
    in_workflow,
    jobs_with_steps,
    planted,
    with_job,
    with_step,
)

HOSTS = ("https://get.example.com/install.sh", '"https://example.com/$VERSION/i.sh"', "https://sh.rustup.rs")
PIPES = (
    "curl -fsSL {0} | sh",
    "curl {0} | bash",
    "curl -sSf {0} | sh -s -- -y",
    "curl --proto '=https' --tlsv1.2 -sSf {0} | sudo -E bash -",
    "wget -qO- {0} | sh",
    "wget -O - {0} | sudo bash -s -- --yes",
    "curl -s {0} | python3 -",
    "curl -s {0} | tee log | /bin/bash",
    "bash <(curl -s {0})",
    "source <(curl -sL {0})",
    ". <(wget -qO- {0})",
    'sh -c "$(curl -fsSL {0})"',
    'bash -c "$(wget -O- {0})" -- --yes',
    'eval "$(curl -s {0})"',
    "command -v tool || curl -s {0} | bash",
    "if true; then curl -s {0} | sh; fi",
    "cd /tmp && curl -L {0} | VERSION=1 sh",
)
TWO_LINES = (
    ("curl -fsSL -o install.sh {0}", "bash install.sh --yes"),
    ("wget -O get.sh {0}", "chmod +x get.sh && ./get.sh"),
    ("curl -sL {0} > /tmp/i.sh", "sudo sh /tmp/i.sh"),
)
OF_WINDOWS = (
    "irm https://example.com/install.ps1 | iex",
    "iwr -useb https://example.com/install.ps1 | iex",
    "iex ((New-Object System.Net.WebClient).DownloadString('https://example.com/i.ps1'))",
    "Invoke-Expression (Invoke-RestMethod https://example.com/install.ps1)",
)
SECRETS = (
    "docker login -u me -p ${{ secrets.TOKEN }}",
    'docker login ghcr.io -u me --password="${{ secrets.TOKEN }}"',
    "./deploy.sh --token ${{ secrets.DEPLOY_TOKEN }}",
    'curl -X POST -d "token=${{ secrets.HOOK }}" https://example.com/hook',
    "npx tool publish --pat=${{secrets.PAT}}",
    "sshpass -p '${{ secrets.SSH }}' ssh host true",
    "git clone https://me:${{ secrets.PAT }}@example.com/me/other.git",
    "aws configure set aws_secret_access_key ${{ secrets.AWS_SECRET }}",
    "mysql -u root -p${{ secrets['DB_PASSWORD'] }} < dump.sql",
    "make deploy KEY=${{ secrets.KEY }}",
    "sudo tool login ${{ secrets.KEY || 'none' }}",
)


def _without_timeout(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    limited = [job for job in workflow.jobs if job.steps and "timeout-minutes" in job.node.by_key]
    if not limited:
        return None
    job = chance.choice(limited)
    edit = remove_pair(workflow.source, job.node, "timeout-minutes")
    if edit is None or job.key is None:
        return None
    text = workflow.source.text
    end = workflow.source.line_end(job.key.start)
    if edit.start <= end:
        return None
    gone = apply_edits(text, [edit])
    return gone[:end] + MARK + gone[end:]


def _new_job(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    runner = any_of(chance, ("ubuntu-latest", "[self-hosted, linux]", "${{ 'windows-latest' }}"))
    step = any_of(chance, ("- run: make test", "- {run: make test, timeout-minutes: 5}"))
    return with_job(workflow, f"a-job-of-ours: #!\n  runs-on: {runner}\n  steps:\n    {step}")


def _unix_step(workflow: WrittenWorkflow, chance: random.Random, *lines: str) -> str | None:
    jobs = [job for job in jobs_with_steps(workflow) if not job.on_windows and not job.default("shell")]
    if not jobs or workflow.default("shell"):
        return None
    return with_step(chance.choice(jobs), chance, as_run(chance, *lines))


def _piped(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    return _unix_step(workflow, chance, any_of(chance, PIPES).format(any_of(chance, HOSTS)) + MARK)


def _in_two(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    fetch, run = chance.choice(TWO_LINES)
    return _unix_step(workflow, chance, "echo fetching", fetch.format(HOSTS[0]), run + MARK)


def _of_windows(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = jobs_with_steps(workflow)
    if not jobs:
        return None
    shell = any_of(chance, ("pwsh", "powershell"))
    step = f"- shell: {shell}\n  run: |\n    Write-Output tool\n    {any_of(chance, OF_WINDOWS)}{MARK}"
    return with_step(chance.choice(jobs), chance, step)


def _secret(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    return _unix_step(workflow, chance, any_of(chance, SECRETS) + MARK)


def _password(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = [job for job in jobs_with_steps(workflow) if not job.on_windows and not job.default("shell")]
    if not jobs or workflow.default("shell"):
        return None
    login = any_of(
        chance, ("docker login -u me -p $PASSWORD", 'podman login --password "${PASSWORD}" quay.io')
    )
    step = f"- env:\n    PASSWORD: ${{{{ secrets.PASSWORD }}}}\n  run: |\n    {login}{MARK}"
    return with_step(chance.choice(jobs), chance, step)


def _in_image(files: Mapping[str, str], chance: random.Random) -> Planted | None:
    folder = any_of(chance, ("", "docker/", "services/api/"))
    lines = ["FROM debian:12.1", "RUN apt-get update && apt-get install -y curl"]
    pipe = any_of(chance, PIPES[:12]).format(HOSTS[0])
    lines.append(
        any_of(
            chance,
            (f"RUN {pipe}{MARK}", f"RUN set -eux; {pipe}{MARK}", f"RUN echo a && \\\n    {pipe}{MARK}"),
        )
    )
    return planted(f"{folder}Dockerfile", "\n".join(lines) + "\n")


PLANTERS: dict[str, tuple[Planter, ...]] = {
    "no-timeout": (in_workflow(_without_timeout), in_workflow(_new_job)),
    "curl-to-shell": (
        in_workflow(_piped),
        in_workflow(_piped),
        in_workflow(_in_two),
        in_workflow(_of_windows),
    ),
    "curl-to-shell-in-files": (_in_image,),
    "secret-on-command-line": (in_workflow(_secret), in_workflow(_secret), in_workflow(_password)),
}
