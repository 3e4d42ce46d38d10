"""Random places in a repository, and how a defect is put there.

A planter gets a repository's files and a source of chance. It gives the changed files and the lines that the rule has
to find, or None where this repository has no place for it. Planted lines that must be found end with ` #!`, which is
taken off, as in the cases.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from cicd_defs.facts.source import Source, UnreadableSource
from cicd_defs.facts.workflow import WORKFLOW_PATH, WrittenJob, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import UnreadableYaml

MARK = " #!"
GONE = "\0"
"""In place of a file's text: the planter took the file away."""


class Planted(NamedTuple):
    """What was planted: the files that it changed, and where the rule must find it, as path and line."""

    files: dict[str, str]
    places: tuple[tuple[str, int], ...]


Planter = Callable[[Mapping[str, str], random.Random], Planted | None]
InWorkflow = Callable[[WrittenWorkflow, random.Random], str | None]


def in_workflow(plant: InWorkflow) -> Planter:
    """A planter from a function that gives a workflow's new text, with marks; None where it has no place for it."""

    def planter(files: Mapping[str, str], chance: random.Random) -> Planted | None:
        # GitHub runs the workflows of the root only.
        paths = [path for path in files if path.startswith(".github/") and WORKFLOW_PATH.fullmatch(path)]
        chance.shuffle(paths)
        for path in paths[:10]:
            try:
                workflow = WrittenWorkflow.read(Source.of(path, files[path].encode()))
            except (UnreadableSource, UnreadableYaml):
                continue
            if workflow.jobs and (text := plant(workflow, chance)) is not None:
                return planted(path, text)
        return None

    return planter


def planted(path: str, text: str) -> Planted:
    """A file with marks, as what was planted."""
    lines = text.split("\n")
    marked = [number for number, line in enumerate(lines, 1) if line.rstrip("\r").endswith(MARK)]
    assert marked, "no line is marked"
    clean = [line.rstrip("\r").removesuffix(MARK) + "\r" * line.endswith("\r") for line in lines]
    return Planted({path: "\n".join(clean)}, tuple((path, number) for number in marked))


def jobs_with_steps(workflow: WrittenWorkflow) -> list[WrittenJob]:
    """The jobs into which a step can be put: their steps are written as a block of lines."""
    return [
        job
        for job in workflow.jobs
        if job.steps and (listed := job.node.sequence("steps")) and not listed.flow and not listed.aliased
    ]


def with_step(job: WrittenJob, chance: random.Random, step: str, *, at: int | None = None) -> str | None:
    """The file's text with a step put into a job, at random or before step number `at` (-1: at the end).

    `step` is written without indentation and begins with `- `.
    """
    source = job.file.source
    position = chance.randrange(len(job.steps) + 1) if at is None else at if at >= 0 else len(job.steps)
    if position < len(job.steps):
        first = job.steps[position].node
        begin = source.line_start(first.start)
        while begin and source.text[source.line_start(begin - 1) : begin].strip().startswith("#"):
            begin = source.line_start(begin - 1)
    else:
        last = job.steps[-1].node
        begin = source.next_line(max(last.end - 1, last.start))
    model = job.steps[0].node
    head = source.text[source.line_start(model.start) : model.start]
    if head.strip() != "-" or "\t" in head:
        return None
    return put(source, begin, step, head.index("-"))


def put(source: Source, offset: int, text: str, indent: int) -> str:
    """The file's text with lines put in before an offset, indented, with the file's own ends of lines."""
    newline = source.newline
    lines = "".join((" " * indent + line if line else "") + newline for line in text.strip("\n").split("\n"))
    before = source.text[:offset]
    if before and not before.endswith("\n"):
        before += newline
    return before + lines + source.text[offset:]


def with_job(workflow: WrittenWorkflow, text: str) -> str | None:
    """The file's text with another job put before the first one. `text` begins with `name:`, without indentation."""
    first = workflow.jobs[0]
    assert first.key is not None
    source = workflow.source
    begin = source.line_start(first.key.start)
    indent = source.text[begin : first.key.start]
    return None if indent.strip() or not indent else put(source, begin, text, len(indent))


def any_of(chance: random.Random, choices: Iterable[str]) -> str:
    """One of several spellings."""
    return chance.choice(list(choices))


def as_run(chance: random.Random, *lines: str, name: bool | None = None) -> str:
    """A step that runs some lines, in one of the ways that YAML has: plain, quoted, in a block.

    Lines with a mark keep it. Plain and quoted text are used for a single line only, and where it can hold it.
    """
    ways = ["block"]
    if len(lines) == 1:
        bare = lines[0].removesuffix(MARK)
        ways += (
            ["plain"]
            if not any(sign in bare for sign in (": ", " #", "'", '"', "{", "[", "`"))
            and not bare.endswith(":")
            else []
        )
        ways += ["double"] if '"' not in bare and "\\" not in bare else []
        ways += ["single"] if "'" not in bare else []
    way = chance.choice(ways)
    mark = MARK if len(lines) == 1 and lines[0].endswith(MARK) else ""
    bare = lines[0].removesuffix(MARK)
    if way == "block":
        body = "".join(f"\n    {line}" for line in lines)
        written = f"run: |{body}"
    else:
        quote = {"plain": "", "double": '"', "single": "'"}[way]
        written = f"run: {quote}{bare}{quote}{mark}"
    named = chance.random() < 0.5 if name is None else name
    return f"- name: A step of ours\n  {written}" if named else f"- {written}"
