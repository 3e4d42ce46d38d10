import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cicd_defs.facts.patterns import _Pattern, regex

ROOT = Path(__file__).parents[2]
USERS = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for room in ("facts", "judge")
    for path in sorted((ROOT / "cicd_defs" / room).rglob("*.py"))
    if "patterns import regex" in path.read_text()
]


def patterns_in(held: object) -> Iterator[_Pattern]:
    if isinstance(held, _Pattern):
        yield held
    elif isinstance(held, (tuple, list, frozenset)):
        for one in held:
            yield from patterns_in(one)
    elif isinstance(held, dict):
        yield from patterns_in((*held, *held.values()))


@pytest.mark.parametrize("name", USERS)
def test_every_pattern_is_a_regular_expression(name):
    found = [one for held in vars(importlib.import_module(name)).values() for one in patterns_in(held)]
    assert found
    for one in found:
        assert re.compile(one.pattern, one.flags)


def test_a_pattern_does_what_a_compiled_one_does():
    late, now = regex(r"(?P<a>a+)b", re.IGNORECASE), re.compile(r"(?P<a>a+)b", re.IGNORECASE)
    text = "xAAbaB"
    assert [one.span() for one in late.finditer(text)] == [one.span() for one in now.finditer(text)]
    assert late.search(text, 2).group("a") == now.search(text, 2).group("a") == "A"
    assert late.sub("-", text, 1) == now.sub("-", text, 1) == "x-aB"
    assert (late.match("b"), late.fullmatch("aab").group()) == (None, "aab")
    assert (late.pattern, late.flags, late.groupindex) == (now.pattern, now.flags, now.groupindex)


def test_it_is_compiled_at_the_first_use_and_once():
    late = regex("(")
    assert "_text" in vars(late)
    with pytest.raises(re.error):
        late.match("x")
    good = regex("x")
    assert good.match is good.match
    assert not hasattr(good, "scanner")
