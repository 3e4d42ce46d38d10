"""Which element is which: names that hold from one generation to the next, and the order of elements.

Never by position: elements of the same stem (two `RUN` instructions) are told apart by what they say.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import count

from cicd_defs.render.blocks import Block
from cicd_defs.render.lock import Locked, locked

Likeness = tuple[object, ...]


def named(block: Block, before: Locked | None, other: Locked | None = None) -> Block:
    """The block with a name for each element below: those of `before` where it is the same one, else of `other`."""
    names = _names(block.children, before, other)
    children = (
        replace(named(child, _child(before, name), _child(other, name)), name=name)
        for child, name in zip(block.children, names, strict=True)
    )
    return replace(block, children=tuple(children))


def _child(node: Locked | None, name: str) -> Locked | None:
    return node.children.get(name) if node else None


def _names(blocks: Sequence[Block], before: Locked | None, other: Locked | None) -> list[str]:
    known = dict(before.children) if before else {}
    extra = {name: node for name, node in (other.children if other else {}).items() if name not in known}
    stems = [block.stem for block in blocks]
    if len(set(stems)) == len(stems) and not any("~" in name for name in (*stems, *known, *extra)):
        return stems  # each is one of its kind on every side
    names: dict[int, str] = {}
    for stem in dict.fromkeys(stems):
        positions = [at for at, other in enumerate(stems) if other == stem]
        old, new = _of_stem(known, stem), _of_stem(extra, stem)
        _pair(blocks, positions, old, names)
        _pair(blocks, positions, new, names, only_same=bool(old))
        taken = {*known, *extra, *names.values()}
        for at in positions:
            if at not in names:
                names[at] = _free(stem, taken)
                taken.add(names[at])
    return [names[at] for at in range(len(blocks))]


def _pair(
    blocks: Sequence[Block],
    positions: Sequence[int],
    known: Mapping[str, Locked],
    names: dict[int, str],
    only_same: bool = False,
) -> None:
    """Name those that are the same as a known one, and those that stand where one is missing."""
    left = [at for at in positions if at not in names]
    if len(left) == 1 and len(known) == 1 and not only_same:
        names[left[0]] = next(iter(known))
        return
    ours, theirs = list(known), left
    matcher = SequenceMatcher(
        None, [likeness(known[name]) for name in ours], [likeness(locked(blocks[at])) for at in theirs], False
    )
    for tag, first, last, start, stop in matcher.get_opcodes():
        if tag == "equal" or not only_same:
            names.update(zip(theirs[start:stop], ours[first:last], strict=False))


def likeness(node: Locked) -> Likeness:
    """What makes two elements the same: their lines and parts; not their pins, nor the lines above."""
    return (node.digest, *((name, likeness(child)) for name, child in node.children.items()))


def _of_stem(known: Mapping[str, Locked], stem: str) -> dict[str, Locked]:
    return {name: node for name, node in known.items() if name == stem or _numbered(name, stem)}


def _numbered(name: str, stem: str) -> bool:
    return name.startswith(f"{stem}~") and name[len(stem) + 1 :].isdecimal()


def _free(stem: str, taken: Collection[str]) -> str:
    if stem not in taken:
        return stem
    return next(name for number in count(2) if (name := f"{stem}~{number}") not in taken)


def reordered(before: Iterable[str], after: Iterable[str]) -> bool:
    """Whether what both have stands in another order."""
    first, second = list(before), list(after)
    return [name for name in first if name in set(second)] != [name for name in second if name in set(first)]


def woven(skeleton: Sequence[str], others: Sequence[str], kept: Collection[str]) -> list[str]:
    """The order of `skeleton`, with what only `others` has put behind the sibling that it stood behind there.

    Where all before it are gone, it stands before the one that followed it.
    """
    result = [name for name in skeleton if name in kept]
    present = set(result)
    for position, name in enumerate(others):
        if name in present or name not in kept:
            continue
        before = next((prior for prior in reversed(others[:position]) if prior in present), None)
        behind = next((later for later in others[position + 1 :] if later in present), None)
        if before is not None:
            result.insert(result.index(before) + 1, name)
        else:
            result.insert(len(result) if behind is None else result.index(behind), name)
        present.add(name)
    return result
