"""Which parts of a script of JavaScript are strings, templates, comments and patterns; and when nobody can tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.judge.adopted.javascript import Around, is_tagged, part_at, parts


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("a('b', \"c\")", ["string 'b'", 'string "c"'], id="strings"),
        pytest.param(r"a('it\'s // no')", [r"string 'it\'s // no'"], id="an escaped quote"),
        pytest.param(
            "a // it's\n/* `b */ + 'c'", ["comment // it's", "comment /* `b */", "string 'c'"], id="comments"
        ),
        pytest.param("`a ${b} c`", ["template `a ${", "template } c`"], id="a template"),
        pytest.param(
            "`${ {a: '}'} }`", ["template `${", "string '}'", "template }`"], id="braces within a template"
        ),
        pytest.param(
            "`a ${`b`} \\` $ c`", ["template `a ${", "template `b`", "template } \\` $ c`"], id="nested"
        ),
        pytest.param("a = /['\"]/g", ["regular expression /['\"]/g"], id="a pattern"),
        pytest.param(
            "return /[/']/", ["regular expression /[/']/"], id="a pattern behind a word, with a class"
        ),
        pytest.param("a / b / 'c'", ["string 'c'"], id="divisions"),
        pytest.param(
            "a = 1 // 'b'\n/ 'c'", ["comment // 'b'", "string 'c'"], id="a division behind a comment"
        ),
    ],
)
def test_parts_of_a_script(text, told):
    assert [f"{part.around.value} {text[part.start : part.end]}" for part in parts(text) or ()] == told


@pytest.mark.parametrize(
    "text", ["'a\n'", "`a", "`${a`", "`${", "if (a) /'/.test(b)", "} /'/", "/* a", "a = /b\n", "a = /"]
)
def test_nothing_is_told_where_nobody_can_tell(text):
    assert parts(text) is None


@pytest.mark.parametrize(
    ("text", "tagged"),
    [
        ("a`b`", True),
        ("a.b `c`", True),
        ("a()`b`", True),
        ("return `b`", False),
        ("(`b`)", False),
        ("`b`", False),
    ],
)
def test_a_template_with_a_tag(text, tagged):
    [part] = [part for part in parts(text) or () if part.around is Around.TEMPLATE]
    assert is_tagged(text, part) is tagged


@given(st.text(alphabet="ab'\"`/\\${}()[]\n =*", max_size=60))
def test_parts_are_in_order_and_apart(text):
    told = parts(text) or []
    ends = [0]
    for part in told:
        assert ends[-1] <= part.start < part.end <= len(text)
        assert part_at(told, part.start, part.end) == part
        ends.append(part.end)
