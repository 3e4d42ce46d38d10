"""The checks of a project's generated files, by family. All look at the same files, and answer for all of them.

A check that could not be made says so: it does not pass, and it is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import NamedTuple

import dagster as dg
import yaml

from assets.shown import Metadata, conflict_table, kept_table, table
from cicd_defs.judge.workflows.privileges import wrong_privileges
from cicd_defs.judge.workflows.secrets import Exposure, exposures_in, exposures_of
from cicd_defs.plan.lift import NotOurForm, differences, lift_workflow
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.blocks import Unsplittable
from cicd_defs.render.files import GeneratedFile, render_files
from cicd_defs.render.regenerate import Regenerated, regenerate
from resources.scanners import NotEvaluated, Scan


class Evidence(NamedTuple):
    """What a check looks at: the plan, its files as text, what the scanner says of it, and what people did."""

    pipeline: Pipeline
    files: Sequence[GeneratedFile]
    scan: Scan | NotEvaluated
    regenerated: Regenerated = Regenerated(files=())


class Verdict(NamedTuple):
    """What a check says: whether all is well, in a sentence, and the details. `evaluated`: whether it could tell."""

    passed: bool
    sentence: str
    metadata: Metadata
    evaluated: bool = True


MISSING = "no file was written"
NOTHING_TO_JUDGE = Verdict(True, "no workflow files to judge: the pipeline plans none", {})


class Family(NamedTuple):
    """One family of checks: its name, what it asks, and how it is answered."""

    name: str
    question: str
    answer: Callable[[Evidence], Verdict]


def schema(evidence: Evidence) -> Verdict:
    """GitHub's schema of workflow files, as zizmor holds it."""
    if not _judged(evidence):
        return NOTHING_TO_JUDGE
    if isinstance(evidence.scan, NotEvaluated):
        return _not_evaluated(evidence.scan)
    refused = [{"file": path, "reason": MISSING} for path in _missing(evidence)]
    refused += [{"file": one.file, "reason": one.reason} for one in evidence.scan.refusals]
    return _verdict(refused, "workflows that GitHub would refuse", table(refused, "file", "reason"))


def security(evidence: Evidence) -> Verdict:
    """What zizmor's strictest persona finds. A file that it cannot read is no file without findings."""
    if not _judged(evidence):
        return NOTHING_TO_JUDGE
    if isinstance(evidence.scan, NotEvaluated):
        return _not_evaluated(evidence.scan)
    unread = [
        {"file": one.file, "rule": "unreadable", "message": one.reason} for one in evidence.scan.refusals
    ]
    unread += [{"file": path, "rule": "missing", "message": MISSING} for path in _missing(evidence)]
    found = [*(asdict(finding) for finding in evidence.scan.findings), *unread]
    columns = ("file", "line", "severity", "rule", "message", "url")
    return _verdict(found, f"findings of {evidence.scan.scanner}", table(found, *columns))


def round_trip(evidence: Evidence) -> Verdict:
    """Each workflow that was planned has its file, which, read back, is that workflow."""
    if not _judged(evidence):
        return NOTHING_TO_JUDGE
    found = [
        {"file": path, "where": "the whole file", "planned": "a workflow", "found": MISSING}
        for path in _missing(evidence)
    ]
    found += [
        row for file in evidence.files if file.kind == "workflow" for row in _not_as_planned(evidence, file)
    ]
    return _verdict(
        found, "places that do not read back as planned", table(found, "file", "where", "planned", "found")
    )


def _judged(evidence: Evidence) -> bool:
    """Whether there is anything that the checks of workflows are about."""
    return bool(evidence.pipeline.workflows) or any(file.kind == "workflow" for file in evidence.files)


def _missing(evidence: Evidence) -> list[str]:
    """The workflows that were planned and have no file."""
    there = {file.path for file in evidence.files}
    return [workflow.path for workflow in evidence.pipeline.workflows if workflow.path not in there]


def _not_as_planned(evidence: Evidence, file: GeneratedFile) -> Iterator[dict[str, str]]:
    planned = evidence.pipeline.workflow(file.path)
    if planned is None:
        yield {"file": file.path, "where": "the whole file", "planned": "no such workflow", "found": "a file"}
        return
    try:
        found = lift_workflow(file.text, planned.file)
    except (NotOurForm, ValueError) as error:
        yield {"file": file.path, "where": "the whole file", "planned": "our form", "found": str(error)}
        return
    for difference in differences(planned, found):
        yield {"file": file.path, **difference.model_dump()}


def idempotence(evidence: Evidence) -> Verdict:
    """Rendering again, and from the plan as it is kept, gives the same bytes, and so does doing all of it twice."""
    first = {file.path: file.text for file in evidence.files}
    kept = Pipeline.model_validate_json(evidence.pipeline.model_dump_json())
    again = {
        "rendered again": render_files(evidence.pipeline),
        "rendered from the stored plan": render_files(kept),
    }
    found = [
        {"file": path, "when": when}
        for when, files in again.items()
        for path, text in {**dict.fromkeys(first, ""), **{file.path: file.text for file in files}}.items()
        if first.get(path) != text
    ]
    found += [{"file": path, "when": "generated again over what was written"} for path in _unstable(evidence)]
    return _verdict(found, "files that come out differently", table(found, "file", "when"))


def _unstable(evidence: Evidence) -> list[str]:
    """The files that would change once more, were they written and generated again."""
    if evidence.regenerated.conflicts or not evidence.regenerated.files:
        return []  # nothing is written before those are settled
    written = {file.path: file.text for file in evidence.regenerated.files}
    try:
        again = regenerate(evidence.files, written)
    except Unsplittable:
        return [file.path for file in evidence.files]
    return [
        *(file.path for file in again.files if written.get(file.path) != file.text),
        *(conflict.file for conflict in again.conflicts),
        *again.removed,
    ]


def hand_edits(evidence: Evidence) -> Verdict:
    """Nothing that people changed is in the way: it is kept, or somebody must choose."""
    conflicts, kept = evidence.regenerated.conflicts, evidence.regenerated.kept
    verdict = _verdict(
        conflicts, "conflicts between people's edits and the declaration", conflict_table(conflicts)
    )
    return verdict._replace(metadata={**verdict.metadata, "kept": kept_table(kept)})


def privileges(evidence: Evidence) -> Verdict:
    """Each planned job's token may do what its steps need, and nothing else."""
    found = [one.model_dump() for one in wrong_privileges(evidence.pipeline)]
    columns = ("file", "job", "scope", "granted", "needed", "why")
    return _verdict(found, "rights of jobs that do not fit their steps", table(found, *columns))


def secrets(evidence: Evidence) -> Verdict:
    """No stranger's pull request reaches a secret, by what is planned or by what people changed in a workflow."""
    exposed = dict.fromkeys(exposures_of(evidence.pipeline))
    for file in evidence.regenerated.files:
        if file.kind == "workflow":
            exposed |= dict.fromkeys(_exposed_in(file))
    found = [one.model_dump() for one in exposed]
    columns = ("kind", "file", "event", "job", "step", "where", "what")
    return _verdict(found, "ways from a stranger's pull request to a secret", table(found, *columns))


def _exposed_in(file: GeneratedFile) -> tuple[Exposure, ...]:
    try:
        return exposures_in(file.path.rpartition("/")[2], yaml.load(file.text, yaml.CSafeLoader))
    except yaml.YAMLError:
        return ()  # `schema` and `hand_edits` tell of it


FAMILIES = (
    Family("schema", "Would GitHub accept every workflow file?", schema),
    Family("security", "Does zizmor's strictest persona find nothing?", security),
    Family("round_trip", "Does every workflow file, read back, give its plan?", round_trip),
    Family("idempotence", "Does rendering again give the same bytes?", idempotence),
    Family("hand_edits", "Can everything that people changed stay?", hand_edits),
    Family("privileges", "May every job do what its steps need, and nothing more?", privileges),
    Family("secrets", "Is every secret out of reach of a stranger's pull request?", secrets),
)


def check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """One check a family, on the asset of this key."""
    return [dg.AssetCheckSpec(family.name, asset=key, description=family.question) for family in FAMILIES]


def check_results(
    key: dg.AssetKey, evidence: Evidence, names: frozenset[str]
) -> Iterator[dg.AssetCheckResult]:
    """The verdicts of the families that were asked for."""
    for family in FAMILIES:
        if family.name in names:
            verdict = family.answer(evidence)
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=family.name,
                passed=verdict.passed,
                severity=dg.AssetCheckSeverity.ERROR if verdict.evaluated else dg.AssetCheckSeverity.WARN,
                description=verdict.sentence,
                metadata={"evaluated": verdict.evaluated, **verdict.metadata},
            )


def _verdict(found: Sequence[object], what: str, details: dg.MetadataValue) -> Verdict:
    sentence = f"{len(found)} {what}" if found else f"no {what}"
    return Verdict(not found, sentence, {"found": details})


def _not_evaluated(scan: NotEvaluated) -> Verdict:
    reason = dg.MetadataValue.text(scan.reason)
    return Verdict(False, f"not evaluated: {scan.reason}", {"reason": reason}, evaluated=False)
