"""`cicd decide`: why a pull request was merged or not, and stored decisions made again."""

import json
import sys
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from cicd_defs.cli.delivery.opening import opened_store, print_table, settings_here
from cicd_defs.cli.reading import UsageProblem
from cicd_defs.cli.writing import terminal

if TYPE_CHECKING:
    from cicd_defs.facts.records.evaluations import DecisionRecord


@click.group(invoke_without_command=True)
@click.option("--replay", is_flag=True, help="Make every stored decision again and compare the digests.")
@click.pass_context
def decide(context: click.Context, replay: bool) -> None:
    """Show why a pull request was merged or not; make stored decisions again. Exit code 1 where one differs."""
    if replay:
        _replayed()
    elif context.invoked_subcommand is None:
        print(context.get_help())


@decide.command("list")
@click.argument("project", required=False)
def list_decisions(project: str | None) -> None:
    """List the decisions, newest last."""
    with opened_store(settings_here()) as store:
        rows = [
            (
                f"{one.project}#{one.number}",
                one.head[:12],
                one.outcome,
                f"{one.at:%Y-%m-%d %H:%M}",
                one.digest[:12],
            )
            for one in store.evidence.decisions()
            if project in (None, one.project)
        ]
    print_table([("pull request", "head", "outcome", "at (UTC)", "digest"), *rows])


@decide.command()
@click.argument("project")
@click.argument("number", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print the decision with its evidence as JSON.")
def show(project: str, number: int, as_json: bool) -> None:
    """Show the newest decision on a pull request, with every reason."""
    from cicd_defs.judge.merge.decision import Decision
    from cicd_defs.render.reports.decision import decision_markdown

    with opened_store(settings_here()) as store:
        found = [one for one in store.evidence.decisions() if (one.project, one.number) == (project, number)]
    if not found:
        raise UsageProblem(
            f"Nothing was decided on {project}#{number} yet. `cicd decide list` shows what was."
        )
    if as_json:
        print(json.dumps(found[-1].model_dump(mode="json"), indent=2))
        return
    print(terminal(decision_markdown(Decision.model_validate(found[-1].decision))))


def _replayed() -> None:
    same, differ = 0, []
    with opened_store(settings_here()) as store:
        for one in store.evidence.decisions():
            if difference := _difference(one):
                differ.append(f"{one.project}#{one.number} at {one.head[:12]}: {difference}")
            else:
                same += 1
    for line in differ:
        print(line, file=sys.stderr)
    print(
        f"{same} decisions made again, each with the same digest." if not differ else f"{len(differ)} differ."
    )
    if differ:
        raise Exit(1)


def _difference(one: "DecisionRecord") -> str:
    """Say how a stored decision differs from the one that its evidence leads to; nothing where it does not."""
    from pydantic import ValidationError

    from cicd_defs.judge.merge.decision import Decision
    from cicd_defs.judge.merge.decision import decide as decide_on
    from cicd_defs.judge.merge.evidence import MergeEvidence

    try:
        evidence = MergeEvidence.model_validate(one.evidence)
        again = decide_on(evidence)
    except ValidationError as error:
        return f"its evidence does not fit this version: {error.error_count()} fields"
    if again.digest != one.digest:
        return f"was {one.digest}, is {again.digest}"
    if evidence.model_dump(mode="json") != one.evidence:
        return "its evidence holds something that is not read"
    try:
        kept = Decision.model_validate(one.decision)
    except ValidationError as error:
        return f"the decision beside it does not fit this version: {error.error_count()} fields"
    if kept != again or one.outcome != again.outcome:
        return f"its evidence leads to {again.outcome}, and another decision is kept beside it"
    return ""
