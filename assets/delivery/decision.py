"""What follows from an evaluation: the report, the decision, the merge; and of a red one the fix.

Steps hand nothing over to each other through Dagster: what is acted on comes from our own store. What a run may not do
any more is skipped, and so is all that follows from it: every output may be missing.
"""

from collections.abc import Iterator

import dagster as dg

from assets.delivery.acting import acting
from assets.delivery.partitions import GROUP, PULL_REQUESTS, RUN_KEY_TAG, VALUES
from assets.delivery.shown import (
    decision_metadata,
    diagnosis_metadata,
    fix_metadata,
    merged_metadata,
    report_metadata,
)
from cicd_defs.facts.records.evaluations import Claim
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.decide import decide_merge, verdicts_of
from cicd_defs.flows.pull_request.evaluate import PARTS
from cicd_defs.flows.pull_request.merge import Merged, has_decided, has_done
from cicd_defs.flows.pull_request.merge import merge as merge_once
from cicd_defs.flows.pull_request.report import Report, report_on, say_decision
from cicd_defs.flows.work.request_fix import FixRequest, request_fix
from cicd_defs.judge.merge.decision import Decision
from cicd_defs.plan.work.diagnosis import Diagnosis, diagnose


@dg.asset(
    partitions_def=PULL_REQUESTS,
    group_name=GROUP,
    io_manager_key=VALUES,
    deps=list(PARTS),
    output_required=False,
    kinds={"markdown"},
)
def evaluation_report(
    context: dg.AssetExecutionContext, cicd_line: dg.ResourceParam[Line]
) -> Iterator[dg.Output[Report]]:
    """What was found, with evidence: written on the forge as one check and one comment, edited in place."""

    def body(claim: Claim) -> Iterator[dg.Output[Report]]:
        report = report_on(cicd_line, claim, context.run.run_id)
        yield dg.Output(report, metadata=report_metadata(report))

    yield from acting(context, cicd_line, body)


@dg.asset(
    partitions_def=PULL_REQUESTS,
    group_name=GROUP,
    io_manager_key=VALUES,
    deps=[evaluation_report],
    output_required=False,
    kinds={"decision"},
)
def merge_decision(
    context: dg.AssetExecutionContext, cicd_line: dg.ResourceParam[Line]
) -> Iterator[dg.Output[Decision]]:
    """Merge, wait, hold or reject, with reasons: a pure function of recorded evidence."""

    def body(claim: Claim) -> Iterator[dg.Output[Decision]]:
        decision = decide_merge(cicd_line, claim)
        say_decision(cicd_line, claim, context.run.run_id, decision)
        yield dg.Output(decision, metadata=decision_metadata(decision))

    yield from acting(context, cicd_line, body)


@dg.asset(
    partitions_def=PULL_REQUESTS,
    group_name=GROUP,
    io_manager_key=VALUES,
    deps=[merge_decision],
    output_required=False,
    kinds={"git"},
)
def merge(
    context: dg.AssetExecutionContext, cicd_line: dg.ResourceParam[Line]
) -> Iterator[dg.Output[Merged]]:
    """The merge, made once where the decision says so."""

    def body(claim: Claim) -> Iterator[dg.Output[Merged]]:
        made = merge_once(cicd_line, claim, context.run.run_id)
        if isinstance(made, Merged):
            yield dg.Output(made, metadata=merged_metadata(made))
            has_done(cicd_line, claim, "merged", made.commit)
        else:
            context.log.info(made.reason)
            has_done(cicd_line, claim, "merged", made.reason)
        has_decided(cicd_line, context.run.tags.get(RUN_KEY_TAG), context.run.run_id)

    yield from acting(context, cicd_line, body)


@dg.asset(
    partitions_def=PULL_REQUESTS,
    group_name=GROUP,
    io_manager_key=VALUES,
    output_required=False,
    deps=[evaluation_report],
    kinds={"diagnosis"},
)
def diagnosis(
    context: dg.AssetExecutionContext, cicd_line: dg.ResourceParam[Line]
) -> Iterator[dg.Output[Diagnosis]]:
    """Of a red report: what failed, by kind of step, with tests, exit status and last lines."""

    def body(claim: Claim) -> Iterator[dg.Output[Diagnosis]]:
        found = diagnose(list(verdicts_of(cicd_line, claim).values()))
        if found.failures:
            yield dg.Output(found, metadata=diagnosis_metadata(found))
        else:
            has_done(cicd_line, claim, "fixed", "nothing is red")

    yield from acting(context, cicd_line, body)


@dg.asset(
    partitions_def=PULL_REQUESTS,
    group_name=GROUP,
    io_manager_key=VALUES,
    deps=[diagnosis],
    output_required=False,
    kinds={"agent"},
)
def fix_request(
    context: dg.AssetExecutionContext, cicd_line: dg.ResourceParam[Line]
) -> Iterator[dg.Output[FixRequest]]:
    """The next order to the agent whose pull request is red; once it has tried often enough, a person is called."""

    def body(claim: Claim) -> Iterator[dg.Output[FixRequest]]:
        asked = request_fix(cicd_line, claim.subject, list(verdicts_of(cicd_line, claim).values()))
        if asked.outcome == "nothing":
            context.log.info(asked.reason)
        else:
            yield dg.Output(asked, metadata=fix_metadata(asked))
        has_done(cicd_line, claim, "fixed", asked.outcome)

    yield from acting(context, cicd_line, body)
