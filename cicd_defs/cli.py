"""The door for people: `cicd …`. Reads files and arguments, asks the rooms, prints, and sets the exit code.

Exit codes: 0 well; 1 a mistake, told in words; 2 `cicd plan` found changes, or a command line that makes no sense.
Everything heavy is imported inside the command that needs it, so that `cicd --help` answers at once.
"""

import difflib
import json
import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cicd_defs.facts.stacks import Component, Stacks
    from cicd_defs.facts.tree import Tree
    from cicd_defs.plan.pipeline import Pipeline
    from cicd_defs.render.files import GeneratedFile
    from cicd_defs.spec.model import Project

app = typer.Typer(
    name="cicd",
    help="One declaration of a repository's delivery pipeline, and everything that follows from it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

PROJECTS = Path("projects")

Repo = Annotated[
    Path | None,
    typer.Option("--repo", help="The repository's folder. Default: the declared one, where it is a path."),
]
Spec = Annotated[Path, typer.Argument(help="A project file, such as projects/shop.yaml.")]


def main() -> None:
    """Run the command line. Errors that we know are printed in words, on standard error, without a traceback."""
    try:
        app()
    except UsageProblem as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"{error.filename or 'output'}: {error.strerror}.", file=sys.stderr)
        sys.exit(1)
    except UnicodeEncodeError as error:
        print(
            f"{error.object!a}: this name is not text that can be written down. Rename it.", file=sys.stderr
        )
        sys.exit(1)


class UsageProblem(Exception):
    """Something that a person can put right: where, what, and what to do next."""


@app.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Project files. Default: all in projects/.")
    ] = None,
) -> None:
    """Read project files and print what is wrong with them, as file:line:column."""
    from cicd_defs.spec.read import SpecError, check_names, read_project

    chosen = files or sorted(PROJECTS.glob("*.yaml"))
    if not chosen:
        raise UsageProblem("There are no project files in projects/. `cicd init PATH` writes one.")
    problems = list(check_names(str(file) for file in chosen))
    for file in chosen:
        try:
            read_project(_bytes(file), str(file))
        except SpecError as error:
            problems += error.problems
    for problem in sorted(set(problems)):
        print(problem, file=sys.stderr)
    if problems:
        raise typer.Exit(1)
    print(f"{len(chosen)} project file{'s' if len(chosen) != 1 else ''}, nothing wrong.")


@app.command()
def explain(
    key: Annotated[
        str | None, typer.Argument(help="A key, such as pipeline.components.versions or versions.")
    ] = None,
) -> None:
    """Tell what a key of a project file means. Without a key: list all of them."""
    from cicd_defs.spec.explain import closest_key, overview
    from cicd_defs.spec.explain import explain as explained

    if key is None:
        print(overview())
        return
    text = explained(key)
    if text is None:
        meant = closest_key(key)
        hint = f"Did you mean `{meant}`? " if meant else ""
        raise UsageProblem(f"There is no key `{key}`. {hint}`cicd explain` lists all of them.")
    print(text)


@app.command()
def detect(
    path: Annotated[Path, typer.Argument(help="The repository's folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Tell what a repository is made of: components, tools, commands, and the evidence for each."""
    from cicd_defs.facts.union import corpus_columns

    stacks = _stacks(_tree(path))
    if as_json:
        print(json.dumps({**corpus_columns(stacks), **stacks.model_dump(mode="json")}, indent=2))
        return
    _print_stacks(stacks)


@app.command()
def render(
    spec: Spec,
    out: Annotated[Path, typer.Option("--out", help="The folder to write the files into.")],
    repo: Repo = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that were written by hand.")
    ] = False,
) -> None:
    """Write the files of a project into a folder. A file of ours that is no longer wanted is taken away."""
    project = _project(spec)
    tree = _tree(_repository(project, spec, repo))
    pipeline, files = _compiled(project, tree)
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


@app.command()
def plan(spec: Spec, repo: Repo = None) -> None:
    """Show what rendering would change in the repository, as a diff. Exit code 2 where there are changes."""
    project = _project(spec)
    tree = _tree(_repository(project, spec, repo))
    pipeline, files = _compiled(project, tree)
    changes = [_diff(tree, file.path, file.text) for file in files]
    changes += [_diff(tree, item.path, "") for item in pipeline.files if item.state == "removed"]
    print("".join(changes), end="")
    _print_decisions(pipeline, sys.stderr.write)
    if any(changes):
        raise typer.Exit(2)
    print("No changes.", file=sys.stderr)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The repository's folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write. Default: projects/NAME.yaml.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented project file from what is detected in a repository."""
    from cicd_defs.render.project import name_for, render_project
    from cicd_defs.spec.read import check_names

    stacks = _stacks(_tree(path))
    target = out or PROJECTS / f"{name_for(path.resolve().name)}.yaml"
    if problems := check_names([str(target)]):
        raise UsageProblem("\n".join(map(str, problems)))
    if target.exists() and not force:
        raise UsageProblem(
            f"{target} is there already. Give another name with --out, or --force to replace it."
        )
    text = render_project(str(path.resolve()), stacks, source=str(target), branch=_branch(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    count = len(stacks.components)
    print(f"{target}: {count} component{'s' if count != 1 else ''}.", end=" ")
    print(f"Next: {shlex.join(['cicd', 'plan', str(target), '--repo', str(path)])}")


@app.command()
def demo() -> None:
    """Copy the sample repository, materialise its whole graph, and show what came of it."""
    from cicd_defs.demo import run_demo

    raise typer.Exit(run_demo())


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise UsageProblem(f"{file}: there is no such file. `cicd init PATH` writes one.") from None
    except OSError as error:
        raise UsageProblem(f"{file}: it cannot be read: {error.strerror}.") from None


def _project(file: Path) -> "Project":
    from cicd_defs.spec.read import SpecError, read_project

    try:
        return read_project(_bytes(file), str(file))
    except SpecError as error:
        raise UsageProblem(str(error)) from None


def _repository(project: "Project", spec: Path, given: Path | None) -> Path:
    """The repository's folder: the one given, else the declared one, relative to the project file."""
    from resources.repositories import local_path

    place = given or local_path(project.repository, spec.parent)
    if place is not None and (given or place.is_dir()):
        return place
    raise UsageProblem(
        f"{spec}: `{project.repository}` is no folder here. Say where the repository is with --repo PATH."
    )


def _tree(path: Path) -> "Tree":
    from resources.git import GitError, local_tree

    if not path.is_dir():
        raise UsageProblem(f"{path}: there is no such folder.")
    try:
        return local_tree(path)
    except GitError as error:
        raise UsageProblem(str(error)) from None


def _branch(path: Path) -> str | None:
    from resources.git import GitError, branch_of

    try:
        return branch_of(path)
    except GitError as error:
        raise UsageProblem(str(error)) from None


def _stacks(tree: "Tree") -> "Stacks":
    from cicd_defs.facts.detect import detect as detected

    return detected(tree)


def _compiled(project: "Project", tree: "Tree") -> "tuple[Pipeline, tuple[GeneratedFile, ...]]":
    from cicd_defs.facts.written import written_files
    from cicd_defs.plan.compile import compile_pipeline
    from cicd_defs.plan.files import looked_at
    from cicd_defs.render.files import render_files

    pipeline = compile_pipeline(project, _stacks(tree), written_files(tree, looked_at(project)))
    return pipeline, render_files(pipeline)


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


def _print_stacks(stacks: "Stacks") -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for component in stacks.components:
        _print_component(console.print, component)
    repository = {
        "hooks": stacks.hooks,
        "Dockerfiles": stacks.dockerfiles,
        "compose files": stacks.compose_files,
        "Kubernetes manifests": stacks.kubernetes,
        "Helm charts": stacks.helm_charts,
        "skaffold": stacks.skaffold,
        "other languages": stacks.other_languages,
    }
    for title, claims in repository.items():
        if claims:
            console.print(f"{title}: {', '.join(claim.name for claim in claims)}", markup=False)
    if not stacks.components:
        console.print("No component was found that could be built. Declare it under `pipeline.components`.")


def _print_component(write: Callable[..., None], component: "Component") -> None:
    write(
        f"{component.name}  {component.path}  {component.stack} {' '.join(component.versions)}",
        style="bold",
        markup=False,
    )
    for title in (
        "languages",
        "package_managers",
        "test_runners",
        "linters",
        "formatters",
        "type_checkers",
        "services",
    ):
        claims = getattr(component, title)
        if claims:
            said = ", ".join(f"{claim.name} ({_first(claim.evidence)})" for claim in claims)
            write(f"  {title.replace('_', ' ')}: {said}", markup=False)
    for command in component.commands:
        write(f"  {command.kind}: {command.run.strip()}", style="cyan", markup=False)


def _first(evidence: Iterable[str]) -> str:
    return next(iter(evidence), "no place")


if __name__ == "__main__":
    main()
