"""Our store in memory."""

from datetime import datetime
from typing import Any

from cicd_defs.facts.records.deliveries import Delivery
from cicd_defs.facts.records.evaluations import Claim, Effect, Subject
from cicd_defs.facts.records.work import AgentRun, PromptRecord, Task
from cicd_defs.facts.reports.agents import TERMINAL
from cicd_defs.spec.model import Project


class Died(BaseException):
    """A process died at this very moment: raised by `Crashes`."""


class Crashes:
    """Raises `Died` the first time that a named moment comes."""

    def __init__(self) -> None:
        self.at = ""

    def __call__(self, moment: str) -> None:
        if moment == self.at:
            self.at = ""
            raise Died(moment)


class MemoryInbox:
    def __init__(self) -> None:
        self.rows: dict[int, Delivery] = {}

    def add(
        self, delivery: str, source: str, event: str, body: bytes, now: datetime, quarantined: str = ""
    ) -> bool:
        if any(row.delivery == delivery for row in self.rows.values()):
            return False
        number = len(self.rows) + 1
        values = {"source": source, "event": event, "body": body, "received_at": now, "note": quarantined}
        state = "quarantined" if quarantined else "new"
        self.rows[number] = Delivery(id=number, delivery=delivery, state=state, **values)
        return True

    def depth(self) -> int:
        return len(self.waiting(1_000_000))

    def waiting(self, limit: int) -> tuple[Delivery, ...]:
        return tuple(row for row in self.rows.values() if row.state in ("new", "asked"))[:limit]

    def asked(self, ids: Any, run_key: str, now: datetime) -> None:
        for number in ids:
            attempts = self.rows[number].attempts + 1
            self._change(number, state="asked", run_key=run_key, asked_at=now, attempts=attempts)

    def tried(self, id: int, note: str, now: datetime) -> int:  # noqa: A002 - the protocol has this name
        self._change(id, attempts=self.rows[id].attempts + 1, note=note)
        return self.rows[id].attempts

    def settle(self, ids: Any, state: Any, note: str, now: datetime) -> None:
        for number in ids:
            self._change(number, state=state, note=note)

    def settle_run(self, run_key: str, note: str, now: datetime) -> int:
        ids = [row.id for row in self.waiting(1_000_000) if row.run_key == run_key]
        self.settle(ids, "done", note, now)
        return len(ids)

    def _change(self, number: int, **values: Any) -> None:
        self.rows[number] = self.rows[number].model_copy(update=values)


class MemoryTasks:
    def __init__(self) -> None:
        self.rows: dict[str, Task] = {}
        self.records: list[PromptRecord] = []

    def add(self, task: Task) -> Task:
        number = 1 + sum(row.project == task.project for row in self.rows.values())
        row = task.model_copy(update={"number": number, "key": f"{task.project}-{number}"})
        self.rows[row.key] = row
        return row

    def get(self, key_or_id: str) -> Task | None:
        return next((row for row in self.rows.values() if key_or_id in (row.key, row.id)), None)

    def waiting(self, limit: int) -> tuple[Task, ...]:
        return tuple(row for row in self.rows.values() if row.status == "submitted")[:limit]

    def set_status(self, key: str, status: Any, now: datetime, pull_request: int | None = None) -> None:
        row = self.rows[key]
        number = row.pull_request if pull_request is None else pull_request
        self.rows[key] = row.model_copy(update={"status": status, "updated_at": now, "pull_request": number})

    def of_pull_request(self, project: str, number: int) -> Task | None:
        found = [row for row in self.rows.values() if (row.project, row.pull_request) == (project, number)]
        return found[-1] if found else None

    def add_request(self, record: PromptRecord) -> None:
        if record.id not in [kept.id for kept in self.records]:
            self.records.append(record)

    def requests(self, task_key: str) -> tuple[PromptRecord, ...]:
        return tuple(record for record in self.records if record.task_key == task_key)


class MemoryAgentRuns:
    def __init__(self) -> None:
        self.rows: dict[str, AgentRun] = {}

    def intend(self, run: AgentRun) -> AgentRun:
        kept = next((row for row in self.rows.values() if row.intent == run.intent), None)
        return kept or self.rows.setdefault(run.id, run)

    def get(self, run_id: str) -> AgentRun | None:
        return self.rows.get(run_id)

    def of_task(self, task_key: str) -> tuple[AgentRun, ...]:
        return tuple(row for row in self.rows.values() if row.task_key == task_key)

    def update(self, run_id: str, now: datetime, **columns: Any) -> None:
        row = self.rows.get(run_id)
        if row is None:
            return
        if row.state in TERMINAL:
            columns = {name: value for name, value in columns.items() if name == "harvested"}
        self.rows[run_id] = AgentRun.model_validate({**row.model_dump(), **columns, "updated_at": now})

    def beat(self, run_id: str, now: datetime) -> bool:
        self.update(run_id, now, heartbeat_at=now)
        row = self.rows.get(run_id)
        return row is not None and row.cancel_requested

    def unharvested(self, limit: int) -> tuple[AgentRun, ...]:
        ended = (row for row in self.rows.values() if row.state in TERMINAL and not row.harvested)
        return tuple(ended)[:limit]

    def silent(self, before: datetime) -> tuple[AgentRun, ...]:
        going = (row for row in self.rows.values() if row.state not in TERMINAL)
        return tuple(row for row in going if (row.heartbeat_at or row.created_at) < before)


class MemoryClaims:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], Claim] = {}

    def generation(self, subject: Subject) -> int:
        claim = self.current(subject.repository, subject.number)
        if claim is None:
            return 0
        return claim.generation + (claim.subject != subject or claim.state == "void")

    def take(self, subject: Subject, generation: int, holder: str, now: datetime, most: int) -> Claim | None:
        there = self.current(subject.repository, subject.number)
        if there and there.state == "held" and (there.subject, there.holder) == (subject, holder):
            return there
        if there and (
            generation < there.generation or (generation, subject) == (there.generation, there.subject)
        ):
            return None
        key = (subject.repository, subject.number)
        if sum(row.state == "held" for at, row in self.rows.items() if at != key) >= most:
            return None
        number = generation + (there is not None and generation == there.generation)
        times = {"taken_at": now, "heartbeat_at": now}
        self.rows[key] = Claim(subject=subject, generation=number, holder=holder, state="held", **times)
        return self.rows[key]

    def current(self, repository: str, number: int) -> Claim | None:
        return self.rows.get((repository, number))

    def beat(self, claim: Claim, now: datetime) -> bool:
        return self._change(claim, ("held",), heartbeat_at=now)

    def holds(self, claim: Claim) -> bool:
        return self._change(claim, ("held",))

    def end(self, claim: Claim, now: datetime) -> None:
        self._change(claim, ("held",), state="done")

    def stale(self, before: datetime) -> tuple[Claim, ...]:
        return tuple(row for row in self.rows.values() if row.state == "held" and row.heartbeat_at < before)

    def void(self, claim: Claim, now: datetime) -> None:
        self._change(claim, ("held", "done"), state="void")

    def _change(self, claim: Claim, states: tuple[str, ...], **values: Any) -> bool:
        key = (claim.subject.repository, claim.subject.number)
        row = self.rows.get(key)
        same = row and (row.subject, row.generation, row.holder) == (
            claim.subject,
            claim.generation,
            claim.holder,
        )
        if not row or not same or row.state not in states:
            return False
        self.rows[key] = row.model_copy(update=values)
        return True


class MemoryEvidence:
    def __init__(self) -> None:
        self.said: dict[tuple[str, int], dict[str, Any]] = {}
        self.kept: list[Any] = []

    def put_part(self, subject: Subject, generation: int, part: str, body: Any, now: datetime) -> None:
        self.said.setdefault((subject.model_dump_json(), generation), {})[part] = body

    def parts(self, subject: Subject, generation: int | None = None) -> dict[str, Any]:
        key = subject.model_dump_json()
        if generation is not None:
            return dict(self.said.get((key, generation), {}))
        reported = [
            number for (said, number), parts in self.said.items() if said == key and "report" in parts
        ]
        return dict(self.said[key, max(reported)]) if reported else {}

    def put_decision(self, record: Any) -> None:
        def same(one: Any) -> tuple[Any, ...]:
            return one.repository, one.number, one.digest

        if same(record) not in map(same, self.kept):
            self.kept.append(record)

    def decisions(self, repository: str | None = None, number: int | None = None) -> list[Any]:
        return [
            one for one in self.kept if repository in (None, one.repository) and number in (None, one.number)
        ]


class MemoryEffects:
    def __init__(self, crashes: Crashes) -> None:
        self.rows: dict[str, Effect] = {}
        self._crashes = crashes

    def get(self, key: str) -> Effect | None:
        return self.rows.get(key)

    def intend(self, key: str, kind: str, digest: str, now: datetime) -> Effect:
        row = Effect(key=key, kind=kind, state="intended", digest=digest, at=now)
        row = self.rows.setdefault(key, row)
        self._crashes(f"effect:{kind}:intended")
        return row

    def done(self, key: str, external_id: str, now: datetime, digest: str = "") -> None:
        row = self.rows[key]
        self._crashes(f"effect:{row.kind}:unrecorded")
        values = {"state": "done", "external_id": external_id, "digest": digest or row.digest, "at": now}
        self.rows[key] = row.model_copy(update=values)

    def failed(self, key: str, detail: str, now: datetime) -> None:
        self.rows[key] = self.rows[key].model_copy(update={"state": "failed", "detail": detail, "at": now})


class MemoryAudit:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str, str, Any]] = []

    def append(self, actor: str, action: str, subject: str, detail: Any, now: datetime) -> None:
        self.entries.append((actor, action, subject, detail))


class MemoryNotifications:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Any] = {}

    def add(self, event: str, project: str, subject: str, body: Any, now: datetime) -> bool:
        new = (event, subject) not in self.rows
        self.rows.setdefault((event, subject), body)
        return new

    def told(self, event: str) -> list[Any]:
        return [body for (name, _), body in self.rows.items() if name == event]


class MemoryProjects:
    def __init__(self, *projects: Project) -> None:
        self.held = {project.name: project for project in projects}

    def get(self, name: str) -> Project | None:
        return self.held.get(name)

    def of_repository(self, repository: str) -> Project | None:
        return next((one for one in self.held.values() if one.forge_name == repository), None)

    def names(self) -> tuple[str, ...]:
        return tuple(self.held)
