"""What becomes of one file: what was generated last, what people made of it, and what is generated now, compared.

Each element is looked at by itself. What only one side changed is taken from that side; what both changed in different
ways is a conflict. Pins are compared apart from the rest, since bots move them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import Literal

from cicd_defs.facts.value import Value
from cicd_defs.render.blocks import Block, body, element, join, plain, shifted, shifted_text
from cicd_defs.render.blocks_names import likeness, reordered, woven
from cicd_defs.render.blocks_pins import Pin, filled, find_pin, higher, masked, pins_of
from cicd_defs.render.lock import Locked, digest_of, lead_of, locked

Choice = Literal["keep", "take"]
Names = tuple[str, ...]

FORMER_HEADER = frozenset({"A change made here is lost: change that file and render again."})
"""Lines that the header of our files had before there was a lock: not somebody's comment."""

HEADER_MARK = ("header", "mark")
"""Our own line: without a lock it is known as what an earlier version wrote."""


class Conflict(Value):
    """An element that both people and the generator changed. `line` is its line in the current file.

    `element` is empty where the whole file is meant. It is settled by `file#element`, or by `file`.
    """

    file: str
    element: str
    line: int | None
    current: str
    generated: str
    message: str

    @property
    def id(self) -> str:
        """What settles it, as `keep` and `take` have it."""
        return element_id(self.file, self.element)


class Kept(Value):
    """Something that people or bots did to a generated file, and that stays."""

    file: str
    element: str
    what: Literal["edited", "added", "deleted", "reordered", "bumped"]
    detail: str


def element_id(file: str, element: str) -> str:
    """How an element of a file is named in a choice: `file#element`, or the file where it is all of it."""
    return f"{file}#{element}" if element else file


@dataclass
class Merge:
    """One file's merge. `choose` says what was decided of an element that is in conflict, by its id.

    `restore` says whether the generated form was asked for by that very id, conflict or not.
    """

    file: str
    choose: Callable[[str], Choice | None]
    restore: Callable[[str], bool]
    kept: list[Kept] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    elsewhere: dict[Names, tuple[Block, ...]] = field(default_factory=dict)
    """Elements that people parted by one of their own, and parts that are in that one now: what stands there."""

    def root(self, base: Locked | None, current: Block, new: Block) -> Block:
        """The whole file. What stands outside its elements is people's own."""
        children = self._children((), base, current, new)
        return replace(current, children=children)

    def _element(
        self, names: Names, base: Locked | None, current: Block | None, new: Block | None
    ) -> Block | None:
        """One element that two of the three sides know, or one; None where it is not to be there."""
        if current is not None and new is not None:
            return self._both(names, base, current, new)
        if current is not None:
            return self._only_current(names, base, current)
        if new is not None and base is not None:
            return self._deleted(names, base, new)
        return new

    def _only_current(self, names: Names, base: Locked | None, current: Block) -> Block | None:
        if base is None:
            self._keep(names, "added", "by hand" if "header" not in names else "a comment")
            return current
        if not is_edited(base, current):
            self.dropped.append(element_id(self.file, element(names)))
            return None
        return self._conflict(names, current, None, "was changed by hand, and is no longer generated")

    def _deleted(self, names: Names, base: Locked, new: Block) -> Block | None:
        if self._restores(names):
            return new
        if not is_changed(base, new):
            self._keep(names, "deleted", "it is generated, and was deleted by hand")
            return None
        return self._conflict(names, None, new, "was deleted by hand, and is generated in another form now")

    def _both(self, names: Names, base: Locked | None, current: Block, new: Block) -> Block | None:
        shapes = {bool(current.children), bool(new.children)} | ({bool(base.children)} if base else set())
        if len(shapes) == 1:
            return self._parts(names, base, current, new)
        if self._restores(names) or (base is not None and not is_edited(base, current)):
            return shifted(new, current.column - new.column)
        if base is not None and not is_changed(base, new):
            self._keep(names, "edited", "by hand")
            return current
        if _same(current, new):
            return current
        return self._conflict(
            names, current, new, "was changed by hand, and is generated in another form now"
        )

    def _parts(self, names: Names, base: Locked | None, current: Block, new: Block) -> Block | None:
        """The lines above, the element's own lines, and its parts, each by itself."""
        lead = self._lead(names, base, current, new)
        head = self._head(names, base, current, new)
        if not current.children:
            return replace(current, lead=lead, head=head)
        children = self._children(names, base, current, new)
        if not children:
            return self._conflict(names, current, new, "has no part left when both changes are made")
        return replace(current, lead=lead, head=head, children=children)

    def _children(self, names: Names, base: Locked | None, current: Block, new: Block) -> tuple[Block, ...]:
        if current.tail.strip() and plain(current.tail, 0) != plain(new.tail, 0):
            self._keep(names, "added", "the lines behind its last part")
        known = dict(base.children) if base else {}
        ours = {child.name: child for child in current.children}
        theirs = {child.name: child for child in new.children}
        by = _column(current) - _column(new) if ours else 0
        self._parted(names, known, ours, theirs)
        merged = {}
        for name in dict.fromkeys((*ours, *theirs, *known)):
            if base is None and name in ours and name not in theirs and _is_former(ours[name]):
                continue
            moved = shifted(theirs[name], by) if name in theirs and name not in ours else theirs.get(name)
            block = self._element((*names, name), known.get(name), ours.get(name), moved)
            if block is not None:
                merged[name] = block
        by_hand = self._ordered_by_hand(names, base, ours, theirs)
        first, second = (ours, theirs) if by_hand else (theirs, ours)
        order = woven(list(first), list(second), merged)
        if by_hand and reordered(ours, theirs):
            merged = {name: _spaced_as(ours.get(name), block) for name, block in merged.items()}
        return tuple(merged[name] for name in order)

    def _parted(
        self,
        names: Names,
        known: Mapping[str, Locked],
        ours: Mapping[str, Block],
        theirs: Mapping[str, Block],
    ) -> None:
        """Note what people put into the middle of an element, such as a stage: it has the rest of that one's parts."""
        for name, run in _runs(ours, {*known, *theirs}):
            missing = _missing(known.get(name) or locked(theirs[name]), ours[name])
            holding = [at for at, block in enumerate(run) if _held(missing, block)]
            if holding:
                self.elsewhere[(*names, name)] = tuple(run[: holding[-1] + 1])
            for at in holding:
                self.elsewhere.update({(*names, name, part): (run[at],) for part in _held(missing, run[at])})

    def _ordered_by_hand(
        self, names: Names, base: Locked | None, ours: Mapping[str, Block], theirs: Mapping[str, Block]
    ) -> bool:
        """Whether the order is people's: they changed it, or nobody knows how it was."""
        by_hand = base is None or reordered(base.children, ours)
        generated = base is not None and reordered(base.children, theirs)
        if by_hand and generated and reordered(ours, theirs):
            side = self._choose(names)
            if side is None:
                self._order_conflict(names, ours, theirs)
            generated = side == "take"
            by_hand = not generated
        if not by_hand or base is None or not reordered(ours, theirs):
            return by_hand
        if self._restores(names):
            return False
        self._keep(names, "reordered", "by hand")
        return True

    def _order_conflict(self, names: Names, ours: Mapping[str, Block], theirs: Mapping[str, Block]) -> None:
        first = next(iter(ours.values()))
        self._tell(
            names,
            first.line,
            "".join(f"{name}\n" for name in ours),
            "".join(f"{name}\n" for name in theirs),
            "was reordered by hand, and is generated in another order now",
        )

    def _lead(self, names: Names, base: Locked | None, current: Block, new: Block) -> str:
        """The blank lines and comments above an element. Blank lines alone are never a conflict."""
        ours, theirs = lead_of(current.lead, current.column), lead_of(new.lead, new.column)
        generated = shifted_text(new.lead, current.column - new.column)
        if ours == theirs or (base is not None and theirs == base.lead):
            if ours != theirs and not (isinstance(ours, int) and isinstance(theirs, int)):
                self._keep(names, "edited", "the lines above it")
            return current.lead
        if (base is not None and ours == base.lead) or (base is None and isinstance(ours, int)):
            return generated if isinstance(theirs, str) or base is not None else current.lead
        if isinstance(theirs, int):
            if isinstance(ours, str):
                self._keep(names, "edited", "the lines above it")
            return current.lead
        return self._text_conflict(
            names, current, current.lead, generated, "has other lines above it by hand than are generated now"
        )

    def _head(self, names: Names, base: Locked | None, current: Block, new: Block) -> str:
        generated = shifted_text(new.head, current.column - new.column)
        ours, theirs = digest_of(current), digest_of(new)
        if ours == theirs or (base is not None and ours == base.digest):
            pinned = self._pinned(names, base, current.head, generated)
            return current.head if plain(pinned, 0) == plain(current.head, 0) else pinned
        if self._restores(names) or (base is None and names == HEADER_MARK):
            return generated
        if base is not None and theirs == base.digest:
            self._keep(names, "edited", "by hand")
            return current.head
        return self._text_conflict(
            names,
            current,
            current.head,
            generated,
            "was changed by hand, and is generated in another form now",
        )

    def _text_conflict(self, names: Names, current: Block, ours: str, generated: str, what: str) -> str:
        side = self._choose(names)
        if side == "take":
            return generated
        if side is None:
            self._tell(names, current.line, ours, generated, what)
        return ours

    def _pinned(self, names: Names, base: Locked | None, current: str, new: str) -> str:
        """The generated text, with the pins that a bot moved."""
        ours = pins_of(current)

        def choose(position: int, pin: Pin) -> Pin:
            present = find_pin(ours, pin.of, position)
            before = find_pin(base.pins, pin.of, position) if base else None
            return pin if present is None else self._pin(names, before, present, pin)

        return filled(new, choose)

    def _pin(self, names: Names, before: Pin | None, present: Pin, new: Pin) -> Pin:
        if present in (new, before):
            return new
        if new == before:
            self._keep(names, "bumped", f"{present} in place of {new.to}")
            return present
        best = higher(present, new) or present
        told = f"{present} is higher than the generated {new.to}"
        if higher(present, new) is None:
            told = f"{present}, which does not compare with the generated {new.to}"
        if best == present:
            self._keep(names, "bumped", told)
        else:
            self._keep(names, "bumped", f"{new} is generated, and higher than {present.to}")
        return best

    def _conflict(self, names: Names, current: Block | None, new: Block | None, what: str) -> Block | None:
        """An element that is kept or taken as a whole."""
        side = self._choose(names)
        if side is None:
            added = self.elsewhere.get(names, ())
            present = (*((current,) if current else ()), *added)
            line = present[0].line if present else None
            now = "".join(map(join, present))
            self._tell(names, line, now, join(new) if new else "", what + _holder(added))
        if side == "take":
            return shifted(new, current.column - new.column) if new and current else new
        return current

    def _choose(self, names: Names) -> Choice | None:
        return self.choose(element_id(self.file, element(names)))

    def _restores(self, names: Names) -> bool:
        return self.restore(element_id(self.file, element(names)))

    def _keep(
        self,
        names: Names,
        what: Literal["edited", "added", "deleted", "reordered", "bumped"],
        detail: str,
    ) -> None:
        self.kept.append(Kept(file=self.file, element=element(names), what=what, detail=detail))

    def _tell(self, names: Names, line: int | None, current: str, generated: str, what: str) -> None:
        told = element(names)
        self.conflicts.append(
            Conflict(
                file=self.file,
                element=told,
                line=line,
                current=current,
                generated=generated,
                message=message_of(self.file, line, told, what),
            )
        )


def message_of(file: str, line: int | None, told: str, what: str) -> str:
    """Where a conflict is, what it is, and what to do next."""
    place = f"{file}:{line}" if line else file
    subject = f"`{told}`" if told else "the file"
    chosen = quote(element_id(file, told))
    ways = f"Settle it with `--keep {chosen}` (what is there now) or `--take {chosen}` (what is generated)."
    return f"{place}: {subject} {what}. {ways}"


def is_edited(base: Locked, current: Block) -> bool:
    """Whether people changed an element or what stands above it. Moved pins and blank lines are no edit."""
    lead = lead_of(current.lead, current.column)
    if (isinstance(lead, str) and lead != base.lead) or current.tail.strip():
        return True
    if digest_of(current) != base.digest or [child.name for child in current.children] != list(base.children):
        return True
    return any(is_edited(base.children[child.name], child) for child in current.children)


def is_changed(base: Locked, new: Block) -> bool:
    """Whether an element is generated in another form than before. Pins and what stands above do not count."""
    return likeness(locked(new)) != likeness(base)


def _runs(ours: Mapping[str, Block], generated: Collection[str]) -> Iterator[tuple[str, list[Block]]]:
    """Each element that is or was generated, with those that people put in right behind it."""
    owner, run = "", list[Block]()
    for name, block in ours.items():
        if name in generated:
            yield from [(owner, run)] if owner and run else []
            owner, run = name, []
        else:
            run.append(block)
    yield from [(owner, run)] if owner and run else []


def _missing(base: Locked, current: Block) -> dict[str, Locked]:
    """The parts that an element was generated with, and that people's has no more."""
    present = {child.name for child in current.children}
    return {name: part for name, part in base.children.items() if name not in present}


def _held(missing: Mapping[str, Locked], block: Block) -> list[str]:
    """Which of the missing parts a block has: called so, or with the same lines."""
    names = {child.name for child in block.children}
    alike = {likeness(locked(child)) for child in block.children}
    return [name for name, part in missing.items() if name in names or likeness(part) in alike]


def _holder(added: Sequence[Block]) -> str:
    """What a conflict says of the elements of people's own that stand where its parts stood."""
    told = ", ".join(f"`{element((block.name,))}`" for block in added)
    return f"; what it had is in {told} now, put in by hand, and stays there either way" if told else ""


def _same(current: Block, new: Block) -> bool:
    return masked(plain(body(current), current.column)) == masked(plain(body(new), new.column))


def _column(block: Block) -> int:
    return next((child.column for child in block.children if child.stem != "header"), 0)


def _spaced_as(current: Block | None, block: Block) -> Block:
    """Blank lines belong to places: in people's order they stay as they are."""
    return block if current is None or block.lead.strip() else replace(block, lead=current.lead)


def _is_former(block: Block) -> bool:
    return block.head.strip("# \r\n") in FORMER_HEADER
