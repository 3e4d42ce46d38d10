"""Pins: what is one, what is not, and which of two is higher."""

import pytest

from cicd_defs.render.blocks_pins import Pin, filled, find_pin, higher, masked, pins_of

COMMIT, DIGEST = "3d3c42e5aac5ba805825da76410c181273ba90b1", "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "of", "to"),
    [
        (f"uses: actions/checkout@{COMMIT} # v7.0.1", "actions/checkout", f"{COMMIT} # v7.0.1"),
        (f"- uses: 'a/b/c/d@{COMMIT}' # tag=v1", "a/b/c/d", f"{COMMIT}' # tag=v1"),
        (f"uses: a/b@{COMMIT}  # v2.0.0-rc.1 why", "a/b", f"{COMMIT}  # v2.0.0-rc.1"),
        (f"uses: a/b@{COMMIT} # main", "a/b", COMMIT),
        (f"image: postgres:16-alpine@{DIGEST}", "postgres", f":16-alpine@{DIGEST}"),
        (f"FROM localhost:5000/a/b:1@{DIGEST} AS c", "localhost:5000/a/b", f":1@{DIGEST}"),
        (f"COPY --from=ghcr.io/a/uv@{DIGEST} /uv /", "ghcr.io/a/uv", f"@{DIGEST}"),
        (f'    rev: "{COMMIT}" # frozen: v6.0.0', "rev", f'"{COMMIT}" # frozen: v6.0.0'),
        ("    rev: v6.1.0", "rev", "v6.1.0"),
        (f"    rev: {COMMIT}  # frozen: v6.0.0", "rev", f"{COMMIT}  # frozen: v6.0.0"),
    ],
)
def test_what_is_pinned_to_what(text, of, to):
    assert pins_of(text) == (Pin(of, to),)
    assert masked(text) == text.replace(to, "\0")
    assert filled(text, lambda position, pin: pin) == text


@pytest.mark.parametrize(
    "text",
    [
        "uses: actions/checkout@v7",
        "uses: ./local",
        "image: postgres:16",
        f"run: echo {COMMIT}",
        "FROM python:3.12",
    ],
)
def test_what_is_not_pinned(text):
    assert pins_of(text) == ()
    assert masked(text) == text


@pytest.mark.parametrize(
    ("one", "other", "best"),
    [
        ("x # v7.0.1", "y # v7.0.0", 0),
        ("x # v7.9", "y # v7.10.0", 1),
        ("x # v7", "y # v7.0.0", None),
        ("x # v7.1-rc1", "y # v7.0.0", None),
        ("x", "y # v7.0.0", None),
        (":16-alpine@a", ":17-alpine@b", 1),
        (":16-alpine@a", ":17-slim@b", None),
        (":16@a", ":16@b", None),
        ('"x" # frozen: v6.0.0', '"v6.1.0"', 1),
        ("x # v" + "9" * 40, "y # v7.0.0", None),
    ],
)
def test_the_higher_of_two(one, other, best):
    pins = (Pin("a", one), Pin("a", other))
    assert higher(*pins) == (None if best is None else pins[best])
    assert higher(*reversed(pins)) == (None if best is None else pins[best])


def test_pins_of_the_same_name_are_told_apart_by_their_order():
    pins = (Pin("a", "1"), Pin("b", "2"), Pin("a", "3"))
    assert find_pin(pins, "a", 1) == pins[2]
    assert find_pin(pins, "b", 1) is None


@pytest.mark.parametrize(
    "text", ["a/" * 50_000, "a" * 100_000, "a:1/" * 30_000, "rev: " + "9." * 50_000, "a/b@" * 30_000]
)
def test_no_text_takes_long_to_search(text):
    assert masked(f"{text}@ x@{COMMIT}") == f"{text}@ x@{COMMIT}".replace("9." * 50_000 + "@", "\0@")
