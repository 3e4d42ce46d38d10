"""Report what an evaluation found: kept in our store, and written on the forge as one check and one comment."""

import hashlib

from cicd_defs.facts.github.pull_requests import Check, CheckState
from cicd_defs.facts.records.evaluations import Claim
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.facts.value import Value
from cicd_defs.flows.effects import Deed, once
from cicd_defs.flows.line import Line
from cicd_defs.flows.pull_request.claim import may_act
from cicd_defs.flows.pull_request.decide import REPORT, facts_kept, project_of, verdicts_of
from cicd_defs.flows.pull_request.evaluate import PARTS
from cicd_defs.judge.merge.decision import Decision
from cicd_defs.render.reports.comment import comment_body
from cicd_defs.render.reports.evaluation import evaluation_html, evaluation_markdown

CHECK = "cicd-defs"
"""The name of our check on the forge."""


class Report(Value):
    """What an evaluation found: the word of each part, and the report as people read it."""

    partition: str
    head: str
    base: str
    words: dict[str, str]
    seconds: float
    markdown: str
    html: str


def marker_of(number: int) -> str:
    """What our one comment on a pull request begins with."""
    return f"<!-- cicd-defs:report:{number} -->"


def report_on(line: Line, claim: Claim, holder: str) -> Report:
    """Put the parts of an evaluation together. A part that left no verdict is reported as a fault."""
    verdicts = {part: verdict for part, verdict in verdicts_of(line, claim).items() if part in PARTS}
    for part in PARTS.keys() - verdicts.keys():
        missing = Verdict(part=part, word="fault", summary="It left no verdict.")
        line.evidence.put_part(
            claim.subject, claim.generation, part, missing.model_dump(mode="json"), line.now()
        )
        verdicts[part] = missing
    ordered = {part: verdicts[part] for part in PARTS}
    found = facts_kept(line, claim).pull_request
    report = Report(
        partition=claim.subject.partition,
        head=claim.subject.head,
        base=claim.subject.base,
        words={part: verdict.word for part, verdict in ordered.items()},
        seconds=max(verdict.seconds for verdict in ordered.values()),
        markdown=evaluation_markdown(found, list(ordered.values())),
        html=evaluation_html(found, list(ordered.values())),
    )
    line.evidence.put_part(
        claim.subject, claim.generation, REPORT, report.model_dump(mode="json"), line.now()
    )
    line.progress.evaluation_came_to(claim, "evaluation_report", line.now())
    _write(line, claim, holder, _state(ordered), report.markdown)
    return report


def say_decision(line: Line, claim: Claim, holder: str, decision: Decision) -> None:
    """Write the decision into the check and the comment: what comes of it first, then what was found."""
    verdicts = {part: verdict for part, verdict in verdicts_of(line, claim).items() if part in PARTS}
    ordered = [verdicts[part] for part in PARTS if part in verdicts]
    found = facts_kept(line, claim).pull_request
    body = comment_body(marker_of(claim.subject.number), found, ordered, decision)
    _write(line, claim, holder, _decided(decision), body)


def _state(verdicts: dict[str, Verdict]) -> CheckState:
    words = {verdict.word for verdict in verdicts.values()}
    if "failed" in words:
        return "failure"
    return "neutral" if words & {"not_evaluated", "fault"} else "success"


def _decided(decision: Decision) -> CheckState:
    """Our check is green only for what may be merged, and never for what was not evaluated."""
    states: dict[str, CheckState] = {
        "merge": "success",
        "reject": "failure",
        "wait": "pending",
        "hold": "neutral",
    }
    return states[decision.outcome]


def _write(line: Line, claim: Claim, holder: str, state: CheckState, body: str) -> None:
    """Write check and comment, each in its one place, while this run may act and the project lets us write."""
    subject = claim.subject
    if project_of(line, claim).mode == "observe" or not may_act(line, claim, holder):
        return
    marker = marker_of(subject.number)
    summary = body.removeprefix(marker).strip()
    check = Check(name=CHECK, commit=subject.head, state=state, summary=summary, ours=True)
    digest = hashlib.sha256(f"{state}\n{body}".encode()).hexdigest()
    once(
        line.effects,
        Deed(key=f"check:{subject.repository}:{subject.head}:{CHECK}", kind="check", digest=digest),
        lambda: None,
        lambda: line.forge.put_check(subject.repository, check, line.now()),
        line.now,
    )
    once(
        line.effects,
        Deed(key=f"comment:{subject.repository}:{subject.number}:report", kind="comment", digest=digest),
        lambda: None,
        lambda: line.forge.put_comment(subject.repository, subject.number, marker, body, line.now()),
        line.now,
    )
