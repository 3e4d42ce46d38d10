"""Auditing many repositories at once: what is asked for, and the work done side by side."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from cicd_defs.cli.reading import UsageProblem

if TYPE_CHECKING:
    from cicd_defs.facts.findings import Finding
    from cicd_defs.facts.tree import Tree
    from cicd_defs.judge.audit import Audited, Settings
    from cicd_defs.judge.repository import Repository
    from cicd_defs.plan.pipeline import Pipeline
    from cicd_defs.render.files import GeneratedFile
    from resources.judges import Judged

FEW = 40
"""Files up to which another process costs more than it saves."""

_WORKFLOW = re.compile(
    r"(?!(?:\.github/dependabot|\.pre-commit-(?:config|hooks))\.ya?ml$).*\.ya?ml", re.DOTALL
)
"""Files that are judged as workflows where somebody names them. zizmor knows the others by their names."""


@dataclass(frozen=True)
class Target:
    """A repository, or some files of one. `shown` stands before the paths that are told."""

    root: Path
    files: tuple[str, ...] | None
    shown: str

    @property
    def whole(self) -> bool:
        """Whether all of the repository is looked at."""
        return self.files is None

    @property
    def name(self) -> str:
        """What it is called where it is told of."""
        return self.shown.rstrip("/") or str(self.root)


@dataclass(frozen=True)
class Asked:
    """What is asked of each target. `others`: zizmor and hadolint, too. `fix`: mend it, in memory."""

    settings: "Settings"
    others: bool
    fix: Literal["safe", "all"] | None = None


@dataclass(frozen=True)
class Answer:
    """What was found in a target, and what could not be judged. `files` are those mended, before and after.

    `problem` says why nothing could be found out.
    """

    target: Target
    audited: "Audited | None" = None
    notices: tuple[str, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    mended: int = 0
    problem: str = ""


class Targets(NamedTuple):
    """What is to be audited, and what of that which was named is not there."""

    found: tuple[Target, ...]
    problems: tuple[str, ...]


def targets_of(paths: Sequence[Path]) -> Targets:
    """What is to be audited: each folder is a repository; files are gathered by the repository they are in.

    What is named twice is looked at once.
    """
    folders: dict[Path, Target] = {}
    files: dict[tuple[Path, str], dict[str, None]] = {}
    problems: list[str] = []
    for path in dict.fromkeys(paths):
        if path.is_dir():
            shown = "" if len(paths) == 1 else f"{path}/"
            folders.setdefault(path.resolve(), Target(path.resolve(), None, shown))
        elif problem := _not_a_file(path):
            problems.append(problem)
        else:
            root = _root_of(path)
            inside = str(path.relative_to(root))
            begun = str(path)[: len(str(path)) - len(inside)]
            files.setdefault((root.resolve(), begun), {})[inside] = None
    parts = (Target(root, tuple(held), shown) for (root, shown), held in files.items() if root not in folders)
    return Targets((*folders.values(), *parts), tuple(problems))


def _not_a_file(path: Path) -> str:
    """Why a path names nothing that can be audited; empty where it does."""
    from cicd_defs.facts.instructions import is_dockerfile

    if not os.path.lexists(path):
        return f"{path}: there is no such file or folder. Name a repository or a workflow file."
    if not path.is_file():
        return f"{path}: this is neither a file nor a folder. Name a repository or a workflow file."
    if path.suffix not in {".yml", ".yaml"} and not is_dockerfile(path.name):
        return f"{path}: this is no workflow, action or Dockerfile. Name its repository's folder."
    return ""


def _root_of(file: Path) -> Path:
    """The folder that holds `.github`, else the file's own folder."""
    parts = file.parts
    return Path(*parts[: parts.index(".github")]) if ".github" in parts else file.parent


def tree_of_target(target: Target) -> "Tree":
    """The files of a target."""
    from cicd_defs.adapters.git import read_below
    from cicd_defs.cli.reading import tree_of
    from cicd_defs.facts.tree import Tree

    if target.files is None:
        return tree_of(target.root)
    return Tree(tuple(sorted(target.files)), lambda path: read_below(target.root, path))


def repository_of(
    target: Target, tree: "Tree", offers: Callable[[], Mapping[str, str]] | None = None
) -> "Repository":
    """What the rules are asked about."""
    from cicd_defs.judge.repository import Repository

    workflows = target.files and tuple(path for path in target.files if _WORKFLOW.fullmatch(path))
    return Repository(tree, whole=target.whole, workflow_paths=workflows, offers=offers)


def answers(targets: Sequence[Target], asked: Asked, jobs: int | None = None) -> Iterator[Answer]:
    """What is said of each target, in their order, worked out in as many processes as there are cores.

    What goes wrong with one is its answer, and costs the others nothing.
    """
    processes = jobs or os.cpu_count() or 1
    bundles = _bundles(targets, processes)
    work = partial(_answered, asked=asked)
    if len(bundles) < 2 or processes < 2:
        for bundle in bundles:
            yield from work(bundle)
        return
    from cicd_defs.cli.side_by_side import in_processes
    from cicd_defs.judge.rules import all_rules, workflow_rules

    # Loaded once, before there are several of us.
    all_rules() if any(target.whole for target in targets) else workflow_rules()
    yield from in_processes(work, bundles, processes, _killed)


def _killed(bundle: Sequence[Target]) -> list[Answer]:
    """What is said where a process is gone."""
    said = "the process that audited it was killed, which happens where memory runs out"
    return [Answer(target, problem=f"{target.name}: {said}.") for target in bundle]


def _bundles(targets: Sequence[Target], cores: int) -> list[tuple[Target, ...]]:
    """Whole repositories one by one; those of which some files are asked for together, as many bundles as cores.

    A program that judges is started once for each bundle.
    """
    whole = [(target,) for target in targets if target.whole]
    parts = [target for target in targets if not target.whole]
    files = sum(len(target.files or ()) for target in parts)
    if cores < 2 or files < FEW:
        return [*whole, *([tuple(parts)] if parts else [])]
    bundles: list[list[Target]] = [[]]
    count = 0
    for target in parts:
        if count >= files / cores * len(bundles):
            bundles.append([])
        bundles[-1].append(target)
        count += len(target.files or ())
    return [*whole, *map(tuple, bundles)]


def _answered(targets: Sequence[Target], asked: Asked) -> list[Answer]:
    """What is said of some targets; where that fails, each on its own, so that the fault is told of the right one."""
    try:
        if asked.fix:
            return [_mended(target, asked) for target in targets]
        return _audited_together(targets, asked)
    except Exception as error:  # a command must tell of every repository, whatever one of them does
        if len(targets) > 1:
            return [answer for target in targets for answer in _answered([target], asked)]
        return [Answer(targets[0], problem=_told(targets[0], error))]


def _told(target: Target, error: Exception) -> str:
    if isinstance(error, UsageProblem):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or target.name}: {error.strerror}."
    return f"{target.name}: it could not be audited ({type(error).__name__}: {error}). Please report it."


def _audited_together(targets: Sequence[Target], asked: Asked) -> list[Answer]:
    """What is said of some targets: other programs are asked while our own rules are."""
    from cicd_defs.judge.audit import ask_rules, joined

    repositories = [repository_of(target, tree_of_target(target)) for target in targets]
    for repository in repositories:
        assert repository.workflows is not None  # read before both sides ask for them at once
    if not asked.others:
        own = [ask_rules(repository, asked.settings) for repository in repositories]
        return [
            Answer(target, joined(repository, mine, (), asked.settings))
            for target, repository, mine in zip(targets, repositories, own, strict=True)
        ]
    from cicd_defs.cli.meanwhile import Meanwhile
    from resources.judges import Judges

    judges = Judges()
    with Meanwhile(lambda: judges.scan(repositories)) as scanned:
        own = [ask_rules(repository, asked.settings) for repository in repositories]
        judged = judges.adopt(repositories, scanned.result())
    return [
        Answer(target, joined(repository, mine, said.findings, asked.settings, said.tools), notices_of(said))
        for target, repository, mine, said in zip(targets, repositories, own, judged, strict=True)
    ]


def notices_of(answer: "Judged") -> tuple[str, ...]:
    """Who could not be asked, and whose configuration they would not read. Any other such file is a finding."""
    told_of = {finding.file for finding in answer.findings}
    return (
        *(f"{one.scanner}: {one.reason}" for one in answer.not_evaluated),
        *(f"{one.file}: {one.reason}" for one in answer.refusals if one.file not in told_of),
    )


def at_path(finding: "Finding", path: str) -> "Finding":
    """The same finding in a file that is known by another path."""
    from cicd_defs.facts.findings import Edit, Fix

    fix = finding.fix and Fix(
        finding.fix.title,
        tuple(Edit(path, edit.start, edit.end, edit.text) for edit in finding.fix.edits),
        finding.fix.safe,
    )
    return replace(finding, file=path, fix=fix)


def _mended(target: Target, asked: Asked) -> Answer:
    """What can be mended in a target, and what is left; nothing is written."""
    from cicd_defs.judge.audit import Audited, audit
    from cicd_defs.judge.fixing import fix_all
    from resources.judges import Judges

    tree = tree_of_target(target)
    begun = repository_of(target, tree, lambda: offers_for(target.root, tree))
    judges = Judges()
    notices: dict[str, None] = {}
    last: list[Audited] = []

    def judged(state: "Mapping[str, str]") -> "tuple[Finding, ...]":
        now = begun.changed(state)
        if asked.others:
            said = judges.judge(now)
            notices.update(dict.fromkeys(notices_of(said)))
            audited = audit(now, asked.settings, said.findings, tools=said.tools)
        else:
            audited = audit(now, asked.settings)
        last[:] = [audited]
        return audited.findings

    fixed = fix_all(tree.text_as_it_is, judged, unsafe=asked.fix == "all")
    judged(fixed.files)
    before = {path: text for path in fixed.files if (text := tree.text_as_it_is(path)) is not None}
    return Answer(target, last[0], tuple(notices), before, fixed.files, len(fixed.mended))


def offers_for(root: Path, tree: "Tree") -> dict[str, str]:
    """The files that we would write for a repository that has the shortest declaration there is."""
    _, files = declared_for(root, tree, None)
    return {file.path: file.text for file in files}


def declared_for(root: Path, tree: "Tree", spec: Path | None) -> "tuple[Pipeline, tuple[GeneratedFile, ...]]":
    """What follows from a repository's project file, or, without one, from the one that `cicd init` would write."""
    from cicd_defs.cli.reading import compiled, project_of, stacks_of
    from cicd_defs.render.project import render_project
    from cicd_defs.spec.read import read_project

    if spec is not None:
        return compiled(spec, project_of(spec), tree)
    source = "projects/repository.yaml"
    text = render_project(str(root.resolve()), stacks_of(tree), source=source)
    return compiled(Path(source), read_project(text.encode(), source), tree)


def told(prefix: str, finding: "Finding") -> "Finding":
    """A finding as it is told: with the path that the person gave before its own."""
    return at_path(finding, prefix + finding.file) if prefix else finding
