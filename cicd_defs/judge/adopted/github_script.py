"""Expressions in JavaScript of `actions/github-script`, as variables of the process.

https://github.com/actions/github-script#use-env-as-input
"""

import re

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.scalar_map import places_in
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.adopted.javascript import Around, Part, is_tagged, part_at, parts
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.adopted.variables import (
    EXPRESSION,
    ONE_WORD,
    Use,
    are_all,
    in_quotes,
    uses_in,
    with_variables,
)

_JSON = regex(
    r"(?i)toJSON\(.*\)|steps\.[\w-]+\.outputs\.result"  # this action writes its result as JSON
    r"|github\.(?:run_id|run_number|run_attempt)|github\.event\.(?:\w+\.)*(?:number|id)"
)
_VALUE_FOLLOWS = regex(r"(?:[=(,\[:?&|!+]|\breturn|=>)\s*\Z")
_VALUE_ENDS = regex(r"\s*(?:[;,)\].}\n?&|+=!:]|\Z)")
_KEY = regex(r"[{,]\s*\Z")

_ALONE_BEHIND = regex(r"[=(,\[:]\s*\Z")
_ALONE_BEFORE = regex(r"\s*(?:[;,)\]}]|\Z)")

_Change = tuple[int, int, str]
"""Where from and to in the script, and what stands there then."""


def in_javascript(place: Place, step: WrittenStep) -> Fix | None:
    """All expressions of the script that were reported, as variables. None where one of them cannot be one."""
    script = step.inputs.get("script")
    if script is None or script.aliased or step.node.flow or step.node.aliased:
        return None
    wanted = {one.subject.strip() for one in place.alike}
    uses = list(uses_in(step, script.text, wanted))
    characters = places_in(place.source, script)
    if characters is None or not are_all(uses, wanted):
        return None
    changes = _changes(script.text, uses)
    new = {use.name: use.inside for use in uses if not use.given}
    put = with_variables(step, new) if new else None
    if changes is None or (new and put is None) or any(end >= len(characters) for _, end, _ in changes):
        return None
    edits = [
        Edit(place.source.path, characters[start], characters[end - 1] + 1, in_quotes(text, script.style))
        for start, end, text in changes
    ]
    safe = all(ONE_WORD.fullmatch(use.inside) for use in uses) and "JSON.parse" not in str(changes)
    return Fix("Give it to the script as a variable", (*edits, *([put] if put else ())), safe=safe)


def _changes(text: str, uses: list[Use]) -> list[_Change] | None:
    """What each expression becomes; None where one stands where no variable can."""
    told = parts(EXPRESSION.sub(lambda found: "x" * len(found[0]), text))
    if told is None:
        return None
    changes: dict[_Change, None] = {}
    for use in uses:
        part = part_at(told, use.start, use.end)
        change = _change(text, use, part)
        if change is None:
            return None
        changes |= dict.fromkeys(change)
    return list(changes)


def _change(text: str, use: Use, part: Part) -> tuple[_Change, ...] | None:
    """One expression by what is around it. A string of more than the expression becomes a template, or a sum."""
    variable = f"process.env.{use.name}"
    if part.around is Around.COMMENT:
        return ((use.start, use.end, variable),)
    if part.around is Around.TEMPLATE:
        return _in_template(text, use, part)
    if part.around is Around.STRING:
        return _in_string(text, use, part)
    before = text[max(0, use.start - 80) : use.start]
    value = _VALUE_FOLLOWS.search(before) and _VALUE_ENDS.match(text[use.end : use.end + 80])
    if part.around is Around.CODE and value and _JSON.fullmatch(use.inside):
        return ((use.start, use.end, f"JSON.parse({variable})"),)
    return None


def _in_template(text: str, use: Use, part: Part) -> tuple[_Change, ...] | None:
    """None behind a tag, which is handed the pieces, and behind a backslash."""
    if is_tagged(text, part) or text[use.start - 1] in "\\$":
        return None
    return ((use.start, use.end, f"${{process.env.{use.name}}}"),)


def _in_string(text: str, use: Use, part: Part) -> tuple[_Change, ...] | None:
    before, after = text[max(0, part.start - 80) : part.start], text[part.end : part.end + 80]
    if _KEY.search(before) and after.lstrip().startswith(":"):
        return None
    if (part.start + 1, part.end - 1) == (use.start, use.end):
        return ((part.start, part.end, f"process.env.{use.name}"),)
    inside = text[part.start + 1 : part.end - 1]
    bare = EXPRESSION.sub("", inside)
    if text[use.start - 1] in "\\$":
        return None
    if "`" in bare or "${" in bare or re.search(r"\\\d", bare):
        quote = text[part.start]
        alone = _ALONE_BEHIND.search(before) and _ALONE_BEFORE.match(after)
        return ((use.start, use.end, f"{quote} + process.env.{use.name} + {quote}"),) if alone else None
    return (
        (part.start, part.start + 1, "`"),
        (use.start, use.end, f"${{process.env.{use.name}}}"),
        (part.end - 1, part.end, "`"),
    )
