"""`cicd db` and `cicd init-db`: bring our store up to date."""

import click

from cicd_defs.cli.delivery.opening import opened_store, settings_here


@click.group()
def db() -> None:
    """Bring our store up to date."""


@db.command()
def upgrade() -> None:
    """Make the store's tables, or bring them up to date. Nothing is done where they are."""
    _upgrade()


@click.command("init-db")
def init_db() -> None:
    """Make the store's tables, or bring them up to date, as `cicd db upgrade` does."""
    _upgrade()


def _upgrade() -> None:
    from cicd_defs.adapters.store.engine import NEWEST

    with opened_store(settings_here()) as store:
        print(f"{store.engine.url.render_as_string(hide_password=True)}: up to date, version {NEWEST}.")
