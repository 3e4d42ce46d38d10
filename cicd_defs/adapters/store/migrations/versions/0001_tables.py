"""The first tables: the delivery line's and the local forge's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)
JSONB = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY = {
    "sqlite": (
        """CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END""",
        """CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END""",
        """CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
        WHEN EXISTS (SELECT 1 FROM audit WHERE sequence = NEW.sequence OR hash = NEW.hash)
        BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit log is only added to'; END $$""",
        """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to()""",
        """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to()""",
    ),
}


def upgrade() -> None:
    """Make all tables, and let the database refuse changes of the audit log."""
    for table in TABLES:
        table()
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def _projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("repository_owner", sa.String(length=255), nullable=False),
        sa.Column("repository_name", sa.String(length=255), nullable=False),
        sa.Column("webhook_url", sa.Text()),
        sa.Column("deployment_settings", JSONB, nullable=False),
        sa.Column("auto_merge_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("name", name="uq_projects_name"),
    )


def _agent_runs() -> None:
    op.create_table(
        "agent_runs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=36)),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("intent", sa.String(length=500), nullable=False),
        sa.Column("task_key", sa.String(length=300), nullable=False),
        sa.Column("backend", sa.String(length=50), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("target_text", sa.Text(), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=50), nullable=False),
        sa.Column("response_type", sa.String(length=20), nullable=False),
        sa.Column("response_data", sa.JSON(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("current_step", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("harvested", sa.Boolean(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("pull_request", sa.Integer()),
        sa.Column("pid", sa.BigInteger()),
        sa.Column("heartbeat_at", TIME),
        sa.Column("deadline_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_agent_runs_project_id_projects"),
        sa.PrimaryKeyConstraint("id", name="pk_agent_runs"),
        sa.UniqueConstraint("intent", name="uq_agent_runs_intent"),
    )
    op.create_index("ix_agent_runs_state", "agent_runs", ["status", "harvested"], unique=False)
    op.create_index("ix_agent_runs_task_key", "agent_runs", ["task_key"], unique=False)


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("scopes", JSONB, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("last_used_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("sha256", name="uq_api_keys_sha256"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", COUNTED, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
        sa.UniqueConstraint("hash", name="uq_audit_hash"),
    )


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=128), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("taken_at", TIME, nullable=False),
        sa.Column("heartbeat_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("repository", "number", name="pk_claims"),
    )
    op.create_index("ix_claims_state_heartbeat_at", "claims", ["state", "heartbeat_at"], unique=False)


def _codegen_requests() -> None:
    op.create_table(
        "codegen_requests",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("task_key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("context_used", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=50), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_codegen_requests"),
    )
    op.create_index(
        "ix_codegen_requests_task_key_created_at",
        "codegen_requests",
        ["task_key", "created_at"],
        unique=False,
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("sequence", COUNTED, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("evidence_digest", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("decision", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_decisions"),
        sa.UniqueConstraint("id", name="uq_decisions_id"),
        sa.UniqueConstraint("repository", "number", "digest", name="uq_decisions_repository_number_digest"),
    )
    op.create_index(
        "ix_decisions_repository_number_sequence",
        "decisions",
        ["repository", "number", "sequence"],
        unique=False,
    )


def _effects() -> None:
    op.create_table(
        "effects",
        sa.Column("key", sa.String(length=1000), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("intended_at", TIME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_effects"),
    )
    op.create_index("ix_effects_state_at", "effects", ["state", "at"], unique=False)


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=128), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=100), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
        sa.UniqueConstraint(
            "repository",
            "number",
            "head",
            "base",
            "policy",
            "project",
            "generation",
            "part",
            name="uq_evidence_part",
        ),
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("delivery", sa.String(length=255), nullable=False),
        sa.Column("source", sa.String(length=50), nullable=False),
        sa.Column("event", sa.String(length=255), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("run_key", sa.String(length=1000)),
        sa.Column("asked_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("delivery", name="uq_inbox_delivery"),
    )
    op.create_index("ix_inbox_run_key", "inbox", ["run_key"], unique=False)
    op.create_index("ix_inbox_state_id", "inbox", ["state", "id"], unique=False)


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint("project", "event", "subject", name="uq_notifications_project_event_subject"),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("requirements", sa.JSON(), nullable=False),
        sa.Column("acceptance_criteria", sa.JSON(), nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("estimated_complexity", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=50), nullable=False),
        sa.Column("lacks", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(length=255), nullable=False),
        sa.Column("pull_request", sa.Integer()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("key", name="uq_tasks_key"),
        sa.UniqueConstraint("project", "number", name="uq_tasks_project_number"),
    )
    op.create_index("ix_tasks_project_pull_request", "tasks", ["project", "pull_request"], unique=False)
    op.create_index("ix_tasks_status_created_at", "tasks", ["status", "created_at"], unique=False)


def _validation_pipelines() -> None:
    op.create_table(
        "validation_pipelines",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("agent_run_id", sa.String(length=64)),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("pr_number", sa.Integer(), nullable=False),
        sa.Column("pr_url", sa.Text(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=50), nullable=False),
        sa.Column("validation_results", sa.JSON(), nullable=False),
        sa.Column("environment_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("completed_at", TIME),
        sa.ForeignKeyConstraint(
            ["agent_run_id"], ["agent_runs.id"], name="fk_validation_pipelines_agent_run_id_agent_runs"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_validation_pipelines"),
        sa.UniqueConstraint(
            "repository",
            "pr_number",
            "head",
            "generation",
            name="uq_validation_pipelines_repository_pr_number_head_generation",
        ),
    )


def _workflow_executions() -> None:
    op.create_table(
        "workflow_executions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=50), nullable=False),
        sa.Column("project", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=50), nullable=False),
        sa.Column("current_step", sa.Text(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("completed_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_workflow_executions"),
    )
    op.create_index(
        "ix_workflow_executions_status_started_at",
        "workflow_executions",
        ["status", "started_at"],
        unique=False,
    )
    op.create_index("ix_workflow_executions_subject", "workflow_executions", ["subject"], unique=False)


def _forge_branches() -> None:
    op.create_table(
        "forge_branches",
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("branch", sa.String(length=255), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("repository", "branch", name="pk_forge_branches"),
    )


def _forge_checks() -> None:
    op.create_table(
        "forge_checks",
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("repository", "commit", "name", "ours", name="pk_forge_checks"),
    )


def _forge_comments() -> None:
    op.create_table(
        "forge_comments",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("marker", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("edited_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_forge_comments"),
    )
    op.create_index("ix_forge_comments_of", "forge_comments", ["repository", "number"], unique=False)


def _forge_people() -> None:
    op.create_table(
        "forge_people",
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("login", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("repository", "login", name="pk_forge_people"),
    )


def _forge_pull_requests() -> None:
    op.create_table(
        "forge_pull_requests",
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("head_ref", sa.String(length=255), nullable=False),
        sa.Column("head_sha", sa.String(length=64), nullable=False),
        sa.Column("base_ref", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("draft", sa.Boolean(), nullable=False),
        sa.Column("from_fork", sa.Boolean(), nullable=False),
        sa.Column("labels", JSONB, nullable=False),
        sa.Column("merged_sha", sa.String(length=64)),
        sa.Column("merged_head", sa.String(length=64)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("repository", "number", name="pk_forge_pull_requests"),
    )
    op.create_index(
        "ix_forge_pull_requests_head",
        "forge_pull_requests",
        ["repository", "head_ref", "state"],
        unique=False,
    )


def _forge_reviews() -> None:
    op.create_table(
        "forge_reviews",
        sa.Column("id", COUNTED, autoincrement=True, nullable=False),
        sa.Column("repository", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forge_reviews"),
    )
    op.create_index("ix_forge_reviews_of", "forge_reviews", ["repository", "number"], unique=False)


TABLES = (
    _projects,
    _agent_runs,
    _api_keys,
    _audit,
    _claims,
    _codegen_requests,
    _decisions,
    _effects,
    _evidence,
    _inbox,
    _notifications,
    _tasks,
    _validation_pipelines,
    _workflow_executions,
    _forge_branches,
    _forge_checks,
    _forge_comments,
    _forge_people,
    _forge_pull_requests,
    _forge_reviews,
)
