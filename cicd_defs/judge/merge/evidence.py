"""Everything that a decision follows from."""

from collections.abc import Iterable
from typing import Self

from pydantic import model_validator

from cicd_defs.facts.changes.diff import Diff
from cicd_defs.facts.github.pull_requests import Check, PullRequest, Review
from cicd_defs.facts.reports.steps import StepResult
from cicd_defs.facts.reports.tests import TestReport
from cicd_defs.facts.reports.verdicts import Verdict
from cicd_defs.facts.value import Value
from cicd_defs.judge.merge.digest import digest_of
from cicd_defs.judge.merge.policy import Policy

MOST_TESTS = 20
LONGEST_MESSAGE = 300


class ChangedPath(Value):
    """A path that the change touches, with how many lines it adds and removes there."""

    path: str
    added: int = 0
    removed: int = 0


class MergeEvidence(Value):
    """What is known of a pull request when it is decided on.

    `pull_request` is as the forge has it now; `head` and `base` are the commits that were evaluated. `verdicts` hold
    what each part said, slimmed to what decides. `frozen` says why nothing is merged now (`Policy.frozen`), or is
    empty. `asked_by` is who asked for the change, where somebody did: that person cannot approve it. `fix_running`:
    our agent is at work on a red report and may still try. `changes_cut`: the change touches more paths than are here.
    """

    pull_request: PullRequest
    head: str
    base: str
    policy: Policy
    verdicts: dict[str, Verdict] = {}
    reviews: tuple[Review, ...] = ()
    checks: tuple[Check, ...] = ()
    changes: tuple[ChangedPath, ...] = ()
    changes_cut: bool = False
    has_conflict: bool = False
    frozen: str = ""
    asked_by: str = ""
    fix_running: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        """Put lists into one order, drop our own checks (they follow from decisions) and what does not decide."""
        own = self.__dict__  # the value is being made; nobody has it yet
        own["reviews"] = tuple(sorted(self.reviews, key=lambda review: (review.at, review.author)))
        own["checks"] = tuple(sorted((c for c in self.checks if not c.ours), key=_check_order))
        own["changes"] = tuple(sorted(self.changes, key=lambda change: change.path))
        own["verdicts"] = {part: slim(self.verdicts[part]) for part in sorted(self.verdicts)}
        return self

    @property
    def digest(self) -> str:
        """What this evidence is told by, in hex."""
        return digest_of(self)

    @property
    def head_moved(self) -> bool:
        """Whether the pull request has a newer head than the one that was evaluated."""
        return self.pull_request.head_sha != self.head

    @property
    def base_moved(self) -> bool:
        """Whether the branch that it merges into has moved since."""
        return self.pull_request.base_sha != self.base

    @property
    def from_stranger(self) -> bool:
        """Whether the change comes from somebody who may not write to the repository, or from a fork."""
        return self.pull_request.from_fork or self.pull_request.author_role == "stranger"


def changed_paths(diff: Diff) -> tuple[ChangedPath, ...]:
    """Every path of a change with its lines; of a moved file the old path too, without lines."""
    found = {file.old_path: ChangedPath(path=file.old_path) for file in diff.files}
    found |= {
        file.path: ChangedPath(path=file.path, added=file.added_lines, removed=file.removed_lines)
        for file in diff.files
    }
    return tuple(found.values())


def slim(verdict: Verdict) -> Verdict:
    """A verdict without what does not decide: times, output, and tests that passed. Doing it twice changes nothing."""
    return verdict.model_copy(
        update={
            "seconds": 0.0,
            "steps": tuple(map(_slim_step, verdict.steps)),
            "tests": _slim_tests(verdict.tests) if verdict.tests else None,
        }
    )


def _slim_step(step: StepResult) -> StepResult:
    return step.model_copy(update={"seconds": 0.0, "head": "", "tail": "", "output_bytes": 0, "cut": False})


def _slim_tests(tests: TestReport) -> TestReport:
    failed = (
        case.model_copy(update={"seconds": 0.0, "message": case.message[:LONGEST_MESSAGE]})
        for case in tests.failed[:MOST_TESTS]
    )
    return TestReport(cases=tuple(failed), problems=tests.problems[:MOST_TESTS])


def _check_order(check: Check) -> tuple[str, ...]:
    return check.name, check.commit, check.state, check.url


def approvers(evidence: MergeEvidence, roles: Iterable[str] = ("owner", "member")) -> tuple[str, ...]:
    """Who has approved this very head: people of these roles, each once, not its author and not who asked for it."""
    ours = {name.casefold() for name in (evidence.pull_request.author, evidence.asked_by)}
    said = {
        name: review.author
        for name, review in last_words(evidence).items()
        if review.state == "approved"
        and review.commit == evidence.pull_request.head_sha
        and review.author_role in roles
        and name not in ours
    }
    return tuple(said.values())


def last_words(evidence: MergeEvidence) -> dict[str, Review]:
    """The last review of each person that is more than a comment. Names are compared without regard to case."""
    return {review.author.casefold(): review for review in evidence.reviews if review.state != "commented"}
