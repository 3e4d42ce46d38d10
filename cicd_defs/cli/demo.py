"""The command `cicd demo`."""

import sys

import click


@click.command()
def demo() -> None:
    """Copy the sample repository, materialise its whole graph, and show what came of it."""
    from cicd_defs.demo import run_demo

    sys.exit(run_demo())
