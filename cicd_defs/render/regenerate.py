"""Generate files again and keep what people did to them: the lock, the work tree and the new text, compared.

What was changed by hand stays, what was not follows the generator, and where both moved apart both sides are shown.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cicd_defs.facts.value import Value
from cicd_defs.facts.written import LOCK_PATH, is_ours, is_writable
from cicd_defs.render.blocks import Block, Unsplittable, join
from cicd_defs.render.blocks_kinds import Frame, split
from cicd_defs.render.blocks_names import likeness, named
from cicd_defs.render.files import GeneratedFile
from cicd_defs.render.lock import Locked, LockedFile, locked, locked_file, read_lock, write_lock
from cicd_defs.render.merge import (
    Choice,
    Conflict,
    Kept,
    Merge,
    is_edited,
    message_of,
)

ALL = "all"
"""The choice that settles every conflict."""


class Regenerated(Value):
    """What is to be written, and what became of people's work.

    files: each file's final text, in order, the lock last. A file with conflicts has its current text, and the lock
        what it had of it.
    removed: files that are ours, as they were generated, and no longer wanted.
    kept: what people and bots did, and stays.
    conflicts: what has to be settled first.
    dropped: elements that were taken out because they are no longer generated, as `file#element`.
    unused: choices that settled nothing.
    """

    files: tuple[GeneratedFile, ...]
    removed: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    dropped: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def regenerate(
    generated: Sequence[GeneratedFile],
    current: Mapping[str, str],
    keep: Collection[str] = (),
    take: Collection[str] = (),
) -> Regenerated:
    """Bring generated files and what is there now together.

    current: path to present text, of every path of `generated`, of the lock, and of the files that it names.
    keep, take: what settles conflicts, as `file#element`, `file` or `all`: the text that is there, or the generated.
        To take an element by its very name, or a deleted file, brings it back as generated without any conflict too.
    Raises `BrokenLock` where the lock cannot be read.
    """
    text = current.get(LOCK_PATH)
    known = read_lock(text) if text is not None else {}
    known = {path: entry for path, entry in known.items() if is_writable(path)}
    round_ = _Round(known, current, _Choices(tuple(keep), tuple(take)))
    wanted = [file for file in generated if file.kind != "lock"]
    for file in wanted:
        round_.file(file)
    for path in known:
        if path not in {file.path for file in wanted}:
            round_.unwanted(path, known[path])
    return round_.result()


@dataclass
class _Choices:
    """What was decided, and which of it was called for. The longest that fits decides; `keep` goes before `take`."""

    keep: tuple[str, ...]
    take: tuple[str, ...]
    used: set[str] = field(default_factory=set)

    def of(self, id_: str) -> Choice | None:
        fitting = [choice for choice in (*self.keep, *self.take) if _fits(choice, id_)]
        if not fitting:
            return None
        best = max(fitting, key=lambda choice: (choice != ALL, len(choice)))
        self.used.add(best)
        return "keep" if best in self.keep else "take"

    def restores(self, id_: str) -> bool:
        """Whether the generated form is asked for by this very id, conflict or not."""
        self.used |= {id_} & set(self.take)
        return id_ in self.take


def _fits(choice: str, id_: str) -> bool:
    """Whether a choice settles a conflict: a file all of its elements, an element those that are in it."""
    below = ".[" if "#" in choice else "#"  # `Dockerfile` is not meant for `Dockerfile.api`
    return choice in (ALL, id_) or (bool(choice) and id_.startswith(choice) and id_[len(choice)] in below)


@dataclass
class _Round:
    """One regeneration, file by file."""

    known: Mapping[str, LockedFile]
    current: Mapping[str, str]
    choices: _Choices
    files: list[GeneratedFile] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    lock: dict[str, LockedFile] = field(default_factory=dict)

    def result(self) -> Regenerated:
        files, removed = list(self.files), list(self.removed)
        if self.lock:
            files.append(GeneratedFile(path=LOCK_PATH, kind="lock", text=write_lock(self.lock)))
        elif LOCK_PATH in self.current:
            removed.append(LOCK_PATH)
        choices = dict.fromkeys((*self.choices.keep, *self.choices.take))
        return Regenerated(
            files=tuple(files),
            removed=tuple(removed),
            kept=tuple(self.kept),
            conflicts=tuple(self.conflicts),
            dropped=tuple(self.dropped),
            unused=tuple(choice for choice in choices if choice not in self.choices.used),
        )

    def file(self, file: GeneratedFile) -> None:
        """One file that is generated."""
        base = self._base(file)
        text = self.current.get(file.path)
        new = named(split(file.kind, file.text), base)
        if text is None and base is None:
            self._write(file, file.text, new)
        elif text is None and base is not None:
            self._gone(file, base, new)
        elif text is not None:
            self._present(file, base, text, new)

    def _base(self, file: GeneratedFile) -> Locked | None:
        entry = self.known.get(file.path)
        return entry.root if entry is not None and entry.kind == file.kind else None

    def _present(self, file: GeneratedFile, base: Locked | None, text: str, new: Block) -> None:
        foreign = file.path not in self.known and not is_ours(text) and file.kind != "contributing"
        if text == file.text:
            self._write(file, text, new)
        elif foreign:
            self._whole(file, text, 1, "was not written by cicd-defs, and is to be generated now", new)
        else:
            self._merged(file, base, text, new)

    def _gone(self, file: GeneratedFile, base: Locked, new: Block) -> None:
        """A file of ours that was deleted by hand."""
        if self.choices.restores(file.path):
            self._write(file, file.text, new)
        elif likeness(base) != likeness(locked_file(file.kind, new).root):
            self._whole(file, None, None, "was deleted by hand, and is generated in another form now", new)
        else:
            detail = f"it is generated, and was deleted by hand; `--take {file.path}` brings it back"
            self.kept.append(Kept(file=file.path, element="", what="deleted", detail=detail))
            self.lock[file.path] = locked_file(file.kind, new)

    def _merged(self, file: GeneratedFile, base: Locked | None, text: str, new: Block) -> None:
        frame = Frame.of(text)
        try:
            ours = named(split(file.kind, frame.inner(text)), base, locked(new))
        except Unsplittable as error:
            told = f"cannot be brought up to date: line {error.line}: {error.problem}"
            self._whole(file, text, error.line, told, new)
            return
        merge = Merge(file.path, self.choices.of, self.choices.restores)
        theirs = named(split(file.kind, frame.broken(file.text)), base)
        merged = _set_apart(merge.root(base, ours, theirs), ours)
        if merge.conflicts:
            self._stop(file, text, merge.conflicts)
            return
        final = frame.outer(join(merged))
        if not _reads_as(file.kind, frame.inner(final), merged):
            self._whole(
                file, text, None, "cannot be brought up to date: the changes do not fit together", new
            )
            return
        self.kept += merge.kept
        self.dropped += merge.dropped
        self._write(file, final, new)

    def _whole(self, file: GeneratedFile, text: str | None, line: int | None, what: str, new: Block) -> None:
        """A conflict about a whole file, unless it is settled."""
        side = self.choices.of(file.path)
        if side == "take":
            self._write(file, file.text, new)
        elif side == "keep":
            self.lock[file.path] = locked_file(file.kind, new)
            if text is not None:
                self._write(file, text, new)
        else:
            self._stop(file, text, [_whole_conflict(file.path, text, line, file.text, what)])

    def _write(self, file: GeneratedFile, text: str, new: Block) -> None:
        self.files.append(GeneratedFile(path=file.path, kind=file.kind, text=text))
        self.lock[file.path] = locked_file(file.kind, new)

    def _stop(self, file: GeneratedFile, text: str | None, conflicts: Sequence[Conflict]) -> None:
        """Leave a file, and what the lock has of it, as they are."""
        self.conflicts += conflicts
        if text is not None:
            self.files.append(GeneratedFile(path=file.path, kind=file.kind, text=text))
        if file.path in self.known:
            self.lock[file.path] = self.known[file.path]

    def unwanted(self, path: str, entry: LockedFile) -> None:
        """A file that was generated once and is not any more: removed, unless people changed it."""
        text = self.current.get(path)
        if text is None:
            return
        if _is_pristine(entry, text):
            self._remove(path, entry, text)
            return
        side = self.choices.of(path)
        if side == "take":
            self._remove(path, entry, text)
        elif side is None:
            self.conflicts.append(
                _whole_conflict(path, text, 1, "", "was changed by hand, and is no longer generated")
            )
            self.lock[path] = entry

    def _remove(self, path: str, entry: LockedFile, text: str) -> None:
        """Take a file away; of a text that is people's own only our section, if it can be told apart."""
        try:
            rest = _around(entry.kind, text)
        except Unsplittable as error:
            detail = f"line {error.line}: {error.problem}; take out by hand what is not to stay"
            self.kept.append(Kept(file=path, element="", what="edited", detail=detail))
            rest = text
        if _says_something(rest):
            self.files.append(GeneratedFile(path=path, kind="contributing", text=rest))
        else:
            self.removed.append(path)


def _whole_conflict(path: str, text: str | None, line: int | None, generated: str, what: str) -> Conflict:
    return Conflict(
        file=path,
        element="",
        line=line,
        current=text or "",
        generated=generated,
        message=message_of(path, line, "", what),
    )


def _reads_as(kind: str, text: str, merged: Block) -> bool:
    """Whether the text has the very elements that were put together."""
    try:
        return _outline(split(kind, text)) == _outline(merged)
    except Unsplittable:
        return False


def _outline(block: Block) -> list[object]:
    return [(child.stem, _outline(child)) for child in block.children]


def _is_pristine(entry: LockedFile, text: str) -> bool:
    """Whether a file is as it was generated, moved pins aside."""
    frame = Frame.of(text)
    try:
        root = named(split(entry.kind, frame.inner(text)), entry.root)
    except Unsplittable:
        return False
    if [child.name for child in root.children] != list(entry.root.children):
        return False
    loose = root.tail.strip() and entry.kind != "contributing"
    return not loose and not any(is_edited(entry.root.children[child.name], child) for child in root.children)


def _set_apart(merged: Block, before: Block) -> Block:
    """A blank line in front of a section that is new in a text of people's own."""
    new = merged.children and not before.children and merged.head
    return replace(merged, head=f"{merged.head}\n") if new and not merged.head.endswith("\n\n") else merged


def _says_something(rest: str) -> bool:
    """Whether there is more than a title."""
    lines = [line for line in rest.splitlines() if line.strip()]
    return len(lines) > 1 or (bool(lines) and not lines[0].startswith("# "))


def _around(kind: str, text: str) -> str:
    """What is people's own of a text that has a section of ours."""
    if kind != "contributing":
        return ""
    root = split(kind, text)
    return root.head + root.tail
