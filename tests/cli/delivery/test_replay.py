"""A thousand stored decisions, made again: each comes out the same, and what was changed by a byte is found."""

import json
import random
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cicd_defs.adapters.store.engine import open_store
from cicd_defs.cli import app
from cicd_defs.facts.records.evaluations import DecisionRecord
from cicd_defs.judge.merge.decision import decide
from cicd_defs.judge.merge.evidence import ChangedPath
from tests.judge.merge.evidences import AT, DELETED, HEAD, OLD, RED, check, ready, review, verdict

COUNT, SEED = 1_000, 20_260_301
WORDS = ("passed", "passed", "passed", "failed", "not_applicable", "not_evaluated", "fault")
ROLES = ("owner", "member", "stranger")


def evidence(pick, number):
    """Any evidence that there can be."""
    reviews = tuple(
        review(pick.choice(["olga", "mia", "Ada", "eve"]), pick.choice(ROLES),
               pick.choice(["approved", "approved", "changes_requested", "commented", "dismissed"]),
               pick.choice([HEAD, OLD]))
        for _ in range(pick.randrange(4))
    )  # fmt: skip
    checks = tuple(
        check(
            f"check-{at}",
            pick.choice(["pending", "success", "success", "failure", "neutral"]),
            ours=pick.random() < 0.2,
        )
        for at in range(pick.randrange(3))
    )
    paths = pick.sample(
        ["src/cart.py", ".github/workflows/ci.yml", "Makefile", "k8s/a.yaml"], pick.randrange(4)
    )
    return ready(
        number=number,
        title=pick.choice(["Add a cart", "Ünïcode \u2028 😀", "x" * 300, "<script>"]),
        reviews=reviews,
        checks=checks,
        changes=tuple(ChangedPath(path=path, added=pick.randrange(100)) for path in paths),
        draft=pick.random() < 0.1,
        from_fork=pick.random() < 0.2,
        author_role=pick.choice(ROLES),
        has_conflict=pick.random() < 0.1,
        fix_running=pick.random() < 0.3,
        auto_merge=pick.random() < 0.8,
        approvals=pick.randrange(3),
        mode=pick.choice(["observe", "comment", "act"]),
        frozen=pick.choice(["", "", "", "nothing is merged today"]),
        head_sha=pick.choice([HEAD, HEAD, HEAD, OLD]),
        sandbox_build=verdict("sandbox_build", pick.choice(WORDS), seconds=pick.random() * 100),
        test_results=pick.choice([RED, verdict("test_results", pick.choice(WORDS)), None]),
        gate_integrity=pick.choice([DELETED, verdict("gate_integrity"), verdict("gate_integrity"), None]),
    )


def record(number, found):
    decision = decide(found)
    return DecisionRecord(
        id=f"d{number}",
        project="shop",
        repository="acme/shop",
        number=number,
        head=found.head,
        base=found.base,
        outcome=decision.outcome,
        evidence_digest=found.digest,
        digest=decision.digest,
        evidence=found.model_dump(mode="json"),
        decision=decision.model_dump(mode="json"),
        at=AT + timedelta(seconds=number),
    )


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The address of a store with a thousand decisions."""
    url, pick = f"sqlite:///{tmp_path_factory.mktemp('decisions') / 'store.db'}", random.Random(SEED)
    store = open_store(url, migrate=True)
    for number in range(1, COUNT + 1):
        store.evidence.put_decision(record(number, evidence(pick, number)))
    yield store
    store.close()


def replayed(store, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", store.url)
    made = CliRunner().invoke(app, ["decide", "--replay"])
    return made.exit_code, made.output


def test_a_thousand_decisions_come_out_the_same(full, monkeypatch):
    outcomes = {one.outcome for one in full.evidence.decisions()}
    assert outcomes == {"merge", "wait", "hold", "reject"}
    assert replayed(full, monkeypatch) == (0, "1000 decisions made again, each with the same digest.\n")


def changed(store, number, column, edit):
    """Change a stored text behind the store's back; return what puts it back."""

    def write(text):
        with store.engine.begin() as db:
            db.execute(sa.text(f"UPDATE decisions SET {column} = :text WHERE number = :number"),
                       {"text": text, "number": number})  # fmt: skip

    with store.engine.connect() as db:
        before = db.execute(
            sa.text(f"SELECT {column} FROM decisions WHERE number = :number"),
            {"number": number},
        ).scalar_one()
    write(edit(before))
    return lambda: write(before)


def byte_changed(at):
    """Change one letter or digit of a JSON text's value, about there."""

    def edit(text):
        values = [
            place for place, letter in enumerate(text)
            if letter.isalnum() and letter.isascii() and place > at % len(text) and text[place - 1] not in '\\"'
        ]  # fmt: skip
        place = values[0] if values else text.rindex("}") - 2
        other = "7" if text[place].isdigit() and text[place] != "7" else "6" if text[place] == "7" else "q"
        return text[:place] + (other if other != text[place] else "z") + text[place + 1 :]

    return edit


def test_one_byte_of_evidence_changed_is_found(full, monkeypatch):
    """In a hundred of them, each at a place of its own; all the others come out the same."""
    numbers = random.Random(SEED).sample(range(1, COUNT + 1), 100)
    backs = [changed(full, number, "evidence", byte_changed(number * 37)) for number in numbers]
    try:
        code, said = replayed(full, monkeypatch)
    finally:
        for back in backs:
            back()
    named = {int(line.split("#")[1].split(" ")[0]) for line in said.splitlines() if line.startswith("shop#")}
    assert (code, named, "100 differ." in said) == (1, set(numbers), True)


@pytest.mark.parametrize(
    ("column", "edit"),
    [
        ("outcome", lambda text: "hold" if text == "merge" else "merge"),
        ("digest", lambda text: ("0" if text[0] != "0" else "1") + text[1:]),
        (
            "decision",
            lambda text: json.dumps({**json.loads(text), "outcome": "merge", "mode": "act", "votes": []}),
        ),
    ],
)
def test_a_decision_that_was_changed_beside_its_evidence_is_found(full, monkeypatch, column, edit):
    back = changed(full, 3, column, edit)
    try:
        code, said = replayed(full, monkeypatch)
    finally:
        back()
    assert (code, "shop#3 at" in said) == (1, True)
