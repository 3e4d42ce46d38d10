"""The local forge: bare repositories on this disk, and their pull requests in our store.

What git says of a branch is true; the store follows. Each event is reported by comparing the two, so that a process may
die at any moment: whoever looks next records and reports what is missing, and nothing is reported twice.
"""

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from cicd_defs.adapters.crash import crashpoint
from cicd_defs.adapters.forge.hosted import Hosted, HostedRepositories, check_login
from cicd_defs.adapters.forge.merging import check_order, make_merge
from cicd_defs.adapters.forge.reports import EventInbox, Reports, has_come_to, now_of
from cicd_defs.adapters.git.writing import GitRepositories, is_branch_name, move_branch, tip_of
from cicd_defs.adapters.store.forge.rows import ConversationRows, PullRequestRows
from cicd_defs.facts.github.pull_requests import Check, Comment, MergeOrder, PullRequest, Review
from cicd_defs.facts.github.refusals import ForgeError, MergeRefused


class LocalForge:
    """Repositories on this machine with pull requests, reviews, checks and comments.

    `root` is the folder below which `cicd pr init` makes bare repositories.
    """

    def __init__(self, engine: sa.Engine, inbox: EventInbox, root: Path, hosted: HostedRepositories) -> None:
        self.root, self._hosted = root, hosted
        self.rows, self.conversation = PullRequestRows(engine), ConversationRows(engine)
        self.reports = Reports(self.rows, inbox)

    def hosted(self, repository: str) -> Hosted:
        """Where a repository lies. Raises `ForgeError` where nobody declares it, or it was not made yet."""
        found = self._hosted.get(repository)
        if found is None:
            raise ForgeError(f"No project file declares {repository!r}. `cicd init PATH` writes one.")
        if not found.exists:
            raise ForgeError(
                f"{repository} is not on the local forge yet: there is no bare repository {found.git_dir}. "
                f"Run `cicd pr init {found.project}`."
            )
        return found

    def git_dir(self, repository: str) -> str:
        """The bare repository itself. Raises `ForgeError` where it was not made yet."""
        return str(self.hosted(repository).git_dir)

    def pull_request(self, repository: str, number: int) -> PullRequest | None:
        """The pull request as it is now."""
        stored = self.rows.get(repository, number)
        return now_of(self.hosted(repository), (stored,))[0] if stored else None

    def open_pull_requests(self, repository: str, base_ref: str) -> tuple[PullRequest, ...]:
        """The open ones that merge into a branch, lowest number first."""
        found = now_of(self.hosted(repository), self.rows.open_into(repository, base_ref))
        return tuple(one for one in found if one.state == "open")

    def pull_request_of(self, repository: str, head_ref: str) -> PullRequest | None:
        """The newest pull request of a branch, in whatever state."""
        stored = self.rows.of_branch(repository, head_ref)
        return now_of(self.hosted(repository), stored[-1:])[0] if stored else None

    def pull_requests(self, repository: str) -> tuple[PullRequest, ...]:
        """All of a repository, lowest number first."""
        return now_of(self.hosted(repository), self.rows.all_of(repository))

    def reviews(self, repository: str, number: int) -> tuple[Review, ...]:
        """The last word of each reviewer; a mere comment takes no approval or objection back."""
        return self.conversation.reviews(repository, number)

    def checks(self, repository: str, commit: str) -> tuple[Check, ...]:
        """The checks of a commit, ours too."""
        return self.conversation.checks(repository, commit)

    def comments(self, repository: str, number: int) -> tuple[Comment, ...]:
        """The comments, oldest first."""
        return self.conversation.comments(repository, number)

    def put_check(self, repository: str, check: Check, now: datetime) -> str:
        """Write a check of ours, in place where the commit has one of that name; return its id."""
        self.conversation.put_check(repository, check.model_copy(update={"ours": True}), now)
        return f"{check.commit}/{check.name}"

    def put_comment(self, repository: str, number: int, marker: str, body: str, now: datetime) -> str:
        """Write our comment that begins with `marker`, in place where there is one; return its id."""
        if self.rows.get(repository, number) is None:
            raise ForgeError(f"{repository} has no pull request {number} to comment on.")
        text = body if body.startswith(marker) else f"{marker}\n{body}"
        return str(self.conversation.put_comment(repository, number, marker, text, now))

    def open_pull_request(
        self, repository: str, head_ref: str, title: str, body: str, author: str, now: datetime
    ) -> PullRequest:
        """Open a pull request of a branch into the main branch, or return the open one of that branch.

        Raises `ForgeError` for a branch that is not there, is the main branch, or has nothing that it lacks.
        """
        opened = PullRequest(
            repository=repository,
            number=0,
            title=title,
            body=body,
            author=author,
            author_role="stranger",
            head_ref=head_ref,
            head_sha="",
            base_ref="",
            base_sha="",
        )
        return self.open(opened, now)

    def open(self, opened: PullRequest, now: datetime) -> PullRequest:
        """Open a pull request, a draft or of a fork too. Its number, role, state, base and commits are not read."""
        hosted, branch = self.hosted(opened.repository), opened.head_ref
        self.notice(hosted.name, now)
        there = self.pull_request_of(hosted.name, branch)
        if there and there.state == "open":
            return there
        check_login(opened.author)
        tip, base = tip_of(hosted.git_dir, branch), tip_of(hosted.git_dir, hosted.branch)
        if tip is None or base is None or branch == hosted.branch:
            raise ForgeError(
                f"{hosted.name} has no branch {branch!r} beside {hosted.branch}. Push one to {hosted.git_dir} first."
            )
        if GitRepositories().contains(str(hosted.git_dir), base, tip):
            raise ForgeError(
                f"{branch} has no commit that {hosted.branch} lacks. Push one to {hosted.git_dir} first."
            )
        given = opened.model_copy(update={"base_ref": hosted.branch, "head_sha": tip})
        number = self.rows.add(given, now)
        self.notice(hosted.name, now)
        made = self.pull_request(hosted.name, number)
        assert made is not None
        return made

    def push(self, repository: str, branch: str, commit: str, expected: str | None, now: datetime) -> None:
        """Move a branch to a commit that `git_dir` has, and report it. `expected` is where it must be; None: it must
        not exist. One that is there already is left so. Raises `ForgeError` where it is elsewhere."""
        place = self.hosted(repository).git_dir
        if not is_branch_name(branch):
            raise ForgeError(f"{branch[:100]!r} is not the name of a branch.")
        if not move_branch(place, branch, commit, expected) and (tip := tip_of(place, branch)) != commit:
            at = f"at {tip}" if tip else "not there"
            wanted = f"at {expected}" if expected else "not there"
            raise ForgeError(
                f"{repository}: the branch {branch} is {at}, and should be {wanted}: somebody else has moved it."
            )
        self.notice(repository, now)

    def delete_branch(self, repository: str, branch: str, expected: str) -> bool:
        """Delete a branch that is still at a commit; False where it is gone or has moved. Never the main branch."""
        hosted = self.hosted(repository)
        if branch == hosted.branch or not is_branch_name(branch):
            return False
        return move_branch(hosted.git_dir, branch, None, expected)

    def merge(self, order: MergeOrder, now: datetime) -> str:
        """Merge that head into that base and return the commit that it made. Raises `MergeRefused`.

        One that was merged at this head before gives its commit again, also where that was not recorded.
        """
        hosted, stored = self.hosted(order.repository), self.rows.get(order.repository, order.number)
        if stored is None:
            raise MergeRefused("closed", f"{order.repository} has no pull request {order.number}.")
        found = now_of(hosted, (stored,))[0]
        if found.state == "merged" and found.head_sha == order.head and found.merged_sha:
            self.notice(hosted.name, now)
            return found.merged_sha
        if order.method == "rebase":
            raise MergeRefused(
                "refused", "The local forge does not rebase: it has no work tree. Use squash or merge."
            )
        commit = make_merge(hosted.git_dir, order, found)
        if commit is None or not has_come_to(hosted, commit):
            check_order(order, found)
            if commit is None:
                raise MergeRefused("conflict", f"{order.head} and {order.base} change the same lines.")
            self._move_base(hosted, order, commit, now)
        crashpoint("forge:merged_unrecorded")
        self.rows.record_merge(hosted.name, order.number, commit, order.head, now)
        self.notice(hosted.name, now)
        return commit

    def _move_base(self, hosted: Hosted, order: MergeOrder, commit: str, now: datetime) -> None:
        """Write down which merge is begun, then move the base branch, where it is still at the ordered commit."""
        self.rows.change(hosted.name, order.number, now, merged_sha=commit, merged_head=order.head)
        moved = move_branch(hosted.git_dir, hosted.branch, commit, order.base)
        if not moved and not has_come_to(hosted, commit):
            raise MergeRefused("base_moved", f"{hosted.branch} has moved away from {order.base} meanwhile.")

    def watched(self) -> tuple[str, ...]:
        """The repositories that are here and were looked at before."""
        found = ((name, self._hosted.get(name)) for name in self.rows.watched())
        return tuple(name for name, hosted in found if hosted and hosted.exists)

    def notice(self, repository: str, now: datetime) -> int:
        """Report what was pushed, opened, merged and closed and was not reported yet; return how many events."""
        return self.reports.report(self.hosted(repository), now)
