"""`cicd task`: submit a task, and see how far tasks are."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from cicd_defs.cli.delivery.opening import MISUSE, opened_store, operator, print_table, settings_here
from cicd_defs.cli.reading import PLACE, UsageProblem
from cicd_defs.cli.writing import terminal
from cicd_defs.facts.records.work import Complexity, Priority

if TYPE_CHECKING:
    from cicd_defs.facts.records.work import Task
    from cicd_defs.flows.work.submit_task import TaskRequest

NEWEST = 100


@click.group()
def task() -> None:
    """Submit a task, and see how far tasks are."""


@task.command()
@click.argument("project", required=False)
@click.option("--title", help="What is wanted, in one line.")
@click.option("--description", help="What is wanted, in full.")
@click.option(
    "--requirement", "requirements", multiple=True, help="What the change must do; several times for more."
)
@click.option(
    "--accept", "acceptance_criteria", multiple=True, help="How it is told that it is done; likewise."
)
@click.option("--priority", type=click.Choice(get_args(Priority)))
@click.option("--complexity", "estimated_complexity", type=click.Choice(get_args(Complexity)))
@click.option(
    "--file", type=PLACE, help="A YAML file with title, description, requirements, acceptance_criteria, …."
)
@click.option("--as", "person", help="Who asks. Default: the user who runs this.")
def submit(file: Path | None, person: str | None, **given: Any) -> None:
    """Submit a task for PROJECT, which may be left out where there is only one. Prints its key.

    What is given as an option comes before what the file says.
    """
    import uuid
    from datetime import UTC, datetime

    from cicd_defs.adapters.project_folder import ProjectFolder
    from cicd_defs.flows.errors import CicdError
    from cicd_defs.flows.work.submit_task import Asked, submit_task

    request = _request(file, {name: value for name, value in given.items() if value})
    settings = settings_here()
    asked = Asked(by=person or operator(), at=datetime.now(UTC), id=str(uuid.uuid4()))
    with opened_store(settings) as store:
        try:
            names = ProjectFolder(settings.cicd_projects).names()
            kept = submit_task(store.tasks, store.audit, request, names, asked)
        except CicdError as error:
            raise UsageProblem(str(error), MISUSE) from None
    print(kept.key)
    if kept.lacks:
        print(f"It has no {' and no '.join(kept.lacks)}: what comes of it is harder to judge.")


@task.command("list")
@click.option("--project", help="Of this project only.")
def list_tasks(project: str | None) -> None:
    """Print the newest tasks: key, status, priority, pull request, title."""
    with opened_store(settings_here()) as store:
        tasks = store.tasks.listed(project, NEWEST)
    rows = [("KEY", "STATUS", "PRIORITY", "PULL REQUEST", "TITLE")]
    rows += [
        (one.key, one.status, one.priority, f"#{one.pull_request}" if one.pull_request else "-", one.title)
        for one in tasks
    ]
    print_table(rows)


@task.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show(key: str, as_json: bool) -> None:
    """Show the task of a key (`shop-17`) or an id."""
    with opened_store(settings_here()) as store:
        found = store.tasks.get(key)
    if found is None:
        raise UsageProblem(f"{key}: there is no such task. See `cicd task list`.", MISUSE)
    print(found.model_dump_json(indent=2) if as_json else terminal(_shown(found)))


def _request(file: Path | None, given: dict[str, Any]) -> "TaskRequest":
    """Read a request from a file and from options."""
    from pydantic import ValidationError

    from cicd_defs.flows.work.submit_task import TaskRequest, wrong_fields

    values = _values(file) if file else {}
    try:
        return TaskRequest.model_validate({**values, **given})
    except ValidationError as error:
        where = f"{file}: " if file else ""
        raise UsageProblem(
            "\n".join(f"{where}{field}: {message}." for field, message in wrong_fields(error)), MISUSE
        ) from None


def _values(file: Path) -> dict[str, Any]:
    from cicd_defs.spec.read import SpecError, read_values

    try:
        values = read_values(file.read_bytes(), str(file))
    except SpecError as error:
        raise UsageProblem(str(error), MISUSE) from None
    except OSError as error:
        raise UsageProblem(f"{file}: it cannot be read: {error.strerror}.", MISUSE) from None
    if not isinstance(values, dict):
        raise UsageProblem(f"{file}: it is no table. Begin with `title: …`.", MISUSE)
    return values


def _shown(found: "Task") -> str:
    pull_request = f", pull request #{found.pull_request}" if found.pull_request else ""
    lines = [
        f"{found.key}  {found.title}",
        f"{found.status}{pull_request}; priority {found.priority}, complexity {found.estimated_complexity}",
        f"asked by {found.asked_by} at {found.created_at.isoformat(timespec='seconds')}; id {found.id}",
        "",
        found.description,
    ]
    for heading, items in (
        ("Requirements", found.requirements),
        ("Accepted when", found.acceptance_criteria),
    ):
        if items:
            lines += ["", f"{heading}:", *(f"- {item}" for item in items)]
    if found.lacks:
        lines += ["", f"Lacks {' and '.join(found.lacks)}."]
    return "\n".join(lines)
