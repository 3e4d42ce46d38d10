"""`cicd key`: keys of the API."""

import sys
from typing import TYPE_CHECKING

import click

from cicd_defs.cli.delivery.opening import MISUSE, opened_store, operator, print_table, settings_here
from cicd_defs.cli.reading import UsageProblem

if TYPE_CHECKING:
    from datetime import datetime

    from cicd_defs.facts.records.evaluations import ApiKey

SCOPES = ("read", "task", "approve", "merge", "admin")


@click.group()
def key() -> None:
    """Create, list and revoke keys of the API."""


def _name(_context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Take a name of one line that a list can show."""
    if not value.strip() or not value.isprintable() or len(value) > 100:
        raise click.BadParameter("it must be 1 to 100 printable characters", param=parameter)
    return value.strip()


@key.command()
@click.argument("name", callback=_name)
@click.option(
    "--person", required=True, callback=_name, help="Whose key it is: what is done with it is theirs."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do; several times for more. Every key may read, admin may do everything.",
)
@click.option(
    "--project",
    "projects",
    multiple=True,
    callback=lambda c, p, v: tuple(_name(c, p, one) for one in v),
    help="A project that it is for. Default: all.",
)
@click.option("--expires", type=click.IntRange(1, 3650), help="Days after which it opens nothing any more.")
def create(
    name: str, person: str, scopes: tuple[str, ...], projects: tuple[str, ...], expires: int | None
) -> None:
    """Make a key and print it, this once: only its digest is kept."""
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC)
    ends = now + timedelta(days=expires) if expires else None
    granted = [*dict.fromkeys(scopes), *(f"project:{project}" for project in dict.fromkeys(projects))]
    with opened_store(settings_here()) as store:
        plain, kept = store.keys.create(name, person, granted, now, ends)
        detail = {"name": name, "person": person, "scopes": granted}
        store.audit.append(operator(), "key.created", kept.prefix, detail, now)
    print(plain)
    print(f"Keep it: it is not shown again. {kept.prefix}… is its name in `cicd key list`.", file=sys.stderr)


@key.command("list")
def list_keys() -> None:
    """Print all keys, revoked ones too, by the beginning that people know them by."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    with opened_store(settings_here()) as store:
        keys = store.keys.list()
    rows = [("KEY", "NAME", "PERSON", "SCOPES", "CREATED", "LAST USED", "STATE")]
    rows += [
        (
            one.prefix,
            one.name,
            one.person,
            ",".join(one.scopes),
            _day(one.created_at),
            _day(one.last_used_at),
            _state(one, now),
        )
        for one in keys
    ]
    print_table(rows)


@key.command()
@click.argument("which")
def revoke(which: str) -> None:
    """Let the key of an id or of a beginning (`cicd_1a2b3c`) open nothing any more."""
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    with opened_store(settings_here()) as store:
        count = store.keys.revoke(which, now)
        if not count:
            raise UsageProblem(
                f"{which}: no key that works has this id or beginning. See `cicd key list`.", MISUSE
            )
        store.audit.append(operator(), "key.revoked", which, {"count": count}, now)
    print(f"{which}: revoked.")


def _day(time: "datetime | None") -> str:
    return time.date().isoformat() if time else "-"


def _state(one: "ApiKey", now: "datetime") -> str:
    if one.revoked_at:
        return f"revoked {_day(one.revoked_at)}"
    if one.expires_at is None:
        return "works"
    return f"{'expired' if one.expires_at <= now else 'works until'} {_day(one.expires_at)}"
