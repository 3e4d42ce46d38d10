"""The tables of our store. Where a plan names a column otherwise than our records do, the record's name is its key."""

from typing import Any

import sqlalchemy as sa

from cicd_defs.adapters.store.metadata import BigKey, JsonColumn, UtcDateTime, metadata

ExactJson = sa.JSON()
"""JSON that comes from strangers' code: kept as text on PostgreSQL too, since JSONB refuses some characters."""


class PlainText(sa.types.TypeDecorator[str]):
    """Text from anywhere. What a database cannot hold (NUL, halves of surrogate pairs) becomes U+FFFD."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002 - SQLAlchemy asks so
        """Replace what cannot be stored."""
        return None if value is None else plain(value)


def plain(text: str) -> str:
    """Return a text as every database can hold it."""
    return text.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


projects = sa.Table(
    "projects",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(255), nullable=False, unique=True),
    sa.Column("repository_owner", sa.String(255), nullable=False, default=""),
    sa.Column("repository_name", sa.String(255), nullable=False),
    sa.Column("webhook_url", sa.Text),
    sa.Column("deployment_settings", JsonColumn, nullable=False, default=dict),
    sa.Column("auto_merge_enabled", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("delivery", sa.String(255), nullable=False, unique=True),
    sa.Column("source", sa.String(50), nullable=False),
    sa.Column("event", sa.String(255), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("body_sha256", sa.String(64), nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(20), nullable=False, default="new"),
    sa.Column("run_key", sa.String(1000)),
    sa.Column("asked_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("note", PlainText, nullable=False, default=""),
    sa.Index(None, "state", "id"),
    sa.Index(None, "run_key"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(300), nullable=False, unique=True),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("title", PlainText, nullable=False),
    sa.Column("description", PlainText, nullable=False),
    sa.Column("requirements", ExactJson, nullable=False, default=list),
    sa.Column("acceptance_criteria", ExactJson, nullable=False, default=list),
    sa.Column("priority", sa.String(20), nullable=False),
    sa.Column("estimated_complexity", sa.String(20), nullable=False),
    sa.Column("status", sa.String(50), nullable=False),
    sa.Column("lacks", ExactJson, nullable=False, default=list),
    sa.Column("asked_by", sa.String(255), nullable=False),
    sa.Column("pull_request", sa.Integer),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("project", "number"),
    sa.Index(None, "status", "created_at"),
    sa.Index(None, "project", "pull_request"),
)

agent_runs = sa.Table(
    "agent_runs",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("project_id", sa.String(36), sa.ForeignKey("projects.id")),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("intent", sa.String(500), nullable=False, unique=True),
    sa.Column("task_key", sa.String(300), nullable=False),
    sa.Column("backend", sa.String(50), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("target_text", PlainText, key="prompt", nullable=False),
    sa.Column("base", sa.String(64), nullable=False),
    sa.Column("status", sa.String(50), key="state", nullable=False),
    sa.Column("response_type", sa.String(20), nullable=False),
    sa.Column("response_data", ExactJson, key="result", nullable=False, default=dict),
    sa.Column("progress", sa.Integer, nullable=False, default=0),
    sa.Column("current_step", PlainText, nullable=False, default=""),
    sa.Column("reference", sa.Text, nullable=False, default=""),
    sa.Column("harvested", sa.Boolean, nullable=False, default=False),
    sa.Column("cancel_requested", sa.Boolean, nullable=False, default=False),
    sa.Column("pull_request", sa.Integer),
    sa.Column("pid", sa.BigInteger),
    sa.Column("heartbeat_at", UtcDateTime),
    sa.Column("deadline_at", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Index(None, "task_key"),
    sa.Index("ix_agent_runs_state", "state", "harvested"),
)

codegen_requests = sa.Table(
    "codegen_requests",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("task_key", sa.String(300), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("text", PlainText, nullable=False, default=""),
    sa.Column("digest", sa.String(128), nullable=False, default=""),
    sa.Column("context_used", ExactJson, nullable=False, default=dict),
    sa.Column("options", ExactJson, nullable=False, default=dict),
    sa.Column("status", sa.String(50), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index(None, "task_key", "created_at"),
)

validation_pipelines = sa.Table(
    "validation_pipelines",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("agent_run_id", sa.String(64), sa.ForeignKey("agent_runs.id")),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("repository", sa.String(255), nullable=False),
    sa.Column("pr_number", sa.Integer, nullable=False),
    sa.Column("pr_url", sa.Text, nullable=False, default=""),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("status", sa.String(50), nullable=False),
    sa.Column("validation_results", ExactJson, nullable=False, default=dict),
    sa.Column("environment_id", sa.String(255), nullable=False, default=""),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("completed_at", UtcDateTime),
    sa.UniqueConstraint("repository", "pr_number", "head", "generation"),
)

workflow_executions = sa.Table(
    "workflow_executions",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("workflow", sa.String(50), nullable=False),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("subject", sa.String(500), nullable=False),
    sa.Column("status", sa.String(50), nullable=False),
    sa.Column("current_step", PlainText, nullable=False, default=""),
    sa.Column("result", ExactJson, nullable=False, default=dict),
    sa.Column("error", PlainText, nullable=False, default=""),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("completed_at", UtcDateTime),
    sa.Index(None, "status", "started_at"),
    sa.Index(None, "subject"),
)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("base", sa.String(64), nullable=False),
    sa.Column("policy", sa.String(128), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("holder", sa.String(255), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("taken_at", UtcDateTime, nullable=False),
    sa.Column("heartbeat_at", UtcDateTime, nullable=False),
    sa.Index(None, "state", "heartbeat_at"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("repository", sa.String(255), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("base", sa.String(64), nullable=False),
    sa.Column("policy", sa.String(128), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("part", sa.String(100), nullable=False),
    sa.Column("body", ExactJson, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.UniqueConstraint(
        "repository", "number", "head", "base", "policy", "project", "generation", "part",
        name="uq_evidence_part",
    ),
)  # fmt: skip

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("sequence", BigKey, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("repository", sa.String(255), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("base", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(10), nullable=False),
    sa.Column("evidence_digest", sa.String(128), nullable=False),
    sa.Column("digest", sa.String(128), nullable=False),
    sa.Column("evidence", ExactJson, nullable=False),
    sa.Column("decision", ExactJson, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("repository", "number", "digest"),
    sa.Index(None, "repository", "number", "sequence"),
)

effects = sa.Table(
    "effects",
    metadata,
    sa.Column("key", sa.String(1000), primary_key=True),
    sa.Column("kind", sa.String(100), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("external_id", sa.Text, nullable=False, default=""),
    sa.Column("digest", sa.String(128), nullable=False, default=""),
    sa.Column("detail", PlainText, nullable=False, default=""),
    sa.Column("intended_at", UtcDateTime, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index(None, "state", "at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", BigKey, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor", PlainText, nullable=False),
    sa.Column("action", PlainText, nullable=False),
    sa.Column("subject", PlainText, nullable=False),
    sa.Column("detail", ExactJson, nullable=False),
    sa.Column("prev_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
)

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("event", sa.String(100), nullable=False),
    sa.Column("project", sa.String(255), nullable=False),
    sa.Column("subject", sa.String(500), nullable=False),
    sa.Column("body", ExactJson, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("project", "event", "subject"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("prefix", sa.String(20), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("person", sa.String(255), nullable=False),
    sa.Column("scopes", JsonColumn, nullable=False, default=list),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
)
