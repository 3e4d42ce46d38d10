"""What a process that died left undone is asked for again, and what it left behind is removed."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from cicd_defs.facts.github.events import MalformedEvent, read_event
from cicd_defs.facts.records.deliveries import Delivery
from cicd_defs.facts.records.evaluations import Claim, Subject
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.decide import decide_merge, verdicts_of
from cicd_defs.flows.pull_request.evaluate import PARTS, workspace_name
from cicd_defs.flows.pull_request.merge import finish_merge
from cicd_defs.flows.pull_request.receive import (
    DECIDE,
    MOST_AT_ONCE,
    MOST_ATTEMPTS,
    ask_again,
    refusal,
    subject_of,
)
from cicd_defs.flows.pull_request.report import report_on, say_decision

SILENT = timedelta(seconds=30)
"""After so long without a heartbeat the holder of a claim is taken for dead; it beats every few seconds."""

PATIENCE = timedelta(seconds=15)
"""After so long it is looked at whether the run that was asked for still goes on."""

TOO_LONG = timedelta(minutes=5)
"""After so long without a heartbeat a claim is freed, even where its forge cannot be asked."""

AHEAD = timedelta(days=1)
"""Every held claim was last heard of before now and so much more."""

DIED, MOST_DEATHS = "died", 5
"""The part under which it is counted how often runs for a subject died, and when that is too often."""

NOBODY, MOST_CLAIMS = "nobody", 1_000_000


def recover_claims(line: Line) -> tuple[Claim, ...]:
    """Free the claims of dead runs and ask for their pull requests again; return those claims.

    The delivery that asks again is kept before the claim is freed: if this dies in between, it is done again. Where
    the run died after it had merged, what follows from the merge is done.
    """
    stale = line.claims.stale(line.now() - SILENT)
    return tuple(claim for claim in stale if _recovered(line, claim))


def _recovered(line: Line, claim: Claim) -> bool:
    """Free one claim; False where that cannot be done now, which must not keep the other claims waiting.

    One whose forge cannot be asked for long (its project file is gone, its repository is damaged) is freed anyway: it
    would keep a slot for ever.
    """
    try:
        found = line.forge.pull_request(claim.subject.repository, claim.subject.number)
        if found and finish_merge(line, claim, found):
            return True
        if found and found.state == "open" and not _has_died_often(line, claim):
            ask_again(line, found, f"recovered:{claim.subject.run_key(claim.generation)}")
        elif found and found.state == "open":
            _end_as_fault(line, claim)
            return True
    except Exception:  # whatever a forge or git raises; the next look tries again, until it has been too long
        if line.now() - claim.heartbeat_at < TOO_LONG:
            return False
    line.claims.void(claim, line.now())
    line.audit.append(
        "cicd", "freed a dead run's claim", claim.subject.partition, {"run": claim.holder}, line.now()
    )
    return True


def _has_died_often(line: Line, claim: Claim) -> bool:
    """Count the runs that died for this subject, one after the other; whether these are too many."""
    subject, generation = claim.subject, claim.generation
    before = line.evidence.parts(subject, generation - 1).get(DIED, {}) if generation else {}
    count = int(before.get("count", 0)) + 1
    line.evidence.put_part(subject, generation, DIED, {"count": count}, line.now())
    return count >= MOST_DEATHS


def _end_as_fault(line: Line, claim: Claim) -> None:
    """End an evaluation that dies each time: what is missing is a fault, which holds, and a person is called."""
    subject = claim.subject
    why = f"The evaluation died {MOST_DEATHS} times. See its runs in Dagster, then materialise `pull_request` again."
    found = verdicts_of(line, claim)
    for part in PARTS.keys() - found.keys():
        fault = Verdict(part=part, word="fault", summary=why).model_dump(mode="json")
        line.evidence.put_part(subject, claim.generation, part, fault, line.now())
    try:
        report_on(line, claim, claim.holder)
        say_decision(line, claim, claim.holder, decide_merge(line, claim))
    except Exception as error:  # what made its runs die may make this fail too
        line.audit.append(
            "cicd", "could not report", subject.partition, {"error": str(error)[:500]}, line.now()
        )
    body = {"number": subject.number, "head": subject.head, "reason": why}
    line.notifications.add("needs_a_person", subject.project, subject.partition, body, line.now())
    line.claims.end(claim, line.now())


def give_up(line: Line, partition: str, holder: str) -> None:
    """Free the claim that a run still holds when it finds that it may not go on, and have its pull request looked at.

    So does one whose project file has changed: the head is evaluated again under the new policy.
    """
    for claim in line.claims.stale(line.now() + AHEAD):
        if claim.holder == holder and claim.subject.partition == partition:
            with suppress(
                Exception
            ):  # a forge that cannot be asked tells of the pull request by its next event
                found = line.forge.pull_request(claim.subject.repository, claim.subject.number)
                if found and found.state == "open":
                    ask_again(line, found, f"given-up:{claim.subject.run_key(claim.generation)}")
            line.claims.void(claim, line.now())


def forget_runs(line: Line, has_ended: Callable[[str], bool]) -> tuple[Subject, ...]:
    """Let runs that ended without taking their deliveries be asked for anew; return their subjects.

    `has_ended` tells of a run key whether its run is over, or has not begun for too long. Such a run found no free
    slot, or its process died before its first step. Its key is used up, so its subject gets the next generation; a
    decision is asked for under another key, at most ten times.
    """
    forgotten = []
    held = line.claims.stale(line.now() + AHEAD)
    going_on = {claim.subject.run_key(claim.generation) for claim in held}
    for delivery in line.inbox.waiting(MOST_AT_ONCE):
        if delivery.run_key is None or delivery.asked_at is None or line.now() - delivery.asked_at < PATIENCE:
            continue
        if delivery.run_key in going_on or not has_ended(delivery.run_key):
            continue
        if delivery.run_key.startswith(DECIDE):
            _decide_again(line, delivery, delivery.run_key)
        elif subject := _subject_asked_for(line, delivery):
            claim = line.claims.take(
                subject, line.claims.generation(subject), NOBODY, line.now(), MOST_CLAIMS
            )
            if claim:
                line.claims.void(claim, line.now())
                forgotten.append(subject)
    return tuple(forgotten)


def _decide_again(line: Line, delivery: Delivery, run_key: str) -> None:
    """Ask for a decision under a new key: its run has ended and has not decided."""
    why = "The run that was to decide ended before it had."
    if line.inbox.tried(delivery.id, why, line.now()) >= MOST_ATTEMPTS:
        line.inbox.settle([delivery.id], "dead", why, line.now())
    else:
        line.inbox.asked([delivery.id], f"{run_key}:again", line.now())


def _subject_asked_for(line: Line, delivery: Delivery) -> Subject | None:
    """What a delivery's run was asked for, where that is still what its pull request is."""
    try:
        event = read_event(delivery.event, delivery.body)
    except MalformedEvent:
        return None
    try:
        project = line.projects.of_repository(event.repository)
        found = line.forge.pull_request(event.repository, event.number) if event.number else None
    except Exception:  # whatever a forge raises; the next look tries again
        return None
    if project is None or found is None or refusal(project, found):
        return None
    subject = subject_of(project, found)
    asked = delivery.run_key == subject.run_key(line.claims.generation(subject))
    return subject if asked else None


def remove_leftovers(line: Line) -> int:
    """Remove the workspaces that no held claim needs, with what runs in them; return how many."""
    if line.sandbox is None:
        return 0
    held = line.claims.stale(line.now() + AHEAD)
    return line.sandbox.sweep([workspace_name(claim) for claim in held])
