"""What pydantic found, said in words, at its place in the file."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from cicd_defs.spec.keys import Key, closest, declared_keys, key_at, names_below
from cicd_defs.spec.problem import Place, Problem, quoted, short, shown
from cicd_defs.spec.strict import Mistake
from cicd_defs.spec.tree import Listing, Node, Scalar, Table

Loc = tuple[str | int, ...]
Words = tuple[str, str]

_CREDENTIALS = re.compile("://[^/]*@")


def problems_of(error: ValidationError, root: Node, source: str) -> Iterator[Problem]:
    """Each thing that pydantic refused, as a problem of the file; not what was told of the tree already."""
    for detail in error.errors(include_url=False):
        loc: Loc = detail["loc"]
        context = detail.get("ctx", {})
        if loc == ("name",):
            continue  # told with the file's name
        if detail["type"] == "mistakes":
            yield from _mistakes(context["mistakes"], loc, root, source)
            continue
        node, place = _found(root, loc, at_key=detail["type"] == "extra_forbidden" or "[key]" in loc)
        if _told_already(detail["type"], node):
            continue
        message, hint = _words(detail["type"], loc, node, {**context, "msg": detail["msg"]})
        yield Problem(source, *place, message, hint)


def _told_already(kind: str, node: Node) -> bool:
    """A broken node, or a list that is only too short because its entries were refused."""
    if isinstance(node, Listing):
        return kind == "too_short" and bool(node.items)
    return isinstance(node, Scalar) and node.broken


def _mistakes(mistakes: tuple[Mistake, ...], loc: Loc, root: Node, source: str) -> Iterator[Problem]:
    for mistake in mistakes:
        node, place = _found(root, loc + mistake.at)
        if not (isinstance(node, Scalar) and node.broken):
            yield Problem(source, *place, f"{_path(loc + mistake.at)}: {mistake.message}", mistake.hint)


def _found(root: Node, loc: Loc, *, at_key: bool = False) -> tuple[Node, Place]:
    """The innermost node on the way, and its place. Steps that pydantic adds for itself are passed over."""
    node, place = root, root.place
    for step in loc:
        if isinstance(node, Table) and step in node.nodes:
            key_place = node.keys[str(step)]
            node = node.nodes[str(step)]
            place = key_place if at_key or not isinstance(node, Scalar) else node.place
        elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place
    return node, place


def _path(loc: Loc) -> str:
    """The way to a value as people write it: `pipeline.components[0].path`."""
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{short(step)}" if step != "[key]" else ""
    return text.lstrip(".") or "the file"


@dataclass(frozen=True)
class _Bad:
    """A refused value: as it is repeated, its text unless that is masked, its node, what pydantic says."""

    value: str
    text: str
    node: Node
    context: Mapping[str, Any]


def _words(kind: str, loc: Loc, node: Node, context: Mapping[str, Any]) -> Words:
    if kind == "extra_forbidden":
        return _unknown_key(loc)
    if kind == "missing":
        return f"{_path(loc)} is missing", _explain(key_at(loc))
    key = key_at(loc)
    message, hint = _SAY.get(kind, _otherwise)(_bad(node, key, loc, context))
    return f"{_path(loc)}: {message}", " ".join(filter(None, [hint, _explain(key)]))


def _bad(node: Node, key: Key | None, loc: Loc, context: Mapping[str, Any]) -> _Bad:
    """The refused value. What is or may be a secret is never repeated."""
    if "[key]" in loc:
        return _Bad(shown(loc[-2]), "", node, context)
    if not isinstance(node, Scalar):
        return _Bad("a list" if isinstance(node, Listing) else "a group of keys", "", node, context)
    if _CREDENTIALS.search(node.text) or (key and any(form.masked for form in key.forms)):
        return _Bad("the value", "", node, context)
    return _Bad(shown(node.text), node.text, node, context)


def _refused(bad: _Bad) -> Words:
    return f"{bad.value} {bad.context['message']}", str(bad.context["hint"])


def _not_text(bad: _Bad) -> Words:
    if not isinstance(bad.node, Scalar):
        return f"this takes text, not {bad.value}", "Write one value."
    read_as = "true or false" if isinstance(bad.node.value, bool) else "a number"
    hint = f"Quote it: {quoted(bad.text)}." if bad.text else "Quote it."
    return f"{bad.value} without quotes is {read_as}, and this takes text", hint


def _not_a_choice(bad: _Bad) -> Words:
    choices = [choice.strip("'") for choice in bad.context["expected"].replace(" or ", ", ").split(", ")]
    meant = "".join(f"Did you mean `{close}`? " for close in closest(bad.text, choices))
    return f"{bad.value} is not known here", f"{meant}Write one of {', '.join(choices)}."


def _not_a_list(bad: _Bad) -> Words:
    hint = f"Write it in brackets: [{short(bad.text)}]." if bad.text else "Write each entry after `- `."
    return f"this takes a list, not {bad.value}", hint


def _not_a_table(bad: _Bad) -> Words:
    return f"this takes keys with values, not {bad.value}", "Write each as `key: value` on a line of its own."


def _otherwise(bad: _Bad) -> Words:
    return f"{bad.value} is refused: {bad.context['msg']}", ""


_SAY: dict[str, Callable[[_Bad], Words]] = {
    "spec": _refused,
    "string_type": _not_text,
    "bool_type": lambda bad: (
        f"{bad.value} is not true or false",
        "Write `true` or `false`, without quotes.",
    ),
    "int_type": lambda bad: (f"{bad.value} is not a whole number", "Write digits, without quotes."),
    "greater_than_equal": lambda bad: (f"{bad.value} is too small", f"Write at least {bad.context['ge']}."),
    "less_than_equal": lambda bad: (f"{bad.value} is too large", f"Write at most {bad.context['le']}."),
    "literal_error": _not_a_choice,
    "tuple_type": _not_a_list,
    "dict_type": _not_a_table,
    "model_type": _not_a_table,
    "too_short": lambda _: ("the list is empty", "Write at least one entry, or leave the key out."),
}


def _unknown_key(loc: Loc) -> Words:
    """An unknown key, with the key that was likely meant, or the place where such a key belongs."""
    name = str(loc[-1])
    parent = key_at(loc[:-1])
    path = parent.path if parent else ""
    known = names_below(path)
    close = closest(name, known)
    elsewhere = [key.path for key in declared_keys().values() if key.name == name]
    hint = f"The keys here are {', '.join(known)}."
    if close:
        hint = f"Did you mean `{close[0]}`?"
    elif elsewhere:
        hint = f"It belongs to `{elsewhere[0].rpartition('.')[0] or 'the top of the file'}`."
    where = f" in `{path}`" if path else ""
    about = f"{path}.{close[0]}".lstrip(".") if close else path
    command = f"cicd explain {about}" if about else "cicd explain"
    return f"unknown key {shown(name)}{where}", f"{hint} `{command}` says more."


def _explain(key: Key | None) -> str:
    return f"`cicd explain {key.path}` says more." if key else "`cicd explain` lists the keys."
