"""The tables of the local forge: people, pull requests, reviews, checks, comments, and the refs that it reported."""

import sqlalchemy as sa

from cicd_defs.adapters.store.metadata import BigKey, JsonColumn, UtcDateTime, metadata

people = sa.Table(
    "forge_people",
    metadata,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("login", sa.String(100), primary_key=True),
    sa.Column("role", sa.String(20), nullable=False),
)

pull_requests = sa.Table(
    "forge_pull_requests",
    metadata,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False, default=""),
    sa.Column("author", sa.String(100), nullable=False),
    sa.Column("head_ref", sa.String(255), nullable=False),
    sa.Column("head_sha", sa.String(64), nullable=False),
    sa.Column("base_ref", sa.String(255), nullable=False),
    sa.Column("state", sa.String(10), nullable=False, default="open"),
    sa.Column("draft", sa.Boolean, nullable=False, default=False),
    sa.Column("from_fork", sa.Boolean, nullable=False, default=False),
    sa.Column("labels", JsonColumn, nullable=False, default=list),
    sa.Column("merged_sha", sa.String(64)),
    sa.Column("merged_head", sa.String(64)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Index("ix_forge_pull_requests_head", "repository", "head_ref", "state"),
)

reviews = sa.Table(
    "forge_reviews",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("repository", sa.String(255), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("author", sa.String(100), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("commit", sa.String(64), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index("ix_forge_reviews_of", "repository", "number"),
)

checks = sa.Table(
    "forge_checks",
    metadata,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("commit", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("ours", sa.Boolean, primary_key=True, default=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("summary", sa.Text, nullable=False, default=""),
    sa.Column("url", sa.Text, nullable=False, default=""),
    sa.Column("at", UtcDateTime, nullable=False),
)

comments = sa.Table(
    "forge_comments",
    metadata,
    sa.Column("id", BigKey, primary_key=True, autoincrement=True),
    sa.Column("repository", sa.String(255), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("author", sa.String(100), nullable=False),
    sa.Column("marker", sa.String(255), nullable=False, default=""),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("edited_at", UtcDateTime),
    sa.Index("ix_forge_comments_of", "repository", "number"),
)

branches = sa.Table(
    "forge_branches",
    metadata,
    sa.Column("repository", sa.String(255), primary_key=True),
    sa.Column("branch", sa.String(255), primary_key=True),
    sa.Column("commit", sa.String(64), nullable=False),
    sa.Column("moves", sa.Integer, nullable=False, default=0),
)
