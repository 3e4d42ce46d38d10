"""How the delivery line looks in the Dagster UI: first a short report, then numbers that make plots over time."""

from typing import Any

import dagster as dg

from cicd_defs.facts.records.work import AgentRun, PromptRecord, Task
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.flows.pull_request.claim import PullRequestFacts
from cicd_defs.flows.pull_request.merge import Merged
from cicd_defs.flows.pull_request.report import Report
from cicd_defs.flows.work.request_fix import FixRequest
from cicd_defs.judge.merge.decision import Decision
from cicd_defs.plan.work.diagnosis import Diagnosis
from cicd_defs.render.reports.decision import decision_markdown, reasons_markdown
from cicd_defs.render.reports.evaluation import verdict_markdown
from cicd_defs.render.reports.text import fenced, plain

Metadata = dict[str, Any]


def task_metadata(task: Task) -> Metadata:
    """A task: what is wanted, how it is measured, and what it lacks."""
    lines = [f"**{plain(task.title)}**", "", plain(task.description), ""]
    for title, items in (
        ("Requirements", task.requirements),
        ("Acceptance criteria", task.acceptance_criteria),
    ):
        lines += [f"{title}:", *(f"- {plain(item)}" for item in items), ""] if items else []
    lines += [f"It lacks {', '.join(task.lacks)}."] if task.lacks else []
    return {
        "report": dg.MetadataValue.md("\n".join(lines)),
        "project": task.project,
        "priority": task.priority,
        "asked by": task.asked_by,
        **({"pull request": task.pull_request} if task.pull_request else {}),
    }


def prompt_metadata(prompt: PromptRecord) -> Metadata:
    """A prompt as it is sent, and the context that went in."""
    return {
        "report": dg.MetadataValue.md(fenced(prompt.text)),
        "context used": dg.MetadataValue.json(prompt.context_used),
        "characters": len(prompt.text),
        "digest": prompt.digest,
    }


def agent_metadata(run: AgentRun) -> Metadata:
    """An agent's run: how far it is, and what came of it."""
    said = str(run.result.get("message") or run.result.get("error") or "")
    lines = [
        f"**{run.state}**, attempt {run.attempt}, {run.progress} %: {plain(run.current_step)}",
        "",
        plain(said),
    ]
    return {
        "report": dg.MetadataValue.md("\n".join(lines)),
        "state": run.state,
        "progress": run.progress,
        "attempt": run.attempt,
        "back end": run.backend,
        **({"pull request": run.pull_request} if run.pull_request else {}),
        **(
            {"patch": dg.MetadataValue.md(fenced(str(run.result["patch"]), "diff"))}
            if run.result.get("patch")
            else {}
        ),
    }


def pull_request_metadata(facts: PullRequestFacts) -> Metadata:
    """A pull request at its head: what it changes, and what the result is bound to."""
    found, subject = facts.pull_request, facts.subject
    lines = [
        f"**{plain(found.title)}** (#{found.number}, {plain(found.author)}, {found.author_role})",
        "",
        f"{facts.size}: {len(facts.paths)} files, +{facts.added} -{facts.removed}",
        "",
        *(f"- {plain(one.path)} (+{one.added} -{one.removed})" for one in facts.paths[:50]),
    ]
    return {
        "report": dg.MetadataValue.md("\n".join(lines)),
        "files": len(facts.paths),
        "lines added": facts.added,
        "lines removed": facts.removed,
        "head": subject.head,
        "base": subject.base,
        "policy": subject.policy,
        "repository": subject.repository,
        **({"task": facts.task} if facts.task else {}),
    }


def verdict_metadata(verdict: Verdict) -> Metadata:
    """What one part says, with its steps."""
    shown: Metadata = {
        "report": dg.MetadataValue.md(verdict_markdown(verdict)),
        "verdict": verdict.word,
        "seconds": verdict.seconds,
    }
    if verdict.tests:
        shown |= {"tests": len(verdict.tests.cases), "failed tests": len(verdict.tests.failed)}
    if verdict.isolation:
        shown["isolation"] = f"{verdict.isolation.provider}, {verdict.isolation.level}"
    return shown


def report_metadata(report: Report) -> Metadata:
    """The report as it stands on the pull request."""
    return {
        "report": dg.MetadataValue.md(report.markdown),
        "passed": sum(word in ("passed", "not_applicable") for word in report.words.values()),
        "parts": len(report.words),
        "seconds": report.seconds,
    }


def decision_metadata(decision: Decision) -> Metadata:
    """A decision with every reason, and what would turn it."""
    return {
        "report": dg.MetadataValue.md(reasons_markdown(decision)),
        "every gate": dg.MetadataValue.md(decision_markdown(decision)),
        "outcome": decision.outcome,
        "reasons": len(decision.reasons),
        "digest": decision.digest,
        "evidence": decision.evidence_digest,
    }


def merged_metadata(merged: Merged) -> Metadata:
    """A merge that was made."""
    words = f"#{merged.number} was merged by {merged.method} as `{merged.commit[:12]}`."
    return {"report": dg.MetadataValue.md(words), "commit": merged.commit, "head": merged.head}


def diagnosis_metadata(diagnosis: Diagnosis) -> Metadata:
    """What failed: the failing tests first, then the last lines of each step."""
    lines = [f"**{plain(diagnosis.summary)}**", ""]
    lines += [f"- {plain(test.id)}" for failure in diagnosis.failures for test in failure.tests]
    output = "\n\n".join(f"{failure.step}\n{failure.tail}" for failure in diagnosis.failures)
    return {
        "report": dg.MetadataValue.md("\n".join(lines)),
        "last lines": dg.MetadataValue.md(fenced(output)),
        "failures": len(diagnosis.failures),
    }


def fix_metadata(asked: FixRequest) -> Metadata:
    """What the agent is asked to mend, or why a person is called."""
    run = asked.run
    if run is None:
        return {"report": dg.MetadataValue.md(f"A person is called. {plain(asked.reason)}")}
    return {
        "report": dg.MetadataValue.md(fenced(run.prompt)),
        "strategy": asked.strategy or "",
        "attempt": run.attempt,
        "task": run.task_key,
        "base": run.base,
    }
