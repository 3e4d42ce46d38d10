"""`cicd pr`, as a person plays the other side of the local forge."""

import pytest
from click.testing import CliRunner

from cicd_defs.cli.delivery.pr import pr
from cicd_defs.cli.reading import UsageProblem
from tests.resources.repository import committed, git, repository, write


@pytest.fixture
def cicd(tmp_path, monkeypatch):
    """Call `cicd pr …`; return what it prints. The declared repository is a work tree beside the project files."""
    repository(tmp_path / "source", {"app.py": "1\n"})
    write(
        tmp_path,
        {"projects/shop.yaml": "repository: ../source\n", "projects/far.yaml": "repository: acme/far\n"},
    )
    monkeypatch.setenv("CICD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CICD_PROJECTS", str(tmp_path / "projects"))
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(pr, arguments, catch_exceptions=True)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return call


@pytest.fixture
def opened(cicd, tmp_path):
    """Pull request 1 of a branch `change`, by the stranger ada."""
    cicd("init", "shop")
    git(tmp_path, "clone", "--quiet", str(tmp_path / "home/forge/local/shop.git"), "work")
    work = tmp_path / "work"
    git(work, "checkout", "--quiet", "-b", "change")
    git(committed(work, {"app.py": "2\n"}), "push", "--quiet", "origin", "change")
    assert cicd("open", "shop", "change", "--as", "ada", "--draft") == "local/shop#1: more\n"
    return cicd


def test_a_pull_request_from_beginning_to_end(opened):
    opened("person", "shop", "mia", "--role", "member")
    opened("ready", "shop", "1", "--as", "ada")
    opened("label", "shop", "1", "urgent", "--as", "mia")
    opened("comment", "shop", "1", "Red: \x1b[31m", "--as", "eve")
    opened("request-changes", "shop", "1", "--as", "eve")
    assert "mia (member) approved" in opened("approve", "shop", "1", "--as", "mia")
    shown = opened("show", "shop", "1")
    for text in (
        "open, by ada (stranger, from a fork)",
        "labels: urgent",
        "changes_requested  eve (stranger)",
        "approved  mia (member)",
        "Red: \\x1b[31m",
    ):
        assert text in shown
    assert "\x1b" not in shown
    opened("close", "shop", "1", "--as", "mia")
    assert opened("list") == opened("list", "shop")
    assert "local/shop#1  closed  ada (stranger)  change  more" in opened("list")


def test_what_was_made_is_left_alone(opened):
    assert "already" in opened("init", "shop")
    assert "#1" in opened("open", "shop", "change", "--as", "ada")


def test_a_repository_elsewhere_is_copied_from_a_clone(cicd, tmp_path):
    assert "acme/far: push to" in cicd("init", "far", "--from", str(tmp_path / "source"))
    assert (tmp_path / "home/forge/acme/far.git/HEAD").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("init", "far"), "Clone it, and name the clone with --from PATH"),
        (("init", "nope"), "`cicd check` says"),
        (("open", "shop", "change", "--as", "ada"), "Run `cicd pr init shop`"),
        (("list", "shop"), "Run `cicd pr init shop`"),
        (("init", "shop", "--from", "/nonexistent"), "is not a folder"),
        (("person", "shop", "a b", "--role", "owner"), "is no login"),
    ],
)
def test_mistakes_are_told_with_what_to_do(cicd, arguments, says):
    with pytest.raises(UsageProblem, match=says):
        cicd(*arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("approve", "shop", "1", "--as", "ada"), "their own"),
        (("approve", "shop", "2", "--as", "eve"), "cicd pr list shop"),
        (("show", "shop", "2"), "cicd pr list shop"),
        (("close", "shop", "1", "--as", "eve"), "may not"),
        (("comment", "shop", "1", "x", "--as", "cicd-agent"), "this program itself"),
        (("open", "shop", "absent", "--as", "ada"), "has no branch"),
    ],
)
def test_what_is_refused_is_told_with_what_to_do(opened, arguments, says):
    with pytest.raises(UsageProblem, match=says):
        opened(*arguments)


@pytest.mark.parametrize(
    "command", ["open", "comment", "approve", "request-changes", "label", "ready", "close"]
)
def test_whoever_writes_says_who_they_are(cicd, command):
    assert "Missing option '--as'" in cicd(
        command, "shop", *(["1", "x"] if command in ("comment", "label") else ["1"])
    )
