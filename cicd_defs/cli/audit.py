"""The command `cicd audit`.

Exit codes: 0 nothing found; 1 findings at or above `--fail-on`; 2 a command line that makes no sense, or something
that was named could not be audited, and nothing was found in the rest. So 0 always means that everything was looked at.
"""

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from click.exceptions import Exit

from cicd_defs.cli.auditing import Answer, Asked, Target, answers, targets_of, told
from cicd_defs.cli.reading import PLACE, UsageProblem, project_of
from cicd_defs.cli.writing import say, terminal, write_changes

if TYPE_CHECKING:
    from cicd_defs.facts.findings import Finding
    from cicd_defs.judge.audit import Settings
    from cicd_defs.judge.baseline import Baseline

FORMATS = ("text", "json", "sarif", "github")
PROFILES = ("default", "strict")
FIXES = ("safe", "all")
SEVERITIES = ("low", "medium", "high")
BASELINE = ".cicd-audit.json"
WRONG = 2
"""The exit code for what a person has to put right first."""


class _Audit(click.Command):
    """The command, with `--fix` alone meaning the safe fixes: the word behind it is a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_fix_value(args))


@click.command(cls=_Audit)
@click.argument("paths", type=PLACE, nargs=-1, help="Repositories or workflow files. Default: this folder.")
@click.option("--profile", help="default, or strict: every rule.  [default: default]")
@click.option(
    "--format", "form", default="text", show_default=True, help="text, json, sarif or github (annotations)."
)
@click.option(
    "--fix", metavar="[=all]", help="Make the safe fixes; --fix=all: all of them. Prints what changed."
)
@click.option(
    "--fail-on",
    default="low",
    show_default=True,
    help="Exit with 1 for findings of this severity or above: low, medium, high.",
)
@click.option(
    "--baseline",
    type=PLACE,
    help=f"Known findings, which do not count. Default: each repository's {BASELINE}.",
)
@click.option(
    "--write-baseline", is_flag=True, help="Write what is found into the baseline, and exit with 0."
)
@click.option("--spec", type=PLACE, help="A project file, whose `audit:` gives the settings.")
@click.option("--ignore", multiple=True, help="A rule that keeps silent.")
@click.option("--own-rules", "own_only", is_flag=True, help="Ask our own rules only, not zizmor or hadolint.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes. Default: one for each core.")
def audit(  # noqa: PLR0913, PLR0917 - each is an option
    paths: tuple[Path, ...],
    profile: str | None,
    form: str,
    fix: str | None,
    fail_on: str,
    baseline: Path | None,
    write_baseline: bool,
    spec: Path | None,
    ignore: tuple[str, ...],
    own_only: bool,
    jobs: int | None,
) -> None:
    """Find what is wrong with repositories' CI, and mend it."""
    # What is read stays until the end, and there is much of it: to look for garbage among it takes a fifth of the time.
    gc.set_threshold(200_000, 50, 1000)
    _check_choices(
        ("--format", form, FORMATS),
        ("--profile", profile or "default", PROFILES),
        ("--fix", fix or "safe", FIXES),
        ("--fail-on", fail_on, SEVERITIES),
    )
    with _mistakes():
        settings = settings_of(spec, profile, ignore)
        targets, problems = targets_of(paths or (Path(),))
        wanted: Literal["safe", "all"] | None = "all" if fix == "all" else "safe" if fix else None
        said, more = _answers(targets, Asked(settings, not own_only, wanted), jobs)
        lost = [*problems, *more]
        if wanted:
            lost += _write_fixed(said, quiet=form != "text")
        for problem in lost:
            say(problem)
        if write_baseline:
            _write_baselines(said, baseline)
            raise Exit(WRONG if lost else 0)
        report = _sorted_out(said, _Places.of(targets, baseline), form)
        _print(form, report)
    raise Exit(_exit_code(report, fail_on, lost))


def _check_choices(*options: tuple[str, str, Sequence[str]]) -> None:
    from cicd_defs.judge.closest import closest

    for name, value, choices in options:
        if value not in choices:
            meant = closest(value, choices)
            hint = f" Did you mean `{meant}`?" if meant else ""
            raise UsageProblem(f"{name}: `{value}` is none of {', '.join(choices)}.{hint}", WRONG)


@contextmanager
def _mistakes() -> Iterator[None]:
    """What a person has to put right ends with 2: 1 is for findings."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a finding must not be lost since a terminal cannot show a letter
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    except UsageProblem as problem:
        raise UsageProblem(str(problem), WRONG) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageProblem(f"{error.filename or 'output'}: {error.strerror}.", WRONG) from None


def settings_of(spec: Path | None, profile: str | None, ignore: Sequence[str]) -> "Settings":
    """The settings of a project file and of the command line, which goes before."""
    from cicd_defs.facts.findings import Severity
    from cicd_defs.judge.audit import Settings
    from cicd_defs.judge.rules_known import is_rule, no_such_rule, not_to_be_turned_off

    declared = project_of(spec).audit if spec else None
    weights = declared.rules if declared else {}
    off = {
        *ignore,
        *(declared.ignore if declared else ()),
        *(name for name, weight in weights.items() if weight == "off"),
    }
    for name in dict.fromkeys((*ignore, *sorted(off), *weights)):
        if not is_rule(name):
            raise UsageProblem(
                no_such_rule(name) if name in ignore else f"{spec}: {no_such_rule(name)}", WRONG
            )
        if name in off and (why := not_to_be_turned_off(name)):
            raise UsageProblem(why, WRONG)
    severities = {name: Severity.named(weight) for name, weight in weights.items() if weight != "off"}
    chosen = profile or (declared.profile if declared else "default")
    return Settings("strict" if chosen == "strict" else "default", frozenset(off), severities)


def _answers(targets: Sequence[Target], asked: Asked, jobs: int | None) -> tuple[list[Answer], list[str]]:
    """What is said of all targets, and why of some nothing is. Who could not be asked is told."""
    said: list[Answer] = []
    problems: list[str] = []
    notices: dict[str, None] = {}
    for answer in _with_progress(answers(targets, asked, jobs), len(targets)):
        notices.update(dict.fromkeys(answer.notices))
        if answer.problem:
            problems.append(answer.problem)
        else:
            said.append(answer)
    for notice in notices:
        say(f"Not evaluated: {notice}")
    return said, problems


def _with_progress(results: Iterator[Answer], total: int) -> Iterator[Answer]:
    """The same, with a bar on standard error where somebody looks at it and there is something to wait for.

    It is drawn between the answers: a thread that drew it would be there while processes are started.
    """
    if total < 3 or not sys.stderr.isatty():
        yield from results
        return
    wide = 30
    for count, answer in enumerate(results, 1):
        done = wide * count // total
        bar = "█" * done + "░" * (wide - done)
        print(f"\r\x1b[KAuditing {bar} {count}/{total}", end="", file=sys.stderr, flush=True)
        yield answer
    print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class _Report:
    """What is told: what counts, what the baseline knows, what comments silence with their reasons."""

    new: "tuple[Finding, ...]"
    known: "tuple[Finding, ...]"
    suppressed: "tuple[tuple[Finding, str], ...]"
    files: int


@dataclass(frozen=True)
class _Places:
    """Where what is known stands: in one file that is given, or in each repository. `several` repositories."""

    given: Path | None
    several: bool

    @classmethod
    def of(cls, targets: Sequence[Target], given: Path | None) -> "_Places":
        return cls(given, len({target.root for target in targets}) > 1)

    def known(self, target: Target) -> frozenset[str]:
        """The fingerprints of what is known of a target."""
        place = self.given or target.root / BASELINE
        return _read_baseline(place).fingerprints if self.given or os.path.lexists(place) else frozenset()

    def prefix(self, target: Target) -> str:
        """What stands before a file's path in the baseline: those of one repository are the same from anywhere."""
        return target.shown if self.given and self.several else ""


def _shown(target: Target, form: str, *, several: bool) -> str:
    """What stands before a file's path. Code scanning wants it from the repository, annotations from this folder."""
    if form == "sarif" and not several:
        return ""
    here = f"{Path.cwd()}/"
    return target.shown.removeprefix(here) if form in {"sarif", "github"} else target.shown


def _sorted_out(said: Sequence[Answer], places: _Places, form: str) -> _Report:
    """All findings, as they are told."""
    new: list[Finding] = []
    known: list[Finding] = []
    suppressed: list[tuple[Finding, str]] = []
    files = 0
    for answer in said:
        assert answer.audited is not None
        audited = answer.audited
        shown = _shown(answer.target, form, several=places.several)
        before, prefix = places.known(answer.target), places.prefix(answer.target)
        for one in audited.findings:
            held = before and told(prefix, one).fingerprint in before
            (known if held else new).append(told(shown, one))
        suppressed += [(told(shown, one), audited.reason_for(one)) for one in audited.suppressed]
        files += audited.files
    return _Report(tuple(new), tuple(known), tuple(suppressed), files)


def _exit_code(report: _Report, fail_on: str, lost: Sequence[str]) -> int:
    from cicd_defs.facts.findings import Severity

    if any(one.severity >= Severity.named(fail_on) for one in report.new):
        return 1
    return WRONG if lost else 0


def _print(form: str, report: _Report) -> None:
    from cicd_defs.render import audit as rendered

    if form == "json":
        print(rendered.as_json(report.new))
    elif form == "sarif":
        from importlib.metadata import version

        from cicd_defs.render.sarif import as_sarif

        print(as_sarif(report.new, version("cicd-defs"), report.known, report.suppressed))
    elif form == "github":
        print(rendered.as_annotations(report.new), end="\n" if report.new else "")
    else:
        text = rendered.as_text(report.new, colour=_in_colour())
        print(text, end="\n" if text else "")
        print(rendered.summary(report.new, report.files, len(report.known), len(report.suppressed)))


def _in_colour() -> bool:
    """Whether a person looks at it who wants colours: https://no-color.org."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _write_fixed(said: Sequence[Answer], *, quiet: bool) -> list[str]:
    """Write what was mended, and show what changed. Returns what could not be written, and why."""
    from cicd_defs.render.patch import file_patch

    problems: list[str] = []
    for answer in said:
        target = answer.target
        try:
            write_changes(target.root, answer.files, answer.before, overwrite=False)
        except (UsageProblem, OSError) as error:
            why = f"{error.filename}: {error.strerror}." if isinstance(error, OSError) else str(error)
            problems.append(why)
            continue
        for path, text in answer.files.items():
            shown = file_patch(target.shown + path, answer.before.get(path), text)
            print(terminal(shown), end="", file=sys.stderr if quiet else sys.stdout)
        if answer.files:
            say(
                f"{target.name}: {answer.mended} finding{'s' if answer.mended != 1 else ''} mended"
                f" in {len(answer.files)} file{'s' if len(answer.files) != 1 else ''}."
            )
    return problems


def _read_baseline(place: Path) -> "Baseline":
    from cicd_defs.judge.baseline import BadBaseline, read_baseline

    if not os.path.lexists(place):
        raise UsageProblem(f"{place}: there is no such file. `cicd audit --write-baseline` writes one.")
    if not place.is_file():  # a pipe would never end
        raise UsageProblem(f"{place}: this is no file. Move it away, or name another with --baseline.")
    try:
        return read_baseline(place.read_bytes().decode(), str(place))
    except UnicodeDecodeError:
        raise UsageProblem(
            f"{place}: this is no UTF-8. Write it anew with `cicd audit --write-baseline`."
        ) from None
    except BadBaseline as error:
        raise UsageProblem(str(error)) from None


def _write_baselines(said: Sequence[Answer], given: Path | None) -> None:
    """Write down what is known from now on: into one file, or into each repository."""
    from cicd_defs.judge.baseline import baseline_text

    places = _Places.of([answer.target for answer in said], given)
    by_root: dict[Path, list[Finding]] = {}
    for answer in said:
        assert answer.audited is not None
        prefix = places.prefix(answer.target)
        held = by_root.setdefault(given or answer.target.root / BASELINE, [])
        held += [told(prefix, one) for one in answer.audited.findings]
    for place, findings in by_root.items():
        text = baseline_text(findings)
        if given:
            place.write_bytes(text.encode())
        else:
            write_changes(place.parent, {BASELINE: text}, {BASELINE: ""}, overwrite=True)
        say(f"{place}: {len(findings)} finding{'s' if len(findings) != 1 else ''} known from now on.")


def with_fix_value(arguments: Sequence[str]) -> list[str]:
    """The arguments of `cicd audit` in which `--fix` has its value: alone it means the safe ones."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return ["--fix=safe" if word == "--fix" and at < end else word for at, word in enumerate(arguments)]
