"""From a repository to the plan that makes its CI good: what is, why it fails, what should be, and the way there."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cicd_defs.facts.findings import Finding
from cicd_defs.facts.value import Value
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.fixing import fix_all
from cicd_defs.judge.repository import Repository
from cicd_defs.plan.improvement import ByHand, Mended, Proposed, State, by_hand, plan_series
from cicd_defs.plan.improvement_outlook import (
    CiPart,
    CodePart,
    Hypothesis,
    Target,
    ci_parts,
    code_parts,
    hypotheses,
    targets,
)
from cicd_defs.plan.pipeline import Pipeline

Judged = Callable[[Repository], tuple[Finding, ...]]
"""What other programs say of a repository."""


class Improvement(Value):
    """The whole plan. `findings` counts what was found, `left` what no patch mends."""

    repository: str
    commit: str
    code: tuple[CodePart, ...]
    ci: tuple[CiPart, ...]
    hypotheses: tuple[Hypothesis, ...]
    targets: tuple[Target, ...]
    series: tuple[Proposed, ...]
    by_hand: tuple[ByHand, ...]
    findings: int
    left: int

    @property
    def minutes(self) -> float:
        """What each run takes less when all is merged, by the stated model."""
        return round(sum((one.minutes for one in self.series), 0.0), 1)


class Named(NamedTuple):
    """A repository as it is told of: its name, and the commit that it is at."""

    name: str
    commit: str


def plan_improvement(
    repository: Repository,
    named: Named,
    pipeline: Pipeline,
    others: Judged,
    patch: Callable[[str, str | None, str | None], str],
    settings: Settings | None = None,
) -> Improvement:
    """The plan for one repository. `pipeline` is what a declaration would have us write.

    `others` asks other programs, `patch` writes a file's patch from its path and both texts.
    """
    heard = settings or Settings()
    first = audit(repository, heard, others(repository)).findings

    def judged(state: Mapping[str, str]) -> tuple[Finding, ...]:
        now = repository.changed(state) if state else repository
        return audit(now, heard, others(now)).findings

    def mend(state: State, wanted: Callable[[Finding], bool]) -> Mended:
        def read(path: str) -> str | None:
            return state[path] if path in state else repository.tree.text_as_it_is(path)

        fixed = fix_all(read, lambda after: judged({**state, **after}), unsafe=True, wanted=wanted)
        return Mended({**state, **fixed.files}, fixed.mended, fixed.left)

    series, left = plan_series(first, mend, patch, repository.tree.text_as_it_is, repository.offered)
    return Improvement(
        repository=named.name,
        commit=named.commit,
        code=code_parts(repository.stacks),
        ci=ci_parts(repository.workflows, first),
        hypotheses=hypotheses(first, repository.stacks, repository.workflows),
        targets=targets(pipeline),
        series=series,
        by_hand=by_hand(left),
        findings=len(first),
        left=len(left),
    )
