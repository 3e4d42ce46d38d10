"""The door of `cicd demo`: the sample shop in a repository of its own, and its whole graph materialised for real.

The runs go to the instance that the UI shows, so that what was made can be looked at there afterwards.
"""

import logging
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dagster as dg
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from assets.audit import audit_key
from assets.projects import file_key, project_assets, project_keys, run_tags
from assets.written import FilesWritten
from cicd_defs.adapters.git import GitError, local_tree, run_git
from cicd_defs.adapters.project_files import Declared, declared_in, read_project_files
from cicd_defs.facts.written import LOCK_PATH
from cicd_defs.plan.files import known_paths
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.files import GeneratedFile

CHECKOUT = Path(__file__).parents[2]
SAMPLE = "shop"
BESIDE = "shop-generated"
"""The copy of the sample that the files are written into: the graph's own repository stays what it was, or no part of
the graph could be materialised again from what the demo kept."""
AUDITED = f"cicd audit examples/{SAMPLE}"
SOME_DAY = "2026-01-01T00:00:00Z"
"""When the sample is committed: the same files make the same commit."""

SOMEBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in {"NAME": "Demo", "EMAIL": "demo@example.com", "DATE": SOME_DAY}.items()
}


class DemoError(Exception):
    """The demo cannot begin: why, and what to do."""


@dataclass
class Progressed:
    """What has been heard of a run: when each asset came to be, and how long it took."""

    tell: Callable[[dg.AssetKey], None]
    seconds: dict[dg.AssetKey, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.time)

    def hear(self, record: logging.LogRecord) -> None:
        """Take one event of the run."""
        event: dg.DagsterEvent | None = getattr(record, "dagster_event", None)
        if event is None:
            return
        if event.event_type is dg.DagsterEventType.STEP_START:
            self._last = record.created
        if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION and event.asset_key:
            self.seconds[event.asset_key] = record.created - self._last
            self._last = record.created
            self.tell(event.asset_key)


def run_demo(console: Console | None = None, checkout: Path = CHECKOUT) -> int:
    """Make the sample's repository, materialise its graph, and show what came of it. 1 where anything fails."""
    screen = console or Console()
    begun = time.perf_counter()
    try:
        source = checkout / "examples" / SAMPLE
        scratch = sample_repository(source, checkout / ".demo" / SAMPLE)
        beside = sample_repository(source, checkout / ".demo" / BESIDE)
        declared = declared_sample(checkout / "projects", scratch)
    except (DemoError, GitError) as error:
        screen.print(f"[red]The demo cannot begin.[/red] {error}")
        return 1
    home = instance_home(checkout)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        result, progressed = materialised(declared, instance, screen)
        if result.success:
            write_files(result, declared, beside)
        screen.print(told(result, declared, progressed))
    well = result.success and not failed_checks(result)
    for line in failures(result):
        screen.print(line, markup=False, style="red", soft_wrap=True)
    screen.print(where_to_look(beside, checkout, time.perf_counter() - begun, well), soft_wrap=True)
    return 0 if well else 1


def sample_repository(source: Path, scratch: Path) -> Path:
    """The sample's files in a new git repository with one commit. What was there of an earlier demo is replaced."""
    if not source.is_dir():
        raise DemoError(f"{source} is not there: the demo runs from a checkout of this project.")
    shutil.rmtree(scratch, ignore_errors=True)
    tree = local_tree(source)
    for path in tree.paths:
        target = scratch / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(tree.read(path) or b"")
    run_git("init", "--quiet", "--template=", "--initial-branch=main", work_tree=scratch)
    run_git("add", "--all", work_tree=scratch)
    run_git(
        "commit",
        "--quiet",
        "--no-gpg-sign",
        "--message=The shop as it is",
        work_tree=scratch,
        environ=SOMEBODY,
    )
    return scratch


def declared_sample(folder: Path, scratch: Path) -> Declared:
    """The sample's own declaration, for its copy."""
    files = [file for file in read_project_files(folder) if file.stem == SAMPLE]
    for declared in declared_in(tuple(files)):
        return replace(declared, project=declared.project.model_copy(update={"repository": str(scratch)}))
    problems = "\n".join(str(problem) for file in files for problem in file.problems)
    raise DemoError(problems or f"{folder / SAMPLE}.yaml is not there; `git checkout` brings it back.")


def instance_home(checkout: Path) -> Path:
    """The folder of the Dagster instance that `make ui` shows: DAGSTER_HOME, else `.dagster` in the checkout."""
    home = Path(os.environ.get("DAGSTER_HOME") or checkout / ".dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists() and (checkout / "dagster.yaml").exists():
        shutil.copy(checkout / "dagster.yaml", home)
    return home


def materialised(
    declared: Declared, instance: dg.DagsterInstance, screen: Console
) -> tuple[dg.ExecuteInProcessResult, Progressed]:
    """Run the sample's graph in this process, with a bar that moves."""
    keys = project_keys(declared)
    with bar(screen, len(keys)) as step:
        progressed = Progressed(step)
        defs = dg.Definitions(
            assets=project_assets(declared),
            resources=_resources(),
            loggers={"ear": _listening(progressed)},
        )
        job = defs.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=instance,
            tags=run_tags(declared),
            raise_on_error=False,
            run_config={"loggers": {"ear": {}}},  # in place of Dagster's own, which prints every event
        )
    return result, progressed


def _resources() -> dict[str, object]:
    from cicd_defs.definitions.projects import resources_of

    return resources_of(os.environ)


def _listening(progressed: Progressed) -> dg.LoggerDefinition:
    """A logger that prints nothing and hears everything."""

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            progressed.hear(record)

    def quiet(_: Any) -> logging.Logger:
        logger = logging.Logger("demo")
        logger.addHandler(Ear())
        return logger

    return dg.LoggerDefinition(quiet)


@contextmanager
def bar(screen: Console, total: int) -> Iterator[Callable[[dg.AssetKey], None]]:
    """A progress bar while the assets come to be; gone when they are there."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with warnings.catch_warnings(), Progress(*columns, console=screen, transient=True) as progress:
        warnings.simplefilter("ignore")
        task = progress.add_task("reading the repository", total=total)
        yield lambda key: progress.update(task, advance=1, description=key.to_user_string())


def write_files(result: dg.ExecuteInProcessResult, declared: Declared, beside: Path) -> None:
    """Put the generated files where they belong in a copy of the repository, so that `git diff` shows them."""
    written: FilesWritten = result.asset_value([declared.name, "files"])
    for path in (file.path for file in written.files):
        file: GeneratedFile = result.asset_value(file_key(declared.name, path))
        (beside / path).parent.mkdir(parents=True, exist_ok=True)
        (beside / path).write_text(file.text)


def told(result: dg.ExecuteInProcessResult, declared: Declared, progressed: Progressed) -> Table:
    """Every asset with what came of it, its checks, and how long it took."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title, justify in (
        ("asset", "left"),
        ("what came of it", "left"),
        ("checks", "left"),
        ("seconds", "right"),
    ):
        table.add_column(title, justify=justify)  # type: ignore[arg-type]
    reasons = skipped_reasons(result, declared)
    for key in project_keys(declared):
        seconds = progressed.seconds.get(key)
        path = "/".join(key.path[1:])
        made = "[red]not made[/red]" if seconds is None else "[green]materialised[/green]"
        outcome = reasons.get(path, made)
        table.add_row(
            key.to_user_string(), outcome, _checks(result, key), "" if seconds is None else f"{seconds:.2f}"
        )
    return table


def skipped_reasons(result: dg.ExecuteInProcessResult, declared: Declared) -> dict[str, str]:
    """Why files were left out, by path, as far as there is a plan."""
    key = dg.AssetKey([declared.name, "pipeline"])
    if key not in {event.asset_key for event in result.get_asset_materialization_events()}:
        return {}
    plan: Pipeline = result.asset_value(key)
    told_of = {file.path: f"[dim]{file.state}: {file.reason}[/dim]" for file in plan.files}
    applied = {LOCK_PATH, *(file.path for file in plan.applied)}
    left_out = (path for path in known_paths(declared.project) if path not in applied)
    return {path: told_of.get(path, "[dim]skipped: does not apply[/dim]") for path in left_out}


def _checks(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> str:
    marks = {True: "[green]✓[/green]", False: "[red]✗[/red]", None: "[yellow]? not evaluated:[/yellow]"}
    return "\n".join(
        f"{marks[_verdict(check)]} {check.check_name}"
        for check in result.get_asset_check_evaluations()
        if check.asset_key == key
    )


def _verdict(check: dg.AssetCheckEvaluation) -> bool | None:
    """Whether a check passed; None where it could not be made."""
    evaluated = check.metadata.get("evaluated")
    return None if evaluated is not None and evaluated.value is False else check.passed


def failed_checks(result: dg.ExecuteInProcessResult) -> list[dg.AssetCheckEvaluation]:
    """The checks that were made and did not pass, but for those of the sample's own CI, which is poor on purpose."""
    return [
        check
        for check in result.get_asset_check_evaluations()
        if _verdict(check) is False and check.asset_key != audit_key(SAMPLE)
    ]


def failures(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    """Each step that failed and each check that did not pass, with what was said."""
    for event in result.filter_events(lambda event: event.is_step_failure):
        told_plainly, error = event.step_failure_data.user_failure_data, event.step_failure_data.error
        if told_plainly and told_plainly.description:
            yield f"{event.step_key}: {told_plainly.description}"
            continue
        while error and error.cause:
            error = error.cause
        yield f"{event.step_key}: {error.message.strip() if error else event.message}"
    for check in failed_checks(result):
        yield f"{check.asset_key.to_user_string()}, {check.check_name}: {check.description}"


def where_to_look(beside: Path, checkout: Path, seconds: float, well: bool) -> str:
    """What to do next."""
    try:
        shown = beside.relative_to(checkout)
    except ValueError:
        shown = beside
    ended = "[green]All is well[/green]" if well else "[red]Something failed[/red]"
    return (
        f"\n{ended}, after {seconds:.1f} s.\n"
        f"The files    {shown}  (`git -C {shown} diff` shows what changed, beside what is new)\n"
        "The graph    make ui, then Assets → shop\n"
        f"Its own CI   {AUDITED}: poor on purpose, so its audit finds much; `cicd improve` plans the way out\n"
        "Your own     cicd init PATH"
    )
