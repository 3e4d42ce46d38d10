"""`cicd audit-log`: who did what, and whether that was changed afterwards."""

import json

import click

from cicd_defs.cli.delivery.opening import opened_store, print_table, settings_here
from cicd_defs.cli.reading import UsageProblem


@click.group("audit-log")
def audit_log() -> None:
    """Show and verify who did what."""


@audit_log.command()
def verify() -> None:
    """Compute every link of the chain again. Exit code 1, and the first broken link, where one does not hold."""
    with opened_store(settings_here()) as store:
        links, broken = store.audit.verify()
    if broken:
        raise UsageProblem(
            f"The audit log was changed: {broken}. Up to there it holds. "
            "Compare it with a backup, and find out who may write to the database."
        )
    print(f"The audit log holds: {links} entries, each follows from the one before it.")


@audit_log.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many entries.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object a line, with details and hashes."
)
def list_entries(limit: int, as_json: bool) -> None:
    """Print the newest entries, newest first."""
    with opened_store(settings_here()) as store:
        entries = store.audit.newest(limit)
    if as_json:
        for entry in entries:
            print(json.dumps({**entry.model_dump(), "at": entry.at.isoformat()}))
        return
    rows = [("NUMBER", "TIME", "WHO", "WHAT", "OF WHAT")]
    rows += [
        (f"{each.sequence}", f"{each.at:%Y-%m-%d %H:%M:%S}", each.actor, each.action, each.subject)
        for each in entries
    ]
    print_table(rows)
