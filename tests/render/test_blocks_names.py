import pytest

from cicd_defs.render import blocks_names
from cicd_defs.render.blocks import Block
from cicd_defs.render.blocks_names import named, woven
from cicd_defs.render.lock import Locked


@pytest.mark.parametrize(
    ("skeleton", "others", "expected"),
    [
        pytest.param("ab", "axyb", "axyb", id="behind-its-sibling"),
        pytest.param("ab", "xyb", "axyb", id="in-front-of-what-followed"),
        pytest.param("ab", "xy", "abxy", id="nothing-in-common"),
        pytest.param("", "xy", "xy", id="no-skeleton"),
        pytest.param("ba", "axby", "byax", id="another-order"),
        pytest.param("ab", "-x-b-y", "axby", id="what-is-not-kept-is-left-out"),
    ],
)
def test_what_only_others_have_stands_where_it_stood_there(skeleton, others, expected):
    assert "".join(woven(skeleton, others, set("abxy"))) == expected


def test_elements_alike_get_numbers_that_nobody_has():
    blocks = Block(
        "", children=tuple(Block(stem, head=f"{at}") for at, stem in enumerate(["a", "a~2", "a", "a"]))
    )
    assert [child.name for child in named(blocks, None).children] == ["a", "a~2~2", "a~2", "a~3"]


def test_a_name_that_was_given_once_is_not_given_to_another():
    known = Locked("", children={"a": Locked("x"), "a~7": Locked("y")})
    found = named(
        Block("", children=(Block("a", head="1"), Block("a", head="2"), Block("a", head="3"))), known
    )
    assert [child.name for child in found.children] == ["a", "a~7", "a~2"]


def test_very_many_elements_alike_are_told_apart():
    many = Block("", children=tuple(Block("a", head="a:\n") for _ in range(50_000)))
    names = [child.name for child in named(many, None).children]
    assert names[:2] + names[-1:] == ["a", "a~2", "a~50000"]
    assert woven(["z"], ["z", *names], {"z", *names}) == ["z", *names]


def test_too_many_pairs_are_not_compared_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(blocks_names, "MOST_PAIRS", 3)
    known = Locked("", children={"a": Locked("x"), "a~2": Locked("y")})
    found = named(Block("", children=(Block("a", head="1"), Block("a", head="2"))), known)
    assert [child.name for child in found.children] == ["a~3", "a~4"]
