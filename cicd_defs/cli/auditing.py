"""Auditing many repositories at once: what is asked for, and the work done side by side."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cicd_defs.cli.reading import UsageProblem

if TYPE_CHECKING:
    from cicd_defs.facts.findings import Finding
    from cicd_defs.facts.tree import Tree
    from cicd_defs.judge.audit import Audited, Settings
    from cicd_defs.judge.fixing import Fixed
    from cicd_defs.judge.repository import Repository
    from cicd_defs.plan.pipeline import Pipeline
    from cicd_defs.render.files import GeneratedFile
    from resources.judges import Judged

FEW = 40
"""Files up to which another process costs more than it saves."""


_FORK = multiprocessing.get_context("fork")


class Answer(NamedTuple):
    """What was found in a target, and what could not be judged."""

    target: "Target"
    audited: "Audited"
    notices: tuple[str, ...]


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


def targets_of(paths: Sequence[Path]) -> tuple[Target, ...]:
    """What is to be audited: each folder is a repository; files are gathered by the repository they are in."""
    folders: list[Target] = []
    files: dict[tuple[Path, str], list[str]] = {}
    for path in paths:
        if path.is_dir():
            folders.append(Target(path, None, "" if len(paths) == 1 else f"{path}/"))
        elif path.is_file():
            root = _root_of(path)
            inside = str(path.relative_to(root))
            files.setdefault((root, str(path)[: len(str(path)) - len(inside)]), []).append(inside)
        else:
            raise UsageProblem(
                f"{path}: there is no such file or folder. Name a repository or a workflow file.", 2
            )
    return (*folders, *(Target(root, tuple(held), shown) for (root, shown), held in files.items()))


def _root_of(file: Path) -> Path:
    """The folder that holds `.github`, else the file's own folder."""
    parts = file.parts
    return Path(*parts[: parts.index(".github")]) if ".github" in parts else file.parent


def tree_of_target(target: Target) -> "Tree":
    """The files of a target."""
    from cicd_defs.cli.reading import tree_of
    from cicd_defs.facts.tree import Tree
    from resources.git import read_below

    if target.files is None:
        return tree_of(target.root)
    return Tree(tuple(sorted(target.files)), lambda path: read_below(target.root, path))


def repository_of(
    target: Target, tree: "Tree", offers: Callable[[], Mapping[str, str]] | None = None
) -> "Repository":
    """What the rules are asked about."""
    from cicd_defs.judge.repository import Repository

    return Repository(tree, whole=target.whole, workflow_paths=target.files, offers=offers)


def audited_all(
    targets: Sequence[Target], settings: "Settings", *, others: bool, jobs: int | None = None
) -> "Iterator[Answer]":
    """What is said of each target, in their order, worked out in as many processes as there are cores.

    `others`: ask zizmor and hadolint, too.
    """
    bundles = _bundles(targets, jobs or os.cpu_count() or 1)
    work = partial(audited_together, settings=settings, others=others)
    if len(bundles) < 2:
        for bundle in bundles:
            yield from work(bundle)
        return
    with ProcessPoolExecutor(min(jobs or os.cpu_count() or 1, len(bundles)), mp_context=_FORK) as pool:
        for answers in pool.map(work, bundles):
            yield from answers


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


def audited_together(targets: Sequence[Target], settings: "Settings", *, others: bool) -> "list[Answer]":
    """What is said of some targets: other programs are asked while our own rules are."""
    from cicd_defs.judge.audit import audit, joined

    repositories = [repository_of(target, tree_of_target(target)) for target in targets]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_judged_by_others, repositories) if others else None
        own = [audit(repository, settings) for repository in repositories]
        found, notices = waiting.result() if waiting else ([()] * len(targets), ())
    return [
        Answer(target, joined(said, extra, settings), notices)
        for target, said, extra in zip(targets, own, found, strict=True)
    ]


def _judged_by_others(
    repositories: "Sequence[Repository]",
) -> "tuple[list[tuple[Finding, ...]], tuple[str, ...]]":
    """What other programs say of each repository, asked once, and who could not be asked."""
    from cicd_defs.facts.source import Source
    from cicd_defs.facts.workflow import WrittenWorkflow
    from cicd_defs.judge.repository import Repository
    from resources.judges import Judges

    if len(repositories) == 1:
        answer = Judges().judge(repositories[0])
        return [answer.findings], notices_of(answer)
    together = [
        WrittenWorkflow(Source(f"{number}/{one.path}", one.source.text), one.root, one.kind)
        for number, repository in enumerate(repositories)
        for one in repository.workflows
    ]
    answer = Judges().judge(Repository.of_workflows(together))
    found: list[list[Finding]] = [[] for _ in repositories]
    for finding in answer.findings:
        number, _, path = finding.file.partition("/")
        found[int(number)].append(at_path(finding, path))
    return [tuple(held) for held in found], notices_of(answer)


def notices_of(answer: "Judged") -> tuple[str, ...]:
    """Who could not be asked, and which files they would not read."""
    return (
        *(f"{one.scanner}: {one.reason}" for one in answer.not_evaluated),
        *(f"{one.file}: {one.reason}" for one in answer.refusals),
    )


def at_path(finding: "Finding", path: str) -> "Finding":
    """The same finding in a file that is known by another path."""
    fix = finding.fix and replace(
        finding.fix, edits=tuple(replace(edit, file=path) for edit in finding.fix.edits)
    )
    return replace(finding, file=path, fix=fix)


def fix_target(target: Target, settings: "Settings", *, unsafe: bool, others: bool) -> "Fixed":
    """Mend what can be mended in a target, in memory."""
    from cicd_defs.judge.audit import audit
    from cicd_defs.judge.fixing import fix_all
    from resources.judges import Judges

    tree = tree_of_target(target)
    begun = repository_of(target, tree, lambda: offers_for(target.root, tree))
    judges = Judges()

    def judged(state: "Mapping[str, str]") -> "tuple[Finding, ...]":
        now = begun.changed(state)
        return audit(now, settings, judges.judge(now).findings if others else ()).findings

    return fix_all(tree.text_as_it_is, judged, unsafe=unsafe)


def text_there(target: Target, path: str) -> str | None:
    """A file's text, every character of it; None where it is not there."""
    from resources.git import read_below

    data = read_below(target.root, path)
    return None if data is None else data.decode("utf-8")


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


def told(target: Target, finding: "Finding") -> "Finding":
    """A finding as it is told: with the path that the person gave before its own."""
    return replace(finding, file=target.shown + finding.file) if target.shown else finding
