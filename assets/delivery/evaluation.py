"""A pull request at one head, and what its evaluation finds: parts side by side, each with one verdict."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.delivery.acting import acting, user_errors
from assets.delivery.partitions import GROUP, PULL_REQUESTS, RUN_KEY_TAG, VALUES
from assets.delivery.shown import pull_request_metadata, verdict_metadata
from cicd_defs.facts.records.evaluations import Claim
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.claim import NotOurs, PullRequestFacts, claim_head
from cicd_defs.flows.pull_request.decide import facts_kept, keep_facts, project_of
from cicd_defs.flows.pull_request.evaluate import AFTER, PARTS, Bench, evaluate
from resources.heartbeats import Heartbeats

BEFORE = {part: [AFTER[part]] if part in AFTER else [] for part in PARTS}
BEFORE = {part: [AFTER[part]] if part in AFTER else [] for part in PARTS}
VERDICT = dg.PythonObjectDagsterType(Verdict)

DESCRIPTIONS = {
    "sandbox_build": "The merge of head and base, installed and built in the sandbox.",
    "test_results": "The project's own checks in the sandbox: lint, format, types, tests.",
    "gate_integrity": "What the change does to its own gate: deleted or skipped tests, edited CI and configuration.",
}


@dg.asset(
    partitions_def=PULL_REQUESTS,
    group_name=GROUP,
    io_manager_key=VALUES,
    kinds={"git"},
    output_required=False,
    deps=[dg.AssetDep("agent_run", partition_mapping=dg.AllPartitionMapping())],
)
def pull_request(
    context: dg.AssetExecutionContext,
    cicd_line: dg.ResourceParam[Line],
    cicd_heartbeats: dg.ResourceParam[Heartbeats],
) -> Iterator[dg.Output[PullRequestFacts]]:
    """The pull request at this head. The run takes the right to act for it; one that does not get it ends here."""
    run_key = context.run.tags.get(RUN_KEY_TAG)
    try:
        with user_errors():
            claim, facts = claim_head(cicd_line, context.partition_key, context.run.run_id, run_key)
    except NotOurs as reason:
        context.log.info(str(reason))
        return
    cicd_heartbeats.begin(claim)
    keep_facts(cicd_line, claim, facts)
    yield dg.Output(facts, metadata=pull_request_metadata(facts))


@dg.multi_asset(
    partitions_def=PULL_REQUESTS,
    can_subset=True,
    deps=[pull_request],
    outs={
        part: dg.AssetOut(
            is_required=False,
            group_name=GROUP,
            io_manager_key=VALUES,
            dagster_type=VERDICT,
            description=DESCRIPTIONS[part],
            kinds={"sandbox"} if part != "gate_integrity" else {"git"},
        )
        for part in PARTS
    },
    # Each follows the pull request too: the part before it may not be selected.
    internal_asset_deps={
        part: {dg.AssetKey("pull_request"), *map(dg.AssetKey, BEFORE[part])} for part in PARTS
    },
    check_specs=[
        dg.AssetCheckSpec(
            "passed", asset=part, partitions_def=PULL_REQUESTS, description="What the verdict says."
        )
        for part in PARTS
    ],
)
def evaluation(
    context: dg.AssetExecutionContext, cicd_line: dg.ResourceParam[Line]
) -> Iterator[dg.MaterializeResult[Any]]:
    """Run the selected parts in threads; each yields exactly one verdict, whatever becomes of it."""
    wanted = [part for part in PARTS if dg.AssetKey(part) in context.selected_asset_keys]

    def body(claim: Claim) -> Iterator[dg.MaterializeResult[Any]]:
        bench = Bench(cicd_line, project_of(cicd_line, claim), claim, facts_kept(cicd_line, claim))
        for verdict in evaluate(bench, wanted):
            yield _result(verdict)

    yield from acting(context, cicd_line, body, evaluates=True)


def _result(verdict: Verdict) -> dg.MaterializeResult[Verdict]:
    evaluated = verdict.word in ("passed", "failed", "not_applicable")
    check = dg.AssetCheckResult(
        check_name="passed",
        asset_key=verdict.part,
        passed=verdict.word in ("passed", "not_applicable"),
        severity=dg.AssetCheckSeverity.WARN,
        description=verdict.summary,
        metadata={"verdict": verdict.word, "evaluated": evaluated},
    )
    return dg.MaterializeResult(
        asset_key=verdict.part, value=verdict, metadata=verdict_metadata(verdict), check_results=[check]
    )
