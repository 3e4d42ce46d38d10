"""What an agent's back end reports of a run."""

from typing import Literal

from cicd_defs.facts.value import Value

AgentState = Literal["queued", "running", "completed", "failed", "cancelled", "expired", "unknown"]
TERMINAL: frozenset[AgentState] = frozenset({"completed", "failed", "cancelled", "expired"})


class AgentRequest(Value):
    """One order to an agent: the prompt, the repository's bare git directory and the commit to start from.

    `attempt` is 1 for the task itself, 2 and more for fixes. `title` is the task's; back ends that replay look there.
    """

    run: str
    project: str
    title: str
    prompt: str
    git_dir: str
    base: str
    attempt: int = 1
    seconds: float = 1800.0


class AgentSnapshot(Value):
    """A run at its back end. `patch` is a diff in git's format against `base`; believed only once git has applied it.

    `progress` is 0 to 100. `message` is what the agent said. `error` says why a run failed.
    """

    state: AgentState
    progress: int = 0
    step: str = ""
    patch: str = ""
    base: str = ""
    message: str = ""
    error: str = ""
