"""The door for people: `cicd …`. Reads files and arguments, asks the rooms, prints, and sets the exit code.

Exit codes: 0 well; 1 a mistake, told in words; 2 `cicd plan` found changes, or a command line that makes no sense.
A command is loaded when it is called, and what is heavy within the command that needs it: people wait for each call.
"""

import sys
from importlib import import_module

import click

from cicd_defs.cli.reading import UsageProblem

__all__ = ["COMMANDS", "UsageProblem", "app", "main"]

COMMANDS = {
    "check": ("projects", "Read project files and print what is wrong with them, as file:line:column."),
    "explain": ("projects", "Tell what a key of a project file means, or a rule of the audit."),
    "detect": (
        "projects",
        "Tell what a repository is made of: components, tools, commands, and the evidence for each.",
    ),
    "init": ("projects", "Write a commented project file from what is detected in a repository."),
    "plan": ("files", "Show what `cicd apply` would change in the repository, as a diff."),
    "render": ("files", "Write the files of a project into a folder."),
    "apply": (
        "files",
        "Bring a repository's files up to date with its declaration; what people changed in them stays.",
    ),
    "audit": ("audit", "Find what is wrong with repositories' CI, and mend it."),
    "improve": (
        "improve",
        "Plan how a repository's CI is made good: an ordered series of pull requests with their patches.",
    ),
    "demo": (
        "demo",
        "Show it: the pipeline of a sample is made, a task becomes a merged pull request, a bad one is held.",
    ),
    "serve": ("delivery.serve", "Serve POST /webhooks/github, /api/v1/tasks and /health."),
    "event": ("delivery.event", "Post an event to the gateway, signed."),
    "key": ("delivery.key", "Create, list and revoke keys of the API."),
    "task": ("delivery.task", "Submit a task, and see how far tasks are."),
    "pr": ("delivery.pr", "Play the other side of the local forge: open, list, show, comment, approve."),
    "agent": ("delivery.agent", "See, cancel and hold runs of agents."),
    "decide": ("delivery.decide", "Show why a pull request was merged or not; make stored decisions again."),
    "db": ("delivery.db", "Bring our store up to date."),
    "init-db": (
        "delivery.db",
        "Make the store's tables, or bring them up to date, as `cicd db upgrade` does.",
    ),
    "audit-log": ("delivery.audit_log", "Show and verify who did what."),
    "pins": ("pins", "Versions of actions and images, each pinned to a commit or a digest."),
}
"""Each command: the module beside this one that holds it under its name, and how its help begins."""


class _Commands(click.Group):
    """The commands above. Their list is told without loading any of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click asks so
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click asks so
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"cicd_defs.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


app = _Commands(
    "cicd", help="One declaration of a repository's delivery pipeline, and everything that follows from it."
)


def main() -> None:
    """Run the command line. Errors that we know are printed in words, on standard error, without a traceback."""
    try:
        app(prog_name="cicd")
    except UsageProblem as problem:
        from cicd_defs.cli.writing import say

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
