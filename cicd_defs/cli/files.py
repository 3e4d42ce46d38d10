"""Commands about generated files: plan, render."""

import difflib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cicd_defs.cli.reading import Repo, Spec, UsageProblem, compiled, project_of, repository_of, tree_of

if TYPE_CHECKING:
    from cicd_defs.facts.tree import Tree
    from cicd_defs.plan.pipeline import Pipeline


def plan(spec: Spec, repo: Repo = None) -> None:
    """Show what rendering would change in the repository, as a diff. Exit code 2 where there are changes."""
    project = project_of(spec)
    tree = tree_of(repository_of(project, spec, repo))
    pipeline, files = compiled(project, tree)
    changes = [_diff(tree, file.path, file.text) for file in files]
    changes += [_diff(tree, item.path, "") for item in pipeline.files if item.state == "removed"]
    print("".join(changes), end="")
    _print_decisions(pipeline, sys.stderr.write)
    if any(changes):
        raise typer.Exit(2)
    print("No changes.", file=sys.stderr)


def render(
    spec: Spec,
    out: Annotated[Path, typer.Option("--out", help="The folder to write the files into.")],
    repo: Repo = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that were written by hand.")
    ] = False,
) -> None:
    """Write the files of a project into a folder. A file of ours that is no longer wanted is taken away."""
    project = project_of(spec)
    tree = tree_of(repository_of(project, spec, repo))
    pipeline, files = compiled(project, tree)
    unwanted = [out / item.path for item in pipeline.files if item.state == "removed"]
    targets = [out / file.path for file in files]
    _refuse_places(out, [*targets, *unwanted])
    if not (overwrite or project.pipeline.overwrite):
        _refuse_overwriting(targets)
    for target, file in zip(targets, files, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text, "utf-8")
        print(target)
    for target in unwanted:
        if _is_ours(target):
            target.unlink()
    _print_decisions(pipeline, sys.stderr.write)


def _refuse_places(out: Path, targets: Iterable[Path]) -> None:
    """A link in the output folder must not lead us to write somewhere else."""
    inside = out.resolve()
    for target in targets:
        if target.is_symlink() or not target.parent.resolve().is_relative_to(inside):
            raise UsageProblem(
                f"{target}: a link leads out of {out}. Remove it, or choose another folder with --out."
            )


def _refuse_overwriting(targets: Iterable[Path]) -> None:
    """Somebody's own files stay, unless we are told to replace them; then nothing at all is written."""
    theirs = [target for target in targets if target.exists() and not _is_ours(target)]
    if theirs:
        names = "\n".join(f"{target}: this file was written by hand." for target in theirs)
        raise UsageProblem(f"{names}\nNothing was written. Move them away, or replace them with --overwrite.")


def _is_ours(target: Path) -> bool:
    from cicd_defs.facts.written import is_ours

    return target.is_file() and is_ours(target.read_text("utf-8", "replace"))


def _diff(tree: "Tree", path: str, text: str) -> str:
    before = tree.text(path) if path in tree.paths else None
    names = (f"a/{path}" if before is not None else "/dev/null", f"b/{path}" if text else "/dev/null")
    lines = difflib.unified_diff((before or "").splitlines(), text.splitlines(), *names, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def _print_decisions(pipeline: "Pipeline", write: Callable[[str], object]) -> None:
    """What is not written and why, and what a person should know."""
    for file in pipeline.files:
        if file.state != "applied" or file.reason not in {"new", "brought up to date"}:
            write(f"{file.state} {file.path}: {file.reason}\n")
    for note in pipeline.notes:
        write(f"note {note.where}: {note.message}\n")
