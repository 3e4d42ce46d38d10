"""Whether two steps run for the same change: by the events that start their files, and by their conditions.

How events are filtered by branch, tag, path and type:
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#on
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product

from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow, bare_condition
from cicd_defs.facts.yaml_nodes import Mapping as YamlMapping
from cicd_defs.facts.yaml_nodes import Scalar, texts_of
from cicd_defs.judge.workflows.expressions import Known, truth, value_of
from cicd_defs.judge.workflows.grammar import Exactly, Node, Operation, Reference, Unreadable, read

OF_A_CHANGE = ("push", "pull_request", "pull_request_target", "merge_group")
"""Events that start every file which names them, for one and the same change."""

NOT_GIVEN_INPUTS = tuple(map(Exactly, (*OF_A_CHANGE, "schedule", "release")))
"""Events with which nobody gives an input."""

MOST_CASES = 512
SOMETHING_ELSE = Exactly("\0 something else")
UPDATES = frozenset({"opened", "synchronize", "reopened"})
"""The activity types that start a run where none is named."""

_ALL_BRANCHES = {"*", "**", "*/**"}


def shared_events(one: WrittenWorkflow, other: WrittenWorkflow) -> tuple[str, ...]:
    """The events that start both files for one change. A file shares each of its events with itself."""
    if one is other:
        return tuple(one.events)
    both = (name for name in OF_A_CHANGE if name in one.events and name in other.events)
    return tuple(name for name in both if _meet(one.event(name), other.event(name), name))


def types_of(filters: YamlMapping | None) -> frozenset[str]:
    """The activity types of a pull request's event."""
    named = texts_of(filters.get("types")) if filters else []
    return frozenset(scalar.text for scalar in named) or UPDATES


def _meet(one: YamlMapping | None, other: YamlMapping | None, name: str) -> bool:
    if name.startswith("pull_request") and not types_of(one) & types_of(other):
        return False
    if name == "push" and _only_tags(one) != _only_tags(other):
        return False
    return all(_overlap(one, other, key) for key in ("branches", "tags", "paths"))


def _only_tags(filters: YamlMapping | None) -> bool:
    if filters is None:
        return False
    return any(key in filters.by_key for key in ("tags", "tags-ignore")) and not any(
        key in filters.by_key for key in ("branches", "branches-ignore")
    )


def _overlap(one: YamlMapping | None, other: YamlMapping | None, key: str) -> bool:
    """Whether two filters let something through that is the same: one lets all through, or they share a pattern."""
    first = {scalar.text for scalar in texts_of(one.get(key))} if one else set()
    second = {scalar.text for scalar in texts_of(other.get(key))} if other else set()
    if not first or not second or (first | second) & _ALL_BRANCHES:
        return True
    return bool(first & second)


def conditions_of(place: WrittenStep | WrittenJob) -> Iterator[str]:
    """The conditions under which a step or a job runs, without `${{ }}`."""
    job = place.job if isinstance(place, WrittenStep) else place
    if isinstance(place, WrittenStep) and (own := bare_condition(place.condition)):
        yield own
    if whole := bare_condition(job.condition):
        yield whole


def can_run(place: WrittenStep | WrittenJob, event: str) -> bool:
    """Whether a step or a job can run for an event."""
    return _can_hold_for(tuple(conditions_of(place)), event)


def run_together(
    one: WrittenStep | WrittenJob, other: WrittenStep | WrittenJob, events: Iterable[str]
) -> bool:
    """Whether both can run for one change."""
    conditions = (*conditions_of(one), *conditions_of(other))
    return any(_can_hold_for(conditions, event) for event in events)


@lru_cache(maxsize=4096)
def _can_hold_for(conditions: tuple[str, ...], event: str) -> bool:
    return can_hold_together(conditions, {"github.event_name": Exactly(event)})


def can_hold_together(conditions: Iterable[str], known: Mapping[str, Known]) -> bool:
    """Whether conditions can all be true at once. What cannot be decided counts as true."""
    nodes = [node for text in conditions if (node := _tree(text)) is not None]
    if not nodes:
        return True
    choices = _choices(nodes, known)
    for values in product(*choices.values()):
        case = {**known, **dict(zip(choices, values, strict=True))}
        if all(truth(value_of(node, case)) is not False for node in nodes):
            return True
    return False


@lru_cache(maxsize=1024)
def _tree(text: str) -> Node | None:
    try:
        return read(text)
    except Unreadable:
        return None


def _choices(nodes: list[Node], known: Mapping[str, Known]) -> dict[str, list[Known]]:
    """For each context that is compared with words: those words, and something else."""
    words: dict[str, set[str]] = {}
    bare: set[str] = set()
    vague: set[str] = set()
    for node in nodes:
        _collect(node, words, bare, vague)
    choices: dict[str, list[Known]] = {}
    cases = 1
    for name in sorted({*words, *bare} - vague - set(known)):
        values: list[Known] = [*map(Exactly, sorted(words.get(name, ()))), SOMETHING_ELSE]
        if name in bare:
            values.append(Exactly(""))
        if name.startswith("inputs.") and known.get("github.event_name") in NOT_GIVEN_INPUTS:
            values = [Exactly("")]
        cases *= len(values)
        if cases > MOST_CASES:
            break
        choices[name] = values
    return choices


def _collect(node: Node, words: dict[str, set[str]], bare: set[str], vague: set[str]) -> None:
    if isinstance(node, Reference):
        bare.add(".".join(node.path)) if node.exact else None
    if not isinstance(node, Operation):
        return
    if node.name in {"&&", "||", "!"}:
        for part in node.of:
            _collect(part, words, bare, vague)
        return
    named = [part for part in node.of if isinstance(part, Reference) and part.exact]
    texts = [part.value for part in node.of if isinstance(part, Exactly) and isinstance(part.value, str)]
    if node.name in {"==", "!="} and len(named) == len(texts) == 1:
        words.setdefault(".".join(named[0].path), set()).add(texts[0])
        return
    if node.name == "startswith" and len(named) == len(texts) == 1 and node.of[0] is named[0]:
        words.setdefault(".".join(named[0].path), set()).add(f"{texts[0]}{SOMETHING_ELSE.value}")
        return
    for part in node.of:
        vague.update(_names(part))


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Reference):
        yield ".".join(node.path)
    elif isinstance(node, Operation):
        for part in node.of:
            yield from _names(part)


def starts_on_updates(workflow: WrittenWorkflow) -> Scalar | None:
    """The `pull_request` of a file that runs again for each commit of a pull request; None where it does not."""
    pair = workflow.events.get("pull_request")
    if pair is None or not {"synchronize"} & types_of(workflow.event("pull_request")):
        return None
    return pair[0]


def starts_for_itself_only(workflow: WrittenWorkflow) -> bool:
    """Whether a pull request starts a file only where it changes the file itself: its steps are tried there."""
    filters = workflow.event("pull_request")
    return filters is not None and [one.text for one in texts_of(filters.get("paths"))] == [workflow.path]


def all_branches(filters: YamlMapping | None) -> bool:
    """Whether a push to any branch starts a run."""
    if filters is None:
        return True
    if "branches" in filters.by_key:
        patterns = [scalar.text for scalar in texts_of(filters.get("branches"))]
        return any(text in _ALL_BRANCHES for text in patterns) and not any(
            text[:2] == "!*" for text in patterns
        )
    return not _only_tags(filters)
