"""A check that a merge waits for can be skipped, or is never reported.

**Why it matters** GitHub counts a skipped job as a success: a gate that is skipped because a job before it failed lets
the change through. A gate in a workflow with `paths` is not started at all for other files, and the pull request waits
for ever; so it does where `types` or `branches` leave out what the branch's rules ask for. The rules are those of
`.github/settings.yml` and of rulesets in the repository, whose names are compared with those of the jobs. Without any,
jobs count that are called as gates are.
**How to fix** Let the gate run always, and fail where a job that it needs failed. Leave the filter of paths to the
jobs behind it.
**Example** `gate: {needs: [test]}` gets `if: always()` and a step that looks at `needs.*.result`.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, nothing_in, scalars
from cicd_defs.judge.closest import closest
from cicd_defs.judge.edits import indent_of, insert_pair, remove_pair, replace_scalar, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.artifacts import legs_of

ABOUT = About(Family.FLOW, Severity.HIGH)

_GATE = regex(
    r"(?:ci[-_ ]?)?gate(?:[-_ ]?(?:keeper|check))?|merge[-_ ]?gate|quality[-_ ]?gate"
    r"|required(?:[-_ ](?:checks?|jobs|status))?"
    r"|(?:all[-_ ]?)(?:checks?|green|greens|good|jobs|tests?|pass(?:ed)?|required|done|success(?:ful)?|ok)"
    r"(?:[-_ ](?:pass(?:ed)?|green|good|ok|done|succeed(?:ed)?|success|successful|complete|required))*"
    r"|alls[-_ ]green|ci[-_ ]?(?:ok|success|successful|pass(?:ed)?|status|result|done|complete|required"
    r"|green)|status[-_ ]checks?"
    r"|checks?[-_ ]?(?:pass(?:ed)?|ok|green|done|success)|tests?[-_ ](?:pass(?:ed)?|ok|success|successful"
    r"|complete)"
    r"|build[-_ ](?:ok|success|successful|pass(?:ed)?)|pr[-_ ](?:ok|gate|status|success)"
    r"|ready[-_ ]to[-_ ]merge|mergeable|bors|conclusion",
    re.IGNORECASE,
)
_PERHAPS = regex(
    (
        r"checks?|done|ok|success|complete[d]?|final(?:ize|ise)?|finish(?:ed)?|results?|summary|passed|green|ci"
        r"|end|status|verify"
    ),
    re.IGNORECASE,
)
_ALWAYS = regex(r"always\(\s*\)|cancelled\(\s*\)|failure\(\s*\)")
_RESULTS = regex(r"needs\.|toJSON\(\s*needs\s*\)|needs\[|alls-green|re-actors|jobs:", re.IGNORECASE)
_RULESET = regex(r"(?:^|/)\.github/(?:rulesets?/[^/]+\.json|[\w-]*ruleset[\w-]*\.json|settings\.ya?ml)$")
_CONTEXT = regex(r"\bcontexts?:")


_BRANCH = regex(r"(?m)^\s*-\s+name:\s*[\"']?([\w./-]+)")
_DEFAULT = "~DEFAULT_BRANCH"
_OF_MERGES = frozenset({"pull_request", "pull_request_target", "merge_group"})
_LEAVES_OUT = regex(
    r"\.labels\b|\.draft\b|pull_request\.title|head_commit\.message|github\.actor\b|\.user\.login\b"
)


_WILD = regex(r"[*?+!\[]")


class Asked(NamedTuple):
    """The names of the checks that a merge waits for, and the branches that ask for them."""

    names: frozenset[str]
    branches: frozenset[str]
    sources: tuple[Source, ...] = ()


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Gates that can be skipped, and gates in workflows that a filter of paths can keep from starting."""
    asked = _required(repository)
    if asked.names and workflow is repository.workflows[0]:
        yield from _of_nobody(repository, asked)
    if workflow.kind == "action" or workflow.is_called:
        return
    gates = [job for job in workflow.jobs if _is_gate(job, asked.names)]
    for job in gates:
        if job.needs and job.uses is None:
            yield from _skipped(job)
    gates = [job for job in gates if not _stands_elsewhere(job, repository)]
    if gates:
        yield from _filtered(workflow, gates[0])
    named = [job for job in gates if _is_required(job, asked.names)]
    if named:
        yield from _kept_out(workflow, named[0], asked.branches)
    for job in named:
        if not job.needs:
            yield from _left_out(job)


def _is_gate(job: WrittenJob, required: frozenset[str]) -> bool:
    """Whether a job is what a merge waits for: by the rules in the repository, or as gates are called."""
    if _is_required(job, required):
        return True
    if not job.needs:
        return False
    name = _name(job)
    if _GATE.fullmatch(job.id) or _GATE.fullmatch(name):
        return True
    return len(job.needs) > 1 and _PERHAPS.fullmatch(job.id) is not None and _only_tells(job)


def _name(job: WrittenJob) -> str:
    return (job.node.text("name") or job.id).strip()


def _is_required(job: WrittenJob, required: frozenset[str]) -> bool:
    """Whether the rules name a job, or a leg of its matrix."""
    name = _name(job)
    return name in required or (
        "matrix" in (job.node.mapping("strategy") or job.node).by_key
        and any(one.startswith(f"{name} (") for one in required)
    )


def _stands_elsewhere(job: WrittenJob, repository: Repository) -> bool:
    """Whether another workflow has a check of the same name: what one leaves out the other reports."""
    name = _name(job)
    return any(
        other.path != job.file.path and _OF_MERGES & set(other.events) and name in map(_name, other.jobs)
        for other in repository.workflows
        if name in other.source.text
    )


def _only_tells(job: WrittenJob) -> bool:
    """Whether a job does nothing but say that those before it are done."""
    return all(
        step.action.startswith("re-actors/")
        if step.uses is not None
        else all(
            command.name in {"echo", "exit", "true", "test", "[", "[[", ":"} for command in step.commands
        )
        for step in job.steps
    )


@lru_cache(maxsize=2)
def _required(repository: Repository) -> Asked:
    """What rules in the repository ask for."""
    names: set[str] = set()
    branches: set[str] = set()
    sources: list[Source] = []
    for path in sorted(repository.paths) if repository.whole else ():
        if ".github/" in path and _RULESET.search(path):
            source = repository.source(path)
            if source is None:
                continue
            sources.append(source)
            if path.endswith("json"):
                names |= _of_json(source.text)
                branches |= set(re.findall(r'"refs/heads/([\w./-]+)"', source.text))
                branches |= {_DEFAULT} if "~DEFAULT_BRANCH" in source.text else set()
            else:
                names |= _of_settings(source.text)
                block = re.search(r"(?ms)^branches:[^\n]*\n(.*?)(?=^\S|\Z)", source.text)
                branches |= set(_BRANCH.findall(block[1])) if block else set()
    return Asked(frozenset(names), frozenset(branches), tuple(sources))


def _of_nobody(repository: Repository, asked: Asked) -> Iterator[Found]:
    """Names that no job has, though one is called nearly so: others may report what is called otherwise."""
    jobs = [job for one in repository.workflows if one.kind != "action" for job in one.jobs]
    bases = {_name(job): job for job in jobs}
    known = {name for name in bases if "${{" not in name}
    for name in sorted(asked.names - known):
        base, _, leg = name.partition(" (")
        job = bases.get(base)
        near = None if job is not None else closest(name, known, 0.8)
        if job is not None and leg:
            legs = _names_of_legs(job, base)
            near = closest(name, legs, 0.5) if legs and name not in legs else None
        found = next((one for one in asked.sources if name in one.text), None)
        if near is not None and found is not None and not any(map(name.startswith, _others(jobs))):
            start = found.text.index(name)
            message = f"no job is called `{name}`, so it is never reported; did you mean `{near}`?"
            yield Found(found, start, start + len(name), message)


def _others(jobs: list[WrittenJob]) -> Iterator[str]:
    """How checks are called that called workflows report: the caller's name comes first."""
    return (f"{_name(job)} / " for job in jobs if job.uses is not None)


def _names_of_legs(job: WrittenJob, base: str) -> list[str]:
    """What the legs of a job's matrix are called, where all of it is written out."""
    names: list[str] = []
    for leg in legs_of(job) or ():
        values = list(leg.values())
        if not all(isinstance(value, Scalar) and "${{" not in value.text for value in values):
            return []
        names.append(f"{base} ({', '.join(value.text for value in values if isinstance(value, Scalar))})")
    return names


def _of_json(text: str) -> set[str]:
    try:
        held: object = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    rules = held.get("rules") if isinstance(held, dict) else None
    names: set[str] = set()
    for rule in rules if isinstance(rules, list) else ():
        given = rule.get("parameters") if isinstance(rule, dict) else None
        checks = given.get("required_status_checks") if isinstance(given, dict) else None
        for check in checks if isinstance(checks, list) else ():
            if isinstance(check, dict) and isinstance(check.get("context"), str):
                names.add(check["context"])
    return names


def _of_settings(text: str) -> set[str]:
    """The contexts of probot's settings: a list of words below `contexts:`."""
    names: set[str] = set()
    for found in _CONTEXT.finditer(text):
        for line in text[found.end() :].splitlines()[1:]:
            item = re.fullmatch(r"\s*-\s+[\"']?([^\"'#]+?)[\"']?\s*(?:#.*)?", line)
            if item is None:
                break
            names.add(item[1].strip())
        listed = re.match(r"[ \t]*\[([^\]]*)\]", text[found.end() :])
        names |= {word.strip(" \"'") for word in listed[1].split(",")} if listed else set()
    return names - {""}


def _skipped(job: WrittenJob) -> Iterator[Found]:
    """A gate that does not run where a job before it failed."""
    condition = job.condition
    if condition is not None and _ALWAYS.search(condition.text):
        return
    if any(condition and "hashFiles" in condition.text for condition in (condition,)) or job.key is None:
        return
    place: Scalar = condition if condition is not None else job.key
    edits = _always(job)
    yield Found(
        job.file.source,
        place.start,
        place.end,
        f"`{job.id}` is skipped where a job that it needs failed, and GitHub counts that as a success",
        Fix("Run it always, and let it fail", edits) if edits else None,
    )


def _always(job: WrittenJob) -> tuple[Edit, ...] | None:
    source, condition = job.file.source, job.condition
    looks = any(_RESULTS.search(scalar.text) for step in job.steps for scalar in scalars(step.node))
    if condition is None:
        run = insert_pair(source, job.node, ["if: always()"], before=_before(job))
    else:
        whole = f"always() && ({condition.text.strip()})" if "${{" not in condition.text else None
        if condition.text.strip().strip("${} ") == "success()":
            whole = "always()"
        run = replace_scalar(source, condition, whole) if whole and "\n" not in whole else None
    return with_all(run) if looks else with_all(run, _failing(job))


def _before(job: WrittenJob) -> str:
    """The key before which a condition stands well: never the first of a map with a comment above."""
    return "steps" if "steps" in job.node.by_key else job.node.pairs[0][0].text


def _failing(job: WrittenJob) -> Edit | None:
    """A first step that fails where a job before failed."""
    listed = job.node.sequence("steps")
    if listed is None or listed.flow or not job.steps:
        return None
    source = job.file.source
    first = job.steps[0].node
    begin = source.line_start(first.start)
    dash = source.text[begin : first.start]
    if dash.strip() != "-" or "\t" in dash or indent_of(source, first) is None:
        return None
    blanks = " " * len(dash)
    lines = (
        f"{dash}name: Every job before succeeded",
        f"{blanks}if: contains(needs.*.result, 'failure') || contains(needs.*.result, 'cancelled')",
        f"{blanks}run: exit 1",
        "",
    )
    return Edit(source.path, begin, begin, source.newline.join(lines))


def _filtered(workflow: WrittenWorkflow, gate: WrittenJob) -> Iterator[Found]:
    """Filters that keep the whole workflow, and so the gate, from starting."""
    for name in ("pull_request", "pull_request_target", "merge_group"):
        event = workflow.event(name)
        for filtered in ("paths", "paths-ignore") if isinstance(event, Mapping) else ():
            key = event.key(filtered) if event else None
            if event is None or key is None or nothing_in(event.get(filtered)):
                continue
            edits = with_all(_without(workflow, event, filtered, name))
            yield Found(
                workflow.source,
                key.start,
                key.end,
                f"for other files `{gate.id}` is never reported, and a merge that needs it waits for ever",
                Fix(f"Take `{filtered}` away", edits) if edits else None,
            )


def _kept_out(workflow: WrittenWorkflow, gate: WrittenJob, branches: frozenset[str]) -> Iterator[Found]:
    """Filters by which no change to a branch with rules, or no new commit of one, starts the workflow."""
    event = workflow.event("pull_request") or workflow.event("pull_request_target")
    if not _OF_MERGES & set(workflow.events):
        push = workflow.event("push")
        key = push.key("branches") if push else None
        if set(workflow.events) <= {"push", "workflow_dispatch", "schedule"} and push and key:
            told = _texts(push, "branches")
            if told and not any(_WILD.search(word) for word in told):
                message = f"no pull request starts this, so `{gate.id}` is never reported for one"
                yield Found(workflow.source, key.start, key.end, message)
        return
    for name in ("types", "branches", "branches-ignore") if event else ():
        key = event.key(name) if event else None
        if event is None or key is None:
            continue
        told = _texts(event, name)
        if name == "types":
            out = bool(told) and not {"opened", "synchronize"} <= set(told)
        else:
            out = _misses(told, branches, name == "branches")
        if out:
            message = (
                f"for some changes `{gate.id}` is never reported, and a merge that needs it waits for ever"
            )
            yield Found(workflow.source, key.start, key.end, message)


def _texts(event: Mapping, name: str) -> list[str]:
    return [scalar.text.strip() for scalar in scalars(event.get(name))]


def _misses(told: list[str], branches: frozenset[str], chosen: bool) -> bool:
    """Whether a list of branches surely leaves out one that has rules. `chosen` where it names those that count."""
    if any(_WILD.search(word) or "${{" in word for word in told) or _DEFAULT in branches:
        return False
    return bool(told) and any((branch in told) != chosen for branch in branches)


def _left_out(job: WrittenJob) -> Iterator[Found]:
    """A required job that its own condition leaves out for changes that somebody marks so."""
    condition = job.condition
    if condition is not None and _LEAVES_OUT.search(condition.text) and not _ALWAYS.search(condition.text):
        message = (
            f"a change that this leaves out may be merged without `{job.id}`: skipped counts as a success"
        )
        yield Found(job.file.source, condition.start, condition.end, message)


def _without(workflow: WrittenWorkflow, event: Mapping, filtered: str, name: str) -> Edit | None:
    if len(event.pairs) > 1:
        return remove_pair(workflow.source, event, filtered)
    pair = workflow.events.get(name)
    if pair is None or event.aliased or event.flow:
        return None
    begin, end = pair[0].end, event.end
    text = workflow.source.text
    colon = text.find(":", begin) + 1
    return Edit(workflow.source.path, colon, end, "") if "#" not in text[colon : event.start] else None
