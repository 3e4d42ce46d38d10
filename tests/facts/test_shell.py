import pytest

from cicd_defs.facts.shell import commands_in, unwrapped


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("uv run --group test --python 3.12 pytest -q", "pytest -q"),
        ("uv run --with ruff==1 -- python -m mypy src", "mypy src"),
        ("poetry run python3 -m pytest", "pytest"),
        ("hatch run types:mypy src", "mypy src"),
        ("pipx run --spec black==1 black .", "black ."),
        ("uvx ruff@0.9 check .", "ruff check ."),
        ("FOO=1 BAR=2 sudo -E time npx --no-install jest", "jest"),
        ("pnpm --filter web exec vitest run", "vitest run"),
        ("yarn run eslint .", "eslint ."),
        ("npm run lint", "npm run lint"),
        ("./node_modules/.bin/mocha -R dot", "mocha -R dot"),
        ("$(GOBIN)/golangci-lint run", "golangci-lint run"),
        ("$(GOLANGCI_LINT) run", "golangci-lint run"),
        ("go run github.com/x/y/cmd/staticcheck@latest ./...", "staticcheck ./..."),
        ("go tool golangci-lint run", "golangci-lint run"),
        ("@-cargo +nightly test", "cargo +nightly test"),
        ("coverage run --branch -m pytest tests", "pytest tests"),
        ("echo pytest", "echo pytest"),
        ("", ""),
    ],
)
def test_unwrapped(line, command):
    assert next(commands_in(line, "."))[0] == command


def test_commands_and_their_folders():
    script = (
        "cd web && npm test; cd ../../.. && (cd api/src; go test) || uv --directory docs run pytest | tee"
    )
    assert list(commands_in(script, "services")) == [
        ("npm test", "services/web"),
        ("go test", "api/src"),
        ("pytest", "api/src/docs"),
        ("tee", "api/src"),
    ]


@pytest.mark.parametrize(
    "piece", ["--group ", "uv run ", "-m ", "A=1 ", "sudo ", "--a=", "python ", "$(", "node --a "]
)
def test_a_long_line_costs_little(piece):
    assert isinstance(unwrapped((piece * 2000)[:2000]), str)
