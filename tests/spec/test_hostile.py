"""Whatever stands in a project file, it is read as it is, or refused with a `SpecError` at its place."""

import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cicd_defs.spec.keys import declared_keys
from cicd_defs.spec.model import Project
from cicd_defs.spec.read import SpecError, read_project
from tests.spec.samples import FULL, as_file, document, shape

SOURCE = "shop.yaml"


def read_or_refuse(text: str | bytes) -> Project | SpecError:
    """The project, or the refusal; anything else that is raised fails the test."""
    try:
        return read_project(text, SOURCE)
    except SpecError as refusal:
        raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        lines = len(raw.decode("utf-8", "replace").splitlines()) + 1
        for problem in refusal.problems:
            assert 1 <= problem.line <= lines
            assert problem.column >= 1
            assert problem.message
            assert "\n" not in str(problem)
        return refusal


YAML_PIECES = st.sampled_from(
    [
        *(
            "repository",
            "pipeline",
            "components",
            "path",
            "env_vars",
            ": ",
            ":",
            "\n",
            "\n  ",
            "- ",
            "[",
            "]",
            "{",
            "}",
        ),
        *(
            ", ",
            "&a ",
            "*a",
            "!t ",
            "'",
            '"',
            "|\n",
            ">\n",
            "? ",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "#",
            "<<",
            "=",
            "_",
        ),
        *(
            "on",
            "1:30",
            "0x",
            "1e3",
            "~",
            "a/b",
            "\t",
            "\\",
            "\r",
            "\x85",
            "\u2028",
            "é",
            "😀",
            "${{ github.ref }}",
        ),
    ]
)


@given(st.binary(max_size=200))
@example(b"repository: a/b\nbranch: \xc3\x28\n")
def test_any_bytes(data):
    read_or_refuse(data)


@given(st.text(alphabet=st.characters(), max_size=200))
@example("\ud800")
@example('repository: a/b\nbranch: "\\ud800"\n')
def test_any_text(text):
    read_or_refuse(text)


@given(st.lists(YAML_PIECES, max_size=40).map("".join))
def test_any_yaml_like_text(text):
    read_or_refuse(text)
    read_or_refuse(f"repository: a/b\n{text}")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
WORDS = st.sampled_from(sorted({key.name for key in declared_keys().values()})) | st.text(max_size=5)
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4)
)


@given(NESTED, st.sampled_from([True, False, None]))
def test_any_nested_values(values, flow):
    read_or_refuse(yaml.safe_dump(values, default_flow_style=flow, allow_unicode=True))


@given(st.sampled_from(list(declared_keys().values())), NESTED)
def test_any_value_in_any_key(key, value):
    read_or_refuse(yaml.safe_dump(document(key, value), allow_unicode=True, sort_keys=False))


@given(st.integers(0, len(FULL)), st.integers(0, 4), YAML_PIECES)
def test_any_slip_of_the_hand(position, gone, piece):
    read_or_refuse(FULL[:position] + piece + FULL[position + gone :])


HOSTILE = st.sampled_from(
    [
        *(
            "${{ github.token }}",
            "a\npermissions: write-all",
            "a: b",
            "- a",
            "'",
            '"',
            "'; rm -rf /; '",
            "$(id)",
            "`id`",
        ),
        *(
            "*a",
            "&a",
            "!t",
            "{{ x }}",
            "{% x %}",
            "on",
            "no",
            "1:30",
            "3.10",
            "~",
            "null",
            "",
            " ",
            "#",
            "a #b",
            "%",
            "@",
        ),
        *(
            "-rf",
            "--x=y",
            "../x",
            "/etc/passwd",
            ".git/hooks",
            "a\\b",
            "\0",
            "\x1b[31m",
            "\x85",
            "\u2028",
            "\u202e",
            "=x",
        ),
        *(
            "é",
            "日本",
            "😀",
            "a" * 300,
            "::set-output name=x::y",
            "::add-mask::x",
            "EOF",
            "a\tb",
            "a\r\nb",
            "\ufeff",
        ),
    ]
)
LITERALS = [key for key in declared_keys().values() if {form.kind for form in key.forms} == {"literal"}]
PLACEHOLDER = "PLACEHOLDER"


def leaves(value: Any) -> Iterator[Any]:
    """Every text in a value, keys of tables too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def places(key: Any) -> Iterator[Any]:
    """The values, with a placeholder, that put a text wherever a key takes one."""
    kind = shape(key.field.annotation)
    if kind == "table":
        value = get_args(key.field.annotation)[1]
        if get_origin(value) is Literal:
            yield {PLACEHOLDER: get_args(value)[0]}
            return
        lists = shape(value) == "list"
        yield {PLACEHOLDER: ["@acme/owners"] if lists else "x"}
        yield {"deployment/x" if key.name == "set_image" else "X": [PLACEHOLDER] if lists else PLACEHOLDER}
    else:
        yield [PLACEHOLDER] if kind == "list" else PLACEHOLDER


CASES = [(key, place) for key in LITERALS for place in places(key)]


@given(case=st.sampled_from(CASES), text=HOSTILE | st.text(max_size=20), block=st.booleans())
def test_text_in_a_literal_key_stays_as_it_is_or_is_refused_there(case, text, block):
    key, place = case
    laid_out = as_file(document(key, place))
    line = next(number for number, row in enumerate(laid_out.splitlines(), 1) if PLACEHOLDER in row)
    read = read_or_refuse(laid_out.replace(f'"{PLACEHOLDER}"', json.dumps(text, ensure_ascii=block)))
    if isinstance(read, SpecError):
        assert any(problem.line == line for problem in read.problems), read
        return
    assert text in list(leaves(read.model_dump())) or text.removesuffix("/") in list(
        leaves(read.model_dump())
    )
    assert "${{" not in text
    assert Project.model_validate_json(read.model_dump_json()) == read


@pytest.mark.parametrize(("key", "place"), CASES, ids=lambda part: getattr(part, "path", ""))
def test_every_literal_key_refuses_an_expression_in_its_line(key, place):
    laid_out = as_file(document(key, place))
    line = next(number for number, row in enumerate(laid_out.splitlines(), 1) if PLACEHOLDER in row)
    read = read_or_refuse(laid_out.replace(PLACEHOLDER, "${{ github.token }}"))
    assert isinstance(read, SpecError)
    assert [problem.line for problem in read.problems] == [line]
    assert "holds an expression" in read.problems[0].message


@given(text=st.text(max_size=30))
def test_a_command_stays_as_written_or_is_refused(text):
    key = declared_keys()["pipeline.components.test_cmd"]
    read = read_or_refuse(as_file(document(key, text)))
    if isinstance(read, Project):
        assert read.pipeline.components[0].test_cmd == text
        assert "${{" not in text
        assert "\r" not in text
