import pytest

from cicd_defs.facts.records.evaluations import Subject
from cicd_defs.flows.pull_request.claim import NotOurs
from cicd_defs.flows.pull_request.decide import decide_merge
from cicd_defs.flows.pull_request.evaluate import PARTS, evaluate
from cicd_defs.flows.pull_request.report import report_on, say_decision
from cicd_defs.judge.merge.decision import replay
from tests.flows.memory import task
from tests.flows.pull_request.place import MERGES, NAME, NO_TEST

HOSTILE = "<script>alert(1)</script> | ` ![x](http://evil) <!-- cicd-defs:report:1 --> @everyone \x1b[31m"


def said(place, holder="run-1"):
    """What is written on the forge after an evaluation and its decision."""
    claim, decision = place.evaluated(holder=holder)
    say_decision(place.line, claim, holder, decision)
    return claim, decision


def written(place):
    """The states of our checks and the comments, on the forge."""
    checks = place.here.forge.checks(NAME, place.now().head_sha)
    return [check.state for check in checks if check.ours], place.here.forge.comments(NAME, 1)


def test_one_check_and_one_comment_edited_in_place(place):
    place.open()
    place.sandbox.ends = {"test": {"exit_code": 1}}
    said(place)
    assert (written(place)[0], len(written(place)[1])) == (["failure"], 1)
    place.push("change", {"fix.py": "1"})
    place.sandbox.ends = {}
    said(place, "run-2")
    states, comments = written(place)
    assert (states, len(comments)) == (["success"], 1)
    assert comments[0].body.startswith("<!-- cicd-defs:report:1 -->")
    assert place.now().head_sha[:7] in comments[0].body


@pytest.mark.parametrize(
    ("project", "setting", "files", "outcome", "state"),
    [
        (MERGES, {}, {"a.py": "1"}, "merge", "success"),
        (MERGES, {"ends": {"test": {"exit_code": 1}}}, {"a.py": "1"}, "reject", "failure"),
        (MERGES, {}, NO_TEST, "hold", "neutral"),
        ({}, {}, {"a.py": "1"}, "hold", "neutral"),
    ],
)
def test_our_check_says_what_was_decided(place, project, setting, files, outcome, state):
    place.declare(**project)
    place.open(files=files)
    for name, value in setting.items():
        setattr(place.sandbox, name, value)
    _, decision = said(place)
    assert (decision.outcome, written(place)[0]) == (outcome, [state])


def test_a_check_of_somebody_else_is_waited_for(place):
    place.open()
    place.check("lint", "pending")
    _, decision = said(place)
    assert (decision.outcome, written(place)[0]) == ("wait", ["pending"])
    place.check("lint", "failure")
    assert decide_merge(place.line, place.store.claims.current(NAME, 1)).outcome == "reject"


def test_what_was_not_evaluated_is_never_green(place):
    place.open()
    place.sandbox = None
    claim, facts = place.claimed()
    list(evaluate(place.bench(claim, facts), list(PARTS)))
    report_on(place.line, claim, "run-1")
    assert written(place)[0] == ["neutral"]


def test_who_observes_writes_nothing_and_still_decides(place):
    place.declare(mode="observe", **MERGES)
    place.open()
    _, decision = said(place)
    assert (decision.outcome, decision.mode, decision.acts) == ("merge", "observe", False)
    assert written(place) == ([], ())
    assert len(list(place.store.evidence.decisions(NAME, 1))) == 1


def test_a_run_that_lost_its_claim_writes_nothing(place):
    place.open()
    claim, facts = place.claimed()
    list(evaluate(place.bench(claim, facts), list(PARTS)))
    place.push("change", {"more.py": "1"})
    place.claimed("run-2")
    report_on(place.line, claim, "run-1")
    assert written(place) == ([], ())


def test_the_same_words_are_written_once_and_others_again(place):
    place.open()
    claim, decision = said(place)
    before = place.store.effects.get(f"comment:{NAME}:1:report")
    place.wait(60)
    say_decision(place.line, claim, "run-1", decision)
    assert place.store.effects.get(f"comment:{NAME}:1:report") == before
    place.sandbox.ends = {"test": {"exit_code": 1}}
    list(evaluate(place.bench(*place.claimed()), list(PARTS)))
    say_decision(place.line, claim, "run-1", decide_merge(place.line, claim))
    assert place.store.effects.get(f"comment:{NAME}:1:report").digest != before.digest


@pytest.mark.parametrize("refuses", ["put_check", "put_comment"])
def test_a_forge_that_is_away_is_written_to_by_the_next_try(place, refuses, monkeypatch):
    place.open()
    claim, decision = place.evaluated()

    def away(*_):
        raise ConnectionError("away")

    with monkeypatch.context() as patch:
        patch.setattr(place.here.forge, refuses, away)
        with pytest.raises(ConnectionError):
            say_decision(place.line, claim, "run-1", decision)
    say_decision(place.line, claim, "run-1", decision)
    assert written(place)[0] == ["success"]
    assert "merge" in written(place)[1][0].body.casefold()


def test_words_of_strangers_are_text_in_report_and_comment(place):
    place.open(title=HOSTILE, body=HOSTILE, author_role="stranger")
    place.sandbox.ends = {"test": {"exit_code": 1, "tail": HOSTILE + "\n```\n# Merge it\n"}}
    claim, facts = place.claimed()
    list(evaluate(place.bench(claim, facts), list(PARTS)))
    report = report_on(place.line, claim, "run-1")
    say_decision(place.line, claim, "run-1", decide_merge(place.line, claim))
    assert "<script>" not in report.html
    body = written(place)[1][0].body
    before, fenced, after = body.split("````")  # a longer fence than any in the output
    assert ("# Merge it" in fenced, "<script>" in before + after) == (True, False)
    assert before.count("<!--") == 1
    assert "\x1b" not in body + report.html + report.markdown


def test_a_decision_is_kept_with_its_evidence_once_and_replays_to_the_same(place):
    place.open()
    claim, decision = place.evaluated()
    assert decide_merge(place.line, claim).digest == decision.digest
    [record] = place.store.evidence.decisions(NAME, 1)
    assert (record.digest, record.outcome) == (decision.digest, "merge")
    assert (record.head, record.base) == (claim.subject.head, claim.subject.base)
    assert replay(record.evidence).digest == record.digest
    assert [entry.action for entry in place.store.audit.entries()].count("decided: merge") == 2


def test_what_is_said_on_the_forge_is_read_anew_for_each_decision(place):
    place.declare(validation={"auto_merge": True})
    place.open()
    claim, decision = place.evaluated()
    assert (decision.outcome, decision.reasons[0].gate) == ("hold", "approvals")
    place.review(role="member")
    assert decide_merge(place.line, claim).outcome == "merge"
    place.review("max", "changes_requested", "member")
    assert decide_merge(place.line, claim).outcome == "hold"


@pytest.mark.parametrize("what", ["head", "base"])
def test_what_moved_since_is_waited_for(place, what):
    place.open()
    claim, _ = place.evaluated()
    place.push("change" if what == "head" else "main", {"more.py": "1"})
    decision = decide_merge(place.line, claim)
    assert (decision.outcome, [vote.gate for vote in decision.reasons]) == ("wait", ["moved"])


def test_another_policy_is_nothing_to_decide_by(place):
    place.open()
    claim, _ = place.evaluated()
    place.declare(validation={"auto_merge": True}, merge={"approvals": 2})
    with pytest.raises(NotOurs, match="the project file has changed since"):
        decide_merge(place.line, claim)


def test_who_asked_for_it_cannot_approve_it(place):
    place.declare(validation={"auto_merge": True})
    place.open()
    kept = place.store.tasks.add(task(asked_by="olga"))
    place.store.tasks.set_status(kept.key, "pull_request", place.here.clock.now(), 1)
    claim, _ = place.evaluated()
    place.review("olga")
    assert decide_merge(place.line, claim).outcome == "hold"
    place.review("otto")
    assert decide_merge(place.line, claim).outcome == "merge"


def test_red_is_waited_for_while_the_agent_may_mend_it_and_rejected_after(place):
    place.declare(validation={"auto_merge": True, "max_retries": 0}, merge={"approvals": 0})
    place.open()
    kept = place.store.tasks.add(task())
    place.store.tasks.set_status(kept.key, "pull_request", place.here.clock.now(), 1)
    place.sandbox.ends = {"test": {"exit_code": 1}}
    claim, decision = place.evaluated()
    assert decision.outcome == "wait"
    place.store.agent_runs.intend(agent_run(kept.key))
    assert decide_merge(place.line, claim).outcome == "reject"


def agent_run(key):
    from tests.adapters.store.samples import agent_run

    return agent_run(task_key=key)


def test_evidence_of_another_head_is_not_taken(place):
    place.open()
    claim, _ = place.evaluated()
    subject = Subject.model_validate({**claim.subject.model_dump(), "head": "f" * 40})
    assert place.store.evidence.parts(subject) == {}
