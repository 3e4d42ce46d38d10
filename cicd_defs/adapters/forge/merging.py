"""How the local forge merges: in the object database, into a commit that follows from the order alone."""

from pathlib import Path

from cicd_defs.adapters.git import is_commit_id
from cicd_defs.adapters.git.writing import OURSELVES, author_of, date_of, has_commit, make_commit, merged_tree
from cicd_defs.facts.github.pull_requests import MergeOrder, PullRequest
from cicd_defs.facts.github.refusals import MergeRefused


def make_merge(git_dir: Path, order: MergeOrder, found: PullRequest) -> str | None:
    """The commit of a merge, which no branch leads to yet: the same order gives the same commit.

    None for a conflict. Raises `MergeRefused` for commits that are not there.
    """
    for reason, commit in (("head_moved", order.head), ("base_moved", order.base)):
        if not is_commit_id(commit) or not has_commit(git_dir, commit):
            raise MergeRefused(reason, f"{git_dir} has no commit {commit!r}.")
    tree, date = merged_tree(git_dir, order.base, order.head), date_of(git_dir, order.head)
    if tree is None:
        return None
    if order.method == "merge":
        message = order.message or f"Merge pull request #{found.number} from {found.head_ref}"
        return make_commit(git_dir, tree, (order.base, order.head), message, OURSELVES, date)
    message = order.message or f"{found.title} (#{found.number})"
    return make_commit(git_dir, tree, (order.base,), message, author_of(found.author), date)


def check_order(order: MergeOrder, found: PullRequest) -> None:
    """Raise `MergeRefused` unless a pull request is open, and its head and base are the ordered ones."""
    if found.state != "open":
        raise MergeRefused("closed", f"Pull request {found.number} is {found.state}.")
    if found.draft:
        raise MergeRefused("refused", f"Pull request {found.number} is a draft.")
    if found.head_sha != order.head:
        raise MergeRefused("head_moved", f"{found.head_ref} is at {found.head_sha}, not at {order.head}.")
    if found.base_sha != order.base:
        raise MergeRefused("base_moved", f"{found.base_ref} is at {found.base_sha}, not at {order.base}.")
