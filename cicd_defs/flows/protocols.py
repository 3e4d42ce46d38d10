"""What flows need of the world, in types of `spec`, `facts` or JSON. Adapters fit these without importing them.

Times are passed in as aware datetimes in UTC. JSON is what `model_dump(mode="json")` gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from cicd_defs.facts.changes.diff import Diff
from cicd_defs.facts.github.pull_requests import Check, Comment, MergeOrder, PullRequest, Review
from cicd_defs.facts.records.deliveries import Delivery, DeliveryState
from cicd_defs.facts.records.evaluations import Claim, DecisionRecord, Effect, Subject
from cicd_defs.facts.records.work import AgentRun, PromptRecord, Task, TaskStatus
from cicd_defs.facts.reports.agents import AgentRequest, AgentSnapshot
from cicd_defs.facts.reports.steps import Isolation, Limits, SandboxStep, StepResult
from cicd_defs.facts.tree import Tree
from cicd_defs.spec.model import Project

JSON = dict[str, Any]


class Inbox(Protocol):
    """Deliveries. What is added is there for good once `add` returns."""

    def add(
        self, delivery: str, source: str, event: str, body: bytes, now: datetime, quarantined: str = ""
    ) -> bool:
        """Keep an event, committed; False where this delivery id is there already.

        `quarantined` says why it cannot be read: it is kept in that state with this note, and nothing follows from it.
        """

    def depth(self) -> int:
        """How many deliveries are new or asked."""

    def waiting(self, limit: int) -> tuple[Delivery, ...]:
        """Deliveries that are new or asked, oldest first."""

    def asked(self, ids: Sequence[int], run_key: str, now: datetime) -> None:
        """Note the run that was asked for. One that was asked for under this key before keeps its time."""

    def tried(self, delivery_id: int, note: str, now: datetime) -> int:
        """Note that a delivery could not be looked at; return how often that has been."""

    def settle(self, ids: Sequence[int], state: DeliveryState, note: str, now: datetime) -> None:
        """End deliveries: nothing more follows from them."""

    def settle_run(self, run_key: str, note: str, now: datetime) -> int:
        """End, as done, all deliveries that a run was asked for under this key; return how many."""


class Tasks(Protocol):
    """Tasks, and what was prompted for them."""

    def add(self, task: Task) -> Task:
        """Keep a new task. Its `number` and `key` are given here: the next of its project."""

    def get(self, key_or_id: str) -> Task | None:
        """The task of that key or id."""

    def waiting(self, limit: int) -> tuple[Task, ...]:
        """Tasks of status submitted, oldest first."""

    def set_status(
        self, key: str, status: TaskStatus, now: datetime, pull_request: int | None = None
    ) -> None:
        """Note how far a task has come."""

    def of_pull_request(self, project: str, number: int) -> Task | None:
        """The task that a pull request was opened for."""

    def add_request(self, record: PromptRecord) -> None:
        """Keep a prompt or a request of a pull request."""

    def requests(self, task_key: str) -> tuple[PromptRecord, ...]:
        """All of a task, oldest first."""


class AgentRuns(Protocol):
    """Runs of agents, one for each intent."""

    def intend(self, run: AgentRun) -> AgentRun:
        """Keep a new run, or return the one that has its intent already."""

    def get(self, run_id: str) -> AgentRun | None:
        """The run of that id."""

    def of_task(self, task_key: str) -> tuple[AgentRun, ...]:
        """The runs for a task, oldest first."""

    def update(self, run_id: str, now: datetime, **columns: Any) -> None:
        """Change columns of a run that has not ended; one that has keeps its state, and takes `harvested` only."""

    def beat(self, run_id: str, now: datetime) -> bool:
        """Say that its supervisor lives; True where somebody asked for it to be cancelled."""

    def unharvested(self, limit: int) -> tuple[AgentRun, ...]:
        """Runs that have ended and of which the result was not looked at, oldest first."""

    def silent(self, before: datetime) -> tuple[AgentRun, ...]:
        """Runs that have not ended and whose last heartbeat (or creation) is older."""


class Claims(Protocol):
    """Who may act for a pull request."""

    def generation(self, subject: Subject) -> int:
        """The generation that a run for this subject is to be asked for with."""

    def take(self, subject: Subject, generation: int, holder: str, now: datetime, most: int) -> Claim | None:
        """Take the right by compare-and-set. None where another run holds or has ended this very generation, where a
        newer one is there, or where `most` claims are held already. Another head's claim is taken over."""

    def current(self, repository: str, number: int) -> Claim | None:
        """The claim of a pull request, in whatever state."""

    def beat(self, claim: Claim, now: datetime) -> bool:
        """Say that the holder lives; False where the claim is not its own any more."""

    def holds(self, claim: Claim) -> bool:
        """Whether the claim is still its holder's: asked before every effect."""

    def end(self, claim: Claim, now: datetime) -> None:
        """The holder came to a decision."""

    def stale(self, before: datetime) -> tuple[Claim, ...]:
        """Claims that are held and whose last heartbeat is older."""

    def void(self, claim: Claim, now: datetime) -> None:
        """Free a claim; the next run for its subject has a higher generation."""


class Evidence(Protocol):
    """What evaluations found, and what was decided on it."""

    def put_part(self, subject: Subject, generation: int, part: str, body: JSON, now: datetime) -> None:
        """Keep what one part says; a later word of the same part takes the earlier one's place."""

    def parts(self, subject: Subject, generation: int | None = None) -> dict[str, JSON]:
        """Part to what it says, of one generation; without one of the newest that has a part `report`."""

    def put_decision(self, record: DecisionRecord) -> None:
        """Keep a decision. The same digest for the same pull request is kept once."""

    def decisions(self, repository: str | None = None, number: int | None = None) -> Iterable[DecisionRecord]:
        """Decisions, oldest first."""


class Effects(Protocol):
    """The ledger of what was done to the world."""

    def get(self, key: str) -> Effect | None:
        """The effect of that key."""

    def intend(self, key: str, kind: str, digest: str, now: datetime) -> Effect:
        """Write down that it is to be done; return what is written, also where it was there before."""

    def done(self, key: str, external_id: str, now: datetime, digest: str = "") -> None:
        """Write down that it was done."""

    def failed(self, key: str, detail: str, now: datetime) -> None:
        """Write down that it cannot be done."""


class AuditLog(Protocol):
    """Who did what, hash-chained."""

    def append(self, actor: str, action: str, subject: str, detail: JSON, now: datetime) -> None:
        """Add a link to the chain."""


class Notifications(Protocol):
    """What people are to be told."""

    def add(self, event: str, project: str, subject: str, body: JSON, now: datetime) -> bool:
        """Keep a notification; False where this event of this subject is there already."""


class Progress(Protocol):
    """How far tasks and evaluations have come, for people: nothing is decided on it."""

    def evaluation_began(self, project: Project, claim: Claim, url: str, now: datetime) -> None:
        """Note that a run evaluates a head."""

    def evaluation_came_to(self, claim: Claim, step: str, now: datetime) -> None:
        """Note the step that an evaluation has come to."""

    def evaluation_ended(self, claim: Claim, status: str, results: JSON, now: datetime) -> None:
        """Note how an evaluation ended."""

    def task_came_to(self, task: Task, step: str, now: datetime) -> None:
        """Note the step that a task has come to."""

    def task_ended(self, task: Task, status: str, now: datetime) -> None:
        """Note how a task ended."""


class Unkept:
    """Progress that nobody keeps."""

    def evaluation_began(self, project: Project, claim: Claim, url: str, now: datetime) -> None:
        """Keep nothing."""

    def evaluation_came_to(self, claim: Claim, step: str, now: datetime) -> None:
        """Keep nothing."""

    def evaluation_ended(self, claim: Claim, status: str, results: JSON, now: datetime) -> None:
        """Keep nothing."""

    def task_came_to(self, task: Task, step: str, now: datetime) -> None:
        """Keep nothing."""

    def task_ended(self, task: Task, status: str, now: datetime) -> None:
        """Keep nothing."""


class Forge(Protocol):
    """Where repositories and pull requests live. A write is found again where it was made before."""

    def pull_request(self, repository: str, number: int) -> PullRequest | None:
        """The pull request as it is now."""

    def open_pull_requests(self, repository: str, base_ref: str) -> tuple[PullRequest, ...]:
        """The open ones that merge into a branch, lowest number first."""

    def pull_request_of(self, repository: str, head_ref: str) -> PullRequest | None:
        """The newest pull request of a branch, in whatever state."""

    def reviews(self, repository: str, number: int) -> tuple[Review, ...]:
        """The last word of each reviewer."""

    def checks(self, repository: str, commit: str) -> tuple[Check, ...]:
        """The checks of a commit, ours too."""

    def comments(self, repository: str, number: int) -> tuple[Comment, ...]:
        """The comments, oldest first."""

    def git_dir(self, repository: str) -> str:
        """A bare repository on this machine that has what the forge has now."""

    def watched(self) -> tuple[str, ...]:
        """The repositories of which `notice` may find something."""

    def notice(self, repository: str, now: datetime) -> int:
        """Put into the inbox what was pushed past us; return how many events. 0 where the forge tells by itself."""

    def put_check(self, repository: str, check: Check, now: datetime) -> str:
        """Write a check of ours, in place where the commit has one of that name; return its id."""

    def put_comment(self, repository: str, number: int, marker: str, body: str, now: datetime) -> str:
        """Write our comment that begins with `marker`, in place where there is one; return its id."""

    def open_pull_request(
        self, repository: str, head_ref: str, title: str, body: str, author: str, now: datetime
    ) -> PullRequest:
        """Open a pull request of a branch into the main branch, or return the open one of that branch."""

    def push(self, repository: str, branch: str, commit: str, expected: str | None, now: datetime) -> None:
        """Move a branch to a commit that `git_dir` has. `expected` is where it must be; None: it must not exist."""

    def merge(self, order: MergeOrder, now: datetime) -> str:
        """Merge that head into that base and return the commit that it made. Raises `MergeRefused`.

        One that was merged at this head before gives its commit again. The branch is left alone.
        """

    def delete_branch(self, repository: str, branch: str, expected: str) -> bool:
        """Delete a branch that is still at a commit; False where it is gone or has moved."""


class Repositories(Protocol):
    """What is in git, by commits. Nothing here runs code of the repository or follows its configuration."""

    def tree(self, git_dir: str, commit: str) -> Tree:
        """The files of a commit."""

    def diff(self, git_dir: str, base: str, head: str) -> Diff:
        """What a head changes since it left the base (their merge base)."""

    def merge_result(self, git_dir: str, base: str, head: str) -> str | None:
        """A commit of the merge of both, which no branch leads to; None for a conflict. The same two give the same."""

    def commit_patch(self, git_dir: str, base: str, patch: str, message: str, author: str) -> str:
        """A commit on a base with a patch applied, which no branch leads to. Raises `PatchRefused`."""

    def tip(self, git_dir: str, branch: str) -> str | None:
        """The commit that a branch is at."""

    def contains(self, git_dir: str, descendant: str, ancestor: str) -> bool:
        """Whether one commit is in the history of another, or is it."""


class Workspace(Protocol):
    """A commit's files in a sandbox of their own."""

    @property
    def isolation(self) -> Isolation:
        """What holds it."""

    def run(self, step: SandboxStep) -> StepResult:
        """Run one step. Whatever it starts ends with it. Never raises for what the step does."""

    def collect(self, patterns: Sequence[str]) -> Mapping[str, bytes]:
        """Regular files below the top that match these globs, capped in number and size; links are left out."""

    def destroy(self) -> None:
        """End everything that runs there, and remove it."""


class Sandbox(Protocol):
    """Where strangers' code runs."""

    def isolation(self) -> Isolation:
        """What a workspace will be held by, as tried out on this machine."""

    def prepare(self, git_dir: str, commit: str, name: str, limits: Limits) -> Workspace:
        """A workspace with a commit's files. `name` tells it apart: what is left of that name is removed first."""

    def sweep(self, keep: Sequence[str]) -> int:
        """Remove every workspace whose name is not kept, with what runs there; return how many."""


class AgentBackend(Protocol):
    """Somebody who can work on a prompt."""

    name: str

    def create(self, request: AgentRequest, key: str) -> str:
        """Start a run, or find the one that was started with this key; return its reference."""

    def get(self, reference: str) -> AgentSnapshot:
        """How far it is."""

    def cancel(self, reference: str) -> str:
        """Ask it to stop: `stopped`, `requested` or `unsupported`."""


class AgentStarter(Protocol):
    """Starts the process that holds one run of an agent and outlives whoever asked for it."""

    def start(self, run_id: str) -> int:
        """Start it; return its process id."""
