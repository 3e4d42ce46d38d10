from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.manifests import read_ini, read_json, read_toml, read_yaml

BOMBS = {
    "toml-keys": "a." * 200_000,
    "toml-depth": "a = " + "[" * 100_000,
    "json-depth": '{"a":' * 100_000,
    "yaml-depth": "[" * 100_000,
    "yaml-aliases": "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghijklmno")),
    "comments": "/*" * 100_000,
    "huge": "a: 1\n" * 200_000,
    "digits": '{"a": ' + "9" * 10_000 + "}",
    "nul": "\x00",
    "surrogate": '{"a": "\\ud800"}',
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_bombs_are_harmless(text):
    for read in (read_toml, read_json, read_ini):
        assert isinstance(read(text), dict)
    read_yaml(text)


@given(st.text())
def test_readers_never_raise(text):
    for read in (read_toml, read_json, read_yaml, read_ini):
        read(text)


def test_aliases_are_not_followed():
    assert read_yaml("a: &x [1]\nb: *x\non: yes\n") == {"a": ["1"], "b": None, "on": "yes"}


def test_comments_and_commas_are_forgiven_outside_strings():
    assert read_json('{"url": "https://a//b", /* x */ "a": [1,], // y\n}') == {
        "url": "https://a//b",
        "a": [1],
    }


def test_ini_joins_continued_lines():
    assert read_ini("[a]\n# c\nx = 1\n  2\ny: 3\n[b]\n") == {"a": {"x": "1\n2", "y": "3"}, "b": {}}
