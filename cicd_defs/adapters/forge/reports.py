"""Which events follow from what git and the store say now, and were not reported yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from cicd_defs.adapters.forge.events import SOURCE, Event, pull_request_event, push_event
from cicd_defs.adapters.forge.hosted import Hosted
from cicd_defs.adapters.git.writing import GitRepositories, branches_of, tip_of
from cicd_defs.adapters.store.forge.rows import OUR_LOGIN, PullRequestRows, Seen, StoredPullRequest
from cicd_defs.facts.github.pull_requests import PullRequest


class EventInbox(Protocol):
    """Where events go."""

    def add(self, delivery: str, source: str, event: str, body: bytes, now: datetime) -> bool:
        """Keep an event; False where this delivery is there already."""


class _Looked(NamedTuple):
    """A repository with its refs as they were reported, and as they are."""

    hosted: Hosted
    seen: Mapping[str, Seen]
    tips: Mapping[str, str]


class Reports:
    """Reports each event once, whoever looks first. An event is delivered before it is noted as reported, and its
    delivery id follows from what happened, so that a second delivery is told apart from a second happening."""

    def __init__(self, rows: PullRequestRows, inbox: EventInbox) -> None:
        self._rows, self._inbox = rows, inbox

    def report(self, hosted: Hosted, now: datetime) -> int:
        """Report everything about a repository; return how many events. A merge that was not recorded is recorded.

        What is read first is what was reported, then the refs, then the pull requests: whoever reports at the same
        time reports from the same or newer ones.
        """
        seen = self._rows.seen(hosted.name)
        looked = _Looked(hosted, seen, branches_of(hosted.git_dir))
        count = self._report_push(looked, now)
        numbers = [int(ref.split("/")[2]) for ref in seen if ref.startswith("refs/pull/")]
        for stored in self._rows.open_or_listed(hosted.name, numbers):
            found = self._recorded(hosted, stored, now)
            count += self._report_pull_request(looked, with_tips(found, looked.tips), now)
        return count

    def deliver(self, event: Event, now: datetime) -> bool:
        """Put an event into the inbox; False where it is there already."""
        return self._inbox.add(event.delivery, SOURCE, event.kind, event.body, now)

    def _recorded(self, hosted: Hosted, stored: StoredPullRequest, now: datetime) -> PullRequest:
        found = merged_unrecorded(hosted, stored)
        if found is None:
            return stored.pull_request
        assert found.merged_sha
        self._rows.record_merge(hosted.name, found.number, found.merged_sha, found.head_sha, now)
        return found

    def _report_push(self, looked: _Looked, now: datetime) -> int:
        name, branch = looked.hosted.name, looked.hosted.branch
        ref, tip = f"refs/heads/{branch}", looked.tips.get(branch)
        before = looked.seen.get(ref)
        if tip is None or (before and before.commit == tip):
            return 0
        told = False
        if before:
            told = self.deliver(push_event(name, branch, before.commit, tip, before.moves), now)
        self._rows.see(name, ref, tip, before)
        return int(told)

    def _report_pull_request(self, looked: _Looked, found: PullRequest, now: datetime) -> int:
        name, branch, ref = looked.hosted.name, looked.hosted.branch, f"refs/pull/{found.number}/head"
        before = looked.seen.get(ref)
        if found.state != "open":
            told = before is not None and self.deliver(
                pull_request_event("closed", found, branch, OUR_LOGIN), now
            )
            self._rows.forget(name, ref)
            return int(told)
        if before and before.commit == found.head_sha:
            return 0
        action, once = ("synchronize", (*before, found.head_sha)) if before else ("opened", ())
        told = self.deliver(pull_request_event(action, found, branch, found.author, once), now)
        if self._rows.see(name, ref, found.head_sha, before) and before:
            self._rows.change(name, found.number, now, head_sha=found.head_sha)
        return int(told)


def has_come_to(hosted: Hosted, commit: str) -> bool:
    """Whether the main branch is at a commit, or past it."""
    tip = tip_of(hosted.git_dir, hosted.branch)
    return tip is not None and GitRepositories().contains(str(hosted.git_dir), tip, commit)


def merged_unrecorded(hosted: Hosted, stored: StoredPullRequest) -> PullRequest | None:
    """The pull request as merged, where it was, and whoever did it died before that was recorded; else None."""
    found, merge = stored.pull_request, stored.merge
    if merge is None or found.state == "merged" or not has_come_to(hosted, merge):
        return None
    return found.model_copy(update={"state": "merged", "merged_sha": merge, "head_sha": stored.merge_head})


def now_of(hosted: Hosted, stored: Sequence[StoredPullRequest]) -> tuple[PullRequest, ...]:
    """Pull requests with the commits that their branches are at now."""
    tips = branches_of(hosted.git_dir) if stored else {}
    return tuple(with_tips(merged_unrecorded(hosted, one) or one.pull_request, tips) for one in stored)


def with_tips(found: PullRequest, tips: Mapping[str, str]) -> PullRequest:
    """A pull request with the tips of its branches. The head of one that has ended does not move any more."""
    head = tips.get(found.head_ref, found.head_sha) if found.state == "open" else found.head_sha
    return found.model_copy(update={"head_sha": head, "base_sha": tips.get(found.base_ref, "")})
