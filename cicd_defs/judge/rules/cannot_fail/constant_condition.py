"""An `if:` that is always true, or always false.

**Why it matters** `if: ${{ github.ref }} == 'refs/heads/main'` is a text that is not empty, and so always true. `x ||
true` is true, too. A check under `if: false` never runs, and its job is green.
**How to fix** Write the condition as one expression, without `${{ }}` inside. What is not to run any more goes away.
**Example** `if: ${{ github.ref }} == 'refs/heads/main'` becomes `if: github.ref == 'refs/heads/main'`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow, bare_condition
from cicd_defs.facts.yaml_nodes import Mapping, Scalar
from cicd_defs.judge.commands.purposes import CHECKS, job_kinds, kinds_of
from cicd_defs.judge.edits import remove_pair, scalar_text
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.expressions import truth, value_of
from cicd_defs.judge.workflows.grammar import Exactly, Node, Operation, Reference, Unreadable, read

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH)

_INSIDE = regex(r"\$\{\{((?:[^'}]|'[^']*'|}(?!}))*)}}")
_MOST_CONTEXTS = 4
_OTHER = "\0"


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Conditions of jobs and steps that are the same in every run."""
    for job in workflow.jobs:
        if job.condition is not None:
            yield from _judged(workflow, job.node, job.condition, job)
    for step in workflow.steps:
        if step.condition is not None:
            yield from _judged(workflow, step.node, step.condition, step)


def _judged(
    workflow: WrittenWorkflow, node: Mapping, condition: Scalar, owner: WrittenJob | WrittenStep
) -> Iterator[Found]:
    text = condition.text
    if "${{" in text and _is_text(condition):
        yield _always(workflow, condition, _rewritten(workflow, condition), "text outside of `${{ }}`")
        return
    bare = bare_condition(condition)
    if not bare or "${{" in bare:
        return
    held = _constant(bare)
    if held is None:
        return
    if held:
        edit = _same_on_both_sides(workflow, condition, read(bare)) or remove_pair(
            workflow.source, node, "if"
        )
        yield _always(workflow, condition, edit, "nothing in it can be false")
    elif _checks(owner):
        edit = remove_pair(workflow.source, node, "if")
        yield Found(
            workflow.source,
            condition.start,
            condition.end,
            f"the check never runs: `{_quoted(text)}` is always false",
            Fix("Let the check run", (edit,)) if edit else None,
        )


@lru_cache(maxsize=4096)
def _constant(text: str) -> bool | None:
    """What a condition always is; None where it depends on something, or is there to say `always()`."""
    lowered = text.lower()
    if not any(sign in lowered for sign in ("||", "&&", "true", "false")) and re.match(
        r"!?\(*[a-z]+\.[^']", lowered
    ):
        return None  # one context, or one comparison with it
    try:
        tree = read(text)
    except Unreadable:
        return None
    held = truth(value_of(tree, {}))
    held = _whatever_is_compared(tree) if held is None else held
    return None if held and _is_only_status(tree) else held


def _whatever_is_compared(tree: Node) -> bool | None:
    """The value of a condition that compares contexts with texts, where it is the same for all that they may be."""
    compared: dict[str, set[str]] = {}
    if not _compares_only(tree, compared) or not 0 < len(compared) <= _MOST_CONTEXTS:
        return None
    choices = [(*sorted(texts), _OTHER) for texts in compared.values()]
    seen = {
        truth(value_of(tree, {name: Exactly(text) for name, text in zip(compared, values, strict=True)}))
        for values in product(*choices)
    }
    return seen.pop() if len(seen) == 1 else None


def _compares_only(node: Node, compared: dict[str, set[str]]) -> bool:
    """Whether a condition is made of `context == 'text'`; gathers the texts of each context."""
    if not isinstance(node, Operation):
        return False
    if node.name in {"&&", "||", "!"}:
        return all(_compares_only(part, compared) for part in node.of)
    if node.name not in {"==", "!="}:
        return False
    left, right = node.of
    if not (isinstance(left, Reference) and left.exact):
        return False
    if not (isinstance(right, Exactly) and isinstance(right.value, str)):
        return False
    compared.setdefault(".".join(left.path), set()).add(right.value)
    return True


def _checks(owner: WrittenJob | WrittenStep) -> bool:
    if isinstance(owner, WrittenStep):
        return bool(CHECKS & kinds_of(owner))
    called = owner.uses is not None and re.search(r"test|lint|check|scan", owner.id)
    return bool(CHECKS & job_kinds(owner)) or bool(called)


def _is_text(condition: Scalar) -> bool:
    """Whether something stands outside of the braces, be it the newline at a block's end."""
    text = condition.text
    if condition.style in {"|", ">"} and text.endswith("\n"):
        return True
    rest = _INSIDE.sub("\0", text)
    return "${{" not in rest and rest.strip() not in {"\0"}


def _is_only_status(tree: Node) -> bool:
    return isinstance(tree, Operation) and tree.name == "always"


def _always(workflow: WrittenWorkflow, condition: Scalar, edit: Edit | None, why: str) -> Found:
    return Found(
        workflow.source,
        condition.start,
        condition.end,
        f"`{_quoted(condition.text)}` is always true: {why}",
        Fix("Write one expression", (edit,)) if edit else None,
    )


def _quoted(text: str) -> str:
    short = " ".join(text.split())
    return short if len(short) <= 80 else short[:77] + "..."


def _rewritten(workflow: WrittenWorkflow, condition: Scalar) -> Edit | None:
    """The same without the braces, where that is an expression whose value is open."""
    if condition.aliased:
        return None
    bare = re.sub(r"'(\$\{\{[^'}]*}})'", r"\1", condition.text)
    plain = _INSIDE.sub(lambda found: _in_brackets(found[1].strip()), bare).strip()
    plain = " ".join(plain.split())
    try:
        if truth(value_of(read(plain), {})) is not None:
            return None
    except Unreadable:
        return None
    end = condition.end
    value = plain if _is_plain(plain) else scalar_text(plain)
    return Edit(workflow.source.path, condition.start, end, value)


def _in_brackets(inside: str) -> str:
    return f"({inside})" if "||" in inside or "&&" in inside else inside


def _is_plain(text: str) -> bool:
    return bool(re.match(r"[A-Za-z(]", text)) and not re.search(r": | #|:$", text)


def _same_on_both_sides(workflow: WrittenWorkflow, condition: Scalar, tree: Node) -> Edit | None:
    """`a == 'x' || 'y'` was to be `a == 'x' || a == 'y'`."""
    if not (isinstance(tree, Operation) and tree.name == "||") or condition.aliased or condition.style:
        return None
    first, second = tree.of
    if not (isinstance(first, Operation) and first.name == "==" and isinstance(first.of[0], Reference)):
        return None
    if not (isinstance(second, Exactly) and isinstance(second.value, str)):
        return None
    at = condition.text.rindex("||") + 2
    name = condition.text.partition("==")[0].replace("${{", "").strip(" (")
    if not re.fullmatch(r"[\w.-]+", name):
        return None
    start = condition.start + at + (len(condition.text[at:]) - len(condition.text[at:].lstrip()))
    return Edit(workflow.source.path, start, start, f"{name} == ")
