"""What GitHub's contexts can be: the results of jobs, names of events, refs, systems.

https://docs.github.com/actions/reference/workflows-and-actions/contexts
https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
"""

import re
from functools import cache

from cicd_defs.facts.patterns import regex
from cicd_defs.judge.closest import closest

RESULTS = frozenset({"success", "failure", "cancelled", "skipped"})
OF_JOB = RESULTS - {"skipped"}
CONCLUSIONS = RESULTS | {"neutral", "timed_out", "action_required", "stale", "startup_failure"}
_EVENTS = """
branch_protection_rule check_run check_suite create delete deployment deployment_status discussion
discussion_comment dynamic fork gollum image_version issue_comment issues label merge_group milestone
page_build project project_card project_column public pull_request pull_request_comment pull_request_review
pull_request_review_comment pull_request_target push registry_package release repository_dispatch schedule
status watch workflow_call workflow_dispatch workflow_run
"""
EVENTS = frozenset(_EVENTS.split())
_ACTIONS = """
added_to_project answered assigned auto_merge_disabled auto_merge_enabled category_changed checks_requested
closed completed converted converted_to_draft created deleted demilestoned dequeued dismissed edited
enqueued in_progress labeled locked milestoned moved opened pinned prereleased published ready
ready_for_review released removed_from_project reopened requested requested_action rerequested
review_request_removed review_requested started submitted synchronize transferred typed unanswered
unassigned unlabeled unlocked unpinned unpublished untyped updated
"""
ACTIONS = frozenset(_ACTIONS.split())
SYSTEMS = frozenset({"Linux", "Windows", "macOS"})
MACHINES = frozenset({"X86", "X64", "ARM", "ARM64"})

_MEANT = {
    "fail": "failure",
    "failed": "failure",
    "fails": "failure",
    "error": "failure",
    "errored": "failure",
    "ok": "success",
    "pass": "success",
    "passed": "success",
    "passing": "success",
    "succeed": "success",
    "succeeded": "success",
    "successful": "success",
    "canceled": "cancelled",
    "cancel": "cancelled",
    "aborted": "cancelled",
    "skip": "skipped",
    "ubuntu": "Linux",
    "ubuntu-latest": "Linux",
    "mac": "macOS",
    "osx": "macOS",
    "darwin": "macOS",
    "macos-latest": "macOS",
    "win32": "Windows",
    "windows-latest": "Windows",
    "win": "Windows",
    "pr": "pull_request",
    "cron": "schedule",
    "manual": "workflow_dispatch",
    "dispatch": "workflow_dispatch",
    "merge": "closed",
    "merged": "closed",
    "open": "opened",
    "synchronized": "synchronize",
    "sync": "synchronize",
    "tags": "tag",
    "x86_64": "X64",
    "amd64": "X64",
    "aarch64": "ARM64",
}

_BY_PATH: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (regex(pattern), values)
    for pattern, values in (
        (r"needs\.(?:[\w-]+|\*)\.result|jobs\.[\w-]+\.result", RESULTS),
        (r"steps\.(?:[\w-]+|\*)\.(?:outcome|conclusion)", RESULTS),
        (r"job\.status", OF_JOB),
        (r"github\.event\.workflow_run\.conclusion", CONCLUSIONS),
        (r"github\.event\.(?:workflow_run\.)?(?:event)|github\.event_name", EVENTS),
        (r"github\.event\.action", ACTIONS),
        (r"github\.ref_type", frozenset({"branch", "tag"})),
        (r"runner\.os", SYSTEMS),
        (r"runner\.arch", MACHINES),
        (r"runner\.environment", frozenset({"github-hosted", "self-hosted"})),
        (
            r"github\.event\.deployment_status\.state",
            frozenset(
                {"error", "failure", "inactive", "pending", "success", "queued", "in_progress", "waiting"}
            ),
        ),
        (
            r"github\.event\.review\.state",
            frozenset({"approved", "changes_requested", "commented", "dismissed"}),
        ),
    )
)

TRUTHS = regex(
    r"github\.event\.pull_request\.(?:merged|draft)|github\.event\.repository\.(?:private|fork|archived)"
    r"|github\.event\.pull_request\.head\.repo\.(?:fork|private)|github\.event\.release\.(?:draft|prerelease)"
    r"|github\.event\.(?:deleted|created|forced)|github\.ref_protected"
)
"""Contexts that are true or false, not the words."""

_NAMES_OF_REFS = regex(
    r"github\.(?:ref_name|head_ref|base_ref)|github\.event\.pull_request\.(?:base|head)\.ref"
)
_KINDS_OF_REF = ("refs/heads/", "refs/tags/", "refs/pull/")


@cache
def values_of(path: str) -> frozenset[str] | None:
    """Every value that a context can have, by its dotted name in lower case; None where there is no end of them."""
    return next((values for pattern, values in _BY_PATH if pattern.fullmatch(path)), None)


def never(path: str, word: str, exact: bool = True) -> tuple[str, str | None] | None:
    """Why a context can never be a word, or begin with it, and the word that was meant.

    None where it can. Case counts as little as GitHub counts it. An empty word is what a context is outside of its
    event: that can be.
    """
    if not word:
        return None
    values = values_of(path)
    if values is not None:
        lower = {value.lower() for value in values}
        held = word.lower() in lower if exact else any(value.startswith(word.lower()) for value in lower)
        return None if held else (f"`{path}` is never `{word}`", meant(word, values))
    if path == "github.ref":
        return _never_ref(word, exact)
    if _NAMES_OF_REFS.fullmatch(path) and word.startswith("refs/"):
        return f"`{path}` is the name without `refs/…`", word.split("/", 2)[2] if word.count(
            "/"
        ) > 1 else None
    if path == "github.repository" and exact and "/" not in word:
        return "`github.repository` is an owner and a name", None
    if path == "github.repository_owner" and "/" in word:
        return "`github.repository_owner` is an owner alone", word.partition("/")[0]
    return None


def meant(word: str, values: frozenset[str]) -> str | None:
    """The value that was meant by a word that is none."""
    lower = {value.lower(): value for value in values}
    bare = word.strip().lower()
    if bare in lower:
        return lower[bare]
    known = _MEANT.get(bare) or _MEANT.get(re.sub(r"-[\d.]+$", "", bare))
    return known if known in values else closest(bare, values)


def _never_ref(word: str, exact: bool) -> tuple[str, str | None] | None:
    if any(word.startswith(kind) or (not exact and kind.startswith(word)) for kind in _KINDS_OF_REF):
        return None
    told = "`github.ref` begins with `refs/heads/`, `refs/tags/` or `refs/pull/`"
    slips = re.match(r"/?(?:refs?/)?(heads?|tags?|pulls?)/(.*)", word)
    if slips:
        kind = slips[1].rstrip("s")
        return told, f"refs/{kind if kind == 'pull' else kind + 's'}/{slips[2]}"
    if word.startswith("refs/") or "*" in word:
        return told, None
    version = re.match(r"v\d?", word) and (not exact or re.fullmatch(r"v?\d[\w.+-]*", word))
    return told, f"refs/{'tags' if version else 'heads'}/{word}"
