"""The command `cicd demo`."""

import sys
from pathlib import Path

import click


@click.command()
@click.option("--only", type=click.Choice(["pipeline", "line"]), help="Play only these chapters.")
def demo(only: str | None) -> None:
    """Show it: the pipeline of a sample is made, a task becomes a merged pull request, a bad one is held."""
    from rich.console import Console

    from cicd_defs.demo.line import run_line
    from cicd_defs.demo.pipeline import CHECKOUT, run_demo
    from cicd_defs.demo.places import tell_places

    screen, checkout = Console(), Path(CHECKOUT)
    code = 0
    if only != "line":
        screen.rule("[bold]1. The pipeline of a repository is made")
        code = run_demo(screen, checkout)
    if only != "pipeline" and code == 0:
        code = run_line(screen, checkout)
        tell_places(screen)
    sys.exit(code)
