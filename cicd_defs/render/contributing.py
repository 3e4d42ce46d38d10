"""A section for contributors: the very commands that CI runs, and how to run each of them here.

It stands between two marks in CONTRIBUTING.md, so that whatever people write around it stays theirs.
"""

import shlex
from collections.abc import Iterator, Sequence

from cicd_defs.plan.folding import unfolded
from cicd_defs.plan.pipeline import Job, LocalCommand, Pipeline, Step, Triggers, Workflow
from cicd_defs.render.blocks_lines import SECTION_BEGIN, SECTION_END
from cicd_defs.render.markdown import code, fenced, table
from cicd_defs.render.targets import target_of, targets_of, title_of


def render_contributing(pipeline: Pipeline, header: Sequence[str]) -> str:
    """The text of CONTRIBUTING.md for a repository that has none: a title, and the section."""
    parts = [
        f"{SECTION_BEGIN}\n<!-- {' '.join(header)} -->",
        *_runner(pipeline),
        *_commands(pipeline),
        *_before_a_commit(pipeline),
        *_when(pipeline.workflows),
        *_red(pipeline),
        SECTION_END,
    ]
    return "\n\n".join(["# Contributing", *parts]) + "\n"


def program_of(pipeline: Pipeline) -> str | None:
    """What people start the targets with, `make` for one; None where no file of ours has them."""
    for file in pipeline.applied:
        if file.kind == "makefile":
            return "make" if file.path == "Makefile" else f"make -f {file.path}"
        if file.kind == "taskfile":
            return "task"
    return None


def _runner(pipeline: Pipeline) -> Iterator[str]:
    program = program_of(pipeline)
    yield "## Checks"
    if program is None:
        yield "CI runs exactly the commands below."
        return
    yield f"CI runs exactly the commands below, and {code(program)} runs them here:"
    ordered = sorted(targets_of(pipeline.local), key=lambda target: target.command is not None)
    rows = [(code(f"{program} {target.name}"), target.title) for target in ordered]
    yield table(("Command", "What it runs"), *rows)


def _commands(pipeline: Pipeline) -> Iterator[str]:
    """Every command by component, in the order in which a person needs them."""
    for component in dict.fromkeys(command.component for command in pipeline.local):
        mine = [command for command in pipeline.local if command.component == component]
        yield f"### {component}"
        if told := _circumstances(mine[0]):
            yield f"Run {' '.join(told)}:"
        for command in mine:
            yield from _command(pipeline, command)


def _circumstances(command: LocalCommand) -> list[str]:
    where = [] if command.path == "." else [f"in {code(command.path)}"]
    variables = ", ".join(code(f"{name}={shlex.quote(value)}") for name, value in command.env.items())
    return where + ([f"with {variables}"] if variables else [])


def _command(pipeline: Pipeline, command: LocalCommand) -> Iterator[str]:
    here = _here(pipeline, command)
    script = command.run.strip("\n")
    marked = any(line.strip() in {SECTION_BEGIN, SECTION_END} for line in script.split("\n"))
    yield f"{title_of(command.kind.value)}{f' ({here})' if here else ''}{'.' if marked else ':'}"
    if not marked:  # a line like the end of this section would be taken for it
        yield fenced(script, "bash")


def _here(pipeline: Pipeline, command: LocalCommand) -> str | None:
    program = program_of(pipeline)
    return code(f"{program} {target_of(command, pipeline.local)}") if program else None


def _before_a_commit(pipeline: Pipeline) -> Iterator[str]:
    if pipeline.hooks:
        names = ", ".join(hook.name for hook in pipeline.hooks)
        yield "### Before a commit"
        yield f"Once this is installed, each commit is checked first ({names}):"
        yield fenced("pre-commit install", "bash")


def _when(workflows: Sequence[Workflow]) -> Iterator[str]:
    if workflows:
        yield "### What CI runs, and when"
        yield "\n".join(
            f"- {workflow.name} ({code(workflow.path)}): {', '.join(_started(workflow.triggers))}."
            for workflow in workflows
        )


def _started(triggers: Triggers) -> Iterator[str]:
    if triggers.pull_request:
        yield "on pull requests"
    if triggers.push_branches:
        yield f"on a push to {', '.join(map(code, triggers.push_branches))}"
    if triggers.push_tags:
        yield f"on a tag {', '.join(map(code, triggers.push_tags))}"
    if triggers.release:
        yield "on a published release"
    if triggers.schedule:
        yield f"at {', '.join(map(code, triggers.schedule))} (UTC)"
    if triggers.manual:
        yield "by hand"


def _red(pipeline: Pipeline) -> Iterator[str]:
    """How to see on one's own machine what a red check saw."""
    rows = [
        (f"{workflow.name}: {_shown(job)}", same)
        for workflow in pipeline.workflows
        for job in unfolded(workflow.jobs)
        if (same := _same_here(pipeline, job))
    ]
    if rows:
        yield "### When a check is red"
        yield table(("Check", "The same here"), *rows)
        yield from _beside(pipeline)


def _shown(job: Job) -> str:
    """A job's name without the values of its matrix."""
    name = str(job.name)
    for axis in job.matrix.axes if job.matrix else ():
        name = name.replace(f"${{{{ matrix.{axis} }}}}", "…")
    return name


def _same_here(pipeline: Pipeline, job: Job) -> str:
    """The commands of one's own machine that do what a job does, as code."""
    steps = (_image_build(step) or _local(pipeline, job, step) for step in job.steps)
    return ", ".join(dict.fromkeys(told for told in steps if told))


def _local(pipeline: Pipeline, job: Job, step: Step) -> str | None:
    if step.kind == "install":
        return None
    same = [command for command in pipeline.local if _runs(step, command)]
    mine = [command for command in same if job.id.endswith(f"-{command.component}")] or same
    return (_here(pipeline, mine[0]) or title_of(mine[0].kind.value)) if mine else None


def _runs(step: Step, command: LocalCommand) -> bool:
    told = (step.kind, step.run, step.working_directory or ".")
    return told == (command.kind, command.run, command.path)


def _image_build(step: Step) -> str | None:
    if step.uses is None or step.uses.name != "docker/build-push-action":
        return None
    told = {name: str(value) for name, value in step.inputs.items()}
    return code(shlex.join(["docker", "build", "--file", told["file"], told["context"]]))


def _beside(pipeline: Pipeline) -> Iterator[str]:
    """The services that jobs run with, which people start themselves."""
    lines = [
        f"- {_shown(job)}: {', '.join(code(service.image.partition('@')[0]) for service in job.services)}{_env(job)}"
        for workflow in pipeline.workflows
        for job in unfolded(workflow.jobs)
        if job.services
    ]
    if lines:
        yield "In CI these run with services beside them, which have to be started here too:"
        yield "\n".join(dict.fromkeys(lines))


def _env(job: Job) -> str:
    named = [code(f"{name}={value}") for name, value in job.env.items() if isinstance(value, str)]
    return f", with {', '.join(named)}" if named else ""
