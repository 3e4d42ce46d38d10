"""Places in text: lines, columns, YAML nodes, and the characters of scripts."""

import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.scalar_map import places_in
from cicd_defs.facts.source import LARGEST, Source, UnreadableSource
from cicd_defs.facts.yaml_nodes import Mapping, Scalar, Sequence, UnreadableYaml, read_yaml, scalars, walk

TEXTS = st.text(alphabet=string.ascii_letters + " :#|>-'\"\\${}äß→\t", min_size=1, max_size=40)


def only(text: str) -> tuple[Source, Scalar]:
    source = Source("x.yml", text)
    root = read_yaml(source)
    assert isinstance(root, Mapping)
    node = root.get("a")
    assert isinstance(node, Scalar)
    return source, node


def test_lines_and_columns_count_from_one_whatever_ends_a_line():
    source = Source("x", "one\r\ntwo\nthree\rfour")
    assert [source.position(source.text.index(word)) for word in ("one", "two", "three", "four")] == [
        (1, 1),
        (2, 1),
        (3, 1),
        (4, 1),
    ]
    assert source.line_text(2) == "two"
    assert source.newline == "\r\n"


def test_a_bom_is_no_column():
    source, node = only("\ufeffa: b")
    assert source.position(node.start) == (1, 4)
    assert source.text[node.start : node.end] == "b"


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        pytest.param(b"a: 1\nb: \xff\n", 2, "byte 8 is not UTF-8", id="broken UTF-8"),
        pytest.param(b"a: 1\nb: \0\n", 2, "NUL", id="binary"),
        pytest.param(b"x" * (LARGEST + 1), 1, "more than", id="too large"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(data, line, reason):
    with pytest.raises(UnreadableSource, match=reason) as problem:
        Source.of("x.yml", data)
    assert problem.value.line == line


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 5_000,
        "- " * 100_000,
        "? " * 20_000,
        "a: *missing",
        "a: [1, 2",
        "a: 'open",
        "\t- a",
        "a: b: c",
    ],
    ids=lambda text: text[:8],
)
def test_what_is_no_yaml_for_us_is_told_with_its_place(text):
    with pytest.raises(UnreadableYaml) as problem:
        read_yaml(Source("x.yml", text))
    assert 0 <= problem.value.offset <= len(text)


def test_a_bomb_of_aliases_costs_no_more_than_its_length():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60)]
    root = read_yaml(Source("x.yml", "\n".join(lines)))
    assert sum(1 for _ in walk(root)) < 2_000


def test_repeated_keys_comments_anchors_and_tags_survive():
    source = Source("x.yml", "a: &x !!str one # why\na: two\nb: *x\n? [c]\n: d\n")
    root = read_yaml(source)
    assert isinstance(root, Mapping)
    assert [(key.text, node.text) for key, node in root.pairs if isinstance(node, Scalar)] == [
        ("a", "one"),
        ("a", "two"),
        ("b", "one"),
    ]
    assert root.text("a") == "one"
    first = root.scalar("a")
    assert first is not None
    assert first.aliased
    assert source.text[first.start : first.end] == "one"


def test_a_block_ends_with_its_last_line_and_not_with_what_follows():
    source = Source("x.yml", "a:\n  - b: |\n      one\n      two\n\n    # about the next\n  - c\nd: e\n")
    root = read_yaml(source)
    assert isinstance(root, Mapping)
    listed = root.sequence("a")
    assert isinstance(listed, Sequence)
    first = listed.items[0]
    assert source.text[first.start : first.end] == "b: |\n      one\n      two"
    assert source.text[listed.end - 1] == "c"


def written(text: str) -> dict[str, str]:
    """A text in every way that YAML can hold it."""
    lines = text.split("\n")
    ways = {
        "double": yaml.safe_dump({"a": text}, default_style='"', allow_unicode=True, width=30),
        "single": yaml.safe_dump({"a": text}, default_style="'", allow_unicode=True, width=30),
        "plain": yaml.safe_dump({"a": text}, allow_unicode=True, width=30),
        "folded": yaml.safe_dump({"a": text}, default_style=">", allow_unicode=True, width=30),
    }
    if not text.startswith((" ", "\t")) and "\r" not in text:
        ways["literal"] = "a: |\n" + "\n".join(f"  {line}" for line in lines) + "\n"
        ways["literal, CRLF"] = ways["literal"].replace("\n", "\r\n")
    return ways


@given(text=st.lists(TEXTS, min_size=1, max_size=4).map("\n".join))
def test_each_character_of_a_text_has_its_place_in_the_file(text):
    for way, document in written(text).items():
        source, node = only(document)
        places = places_in(source, node)
        assert places is not None, way
        assert len(places) == len(node.text) + 1
        assert places == sorted(places), way
        for at, mark in enumerate(node.text):
            here = source.text[places[at]]
            assert here in {mark, "\\"} or mark.isspace(), (way, at)


def test_every_scalar_of_a_file_is_walked_once():
    root = read_yaml(Source("x.yml", "a: [1, 2, {b: 3}]\nc: 4\n"))
    assert sorted(node.text for node in scalars(root)) == ["1", "2", "3", "4"]
