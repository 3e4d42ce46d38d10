"""Ask every rule about a repository. A rule that fails on a file becomes a finding about itself and spares the rest."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from cicd_defs.facts.findings import Confidence, Family, Finding, Severity, in_order
from cicd_defs.facts.source import Source
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import Found, Rule, located
from cicd_defs.judge.rules import all_rules, workflow_rules
from cicd_defs.judge.rules_known import is_rule
from cicd_defs.judge.suppressions import Suppression, suppressions_in

Profile = Literal["default", "strict"]

UNREADABLE, CRASHED, BAD_SUPPRESSION = "unreadable-file", "rule-failed", "bad-suppression"
OF_THE_ENGINE = (UNREADABLE, CRASHED, BAD_SUPPRESSION)
"""Findings of the audit about itself. They cannot be turned off."""


@dataclass(frozen=True)
class Settings:
    """How strictly a repository is audited. `severities` stand in for the rules' own; `off` keep silent."""

    profile: Profile = "default"
    off: frozenset[str] = frozenset()
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def hears(self, finding: Finding) -> bool:
        """Whether a finding counts under these settings."""
        if finding.rule in OF_THE_ENGINE:
            return True
        return finding.rule not in self.off and (self.profile == "strict" or not finding.strict)


@dataclass(frozen=True)
class Audited:
    """What came of it. `suppressed` were found, and a comment with a reason says that they are meant.

    `comments` are those comments, by file; `files` how many were looked at.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    comments: Mapping[str, tuple[Suppression, ...]] = field(default_factory=dict)
    files: int = 0


def audit(
    repository: Repository,
    settings: Settings | None = None,
    others: Iterable[Finding] = (),
    rules: Collection[Rule] | None = None,
) -> Audited:
    """Ask all rules about all files. `others` are the findings of other programs, which join ours."""
    settings = settings or Settings()
    if rules is None:
        rules = all_rules() if repository.whole else workflow_rules()
    found = [*_of_rules(repository, settings, rules), *_unreadable(repository)]
    paths = {*(workflow.path for workflow in repository.workflows), *(finding.file for finding in found)}
    comments = {path: here for path in sorted(paths) if (here := _comments(repository, path))}
    found += _bad_suppressions(repository, comments)
    return joined(Audited((), (), comments, len(paths)), [*found, *others], settings)


def joined(audited: Audited, others: Iterable[Finding], settings: Settings) -> Audited:
    """The same with the findings of others, as far as they are heard and no comment silences them."""
    heard = [_weighed(finding, settings) for finding in others if settings.hears(finding)]
    kept = [finding for finding in heard if not _is_silenced(finding, audited.comments)]
    silent = [finding for finding in heard if _is_silenced(finding, audited.comments)]
    return replace(
        audited,
        findings=in_order([*audited.findings, *kept]),
        suppressed=in_order([*audited.suppressed, *silent]),
    )


def _is_silenced(finding: Finding, comments: Mapping[str, tuple[Suppression, ...]]) -> bool:
    if finding.rule in OF_THE_ENGINE:
        return False
    here = comments.get(finding.file, ())
    return any(finding.rule in one.rules and one.line == finding.line and not one.problem for one in here)


def _comments(repository: Repository, path: str) -> tuple[Suppression, ...]:
    source = repository.source(path)
    return suppressions_in(source, is_rule) if source else ()


def _weighed(finding: Finding, settings: Settings) -> Finding:
    severity = settings.severities.get(finding.rule)
    return replace(finding, severity=severity) if severity else finding


def _of_rules(repository: Repository, settings: Settings, rules: Collection[Rule]) -> Iterator[Finding]:
    asked = [
        rule
        for rule in rules
        if rule.name not in settings.off and (settings.profile == "strict" or not rule.about.strict)
    ]
    by_subject: dict[str, list[Rule]] = {"workflow": [], "repository": [], "python": []}
    for rule in asked:
        by_subject[rule.about.subject].append(rule)
    for workflow in repository.workflows:
        for rule in by_subject["workflow"]:
            yield from _asked(rule, workflow.source, partial(rule.find, workflow, repository))
    if not repository.whole:
        return
    for module in repository.modules if by_subject["python"] else ():
        for rule in by_subject["python"]:
            yield from _asked(rule, module.source, partial(rule.find, module, repository))
    for rule in by_subject["repository"]:
        yield from _asked(rule, Source(".", ""), partial(rule.find, repository))


def _asked(rule: Rule, source: Source, find: Callable[[], Iterator[Found]]) -> Iterator[Finding]:
    try:
        yield from map(rule.finding, find())
    except Exception as error:  # whatever it is, the other rules and files go on
        yield located(
            source,
            0,
            0,
            rule=CRASHED,
            family=Family.ENGINE,
            severity=Severity.MEDIUM,
            confidence=Confidence.HIGH,
            message=f"the rule `{rule.name}` failed on this file ({type(error).__name__}: {str(error)[:200]}); "
            "the other rules were asked. Please report it",
        )


def _unreadable(repository: Repository) -> Iterator[Finding]:
    for one in repository.unread:
        yield located(
            one.source,
            one.offset,
            one.offset,
            rule=UNREADABLE,
            family=Family.ENGINE,
            severity=Severity.HIGH,
            confidence=Confidence.HIGH,
            message=f"this file cannot be read, so nothing in it was audited: {one.reason}",
        )


def _bad_suppressions(
    repository: Repository, comments: Mapping[str, tuple[Suppression, ...]]
) -> Iterator[Finding]:
    for path, found in comments.items():
        source = repository.source(path)
        for one in found if source else ():
            if one.problem and source:
                yield located(
                    source,
                    one.start,
                    one.end,
                    rule=BAD_SUPPRESSION,
                    family=Family.ENGINE,
                    severity=Severity.MEDIUM,
                    confidence=Confidence.HIGH,
                    message=f"this comment silences nothing: {one.problem}",
                )
