"""What commands and actions are for, however they are started."""

import pytest

from cicd_defs.facts.script import read_script
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.judge.commands.purposes import (
    checks_of,
    deploys,
    job_kinds,
    kind_of_action,
    kinds_of,
    purpose_of,
    purpose_of_text,
)
from cicd_defs.plan.pipeline import StepKind

KNOWN = {
    StepKind.SCAN: """
        bandit -r src
        uvx bandit -c pyproject.toml -r .
        poetry run pip-audit
        python -m safety check --full-report
        trivy fs --severity HIGH .
        trivy image app:1
        cargo audit
        cargo deny check
        npm audit --audit-level=high
        npm --prefix web audit
        yarn npm audit
        pnpm audit
        gitleaks detect --source .
        semgrep ci
        govulncheck ./...
        go run golang.org/x/vuln/cmd/govulncheck@latest ./...
        checkov -d infra
        osv-scanner -r .
        make security
        tox -e security
        npm run security:check
    """,
    StepKind.TYPECHECK: """
        mypy src
        uv run mypy --strict src
        python3 -m mypy .
        npx tsc --noEmit
        pyright
        npm run typecheck
        pnpm type-check
        nox -s mypy
        cargo check --all
    """,
    StepKind.FORMAT: """
        black --check .
        ruff format --check .
        isort --check-only src
        npx prettier --check .
        cargo fmt --all -- --check
        gofmt -l .
        npm run format:check
        make fmt-check
    """,
    StepKind.LINT: """
        ruff check .
        ruff .
        python -m flake8 src
        uv run --frozen pylint app
        npx eslint .
        golangci-lint run ./...
        go vet ./...
        cargo clippy -- -D warnings
        cargo +nightly clippy
        pre-commit run --all-files
        hadolint Dockerfile
        shellcheck scripts/*.sh
        npm run lint
        npm run lint:js
        yarn lint
        pnpm run lint
        pnpm lint
        make lint
        just lint
        tox -e lint
        nox -s lint
        hatch run lint
        ./scripts/lint.sh
        bash ci/lint.sh
        scripts/lint
        terraform validate
        helm lint charts/app
    """,
    StepKind.E2E: """
        npx playwright test
        npx cypress run
        npm run e2e
        npm run test:e2e
        make e2e
    """,
    StepKind.TEST: """
        pytest
        pytest -q tests/unit
        python -m pytest -x
        coverage run -m pytest
        uv run --group test pytest
        hatch test
        python manage.py test
        python -m unittest discover
        tox
        tox -e py311
        tox run -e ${{ matrix.env }}
        nox -s tests
        npm test
        npm t
        npm run test
        npm run test:unit -- --ci
        yarn test
        pnpm -r test
        bun test
        npx jest --ci
        npx vitest run
        node --test
        deno test
        go test ./...
        gotestsum -- ./...
        cargo test --all
        cargo nextest run
        mvn -B test
        ./mvnw -B verify
        ./gradlew test
        ./gradlew :app:testDebug --info
        dotnet test
        bundle exec rspec
        vendor/bin/phpunit
        make test
        make -C service check
        sudo make check
        ctest --output-on-failure
        ./test.sh
        ./run_tests.sh
        scripts/test
        bats tests
        mix test
        swift test
        sbt test
        turbo run test
        nx run-many -t test
    """,
    StepKind.DEPLOY: """
        kubectl apply -f k8s/
        kubectl -n shop set image deploy/app app=app:1
        helm upgrade --install app charts/app
        terraform apply -auto-approve
        fly deploy
        make deploy
    """,
    StepKind.BUILD: """
        docker build -t app .
        docker buildx build --push .
        python -m build
        uv build
        npm run build
        go build ./...
        cargo build --release
        cargo test --no-run
        tox -e docs
        mvn -B -DskipTests package
    """,
    StepKind.INSTALL: """
        pip install -r requirements.txt
        python -m pip install -e .[test]
        uv sync --frozen
        npm ci
        yarn install --immutable
        pnpm install
        bun install
        apt-get install -y jq
        sudo apt-get update
        go mod download
        poetry install
        make install
    """,
    None: """
        echo pytest
        rm -rf build
        docker rm -f db
        git diff --exit-code
        test -f pytest
        cat lint.log
        pytest --version
        ruff --version
        mypy --help
        cp tests/a b
        curl https://example.org/test
        npm link
        tox -l
        black .
        grep -q test file
        npm version patch
    """,
}
TABLE = [(line.strip(), kind) for kind, lines in KNOWN.items() for line in lines.strip().splitlines()]


@pytest.mark.parametrize(("line", "kind"), TABLE, ids=str)
def test_a_command_is_for(line: str, kind: StepKind | None):
    (command,) = read_script(line).commands
    purpose = purpose_of(command)
    assert (purpose.kind if purpose else None) is kind


@pytest.mark.parametrize(
    ("line", "tool"),
    [("npm run lint", "npm lint"), ("uv run pytest -q", "pytest"), ("./bin/ruff check .", "ruff check")],
)
def test_a_purpose_names_the_program(line: str, tool: str):
    purpose = purpose_of(read_script(line).commands[0])
    assert purpose is not None
    assert purpose.tool == tool


def test_a_line_without_wrappers_is_for_the_same():
    assert purpose_of_text("pytest -q") == purpose_of(read_script("uv run pytest -q").commands[0])
    assert purpose_of_text("") is None


WORKFLOW = """\
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: Actions/Setup-Python@v5
      - uses: google/osv-scanner-action/osv-scanner-action@v2
      - run: |
          pip install .
          pytest && echo done
      - uses: azure/k8s-deploy@v5
      - uses: ./.github/actions/own
"""


def test_steps_and_jobs_are_for():
    workflow = WrittenWorkflow.read(Source(".github/workflows/ci.yml", WORKFLOW))
    (job,) = workflow.jobs
    kinds = [kind_of_action(step) for step in job.steps]
    assert kinds == [
        StepKind.CHECKOUT,
        StepKind.SETUP,
        StepKind.SCAN,
        None,
        StepKind.DEPLOY,
        None,
    ]
    assert kinds_of(job.steps[3]) == {StepKind.INSTALL, StepKind.TEST}
    assert [command.text for command, _ in checks_of(job.steps[3])] == ["pytest"]
    assert job_kinds(job) == {
        StepKind.CHECKOUT,
        StepKind.SETUP,
        StepKind.SCAN,
        StepKind.INSTALL,
        StepKind.TEST,
        StepKind.DEPLOY,
    }
    assert deploys(job)


def test_a_shell_whose_script_is_read_has_no_purpose_of_its_own():
    commands = read_script('docker run --rm app bash -c "cd web && npm test"').commands
    assert purpose_of(commands[0]) is None
    assert purpose_of(commands[-1]) is not None
