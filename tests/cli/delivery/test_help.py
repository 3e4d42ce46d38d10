from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from cicd_defs.cli.delivery import agent, audit_log, db, decide, event, key, pr, serve, task

COMMANDS = {
    "agent": agent.agent,
    "audit-log": audit_log.audit_log,
    "db": db.db,
    "init-db": db.init_db,
    "decide": decide.decide,
    "event": event.event,
    "key": key.key,
    "pr": pr.pr,
    "serve": serve.serve,
    "task": task.task,
}


def every(command, name):
    yield name, command
    for under, sub in getattr(command, "commands", {}).items():
        yield from every(sub, f"{name} {under}")


ALL = [pair for name, command in COMMANDS.items() for pair in every(command, name)]


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_each_command_says_what_it_does(name, command):
    answer = CliRunner().invoke(command, ["--help"])
    assert answer.exit_code == 0
    assert command.help
    assert command.help.split()[0].rstrip(",").isalpha()
    options = [one for one in command.params if isinstance(one, click.Option) and one.name != "help"]
    assert [
        one.name for one in options if not (one.help or one.metavar or isinstance(one.type, click.Choice))
    ] == []


def test_the_list_of_commands_names_these():
    listed = import_module("cicd_defs.cli").COMMANDS
    ours = {name for name, (module, _) in listed.items() if module.startswith("delivery.")}
    assert ours == set(COMMANDS)
