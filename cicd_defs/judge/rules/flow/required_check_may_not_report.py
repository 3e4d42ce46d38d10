"""A check that a merge waits for can be skipped, or is never reported.

**Why it matters** GitHub counts a skipped job as a success: a gate that is skipped because a job before it failed lets
the change through. A gate in a workflow with `paths` is not started at all for other files, and the pull request waits
for ever.
**How to fix** Let the gate run always, and fail where a job that it needs failed. Leave the filter of paths to the
jobs behind it.
**Example** `gate: {needs: [test]}` gets `if: always()` and a step that looks at `needs.*.result`.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, nothing_in, scalars
from cicd_defs.judge.edits import indent_of, insert_pair, remove_pair, replace_scalar, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

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


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Gates that can be skipped, and gates in workflows that a filter of paths can keep from starting."""
    if workflow.kind == "action" or workflow.is_called:
        return
    required = _required(repository)
    gates = [job for job in workflow.jobs if _is_gate(job, required)]
    for job in gates:
        if job.needs and job.uses is None:
            yield from _skipped(job)
    if gates:
        yield from _filtered(workflow, gates[0])


def _is_gate(job: WrittenJob, required: frozenset[str]) -> bool:
    """Whether a job is what a merge waits for: by the rules in the repository, or as gates are called."""
    name = (job.node.text("name") or job.id).strip()
    if name in required:
        return True
    if not job.needs:
        return False
    if _GATE.fullmatch(job.id) or _GATE.fullmatch(name):
        return True
    return len(job.needs) > 1 and _PERHAPS.fullmatch(job.id) is not None and _only_tells(job)


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
def _required(repository: Repository) -> frozenset[str]:
    """The names of checks that rules in the repository ask for."""
    names: set[str] = set()
    for path in repository.paths if repository.whole else ():
        if ".github/" in path and _RULESET.search(path):
            source = repository.source(path)
            if source is not None:
                names |= _of_json(source.text) if path.endswith("json") else _of_settings(source.text)
    return frozenset(names)


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
