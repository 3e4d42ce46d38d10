"""Take a task that somebody submits: by the API, the command line or the launchpad."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from cicd_defs.facts.records.work import Complexity, Priority, Task
from cicd_defs.facts.value import Value
from cicd_defs.flows.errors import CicdError
from cicd_defs.flows.protocols import AuditLog, Tasks


def _printable(text: str) -> str:
    """Refuse control characters: some stores cannot keep them, and prompts and terminals should not see them."""
    if any((character < " " and character not in "\n\r\t") or character == "\x7f" for character in text):
        raise ValueError("it has control characters")
    return text.strip()


def _one_line(text: str) -> str:
    if "\n" in text.strip() or "\r" in text.strip():
        raise ValueError("it must be one line")
    return _printable(text)


Line = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
Item = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_printable)]
Items = Annotated[tuple[Item, ...], Field(max_length=50)]


class TaskRequest(Value):
    """What somebody wants done. `project` may be left out where there is only one."""

    project: Line = Field("", description="The project's name. May be left out where there is only one.")
    title: Line = Field("", description="What is wanted, in one line.")
    description: Annotated[str, Field(max_length=20_000), AfterValidator(_printable)] = Field(
        "", description="What is wanted, in full."
    )
    requirements: Items = Field((), description="What the change must do.")
    acceptance_criteria: Items = Field((), description="How it is told that the task is done.")
    priority: Priority = Field("medium", description="How urgent it is.")
    estimated_complexity: Complexity = Field("medium", description="How much work it is.")


class Asked(Value):
    """Who submits a task, and when. `id` is a new UUID, the task's own."""

    by: str
    at: datetime
    id: str


class TaskIncomplete(CicdError):
    """A task without a title or a description. `missing` names the fields."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"The task has no {' and no '.join(missing)}. Both are needed: say what is wanted.")
        self.missing = tuple(missing)


class UnknownProject(CicdError):
    """A task for a project that there is not, or for none where there are several."""


def submit_task(
    tasks: Tasks, audit: AuditLog, request: TaskRequest, projects: Sequence[str], asked: Asked
) -> Task:
    """Keep a new task of one of the projects and return it with its key. Raises `TaskIncomplete`, `UnknownProject`.

    Missing requirements and acceptance criteria are named in `lacks`; the work goes on without them.
    """
    missing = [name for name in ("title", "description") if not getattr(request, name)]
    if missing:
        raise TaskIncomplete(missing)
    project = project_of(request, projects)
    task = tasks.add(
        Task(
            **request.model_dump(exclude={"project"}),
            project=project,
            id=asked.id,
            key="",
            number=0,
            lacks=_lacks(request),
            asked_by=asked.by,
            created_at=asked.at,
            updated_at=asked.at,
        )
    )
    detail = {"id": task.id, "title": task.title, "project": project}
    audit.append(asked.by, "task.submitted", task.key, detail, asked.at)
    return task


def project_of(request: TaskRequest, projects: Sequence[str]) -> str:
    """Return the project of a request: the one it names, else the only one there is. Raises `UnknownProject`."""
    known = ", ".join(sorted(projects)) or "none"
    if request.project:
        if request.project not in projects:
            raise UnknownProject(f"There is no project {request.project!r}. Projects: {known}.")
        return request.project
    if len(projects) != 1:
        raise UnknownProject(f"Say which project the task is for, as `project`. Projects: {known}.")
    return projects[0]


def wrong_fields(error: ValidationError) -> tuple[tuple[str, str], ...]:
    """Return the fields that are wrong in a request, each with what is wrong; at most 20. `body` is the whole."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple((_field(one["loc"]), _message(one["type"], one["msg"])) for one in found[:20])


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part)[:100] for part in place) or "body"


def _message(kind: str, text: str) -> str:
    if kind == "extra_forbidden":
        return f"unknown field; the fields are {', '.join(TaskRequest.model_fields)}"
    return text.removeprefix("Value error, ")


def _lacks(request: TaskRequest) -> tuple[str, ...]:
    lacks = {"requirements": request.requirements, "acceptance criteria": request.acceptance_criteria}
    return tuple(name for name, given in lacks.items() if not given)
