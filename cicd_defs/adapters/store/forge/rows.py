"""The rows of the local forge: people, pull requests, reviews, checks, comments, and the refs that were reported."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from cicd_defs.adapters.store.database import add_once, insert, one_at_a_time, reading, writing
from cicd_defs.adapters.store.forge.tables import branches, checks, comments, people, pull_requests, reviews
from cicd_defs.facts.github.pull_requests import Check, Comment, PullRequest, Review, Role
from cicd_defs.facts.value import Value

OUR_LOGIN = "cicd-defs[bot]"
"""Who writes the comments of this program."""

OUR_LOGINS = frozenset({OUR_LOGIN, "cicd-agent"})
"""Who acts for this program: members everywhere. No person goes by these names."""

_WITH_ROLE = sa.select(pull_requests, people.c.role).select_from(
    pull_requests.outerjoin(
        people,
        (people.c.repository == pull_requests.c.repository) & (people.c.login == pull_requests.c.author),
    )
)


class StoredPullRequest(Value):
    """A pull request as it is stored: without the tips of its branches.

    `merge` is the commit of the last merge that was begun, and `merge_head` the head that it merges. Where the state
    is not merged, nobody has recorded yet whether the base branch has come to it.
    """

    pull_request: PullRequest
    merge: str | None = None
    merge_head: str | None = None


class Seen(NamedTuple):
    """The commit at which a ref was last reported, and how often it had moved by then."""

    commit: str
    moves: int


class PullRequestRows:
    """Pull requests, the people beside them, and the refs that were reported."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, repository: str, number: int) -> StoredPullRequest | None:
        """The pull request of that number."""
        found = self._select(repository, pull_requests.c.number == number)
        return found[0] if found else None

    def open_into(self, repository: str, base_ref: str) -> tuple[StoredPullRequest, ...]:
        """The open ones that merge into a branch, lowest number first."""
        wanted = (pull_requests.c.base_ref == base_ref) & (pull_requests.c.state == "open")
        return self._select(repository, wanted)

    def of_branch(self, repository: str, head_ref: str) -> tuple[StoredPullRequest, ...]:
        """All of a branch, lowest number first."""
        return self._select(repository, pull_requests.c.head_ref == head_ref)

    def all_of(self, repository: str) -> tuple[StoredPullRequest, ...]:
        """All of a repository, lowest number first."""
        return self._select(repository, sa.true())

    def open_or_listed(self, repository: str, numbers: Sequence[int]) -> tuple[StoredPullRequest, ...]:
        """The open ones, and those of these numbers."""
        wanted = (pull_requests.c.state == "open") | pull_requests.c.number.in_(numbers)
        return self._select(repository, wanted)

    def _select(self, repository: str, wanted: sa.ColumnElement[bool]) -> tuple[StoredPullRequest, ...]:
        query = _WITH_ROLE.where((pull_requests.c.repository == repository) & wanted)
        with reading(self._engine) as db:
            rows = db.execute(query.order_by(pull_requests.c.number)).all()
        return tuple(map(_stored, rows))

    def add(self, opened: PullRequest, now: datetime) -> int:
        """Keep a new pull request and return its number: the next of its repository, or that of the branch's open one.

        Its own number, state and tips are not read.
        """
        of_repository = pull_requests.c.repository == opened.repository
        same = (
            of_repository & (pull_requests.c.head_ref == opened.head_ref) & (pull_requests.c.state == "open")
        )
        with writing(self._engine) as db:
            one_at_a_time(db, f"forge:{opened.repository}")
            there: int | None = db.scalar(sa.select(sa.func.min(pull_requests.c.number)).where(same))
            if there is not None:
                return there
            last = db.scalar(sa.select(sa.func.max(pull_requests.c.number)).where(of_repository)) or 0
            kept = opened.model_dump(
                exclude={"number", "author_role", "base_sha", "state", "merged_sha", "url"}
            )
            row = {**kept, "labels": list(opened.labels), "number": last + 1, "state": "open"}
            db.execute(
                sa.insert(pull_requests).values(_storable(row | {"created_at": now, "updated_at": now}))
            )
            return int(last) + 1

    def change(self, repository: str, number: int, now: datetime, **columns: Any) -> None:
        """Change columns of a pull request."""
        with writing(self._engine) as db:
            db.execute(
                sa.update(pull_requests).where(_of(repository, number)).values(**columns, updated_at=now)
            )

    def record_merge(self, repository: str, number: int, commit: str, head: str, now: datetime) -> None:
        """Note that a head was merged into the base branch by a commit."""
        merged = {"state": "merged", "merged_sha": commit, "merged_head": head, "head_sha": head}
        self.change(repository, number, now, **merged)

    def close(self, repository: str, number: int, now: datetime) -> bool:
        """Close a pull request; False where it is not open any more."""
        is_open = _of(repository, number) & (pull_requests.c.state == "open")
        with writing(self._engine) as db:
            closed = sa.update(pull_requests).where(is_open).values(state="closed", updated_at=now)
            return bool(db.execute(closed).rowcount)

    def relabel(self, repository: str, number: int, label: str, now: datetime, present: bool) -> bool:
        """Add or remove a label; False where it is so already."""
        with writing(self._engine) as db:
            query = sa.select(pull_requests.c.labels).where(_of(repository, number)).with_for_update()
            before = set(db.scalar(query) or ())
            after = before | {label} if present else before - {label}
            if after == before:
                return False
            change = sa.update(pull_requests).where(_of(repository, number))
            db.execute(change.values(labels=sorted(after), updated_at=now))
            return True

    def role(self, repository: str, login: str) -> Role:
        """What somebody may do in a repository; whoever is not known there is a stranger."""
        query = sa.select(people.c.role).where(
            (people.c.repository == repository) & (people.c.login == login)
        )
        with reading(self._engine) as db:
            return _role(login, db.scalar(query))

    def set_role(self, repository: str, login: str, role: Role) -> None:
        """Say what somebody may do in a repository."""
        row = {"repository": repository, "login": login, "role": role}
        with writing(self._engine) as db:
            added = insert(db, people).values(row)
            db.execute(
                added.on_conflict_do_update(index_elements=["repository", "login"], set_={"role": role})
            )

    def watched(self) -> tuple[str, ...]:
        """The repositories of which a ref was reported."""
        with reading(self._engine) as db:
            return tuple(
                db.scalars(sa.select(branches.c.repository).distinct().order_by(branches.c.repository))
            )

    def seen(self, repository: str) -> dict[str, Seen]:
        """The refs that were reported, each with its commit."""
        query = sa.select(branches).where(branches.c.repository == repository)
        with reading(self._engine) as db:
            return {row.branch: Seen(row.commit, row.moves) for row in db.execute(query)}

    def see(self, repository: str, ref: str, commit: str, before: Seen | None) -> bool:
        """Note that a ref was reported at a commit; False where somebody else has just done so."""
        with writing(self._engine) as db:
            if before is None:
                row = {"repository": repository, "branch": ref, "commit": commit, "moves": 0}
                return add_once(db, branches, row, ["repository", "branch"])
            same = (branches.c.commit == before.commit) & (branches.c.moves == before.moves)
            moved = sa.update(branches).where(_ref(repository, ref) & same)
            return bool(db.execute(moved.values(commit=commit, moves=before.moves + 1)).rowcount)

    def forget(self, repository: str, ref: str) -> None:
        """Drop a ref of which nothing more is reported."""
        with writing(self._engine) as db:
            db.execute(sa.delete(branches).where(_ref(repository, ref)))


class ConversationRows:
    """What is said of pull requests and commits: reviews, checks, comments."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def reviews(self, repository: str, number: int) -> tuple[Review, ...]:
        """The last word of each reviewer, oldest first. A mere comment takes no approval or objection back."""
        whose = (people.c.repository == reviews.c.repository) & (people.c.login == reviews.c.author)
        query = sa.select(reviews, people.c.role).select_from(reviews.outerjoin(people, whose))
        query = query.where((reviews.c.repository == repository) & (reviews.c.number == number))
        last: dict[str, sa.Row[Any]] = {}
        with reading(self._engine) as db:
            for row in db.execute(query.order_by(reviews.c.id)):
                if row.state != "commented" or last.get(row.author, row).state == "commented":
                    last[row.author] = row
        return tuple(
            Review(
                author=row.author,
                author_role=_role(row.author, row.role),
                state=row.state,
                commit=row.commit,
                at=row.at,
            )
            for row in sorted(last.values(), key=lambda row: row.id)
        )

    def add_review(self, repository: str, number: int, review: Review) -> int:
        """Keep a review; return its id."""
        row = review.model_dump(exclude={"author_role"}) | {"repository": repository, "number": number}
        with writing(self._engine) as db:
            return int(db.execute(sa.insert(reviews).values(row).returning(reviews.c.id)).scalar_one())

    def checks(self, repository: str, commit: str) -> tuple[Check, ...]:
        """The checks of a commit, by name."""
        query = sa.select(checks).where((checks.c.repository == repository) & (checks.c.commit == commit))
        with reading(self._engine) as db:
            rows = db.execute(query.order_by(checks.c.name, checks.c.ours)).all()
        fields = Check.model_fields
        return tuple(Check.model_validate({name: row._mapping[name] for name in fields}) for row in rows)

    def put_check(self, repository: str, check: Check, now: datetime) -> None:
        """Write a check, in place where the commit has one of that name by the same side."""
        row = {"repository": repository, **check.model_dump(), "at": now}
        keys = ["repository", "commit", "name", "ours"]
        with writing(self._engine) as db:
            written = insert(db, checks).values(_storable(row))
            rest = {name: written.excluded[name] for name in row if name not in keys}
            db.execute(written.on_conflict_do_update(index_elements=keys, set_=rest))

    def comments(self, repository: str, number: int) -> tuple[Comment, ...]:
        """The comments of a pull request, oldest first."""
        wanted = (comments.c.repository == repository) & (comments.c.number == number)
        with reading(self._engine) as db:
            rows = db.execute(sa.select(comments).where(wanted).order_by(comments.c.id)).all()
        return tuple(Comment(id=str(row.id), author=row.author, body=row.body, at=row.at) for row in rows)

    def add_comment(self, repository: str, number: int, author: str, body: str, now: datetime) -> int:
        """Keep somebody's comment; return its id."""
        with writing(self._engine) as db:
            return _new_comment(
                db, repository=repository, number=number, author=author, marker="", body=body, at=now
            )

    def put_comment(self, repository: str, number: int, marker: str, body: str, now: datetime) -> int:
        """Write our comment of a marker, in place where there is one; return its id."""
        ours = (comments.c.repository == repository) & (comments.c.number == number)
        ours &= (comments.c.author == OUR_LOGIN) & (comments.c.marker == marker)
        with writing(self._engine) as db:
            one_at_a_time(db, f"forge:{repository}:{number}")
            there = db.scalar(sa.select(sa.func.min(comments.c.id)).where(ours))
            if there is None:
                return _new_comment(
                    db,
                    repository=repository,
                    number=number,
                    author=OUR_LOGIN,
                    marker=marker,
                    body=body,
                    at=now,
                )
            edited = sa.update(comments).where((comments.c.id == there) & (comments.c.body != body))
            db.execute(edited.values(_storable({"body": body, "edited_at": now})))
            return int(there)


def _of(repository: str, number: int) -> sa.ColumnElement[bool]:
    return (pull_requests.c.repository == repository) & (pull_requests.c.number == number)


def _ref(repository: str, ref: str) -> sa.ColumnElement[bool]:
    return (branches.c.repository == repository) & (branches.c.branch == ref)


def _new_comment(db: sa.Connection, **row: Any) -> int:
    return int(db.execute(sa.insert(comments).values(_storable(row)).returning(comments.c.id)).scalar_one())


def _stored(row: sa.Row[Any]) -> StoredPullRequest:
    given = {name: row._mapping[name] for name in PullRequest.model_fields if name in row._mapping}
    given |= {"labels": tuple(row.labels), "author_role": _role(row.author, row.role), "base_sha": ""}
    if row.state != "merged":
        given["merged_sha"] = None
    found = PullRequest.model_validate(given)
    return StoredPullRequest(pull_request=found, merge=row.merged_sha, merge_head=row.merged_head)


def _role(login: str, role: str | None) -> Role:
    if role == "owner":
        return "owner"
    return "member" if role == "member" or login in OUR_LOGINS else "stranger"


def _storable(row: dict[str, Any]) -> dict[str, Any]:
    """Texts without NUL, which PostgreSQL does not take."""
    return {
        name: text.replace("\0", "\ufffd") if isinstance(text, str) else text for name, text in row.items()
    }
