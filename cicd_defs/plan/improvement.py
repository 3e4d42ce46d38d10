"""How a repository's CI is made good: an ordered series of pull requests, each of which applies on the one before.

First those that stop the bleeding, then the core checks, then the heavier ones. What a pull request holds is decided
by what the audit finds; how a finding is mended is the audit's business, and passed in.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cicd_defs.facts.findings import Family, Finding
from cicd_defs.facts.value import Value

Risk = Literal["low", "medium", "high"]
Phase = Literal[1, 2, 3]
PHASES: dict[Phase, str] = {
    1: "Stop the bleeding",
    2: "Make the core checks reliable",
    3: "Bring in the heavier checks",
}

State = Mapping[str, str]
"""Files in another state than the repository has them: path to text."""


@dataclass(frozen=True)
class Mended:
    """What came of mending: the new state, what was mended, and what is left of everything."""

    state: State
    mended: tuple[Finding, ...]
    left: tuple[Finding, ...]


Mend = Callable[[State, Callable[[Finding], bool]], Mended]
"""Mends, from a state on, all findings that are wanted."""


@dataclass(frozen=True)
class Chapter:
    """One pull request in the making: which findings it mends, and what is said of it."""

    slug: str
    phase: Phase
    title: str
    scope: str
    risk: Risk
    why_risk: str
    verify: tuple[str, ...]
    families: frozenset[Family] = frozenset()
    rules: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    adds: tuple[str, ...] = ()

    def takes(self, finding: Finding) -> bool:
        """Whether a finding is mended here. A name that ends with `*` stands for all that begin so."""
        if _is_among(finding.rule, self.without):
            return False
        return _is_among(finding.rule, self.rules) or finding.family in self.families


def _is_among(rule: str, names: frozenset[str]) -> bool:
    return rule in names or any(name.endswith("*") and rule.startswith(name[:-1]) for name in names)


_PINS = frozenset(
    {"unpinned-uses", "ref-version-mismatch", "unpinned-images", "stale-action-refs", "unpinned-tools"}
)
_DEPLOYS = frozenset(
    {
        "deploy-without-tests",
        "deploy-without-concurrency",
        "deploy-without-health-check",
        "deploy-without-manual-start",
        "moving-image-tag-only",
    }
)
_IMAGES = frozenset({"no-dockerignore", "single-stage-dockerfile", "root-dockerfile", "DL*", "SC*"})
_LOCAL = frozenset({"no-pre-commit", "pre-commit-disagrees", "no-local-command", "no-lock-file"})

CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        "let-checks-fail",
        1,
        "ci: Let every check fail",
        "Steps whose failure is thrown away: they fail from now on where the check does.",
        "medium",
        "a run that is green today may turn red: it was red before, and nobody saw it",
        ("Push a branch that breaks each check on purpose: the run has to turn red.",),
        frozenset({Family.CANNOT_FAIL}),
    ),
    Chapter(
        "mend-plain-mistakes",
        1,
        "ci: Mend values that do not mean what they look like",
        "Versions that YAML reads as numbers, retired runners and actions, words that nothing can be equal to.",
        "low",
        "what ran runs on; what never ran may run for the first time",
        ("Each job of the changed workflows starts on the runner and the version that its name says.",),
        frozenset({Family.PLAIN_BUGS}),
        without=_DEPLOYS,
    ),
    Chapter(
        "order-jobs",
        1,
        "ci: Put jobs and steps in an order that holds",
        "Needs, outputs and artefacts that nobody made; files that are used before they are there.",
        "medium",
        "jobs may start later than they did, or for the first time",
        ("Each changed workflow runs to its end once, started by each of its events.",),
        frozenset({Family.FLOW}),
        without=_DEPLOYS,
    ),
    Chapter(
        "do-work-once",
        1,
        "ci: Do work once, and keep what was installed",
        "The same check in two jobs, installations without a cache, runs that a newer push has overtaken.",
        "low",
        "a check that ran twice runs once; a cache is filled by the first run and used by the second",
        ("The second run of each changed workflow restores its caches, and is quicker than the first.",),
        frozenset({Family.WORK_TWICE}),
    ),
    Chapter(
        "bound-jobs",
        1,
        "ci: Bound every job in time and in rights",
        "Timeouts, permissions, credentials that stay behind, secrets and expressions in commands.",
        "medium",
        "a job that needed a right that nothing tells of loses it",
        (
            "Each changed job ends well once with the rights that it has now.",
            "A job that pushes, comments or publishes still can.",
        ),
        frozenset({Family.SAFETY_NETS}),
        without=_PINS,
    ),
    Chapter(
        "pin-actions",
        2,
        "ci: Pin actions to commits",
        "Actions and images by commit and digest, with the version beside it for the bots that keep them fresh.",
        "low",
        "the same code runs as today; it no longer changes by itself",
        ("Dependabot or Renovate proposes the next version of a pinned action.",),
        rules=_PINS,
    ),
    Chapter(
        "check-locally",
        2,
        "dev: Give CI's checks a local command, and hooks",
        "Hooks before a commit, one command that runs what CI runs, locked dependencies.",
        "low",
        "nothing that runs today changes",
        ("`pre-commit run --all-files` and the local command end as CI does.",),
        rules=_LOCAL,
    ),
    Chapter(
        "trust-tests",
        2,
        "test: Make tests tell the truth, alone and in any order",
        "Markers, coverage, types that are checked, state that tests share, work at import.",
        "medium",
        "tests that only passed in one order, or with a network, are told apart",
        ("The tests pass in a random order, and without a network.",),
        families=frozenset({Family.FLAKY_CODE, Family.HYGIENE}),
        without=_IMAGES | _LOCAL,
    ),
    Chapter(
        "slim-images",
        3,
        "build: Build small images that do not run as root",
        "Build contexts, stages, users, and how packages are installed.",
        "medium",
        "a program that wrote where only root may has to be told of another place",
        ("Each image builds, starts, and answers its health check.",),
        rules=_IMAGES,
    ),
    Chapter(
        "deploy-with-care",
        3,
        "deploy: Deploy what was tested, one at a time, and see that it runs",
        "Deployments wait for the tests, exclude each other, and are watched until they run.",
        "high",
        "how production is reached changes",
        ("A deployment to staging, and one whose health check fails, end as they should.",),
        rules=_DEPLOYS,
    ),
    Chapter(
        "run-nightly",
        3,
        "ci: Run scans and integration tests every night",
        "A nightly workflow with what is too slow or too loud for each pull request.",
        "low",
        "it is a run of its own and blocks nobody",
        ("Start the workflow by hand once, and look at each of its jobs.",),
        adds=(".github/workflows/nightly.yml",),
    ),
)
"""In the order in which they are proposed."""


class Mending(Value):
    """A rule and how many of its findings a pull request mends, with the places, `file:line`."""

    rule: str
    count: int
    places: tuple[str, ...]


class Proposed(Value):
    """One pull request of the series: what a person reads, and the files before and after (None: not there)."""

    number: int
    slug: str
    phase: Phase
    title: str
    scope: str
    risk: Risk
    why_risk: str
    depends_on: tuple[int, ...]
    files: tuple[str, ...]
    mends: tuple[Mending, ...]
    verify: tuple[str, ...]
    minutes: float
    patch: str


class ByHand(Value):
    """Findings of one rule that a person has to mend, and what is to be done about them."""

    rule: str
    phase: Phase
    what: str
    places: tuple[str, ...]


MOST_PLACES = 20


def plan_series(
    findings: tuple[Finding, ...],
    mend: Mend,
    patch: Callable[[str, str | None, str | None], str],
    read: Callable[[str], str | None],
    offers: Mapping[str, str],
) -> tuple[tuple[Proposed, ...], tuple[Finding, ...]]:
    """The pull requests in order, and what is left for a person.

    `read` gives a file as the repository has it, `patch` a file's patch from its path and both texts; `offers` are the
    files that a declaration would have us write.
    """
    state: State = {}
    left = findings
    series: list[Proposed] = []
    for chapter in CHAPTERS:
        done = mend(state, chapter.takes) if any(map(chapter.takes, left)) else Mended(state, (), left)
        after = {**done.state, **_added(chapter, offers, done.state, read)}
        changed = {
            path: (state.get(path, read(path)), text)
            for path, text in after.items()
            if text != state.get(path, read(path))
        }
        if changed:
            series.append(_proposed(chapter, series, changed, done.mended, patch))
        state, left = after, done.left
    return tuple(series), left


def _added(
    chapter: Chapter, offers: Mapping[str, str], state: State, read: Callable[[str], str | None]
) -> dict[str, str]:
    return {
        path: offers[path]
        for path in chapter.adds
        if path in offers and path not in state and read(path) is None
    }


def _proposed(
    chapter: Chapter,
    before: Iterable[Proposed],
    changed: Mapping[str, tuple[str | None, str]],
    mended: tuple[Finding, ...],
    patch: Callable[[str, str | None, str | None], str],
) -> Proposed:
    earlier = tuple(before)
    needs = tuple(one.number for one in earlier if set(one.files) & set(changed))
    return Proposed(
        number=len(earlier) + 1,
        slug=chapter.slug,
        phase=chapter.phase,
        title=chapter.title,
        scope=chapter.scope,
        risk=chapter.risk,
        why_risk=chapter.why_risk,
        depends_on=needs,
        files=tuple(sorted(changed)),
        mends=mendings(mended),
        verify=chapter.verify,
        minutes=round(sum((one.minutes or 0.0 for one in mended), 0.0), 1),
        patch="".join(patch(path, *changed[path]) for path in sorted(changed)),
    )


def mendings(findings: Iterable[Finding]) -> tuple[Mending, ...]:
    """Findings by rule, the most frequent first."""
    every = tuple(findings)
    counts = Counter(one.rule for one in every)
    return tuple(
        Mending(rule=rule, count=count, places=places_of(one for one in every if one.rule == rule))
        for rule, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    )


def places_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Where findings stand, `file:line`, each place once, at most so many as a person reads."""
    return tuple(dict.fromkeys(f"{one.file}:{one.line}" for one in findings))[:MOST_PLACES]


def by_hand(left: Iterable[Finding]) -> tuple[ByHand, ...]:
    """What is left, by the phase that it belongs to and by rule."""
    every = tuple(left)
    rows = []
    for rule in dict.fromkeys(one.rule for one in every):
        held = [one for one in every if one.rule == rule]
        phase = next((chapter.phase for chapter in CHAPTERS if chapter.takes(held[0])), 3)
        what = held[0].message if len(held) == 1 else f"{held[0].message}, and {len(held) - 1} more"
        rows.append(ByHand(rule=rule, phase=phase, what=what, places=places_of(held)))
    return tuple(sorted(rows, key=lambda row: row.phase))
