"""A change, written as the files before and after it."""

from collections.abc import Mapping
from difflib import SequenceMatcher

from cicd_defs.facts.changes.diff import ChangedFile, Diff, Line
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.integrity import gate_integrity

Files = Mapping[str, str]


def changed(
    before: Files, after: Files, moved: Files | None = None, links: Files | None = None
) -> tuple[Diff, Tree, Tree]:
    """The diff and both trees. `moved`: new path to old path. `links`: path to what a link there leads to."""
    moved, links = moved or {}, links or {}
    files = [_file(path, old, before.get(old), after.get(path)) for path, old in moved.items()]
    gone = set(moved.values())
    files += [
        _file(path, path, before.get(path), after.get(path))
        for path in {*before, *after} - gone - {*moved} - {*links}
        if before.get(path) != after.get(path)
    ]
    for path, target in links.items():
        status = "type_changed" if path in before else "added"
        line = (Line(number=1, text=target),)
        files.append(
            ChangedFile(path=path, old_path=path, status=status, mode="120000", added=line, added_lines=1)
        )
    files.sort(key=lambda file: file.path)
    return Diff(files=tuple(files)), Tree.of(before), Tree.of(after)


def _file(path: str, old_path: str, old: str | None, new: str | None) -> ChangedFile:
    status = "added" if old is None else "deleted" if new is None else "modified"
    added, removed = _lines(old or "", new or "")
    return ChangedFile(
        path=path,
        old_path=old_path,
        status="renamed" if path != old_path else status,
        added_lines=len(added),
        removed_lines=len(removed),
        added=added,
        removed=removed,
    )


def _lines(old: str, new: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    was, now = old.splitlines(), new.splitlines()
    added, removed = [], []
    for tag, i, j, k, m in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag != "equal":
            removed += [Line(number=at + 1, text=was[at]) for at in range(i, j)]
            added += [Line(number=at + 1, text=now[at]) for at in range(k, m)]
    return tuple(added), tuple(removed)


def kinds(before: Files, after: Files, **more: Files) -> set[str]:
    """The kinds of what is found in a change."""
    return {finding.kind for finding in gate_integrity(*changed(before, after, **more))}
