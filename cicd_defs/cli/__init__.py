"""The door for people: `cicd …`. Reads files and arguments, asks the rooms, prints, and sets the exit code.

Exit codes: 0 well; 1 a mistake, told in words; 2 `cicd plan` found changes, or a command line that makes no sense.
Everything heavy is imported inside the command that needs it, so that `cicd --help` answers at once.
"""

import sys

import typer

from cicd_defs.cli import pins
from cicd_defs.cli.audit import audit, with_fix_value
from cicd_defs.cli.files import apply, plan, render
from cicd_defs.cli.improve import improve
from cicd_defs.cli.projects import check, detect, explain, init
from cicd_defs.cli.reading import UsageProblem
from cicd_defs.cli.writing import say

__all__ = ["UsageProblem", "app", "main"]

app = typer.Typer(
    name="cicd",
    help="One declaration of a repository's delivery pipeline, and everything that follows from it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

for command in (check, explain, detect, init, plan, render, apply, audit, improve):
    app.command()(command)
app.add_typer(pins.app, name="pins")


def main() -> None:
    """Run the command line. Errors that we know are printed in words, on standard error, without a traceback."""
    try:
        app(with_fix_value(sys.argv[1:]))
    except UsageProblem as problem:
        say(str(problem))
        sys.exit(problem.code)
    except OSError as error:
        print(f"{error.filename or 'output'}: {error.strerror}.", file=sys.stderr)
        sys.exit(1)
    except UnicodeEncodeError as error:
        print(
            f"{error.object!a}: this name is not text that can be written down. Rename it.", file=sys.stderr
        )
        sys.exit(1)


@app.command()
def demo() -> None:
    """Copy the sample repository, materialise its whole graph, and show what came of it."""
    from cicd_defs.demo import run_demo

    raise typer.Exit(run_demo())
