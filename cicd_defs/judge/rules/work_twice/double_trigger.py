"""Each commit of a pull request starts the workflow twice.

**Why it matters** `push` on all branches and `pull_request` both see a commit that is pushed to a pull request's
branch in the same repository: every job runs twice, and of two check runs with one name people see the wrong one.
**How to fix** Limit `push` to the branches that are merged into.
**Example** `on: [push, pull_request]` becomes `push: {branches: [main]}` and `pull_request:`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow, speaks_of
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, Sequence, nothing_in, texts_of
from cicd_defs.judge.edits import insert_pair, scalar_text
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.minutes import of_job
from cicd_defs.judge.workflows.together import (
    all_branches,
    can_run,
    conditions_of,
    starts_for_itself_only,
    starts_on_updates,
)

ABOUT = About(Family.WORK_TWICE, Severity.MEDIUM)

_USUAL = ("main", "master")
_ALL_TAGS = 'tags: ["**"]'
_OF_TAGS = regex(
    r"refs/tags|(?i:ref_type)|\bget-tag|git describe|action-gh-release|\bgh release\b|goreleaser|docker/metadata-action"
)
_OF_A_BRANCH = regex(r"refs/heads/([\w.-]+)")
_LINKED = regex(r"/(?:blob|tree|edit)/(main|master|dev|develop|development|trunk|next)/")
_ONE_OF_BOTH = regex(r"head\.repo|head_repo|\.fork\b|pull_request\.base\.repo")
_FINDS_DUPLICATES = frozenset({"fkirc/skip-duplicate-actions", "yumemi-inc/skip-duplicate-actions"})
_BRANCHES_OF_BOTS = regex(r"dependabot|renovate|pre-commit-ci|snyk|greenkeeper|imgbot|gh-readonly")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Files that start on every push and on pull requests, of which a job runs for both."""
    pushed, asked = workflow.events.get("push"), workflow.events.get("pull_request")
    filters = workflow.event("push")
    if pushed is None or asked is None or not all_branches(filters):
        return
    if (
        starts_for_itself_only(workflow)
        or starts_on_updates(workflow) is None
        or _one_cancels_the_other(workflow)
        or _sees_to_it(workflow)
    ):
        return
    twice = [job for job in workflow.jobs if _runs_for_both(job)]
    if not twice:
        return
    key = pushed[0]
    edit = _limited(workflow, _default_branches(repository), bool(_OF_TAGS.search(workflow.source.text)))
    yield Found(
        workflow.source,
        key.start,
        key.end,
        "`push` without `branches` and `pull_request` both start on a commit that is pushed to a pull request",
        Fix("Limit `push` to the default branch", (edit,)) if edit else None,
        minutes=sum(of_job(job) for job in twice),
    )


def _sees_to_it(workflow: WrittenWorkflow) -> bool:
    """Whether the file tells the two events apart for branches of its own repository.

    A job asks whether a pull request comes from a fork, or whether the same runs already; `push` leaves out the
    branches that bots make there; or what is checked differs, by a variable that asks for the event.
    """
    if speaks_of(workflow.root.get("env"), "github.event_name"):
        return True
    if any(step.action in _FINDS_DUPLICATES for step in workflow.steps):
        return True
    filters = workflow.event("push")
    ignored = texts_of(filters.get("branches-ignore")) if filters else []
    if any(_BRANCHES_OF_BOTS.search(scalar.text) for scalar in ignored):
        return True
    return any(_ONE_OF_BOTH.search(text) for job in workflow.jobs for text in conditions_of(job))


def _runs_for_both(job: WrittenJob) -> bool:
    if not job.steps:
        return can_run(job, "push") and can_run(job, "pull_request")
    return any(
        can_run(step, "push") and can_run(step, "pull_request") for step in job.steps if step.run or step.uses
    )


def _one_cancels_the_other(workflow: WrittenWorkflow) -> bool:
    """Whether both runs are in one concurrency group, which holds a branch by its name in both events."""
    node = workflow.root.get("concurrency")
    group = (
        node.text("group") if isinstance(node, Mapping) else node.text if isinstance(node, Scalar) else None
    )
    return bool(group and re.search(r"head_ref\s*\|\|\s*github\.ref_name", group))


@lru_cache(maxsize=2)
def _default_branches(repository: Repository) -> tuple[str, ...]:
    """The branches that the repository's other files call by a default's name, else the one that its README links to.

    Both usual names where nothing tells.
    """
    named: Counter[str] = Counter()
    for workflow in repository.workflows:
        for event in ("push", "pull_request"):
            filters = workflow.event(event)
            named.update(scalar.text for scalar in texts_of(filters.get("branches") if filters else None))
        named.update(_OF_A_BRANCH.findall(workflow.source.text))
    known = tuple(branch for branch in _USUAL if branch in named)
    readme = repository.source("README.md")
    linked = Counter(_LINKED.findall(readme.text) if readme else ()).most_common(1)
    if linked and linked[0][0] not in known:
        return (linked[0][0], *known)
    return known or _USUAL


def _limited(workflow: WrittenWorkflow, branches: tuple[str, ...], tags: bool) -> Edit | None:
    """Only some branches, and all tags where the file does something for them: a filter of branches leaves them out."""
    source, node = workflow.source, workflow.root.get("on")
    listed = ", ".join(map(scalar_text, branches))
    if isinstance(node, Mapping):
        return _limited_below(workflow, node, listed, tags)
    if not isinstance(node, Sequence) or node.aliased:
        return None
    key = workflow.root.key("on")
    if key is None:
        return None
    newline = source.newline
    events = texts_of(node)
    if len(events) != len(node.items) or source.text[source.line_start(key.start) : key.start].strip():
        return None
    if "#" in source.text[key.end : node.end]:
        return None
    lines = ["on:"]
    for event in events:
        lines += [f"  {event.text}:"]
        if event.text == "push":
            lines += [f"    branches: [{listed}]", *([f"    {_ALL_TAGS}"] if tags else ())]
    return Edit(source.path, key.start, node.end, newline.join(lines))


def _limited_below(workflow: WrittenWorkflow, node: Mapping, listed: str, tags: bool) -> Edit | None:
    source = workflow.source
    key, below = node.by_key["push"]
    if isinstance(below, Mapping) and below.pairs:
        tags = tags and not {"tags", "tags-ignore"} & set(below.by_key)
        if "branches" in below.by_key:
            held = below.get("branches")
            if held is None or held.aliased or not isinstance(held, Sequence | Scalar):
                return None
            if isinstance(held, Sequence) and not held.flow:
                name = below.key("branches")
                return Edit(source.path, name.end, held.end, f": [{listed}]") if name else None
            return Edit(source.path, held.start, held.end, f"[{listed}]")
        if "branches-ignore" in below.by_key:
            name, held = below.by_key["branches-ignore"]
            return None if held.aliased else Edit(source.path, name.start, held.end, f"branches: [{listed}]")
        first = below.pairs[0][0].text
        lines = [f"branches: [{listed}]", *([_ALL_TAGS] if tags else ())]
        return insert_pair(source, below, lines, before=first) if not below.flow else None
    if not nothing_in(below) and not isinstance(below, Mapping):
        return None
    end = max(key.end, below.end)
    colon = source.text.find(":", key.end)
    if colon < 0 or source.text[key.end : colon].strip():
        return None
    end = max(colon + 1, end)
    if node.flow:
        more = f", {_ALL_TAGS}" if tags else ""
        return Edit(source.path, colon + 1, end, f" {{branches: [{listed}]{more}}}")
    begin = source.line_start(key.start)
    indent = " " * (key.start - begin)
    lines = ["", f"{indent}  branches: [{listed}]", *([f"{indent}  {_ALL_TAGS}"] if tags else ())]
    return Edit(source.path, colon + 1, end, source.newline.join(lines))
