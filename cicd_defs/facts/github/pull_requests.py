"""A pull request as a forge reports it, with its reviews, checks and comments."""

from datetime import datetime
from typing import Literal

from cicd_defs.facts.value import Value

Role = Literal["owner", "member", "stranger"]
"""What a person may do in a repository: administer it, write to it, or neither."""

CheckState = Literal["pending", "success", "failure", "neutral"]


class PullRequest(Value):
    """A pull request now. Commits are full ids; `base_sha` is the tip of the branch that it merges into.

    `merged_sha` is the commit that the merge made. `from_fork`: its branch lies in somebody else's repository.
    """

    repository: str
    number: int
    title: str
    body: str = ""
    author: str
    author_role: Role
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    state: Literal["open", "closed", "merged"] = "open"
    draft: bool = False
    from_fork: bool = False
    labels: tuple[str, ...] = ()
    merged_sha: str | None = None
    url: str = ""


class Review(Value):
    """What one person last said of a pull request. `commit` is the head that they looked at."""

    author: str
    author_role: Role
    state: Literal["approved", "changes_requested", "commented", "dismissed"]
    commit: str
    at: datetime


class Check(Value):
    """A check of one commit. `ours`: it was written by this program. `url` leads to its report."""

    name: str
    commit: str
    state: CheckState
    summary: str = ""
    ours: bool = False
    url: str = ""


class Comment(Value):
    """A comment on a pull request."""

    id: str
    author: str
    body: str
    at: datetime


class MergeOrder(Value):
    """A merge to be made: this head into this base, and no other. `message` is the commit's, where one is made."""

    repository: str
    number: int
    head: str
    base: str
    method: Literal["squash", "merge", "rebase"] = "squash"
    message: str = ""
