"""An entry of a matrix' `exclude` matches none of its combinations.

**Why it matters** The combination that was to be left out runs, or was never there: a typo, or a line that outlived
what it spoke of. Entries of `include` come after `exclude` and are not touched by it.
**How to fix** Take the entry away, or name a value that the matrix has.
**Example** `exclude: [{os: windows-2019}]` beside `os: [ubuntu-24.04, windows-2022]` goes.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, Sequence
from cicd_defs.judge.closest import closest
from cicd_defs.judge.edits import remove_item, remove_pair, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.PLAIN_BUGS, Severity.MEDIUM)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Entries of which a key is no list of the matrix, or a value is not in that list."""
    for job in workflow.jobs:
        matrix = job.matrix
        excluded = matrix.sequence("exclude") if matrix else None
        if matrix is None or excluded is None or "<<" in matrix.by_key:
            continue
        dead = [(entry, told) for entry in excluded.items if (told := _dead(job, matrix, entry))]
        for entry, (start, end, message) in dead:
            edits = with_all(
                remove_item(workflow.source, excluded, entry)
                if len(excluded.items) > 1
                else remove_pair(workflow.source, matrix, "exclude")
            )
            fix = Fix("Take the entry away", edits, safe=True) if edits else None
            yield Found(workflow.source, start, end, message, fix)


def _dead(job: WrittenJob, matrix: Mapping, entry: Node) -> tuple[int, int, str] | None:
    """Where and why an entry matches nothing; None where it may match."""
    if not isinstance(entry, Mapping):
        return None
    axes = {key.text.lower(): node for key, node in matrix.pairs}  # GitHub's names have no case
    for key, value in entry.pairs:
        axis = axes.get(key.text.lower())
        if axis is None or key.text in {"include", "exclude"}:
            near = closest(key.text, job.axes)
            hint = f"; did you mean `{near}`?" if near else ""
            return key.start, max(key.end, value.end), f"the matrix has no list `{key.text}`{hint}"
        if not isinstance(axis, Sequence) or _unsure(axis) or _unsure(value):
            continue
        if not any(_alike(value, item) for item in axis.items):
            words = [item.text for item in axis.items if isinstance(item, Scalar)]
            written = value.text if isinstance(value, Scalar) else "this"
            near = closest(written, words)
            hint = f"; did you mean `{near}`?" if near else ""
            told = f"`{key.text}` of the matrix is never `{written}`, so this leaves out nothing{hint}"
            return key.start, max(key.end, value.end), told
    return None


def _unsure(node: Node) -> bool:
    """Whether a part of a value is worked out when the workflow runs."""
    if isinstance(node, Scalar):
        return "${{" in node.text
    below = node.items if isinstance(node, Sequence) else [part for _, part in node.pairs]
    return any(_unsure(part) for part in below)


def _alike(one: Node, other: Node) -> bool:
    """Whether an excluded value matches a listed one. Of a map, what is named has to match."""
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return _plain(one) == _plain(other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(
            (held := other.get(key.text)) is not None and _alike(node, held) for key, node in one.pairs
        )
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        return len(one.items) == len(other.items) and all(map(_alike, one.items, other.items))
    return False


def _plain(scalar: Scalar) -> str:
    """A value as it is compared: numbers by what they are, whatever their quotes."""
    text = scalar.text.strip().lower()
    try:
        return f"{float(text):g}" if scalar.is_plain else text
    except ValueError:
        return text
