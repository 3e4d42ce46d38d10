"""What people do on the local forge, and what each of them may."""

from datetime import datetime
from typing import Literal, NoReturn

from cicd_defs.adapters.forge.events import comment_event, pull_request_event, review_event
from cicd_defs.adapters.forge.hosted import check_login
from cicd_defs.adapters.forge.local import LocalForge
from cicd_defs.adapters.store.forge.rows import OUR_LOGINS
from cicd_defs.facts.github.pull_requests import PullRequest, Review, Role
from cicd_defs.facts.github.refusals import ForgeError

Said = Literal["approved", "changes_requested", "commented"]


class Person:
    """One person at one repository of the local forge. Everything raises `ForgeError` for what they may not do.

    A stranger may open pull requests from a fork, comment and review, and change what is their own.
    """

    def __init__(self, forge: LocalForge, repository: str, login: str) -> None:
        if check_login(login) in OUR_LOGINS:
            raise ForgeError(f"{login} is this program itself. Choose another name.")
        self._forge, self._repository, self._login = forge, repository, login
        self._hosted = forge.hosted(repository)

    @property
    def role(self) -> Role:
        """What they may do here."""
        return self._forge.rows.role(self._repository, self._login)

    def open(
        self, branch: str, title: str, body: str, now: datetime, *, draft: bool, fork: bool
    ) -> PullRequest:
        """Open a pull request of a branch, or return the open one. A stranger's is always from a fork."""
        opened = PullRequest(
            repository=self._repository,
            number=0,
            title=title,
            body=body,
            author=self._login,
            author_role=self.role,
            head_ref=branch,
            head_sha="",
            base_ref="",
            base_sha="",
            draft=draft,
            from_fork=fork or self.role == "stranger",
        )
        return self._forge.open(opened, now)

    def comment(self, number: int, text: str, now: datetime) -> int:
        """Write a comment; return its id."""
        found = self._found(number)
        made = self._forge.conversation.add_comment(self._repository, number, self._login, text, now)
        self._forge.reports.deliver(comment_event(found, self._hosted.branch, self._login, text, made), now)
        return made

    def review(self, number: int, state: Said, now: datetime) -> Review:
        """Review a pull request at the head that it has now. Nobody approves their own."""
        found = self._open_one(number)
        if found.author == self._login and state != "commented":
            self._refuse(f"review pull request {number}: it is their own. Somebody else has to")
        given = Review(author=self._login, author_role=self.role, state=state, commit=found.head_sha, at=now)
        made = self._forge.conversation.add_review(self._repository, number, given)
        self._forge.reports.deliver(review_event(found, self._hosted.branch, given, made), now)
        return given

    def label(self, number: int, label: str, now: datetime, present: bool = True) -> bool:
        """Add or remove a label; False where it is so already."""
        self._found(number)
        if self.role == "stranger":
            self._refuse(f"label pull request {number}: they are a stranger here")
        changed = self._forge.rows.relabel(self._repository, number, label, now, present)
        if changed:
            self._report("labeled" if present else "unlabeled", number, now, label)
        return changed

    def ready(self, number: int, now: datetime) -> bool:
        """Say that a draft is ready for review; False where it is none."""
        found = self._own(number, "say that it is ready")
        if found.draft:
            self._forge.rows.change(self._repository, number, now, draft=False)
            self._report("ready_for_review", number, now)
        return found.draft

    def close(self, number: int, now: datetime) -> None:
        """Close a pull request without merging it."""
        self._own(number, "close it")
        self._forge.rows.close(self._repository, number, now)
        self._forge.notice(self._repository, now)

    def _report(self, action: str, number: int, now: datetime, *once: str) -> None:
        found, told = self._found(number), (*once, now.isoformat())
        event = pull_request_event(action, found, self._hosted.branch, self._login, told)
        self._forge.reports.deliver(event, now)

    def _found(self, number: int) -> PullRequest:
        found = self._forge.pull_request(self._repository, number)
        if found is None:
            raise ForgeError(
                f"{self._repository} has no pull request {number}. `cicd pr list {self._hosted.project}` lists them."
            )
        return found

    def _open_one(self, number: int) -> PullRequest:
        found = self._found(number)
        if found.state != "open":
            raise ForgeError(f"Pull request {number} of {self._repository} is {found.state} already.")
        return found

    def _own(self, number: int, what: str) -> PullRequest:
        found = self._open_one(number)
        if self.role == "stranger" and found.author != self._login:
            self._refuse(f"{what}: pull request {number} is not their own, and they are a stranger here")
        return found

    def _refuse(self, what: str) -> NoReturn:
        raise ForgeError(
            f"{self._login} may not {what}. "
            f"`cicd pr person {self._hosted.project} NAME --role member` says who is a member."
        )
