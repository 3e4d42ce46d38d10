"""A project `shop` with pull requests: the real store on SQLite; forge, git and sandbox in memory."""

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from cicd_defs.adapters.store.engine import Store, open_store
from cicd_defs.facts.github.pull_requests import Check, PullRequest, Review
from cicd_defs.facts.records.deliveries import Delivery
from cicd_defs.facts.records.evaluations import Claim, Subject
from cicd_defs.flows.line import Limits, Line
from cicd_defs.flows.pull_request.claim import PullRequestFacts, claim_head
from cicd_defs.flows.pull_request.decide import decide_merge, keep_facts
from cicd_defs.flows.pull_request.evaluate import PARTS, Bench, evaluate
from cicd_defs.flows.pull_request.receive import AskedRun, receive, subject_of
from cicd_defs.flows.pull_request.report import report_on
from cicd_defs.judge.merge.decision import Decision
from tests.facts.payloads import body
from tests.flows.memory import FILES, World, world
from tests.flows.memory_sandbox import MemorySandbox

NAME = "acme/shop"
MERGES = {"validation": {"auto_merge": True}, "merge": {"approvals": 0}}
"""What the project file says where everything that passes is merged."""

GREEN = {"src/shop/cart.py": "def total(prices):\n    return round(sum(prices), 2)\n"}
NO_TEST = {"tests/test_cart.py": None}


@dataclass
class Place:
    """The line, and what tests look at and change of it."""

    here: World
    store: Store
    sandbox: MemorySandbox | None = field(default_factory=MemorySandbox)
    reached: list[str] = field(default_factory=list)

    @property
    def line(self) -> Line:
        kept = {
            name: getattr(self.store, name)
            for name in (
                "inbox",
                "tasks",
                "claims",
                "evidence",
                "effects",
                "audit",
                "notifications",
                "agent_runs",
            )
        }
        return dataclasses.replace(
            self.here.line,
            sandbox=self.sandbox,
            no_sandbox="No sandbox.",
            reached=self.reached.append,
            **kept,
        )

    def push(self, branch: str, files: dict[str, str | None]) -> str:
        """Commit on a branch; it begins at main."""
        repository = self.here.repository
        tip = repository.branches.get(branch, repository.branches["main"])
        repository.branches[branch] = repository.commit_patch("", tip, json.dumps(files), "", "")
        return repository.branches[branch]

    def open(
        self, branch: str = "change", files: dict[str, str | None] = GREEN, **changes: Any
    ) -> PullRequest:
        """A pull request of a branch with these files; `changes` are of the pull request."""
        self.push(branch, files)
        opened = self.here.forge.open_pull_request(
            NAME, branch, f"Do {branch}", "", "ada", self.here.clock.now()
        )
        self.here.forge.rows[opened.number] = opened.model_copy(update=changes)
        return self.now(opened.number)

    def now(self, number: int = 1) -> PullRequest:
        """The pull request as it is."""
        found = self.here.forge.pull_request(NAME, number)
        assert found is not None
        return found

    def subject(self, number: int = 1) -> Subject:
        """What an evaluation of it is bound to now."""
        project = self.here.projects.get("shop")
        assert project is not None
        return subject_of(project, self.now(number))

    def declare(self, **changes: Any) -> None:
        """Write the project file anew."""
        self.here.projects.held["shop"] = world(FILES, **changes).projects.held["shop"]

    def post(self, kind: str = "pull_request", number: int = 1, **changes: Any) -> int:
        """An event comes in; return its delivery's number."""
        if kind in ("pull_request", "pull_request_review"):
            pull = {"number": number, "head": {"sha": "a" * 40}, "base": {"ref": "main"}}
            changes = {"pull_request": pull, **changes}
            changes |= {"number": number} if kind == "pull_request" else {}
        return self.put(kind, body(kind, **changes))

    def put(self, kind: str, text: bytes) -> int:
        """Bytes come in as an event of that kind."""
        count = len(self.deliveries()) + 1
        self.store.inbox.add(f"delivery-{count}", "github", kind, text, self.here.clock.now())
        return count

    def deliveries(self) -> list[Delivery]:
        """All of the inbox, whatever became of them."""
        import sqlalchemy as sa

        from cicd_defs.adapters.store.database import reading, record
        from cicd_defs.adapters.store.tables import inbox

        with reading(self.store.engine) as db:
            return [record(Delivery, inbox, row) for row in db.execute(sa.select(inbox).order_by(inbox.c.id))]

    def ends(self) -> list[str]:
        """The state of each delivery, in order."""
        return [one.state for one in self.deliveries()]

    def asked(self) -> tuple[AskedRun, ...]:
        """What is asked for now."""
        return receive(self.line)

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.here.clock.time += timedelta(seconds=seconds)

    def review(
        self, author: str = "olga", state: str = "approved", role: str = "owner", number: int = 1
    ) -> None:
        """Somebody reviews the present head."""
        given = {"author_role": role, "commit": self.now(number).head_sha, "at": self.here.clock.now()}
        self.here.forge.reviewed.append(Review(author=author, state=state, **given))

    def check(self, name: str, state: str, number: int = 1) -> None:
        """Somebody else's check of the present head."""
        made = Check(name=name, commit=self.now(number).head_sha, state=state)
        self.here.forge.said["check", f"{made.commit}/{name}"] = made

    def claimed(
        self, holder: str = "run-1", number: int = 1, key: str | None = None
    ) -> tuple[Claim, PullRequestFacts]:
        """A run takes the pull request, and keeps what it is."""
        claim, facts = claim_head(self.line, self.subject(number).partition, holder, key)
        keep_facts(self.line, claim, facts)
        return claim, facts

    def bench(self, claim: Claim, facts: PullRequestFacts) -> Bench:
        """Where the parts of its evaluation meet."""
        return Bench(self.line, self.here.projects.held["shop"], claim, facts)

    def evaluated(self, number: int = 1, holder: str = "run-1") -> tuple[Claim, Decision]:
        """A pull request after a run of the first half: taken, evaluated, reported, decided."""
        claim, facts = self.claimed(holder, number)
        list(evaluate(self.bench(claim, facts), list(PARTS)))
        report_on(self.line, claim, holder)
        return claim, decide_merge(self.line, claim)


def place_at(folder: Path, template: Path, **project: Any) -> Place:
    """A place with a store of its own, copied from an empty one."""
    file = folder / "store.db"
    file.write_bytes(template.read_bytes())
    here = world(FILES, **(project or MERGES))
    here.limits = Limits(validations=3, validation_minutes=5)
    return Place(here, open_store(f"sqlite:///{file}"))
