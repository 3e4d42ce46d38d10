"""An improvement plan as people, programs and git read it: Markdown, JSON, and patches that `git am` takes.

https://git-scm.com/docs/git-am, https://git-scm.com/docs/git-format-patch
"""

import quopri
import re
from collections.abc import Iterable
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, parseaddr
from functools import cache

import jinja2

from cicd_defs.facts.value import Value
from cicd_defs.judge.improvement import Improvement
from cicd_defs.plan.improvement import PHASES, Proposed
from cicd_defs.render.markdown import code, table

WIDEST = 72
"""Characters of a table's cell."""
_ZERO = "0" * 40
DAYS = {1: "Days 1 to 7", 2: "Days 8 to 14", 3: "Days 15 to 21"}


def patch_name(one: Proposed) -> str:
    """The name of a patch's file: `0001-let-checks-fail.patch`."""
    return f"{one.number:04d}-{one.slug}.patch"


def as_mail(one: Proposed, total: int, author: str, when: datetime) -> str:
    """One pull request as a mail that `git am` makes a commit of. `author` is `Name <address>`."""
    name, address = parseaddr(author)
    shown = Header(name, "utf-8").encode() if not name.isascii() else name
    body = "\n".join(_words(one))
    text = f"{body}\n---\n\n{one.patch}-- \ncicd-defs\n\n"
    # git takes a carriage return away at the end of a mail's line: where there is one, it travels as `=0D`.
    way = "quoted-printable" if "\r" in text else "8bit"
    return (
        f"From {_ZERO} Mon Sep 17 00:00:00 2001\n"
        f"From: {shown} <{address}>\n"
        f"Date: {format_datetime(when)}\n"
        f"Subject: [PATCH {one.number}/{total}] {one.title}\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=UTF-8\n"
        f"Content-Transfer-Encoding: {way}\n"
        f"\n{_quoted_printable(text) if way == 'quoted-printable' else text}"
    )


def _quoted_printable(text: str) -> str:
    """A text in which every byte that a mail could change is written as `=XX`; its lines stay lines.

    https://www.rfc-editor.org/rfc/rfc2045#section-6.7
    """
    lines = (quopri.encodestring(line.encode()).decode() for line in text.split("\n"))
    return re.sub(r"^From ", "=46rom ", "\n".join(lines).replace("\r", "=0D"), flags=re.MULTILINE)


def _words(one: Proposed) -> Iterable[str]:
    yield one.scope
    if one.mends:
        yield ""
        yield "Mends:"
        yield from (
            f"- {mended.rule}, {mended.count} times" if mended.count > 1 else f"- {mended.rule}"
            for mended in one.mends
        )
    yield ""
    yield f"Risk: {one.risk}: {one.why_risk}."
    yield "To verify:"
    yield from (f"- {line}" for line in one.verify)


def as_json(plan: Improvement) -> str:
    """Everything, as JSON."""
    return plan.model_dump_json(indent=2)


def as_markdown(plan: Improvement) -> str:
    """The plan in words: what is, why it fails, what should be, the pull requests, and a list to tick off."""
    text = _template().render(plan=plan, phases=PHASES, days=DAYS)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _row(part: Value) -> list[str]:
    """The fields of a value as the cells of a table."""
    return [_cell(name, held) for name, held in part]


def _cell(name: str, held: object) -> str:
    words = ", ".join(map(str, held)) if isinstance(held, tuple) else str(held)
    return code(_shortened(words)) if name in {"path", "runs"} else words


def _shortened(words: str) -> str:
    return words if len(words) <= WIDEST else f"{words[: WIDEST - 1]}…"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("templates", ""),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown; every word of a stranger goes through `code`
    )
    environment.filters["code"] = code
    environment.filters["row_of"] = _row
    environment.filters["rows"] = lambda rows: table(*rows)
    return environment.get_template("improvement.md.j2")
