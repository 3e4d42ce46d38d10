"""A version stands for a commit of the table, and the comment beside it never for another version than was asked."""

import pytest

from cicd_defs.plan.known_commits import commit_of
from cicd_defs.plan.pins import rows_of_actions


@pytest.mark.parametrize(
    ("action", "version", "told"),
    [
        ("google-github-actions/auth", "v3", "v3.0.0"),
        ("Google-GitHub-Actions/Setup-GCloud", "v2", "v2.2.1"),
        ("golangci/golangci-lint-action", "v3.7.1", "v3.7.1"),
        ("github/codeql-action/init", "v3", "v3.37.7"),
    ],
)
def test_a_version_is_told_in_full(action, version, told):
    known = commit_of(action, version)
    assert known is not None
    assert known.version == told


@pytest.mark.parametrize(
    ("action", "version"),
    [("google-github-actions/auth", "main"), ("google-github-actions/auth", ""), ("nobody/nothing", "v1")],
)
def test_what_the_table_does_not_tell_is_not_guessed(action, version):
    assert commit_of(action, version) is None


def test_the_comment_is_within_the_version_that_was_asked():
    for name, version, *_ in rows_of_actions():
        known = commit_of(name, version)
        assert known is not None
        if version[:1] == "v" and known.version[:1] == "v" and version[1:].isdigit():
            assert known.version == version or known.version.startswith(f"{version}.")


def test_comments_of_pins_do_not_name_two_majors_for_one_commit():
    said: dict[tuple[str, str], set[str]] = {}
    for name, version, commit, _, _, source in rows_of_actions():
        if source == "comment":
            said.setdefault((name.lower(), commit), set()).add(version.lstrip("v").split(".")[0])
    assert [key for key, majors in said.items() if len(majors) > 1] == []
