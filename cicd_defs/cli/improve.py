"""The command `cicd improve`: the plan that makes a repository's CI good, as words, JSON and patches."""

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cicd_defs.cli.audit import settings_of
from cicd_defs.cli.auditing import declared_for
from cicd_defs.cli.reading import UsageProblem, tree_of
from cicd_defs.cli.writing import say

FORMATS = ("md", "json")


def improve(
    path: Annotated[Path, typer.Argument(help="The repository's folder.")] = Path(),
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A folder for plan.md, plan.json and the patches. Default: print."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="What is printed: md or json.")] = "md",
    spec: Annotated[
        Path | None, typer.Option("--spec", help="A project file. Default: what is detected.")
    ] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="default or strict.")] = None,
) -> None:
    """Plan how a repository's CI is made good: an ordered series of pull requests with their patches."""
    if form not in FORMATS:
        raise UsageProblem(f"--format: `{form}` is none of {', '.join(FORMATS)}.", 2)
    from cicd_defs.judge.improvement import Named, plan_improvement
    from cicd_defs.judge.repository import Repository
    from cicd_defs.render.patch import file_patch
    from cicd_defs.render.series import as_json, as_mail, as_markdown, patch_name
    from resources.git import GitError, head_of
    from resources.judges import Judges

    tree = tree_of(path)
    pipeline, files = declared_for(path, tree, spec)
    repository = Repository(tree, offers=lambda: {file.path: file.text for file in files})
    judges = Judges()
    try:
        commit = head_of(path) or ""
    except GitError as error:
        raise UsageProblem(str(error)) from None
    plan = plan_improvement(
        repository,
        Named(path.resolve().name, commit),
        pipeline,
        lambda now: judges.judge(now).findings,
        file_patch,
        settings_of(spec, profile, ()),
    )
    if out is None:
        print(as_markdown(plan) if form == "md" else as_json(plan))
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / "plan.md").write_text(as_markdown(plan), "utf-8")
    (out / "plan.json").write_text(as_json(plan) + "\n", "utf-8")
    now = datetime.now(UTC)
    for one in plan.series:
        mail = as_mail(one, len(plan.series), "cicd-defs <cicd-defs@localhost>", now)
        (out / patch_name(one)).write_bytes(mail.encode())
    say(
        f"{out}: {len(plan.series)} patches. Next: {shlex.join(['git', '-C', str(path), 'am', f'{out}/'])}*.patch"
    )
