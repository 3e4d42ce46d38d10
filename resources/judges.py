"""The programs that judge a repository's files beside our own rules: zizmor and hadolint, as one question.

What they said of a text is remembered, so that asking again after a few files have changed costs only these.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from cicd_defs.facts.findings import Confidence, Family, Finding, Severity
from cicd_defs.facts.instructions import is_dockerfile
from cicd_defs.facts.reported import NotEvaluated, Refusal, Reported, Scan
from cicd_defs.facts.source import Source
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.workflow import ACTION_PATH, WORKFLOW_PATH, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import UnreadableYaml
from cicd_defs.judge.adopted import hadolint, zizmor
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


_Key = tuple[str, str, str, bytes]
_Scan = Callable[[Mapping[str, str], str | None], Scan | NotEvaluated]


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
        asked = (
            self._ask("zizmor", repository, _zizmor_files(repository), ZIZMOR_CONFIGS, self.zizmor.scan),
            self._ask("hadolint", repository, _dockerfiles(repository), HADOLINT_CONFIGS, self.hadolint.scan),
        )
        return Judged(
            tuple(finding for one in asked for finding in one.findings),
            tuple(reason for one in asked for reason in one.not_evaluated),
            tuple(refusal for one in asked for refusal in one.refusals),
        )

    def _ask(
        self,
        tool: str,
        repository: Repository,
        files: Mapping[str, WrittenWorkflow | Source],
        configs: tuple[str, ...],
        scan: _Scan,
    ) -> Judged:
        config_path = next((path for path in configs if path in repository.paths), None)
        config = repository.tree.text(config_path) if config_path else None
        keys = {path: _key(tool, path, _source(file).text, config) for path, file in files.items()}
        new = {path: file for path, file in files.items() if keys[path] not in self._said}
        refusals: list[Refusal] = []
        if new:
            named = {_name(path, number, file): path for number, (path, file) in enumerate(new.items())}
            answer = scan({name: _source(new[path]).text for name, path in named.items()}, config)
            if isinstance(answer, NotEvaluated):
                return Judged(not_evaluated=(answer,))
            refusals = [
                replace(one, file=config_path or one.file) for one in answer.refusals if one.file not in named
            ]
            for name, path in named.items():
                self._said[keys[path]] = _answer(new[path], name, answer, repository)
        said = [self._said[keys[path]] for path in files]
        return Judged(
            tuple(finding for one in said for finding in one.findings),
            refusals=(*(refusal for one in said for refusal in one.refusals), *refusals),
        )


def _key(tool: str, path: str, text: str, config: str | None) -> _Key:
    data = text.encode("utf-8", "surrogatepass")
    return tool, path, config or "", hashlib.sha256(data).digest()


def _source(file: WrittenWorkflow | Source) -> Source:
    return file.source if isinstance(file, WrittenWorkflow) else file


def _name(path: str, number: int, file: WrittenWorkflow | Source) -> str:
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


def _answer(file: WrittenWorkflow | Source, name: str, scan: Scan, repository: Repository) -> _Answer:
    path = _source(file).path
    reports: tuple[Reported, ...] = tuple(one for one in scan.findings if one.file == name)
    if isinstance(file, Source):
        findings = hadolint.adopted(file, reports)
    else:
        others = {one.path: one for one in repository.workflows}
        findings = zizmor.adopted(file, reports, others.get)
    refused = tuple(replace(one, file=path) for one in scan.refusals if one.file == name)
    return _Answer((*findings, *(_refused(_source(file), scan.scanner, one) for one in refused)), refused)


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
    )


def _zizmor_files(repository: Repository) -> dict[str, WrittenWorkflow | Source]:
    """What zizmor judges: workflows, actions, and what Dependabot and pre-commit are told."""
    files: dict[str, WrittenWorkflow | Source] = {file.path: file for file in repository.workflows}
    for path in filter(_ALSO_ZIZMORS.fullmatch, repository.tree.paths):
        source = repository.source(path)
        try:
            if source is not None:
                files[path] = WrittenWorkflow.read(source)
        except UnreadableYaml:
            continue
    return files


def _dockerfiles(repository: Repository) -> dict[str, WrittenWorkflow | Source]:
    """What hadolint judges: no templates, and of a whole repository no examples and fixtures."""
    named = [path for path in repository.tree.paths if is_dockerfile(path)]
    if repository.whole:
        named = [path for path in named if role_of(path) < Role.EXAMPLE]
    return {path: source for path in named if (source := repository.source(path))}
