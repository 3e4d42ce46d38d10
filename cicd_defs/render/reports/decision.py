"""A decision in words: what comes of it, why, and what would turn it."""

from cicd_defs.judge.merge.decision import Decision
from cicd_defs.judge.merge.votes import Outcome
from cicd_defs.render.reports.words import template

TITLES: dict[Outcome, str] = {
    "merge": "It is merged",
    "wait": "Waiting: something is still running",
    "hold": "Held: a person has to act",
    "reject": "Rejected: this head is not merged",
}


def title(decision: Decision) -> str:
    """What comes of it, in one line; where the project only observes or comments, what would have come of it."""
    if decision.outcome == "merge" and decision.mode != "act":
        return f"It would be merged (the project's `mode` is `{decision.mode}`)"
    return TITLES[decision.outcome]


def reasons_markdown(decision: Decision) -> str:
    """What comes of it, why, and what would turn it, in Markdown: what the votes say that stand against a merge."""
    return template("reasons.md.j2").render(decision=decision, title=title(decision))


def decision_markdown(decision: Decision) -> str:
    """The decision with the vote of every gate, in Markdown."""
    return template("decision.md.j2").render(decision=decision, title=title(decision))
