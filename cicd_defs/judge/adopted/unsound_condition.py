"""A condition is always true, since text stands around its expression.

**Why it matters** `if: (${{ a }} || ${{ b }})` is worked out to a text such as `(false || false)`, and a text that is
not empty counts as true: the step runs in every case.
**How to fix** Write the whole condition as one expression, without `${{ }}` in it.
**Example** `if: (${{ success() }} || ${{ failure() }})` becomes `if: (success() || failure())`.
"""

import re

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.edits import replace_scalar

_EXPRESSION = regex(r"\$\{\{\s*((?:(?!\$\{\{|}}).)*?)\s*}}")
_QUOTED = regex(r"'\s*\$\{\{\s*([\w.]+)\s*}}\s*'")


def fix(place: Place) -> Fix | None:
    """One expression. The condition can be false then, as it was meant."""
    written = place.node
    if not isinstance(written, Scalar) or "\n" in written.text:
        return None
    bare = _QUOTED.sub(r"\1", written.text)
    bare = _EXPRESSION.sub(
        lambda found: found[1] if re.fullmatch(r"[\w.()]+", found[1]) else f"({found[1]})", bare
    )
    if "${{" in bare or bare == written.text:
        return None
    plain = written.is_plain and not re.search(r": |\s#|^[!&*'\"%@`|>?\[{-]", bare)
    if plain and not written.aliased:
        return Fix("Make it one expression", (Edit(place.source.path, written.start, written.end, bare),))
    edit = replace_scalar(place.source, written, bare)
    return Fix("Make it one expression", (edit,)) if edit else None
