"""What a repository's code and CI are today, why its checks fail, and which checks it should have."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from cicd_defs.facts.findings import Finding
from cicd_defs.facts.stacks import Claim, Component, Stacks
from cicd_defs.facts.value import Value
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.plan.improvement import places_of
from cicd_defs.plan.pipeline import Pipeline, Workflow


class CodePart(Value):
    """One component of the code: its stack, and the tools that look after it."""

    name: str
    path: str
    stack: str
    tests: str
    lint: str
    types: str
    services: str


class CiPart(Value):
    """One workflow as it stands: when it runs, its jobs, and what was found in it."""

    path: str
    starts: str
    jobs: tuple[str, ...]
    findings: int
    action: str


class Hypothesis(Value):
    """Why checks fail, or are green without meaning it; and the places that say so."""

    title: str
    why: str
    evidence: tuple[str, ...]


class Target(Value):
    """A check that there should be: what it runs, when, and what for."""

    name: str
    runs: str
    when: Literal["every pull request", "every night", "every release"]
    purpose: str


@dataclass(frozen=True)
class _Reason:
    title: str
    why: str
    rules: frozenset[str]


_REASONS: tuple[_Reason, ...] = (
    _Reason(
        "Green without meaning it",
        "These steps are green whatever they find, so what they look for piles up unseen.",
        frozenset(
            {
                *("or-true", "or-echo", "or-exit-zero", "then-true", "errexit-off", "pipe-hides-failure"),
                *("exit-zero-flag", "exit-code-zero", "continue-on-error-check", "report-hides-failure"),
            }
        ),
    ),
    _Reason(
        "Checks that look at nothing",
        "A scanner without a target, a selection without a test, a condition that never holds: nothing is checked.",
        frozenset(
            {
                "scanner-without-target",
                "empty-test-selection",
                "constant-condition",
                "exclude-matches-nothing",
            }
        ),
    ),
    _Reason(
        "One mistake, several red checks",
        "The same check runs in several places: each formatting slip fails all of them, and doubles the noise.",
        frozenset({"duplicate-check", "check-in-every-leg", "double-trigger", "image-built-twice"}),
    ),
    _Reason(
        "The network decides",
        "Everything is fetched anew in each run, so a slow or broken registry turns a run red.",
        frozenset({"install-without-cache", "no-lock-file", "curl-to-shell"}),
    ),
    _Reason(
        "Runs that hang",
        "Without a limit of time a job that hangs blocks its branch for six hours.",
        frozenset({"no-timeout"}),
    ),
    _Reason(
        "Importing does work",
        "Modules connect, fetch or create when they are imported, which fails where no service is.",
        frozenset({"work-at-import"}),
    ),
    _Reason(
        "Tests need what CI does not have",
        "Tests reach a network or want a key, and nothing marks them, so they run everywhere.",
        frozenset({"unmarked-network-test", "no-test-markers"}),
    ),
    _Reason(
        "Tests lean on each other",
        "Tests share state, so their outcome depends on their order and on their neighbours.",
        frozenset({"shared-test-state"}),
    ),
    _Reason(
        "Types are checked in name only",
        "The type checker is told to look away, so what it would find comes up at run time.",
        frozenset({"type-checker-neutered", "untyped-public-function"}),
    ),
    _Reason(
        "The machine changes under the checks",
        "Actions, runners and images by names that move, or are gone, change what a run does from one day to the next.",
        frozenset(
            {
                "unpinned-uses",
                "retired-runner",
                "retired-runtime",
                "version-read-as-number",
                "unpinned-images",
            }
        ),
    ),
    _Reason(
        "Local and CI disagree",
        "What people run before a commit is not what CI runs, so they learn of failures late.",
        frozenset({"no-pre-commit", "pre-commit-disagrees", "no-local-command"}),
    ),
)


def hypotheses(
    findings: Sequence[Finding], stacks: Stacks, workflows: Iterable[WrittenWorkflow]
) -> tuple[Hypothesis, ...]:
    """Why checks fail, each with its evidence; those with most of it first."""
    told = [
        Hypothesis(title=reason.title, why=reason.why, evidence=places_of(held))
        for reason in _REASONS
        if (held := [one for one in findings if one.rule in reason.rules])
    ]
    told.sort(key=lambda one: -len(one.evidence))
    return (*told, *_without_services(stacks, workflows))


def _without_services(stacks: Stacks, workflows: Iterable[WrittenWorkflow]) -> tuple[Hypothesis, ...]:
    """Services that the tests use and that no workflow starts."""
    used = {claim.name: claim for part in stacks.components for claim in part.services}
    text = " ".join(job.node.text("services") or "" for one in workflows for job in one.jobs)
    started = {
        key.text + " " + (held.text("image") or "")
        for one in workflows
        for job in one.jobs
        if (services := job.node.mapping("services"))
        for key in (pair[0] for pair in services.pairs)
        if (held := services.mapping(key.text))
    }
    missing = [claim for name, claim in used.items() if not any(name in word for word in (*started, text))]
    if not missing:
        return ()
    names = ", ".join(claim.name for claim in missing)
    return (
        Hypothesis(
            title="Services that nobody starts",
            why=f"The code speaks to {names}, and no workflow starts it beside the tests.",
            evidence=tuple(place for claim in missing for place in claim.evidence[:2]),
        ),
    )


def code_parts(stacks: Stacks) -> tuple[CodePart, ...]:
    """The components, and who looks after each."""
    return tuple(map(_code_part, stacks.components))


def _code_part(part: Component) -> CodePart:
    return CodePart(
        name=part.name,
        path=part.path,
        stack=f"{part.stack} {' '.join(part.versions)}".strip(),
        tests=_names(part.test_runners),
        lint=_names((*part.linters, *part.formatters)),
        types=_names(part.type_checkers),
        services=_names(part.services),
    )


def _names(claims: Sequence[Claim]) -> str:
    return ", ".join(dict.fromkeys(claim.name for claim in claims)) or "none"


def ci_parts(workflows: Iterable[WrittenWorkflow], findings: Sequence[Finding]) -> tuple[CiPart, ...]:
    """The workflows, and what is to become of each."""
    return tuple(
        CiPart(
            path=one.path,
            starts=", ".join(one.events) or "nothing",
            jobs=tuple(job.id for job in one.jobs),
            findings=(count := sum(finding.file == one.path for finding in findings)),
            action="mend" if count else "keep",
        )
        for one in workflows
        if one.kind == "workflow"
    )


_PURPOSES = {
    "lint": "style and plain mistakes, in minutes",
    "typecheck": "mistakes of types before they run",
    "test": "quick feedback on the logic, without services",
    "build": "what is shipped can be built",
    "scan": "known weaknesses and secrets",
    "integration": "parts that work together, with real services",
    "deploy": "what was tested reaches its place",
}


def targets(pipeline: Pipeline) -> tuple[Target, ...]:
    """The checks that there should be: the jobs of the pipeline that we would write."""
    return tuple(target for workflow in pipeline.workflows for target in _targets(workflow))


def _targets(workflow: Workflow) -> Iterable[Target]:
    starts = workflow.triggers
    when: Literal["every pull request", "every night", "every release"] = (
        "every pull request" if starts.pull_request else "every night" if starts.schedule else "every release"
    )
    for job in workflow.jobs:
        runs = [
            step.run.strip().splitlines()[0]
            for step in job.steps
            if step.run and step.kind.value in _PURPOSES
        ]
        kinds = [step.kind.value for step in job.steps if step.kind.value in _PURPOSES]
        if kinds:
            command = runs[0] if runs else str(job.name)
            yield Target(name=job.id, runs=command, when=when, purpose=_PURPOSES[kinds[0]])
