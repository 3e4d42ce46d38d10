"""Commands about project files: check, explain, detect, init."""

import json
import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from cicd_defs.cli.reading import PLACE, PROJECTS, UsageProblem, branch_in, bytes_of, stacks_of, tree_of

if TYPE_CHECKING:
    from cicd_defs.facts.stacks import Component, Stacks


@click.command()
@click.argument("files", type=PLACE, nargs=-1, help="Project files. Default: all in projects/.")
def check(files: tuple[Path, ...]) -> None:
    """Read project files and print what is wrong with them, as file:line:column."""
    from cicd_defs.spec.read import SpecError, check_names, read_project

    chosen = files or sorted(PROJECTS.glob("*.yaml"))
    if not chosen:
        raise UsageProblem("There are no project files in projects/. `cicd init PATH` writes one.")
    problems = list(check_names(str(file) for file in chosen))
    for file in chosen:
        try:
            read_project(bytes_of(file), str(file))
        except SpecError as error:
            problems += error.problems
    for problem in sorted(set(problems)):
        print(problem, file=sys.stderr)
    if problems:
        raise Exit(1)
    print(f"{len(chosen)} project file{'s' if len(chosen) != 1 else ''}, nothing wrong.")


@click.command()
@click.argument(
    "key",
    required=False,
    help="A key, such as versions; a rule of the audit, such as or-true; or the word `rules`.",
)
@click.option("--page", is_flag=True, help="With `rules`: all manuals as one page of Markdown.")
def explain(key: str | None, page: bool) -> None:
    """Tell what a key of a project file means, or a rule of the audit. Without a word: list all keys."""
    if page:
        if key != "rules":
            raise UsageProblem("--page goes with `rules`: `cicd explain rules --page`.", 2)
        from cicd_defs.render.rules import rules_page

        print(rules_page(), end="")
        return
    from cicd_defs.judge.closest import closest
    from cicd_defs.spec.explain import closest_key, overview
    from cicd_defs.spec.explain import explain as explained

    if key is None:
        print(overview())
        return
    text = _explained_rule(key) if key == "rules" else explained(key) or _explained_rule(key)
    if text is None:
        from cicd_defs.judge.rules_known import closest_rule

        near = [word for word in (closest_key(key), closest_rule(key)) if word]
        meant = closest(key, near, 0.0)
        hint = f"Did you mean `{meant}`? " if meant else ""
        raise UsageProblem(
            f"There is no key or rule `{key}`. {hint}`cicd explain` lists all keys, `cicd explain rules` all rules."
        )
    print(text)


def _explained_rule(word: str) -> str | None:
    from cicd_defs.render.rules import manual_of, overview_of_rules

    return overview_of_rules() if word == "rules" else manual_of(word)


@click.command()
@click.argument("path", type=PLACE, help="The repository's folder.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def detect(path: Path, as_json: bool) -> None:
    """Tell what a repository is made of: components, tools, commands, and the evidence for each."""
    from cicd_defs.facts.union import corpus_columns

    stacks = stacks_of(tree_of(path))
    if as_json:
        print(json.dumps({**corpus_columns(stacks), **stacks.model_dump(mode="json")}, indent=2))
        return
    _print_stacks(stacks)


@click.command()
@click.argument("path", type=PLACE, help="The repository's folder.")
@click.option("--out", type=PLACE, help="The file to write. Default: projects/NAME.yaml.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def init(path: Path, out: Path | None, force: bool) -> None:
    """Write a commented project file from what is detected in a repository."""
    from cicd_defs.render.project import name_for, render_project
    from cicd_defs.spec.read import check_names

    stacks = stacks_of(tree_of(path))
    target = out or PROJECTS / f"{name_for(path.resolve().name)}.yaml"
    if problems := check_names([str(target)]):
        raise UsageProblem("\n".join(map(str, problems)))
    if target.exists() and not force:
        raise UsageProblem(
            f"{target} is there already. Give another name with --out, or --force to replace it."
        )
    text = render_project(str(path.resolve()), stacks, source=str(target), branch=branch_in(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    count = len(stacks.components)
    print(f"{target}: {count} component{'s' if count != 1 else ''}.", end=" ")
    print(f"Next: {shlex.join(['cicd', 'plan', str(target), '--repo', str(path)])}")


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
