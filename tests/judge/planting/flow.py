"""Jobs and steps in an order that cannot hold."""

import random
import re

from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Scalar
from tests.judge.planting.places import (
    Planter,
    any_of,
    in_workflow,
    jobs_with_steps,
    put,
    with_job,
    with_step,
)

DEPLOYS = (
    "kubectl apply -f k8s/",
    "helm upgrade --install shop charts/shop",
    "fly deploy",
    "./scripts/deploy.sh production",
    "terraform apply -auto-approve",
    "make deploy",
    "npm run deploy",
    "ssh deploy@shop.example 'cd /srv && docker compose up -d'",
    "aws ecs update-service --cluster a --service b --force-new-deployment",
    "gcloud run deploy shop --image acme/shop",
    "docker --context production compose up -d",
    "git push heroku main",
    "helmfile -e production apply",
    "npx netlify-cli deploy --prod --dir dist",
    'curl -fsS -X POST "$RENDER_DEPLOY_HOOK"',
    "doctl apps create-deployment 1234",
    "argocd app sync shop",
    "ansible-playbook -i inventory deploy.yml",
)
PUBLISHES = (
    "npm publish --access public",
    "python -m twine upload dist/*",
    "cargo publish",
    "uv publish",
    "gem push pkg/shop.gem",
)
DEPLOYING = (
    "azure/webapps-deploy@v3",
    "google-github-actions/deploy-cloudrun@v2",
    "cloudflare/wrangler-action@v3",
)
_OF_PAGES = re.compile(r"docs?|pages|site|preview|\bpr\b|book|bench", re.IGNORECASE)


def _own_file(workflow: WrittenWorkflow) -> bool:
    """Whether the name of a file says nothing of pages or previews."""
    return not _OF_PAGES.search(workflow.path.rpartition("/")[2])


def _deploy_step(chance: random.Random) -> str:
    if chance.random() < 0.25:
        return f"    - uses: {any_of(chance, DEPLOYING)}"
    return f"    - run: {any_of(chance, DEPLOYS)}"


def _deploy_job(chance: random.Random, marked: bool, *more: str) -> str:
    name = any_of(chance, ("deploy-x", "ours-x", "production-x"))
    head = f"{name}: #!" if marked else f"{name}:"
    return "\n".join(
        [head, *(f"  {line}" for line in more), "  runs-on: ubuntu-latest", "  steps:", _deploy_step(chance)]
    )


def _ran_on_push(workflow: WrittenWorkflow) -> bool:
    return "push" in workflow.events and _own_file(workflow)


def _without_tests(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    if not _ran_on_push(workflow):
        return None
    tests = "tests-x:\n  runs-on: ubuntu-latest\n  steps:\n    - run: pytest -q\n"
    if chance.random() < 0.3:
        step = f"    - run: {any_of(chance, PUBLISHES)}"
        return with_job(workflow, f"{tests}publish-x: #!\n  runs-on: ubuntu-latest\n  steps:\n{step}")
    return with_job(workflow, tests + _deploy_job(chance, True))


def _never_tested(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    if workflow.source.path.count("/") != 2 or not _own_file(workflow):
        return None
    event = any_of(chance, ("push", "release", "[push]", "\n  push:\n    branches: [main]"))
    job = "\n".join("  " + line for line in _deploy_job(chance, True).split("\n"))
    return f"name: Ours\non: {event}\njobs:\n{job}\n"


def _without_concurrency(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    if "concurrency" in workflow.root.by_key or workflow.is_called or not _own_file(workflow):
        return None
    return with_job(workflow, _deploy_job(chance, True))


def _cancelled(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    if not _own_file(workflow):
        return None
    block = ("concurrency:", "  group: x", "  cancel-in-progress: true #!")
    braces = ("concurrency: {group: x, cancel-in-progress: true} #!",)
    return with_job(workflow, _deploy_job(chance, False, *(block if chance.random() < 0.5 else braces)))


def _without_manual_start(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    if not _own_file(workflow):
        return None
    job = "\n".join("  " + line for line in _deploy_job(chance, False).split("\n"))
    event = any_of(chance, ("on: push #!", "on: [push, release] #!", "on: #!\n  push:\n    branches: [main]"))
    return f"name: Ours\n{event}\njobs:\n{job}\n"


def _without_health_check(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    if not _own_file(workflow):
        return None
    command = any_of(
        chance,
        (
            "kubectl apply -f k8s/",
            "kubectl -n shop apply -k overlays/production",
            "kubectl set image deployment/shop shop=acme/shop:1",
            "kubectl rollout restart deployment/shop",
            "helm upgrade --install shop charts/shop -n shop",
            "helm upgrade shop charts/shop --set tag=1",
            "ssh deploy@shop.example 'cd /srv/shop && docker compose up -d'",
            "docker stack deploy -c stack.yml shop",
            "aws ecs update-service --cluster shop --service web --force-new-deployment",
            "az webapp deploy --name shop --src-path shop.zip",
            "git push heroku main",
        ),
    )
    step = any_of(
        chance, (f"    - run: {command} #!", f"    - run: |\n        {command} #!\n        echo done")
    )
    return with_job(workflow, f"deploy-x:\n  runs-on: ubuntu-latest\n  steps:\n{step}")


USES_FILES = (
    "make test",
    "npm ci",
    "npm test",
    "pip install -r requirements.txt",
    "pip install -e .",
    "./scripts/build.sh",
    "bash scripts/setup.sh",
    "docker build -t x .",
    "cargo test",
    "go test ./...",
    "python setup.py sdist",
    "poetry install",
    "uv sync --frozen",
    "pnpm install --frozen-lockfile",
    "yarn install",
    "bundle install",
    "mvn -B verify",
    "./gradlew build",
    "tox -e py",
    "pytest -q",
)


def _before_checkout(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = [
        job
        for job in jobs_with_steps(workflow)
        if job.steps[0].action == "actions/checkout" and not job.on_windows and job.steps[0].condition is None
    ]
    if not jobs:
        return None
    command = any_of(chance, USES_FILES)
    step = any_of(
        chance,
        (
            f"- run: {command} #!",
            f"- name: Ours\n  shell: bash\n  run: |\n    {command} #!\n    echo done",
            "- uses: ./.github/actions/setup #!",
            "- uses: actions/cache@v4\n  with:\n    path: x\n    key: x-${{ hashFiles('**/x.lock') }} #!",
        ),
    )
    return with_step(chance.choice(jobs), chance, step, at=0)


def _never_checked_out(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    command = any_of(chance, USES_FILES)
    return with_job(workflow, f"ours-x:\n  runs-on: ubuntu-latest\n  steps:\n    - run: {command} #!")


def _artifact(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    """A download of another name in a real workflow, where all that puts something up is known."""
    names = [
        step.inputs["name"]
        for step in workflow.steps
        if step.action == "actions/download-artifact"
        and not {"run-id", "repository", "github-token", "artifact-ids"} & set(step.inputs)
        and "name" in step.inputs
    ]
    foreign = any(job.uses for job in workflow.jobs) or "workflow_call" in workflow.events
    texts = [step.action for step in workflow.steps]
    if (
        not names
        or foreign
        or any(re.search("upload|inspect|wheel|report", text) for text in texts if "actions/" not in text)
    ):
        return None
    scalar = chance.choice(names)
    if scalar.style or scalar.aliased or "${{" in scalar.text:
        return None
    text, end = workflow.source.text, workflow.source.line_end(scalar.end)
    return f"{text[: scalar.start]}x-{scalar.text}{text[scalar.end : end]} #!{text[end:]}"


def _artifact_of_nobody(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    if any(job.uses for job in workflow.jobs) or "workflow_call" in workflow.events:
        return None
    texts = [step.action for step in workflow.steps]
    if any(
        re.search("upload|inspect|wheel|report|artifact|package|sbom|attest|scorecard", text)
        for text in texts
    ):
        return None
    up = (
        f"up-x:\n  runs-on: ubuntu-latest\n  steps:\n    - uses: actions/upload-artifact@v4\n"
        f"      with:\n        name: {any_of(chance, ('dist', 'build'))}\n        path: a\n"
    )
    down = any_of(chance, ("        name: dists #!", "        pattern: wheel-* #!"))
    return with_job(
        workflow,
        f"{up}down-x:\n  needs: up-x\n  runs-on: ubuntu-latest\n  steps:\n"
        f"    - uses: actions/download-artifact@v4\n      with:\n        path: a\n{down}",
    )


def _overwritten(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    matrix = any_of(
        chance,
        (
            "      os: [ubuntu-latest, windows-latest]",
            "      python:\n        - '3.12'\n        - '3.13'",
            "      include:\n        - a: 1\n        - a: 2",
        ),
    )
    named = any_of(
        chance,
        (
            "    - uses: actions/upload-artifact@v4\n      with:\n        name: ours-x #!\n        path: a",
            "    - uses: actions/upload-artifact@v5\n      with: {name: ours-x, path: a} #!",
            (
                "    - uses: actions/upload-artifact@v4\n      if: always()\n      with:\n        name: ours-${"
                "{ github.sha }} #!\n        path: a"
            ),
        ),
    )
    return with_job(
        workflow, f"ours-x:\n  runs-on: ubuntu-latest\n  strategy:\n    matrix:\n{matrix}\n  steps:\n{named}"
    )


def _overwritten_by_some(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    """A name that tells some of the legs apart, and others not."""
    matrix, name = any_of(
        chance,
        (
            ("      os: [ubuntu-latest, macos-15]\n      a: [1, 2]", "ours-${{ matrix.os }}"),
            ("      os: [ubuntu-latest, macos-15]\n      a: [1, 2]", "ours-${{ matrix.a }}-${{ github.sha }}"),
            ("      include:\n        - {os: linux-x, a: 1}\n        - {os: linux-x, a: 2}", "${{ matrix.os }}"),
        ),
    )  # fmt: skip
    step = f"    - uses: actions/upload-artifact@v4\n      with:\n        name: {name} #!\n        path: a"
    return with_job(
        workflow, f"ours-x:\n  runs-on: ubuntu-latest\n  strategy:\n    matrix:\n{matrix}\n  steps:\n{step}"
    )


def _overwritten_by_another(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    one = "runs-on: ubuntu-latest\n  steps:\n    - uses: actions/upload-artifact@v4\n      with:\n        name: ours-x"
    return with_job(workflow, f"a-x:\n  {one}\n        path: a\nb-x:\n  {one} #!\n        path: b")


def _output(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    first = (
        "first-x:\n  runs-on: ubuntu-latest\n  outputs:\n    tag: ${{ steps.tag.outputs.tag }}\n  steps:\n "
        "   - id: tag\n"
        '      run: echo "tag=1" >> "$GITHUB_OUTPUT"\n'
    )
    second = any_of(
        chance,
        (
            (
                "second-x:\n  runs-on: ubuntu-latest\n  steps:\n    - run: echo ${{ needs.first-x.outputs.tag }"
                "} #!"
            ),
            (
                "second-x:\n  needs: [first-x]\n  runs-on: ubuntu-latest\n  env:\n    T: ${{ needs.first-x.outp"
                "uts.tags }} #!\n  steps:\n    - run: make"
            ),
            (
                "second-x:\n  needs: first-x\n  runs-on: ubuntu-latest\n  steps:\n    - if: needs.frist-x.resul"
                "t == 'success' #!\n      run: make"
            ),
            (
                "second-x:\n  runs-on: ubuntu-latest\n  steps:\n    - if: steps.v.outputs.x == '1' #!\n"
                '      run: make\n    - id: v\n      run: echo "x=1" >> $GITHUB_OUTPUT'
            ),
            (
                "second-x:\n  runs-on: ubuntu-latest\n  steps:\n    - id: v\n"
                '      run: echo "version=1" >> $GITHUB_OUTPUT\n'
                "    - run: echo ${{ steps.v.outputs.verson }} #!"
            ),
            (
                "second-x:\n  runs-on: ubuntu-latest\n  steps:\n    - id: v\n      run: |\n"
                '        V=$(git describe)\n        echo "version=$V" >> "$GITHUB_OUTPUT"\n    - run: |\n'
                "        set -x\n        echo ${{ steps.version.outputs.version }} #!"
            ),
        ),
    )
    return with_job(workflow, first + second)


def _output_in_place(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    """A step's id in a real expression, misspelled."""
    text = workflow.source.text
    found = [
        one
        for one in re.finditer(r"\$\{\{ steps\.([\w-]+)\.outputs\.[\w-]+ }}", text)
        if not text[text.rfind("\n", 0, one.start()) + 1 : one.start()].lstrip().startswith("#")
    ]
    if not found or "parallel:" in text or "&" in text:
        return None
    one = chance.choice(found)
    end = workflow.source.line_end(one.end())
    return f"{text[: one.start(1)]}x-{text[one.start(1) : end]} #!{text[end:]}"


def _need(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    first = "first-x:\n  runs-on: ubuntu-latest\n  steps:\n    - run: make\n"
    needs = any_of(
        chance,
        (
            "needs: frist-x #!",
            "needs: [first-x, secnd] #!",
            "needs:\n    - first-x\n    - nobody-x #!",
            "needs: second-x #!",
            "needs: 'first_x' #!",
        ),
    )
    return with_job(
        workflow, f"{first}second-x:\n  {needs}\n  runs-on: ubuntu-latest\n  steps:\n    - run: make"
    )


def _need_in_place(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    needs = [need for job in workflow.jobs for need in job.needs if not need.style and not need.aliased]
    if not needs:
        return None
    need = chance.choice(needs)
    text, end = workflow.source.text, workflow.source.line_end(need.end)
    return f"{text[: need.start]}{need.text}-x{text[need.end : end]} #!{text[end:]}"


def _circle(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    one = "runs-on: ubuntu-latest\n  steps:\n    - run: make"
    return with_job(workflow, f"a-x:\n  needs: [b-x] #!\n  {one}\nb-x:\n  needs: a-x\n  {one}")


def _gate(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    if workflow.is_called or any(job.id == "gate" for job in workflow.jobs):
        return None
    head = any_of(
        chance,
        (
            "gate: #!",
            "all-checks-passed: #!",
            "ci-success: #!",
            "required-checks: #!",
            "all-green: #!",
            "merge-gate: #!",
        ),
    )
    listed = ", ".join(job.id for job in workflow.jobs)
    step = any_of(
        chance,
        (
            "- run: echo ok",
            "- name: Passed\n      run: exit 0",
            '- run: test "${{ needs.a.result }}" = success',
        ),
    )
    return with_job(workflow, f"{head}\n  needs: [{listed}]\n  runs-on: ubuntu-latest\n  steps:\n    {step}")


def _gate_filtered(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    node = workflow.event("pull_request")
    whole = workflow.root.mapping("on")
    if node is not None or whole is None or whole.flow or "pull_request" in workflow.events:
        return None
    first: Scalar = whole.pairs[0][0]
    begin = workflow.source.line_start(first.start)
    if workflow.source.text[begin : first.start].strip():
        return None
    name = any_of(chance, ("paths", "paths-ignore"))
    block = any_of(chance, (f"  {name}: ['src/**'] #!", f"  {name}: #!\n    - 'src/**'"))
    indent = first.start - begin
    text = put(workflow.source, begin, f"pull_request:\n  branches: [main]\n{block}", indent)
    job: WrittenJob = workflow.jobs[0]
    assert job.key is not None
    shift = len(text) - len(workflow.source.text)
    at = workflow.source.line_start(job.key.start)
    if at < begin:
        return None
    blanks = workflow.source.text[at : job.key.start]
    lines = (
        "gate:",
        f"  needs: [{job.id}]",
        "  if: always()",
        "  runs-on: ubuntu-latest",
        "  steps:",
        "    - if: contains(needs.*.result, 'failure')",
        "      run: exit 1",
    )
    added = "".join(f"{blanks}{line}{workflow.source.newline}" for line in lines)
    return text[: at + shift] + added + text[at + shift :]


PLANTERS: dict[str, tuple[Planter, ...]] = {
    "deploy-without-tests": (in_workflow(_without_tests),),
    "deploy-never-tested": (in_workflow(_never_tested),),
    "deploy-without-concurrency": (in_workflow(_without_concurrency), in_workflow(_cancelled)),
    "deploy-without-manual-start": (in_workflow(_without_manual_start),),
    "deploy-without-health-check": (in_workflow(_without_health_check),),
    "file-before-checkout": (in_workflow(_before_checkout), in_workflow(_never_checked_out)),
    "unknown-artifact": (in_workflow(_artifact), in_workflow(_artifact_of_nobody)),
    "artifact-overwritten": (
        in_workflow(_overwritten),
        in_workflow(_overwritten_by_some),
        in_workflow(_overwritten_by_another),
    ),
    "unknown-output": (in_workflow(_output), in_workflow(_output_in_place)),
    "unknown-need": (in_workflow(_need), in_workflow(_need_in_place), in_workflow(_circle)),
    "required-check-may-not-report": (in_workflow(_gate), in_workflow(_gate_filtered)),
}
