"""Work that is done twice."""

import random
import re
from collections.abc import Mapping

from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping as YamlMapping
from cicd_defs.facts.yaml_nodes import nothing_in
from cicd_defs.judge.commands.downloads_cached import installs_in, is_hosted, is_of_others
from cicd_defs.judge.commands.outgoing import goes_out, is_for_releases
from cicd_defs.judge.workflows.together import can_run, run_together, starts_on_updates
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

ANYWHERE = (
    "ruff check .",
    "flake8 src",
    "black --check src tests",
    "isort --check-only .",
    "npx eslint src",
    "npx prettier --check .",
    "yamllint .",
    "shellcheck scripts/build.sh",
    "codespell docs",
    "bandit -r src",
    "uv run ruff format --check .",
    "markdownlint-cli2 docs",
    "cargo fmt --all -- --check",
    "make lint",
    "npm run lint",
    "tox -e lint",
    "pre-commit run --all-files",
    "gofmt -l .",
)
ACTIONS = (
    "crate-ci/typos@v1",
    "pre-commit/action@v3.0.1",
    "gitleaks/gitleaks-action@v2",
    "ludeeus/action-shellcheck@2.0.0",
    "astral-sh/ruff-action@v3",
)


def _hosts(workflow: WrittenWorkflow) -> list[WrittenJob]:
    """The jobs that run on no Windows, at the root, and not only where another one has failed."""
    jobs = [
        job for job in jobs_with_steps(workflow) if not job.condition or "failure" not in job.condition.text
    ]
    return [job for job in jobs if not job.on_windows and not job.default("working-directory")]


def _again(workflow: WrittenWorkflow, text: str) -> WrittenWorkflow:
    return WrittenWorkflow.read(Source(workflow.path, text))


def _check_in_two_jobs(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = [job for job in _hosts(workflow) if all("matrix." not in label.text for label in job.labels)]
    if len(jobs) < 2:
        return None
    first, second = sorted(chance.sample(range(len(jobs)), 2))
    one, other = jobs[first], jobs[second]
    if not run_together(one.steps[0], other.steps[0], workflow.events) or _checks_out(one) != _checks_out(
        other
    ):
        return None
    if chance.random() < 0.3:
        action = any_of(chance, ACTIONS)
        steps = f"- uses: {action}", f"- name: Once more\n  uses: {action}{MARK}"
    else:
        line = any_of(chance, ANYWHERE)
        steps = as_run(chance, line), as_run(chance, line + MARK)
    text = with_step(other, chance, steps[1], at=-1)
    if text is None:
        return None
    return with_step(_again(workflow, text).by_id[one.id], chance, steps[0], at=-1)


def _checks_out(job: WrittenJob) -> list[str]:
    kept = ("actions/checkout", "actions/download-artifact")
    return [
        f"{step.action} {sorted((name, given.text) for name, given in step.inputs.items())}"
        for step in job.steps
        if step.action in kept or "checkout" in step.action
    ]


def _check_twice_in_a_job(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = _hosts(workflow)
    if not jobs:
        return None
    line = any_of(
        chance, (*ANYWHERE, "pytest -q", "mypy src", "npm test", "go vet ./...", "cargo test --locked")
    )
    job = chance.choice(jobs)
    if chance.random() < 0.5:
        return with_step(job, chance, as_run(chance, line, "echo done", line + MARK), at=-1)
    text = with_step(job, chance, as_run(chance, line + MARK), at=-1)
    if text is None:
        return None
    again = _again(workflow, text).by_id[job.id]
    return with_step(again, chance, as_run(chance, line), at=len(again.steps) - 1)


def _copied_job(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    name = f"checks-{chance.randrange(100)}"
    line = any_of(chance, ("pytest -q", "go test ./...", "cargo test", "npm test"))
    job = "{}:\n  runs-on: ubuntu-latest\n  steps:\n    - uses: actions/checkout@v6\n    - run: {}\n"
    text = with_job(workflow, job.format(name + "-again", line + MARK))
    if text is None:
        return None
    return with_job(_again(workflow, text), job.format(name, line))


def _in_every_leg(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = [job for job in _hosts(workflow) if _has_legs(job)]
    if not jobs:
        return None
    job = chance.choice(jobs)
    if chance.random() < 0.25:
        return with_step(job, chance, f"- uses: {any_of(chance, ACTIONS[:1] + ACTIONS[2:])}{MARK}")
    return with_step(job, chance, as_run(chance, any_of(chance, ANYWHERE) + MARK))


def _has_legs(job: WrittenJob) -> bool:
    """Whether a job tests or builds in several legs, all of the same files."""
    if any(len(axis.items) < 2 for axis in job.axes.values()) or not job.axes:
        return False
    text = job.file.source.text[job.node.start : job.node.end]
    tests = re.search(r"\b(?:test|pytest|tox|nox|build)\b", text)
    others = re.search(
        r"working-directory: .*matrix|ref: .*matrix|name: .*matrix.*\n.*path|install.*matrix", text
    )
    return bool(tests) and not others


def _on_both(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    """The triggers of a file become those of each commit, in one of their spellings."""
    pair = workflow.root.by_key.get("on")
    if pair is None or pair[1].aliased or not any(can_run(job, "push") for job in workflow.jobs):
        return None
    if re.search(r"head\.repo|\.fork\b|head_ref \|\| github\.ref_name|event_name", workflow.source.text):
        return None
    source = workflow.source
    key, node = pair
    rest = source.text[source.next_line(max(node.end - 1, key.end)) :]
    before = source.text[: source.line_start(key.start)]
    ways = (
        f"on: [push, pull_request]{MARK}\n",
        f"on: [pull_request, push, workflow_dispatch]{MARK}\n",
        f"on:\n  - push{MARK}\n  - pull_request\n",
        f"on:\n  push:{MARK}\n  pull_request:\n    branches: [main]\n",
        f"'on':\n  pull_request:\n  push: {{}}{MARK}\n",
        f"on:\n  push:{MARK}\n    branches:\n      - '**'\n  pull_request:\n",
        f"on: {{push: null, pull_request: null}}{MARK}\n",
        f"on:\n  push:{MARK}\n    paths-ignore: ['docs/**']\n  pull_request: {{}}\n",
    )
    return (before + any_of(chance, ways) + rest).replace("\r\n", "\n")


def _full_clone(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    name = f"history-{chance.randrange(100)}"
    depth = any_of(chance, ("0", "'0'", '"0"'))
    line = any_of(chance, (*ANYWHERE, "pytest -q", "go vet ./...", "cargo test", "npm ci", "echo hello"))
    given = any_of(
        chance,
        (
            f"      with:\n        fetch-depth: {depth}{MARK}\n",
            f"      with:\n        persist-credentials: false\n        fetch-depth: {depth}{MARK}\n",
            f"      with: {{fetch-depth: {depth}}}{MARK}\n",
            f"      with:\n        fetch-depth: {depth}{MARK}\n        ref: ${{{{ github.ref }}}}\n",
        ),
    )
    job = f"{name}:\n  runs-on: ubuntu-latest\n  steps:\n    - uses: actions/checkout@v6\n{given}    - run: {line}\n"
    return with_job(workflow, job)


def _image_twice(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    file = any_of(chance, ("", "-f docker/app.Dockerfile ", "--file build/Dockerfile "))
    program = any_of(chance, ("docker build", "docker buildx build", "docker image build", "podman build"))
    first, second = f"{program} -t app:ci {file}.", f"{program} {file}--tag app:latest ."
    head = "  runs-on: ubuntu-latest\n  steps:\n    - uses: actions/checkout@v6\n"
    name = f"image-{chance.randrange(100)}"
    way = chance.randrange(4)
    if way == 0:
        return with_job(workflow, f"{name}:\n{head}    - run: {first}\n    - run: {second}{MARK}\n")
    if way == 1:
        return with_job(workflow, f"{name}:\n{head}    - run: |\n        {first}\n        {second}{MARK}\n")
    if way == 2:
        text = with_job(workflow, f"{name}-out:\n{head}    - run: {second}{MARK}\n")
        return with_job(_again(workflow, text), f"{name}:\n{head}    - run: {first}\n") if text else None
    action = "docker/build-push-action@v6"
    return with_job(
        workflow,
        f"{name}:\n{head}    - uses: {action}\n      with:\n        push: false\n"
        f"    - name: Push\n      uses: {action}{MARK}\n      with:\n        context: .\n"
        "        push: true\n        tags: a/b:1\n",
    )


def _without_cache(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    """The `cache` of a setup action goes away, so that the install behind it fetches everything."""
    if not {"push", "pull_request"} & set(workflow.events) or is_for_releases(workflow):
        return None
    steps = [
        step
        for job in jobs_with_steps(workflow)
        if is_hosted(job) and not goes_out(job)
        for step in job.steps
    ]
    setups = [
        step for step in steps if step.action in _WITH_CACHE and step.given("cache") not in {"", "false"}
    ]
    chance.shuffle(setups)
    for step in setups:
        text = _uncached(step)
        if text is not None:
            return text
    return None


_WITH_CACHE = {"actions/setup-python", "actions/setup-java"}


def _uncached(step: WrittenStep) -> str | None:
    given = step.node.mapping("with")
    if given is None or given.flow or len(given.pairs) < 2:
        return None
    source = step.source
    key, node = given.by_key["cache"]
    text = source.text[: source.line_start(key.start)] + source.text[source.next_line(node.end - 1) :]
    again = _again(step.job.file, text)
    job = again.by_id[step.job.id]
    for install in installs_in(job):
        if (
            install.manager in {"pip", "maven", "gradle"}
            and install.step.index > step.index
            and not is_of_others(job)
        ):
            if any("cache" in other.action or other.action.startswith("./") for other in job.steps):
                return None
            place = install.step.place(install.command.start, install.command.end)
            end = again.source.line_end(place[0])
            if text[end - 1 : end] == "\r":
                return None
            return text[:end] + MARK + text[end:]
    return None


def _new_install(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    """A job that installs a project, as people write it before they think of caches."""
    if not {"push", "pull_request"} & set(workflow.events) or is_for_releases(workflow):
        return None
    name = f"fresh-{chance.randrange(100)}"
    head = f"{name}:\n  runs-on: ubuntu-latest\n  steps:\n    - uses: actions/checkout@v6\n"
    ways = (
        "    - uses: actions/setup-python@v6\n      with:\n        python-version: '3.13'\n    - run: {}",
        "    - uses: actions/setup-python@v5\n    - name: Install\n      run: |\n"
        "        python -m pip install -U pip\n        {}",
        "    - run: {}",
    )
    line = any_of(
        chance, ("pip install -r requirements.txt", "pip install -e .", 'python -m pip install ".[dev]"')
    )
    return with_job(workflow, head + any_of(chance, ways).format(line + MARK) + "\n")


def _with_lock(plant: Planter) -> Planter:
    """A planter that puts the file beside it that says what is installed."""

    def planter(files: Mapping[str, str], chance: random.Random) -> Planted | None:
        made = plant(files, chance)
        if made is None:
            return None
        locks = {"requirements.txt": "flask==3.1.0\n", "pom.xml": "<project/>\n", "build.gradle": "\n"}
        return made._replace(files={**made.files, **locks})

    return planter


def _nothing_cancelled(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    """The concurrency of a file that checks pull requests goes away, or cancels nothing any more."""
    asked = starts_on_updates(workflow)
    node = workflow.root.get("concurrency")
    if asked is None or nothing_in(node) or any(job.node.get("concurrency") for job in workflow.jobs):
        return None
    if not re.search(
        r"\b(?:test|pytest|lint|build|ruff|cargo|make|npm|pnpm|uses: \./)\b", workflow.source.text
    ):
        return None
    source = workflow.source
    key, below = workflow.root.by_key["concurrency"]
    group = below.text("group") if isinstance(below, YamlMapping) else None
    mark = source.line_end(asked.start)
    if group and "head_ref" not in group and "ref" in group and chance.random() < 0.3:
        head = source.text[: source.line_start(key.start)]
        tail = source.text[source.next_line(below.end - 1) :]
        return f"{head}concurrency:{MARK}\n  group: {group}\n{tail}"
    if asked.start > key.start:
        return None
    text = source.text[: source.line_start(key.start)] + source.text[source.next_line(below.end - 1) :]
    return text[:mark] + MARK + text[mark:] if text[mark - 1 : mark] != "\r" else None


def _unfiltered(files: Mapping[str, str], chance: random.Random) -> Planted | None:
    """A file of its own for a component in a folder of its own, beside another one."""
    name = f"part-{chance.randrange(100)}"
    work = any_of(
        chance,
        (
            f"    defaults:\n      run:\n        working-directory: {name}\n    steps:\n"
            "      - run: npm ci && npm test\n",
            f"    steps:\n      - run: cd {name} && npm ci\n      - run: npm test\n        working-directory: {name}\n",
            f"    steps:\n      - run: npm run lint\n        working-directory: ./{name}\n",
        ),
    )
    start = any_of(
        chance,
        (
            f"on: [push, pull_request]{MARK}\n",
            f"on:\n  push:\n    branches: [main]\n  pull_request:{MARK}\n",
            f"on: pull_request{MARK}\n",
        ),
    )
    # In a list, `pull_request` is what is pointed at, on the same line.
    made = planted(
        f".github/workflows/{name}.yml", f"{start}jobs:\n  test:\n    runs-on: ubuntu-latest\n{work}"
    )
    beside = {f"{name}/package.json": "{}\n", f"{name}-other/pyproject.toml": "[project]\n"}
    return (
        None
        if "workspace" in files.get("package.json", "")
        else Planted({**made.files, **beside}, made.places)
    )


PLANTERS: dict[str, tuple[Planter, ...]] = {
    "duplicate-check": (
        in_workflow(_check_in_two_jobs),
        in_workflow(_check_twice_in_a_job),
        in_workflow(_copied_job),
    ),
    "check-in-every-leg": (in_workflow(_in_every_leg),),
    "double-trigger": (in_workflow(_on_both),),
    "full-clone": (in_workflow(_full_clone),),
    "image-built-twice": (in_workflow(_image_twice),),
    "install-without-cache": (_with_lock(in_workflow(_new_install)), _with_lock(in_workflow(_without_cache))),
    "no-path-filter": (_unfiltered,),
    "superseded-runs-go-on": (in_workflow(_nothing_cancelled),),
}
