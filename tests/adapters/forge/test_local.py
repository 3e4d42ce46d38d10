"""Pull requests of the local forge: opened, looked at, reviewed, reported."""

import pytest

from cicd_defs.adapters.forge.hosted import Hosted
from cicd_defs.adapters.forge.local import LocalForge
from cicd_defs.facts.github.pull_requests import Check
from cicd_defs.facts.github.refusals import ForgeError
from cicd_defs.flows.protocols import Forge
from tests.adapters.forge.conftest import NAME, NOW, forge_at
from tests.resources.repository import git


def test_it_is_a_forge(place):
    forge: Forge = place.forge
    assert forge.git_dir(NAME) == str(place.bare)


def test_an_opened_pull_request_has_the_tips_of_its_branches(place):
    found = place.open("change", author="ada")
    assert (found.number, found.state, found.author, found.author_role) == (1, "open", "ada", "stranger")
    assert (found.head_sha, found.base_sha) == (place.tip("change"), place.tip("main"))
    head = place.push("change", {"more": "1"}, "change")
    base = place.push("main", {"other": "1"})
    now = place.forge.pull_request(NAME, 1)
    assert (now.head_sha, now.base_sha) == (head, base)


def test_numbers_count_up_and_a_branch_has_one_open_pull_request(place):
    first = place.open("a")
    assert place.open("a", x="2").number == first.number
    second = place.open("b")
    assert [one.number for one in place.forge.open_pull_requests(NAME, "main")] == [1, 2]
    assert place.forge.rows.close(NAME, first.number, NOW)
    assert place.open("a", x="3").number == 3
    assert place.forge.pull_request_of(NAME, "a").number == 3
    assert place.forge.pull_request_of(NAME, "b") == place.forge.pull_request(NAME, second.number)
    assert place.forge.pull_request_of(NAME, "c") is None
    assert place.forge.pull_request(NAME, 9) is None


def test_who_somebody_is_is_looked_up_when_asked(place):
    place.open("change", author="ada")
    for role in ("owner", "member", "stranger"):
        place.forge.rows.set_role(NAME, "ada", role)
        assert place.forge.pull_request(NAME, 1).author_role == role
    assert place.open("by-agent", author="cicd-agent").author_role == "member"


@pytest.mark.parametrize(
    ("branch", "says"),
    [("nothing", "has no branch"), ("main", "has no branch"), ("same", "no commit that main lacks")],
)
def test_what_cannot_be_opened(place, branch, says):
    git(place.work, "push", "--quiet", "origin", "main:same")
    with pytest.raises(ForgeError, match=says):
        place.forge.open_pull_request(NAME, branch, "t", "b", "ada", NOW)


@pytest.mark.parametrize("login", ["", "a b", "a\nb", "-a", "a" * 101, "<a>"])
def test_nobody_is_called_like_that(place, login):
    place.push("change", {"a": "1"})
    with pytest.raises(ForgeError, match="no login"):
        place.forge.open_pull_request(NAME, "change", "t", "b", login, NOW)


def test_errors_name_the_command_that_helps(place, tmp_path):
    with pytest.raises(ForgeError, match="No project file declares 'acme/other'"):
        place.forge.git_dir("acme/other")
    missing = {"local/x": Hosted("local/x", "x", "main", tmp_path / "missing.git")}
    forge = LocalForge(place.store.engine, place.store.inbox, tmp_path, missing)
    with pytest.raises(ForgeError, match="Run `cicd pr init x`"):
        forge.git_dir("local/x")


def test_a_check_is_written_in_place(place):
    head = place.open().head_sha
    pending = Check(name="cicd", commit=head, state="pending")
    done = Check(name="cicd", commit=head, state="success", summary="All\0 well.", url="https://x")
    assert place.forge.put_check(NAME, pending, NOW) == place.forge.put_check(NAME, done, NOW)
    place.forge.conversation.put_check(NAME, Check(name="cicd", commit=head, state="failure"), NOW)
    assert [(one.state, one.ours, one.summary) for one in place.forge.checks(NAME, head)] == [
        ("failure", False, ""),
        ("success", True, "All\ufffd well."),
    ]
    assert place.forge.checks(NAME, place.tip("main")) == ()


def test_a_comment_of_ours_is_written_in_place(place):
    place.open()
    place.forge.conversation.add_comment(NAME, 1, "ada", "<!-- report --> mine", NOW)
    first = place.forge.put_comment(NAME, 1, "<!-- report -->", "red", NOW)
    assert place.forge.put_comment(NAME, 1, "<!-- report -->", "<!-- report -->\ngreen", NOW) == first
    assert place.forge.put_comment(NAME, 1, "<!-- other -->", "x", NOW) != first
    assert [(one.author, one.body) for one in place.forge.comments(NAME, 1)] == [
        ("ada", "<!-- report --> mine"),
        ("cicd-defs[bot]", "<!-- report -->\ngreen"),
        ("cicd-defs[bot]", "<!-- other -->\nx"),
    ]
    with pytest.raises(ForgeError, match="no pull request 7"):
        place.forge.put_comment(NAME, 7, "m", "x", NOW)


def test_a_push_moves_a_branch_only_from_where_it_is_expected(place):
    head, main = place.push("change", {"a": "1"}), place.tip("main")
    place.forge.push(NAME, "new", main, None, NOW)
    place.forge.push(NAME, "new", head, main, NOW)
    place.forge.push(NAME, "new", head, main, NOW)
    assert place.tip("new") == head
    for branch, commit, expected in (("new", main, None), ("new", main, "1" * 40), ("absent", main, head)):
        with pytest.raises(ForgeError, match="somebody else has moved it"):
            place.forge.push(NAME, branch, commit, expected, NOW)
    with pytest.raises(ForgeError, match="not the name of a branch"):
        place.forge.push(NAME, "../x", head, None, NOW)


def test_a_branch_is_deleted_only_where_it_is_expected(place):
    head = place.push("change", {"a": "1"})
    assert not place.forge.delete_branch(NAME, "change", place.tip("main"))
    assert place.forge.delete_branch(NAME, "change", head)
    assert not place.forge.delete_branch(NAME, "change", head)
    assert not place.forge.delete_branch(NAME, "main", place.tip("main"))
    assert place.tip("change") is None


def test_each_thing_that_happens_is_reported_once(place):
    place.open("change")
    first = place.tip("change")
    place.forge.push(NAME, "change", place.tip("main"), first, NOW)
    place.push("change", {"b": "2"}, "origin/change")
    assert place.forge.notice(NAME, NOW) == 1
    assert place.forge.notice(NAME, NOW) == 0
    place.push("main", {"c": "3"})
    assert place.forge.notice(NAME, NOW) == 1
    assert place.forge.rows.close(NAME, 1, NOW)
    assert place.forge.notice(NAME, NOW) == 1
    assert place.forge.notice(NAME, NOW) == 0
    assert place.events() == [
        "pull_request opened 1",
        "pull_request synchronize 1",
        "pull_request synchronize 1",
        "push",
        "pull_request closed 1",
    ]


def test_a_head_that_comes_back_is_reported_again(place):
    place.open("change")
    one = place.tip("change")
    two = place.push("change", {"b": "2"}, "origin/change")
    for commit in (two, one, two, one):
        git(place.work, "push", "--quiet", "--force", "origin", f"{commit}:change")
        assert place.forge.notice(NAME, NOW) == 1
    assert [event.head for event in place.read_events()] == [one, two, one, two, one]


def test_a_first_look_at_a_repository_reports_nothing(place):
    assert place.forge.notice(NAME, NOW) == 0
    assert place.events() == []


def test_an_event_has_what_readers_use(place):
    place.open("change", author="ada")
    place.push("main", {"c": "3"})
    before = place.tip("change~0") or place.tip("change")
    place.forge.notice(NAME, NOW)
    opened, push = place.read_events()
    assert (opened.repository, opened.head, opened.base_ref, opened.sender) == (NAME, before, "main", "ada")
    assert (opened.follows, push.follows) == ("evaluate", "push")
    assert (push.ref, push.after) == ("refs/heads/main", place.tip("main"))


@pytest.mark.parametrize("dies", ["before", "after"])
def test_an_event_whose_reporter_died_is_reported_once(place, monkeypatch, tmp_path, dies):
    """It dies before the inbox has the event, or after it has, and before that was noted."""
    target = (place.store.inbox, "add") if dies == "before" else (place.forge.rows, "see")
    place.forge.notice(NAME, NOW)
    with monkeypatch.context() as patch:
        patch.setattr(*target, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            place.open("change")
    other, store = forge_at(tmp_path)
    other.notice(NAME, NOW)
    other.open_pull_request(NAME, "change", "t", "b", "ada", NOW)
    store.close()
    assert place.events() == ["pull_request opened 1"]


@pytest.mark.parametrize(
    "branch", ["feature/ü-ñ", "a'b\"c", "x;touch${IFS}y", "refs/heads/x", "--force", "a@b", "v1.0+x"]
)
def test_hostile_branch_names_are_names(place, branch):
    git(place.work, "checkout", "--quiet", "-b", "local-name")
    git(place.work, "commit", "--quiet", "--allow-empty", "-m", "x")
    git(place.work, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    if branch == "--force":
        with pytest.raises(ForgeError):
            place.forge.open_pull_request(NAME, branch, "t", "b", "ada", NOW)
        return
    found = place.forge.open_pull_request(NAME, branch, "\x1b[2J t", "b\0", "ada", NOW)
    assert (found.head_ref, found.body) == (branch, "b\ufffd")
    assert place.read_events()[0].follows == "evaluate"
