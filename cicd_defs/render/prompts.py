"""Prompts, fix requests and the bodies of agents' pull requests as Markdown. What people wrote stays between fences."""

import hashlib
from collections.abc import Sequence
from functools import cache

import jinja2

from cicd_defs.facts.records.work import Task
from cicd_defs.facts.value import Value
from cicd_defs.plan.work.diagnosis import Failure
from cicd_defs.plan.work.fix import FixPlan
from cicd_defs.plan.work.prompt import PromptPlan
from cicd_defs.plan.work.strategy import Strategy
from cicd_defs.render.markdown import code, fenced

LONGEST_BODY = 60_000
"""Characters of a pull request's body. GitHub refuses more than 65,536."""
LONGEST_SAID = 8_000
"""Characters of one text of a person or an agent in a pull request's body."""

APPROACHES: dict[Strategy, str] = {
    "regenerate_prompt": (
        "Find the cause of each failure in the code as it is at this head, and mend it there. "
        "Keep what is right about the change."
    ),
    "different_approach": (
        "The same failure came back after your last fix, so its idea does not carry. Take back what you changed "
        "for it, and solve the task in another way: another place, another structure, another algorithm."
    ),
    "simplified_scope": (
        "Earlier fixes did not help. Do the smallest change that makes every failing check pass and meets what the "
        "work is measured by. Leave out everything else that the change has so far."
    ),
}
"""Strategy to what the agent is told to do differently."""


class Prompt(Value):
    """A text for an agent, and the SHA-256 of it."""

    text: str
    digest: str


def render_prompt(plan: PromptPlan) -> Prompt:
    """The prompt of a task."""
    return _prompt(_template("prompt.md.j2").render(plan=plan))


def render_fix(fix: FixPlan) -> Prompt:
    """The request to mend a pull request."""
    approach = APPROACHES[fix.strategy]
    return _prompt(_template("fix.md.j2").render(fix=fix, plan=fix.prompt, approach=approach))


def render_body(task: Task, backend: str, message: str, prompt_digest: str, base: str) -> str:
    """The body of the pull request for a task. `message` is what the agent said; it is shown as a quotation."""
    body = _template("pull_request.md.j2").render(
        task=task.model_copy(update={"description": _cut(task.description)}),
        backend=backend,
        message=_cut(message.strip()),
        prompt_digest=prompt_digest,
        base=base,
    )
    return body if len(body) <= LONGEST_BODY else f"The task {code(task.key)} says more than fits here.\n"


def _prompt(text: str) -> Prompt:
    return Prompt(text=text, digest=hashlib.sha256(text.encode()).hexdigest())


def _cut(text: str) -> str:
    return (
        text if len(text) <= LONGEST_SAID else f"{text[:LONGEST_SAID]}\n… ({len(text):,} characters in all)"
    )


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(  # noqa: S701 - Markdown, fenced by the filters below
        loader=jinja2.PackageLoader("templates", "."),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"code": code, "fence": _fence, "points": _points, "ending": _ending}
    return environment.get_template(name)


def _fence(text: str, language: str = "text") -> str:
    return fenced(text.rstrip("\n"), language)


def _points(texts: Sequence[str]) -> str:
    """Texts as a list within one fence."""
    return _fence("\n".join(f"- {' '.join(text.split())}" for text in texts))


def _ending(failure: Failure) -> str:
    """How a failure ended, in one sentence."""
    where = f" in the component {code(failure.component)}" if failure.component else ""
    if failure.exit_code is not None:
        return f"It ended with status {failure.exit_code}{where}."
    return f"It did not pass{where}: {code(failure.how)}." if failure.how else f"It did not pass{where}."
