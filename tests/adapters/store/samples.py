"""Records to store."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cicd_defs.facts.records.evaluations import DecisionRecord, Subject
from cicd_defs.facts.records.work import AgentRun, PromptRecord, Task

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
HOSTILE = "nul \0 half \ud800 'quote' \u2028 %s {0} 😀"
READABLE = "nul \ufffd half \ufffd\ufffd\ufffd 'quote' \u2028 %s {0} 😀"


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def subject(**changes: Any) -> Subject:
    values = {"project": "shop", "repository": "acme/shop", "number": 42, "head": "a" * 40, "base": "b" * 40}
    return Subject.model_validate({**values, "policy": "c" * 64, **changes})


def task(**changes: Any) -> Task:
    values = {
        "id": "t1",
        "key": "",
        "number": 0,
        "project": "shop",
        "title": "Sum",
        "description": "Add it up",
    }
    times = {"asked_by": "ann", "created_at": NOW, "updated_at": NOW}
    return Task.model_validate({**values, **times, **changes})


def agent_run(**changes: Any) -> AgentRun:
    values = {
        "id": "r1",
        "intent": "shop-1:1",
        "task_key": "shop-1",
        "project": "shop",
        "backend": "scripted",
    }
    more = {"attempt": 1, "prompt": "Do it", "base": "b" * 40, "created_at": NOW, "updated_at": NOW}
    return AgentRun.model_validate({**values, **more, **changes})


def prompt(**changes: Any) -> PromptRecord:
    values = {"id": "p1", "task_key": "shop-1", "kind": "prompt", "text": "Do it", "created_at": NOW}
    return PromptRecord.model_validate({**values, **changes})


def decision(**changes: Any) -> DecisionRecord:
    values = {"id": "d1", "project": "shop", "repository": "acme/shop", "number": 42, "head": "a" * 40}
    more = {"base": "b" * 40, "outcome": "merge", "evidence_digest": "e" * 64, "digest": "1" * 64, "at": NOW}
    content = {"evidence": {"parts": [1, 2.5, None, True]}, "decision": {"why": HOSTILE}}
    return DecisionRecord.model_validate({**values, **more, **content, **changes})
