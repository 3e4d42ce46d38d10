"""Which element is which: names that hold from one generation to the next, and the order of elements.

Never by position: elements of the same stem (two `RUN` instructions) are told apart by what they say.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import chain, count

from cicd_defs.render.blocks import Block
from cicd_defs.render.lock import Locked, locked

Likeness = tuple[object, ...]

MOST_PAIRS = 4_000_000
"""So many pairs of elements of one stem are compared. Where there are more, all count as others: nothing is lost."""


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
    places: dict[str, list[int]] = {}
    for at, stem in enumerate(stems):
        places.setdefault(stem, []).append(at)
    olds, news = _by_stem(known), _by_stem(extra)
    names: dict[int, str] = {}
    taken = {*known, *extra}
    for stem, positions in places.items():
        old = olds.get(stem, {})
        _pair(blocks, positions, old, names)
        _pair(blocks, positions, news.get(stem, {}), names, only_same=bool(old))
        free = _free(stem, taken)
        names.update({at: next(free) for at in positions if at not in names})
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
    if len(left) * len(known) > MOST_PAIRS:
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


def _by_stem(known: Mapping[str, Locked]) -> dict[str, dict[str, Locked]]:
    """The known elements by what they may be called: their name, and that without its number."""
    found: dict[str, dict[str, Locked]] = {}
    for name, node in known.items():
        stem, _, number = name.rpartition("~")
        for called in (name, stem) if number.isdecimal() else (name,):
            found.setdefault(called, {})[name] = node
    return found


def _free(stem: str, taken: set[str]) -> Iterator[str]:
    """Names for elements of one stem that are not taken; each is taken as it is given."""
    for name in chain((stem,), (f"{stem}~{number}" for number in count(2))):
        if name not in taken:
            taken.add(name)
            yield name


def reordered(before: Iterable[str], after: Iterable[str]) -> bool:
    """Whether what both have stands in another order."""
    first, second = list(before), list(after)
    in_first, in_second = set(first), set(second)
    return [name for name in first if name in in_second] != [name for name in second if name in in_first]


def woven(skeleton: Sequence[str], others: Sequence[str], kept: Collection[str]) -> list[str]:
    """The order of `skeleton`, with what only `others` has put behind the sibling that it stood behind there.

    Where all before it are gone, it stands before the one that followed it.
    """
    standing = [name for name in skeleton if name in kept]
    present = set(standing)
    in_front: list[str] = []
    behind: dict[str, list[str]] = {}
    run = in_front
    for name in others:
        if name in present:
            run = behind.setdefault(name, [])
        elif name in kept:
            run.append(name)
    follower = next(iter(behind), None)
    result = []
    for name in standing:
        result += [*(in_front if name == follower else ()), name, *behind.get(name, ())]
    return result if follower is not None else result + in_front
