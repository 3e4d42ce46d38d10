"""What a run of an agent is started with, kept beside the prompt so that whoever takes over finds it."""

from cicd_defs.facts.records.work import AgentRun, PromptRecord
from cicd_defs.facts.reports.agents import AgentRequest
from cicd_defs.facts.value import Value
from cicd_defs.flows.protocols import Tasks


class Order(Value):
    """What a run of an agent is started with, kept as the options of a prompt's record.

    `base` is the commit to start from, `seconds` the run's time, `strategy` and `diagnosis` (a digest) those of a fix.
    """

    project: str
    title: str
    git_dir: str
    backend: str
    base: str
    attempt: int
    seconds: float
    pull_request: int | None = None
    strategy: str = ""
    diagnosis: str = ""

    @property
    def is_fix(self) -> bool:
        """Whether it mends a pull request that is there."""
        return self.attempt > 1

    def intent(self, task_key: str) -> str:
        """The natural key of the run: one for each task, attempt and base."""
        return f"{task_key}:{self.attempt}:{self.base}"

    def request(self, run_id: str, prompt: str) -> AgentRequest:
        """The order as the back end takes it."""
        return AgentRequest(
            run=run_id,
            project=self.project,
            title=self.title,
            prompt=prompt,
            git_dir=self.git_dir,
            base=self.base,
            attempt=self.attempt,
            seconds=self.seconds,
        )


def order_of(record: PromptRecord) -> Order | None:
    """The order that a record was kept with; None for one that asks for something else than an agent's run."""
    return Order.model_validate(record.options) if record.kind in ("prompt", "fix") else None


def orders(tasks: Tasks, task_key: str) -> tuple[tuple[PromptRecord, Order], ...]:
    """The prompts of a task with their orders, oldest first."""
    pairs = ((record, order_of(record)) for record in tasks.requests(task_key))
    return tuple((record, order) for record, order in pairs if order is not None)


def prompted(tasks: Tasks, run: AgentRun) -> tuple[PromptRecord, Order] | None:
    """The prompt that a run was started with, and its order; None where there is none."""
    pairs = orders(tasks, run.task_key)
    return next((pair for pair in pairs if pair[1].intent(run.task_key) == run.intent), None)
