"""The one comment on a pull request, which is edited in place."""

from collections.abc import Sequence

from cicd_defs.facts.github.pull_requests import PullRequest
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.judge.merge.decision import Decision
from cicd_defs.render.reports.decision import title
from cicd_defs.render.reports.evaluation import shortened, shown
from cicd_defs.render.reports.words import template


def comment_body(
    marker: str, pull_request: PullRequest, verdicts: Sequence[Verdict], decision: Decision
) -> str:
    """The comment: what came of it and what to do next, then the parts, then the evidence.

    It begins with `marker`, by which it is found again. At most 60,000 characters; GitHub takes 65,536.
    """
    return shortened(
        lambda limits: template("comment.md.j2").render(
            marker=marker,
            pull_request=pull_request,
            decision=decision,
            title=title(decision),
            parts=shown(verdicts, limits),
        )
    )
