"""The programs that judge a repository's files beside our own rules: zizmor and hadolint, as one question.

What they said of a text is remembered, so that asking again after a few files have changed costs only these. What puts
it into our words is loaded when there is something to put: the programs are at work before that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import NamedTuple, Protocol

from cicd_defs.facts.findings import Confidence, Family, Finding, Severity
from cicd_defs.facts.instructions import is_dockerfile
from cicd_defs.facts.reported import NotEvaluated, Refusal, Reported, Scan
from cicd_defs.facts.source import Source
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.workflow import ACTION_PATH, WORKFLOW_PATH, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import UnreadableYaml
from cicd_defs.judge.engine import UNREADABLE
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import located
from resources.dockerfile_scanner import DockerfileScanner, Hadolint
from resources.scanners import WorkflowScanner, Zizmor

ZIZMOR_CONFIGS = ("zizmor.yml", "zizmor.yaml", ".github/zizmor.yml", ".github/zizmor.yaml")
HADOLINT_CONFIGS = (".hadolint.yaml", ".hadolint.yml")
_ALSO_ZIZMORS = re.compile(r"(?:\.github/dependabot\.ya?ml|\.pre-commit-(?:config|hooks)\.ya?ml)")


@dataclass(frozen=True)
class Judged:
    """What the programs found, as findings of ours. Who could not be asked, and what they refused, is told apart."""

    findings: tuple[Finding, ...] = ()
    not_evaluated: tuple[NotEvaluated, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def tools(self) -> frozenset[str]:
        """The programs that judged everything that they were asked."""
        if self.refusals:
            return frozenset()
        return frozenset({"zizmor", "hadolint"} - {one.scanner for one in self.not_evaluated})


class _Answer(NamedTuple):
    """What one program said of one text."""

    findings: tuple[Finding, ...]
    refusals: tuple[Refusal, ...]


_File = WrittenWorkflow | Source
_Key = tuple[str, int, str, str, bytes]
_Scan = Callable[[Mapping[str, str], str | None], Scan | NotEvaluated]


class _Asked(NamedTuple):
    """A file that a program is asked about, and by what its answer is remembered."""

    file: _File
    key: _Key


@dataclass
class Scanned:
    """What one program said of some repositories' files, in its own words. Repositories are told by their numbers.

    `said` is about the files that it was shown; the answers about all others are remembered.
    """

    asked: dict[int, list[_Asked]] = field(default_factory=dict)
    said: dict[_Key, Scan] = field(default_factory=dict)
    not_evaluated: dict[int, NotEvaluated] = field(default_factory=dict)
    refused_configs: dict[int, tuple[Refusal, ...]] = field(default_factory=dict)

    def take(self, shown: Mapping[str, _Asked], answer: Scan | NotEvaluated, config_path: str | None) -> None:
        """Keep an answer by the files that were shown, each by the name that it had there."""
        numbers = {one.key[1] for one in shown.values()}
        if isinstance(answer, NotEvaluated):
            self.not_evaluated |= dict.fromkeys(numbers, answer)
            return
        found: dict[str, list[Reported]] = {name: [] for name in shown}
        for report in answer.findings:
            found.get(report.file, []).append(report)
        refused: dict[str, list[Refusal]] = {name: [] for name in shown}
        odd = tuple(one for one in answer.refusals if one.file not in shown)
        for refusal in answer.refusals:
            if refusal.file in shown:
                refused[refusal.file].append(refusal)
        for name, one in shown.items():
            self.said[one.key] = Scan(answer.scanner, tuple(found[name]), tuple(refused[name]))
        if odd:
            told = tuple(replace(one, file=config_path or one.file) for one in odd)
            self.refused_configs |= dict.fromkeys(numbers, told)


class FileJudges(Protocol):
    """Who is asked about a repository's files beside our own rules."""

    def judge(self, repository: Repository) -> Judged:
        """What they say of all files that they know."""


@dataclass
class Judges:
    """zizmor and hadolint, with what they said so far. Keep one for as long as a repository's files are mended."""

    zizmor: WorkflowScanner = field(default_factory=Zizmor)
    hadolint: DockerfileScanner = field(default_factory=Hadolint)
    _said: dict[_Key, _Answer] = field(default_factory=dict)

    def judge(self, repository: Repository) -> Judged:
        """Ask both of a repository's files: only of those whose text was not judged before."""
        [judged] = self.adopt([repository], self.scan([repository]))
        return judged

    def scan(self, repositories: Sequence[Repository]) -> tuple[Scanned, ...]:
        """Ask both programs. Files of several repositories are judged in one go."""
        return (
            self._scan("zizmor", repositories, _zizmor_files, ZIZMOR_CONFIGS, self.zizmor.scan),
            self._scan("hadolint", repositories, _dockerfiles, HADOLINT_CONFIGS, self.hadolint.scan),
        )

    def adopt(self, repositories: Sequence[Repository], scanned: Sequence[Scanned]) -> tuple[Judged, ...]:
        """What was said of each of the same repositories, in our words."""
        return tuple(
            self._adopted(number, repository, scanned) for number, repository in enumerate(repositories)
        )

    def _adopted(self, number: int, repository: Repository, scanned: Sequence[Scanned]) -> Judged:
        others = {one.path: one for one in repository.workflows}
        text = cache(partial(_text, repository))  # the same script is called by many steps
        answers: list[_Answer] = []
        for one in scanned:
            for file, key in one.asked[number] if number not in one.not_evaluated else ():
                if key not in self._said:
                    self._said[key] = _answer(file, one.said[key], others.get, text)
                answers.append(self._said[key])
        return Judged(
            tuple(finding for answer in answers for finding in answer.findings),
            tuple(one.not_evaluated[number] for one in scanned if number in one.not_evaluated),
            (
                *(refusal for answer in answers for refusal in answer.refusals),
                *(refusal for one in scanned for refusal in one.refused_configs.get(number, ())),
            ),
        )

    def _scan(
        self,
        tool: str,
        repositories: Sequence[Repository],
        files: Callable[[Repository], Mapping[str, _File]],
        configs: tuple[str, ...],
        scan: _Scan,
    ) -> Scanned:
        """Ask a program, once for each configuration that there is."""
        scanned = Scanned()
        shown: dict[tuple[str | None, str | None], dict[str, _Asked]] = {}
        for number, repository in enumerate(repositories):
            config_path = next((path for path in configs if path in repository.paths), None)
            config = repository.tree.text(config_path) if config_path else None
            asked = scanned.asked[number] = [
                _Asked(file, _key(tool, number, path, _source(file).text, config))
                for path, file in files(repository).items()
            ]
            together = shown.setdefault((config_path, config), {})
            for at, one in enumerate(one for one in asked if one.key not in self._said):
                name = _name(one.key[2], at, one.file)
                together[f"{number}/{name}" if len(repositories) > 1 else name] = one
        for (config_path, config), new in shown.items():
            for some, answer in _asked(new, config, scan):
                scanned.take(some, answer, config_path)
        return scanned


def _asked(
    shown: Mapping[str, _Asked], config: str | None, scan: _Scan
) -> Iterator[tuple[Mapping[str, _Asked], Scan | NotEvaluated]]:
    """What a program says of some files; where it fails, each repository on its own, so that one costs no other."""
    if not shown:
        return
    answer = scan({name: _source(one.file).text for name, one in shown.items()}, config)
    numbers = dict.fromkeys(one.key[1] for one in shown.values())
    if isinstance(answer, Scan) or len(numbers) == 1:
        yield shown, answer
        return
    for number in numbers:
        own = {name: one for name, one in shown.items() if one.key[1] == number}
        yield from _asked(own, config, scan)


def _key(tool: str, number: int, path: str, text: str, config: str | None) -> _Key:
    data = text.encode("utf-8", "surrogatepass")
    return tool, number, path, config or "", hashlib.sha256(data).digest()


def _source(file: _File) -> Source:
    return file.source if isinstance(file, WrittenWorkflow) else file


def _name(path: str, number: int, file: _File) -> str:
    """What a file is called where it is judged: zizmor knows workflows by where they are."""
    ordinary = not path.startswith("/") and ".." not in path.split("/") and not path.startswith("-")
    if isinstance(file, Source):
        return path if ordinary else f"{number}/Dockerfile"
    known = WORKFLOW_PATH.fullmatch(path) or ACTION_PATH.fullmatch(path) or _ALSO_ZIZMORS.fullmatch(path)
    if ordinary and known:
        return path
    if file.kind == "action":
        return f"named/{number}/action.yml"
    return f"named/{number}/.github/workflows/{path.rpartition('/')[2]}"


def _text(repository: Repository, path: str) -> str | None:
    """The text of a file that belongs to the repository, as a script that a workflow calls."""
    return repository.tree.text(path) if path in repository.paths else None


def _answer(
    file: _File,
    said: Scan,
    read: Callable[[str], WrittenWorkflow | None],
    text: Callable[[str], str | None],
) -> _Answer:
    source = _source(file)
    if isinstance(file, Source):
        from cicd_defs.judge.adopted import hadolint

        findings = hadolint.adopted(file, said.findings)
    else:
        from cicd_defs.judge.adopted import zizmor

        findings = zizmor.adopted(file, said.findings, read, text)
    refusals = tuple(replace(one, file=source.path) for one in said.refusals)
    return _Answer((*findings, *(_refused(source, said.scanner, one) for one in refusals)), refusals)


def _refused(source: Source, tool: str, refusal: Refusal) -> Finding:
    """A file that a program cannot read, as a finding: no fix may bring it about, and nobody takes it for clean."""
    return located(
        source,
        0,
        0,
        rule=UNREADABLE,
        family=Family.ENGINE,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message=f"{tool} cannot read this file, so it judged nothing in it: {refusal.reason}",
        tool=tool,
        strict=role_of(source.path) >= Role.TEST,  # what tests are tried on may be broken on purpose
    )


def _zizmor_files(repository: Repository) -> dict[str, _File]:
    """What zizmor judges: workflows, actions, and what Dependabot and pre-commit are told."""
    files: dict[str, _File] = {file.path: file for file in repository.workflows}
    for path in filter(_ALSO_ZIZMORS.fullmatch, repository.tree.paths):
        source = repository.source(path)
        try:
            if source is not None:
                files[path] = WrittenWorkflow.read(source)
        except UnreadableYaml:
            continue
    return files


def _dockerfiles(repository: Repository) -> dict[str, _File]:
    """What hadolint judges: no templates, and of a whole repository no examples and fixtures."""
    named = [path for path in repository.tree.paths if is_dockerfile(path)]
    if repository.whole:
        named = [path for path in named if role_of(path) < Role.EXAMPLE]
    return {path: source for path in named if (source := repository.source(path))}
