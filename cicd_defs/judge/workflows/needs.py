"""Edits of what a job waits for."""

from collections.abc import Sequence as Listed

from cicd_defs.facts.findings import Edit
from cicd_defs.facts.workflow import WrittenJob
from cicd_defs.facts.yaml_nodes import Scalar, Sequence, nothing_in
from cicd_defs.judge.edits import end_of, insert_pair, remove_item, remove_pair, scalar_text


def add_needs(job: WrittenJob, names: Listed[str]) -> Edit | None:
    """Let a job wait for others, too. None where its `needs` is shared, or written in a way that has no room."""
    source, node = job.file.source, job.node.get("needs")
    if not names:
        return None
    if "needs" not in job.node.by_key:
        listed = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
        after = "name" if "name" in job.node.by_key else None
        return insert_pair(source, job.node, [f"needs: {listed}"], after=after)
    if node is None or node.aliased or job.node.aliased or nothing_in(node):
        return None
    if isinstance(node, Scalar):
        if node.style in {"|", ">"} or "${{" in node.text:
            return None
        return Edit(source.path, node.start, node.end, f"[{', '.join([scalar_text(node.text), *names])}]")
    if not isinstance(node, Sequence):
        return None
    if not node.items:
        return Edit(source.path, node.start, node.end, f"[{', '.join(names)}]") if node.flow else None
    last = node.items[-1]
    if node.flow:
        return Edit(source.path, last.end, last.end, "".join(f", {name}" for name in names))
    begin = source.line_start(last.start)
    dash = source.text[begin : last.start]
    if dash.strip() != "-" or last.aliased:
        return None
    at = end_of(source, last)
    lines = source.newline.join(f"{dash}{name}" for name in names)
    ended = source.text[:at].endswith(("\n", "\r"))
    return Edit(source.path, at, at, lines + source.newline if ended else source.newline + lines)


def remove_need(job: WrittenJob, need: Scalar) -> Edit | None:
    """Let a job wait for one job less."""
    node = job.node.get("needs")
    if isinstance(node, Sequence) and len(node.items) > 1:
        return remove_item(job.file.source, node, need)
    return remove_pair(job.file.source, job.node, "needs")
