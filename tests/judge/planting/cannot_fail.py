"""Checks that cannot fail."""

import json
import random
from collections.abc import Callable, Mapping

from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.judge.commands.purposes import CHECKS as CHECKING
from cicd_defs.judge.commands.purposes import job_kinds
from tests.judge.planting.places import (
    MARK,
    Planted,
    Planter,
    as_run,
    in_workflow,
    jobs_with_steps,
    put,
    with_job,
    with_step,
)

CHECKS = (
    "pytest -q",
    "uv run pytest tests -x",
    "python -m pytest",
    "poetry run mypy src",
    "ruff check .",
    "bandit -r src",
    "npm test",
    "npm run lint",
    "yarn test --ci",
    "pnpm lint",
    "npx eslint .",
    "npx tsc --noEmit",
    "cargo clippy -- -D warnings",
    "cargo test --all",
    "mypy --strict src",
    "go vet ./...",
    "go test ./...",
    "golangci-lint run",
    "npm audit --audit-level=high",
    "pip-audit",
    "make test",
    "make lint",
    "./gradlew check",
    "mvn -B verify",
    "bundle exec rubocop",
    "tox -e py311",
    "pre-commit run --all-files",
    "shellcheck scripts/*.sh",
    "black --check .",
    "npx prettier --check .",
    "dotnet test --no-build",
    "vendor/bin/phpstan analyse src",
    "mix test",
    "swift test",
    "sudo -E make check",
    "pnpm -r test",
    "docker run --rm app:test npm test",
    "docker compose run --rm web pytest",
    "helm lint charts/app",
    "terraform fmt -check -recursive",
)
BEFORE = ("npm ci", "pip install -e .", "echo 'about to check'", "mkdir -p reports", "cd service")
AFTER = ("echo done", "ls -la", "./report.sh", "cat reports/summary.txt")


def _jobs(workflow: WrittenWorkflow) -> list[WrittenJob]:
    """Jobs with steps whose shell is one like sh."""
    return [
        job
        for job in jobs_with_steps(workflow)
        if not job.on_windows
        and (job.default("shell") or workflow.default("shell") or "bash").startswith(("bash", "sh"))
    ]


def _step(
    make: Callable[[random.Random], str | None], *, plain: bool = False, at_root: bool = False
) -> Planter:
    """A step that a function writes, anywhere.

    `plain`: only where no default says which shell it is; `at_root`: only where none says in which folder it runs.
    """

    def plant(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
        jobs = _jobs(workflow)
        if plain:
            jobs = [job for job in jobs if not (job.default("shell") or workflow.default("shell"))]
        if at_root:
            key = "working-directory"
            jobs = [job for job in jobs if not (job.default(key) or workflow.default(key))]
        step = make(chance)
        return with_step(chance.choice(jobs), chance, step) if jobs and step else None

    return in_workflow(plant)


def _lines(chance: random.Random, *marked: str) -> str:
    """A step that runs some lines, sometimes with others before and behind."""
    lines = list(marked)
    if chance.random() < 0.5:
        lines = [chance.choice(BEFORE), *lines]
    if chance.random() < 0.4:
        lines = [*lines, chance.choice(AFTER)]
    return as_run(chance, *lines)


def _behind(*handlers: str) -> Planter:
    def make(chance: random.Random) -> str:
        check, handler = chance.choice(CHECKS), chance.choice(handlers)
        shape = chance.choice(
            ["{c} {h}", "{c} {h}", "{c}  {h}", "{c} 2>&1 {h}", "({c}) {h}", "npm ci && {c} {h}"]
        )
        return _lines(chance, shape.format(c=check, h=handler) + MARK)

    return _step(make)


def _trapped(chance: random.Random) -> str:
    when = chance.choice(["ERR", "EXIT", "ERR EXIT"])
    return as_run(chance, f"trap 'exit 0' {when}{MARK}", chance.choice(CHECKS), chance.choice(AFTER))


def _then_true(chance: random.Random) -> str:
    check, last = chance.choice(CHECKS), chance.choice(["true", ":", "exit 0"])
    way = chance.randrange(4)
    if way == 0:
        return as_run(chance, f"{check}; {last}{MARK}")
    if way == 3:
        return as_run(chance, "bash <<'END'", check, f"{last}{MARK}", "END")
    if way == 1:
        return as_run(chance, check, f"{last}{MARK}")
    return (
        as_run(chance, f"sh -c '{check}; {last}'{MARK}")
        if "'" not in check
        else as_run(chance, check, last + MARK)
    )


def _errexit_off(chance: random.Random) -> str:
    check, behind = chance.choice(CHECKS), chance.choice([*AFTER, "exit 0", 'echo "ended with $?"'])
    way = chance.randrange(5)
    if way == 4 and "'" not in check:
        called = chance.choice(["bash +e -c", "bash --noprofile -c", "ssh host", "sudo sh -c"])
        return as_run(chance, f"{called} '{check}; echo done'{MARK}")
    if way == 0:
        shell = chance.choice(["bash {0}", "bash -l {0}", "bash --noprofile {0}"])
        return f"- shell: {shell}\n  run: |\n    {check}{MARK}\n    echo done"
    if way == 1 and "'" not in check:
        return as_run(chance, f"docker run --rm app bash -c '{check}; echo done'{MARK}")
    off = chance.choice(["set +e", "set +o errexit", "set +eu"])
    before = [chance.choice(BEFORE)] if chance.random() < 0.4 else []
    if chance.random() < 0.3:
        return as_run(chance, f"{off}; {check}; {behind}{MARK}")
    return as_run(chance, *before, f"{off}{MARK}", check, behind)


def _pipe(chance: random.Random) -> str:
    check = chance.choice(CHECKS)
    pipe = chance.choice(
        [
            "| tee out.log",
            "2>&1 | tee -a out.log",
            "| grep -v warning",
            "| tail -n 100",
            "|& tee log.txt",
            "| head -50",
        ]
    )
    return _lines(chance, f"{check} {pipe}{MARK}")


FLAGGED = (
    "ruff check --exit-zero .",
    "flake8 src --exit-zero",
    "pylint --exit-zero src",
    "bandit -r src --exit-zero",
    "trivy image --exit-code 0 app:1",
    "trivy fs --exit-code=0 .",
    "gitleaks detect --exit-code 0",
    "checkov -d . --soft-fail",
    "tfsec . --soft-fail",
    "hadolint --no-fail Dockerfile",
    "safety check --continue-on-error",
    "golangci-lint run --issues-exit-code=0",
    "golangci-lint run --issues-exit-code 0 ./...",
    "mvn -B verify -Dmaven.test.failure.ignore=true",
    "mvn test -fn",
    "uv run ruff check --exit-zero src",
    "npm run lint -- --exit-zero",
    "cspell --no-exit-code '**'",
    "npm audit --audit-level none",
    "brakeman --no-exit-on-warn",
)
INPUTS = (
    ("aquasecurity/trivy-action@0.28.0", "exit-code: '0'"),
    ("aquasecurity/trivy-action@master", "exit-code: 0"),
    ("bridgecrewio/checkov-action@v12", "soft_fail: true"),
    ("hadolint/hadolint-action@v3.1.0", "no-fail: true"),
    ("anchore/scan-action@v4", "fail-build: false"),
    ("lycheeverse/lychee-action@v2", "fail: false"),
    ("astral-sh/ruff-action@v3", "args: check --exit-zero"),
    ("golangci/golangci-lint-action@v6", "args: --issues-exit-code=0"),
)


def _flag(chance: random.Random) -> str:
    if chance.random() < 0.3:
        action, given = chance.choice(INPUTS)
        return f"- name: A scan\n  uses: {action}\n  with:\n    {given}{MARK}"
    return _lines(chance, f"{chance.choice(FLAGGED)}{MARK}")


REPORTING = (
    "trivy image app:1",
    "trivy fs .",
    "semgrep scan --config auto",
    "grype dir:.",
    "gofmt -l .",
    "black --diff src",
    "docker run --rm aquasec/trivy:0.58.0 image app:1",
    "docker run --rm -v .:/src semgrep/semgrep semgrep scan --config auto /src",
)


def _reporting(chance: random.Random) -> str:
    if chance.random() < 0.25:
        return f"- uses: aquasecurity/trivy-action@0.28.0{MARK}\n  with:\n    scan-type: fs\n    scan-ref: ."
    return _lines(chance, f"{chance.choice(REPORTING)}{MARK}")


def _going_on(chance: random.Random) -> str:
    check, value = chance.choice(CHECKS), chance.choice(["true", "true", "${{ true }}", "'true'"])
    key = f"continue-on-error: {value}"
    ways = [
        f"- run: {check}\n  {key}{MARK}"
        if not set(check) & set("'\":*")
        else f"- run: |\n    {check}\n  {key}{MARK}",
        f"- name: A check\n  {key}{MARK}\n  run: |\n    npm ci\n    {check}",
        f"- {key}{MARK}\n  uses: golangci/golangci-lint-action@v6",
        f"- name: A check\n  id: check\n  run: |\n    {check}\n  {key}{MARK}",
    ]
    return chance.choice(ways)


def _going_on_job(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    jobs = [
        job
        for job in jobs_with_steps(workflow)
        if CHECKING & job_kinds(job) and job.node.get("continue-on-error") is None and not job.node.flow
    ]
    if not jobs:
        return None
    node = chance.choice(jobs).node
    key = chance.choice([key for key, _ in node.pairs])
    source = workflow.source
    begin = source.line_start(key.start)
    if source.text[begin : key.start].strip() or node.aliased:
        return None
    return put(source, begin, f"continue-on-error: true{MARK}", key.start - begin)


def _without_target(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    folder = chance.choice(["src_gone", "legacy/backend", "services/removed", "old-app"])
    line = chance.choice(
        [
            f"bandit -r {folder}",
            f"ruff check {folder}",
            f"mypy {folder}",
            f"trivy fs --exit-code 1 {folder}",
            f"flake8 {folder}",
            f"checkov -d {folder}",
            f"semgrep scan --error {folder}",
        ]
    )
    step = as_run(chance, line + MARK).replace("\n", "\n    ")
    return with_job(
        workflow,
        f"scan-of-ours:\n  runs-on: ubuntu-latest\n  steps:\n    - uses: actions/checkout@v4\n    {step}",
    )


SELECTING = (
    'pytest -k "a and not a"',
    "pytest -m 'slow and not slow'",
    "go test -run '^$' ./...",
    "go test -run ^$ ./...",
    "pytest --collect-only",
    "uv run pytest --collect-only -q",
    "mvn -B test -DskipTests",
    "mvn test -Dmaven.test.skip=true",
    "./gradlew test -x test",
    "pytest -m nobody_has_this_mark",
    "npx jest --passWithNoTests --testPathPattern nobody-has-this-name",
    "npx jest --listTests",
    "ctest -N",
    "npx jest --passWithNoTests nobody-has-this-name",
    "npx playwright test --list",
    "npx vitest list",
    "bundle exec rspec --dry-run",
    "vendor/bin/phpunit --list-tests",
    "mvn -B test -Dtest=NobodyHasThisTest -DfailIfNoTests=false",
)


def _selecting(chance: random.Random) -> str:
    return _lines(chance, f"{chance.choice(SELECTING)}{MARK}")


CONDITIONS = (
    "${{ github.ref }} == 'refs/heads/main'",
    "${{ github.event_name }} != 'pull_request'",
    "${{ github.event_name == 'push' }} && ${{ github.actor != 'nobody' }}",
    "github.ref == 'refs/heads/main' || true",
    "github.ref == 'refs/heads/main' || 'refs/heads/dev'",
    "always() || github.event_name == 'push'",
    "false",
    "${{ false }}",
    "${{ 'a' == 'b' }}",
    "1 == 2",
    "contains('push', 'pull')",
)


def _constant(chance: random.Random) -> str:
    check, condition = chance.choice(CHECKS), chance.choice(CONDITIONS)
    first = chance.random() < 0.5
    run = f"run: |\n    {check}"
    return (
        f"- if: {condition}{MARK}\n  {run}" if first else f"- name: A check\n  {run}\n  if: {condition}{MARK}"
    )


def _constant_block(chance: random.Random) -> str:
    check = chance.choice(["pytest", "npm test"])
    return f"- if: |{MARK}\n    ${{{{ github.ref == 'refs/heads/main' }}}}\n  run: {check}"


def _hiding(workflow: WrittenWorkflow, chance: random.Random) -> str | None:
    needed = [job.id for job in workflow.jobs if CHECKING & job_kinds(job)]
    if not needed:
        return None
    condition = chance.choice(
        ["always()", "${{ always() }}", "${{ !cancelled() }}", "always() && !cancelled()"]
    )
    body = chance.choice(
        [
            "    - run: echo done",
            '    - name: Report\n      run: |\n        echo "all checks ran"\n        exit 0',
            "    - if: contains(needs.*.result, 'cancelled')\n      run: exit 1",
            f'    - run: echo "${{{{ needs.{needed[0]}.result }}}}"',
            "    - run: exit 1\n      if: contains(needs.*.result, 'failure')\n      continue-on-error: true",
            f"    - run: |\n        if [ '${{{{ needs.{needed[0]}.result }}}}' = failure ]; then\n"
            "          echo red\n        fi",
        ]
    )
    name = chance.choice(["gate-of-ours", "all-green-of-ours", "ci-ok-of-ours"])
    needs = chance.choice([f"[{', '.join(needed)}]", needed[0]])
    return with_job(
        workflow,
        f"{name}:\n  needs: {needs}\n  if: {condition}{MARK}\n  runs-on: ubuntu-latest\n  steps:\n{body}",
    )


def _elsewhere(files: Mapping[str, str], chance: random.Random) -> Planted | None:
    """A recipe, a script or a file that a planted step calls."""
    way = chance.choice(["make", "package", "tox", "shell", "just", "goes on"])
    path = {
        "make": "Makefile",
        "package": "package.json",
        "tox": "tox.ini",
        "shell": "ci/check-of-ours.sh",
        "just": "justfile",
        "goes on": "ci/tests-of-ours.sh",
    }[way]
    if path in files or (way == "make" and {"makefile", "GNUmakefile"} & files.keys()):
        return None
    if way == "just" and {"Justfile", ".justfile"} & files.keys():
        return None
    call = {
        "make": "make check-ours",
        "package": "npm run lint",
        "tox": "tox",
        "shell": "./ci/check-of-ours.sh",
        "just": "just check-ours",
        "goes on": "bash ci/tests-of-ours.sh",
    }[way]
    begun = _step(lambda chance: as_run(chance, call) + MARK, at_root=True)(files, chance)
    if begun is None:
        return None
    check = chance.choice(["pytest -q", "ruff check .", "npx eslint src", "mypy src"])
    text, line = {
        "make": (
            f".PHONY: check-ours\ncheck-ours:\n\t{chance.choice(['-', '@-', '-@', '+-', '@ - '])}{check}\n",
            3,
        ),
        "package": (json.dumps({"scripts": {"lint": f"{check} || true"}}, indent=2) + "\n", 3),
        "tox": (f"[testenv]\ncommands =\n    - {check}\n", 3),
        "shell": (f"#!/bin/sh\nset -e\n{check} || true\n", 3),
        "just": (f"check-ours:\n    {chance.choice(['-', '@-'])}{check}\n", 2),
        "goes on": (f"#!/bin/bash\n\n{check}\necho done\n", 3),
    }[way]
    return Planted({**begun.files, path: text}, ((path, line),))


TOLD = (
    "|| echo failed",
    '|| echo "::warning::The check failed"',
    "|| printf 'failed\\n'",
    '|| (echo "no luck")',
    '|| { echo "no luck"; true; }',
    '|| echo "failed" >&2',
)


def _told_in_condition(chance: random.Random) -> str:
    check = chance.choice(CHECKS)
    if chance.random() < 0.5:
        return as_run(chance, f"if ! {check}; then{MARK}", "  echo failed", "fi")
    return as_run(
        chance, f"if {check}; then{MARK}", "  echo fine", "else", "  echo '::warning::failed'", "fi"
    )


PLANTERS: dict[str, tuple[Planter, ...]] = {
    "or-true": (_behind("|| true", "|| true", "|| :", "||true", "|| /bin/true"),),
    "or-echo": (_behind(*TOLD), _step(_told_in_condition)),
    "or-exit-zero": (
        _behind("|| exit 0", "|| { echo no; exit 0; }", "|| (exit 0)"),
        _behind("|| exit 0", "|| { echo no; exit 0; }"),
        _step(_trapped),
    ),
    "then-true": (_step(_then_true, plain=True),),
    "errexit-off": (_step(_errexit_off, plain=True),),
    "pipe-hides-failure": (_step(_pipe, plain=True),),
    "exit-zero-flag": (_step(_flag),),
    "only-reports": (_step(_reporting),),
    "continue-on-error-check": (_step(_going_on),),
    "continue-on-error-job": (in_workflow(_going_on_job),),
    "scanner-without-target": (in_workflow(_without_target),),
    "swallowed-in-script": (_elsewhere,),
    "empty-test-selection": (_step(_selecting),),
    "constant-condition": (_step(_constant), _step(_constant_block)),
    "report-hides-failure": (in_workflow(_hiding),),
}
