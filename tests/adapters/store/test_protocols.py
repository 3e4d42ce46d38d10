"""The store fits what flows ask for: mypy reads `fits`, and the signatures are compared here."""

import inspect
from typing import Any

import pytest

from cicd_defs.adapters.store.agent_runs import AgentRuns
from cicd_defs.adapters.store.audit import Audit
from cicd_defs.adapters.store.claims import Claims
from cicd_defs.adapters.store.effects import Effects
from cicd_defs.adapters.store.engine import Store
from cicd_defs.adapters.store.evidence import Evidence
from cicd_defs.adapters.store.inbox import GroupCommitInbox, Inbox
from cicd_defs.adapters.store.notifications import Notifications
from cicd_defs.adapters.store.tasks import Tasks
from cicd_defs.flows import protocols

PAIRS = [
    (protocols.Inbox, Inbox),
    (protocols.Inbox, GroupCommitInbox),
    (protocols.Tasks, Tasks),
    (protocols.AgentRuns, AgentRuns),
    (protocols.Claims, Claims),
    (protocols.Evidence, Evidence),
    (protocols.Effects, Effects),
    (protocols.AuditLog, Audit),
    (protocols.Notifications, Notifications),
]


def fits(store: Store) -> None:
    """Never called: only mypy reads it."""
    inbox: protocols.Inbox = store.inbox
    tasks: protocols.Tasks = store.tasks
    agent_runs: protocols.AgentRuns = store.agent_runs
    claims: protocols.Claims = store.claims
    evidence: protocols.Evidence = store.evidence
    effects: protocols.Effects = store.effects
    audit: protocols.AuditLog = store.audit
    notifications: protocols.Notifications = store.notifications
    print(inbox, tasks, agent_runs, claims, evidence, effects, audit, notifications)


@pytest.mark.parametrize(("protocol", "ours"), PAIRS, ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_each_repository_takes_what_its_protocol_says(protocol: Any, ours: Any) -> None:
    for name, asked in inspect.getmembers(protocol, inspect.isfunction):
        if not name.startswith("_"):
            given = inspect.signature(getattr(ours, name))
            assert list(given.parameters.values()) == list(inspect.signature(asked).parameters.values()), name
