"""The command `cicd improve`: the plan that makes a repository's CI good, as words, JSON and patches."""

import re
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from cicd_defs.cli.audit import settings_of
from cicd_defs.cli.auditing import declared_for
from cicd_defs.cli.reading import PLACE, UsageProblem, tree_of
from cicd_defs.cli.writing import say, write_changes

FORMATS = ("md", "json")


@click.command()
@click.argument("path", type=PLACE, default=Path(), help="The repository's folder. Default: this one.")
@click.option("--out", type=PLACE, help="A folder for plan.md, plan.json and the patches. Default: print.")
@click.option("--format", "form", default="md", show_default=True, help="What is printed: md or json.")
@click.option("--spec", type=PLACE, help="A project file. Default: what is detected.")
@click.option("--profile", help="default or strict.")
def improve(path: Path, out: Path | None, form: str, spec: Path | None, profile: str | None) -> None:
    """Plan how a repository's CI is made good: an ordered series of pull requests with their patches."""
    if form not in FORMATS:
        raise UsageProblem(f"--format: `{form}` is none of {', '.join(FORMATS)}.", 2)
    if profile not in {None, "default", "strict"}:
        raise UsageProblem(f"--profile: `{profile}` is none of default, strict.", 2)
    from cicd_defs.adapters.git import GitError, head_of
    from cicd_defs.judge.improvement import Named, plan_improvement
    from cicd_defs.judge.repository import Repository
    from cicd_defs.render.patch import file_patch
    from cicd_defs.render.series import as_json, as_mail, as_markdown, patch_name
    from resources.judges import Judges

    tree = tree_of(path)
    pipeline, files = declared_for(path, tree, spec)
    repository = Repository(tree, offers=lambda: {file.path: file.text for file in files})
    judges = Judges()
    try:
        commit = head_of(path) or ""
    except GitError as error:
        raise UsageProblem(str(error)) from None
    settings = settings_of(spec, profile, ())
    plan = plan_improvement(
        repository,
        Named(path.resolve().name, commit),
        pipeline,
        lambda now: judges.judge(now).findings,
        file_patch,
        settings,
    )
    if out is None:
        print(as_markdown(plan).rstrip("\n") if form == "md" else as_json(plan))
        return
    now = datetime.now(UTC)
    mails = {
        patch_name(one): as_mail(one, len(plan.series), "cicd-defs <cicd-defs@localhost>", now)
        for one in plan.series
    }
    texts = {"plan.md": as_markdown(plan), "plan.json": as_json(plan) + "\n", **mails}
    _write(out, texts)
    say(f"{out}: {len(mails)} patch{'es' if len(mails) != 1 else ''}.{_next(path, out, bool(mails))}")


def _write(out: Path, texts: Mapping[str, str]) -> None:
    """Put the plan into a folder. Patches of an older plan go, so that `git am` takes only those of this one."""
    from cicd_defs.plan.improvement import CHAPTERS

    ours = re.compile(rf"\d{{4}}-(?:{'|'.join(chapter.slug for chapter in CHAPTERS)})\.patch")
    old = [file.name for file in out.glob("*.patch") if ours.fullmatch(file.name)] if out.is_dir() else []
    gone = {name: None for name in old if name not in texts}
    write_changes(out, {**texts, **gone}, dict.fromkeys(texts, ""), overwrite=True)


def _next(path: Path, out: Path, some: bool) -> str:
    command = shlex.join(["git", "-C", str(path), "am", f"{out.resolve()}/"])
    return f" Next: {command}*.patch" if some else " Nothing is to be changed."
