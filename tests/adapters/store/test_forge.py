"""The rows of the local forge, on every database."""

import threading
from datetime import UTC, datetime

from cicd_defs.adapters.store.forge.rows import ConversationRows, PullRequestRows, Seen
from cicd_defs.facts.github.pull_requests import Check, PullRequest

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def opened(branch: str, **changes: object) -> PullRequest:
    given = {"repository": "a/b", "number": 0, "title": "t\0", "author": "ada", "author_role": "owner"}
    tips = {"head_ref": branch, "head_sha": "1" * 40, "base_ref": "main", "base_sha": ""}
    return PullRequest.model_validate(given | tips | changes)


def test_numbers_and_labels_and_roles(store):
    rows = PullRequestRows(store.engine)
    assert [rows.add(opened(name), NOW) for name in ("x", "y", "x")] == [1, 2, 1]
    assert rows.add(opened("x", repository="other/b"), NOW) == 1
    assert rows.relabel("a/b", 1, "urgent", NOW, True)
    assert not rows.relabel("a/b", 1, "urgent", NOW, True)
    rows.set_role("a/b", "ada", "member")
    rows.set_role("a/b", "ada", "owner")
    found = rows.get("a/b", 1).pull_request
    assert (found.title, found.labels, found.author_role, found.state) == (
        "t\ufffd",
        ("urgent",),
        "owner",
        "open",
    )
    assert rows.get("other/b", 1).pull_request.author_role == "stranger"
    assert rows.close("a/b", 1, NOW)
    assert not rows.close("a/b", 1, NOW)
    assert [one.pull_request.number for one in rows.open_or_listed("a/b", [1])] == [1, 2]
    assert [one.pull_request.number for one in rows.open_into("a/b", "main")] == [2]


def test_a_ref_is_seen_by_whoever_is_first(store):
    rows = PullRequestRows(store.engine)
    assert rows.see("a/b", "r", "1", None)
    assert not rows.see("a/b", "r", "2", None)
    assert rows.see("a/b", "r", "2", Seen("1", 0))
    assert not rows.see("a/b", "r", "3", Seen("1", 0))
    assert rows.seen("a/b") == {"r": Seen("2", 1)}
    rows.forget("a/b", "r")
    assert rows.seen("a/b") == {}


def test_many_who_write_at_once(store):
    rows, conversation = PullRequestRows(store.engine), ConversationRows(store.engine)
    numbers: list[int] = []
    together = threading.Barrier(6)

    def act(number: int) -> None:
        conversation.comments("a/b", 1)
        together.wait(30)
        numbers.extend(rows.add(opened(branch), NOW) for branch in ("same", f"b{number}"))
        conversation.put_comment("a/b", 1, "<!-- m -->", f"<!-- m --> {number}", NOW)
        conversation.put_check("a/b", Check(name="c", commit="1" * 40, state="success", ours=True), NOW)

    threads = [threading.Thread(target=act, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 12
    assert sorted(set(numbers)) == list(range(1, 8))
    assert len(conversation.comments("a/b", 1)) == 1
    assert len(conversation.checks("a/b", "1" * 40)) == 1
