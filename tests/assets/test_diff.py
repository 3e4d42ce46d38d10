import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.diff import MOST_ROWS, WIDTH, rows_of, side_by_side

LINES = st.lists(st.sampled_from(["a", "b", "c", ""])).map(lambda lines: "".join(f"{one}\n" for one in lines))


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ("a\n", "a\n", []),
        ("", "a\n", [("", "", "+", "1", "a")]),
        ("a\n", "", [("1", "a", "-", "", "")]),
        ("a\nb\n", "a\nc\n", [("1", "a", "", "1", "a"), ("2", "b", "~", "2", "c")]),
        ("a\n", "b\nc\n", [("1", "a", "~", "1", "b"), ("", "", "+", "2", "c")]),
    ],
)
def test_rows(before, after, rows):
    assert list(rows_of(before, after)) == rows


def test_what_lies_between_changes_far_apart_is_left_out():
    before = [str(number) for number in range(40)]
    after = ["x", *before[1:39], "y"]
    rows = list(rows_of("\n".join(before), "\n".join(after)))
    assert ("", "⋯", "", "", "⋯") in rows
    assert len(rows) == 4 + 1 + 4


@given(LINES, LINES)
def test_every_changed_line_is_shown_on_its_side(before, after):
    rows = list(rows_of(before, after))
    gone = [text for line, text, sign, _, _ in rows if line and sign in {"-", "~"}]
    come = [text for _, _, sign, line, text in rows if line and sign in {"+", "~"}]
    left, right = before.splitlines(), after.splitlines()
    assert len(left) - len(gone) == len(right) - len(come)
    for line, text, *_ in rows:
        assert not line or left[int(line) - 1] == text


def test_both_sides_stand_beside_each_other_with_their_indentation():
    shown = side_by_side("a:\n  b: 1\n", "a:\n  b: 2\n").md_str.splitlines()
    assert shown[0] == "```"
    assert "in the repository" in shown[1]
    assert shown[3].split() == ["2", "b:", "1", "~", "2", "b:", "2"]
    assert shown[3].startswith("   2   b: 1 ")
    assert shown[3].endswith("    2   b: 2")


def test_a_long_line_goes_on_below():
    shown = side_by_side("", "x" * (2 * WIDTH + 1)).md_str
    assert shown.count("x") == 2 * WIDTH + 1
    assert max(map(len, shown.splitlines())) <= 2 * WIDTH + 15


def test_of_a_very_long_file_the_first_lines_are_shown():
    assert "... 5 more lines" in side_by_side(None, "x\n" * (MOST_ROWS + 5)).md_str


def test_where_nothing_changes_that_is_said():
    assert "nothing changes" in side_by_side("a\n", "a\n").md_str
