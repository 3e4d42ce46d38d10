"""The command `cicd audit`.

Exit codes: 0 nothing found, 1 findings at or above `--fail-on`, 2 a command line that makes no sense.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cicd_defs.cli.auditing import Answer, Target, audited_all, fix_target, targets_of, told
from cicd_defs.cli.reading import UsageProblem, project_of
from cicd_defs.cli.writing import say, terminal, write_changes

if TYPE_CHECKING:
    from cicd_defs.facts.findings import Finding
    from cicd_defs.judge.audit import Settings
    from cicd_defs.judge.baseline import Baseline
    from cicd_defs.judge.fixing import Fixed

FORMATS = ("text", "json", "sarif", "github")
PROFILES = ("default", "strict")
FIXES = ("safe", "all")
SEVERITIES = ("low", "medium", "high")
BASELINE = Path(".cicd-audit.json")


def audit(  # noqa: PLR0913, PLR0917 - each is an option
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Repositories or workflow files. Default: this folder.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="default, or strict: every rule.", show_default="default")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="text, json, sarif or github (annotations).")
    ] = "text",
    fix: Annotated[
        str | None,
        typer.Option(
            "--fix",
            help="Make the safe fixes; --fix=all: all of them. Prints what changed.",
            metavar="[=all]",
        ),
    ] = None,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on", help="Exit with 1 for findings of this severity or above: low, medium, high."
        ),
    ] = "low",
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", help=f"Known findings, which do not count. Default: {BASELINE} there."),
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write what is found into the baseline, and exit with 0.")
    ] = False,
    spec: Annotated[
        Path | None, typer.Option("--spec", help="A project file, whose `audit:` gives the settings.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="A rule that keeps silent.")] = None,
    own_only: Annotated[
        bool, typer.Option("--own-rules", help="Ask our own rules only, not zizmor or hadolint.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Processes. Default: one for each core.")
    ] = None,
) -> None:
    """Find what is wrong with repositories' CI, and mend it."""
    for name, value, choices in (
        ("--format", form, FORMATS),
        ("--profile", profile or "default", PROFILES),
        ("--fix", fix or "safe", FIXES),
        ("--fail-on", fail_on, SEVERITIES),
    ):
        if value not in choices:
            raise UsageProblem(f"{name}: `{value}` is none of {', '.join(choices)}.", 2)
    settings = settings_of(spec, profile, ignore or [])
    targets = targets_of(paths or [Path()])
    if fix:
        mended = [
            fix_target(target, settings, unsafe=fix == "all", others=not own_only) for target in targets
        ]
        found = [(target, result) for target, result in zip(targets, mended, strict=True)]
        _write_fixed(found, quiet=form != "text")
        findings = [told(target, one) for target, result in found for one in result.left]
        suppressed: list[Finding] = []
        files = sum(len(target.files or ()) for target in targets)
    else:
        findings, suppressed, files = _found(targets, settings, others=not own_only, jobs=jobs)
    place = baseline or _baseline_beside(targets)
    if write_baseline:
        _write_baseline(place, findings)
        return
    new, known = (_read_baseline(place) if place and (baseline or place.is_file()) else _nothing()).split(
        findings
    )
    _print(form, new, (*known, *suppressed), files, (len(known), len(suppressed)))
    from cicd_defs.facts.findings import Severity

    raise typer.Exit(int(any(one.severity >= Severity.named(fail_on) for one in new)))


def settings_of(spec: Path | None, profile: str | None, ignore: Sequence[str]) -> "Settings":
    """The settings of a project file and of the command line, which goes before."""
    from cicd_defs.facts.findings import Severity
    from cicd_defs.judge.audit import Settings
    from cicd_defs.judge.rules_known import is_rule

    declared = project_of(spec).audit if spec else None
    weights = declared.rules if declared else {}
    off = {
        *ignore,
        *(declared.ignore if declared else ()),
        *(name for name, weight in weights.items() if weight == "off"),
    }
    for name in (*off, *weights):
        if not is_rule(name):
            raise UsageProblem(f"There is no rule `{name}`. `cicd explain rules` lists them.", 2)
    severities = {name: Severity.named(weight) for name, weight in weights.items() if weight != "off"}
    chosen = profile or (declared.profile if declared else "default")
    return Settings("strict" if chosen == "strict" else "default", frozenset(off), severities)


def _found(
    targets: Sequence[Target], settings: "Settings", *, others: bool, jobs: int | None
) -> "tuple[list[Finding], list[Finding], int]":
    """What is found in all targets: what counts, what comments silence, and in how many files."""
    findings: list[Finding] = []
    suppressed: list[Finding] = []
    notices: list[str] = []
    files = 0
    for answer in _with_progress(audited_all(targets, settings, others=others, jobs=jobs), len(targets)):
        files += answer.audited.files
        findings += [told(answer.target, one) for one in answer.audited.findings]
        suppressed += [told(answer.target, one) for one in answer.audited.suppressed]
        notices += answer.notices
    for notice in dict.fromkeys(notices):
        say(f"Not evaluated: {notice}")
    return findings, suppressed, files


def _with_progress(results: "Iterator[Answer]", total: int) -> "Iterator[Answer]":
    """The same, with a bar on standard error where somebody looks at it and there is something to wait for."""
    if total < 3 or not sys.stderr.isatty():
        yield from results
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(results, "Auditing", total, console=Console(stderr=True), transient=True)


def _print(
    form: str, new: "Sequence[Finding]", quiet: "Sequence[Finding]", files: int, counts: tuple[int, int]
) -> None:
    from cicd_defs.render import audit as rendered

    if form == "json":
        print(rendered.as_json(new))
    elif form == "sarif":
        from importlib.metadata import version

        print(rendered.as_sarif(new, version("cicd-defs"), quiet))
    elif form == "github":
        print(rendered.as_annotations(new), end="\n" if new else "")
    else:
        print(terminal(rendered.as_text(new)), end="")
        print(terminal(rendered.summary(new, files, *counts)))


def _write_fixed(results: "Sequence[tuple[Target, Fixed]]", *, quiet: bool) -> None:
    """Write what was mended, and show what changed."""
    from cicd_defs.cli.auditing import text_there
    from cicd_defs.render.patch import file_patch

    for target, result in results:
        before = {path: text for path in result.files if (text := text_there(target, path)) is not None}
        write_changes(target.root, result.files, before, overwrite=False)
        for path, text in result.files.items():
            shown = file_patch(target.shown + path, before.get(path), text)
            print(terminal(shown), end="", file=sys.stderr if quiet else sys.stdout)
        if result.files:
            count = len(result.mended)
            say(
                f"{target.shown or '.'}: {count} finding{'s' if count != 1 else ''} mended"
                f" in {len(result.files)} file{'s' if len(result.files) != 1 else ''}."
            )


def _baseline_beside(targets: Sequence[Target]) -> Path | None:
    """The baseline that lies in the repository, where there is one repository."""
    roots = {target.root for target in targets}
    return next(iter(roots)) / BASELINE if len(roots) == 1 else None


def _nothing() -> "Baseline":
    from cicd_defs.judge.baseline import Baseline

    return Baseline()


def _read_baseline(place: Path) -> "Baseline":
    from cicd_defs.judge.baseline import BadBaseline, read_baseline

    try:
        return read_baseline(place.read_text("utf-8"), str(place))
    except FileNotFoundError:
        raise UsageProblem(
            f"{place}: there is no such file. `cicd audit --write-baseline` writes one.", 2
        ) from None
    except (BadBaseline, UnicodeDecodeError) as error:
        raise UsageProblem(str(error), 2) from None


def _write_baseline(place: Path | None, findings: "Sequence[Finding]") -> None:
    from cicd_defs.judge.baseline import baseline_text

    if place is None:
        raise UsageProblem("Say where the baseline of several repositories is to be with --baseline FILE.", 2)
    place.write_text(baseline_text(findings), "utf-8")
    say(f"{place}: {len(findings)} findings are known from now on.")


def with_fix_value(arguments: Sequence[str]) -> list[str]:
    """A command line in which `--fix` has its value: alone it means the safe ones."""
    if "audit" not in arguments:
        return list(arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return ["--fix=safe" if word == "--fix" and at < end else word for at, word in enumerate(arguments)]
