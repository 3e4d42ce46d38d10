"""A workflow file, read back into the pipeline form: everything of the form that GitHub can see.

What is read must be in the form that we write. A file of somebody else's is refused with the place that does not fit;
nothing is dropped in silence, so that a plan and its file can be compared.
"""

import re
from collections.abc import Mapping, Sequence

import yaml

from cicd_defs.facts.value import Value
from cicd_defs.plan.pipeline import (
    Action,
    Chosen,
    Concurrency,
    Environment,
    Expression,
    Input,
    Job,
    Matrix,
    Permission,
    Service,
    Step,
    Text,
    Triggers,
    Workflow,
)

_ESCAPED = "${{ '${{' }}"
_CONDITION = re.compile(r"\$\{\{ (.*) \}\}", re.DOTALL)


class NotOurForm(ValueError):
    """A workflow that the pipeline form cannot hold. The message names the place and what stands there."""


def visible(workflow: Workflow) -> Workflow:
    """The workflow without what only we know: what needs a permission and why, versions behind commits, areas."""
    return workflow.model_copy(update={"jobs": tuple(_visible_job(job) for job in workflow.jobs)})


def _visible_job(job: Job) -> Job:
    permissions = tuple(item.model_copy(update={"reason": ""}) for item in job.permissions)
    steps = tuple(_visible_step(step) for step in job.steps)
    matrix = job.matrix
    if matrix and matrix.chosen:
        matrix = matrix.model_copy(update={"chosen": matrix.chosen.model_copy(update={"parts": ()})})
    shown = {"area": None, "secrets": (), "permissions": permissions, "steps": steps, "matrix": matrix}
    return job.model_copy(update=shown)


def _visible_step(step: Step) -> Step:
    uses = step.uses.model_copy(update={"version": ""}) if step.uses else None
    return step.model_copy(update={"uses": uses, "token_needs": ()})


def lift_workflow(text: str, file: str) -> Workflow:
    """Read a workflow's text. `file` is its name under `.github/workflows`.

    Raises `NotOurForm` where the text is not YAML or says something that the form has no place for.
    """
    try:
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise NotOurForm(f"{file}: this is not YAML: {error}") from error
    top = _Reader(file, data)
    workflow = Workflow(
        file=file,
        name=_literal(top.text("name")),
        triggers=_triggers(top.part("on", required=True)),
        concurrency=_concurrency(top.part("concurrency")),
        env=_texts(top.part("env")),
        jobs=tuple(
            _job(job_id, _Reader(f"{file}: jobs.{job_id}", job)) for job_id, job in top.part("jobs").items()
        ),
    )
    if top.part("permissions").items():
        raise NotOurForm(f"{file}: permissions on top are not empty")
    top.done()
    return workflow


class _Reader:
    """A map whose keys are taken one by one; what is left over at the end was not understood."""

    def __init__(self, where: str, data: object) -> None:
        if not isinstance(data, Mapping):
            raise NotOurForm(f"{where}: expected a map, found {type(data).__name__}")
        # YAML 1.1 reads the key `on` as true.
        self.left = {"on" if key is True else str(key): value for key, value in data.items()}
        self.where = where

    def take(self, key: str) -> object:
        return self.left.pop(key, None)

    def part(self, key: str, required: bool = False) -> "_Reader":
        if required and key not in self.left:
            raise NotOurForm(f"{self.where}: `{key}` is missing")
        value = self.take(key)
        return _Reader(f"{self.where}.{key}", {} if value is None else value)

    def text(self, key: str) -> str:
        value = self.optional_text(key)
        if value is None:
            raise NotOurForm(f"{self.where}: `{key}` is missing")
        return value

    def optional_text(self, key: str) -> str | None:
        value = self.take(key)
        return None if value is None else _scalar(value, f"{self.where}.{key}")

    def number(self, key: str) -> int | None:
        value = self.take(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise NotOurForm(f"{self.where}.{key}: expected a whole number, found {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise NotOurForm(f"{self.where}.{key}: expected a list, found {type(value).__name__}")
        return tuple(_scalar(item, f"{self.where}.{key}") for item in value)

    def maps(self, key: str) -> tuple["_Reader", ...]:
        value = self.take(key)
        items = value if isinstance(value, list) else []
        return tuple(_Reader(f"{self.where}.{key}[{position}]", item) for position, item in enumerate(items))

    def items(self) -> list[tuple[str, object]]:
        """What is left, taken."""
        found = list(self.left.items())
        self.left = {}
        return found

    def done(self) -> None:
        if self.left:
            raise NotOurForm(f"{self.where}: the form has no place for {', '.join(sorted(self.left))}")


def _scalar(value: object, where: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise NotOurForm(f"{where}: expected text, found {type(value).__name__}")


def _literal(text: str) -> str:
    """The literal behind text in which nothing is evaluated but the escape of `${{` itself."""
    return text.replace(_ESCAPED, "${{")


def _text(text: str) -> Text:
    return Expression(text=text) if "${{" in text.replace(_ESCAPED, "") else _literal(text)


def _texts(reader: _Reader) -> dict[str, Text]:
    return {key: _text(_scalar(value, f"{reader.where}.{key}")) for key, value in reader.items()}


def _literals(reader: _Reader) -> dict[str, str]:
    return {key: _literal(_scalar(value, f"{reader.where}.{key}")) for key, value in reader.items()}


def _triggers(reader: _Reader) -> Triggers:
    push, has_pull, has_release = reader.part("push"), "pull_request" in reader.left, "release" in reader.left
    pull, manual_given = reader.part("pull_request"), "workflow_dispatch" in reader.left
    manual, release = reader.part("workflow_dispatch").part("inputs"), reader.part("release")
    if has_release and release.texts("types") != ("published",):
        raise NotOurForm(f"{release.where}: the form knows only `types: [published]`")
    triggers = Triggers(
        push_branches=push.texts("branches"),
        push_tags=push.texts("tags"),
        pull_request=has_pull,
        pull_request_branches=pull.texts("branches"),
        schedule=tuple(item.text("cron") for item in reader.maps("schedule")),
        manual=manual_given,
        inputs=tuple(_input(name, _Reader(f"{manual.where}.{name}", item)) for name, item in manual.items()),
        release=has_release,
    )
    for part in (push, pull, release, reader):
        part.done()
    return triggers


def _input(name: str, reader: _Reader) -> Input:
    default = reader.optional_text("default")
    item = {
        "name": name,
        "description": _literal(reader.text("description")),
        "type": reader.text("type"),
        "options": reader.texts("options"),
        "default": None if default is None else _literal(default),
        "required": reader.take("required"),
    }
    reader.done()
    return Input.model_validate(item)


def _concurrency(reader: _Reader) -> Concurrency | None:
    if not reader.left:
        return None
    cancel = reader.take("cancel-in-progress")
    concurrency = Concurrency(
        group=Expression(text=reader.text("group")),
        cancel_in_progress=cancel if isinstance(cancel, bool) else Expression(text=str(cancel)),
    )
    reader.done()
    return concurrency


def _job(job_id: str, reader: _Reader) -> Job:
    job = Job(
        id=job_id,
        name=_text(reader.text("name")),
        runs_on=_text(reader.text("runs-on")),
        timeout_minutes=reader.number("timeout-minutes") or 0,
        needs=reader.texts("needs"),
        condition=_condition(reader),
        permissions=_permissions(reader.part("permissions", required=True)),
        environment=_environment(reader),
        concurrency=_concurrency(reader.part("concurrency")),
        outputs={key: Expression(text=str(value)) for key, value in reader.part("outputs").items()},
        env=_texts(reader.part("env")),
        matrix=_matrix(reader.part("strategy")),
        services=_services(reader.part("services")),
        steps=tuple(_step(step) for step in reader.maps("steps")),
    )
    reader.done()
    return job


def _condition(reader: _Reader) -> str | None:
    written = reader.optional_text("if")
    if written is None:
        return None
    match = _CONDITION.fullmatch(written)
    if match is None:
        raise NotOurForm(f"{reader.where}.if: expected one expression in `${{{{ }}}}`, found {written!r}")
    return match[1]


def _permissions(reader: _Reader) -> tuple[Permission, ...]:
    return tuple(
        Permission.model_validate({"scope": scope, "access": access, "reason": ""})
        for scope, access in reader.items()
    )


def _environment(reader: _Reader) -> Environment | None:
    value = reader.take("environment")
    if value is None:
        return None
    if isinstance(value, str):
        return Environment(name=_literal(value))
    inner = _Reader(f"{reader.where}.environment", value)
    url = inner.optional_text("url")
    return Environment(name=_literal(inner.text("name")), url=None if url is None else _literal(url))


def _matrix(reader: _Reader) -> Matrix | None:
    if not reader.left:
        return None
    fail_fast, inner = reader.take("fail-fast"), reader.part("matrix")
    include = tuple(_literals(leg) for leg in inner.maps("include"))
    exclude = tuple(_literals(leg) for leg in inner.maps("exclude"))
    chosen = _chosen(inner)
    axes = {axis: tuple(_literal(value) for value in inner.texts(axis)) for axis in list(inner.left)}
    reader.done()
    return Matrix(axes=axes, chosen=chosen, include=include, exclude=exclude, fail_fast=bool(fail_fast))


_CHOSEN = re.compile(r"\$\{\{ fromJSON\(needs\.changes\.outputs\.([a-z][a-z0-9_-]*)\) \}\}")


def _chosen(axes: _Reader) -> Chosen | None:
    found = _CHOSEN.fullmatch(str(axes.left.get("component", "")))
    if found is None:
        return None
    axes.take("component")
    return Chosen(output=found[1])


def _services(reader: _Reader) -> tuple[Service, ...]:
    return tuple(_service(name, _Reader(f"{reader.where}.{name}", item)) for name, item in reader.items())


def _service(name: str, reader: _Reader) -> Service:
    service = Service(
        name=name,
        image=_literal(reader.text("image")),
        env=_literals(reader.part("env")),
        ports=tuple(_literal(port) for port in reader.texts("ports")),
        options=_literal(reader.optional_text("options") or ""),
    )
    reader.done()
    return service


def _step(reader: _Reader) -> Step:
    folder, uses = reader.optional_text("working-directory"), reader.optional_text("uses")
    if reader.take("shell") not in {None, "bash"}:
        raise NotOurForm(f"{reader.where}.shell: the form runs every command in bash")
    step = Step(
        id=reader.text("id"),
        name=_literal(reader.text("name")),
        run=reader.optional_text("run"),
        uses=None if uses is None else _action(uses, reader.where),
        inputs=_texts(reader.part("with")),
        env=_texts(reader.part("env")),
        condition=_condition(reader),
        working_directory=None if folder is None else _text(folder),
        timeout_minutes=reader.number("timeout-minutes"),
    )
    reader.done()
    return step


def _action(uses: str, where: str) -> Action:
    name, at, commit = uses.partition("@")
    if not at or not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise NotOurForm(f"{where}.uses: {uses!r} is not pinned to a commit")
    return Action(name=name, commit=commit)


class Difference(Value):
    """Where a file does not say what its plan says."""

    where: str
    planned: str
    found: str


def differences(planned: Workflow, found: Workflow) -> Sequence[Difference]:
    """What differs between what was planned and what a file says, by place; nothing where they agree."""
    return tuple(_differences("", visible(planned).model_dump(), visible(found).model_dump()))


def _differences(where: str, planned: object, found: object) -> list[Difference]:
    if isinstance(planned, dict) and isinstance(found, dict):
        keys = [*planned, *(key for key in found if key not in planned)]
        pairs = [(f"{where}.{key}".lstrip("."), planned.get(key), found.get(key)) for key in keys]
    elif isinstance(planned, list | tuple) and isinstance(found, list | tuple) and len(planned) == len(found):
        pairs = [(f"{where}[{at}]", *pair) for at, pair in enumerate(zip(planned, found, strict=True))]
    else:
        pairs = []
        if planned != found:
            return [Difference(where=where, planned=repr(planned), found=repr(found))]
    return [item for pair in pairs for item in _differences(*pair)]
