"""A workflow as GitHub reads it: serialised from the plan, never from a template.

Syntax: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

import re
from collections.abc import Mapping

from cicd_defs.plan.pipeline import (
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
from cicd_defs.render.yaml import Above, Commented, Flow, document

_PLAIN_INPUT = re.compile(r"true|false|0|[1-9][0-9]{0,8}")


def render_workflow(workflow: Workflow, header: tuple[str, ...]) -> str:
    """The text of a workflow file, with `header` as comment lines on top."""
    return document(_workflow(workflow), header)


def _workflow(workflow: Workflow) -> dict[str, object]:
    return _present(
        {
            "name": literal(workflow.name),
            "on": Above(_triggers(workflow.triggers)),
            "permissions": Above({}),
            "concurrency": Above(_concurrency(workflow.concurrency)) if workflow.concurrency else None,
            "env": Above(_texts(workflow.env)) if workflow.env else None,
            "jobs": Above(
                {
                    job.id: Above(_job(job)) if position else _job(job)
                    for position, job in enumerate(workflow.jobs)
                }
            ),
        }
    )


def _triggers(triggers: Triggers) -> dict[str, object]:
    push = _present({"branches": list(triggers.push_branches), "tags": list(triggers.push_tags)})
    return _present(
        {
            "push": push or None,
            "pull_request": _pull_request(triggers) if triggers.pull_request else None,
            "schedule": [{"cron": cron} for cron in triggers.schedule],
            "release": {"types": Flow(("published",))} if triggers.release else None,
            "workflow_dispatch": _manual(triggers.inputs) if triggers.manual else None,
        },
        keep_empty=("pull_request", "workflow_dispatch"),
    )


def _pull_request(triggers: Triggers) -> dict[str, object]:
    return _present({"branches": list(triggers.pull_request_branches)})


def _manual(inputs: tuple[Input, ...]) -> dict[str, object]:
    return {"inputs": {item.name: _input(item) for item in inputs}} if inputs else {}


def _input(item: Input) -> dict[str, object]:
    return _present(
        {
            "description": literal(item.description),
            "type": item.type,
            "options": list(item.options),
            "default": None if item.default is None else literal(item.default),
            "required": item.required,
        }
    )


def _concurrency(concurrency: Concurrency) -> dict[str, object]:
    cancel = concurrency.cancel_in_progress
    return {
        "group": concurrency.group.text,
        "cancel-in-progress": cancel if isinstance(cancel, bool) else cancel.text,
    }


def _job(job: Job) -> dict[str, object]:
    return _present(
        {
            "name": text(job.name),
            "if": None if job.condition is None else f"${{{{ {job.condition} }}}}",
            "needs": list(job.needs),
            "runs-on": text(job.runs_on),
            "environment": _environment(job.environment),
            "permissions": _permissions(job.permissions),
            "concurrency": _concurrency(job.concurrency) if job.concurrency else None,
            "timeout-minutes": job.timeout_minutes,
            "strategy": _strategy(job.matrix),
            "services": {service.name: _service(service) for service in job.services},
            "outputs": {name: value.text for name, value in job.outputs.items()},
            "env": _texts(job.env),
            "steps": [Above(_step(step)) for step in job.steps],
        },
        keep_empty=("permissions",),
    )


def _environment(environment: Environment | None) -> object:
    if environment is None:
        return None
    if environment.url is None:
        return literal(environment.name)
    return {"name": literal(environment.name), "url": literal(environment.url)}


def _permissions(permissions: tuple[Permission, ...]) -> dict[str, object]:
    return {item.scope: Commented(item.access, item.reason) for item in permissions}


def _strategy(matrix: Matrix | None) -> dict[str, object] | None:
    if matrix is None:
        return None
    axes: dict[str, object] = {
        name: [literal(value) for value in values] for name, values in matrix.axes.items()
    }
    if matrix.chosen:
        axes = {"component": f"${{{{ fromJSON(needs.changes.outputs.{matrix.chosen.output}) }}}}", **axes}
    extra = {"include": matrix.include, "exclude": matrix.exclude}
    legs = {name: [_texts(leg) for leg in given] for name, given in extra.items() if given}
    return {"fail-fast": matrix.fail_fast, "matrix": axes | legs}


def _service(service: Service) -> dict[str, object]:
    return _present(
        {
            "image": literal(service.image),
            "env": _texts(service.env),
            "ports": [literal(port) for port in service.ports],
            "options": literal(service.options) or None,
        }
    )


def _step(step: Step) -> dict[str, object]:
    return _present(
        {
            "name": literal(step.name),
            "id": step.id,
            "if": None if step.condition is None else f"${{{{ {step.condition} }}}}",
            "uses": Commented(step.uses.reference, step.uses.version) if step.uses else None,
            "with": {name: _input_value(value) for name, value in step.inputs.items()},
            "working-directory": None if step.working_directory is None else text(step.working_directory),
            "timeout-minutes": step.timeout_minutes,
            "env": _texts(step.env),
            "shell": "bash" if step.run is not None else None,
            "run": step.run,
        }
    )


def _input_value(value: Text) -> str | bool | int:
    """An action's input. GitHub hands every input over as text, so `true` and `0` may stand unquoted, as is usual."""
    written = text(value)
    if not _PLAIN_INPUT.fullmatch(written):
        return written
    return written == "true" if written in {"true", "false"} else int(written)


def _texts(values: Mapping[str, Text]) -> dict[str, object]:
    return {name: text(value) for name, value in values.items()}


def text(value: Text) -> str:
    """Text as the file holds it: an expression as it is, a literal with nothing in it that GitHub would evaluate."""
    return value.text if isinstance(value, Expression) else literal(value)


def literal(value: str) -> str:
    """A literal that GitHub gives back unchanged: an opening `${{` becomes an expression that yields itself."""
    return value.replace("${{", "${{ '${{' }}")


def _present(values: dict[str, object], keep_empty: tuple[str, ...] = ()) -> dict[str, object]:
    """The keys that say something, in the order given."""
    return {
        key: value
        for key, value in values.items()
        if value is not None
        and (key in keep_empty or isinstance(value, bool | int) or value not in ({}, [], ()))
    }
