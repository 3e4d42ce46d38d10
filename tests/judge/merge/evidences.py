"""A pull request that is ready to be merged; tests say what is different."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from cicd_defs.facts.github.pull_requests import Check, PullRequest, Review
from cicd_defs.facts.reports.tests import TestCase, TestReport
from cicd_defs.facts.reports.verdicts import Finding, Verdict
from cicd_defs.judge.merge.evidence import ChangedPath, MergeEvidence
from cicd_defs.judge.merge.policy import Policy

HEAD, BASE, OLD = "a" * 40, "b" * 40, "c" * 40
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)
PARTS = ("sandbox_build", "test_results", "gate_integrity")
POLICY = Policy(
    project="shop",
    auto_merge=True,
    required_checks=("build_success", "deployment_success", "web_evaluation_pass"),
    protected_paths=(".github/**", "Makefile", "k8s/**"),
    hold_labels=("do-not-merge",),
    informational_checks=("coverage",),
)


def verdict(part: str, word: str = "passed", **more: Any) -> Verdict:
    return Verdict(part=part, word=word, summary=f"{part} {word}", **more)


def review(author: str = "olga", role: str = "owner", state: str = "approved", commit: str = HEAD) -> Review:
    return Review(author=author, author_role=role, state=state, commit=commit, at=AT)


def check(name: str, state: str, commit: str = HEAD, ours: bool = False) -> Check:
    return Check(name=name, state=state, commit=commit, ours=ours)


def ready(**changes: Any) -> MergeEvidence:
    """The ready pull request with other fields: of the evidence, of the pull request, or of the policy."""
    pull_request: dict[str, Any] = {
        "repository": "acme/shop",
        "number": 7,
        "title": "Add a cart",
        "author": "mia",
        "author_role": "member",
        "head_ref": "cart",
        "head_sha": HEAD,
        "base_ref": "main",
        "base_sha": BASE,
    }
    policy: dict[str, Any] = POLICY.model_dump()
    verdicts = {part: verdict(part) for part in PARTS}
    fields: dict[str, Any] = {"head": HEAD, "base": BASE, "reviews": (review(),), "asked_by": "ada"}
    for name, value in changes.items():
        if name in PullRequest.model_fields:
            pull_request[name] = value
        elif name in Policy.model_fields:
            policy[name] = value
        elif name in (*PARTS, "preview", "web_evaluation"):
            verdicts[name] = value
            if value is None:
                del verdicts[name]
        else:
            fields[name] = value
    return MergeEvidence(
        pull_request=PullRequest(**pull_request), policy=Policy(**policy), verdicts=verdicts, **fields
    )


RED = verdict(
    "test_results",
    "failed",
    tests=TestReport(cases=(TestCase(id="test_cart::test_sum", outcome="failed", message="1 != 2"),)),
)
DELETED = verdict(
    "gate_integrity", "failed", findings=(Finding(kind="deleted_test", message="a test is gone"),)
)

WORDS = st.sampled_from(["passed", "failed", "not_applicable", "not_evaluated", "fault"])
PEOPLE = st.sampled_from(["olga", "OLGA", "mia", "ada", "max", "eve"])
REVIEWS = st.builds(
    review,
    author=PEOPLE,
    role=st.sampled_from(["owner", "member", "stranger"]),
    state=st.sampled_from(["approved", "changes_requested", "commented", "dismissed"]),
    commit=st.sampled_from([HEAD, HEAD, OLD]),
)
CHECKS = st.builds(
    check,
    name=st.sampled_from(["lint", "coverage", "deploy"]),
    state=st.sampled_from(["pending", "success", "success", "failure", "neutral"]),
    commit=st.sampled_from([HEAD, HEAD, OLD]),
    ours=st.booleans(),
)
MOSTLY = st.sampled_from([False, False, False, True])
EVIDENCES = st.fixed_dictionaries(
    {
        "reviews": st.lists(REVIEWS, max_size=4).map(tuple),
        "checks": st.lists(CHECKS, max_size=3).map(tuple),
        "draft": MOSTLY,
        "from_fork": MOSTLY,
        "has_conflict": MOSTLY,
        "fix_running": st.booleans(),
        "auto_merge": st.sampled_from([True, True, False]),
        "has_start_command": MOSTLY,
        "approvals": st.integers(0, 3),
        "labels": st.lists(st.sampled_from(["do-not-merge", "size/s", "Do-Not-Merge"]), max_size=2).map(
            tuple
        ),
        "state": st.sampled_from(["open", "open", "open", "closed", "merged"]),
        "author_role": st.sampled_from(["owner", "member", "stranger"]),
        "head_sha": st.sampled_from([HEAD, HEAD, HEAD, OLD]),
        "base_sha": st.sampled_from([BASE, BASE, BASE, OLD]),
        "frozen": st.sampled_from(["", "", "nothing is merged today"]),
        "mode": st.sampled_from(["observe", "comment", "act"]),
        "changes": st.lists(
            st.sampled_from(["src/cart.py", ".github/workflows/ci.yml", "web/makefile"]).map(
                lambda path: ChangedPath(path=path, added=1)
            ),
            max_size=3,
            unique=True,
        ).map(tuple),
        **{
            part: WORDS.map(lambda word, part=part: verdict(part, word))
            for part in ("sandbox_build", "preview")
        },
        "test_results": st.one_of(
            st.none(), st.just(RED), WORDS.map(lambda word: verdict("test_results", word))
        ),
        "gate_integrity": st.one_of(st.none(), st.just(DELETED), st.just(verdict("gate_integrity"))),
    }
).map(lambda changes: ready(**changes))
