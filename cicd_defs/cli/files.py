"""Commands about generated files: plan, render, apply."""

import difflib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
from click.exceptions import Exit

from cicd_defs.cli.reading import (
    PLACE,
    UsageProblem,
    compiled,
    folder_tree,
    project_of,
    repo_option,
    repository_of,
    spec_argument,
    tree_of,
)
from cicd_defs.cli.writing import say, terminal, write_changes

if TYPE_CHECKING:
    from cicd_defs.facts.tree import Tree
    from cicd_defs.plan.pipeline import Pipeline
    from cicd_defs.render.files import GeneratedFile
    from cicd_defs.render.merge import Conflict
    from cicd_defs.render.regenerate import Regenerated
    from cicd_defs.spec.model import Project

overwrite_option = click.option("--overwrite", is_flag=True, help="Replace files that were written by hand.")
keep_option = click.option(
    "--keep",
    multiple=True,
    help="Settle a conflict: leave this element as it is in the file. An element, a file, or `all`.",
)
take_option = click.option(
    "--take",
    multiple=True,
    help="Settle a conflict: take what is generated. An element, a file, or `all`.",
)

MOST_LINES = 40
"""So many lines of each side of a conflict are shown."""


class Choices(NamedTuple):
    """What a person decided beforehand: to replace files written by hand, and how conflicts are settled."""

    overwrite: bool
    keep: tuple[str, ...]
    take: tuple[str, ...]


class Outcome(NamedTuple):
    """What is to be written into one place: the plan, what stands there now, and what becomes of it."""

    pipeline: "Pipeline"
    current: Mapping[str, str]
    regenerated: "Regenerated"

    @property
    def changes(self) -> dict[str, str | None]:
        """Path to new text of every file that changes; None for one that is taken away."""
        told = {file.path: file.text for file in self.regenerated.files}
        changed = {path: text for path, text in told.items() if self.current.get(path) != text}
        return {**changed, **dict.fromkeys(self.regenerated.removed)}


@click.command()
@spec_argument
@click.option("--out", type=PLACE, required=True, help="The folder to write the files into.")
@repo_option
@overwrite_option
@keep_option
@take_option
def render(
    spec: Path, out: Path, repo: Path | None, overwrite: bool, keep: tuple[str, ...], take: tuple[str, ...]
) -> None:
    """Write the files of a project into a folder. What people changed there is kept; see `cicd apply`."""
    project = project_of(spec)
    tree = tree_of(repository_of(project, spec, repo))
    pipeline, files = compiled(spec, project, tree)
    choices = Choices(overwrite or project.pipeline.overwrite, keep, take)
    outcome = brought_together(out, pipeline, files, folder_tree(out), choices)
    written = write_changes(out, outcome.changes, outcome.current, overwrite=choices.overwrite)
    for path in dict.fromkeys((*(out / file.path for file in outcome.regenerated.files), *written)):
        print(terminal(str(path)))
    print_decisions(outcome, sys.stderr.write)


@click.command()
@spec_argument
@repo_option
@click.option(
    "--branch", help="Commit to this branch, and leave the work tree as it is. It may be a new one."
)
@click.option("--message", "-m", help="The commit's message. Default: what changes.")
@overwrite_option
@keep_option
@take_option
def apply(  # noqa: PLR0913, PLR0917 - a command has its options
    spec: Path,
    repo: Path | None,
    branch: str | None,
    message: str | None,
    overwrite: bool,
    keep: tuple[str, ...],
    take: tuple[str, ...],
) -> None:
    """Bring a repository's files up to date with its declaration; what people changed in them stays.

    Where both a person and the declaration changed the same place, nothing is written and both sides are shown. A
    file that was written by hand is never replaced without --overwrite. A second run changes nothing.
    """
    project = project_of(spec)
    place = repository_of(project, spec, repo)
    choices = Choices(overwrite or project.pipeline.overwrite, keep, take)
    if branch is not None:
        _commit(spec, project, place, branch, message, choices)
        return
    if message is not None:
        raise UsageProblem("--message goes with --branch: without a branch nothing is committed.")
    tree = tree_of(place)
    pipeline, files = compiled(spec, project, tree)
    outcome = brought_together(place, pipeline, files, tree, choices)
    written = write_changes(place, outcome.changes, outcome.current, overwrite=choices.overwrite)
    for path in written:
        print(terminal(str(path)))
    print_decisions(outcome, sys.stderr.write)
    if not written:
        print("No changes.", file=sys.stderr)


@click.command()
@spec_argument
@repo_option
def plan(spec: Path, repo: Path | None) -> None:
    """Show what `cicd apply` would change in the repository, as a diff. Exit code 2 where there are changes."""
    project = project_of(spec)
    tree = tree_of(repository_of(project, spec, repo))
    pipeline, files = compiled(spec, project, tree)
    choices = Choices(overwrite=True, keep=(), take=tuple(_theirs(files, tree)))
    outcome = _outcome(pipeline, files, tree, choices)
    print(
        "".join(_diff(outcome.current.get(path), path, text) for path, text in outcome.changes.items()),
        end="",
    )
    print_decisions(outcome, sys.stderr.write)
    _print_conflicts(outcome.regenerated.conflicts)
    if outcome.changes or outcome.regenerated.conflicts:
        raise Exit(2)
    print("No changes.", file=sys.stderr)


def brought_together(
    place: Path, pipeline: "Pipeline", files: "tuple[GeneratedFile, ...]", tree: "Tree", choices: Choices
) -> Outcome:
    """What is to be written over the tree at a place. Raises in words where a person must decide something first."""
    theirs = _theirs(files, tree)
    if set(theirs) - {*choices.take, *choices.keep} and not choices.overwrite:
        names = "\n".join(f"{place / path}: this file was written by hand." for path in theirs)
        raise UsageProblem(
            f"{names}\nNothing was written. Move them away, leave them as they are with --keep FILE, or replace them "
            "with --overwrite."
        )
    replaced = theirs if choices.overwrite else []
    outcome = _outcome(pipeline, files, tree, choices._replace(take=(*choices.take, *replaced)))
    unused = [choice for choice in outcome.regenerated.unused if choice not in replaced]
    if unused:
        raise UsageProblem(f"There is no conflict to settle for {', '.join(unused)}. Nothing was written.")
    _print_conflicts(outcome.regenerated.conflicts)
    if count := len(outcome.regenerated.conflicts):
        raise UsageProblem(f"{_number(count, 'conflict')}. Nothing was written.")
    return outcome


def _outcome(
    pipeline: "Pipeline", files: "tuple[GeneratedFile, ...]", tree: "Tree", choices: Choices
) -> Outcome:
    from cicd_defs.facts.written import UnreadableFile, present_texts
    from cicd_defs.render.lock import BrokenLock
    from cicd_defs.render.regenerate import regenerate

    try:
        current = present_texts(tree, (file.path for file in pipeline.files))
        return Outcome(pipeline, current, regenerate(files, current, choices.keep, choices.take))
    except (BrokenLock, UnreadableFile) as error:
        raise UsageProblem(str(error)) from None


def _theirs(files: "tuple[GeneratedFile, ...]", tree: "Tree") -> list[str]:
    """The files to be generated in whose place somebody's own stands."""
    from cicd_defs.facts.written import written_files

    written = written_files(tree, [file.path for file in files])
    return [
        file.path for file in files if file.kind != "contributing" and written.whose(file.path) == "theirs"
    ]


def _commit(
    spec: Path, project: "Project", place: Path, branch: str, message: str | None, choices: Choices
) -> None:
    """Put what changes on a branch of the repository."""
    from cicd_defs.adapters.git import GitError, tree_at
    from cicd_defs.render.proposal import propose
    from resources.commits import author_in, commit_files, git_folder, start_of

    try:
        start = start_of(place, branch)
        tree = tree_at(git_folder(place), start)
        pipeline, files = compiled(spec, project, tree)
        outcome = brought_together(place, pipeline, files, tree, choices)
        print_decisions(outcome, sys.stderr.write)
        if not outcome.changes:
            print("No changes.", file=sys.stderr)
            return
        author = author_in(place, Path.home())
        words = message or propose(pipeline, outcome.regenerated, outcome.current).title
        commit = commit_files(place, branch, outcome.changes, words, author, int(time.time()))
    except GitError as error:
        raise UsageProblem(str(error)) from None
    print(f"{branch} is at {commit[:12]}: {_number(len(outcome.changes), 'file')}.")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _diff(before: str | None, path: str, after: str | None) -> str:
    names = ("/dev/null" if before is None else f"a/{path}", "/dev/null" if after is None else f"b/{path}")
    old, new = (before or "").splitlines(), (after or "").splitlines()
    lines = difflib.unified_diff(old, new, *names, lineterm="")
    shown = terminal if sys.stdout.isatty() else str
    return "".join(f"{shown(line)}\n" for line in lines)


def print_decisions(outcome: Outcome, write: Callable[[str], object]) -> None:
    """What is not written and why, what was kept, and what a person should know."""
    for line in _decisions(outcome):
        write(f"{terminal(line)}\n")


def _decisions(outcome: Outcome) -> Iterator[str]:
    touched = {*outcome.regenerated.removed, *(file.path for file in outcome.regenerated.files)}
    for file in outcome.pipeline.files:
        if file.state == "removed" and file.path not in touched:
            yield f"left {file.path}: it was changed by hand. {file.reason}"
        elif file.state != "applied" or file.reason not in {"new", "brought up to date"}:
            yield f"{file.state} {file.path}: {file.reason}"
    for kept in outcome.regenerated.kept:
        said = f"{kept.element} {kept.what}".lstrip()
        yield f"kept {kept.file}: {said}{f' ({kept.detail})' if kept.detail else ''}"
    for dropped in outcome.regenerated.dropped:
        yield f"taken out {dropped}"
    for note in outcome.pipeline.notes:
        yield f"note {note.where}: {note.message}"


def _print_conflicts(conflicts: "Iterable[Conflict]") -> None:
    for conflict in conflicts:
        say(shown_conflict(conflict).replace("\r\n", "\n"))


def shown_conflict(conflict: "Conflict") -> str:
    """A conflict with both sides, as git marks them."""
    sides = [_beginning(side) for side in (conflict.current, conflict.generated)]
    return "\n".join(
        [conflict.message, "<<<<<<< in the file", sides[0], "=======", sides[1], ">>>>>>> generated", ""]
    )


def _beginning(side: str) -> str:
    """A side of a conflict; of a whole file the first lines, so that what is told stays in sight."""
    lines = side.rstrip("\n").split("\n")
    more = len(lines) - MOST_LINES
    return "\n".join(lines if more <= 1 else [*lines[:MOST_LINES], f"... ({more} more lines)"])
