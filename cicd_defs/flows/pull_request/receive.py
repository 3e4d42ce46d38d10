"""From events to runs: what is asked for, and why nothing is where nothing follows.

A delivery ends only when a run has taken it. Until then each look asks again, under the same key where nothing has
changed, so that whatever dies in between, no event is lost and no run is doubled.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Literal

from cicd_defs.facts.github.events import Event, MalformedEvent, read_event
from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.facts.records.deliveries import Delivery, DeliveryState
from cicd_defs.facts.records.evaluations import Claim, Subject
from cicd_defs.facts.value import Value
from cicd_defs.flows.line import Line
from cicd_defs.judge.merge.policy import policy_of
from cicd_defs.spec.model import Project

MOST_AT_ONCE = 1000
LONGEST_ID = 200
_AHEAD = timedelta(days=1)
MOST_ATTEMPTS = 10
"""How often a delivery is looked at in vain, by errors, before it is dead."""


DECIDE = "decide:"
"""What the key of a run that only decides begins with."""


class AskedRun(Value):
    """A run to ask for: all parts (`evaluate`), or only what follows from what was found (`decide`)."""

    job: Literal["evaluate", "decide"]
    key: str
    subject: Subject
    deliveries: tuple[int, ...]
    fresh: bool = True


def receive(line: Line) -> tuple[AskedRun, ...]:
    """Look at what waits in the inbox; return the runs to ask for, at most as many as may go on at once.

    Deliveries from which nothing follows are ended with the reason. Those that concern several pull requests (a push
    to their base, a check of a commit) become one delivery for each.
    """
    asked: dict[str, AskedRun] = {}
    room = line.limits.validations - len(line.claims.stale(line.now() + _AHEAD))
    for delivery in _in_turn(line.inbox.waiting(MOST_AT_ONCE)):
        for run in _looked_at(line, delivery, asked):
            evaluations = {other.key for other in asked.values() if other.job == "evaluate"}
            if run.job == "evaluate" and run.key not in evaluations and len(evaluations) >= max(room, 0):
                continue  # it waits in the inbox until a slot is free
            before = asked.get(run.key)
            ids = (*(before.deliveries if before else ()), delivery.id)
            asked[run.key] = run.model_copy(update={"deliveries": ids})
    for run in asked.values():
        line.inbox.asked(run.deliveries, run.key, line.now())
        line.reached("sensor:asked")
    return tuple(asked.values())


def _in_turn(waiting: Sequence[Delivery]) -> list[Delivery]:
    """Deliveries so that those of one repository keep nobody else's waiting: the first of each, then the second, ….

    Those that were asked for come first, for they have a run.
    """
    seen: Counter[str] = Counter()
    turns = []
    for delivery in waiting:
        source = _repository_in(delivery)
        seen[source] += 1
        turns.append((delivery.state == "new", seen[source], delivery.id, delivery))
    return [turn[-1] for turn in sorted(turns, key=lambda turn: turn[:3])]


def _repository_in(delivery: Delivery) -> str:
    try:
        return read_event(delivery.event, delivery.body).repository
    except MalformedEvent:
        return ""


def _looked_at(line: Line, delivery: Delivery, asked: Mapping[str, AskedRun]) -> tuple[AskedRun, ...]:
    """What one delivery asks for. One that cannot be looked at now is looked at again, and keeps no other waiting."""
    try:
        return tuple(_runs_for(line, delivery, asked))
    except Exception as error:
        why = f"It could not be looked at: {type(error).__name__}: {error}"[:500]
        if line.inbox.tried(delivery.id, why, line.now()) >= MOST_ATTEMPTS:
            _end(line, delivery, "dead", why)
        return ()


def _runs_for(line: Line, delivery: Delivery, asked: Mapping[str, AskedRun]) -> Iterator[AskedRun]:
    try:
        event = read_event(delivery.event, delivery.body)
    except MalformedEvent as error:
        _end(line, delivery, "quarantined", str(error))
        return
    project = line.projects.of_repository(event.repository)
    if project is None:
        _end(line, delivery, "ignored", f"No project file declares {event.repository or 'its repository'}.")
    elif event.follows in ("nothing", "closed"):
        _end(line, delivery, "ignored", event.why or "The pull request was closed.")
    elif event.number is None:
        _spread(line, delivery, event, project)
    else:
        found = line.forge.pull_request(event.repository, event.number)
        yield from _run_of(line, delivery, project, found, asked)


def _run_of(
    line: Line,
    delivery: Delivery,
    project: Project,
    found: PullRequest | None,
    asked: Mapping[str, AskedRun],
) -> Iterator[AskedRun]:
    """The run for one pull request, by what the forge says of it now: the event only says that something happened."""
    reason = refusal(project, found)
    if found is None or reason:
        _end(line, delivery, "ignored", reason)
        return
    subject = subject_of(project, found)
    claim = line.claims.current(subject.repository, subject.number)
    if claim and claim.subject == subject and claim.state == "done":
        key = _decide_key(line, delivery, found, subject.run_key(claim.generation), asked)
        fresh = delivery.state == "new"
        yield AskedRun(job="decide", key=key, subject=subject, deliveries=(delivery.id,), fresh=fresh)
        return
    if claim and claim.subject == subject and claim.state == "held":
        _wait_for(line, delivery, found, claim)
        return
    generation = line.claims.generation(subject)
    yield AskedRun(
        job="evaluate", key=subject.run_key(generation), subject=subject, deliveries=(delivery.id,)
    )


def _wait_for(line: Line, delivery: Delivery, found: PullRequest, claim: Claim) -> None:
    """Have a pull request looked at once more when the run that evaluates it ends: one delivery for all until then."""
    waiting = f"after:{claim.subject.run_key(claim.generation)}"
    if delivery.delivery != own_delivery(waiting):
        ask_again(line, found, waiting)
        _end(line, delivery, "done", "It is evaluated now, and decided on again when that ends.")


def _decide_key(
    line: Line, delivery: Delivery, found: PullRequest, of: str, asked: Mapping[str, AskedRun]
) -> str:
    """The key of a new decision. New deliveries of one look share it; one that was asked for keeps its own.

    It names the delivery too: evidence can come back to what it was (a label on, off, on), and counts again then.
    """
    if delivery.run_key and delivery.run_key.startswith(f"{DECIDE}{of}:"):
        return delivery.run_key
    shared = (run.key for run in asked.values() if run.key.startswith(f"{DECIDE}{of}:") and run.fresh)
    return next(shared, f"{DECIDE}{of}:{evidence_digest(line, found)}:{delivery.id}")


def refusal(project: Project, found: PullRequest | None) -> str:
    """Why a pull request is not evaluated, in a sentence; empty where it is."""
    if found is None:
        return "There is no such pull request."
    if found.state != "open":
        return f"Pull request {found.number} is {found.state}."
    if found.base_ref != project.branch:
        return f"It merges into {found.base_ref}; the project's branch is {project.branch}."
    return ""


def subject_of(project: Project, found: PullRequest) -> Subject:
    """What an evaluation of a pull request is bound to, as it is now."""
    return Subject(
        project=project.name,
        repository=found.repository,
        number=found.number,
        head=found.head_sha,
        base=found.base_sha,
        policy=policy_of(project).digest,
    )


def evidence_digest(line: Line, found: PullRequest) -> str:
    """A digest of what the forge alone says of a pull request: reviews, checks that are not ours, labels, draft."""
    reviews = [one.model_dump(mode="json") for one in line.forge.reviews(found.repository, found.number)]
    checks = [
        one.model_dump(mode="json")
        for one in line.forge.checks(found.repository, found.head_sha)
        if not one.ours
    ]
    told = json.dumps([found.model_dump(mode="json"), reviews, checks], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _spread(line: Line, delivery: Delivery, event: Event, project: Project) -> None:
    """One delivery for each open pull request that an event concerns, kept before the event itself ends."""
    if event.follows == "push" and event.ref != f"refs/heads/{project.branch}":
        _end(line, delivery, "ignored", f"{event.ref} is not the branch that pull requests merge into.")
        return
    concerned = [
        one
        for one in line.forge.open_pull_requests(event.repository, project.branch)
        if event.follows == "push" or one.head_sha == event.commit
    ]
    for one in concerned:
        ask_again(line, one, f"{delivery.delivery}:{one.number}")
    _end(line, delivery, "done", f"It concerns {len(concerned)} open pull requests.")


def own_delivery(name: str) -> str:
    """The id of a delivery of our own: long names are told by their digest, for a store keeps 255 characters."""
    return name if len(name) <= LONGEST_ID else f"cicd:{hashlib.sha256(name.encode()).hexdigest()}"


def ask_again(line: Line, found: PullRequest, delivery: str) -> bool:
    """Put a delivery of our own into the inbox that has a pull request looked at again; False where it is there."""
    body = {
        "action": "synchronize",
        "number": found.number,
        "pull_request": {
            "number": found.number,
            "head": {"ref": found.head_ref, "sha": found.head_sha},
            "base": {"ref": found.base_ref, "sha": found.base_sha},
        },
        "repository": {"full_name": found.repository},
    }
    return line.inbox.add(
        own_delivery(delivery), "cicd", "pull_request", json.dumps(body).encode(), line.now()
    )


def _end(line: Line, delivery: Delivery, state: DeliveryState, note: str) -> None:
    line.inbox.settle([delivery.id], state, note, line.now())
