"""Expressions of GitHub in a project file: a small grammar, and the contexts that may be used."""

import re
from collections.abc import Iterator
from itertools import pairwise

from pydantic_core import PydanticCustomError

from cicd_defs.spec.problem import shown

GITHUB_PROPERTIES = (
    "actor",
    "base_ref",
    "event_name",
    "head_ref",
    "ref",
    "ref_name",
    "ref_type",
    "repository",
    "repository_owner",
    "run_id",
    "run_number",
    "sha",
    "triggering_actor",
    "workflow",
)
ALLOWED = "github.{" + ",".join(GITHUB_PROPERTIES) + "}, github.event.NAME, vars.NAME"

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)|(?P<value>'(?:[^']|'')*')"
    r"|(?P<operator>&&|\|\||==|!=)|(?P<mark>[()!]))",
    re.ASCII,
)
_CONTEXT = re.compile(
    rf"github\.(?:{'|'.join(GITHUB_PROPERTIES)}|event(?:\.[A-Za-z_][\w-]*)+)|vars\.[A-Za-z_]\w*", re.ASCII
)
_BEGINS_VALUE = {"name", "value", "(", "!"}
_ENDS_VALUE = {"name", "value", ")"}


def check_expression(text: str) -> None:
    """Accept text with expressions `${{ … }}` over the allowed contexts; refuse all else.

    Allowed inside: a context of `ALLOWED`, text in single quotes, `&&`, `||`, `!`, `==`, `!=`, parentheses.
    """
    for expression in _expressions(text):
        _check_one(expression)


def _expressions(text: str) -> Iterator[str]:
    """The insides of each `${{ … }}`. A `}}` within quotes is text."""
    rest = text
    while "${{" in rest:
        rest = rest.split("${{", 1)[1]
        inside = re.match(r"((?:[^'}]|'[^']*'|}(?!}))*)}}", rest)
        if not inside:
            raise _refused(
                "holds a `${{` that is not closed by `}}`", "Close the expression, or leave it out."
            )
        yield inside[1]
        rest = rest[inside.end() :]


def _check_one(expression: str) -> None:
    tokens = ["begin", *_tokens(expression), "end"]
    depth = 0
    for left, right in pairwise(tokens):
        depth += (right == "(") - (right == ")")
        if depth < 0 or not _may_follow(left, right):
            raise _malformed(expression)
    if depth:
        raise _malformed(expression)


def _tokens(expression: str) -> Iterator[str]:
    """The kind of each token. A context that is not allowed is refused."""
    expression = expression.rstrip()
    position = 0
    while position < len(expression):
        token = _TOKEN.match(expression, position)
        if not token:
            raise _malformed(expression)
        name = token["name"]
        if name and not _CONTEXT.fullmatch(name):
            raise _refused(f"uses {shown(name)}, which is not allowed here", f"Allowed are {ALLOWED}.")
        yield token["mark"] or str(token.lastgroup)
        position = token.end()


def _may_follow(left: str, right: str) -> bool:
    if left in _ENDS_VALUE:
        return right in {"operator", ")", "end"}
    return right in _BEGINS_VALUE


def _malformed(expression: str) -> PydanticCustomError:
    return _refused(
        f"holds an expression that cannot be read: {shown(expression.strip())}",
        f"Use {ALLOWED}, 'text', &&, ||, !, ==, != and parentheses.",
    )


def _refused(message: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError("spec", "{message}", {"message": message, "hint": hint})
