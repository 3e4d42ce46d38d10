"""Names of elements, texts as they are compared, and texts that are moved to the side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.render.blocks import element, lines_of, names_of, plain, shifted_text, stem_of
from cicd_defs.render.blocks_names import reordered, woven

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("jobs", "test", "steps", "lint"), "jobs.test.steps.lint"),
        (("repos", "https://a.b/c", "hooks"), "repos[https://a.b/c].hooks"),
        ((".PHONY: help",), "[.PHONY: help]"),
        (("a[0]%", ""), "[a%5B0%5D%25][]"),
        ((), ""),
    ],
)
def test_elements_are_told_by_their_names(names, told):
    assert element(names) == told
    assert names_of(told) == names


@given(st.lists(NAMES, max_size=5).map(tuple))
def test_names_come_back_from_what_is_told(names):
    assert names_of(element(names)) == names


@given(st.text(st.sampled_from("ab \n\r\x85\u2028\u2029\x0b\x0c\x1c"), max_size=30))
def test_lines_hold_every_character(text):
    assert "".join(lines_of(text)) == text


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("  a:\n    b\n", 2, "a:\n  b\n"),
        ("  a:\r\n\r\n    b", 2, "a:\n\n  b\n"),
        ("  a:\n b\n", 2, "a:\n b\n"),
    ],
)
def test_texts_are_compared_without_indentation_and_line_breaks(text, column, expected):
    assert plain(text, column) == expected


@given(st.integers(1, 6))
def test_what_was_moved_can_be_moved_back(by):
    text = "  a: |\n    b\n\n   c\n"
    assert shifted_text(shifted_text(text, by), -by) == text


def test_long_texts_have_short_names():
    long = "x " * 200
    assert len(stem_of(long)) < 60
    assert stem_of(long) != stem_of(long + "y")
    assert stem_of("a\n  b") == "a b"


@pytest.mark.parametrize(
    ("skeleton", "others", "kept", "expected"),
    [
        ("abc", "axbc", "abcx", "axbc"),
        ("abc", "xabcy", "abcxy", "xabcy"),
        ("cba", "axybc", "abcxy", "cbaxy"),
        ("abc", "abxc", "acx", "axc"),
        ("", "ab", "ab", "ab"),
    ],
)
def test_what_one_side_added_stays_behind_its_sibling(skeleton, others, kept, expected):
    assert "".join(woven(skeleton, others, kept)) == expected


def test_only_what_both_have_can_be_reordered():
    assert not reordered("abc", "axc")
    assert reordered("abc", "cxa")
