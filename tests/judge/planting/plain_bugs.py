"""Values that do not mean what they look like."""

import random
import re

from cicd_defs.facts.workflow import WrittenWorkflow
from tests.judge.planting.places import (
    Planter,
    any_of,
    as_run,
    in_workflow,
    jobs_with_steps,
    put,
    with_job,
    with_step,
)

VERSIONS = ("3.10", "1.20", "3.0", "20.10", "2.70", "8.0")
TOOLS = ("python", "go", "ruby", "node")
OLD_RUNNERS = (
    "ubuntu-20.04",
    "ubuntu-18.04",
    "ubuntu-16.04",
    "macos-11",
    "macos-12",
    "macos-13",
    "windows-2019",
)
OLD_ACTIONS = (
    "actions/checkout@v2",
    "actions/checkout@v3",
    "actions/checkout@v3.5.2",
    "actions/setup-python@v4",
    "actions/setup-node@v2",
    "actions/setup-go@v3",
    "actions/cache@v2",
    "actions/upload-artifact@v3",
    "actions/download-artifact@v2",
    "docker/build-push-action@v3",
    "docker/login-action@v2",
    "actions/github-script@v5",
)


def _version(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = jobs_with_steps(workflow)
    if not jobs:
        return None
    tool, version = any_of(chance, TOOLS), any_of(chance, VERSIONS)
    with_block = f"- uses: actions/setup-{tool}@v5\n  with:\n    {tool}-version: {version} #!"
    with_braces = f"- uses: actions/setup-{tool}@v5\n  with: {{{tool}-version: {version}}} #!"
    env = f"- run: echo\n  env:\n    {tool.upper()}_VERSION: {version} #!"
    return with_step(chance.choice(jobs), chance, any_of(chance, (with_block, with_braces, env)))


def _version_in_matrix(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    tool, version = any_of(chance, TOOLS), any_of(chance, VERSIONS)
    listed = any_of(
        chance,
        (
            f'      {tool}: ["1.1", {version}] #!',
            f"      {tool}-version:\n        - 9.9\n        - {version} #!",
            f"      include:\n        - {tool}: {version} #!",
            f"      include:\n        - os: ubuntu-latest\n          {tool}_version: {version} #!",
        ),
    )
    return with_job(
        workflow,
        f"ours-x:\n  runs-on: ubuntu-latest\n  strategy:\n    matrix:\n{listed}\n  steps:\n    - run: make",
    )


def _runner(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    old = any_of(chance, OLD_RUNNERS)
    written = any_of(chance, (old, f"[{old}]", f"'{old}'", f'"{old}"'))
    direct = f"ours-x:\n  runs-on: {written} #!\n  steps:\n    - run: make"
    listed = (
        f"ours-x:\n  strategy:\n    matrix:\n      os: [ubuntu-latest, {old}] #!\n"
        "  runs-on: ${{ matrix.os }}\n  steps:\n    - run: make"
    )
    included = (
        f"ours-x:\n  strategy:\n    matrix:\n      include:\n        - name: a\n          runner: {old} #!\n"
        "  runs-on: ${{ matrix.runner }}\n  steps:\n    - run: make"
    )
    return with_job(workflow, any_of(chance, (direct, listed, included)))


def _runner_in_place(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    labels = [
        label
        for job in workflow.jobs
        for label in job.labels
        if label.text == "ubuntu-latest" and len(job.labels) == 1 and not label.style and not label.aliased
    ]
    if not labels:
        return None
    label = chance.choice(labels)
    text = workflow.source.text
    end = workflow.source.line_end(label.end)
    return f"{text[: label.start]}{any_of(chance, OLD_RUNNERS)}{text[label.end : end]} #!{text[end:]}"


def _action(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = jobs_with_steps(workflow)
    if not jobs:
        return None
    action = any_of(chance, OLD_ACTIONS)
    quoted = any_of(chance, (action, f'"{action}"', f"'{action}'"))
    step = any_of(chance, (f"- uses: {quoted} #!", f"- name: Ours\n  uses: {quoted} #!"))
    return with_step(chance.choice(jobs), chance, step)


def _set_output(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = jobs_with_steps(workflow)
    if not jobs:
        return None
    command = any_of(
        chance,
        (
            'echo "::set-output name=version::$(cat VERSION)" #!',
            "echo '::set-output name=day::monday' #!",
            "echo ::set-output name=a::b #!",
            'echo "::save-state name=a::b" #!',
            'echo "::add-path::$HOME/bin" #!',
            'echo "::set-env name=A::b" #!',
        ),
    )
    lines = (command,) if chance.random() < 0.5 else ("set -x", command, "echo")
    return with_step(chance.choice(jobs), chance, as_run(chance, *lines))


def _cron(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    line = any_of(
        chance,
        (
            "0 0 31 2 *",
            "0 0 30 2 *",
            "0 3 31 4 *",
            "60 * * * *",
            "0 24 * * *",
            "0 0 * 13 *",
            "0 0 * * 8",
            "@daily",
            "@weekly",
            "0 0 2 * * *",
            "* * * * *",
            "*/2 * * * *",
            "0 2 * *",
            "0 0 ? * 1",
            "0 0 L * *",
        ),
    )
    quoted = any_of(chance, (f'"{line}"', f"'{line}'"))
    pair = workflow.events.get("schedule")
    key = workflow.root.key("on")
    node = workflow.root.mapping("on")
    if pair is not None or node is None or node.flow or key is None or key.aliased:
        return None
    first = node.pairs[0][0]
    begin = workflow.source.line_start(first.start)
    indent = first.start - begin
    if workflow.source.text[begin : first.start].strip():
        return None
    return put(workflow.source, begin, f"schedule:\n  - cron: {quoted} #!", indent)


def _typo(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = jobs_with_steps(workflow)
    if not jobs:
        return None
    condition = any_of(
        chance,
        (
            "needs.build.result == 'sucess'",
            "needs.build.result != 'failed'",
            "contains(needs.*.result, 'failed')",
            "job.status == 'succes'",
            "steps.tests.outcome == 'fail'",
            "steps.tests.conclusion == 'canceled'",
            "github.event_name == 'pull-request'",
            "github.event_name == 'pushes'",
            "github.event.action == 'close'",
            "github.ref == 'main'",
            "github.ref == 'refs/head/main'",
            "github.ref == 'heads/main'",
            "startsWith(github.ref, 'refs/tag/')",
            "startsWith(github.ref, 'v')",
            "github.ref_type == 'tags'",
            "github.ref_name == 'refs/heads/main'",
            "runner.os == 'linux '",
            "runner.os == 'ubuntu'",
            "runner.os == 'Mac'",
            "'failed' == job.status",
        ),
    )
    before = any_of(chance, ("", "always() && ", "github.repository == 'a/b' && "))
    whole = before + condition
    written = any_of(chance, (whole, f"${{{{ {whole} }}}}", f'"{whole}"'))
    if whole.startswith("'") and not written.startswith(('"', "$")):
        written = f'"{whole}"'
    return with_step(chance.choice(jobs), chance, f"- name: Ours\n  if: {written} #!\n  run: echo")


def _typo_in_shell(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = [job for job in jobs_with_steps(workflow) if not job.on_windows]
    if not jobs:
        return None
    line = any_of(
        chance,
        (
            'if [ "${{ needs.build.result }}" != "succes" ]; then exit 1; fi #!',
            'if [[ "${{ job.status }}" == "failed" ]]; then exit 1; fi #!',
            '[ "$RUNNER_OS" = "linux" ] && make #!',
            'if [ "$GITHUB_REF" = "main" ]; then make; fi #!',
        ),
    )
    return with_step(chance.choice(jobs), chance, "- shell: bash\n  run: |\n    set -x\n    " + line)


def _image(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = jobs_with_steps(workflow)
    if not jobs:
        return None
    tag = any_of(chance, ("latest", "main", "edge", "nightly", "stable"))
    name = any_of(chance, ("ghcr.io/ours-x/app", "ours-x/app", "registry.example:5000/ours-x/app"))
    step = any_of(
        chance,
        (
            f"- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: {name}:{tag} #!",
            f"- uses: docker/build-push-action@v6\n  with:\n    push: true\n    tags: |\n      {name}:{tag} #!",
            f'- uses: docker/build-push-action@v6\n  with: {{push: true, tags: "{name}:{tag}"}} #!',
            f"- run: |\n    docker build -t {name}:{tag} .\n    docker push {name}:{tag} #!",
            f"- run: docker push {name}:{tag} #!",
            f"- run: docker push {name} #!",
            f"- run: docker buildx build --push -t {name}:{tag} . #!",
        ),
    )
    if "run:" in step:
        jobs = [job for job in jobs if not job.on_windows]
        step = step.replace("- run:", "- shell: bash\n  run:", 1)
    return with_step(chance.choice(jobs), chance, step) if jobs else None


def _exclude(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    dead = any_of(
        chance,
        (
            "        - os: windows-2016 #!",
            "        - {os: ubuntu-latst, python: '3.12'} #!",
            "        - os: windows-latest\n          python: '3.7' #!",
            "        - pyton: '3.12' #!",
        ),
    )
    other = any_of(chance, ("", "\n        - os: windows-latest\n          python: '3.12'"))
    return with_job(
        workflow,
        "ours-x:\n  runs-on: ${{ matrix.os }}\n  strategy:\n    matrix:\n      os: [ubuntu-latest, windows-"
        "latest]\n"
        f"      python: ['3.12', '3.13']\n      exclude:\n{dead}{other}\n  steps:\n    - run: make",
    )


def _exclude_in_place(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    """Another value in an entry that a real matrix excludes."""
    text = workflow.source.text
    for job in workflow.jobs:
        listed = job.matrix.sequence("exclude") if job.matrix else None
        for entry in listed.items if listed else ():
            for key, node in getattr(entry, "pairs", ()):
                axis = job.axes.get(key.text)
                plain = axis is not None and "${{" not in text[axis.start : axis.end]
                if plain and re.fullmatch(r"[\w.-]+", text[node.start : node.end]):
                    end = workflow.source.line_end(node.end)
                    return (
                        f"{text[: node.start]}gone-{chance.randrange(9)}{text[node.end : end]} #!{text[end:]}"
                    )
    return None


PLANTERS: dict[str, tuple[Planter, ...]] = {
    "version-read-as-number": (in_workflow(_version), in_workflow(_version_in_matrix)),
    "retired-runner": (in_workflow(_runner), in_workflow(_runner_in_place)),
    "retired-runtime": (in_workflow(_action), in_workflow(_set_output)),
    "cron-never-fires": (in_workflow(_cron),),
    "result-typo": (in_workflow(_typo), in_workflow(_typo_in_shell)),
    "moving-image-tag-only": (in_workflow(_image),),
    "exclude-matches-nothing": (in_workflow(_exclude), in_workflow(_exclude_in_place)),
}
