import pytest

from cicd_defs.render.markdown import code, fenced, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a b", "`a b`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a``", "``` a`` ```"), ("a\n b", "`a b`")],
)
def test_code_in_a_line(text, expected):
    assert code(text) == expected


@pytest.mark.parametrize(
    ("text", "fence"), [("a", "```"), ("``", "```"), ("```", "````"), ("a\n`````\n", "``````")]
)
def test_a_fence_is_longer_than_what_is_inside(text, fence):
    assert fenced(text, "bash") == f"{fence}bash\n{text}\n{fence}"


def test_a_table_is_aligned_and_its_cells_stay_in_their_columns():
    assert (
        table(("A", "Long head"), ("x|y", "z"))
        == "| A    | Long head |\n| ---- | --------- |\n| x\\|y | z         |"
    )
