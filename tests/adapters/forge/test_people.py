"""What people do on the local forge, and what they may not."""

import pytest

from cicd_defs.adapters.forge.people import Person
from cicd_defs.facts.github.refusals import ForgeError
from tests.adapters.forge.conftest import NAME, NOW


@pytest.fixture
def who(place):
    """The people of one repository: ada is the author of pull request 1, a draft, and a stranger."""
    for login, role in (("olga", "owner"), ("mia", "member")):
        place.forge.rows.set_role(NAME, login, role)
    place.push("change", {"a": "1"})
    people = {login: Person(place.forge, NAME, login) for login in ("olga", "mia", "ada", "eve")}
    people["ada"].open("change", "Do it", "Why.", NOW, draft=True, fork=False)
    return people


def test_a_strangers_pull_request_is_from_a_fork_and_a_members_is_not(place, who):
    assert place.forge.pull_request(NAME, 1).from_fork
    assert place.forge.pull_request(NAME, 1).draft
    for branch, fork in (("m1", False), ("m2", True)):
        place.push(branch, {branch: "1"})
        assert who["mia"].open(branch, "t", "", NOW, draft=False, fork=fork).from_fork == fork


def test_the_last_word_of_each_reviewer_counts_at_its_commit(place, who):
    who["mia"].review(1, "approved", NOW)
    who["eve"].review(1, "commented", NOW)
    first = place.tip("change")
    second = place.push("change", {"b": "2"}, "origin/change")
    who["olga"].review(1, "changes_requested", NOW)
    who["olga"].review(1, "approved", NOW)
    who["olga"].review(1, "commented", NOW)
    who["eve"].review(1, "approved", NOW)
    assert [(one.author, one.author_role, one.state, one.commit) for one in place.forge.reviews(NAME, 1)] == [
        ("mia", "member", "approved", first),
        ("olga", "owner", "approved", second),
        ("eve", "stranger", "approved", second),
    ]


MAY_NOT = [
    ("ada", lambda one: one.review(1, "approved", NOW), "their own"),
    ("ada", lambda one: one.label(1, "x", NOW), "stranger"),
    ("eve", lambda one: one.label(1, "x", NOW), "stranger"),
    ("eve", lambda one: one.close(1, NOW), "not their own"),
    ("eve", lambda one: one.ready(1, NOW), "not their own"),
    ("olga", lambda one: one.comment(7, "x", NOW), "no pull request 7"),
]


@pytest.mark.parametrize(("login", "act", "says"), MAY_NOT)
def test_what_people_may_not(place, who, login, act, says):
    before = place.events()
    with pytest.raises(ForgeError, match=says):
        act(who[login])
    assert (place.events(), place.forge.pull_request(NAME, 1).state) == (before, "open")


@pytest.mark.parametrize("login", ["cicd-agent", "cicd-defs[bot]", "a b", ""])
def test_nobody_acts_as_this_program_or_as_no_login(place, login):
    with pytest.raises(ForgeError):
        Person(place.forge, NAME, login)


def test_what_people_do_is_reported(place, who):
    who["eve"].comment(1, "Hello.", NOW)
    who["mia"].review(1, "approved", NOW)
    assert who["mia"].label(1, "urgent", NOW)
    assert not who["mia"].label(1, "urgent", NOW)
    assert who["ada"].ready(1, NOW)
    assert not who["ada"].ready(1, NOW)
    assert who["mia"].label(1, "urgent", NOW, present=False)
    who["ada"].close(1, NOW)
    with pytest.raises(ForgeError, match="closed already"):
        who["mia"].review(1, "approved", NOW)
    assert [(event.kind, event.action, event.follows) for event in place.read_events()] == [
        ("pull_request", "opened", "evaluate"),
        ("issue_comment", "created", "nothing"),
        ("pull_request_review", "submitted", "decide"),
        ("pull_request", "labeled", "decide"),
        ("pull_request", "ready_for_review", "decide"),
        ("pull_request", "unlabeled", "decide"),
        ("pull_request", "closed", "closed"),
    ]
    assert [(one.author, one.body) for one in place.forge.comments(NAME, 1)] == [("eve", "Hello.")]
