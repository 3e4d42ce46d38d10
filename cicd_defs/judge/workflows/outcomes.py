"""What becomes of a workflow's jobs: GitHub's own rules of who runs, for every way in which things can go.

Rules: a job without a status function in its condition runs only when everything it needs succeeded; one with
`always()` runs whatever happened; a job that does not run is `skipped`.
https://docs.github.com/actions/reference/workflows-and-actions/expressions#status-check-functions
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Literal

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.value import Value
from cicd_defs.plan.areas import areas_in
from cicd_defs.plan.folding import any_of, chosen_parts
from cicd_defs.plan.pipeline import Job, Workflow

Result = Literal["success", "failure", "cancelled", "skipped"]
RAN: tuple[Result, ...] = ("success", "failure", "cancelled")
"""How a job that runs can end."""

_STATUS = regex(r"\b(always|cancelled|failure|success)\(\)")


class Verdict(Value):
    """What the gate said in one case. In a sound plan `reported` is never False.

    `unchecked` are jobs whose area changed and that did not run.
    """

    changed: tuple[str, ...]
    results: dict[str, Result]
    reported: bool
    red: bool
    unchecked: tuple[str, ...] = ()

    @property
    def wrong(self) -> str | None:
        """What is wrong with the verdict, or None.

        The gate must report, be red exactly for a failed need, and be green only if all that changed was checked.
        """
        if not self.reported:
            return "the gate does not report"
        bad = any(self.results[name] in {"failure", "cancelled"} for name in self.results)
        if bad != self.red:
            return "green although a job went wrong" if bad else "red although nothing went wrong"
        if self.unchecked and not self.red:
            return f"green although {', '.join(self.unchecked)} did not run"
        return None


def gate_cases(workflow: Workflow) -> Iterator[Verdict]:
    """Every case of a workflow's gate: each subset of changed areas, and each way in which the jobs can end.

    Only jobs of areas count, with the job that finds the areas: those are what a change goes through.
    """
    gate = workflow.job("gate")
    if gate is None:
        return
    areas = tuple(dict.fromkeys(area for job in workflow.jobs for area in _areas(job)))
    jobs = [job for job in workflow.jobs if job.id in gate.needs]
    for chosen in product((False, True), repeat=len(areas)):
        changed = frozenset(area for area, taken in zip(areas, chosen, strict=True) if taken)
        for results in _endings(jobs, changed, {}):
            yield Verdict(
                changed=tuple(sorted(changed)),
                results=results,
                reported=_runs(gate, changed, results),
                red=gate_is_red(tuple(results.values())),
                unchecked=tuple(
                    job.id
                    for job in jobs
                    if results[job.id] == "skipped" and changed.intersection(_areas(job))
                ),
            )


def _areas(job: Job) -> tuple[str, ...]:
    """The areas whose change a job is there to check."""
    return tuple(part.name for part in chosen_parts(job)) or ((job.area,) if job.area else ())


def _endings(
    jobs: list[Job], changed: frozenset[str], so_far: Mapping[str, Result]
) -> Iterator[dict[str, Result]]:
    """Every assignment of results to jobs that GitHub's rules allow."""
    if not jobs:
        yield dict(so_far)
        return
    job, *later = jobs
    possible: tuple[Result, ...] = RAN if _runs(job, changed, so_far) else ("skipped",)
    for result in possible:
        yield from _endings(later, changed, {**so_far, job.id: result})


def _runs(job: Job, changed: frozenset[str], results: Mapping[str, Result]) -> bool:
    if job.condition and _STATUS.search(job.condition):
        return "always()" in job.condition
    if any(results[need] != "success" for need in job.needs):
        return False
    chosen = job.matrix.chosen if job.matrix else None
    if chosen and job.condition == any_of(chosen):
        return any(part.name in changed for part in chosen.parts)
    areas = areas_in(job.condition)
    return not areas or not changed.isdisjoint(areas)


def gate_is_red(results: tuple[Result, ...]) -> bool:
    """What the gate's script decides of the results that it is told; a test runs the script beside this."""
    return "failure" in results or "cancelled" in results
