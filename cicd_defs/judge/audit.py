"""Ask every rule about a repository. A rule that fails on a file becomes a finding about itself and spares the rest."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, NamedTuple

from cicd_defs.facts.findings import Confidence, Edit, Family, Finding, Fix, Severity, in_order
from cicd_defs.facts.instructions import is_dockerfile
from cicd_defs.facts.source import Source
from cicd_defs.judge.edits import is_for_no_hand
from cicd_defs.judge.engine import ALWAYS_HEARD, BAD_SUPPRESSION, CRASHED, UNREADABLE, UNUSED_SUPPRESSION
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import Found, Rule, located
from cicd_defs.judge.rules_known import finder_of, is_rule
from cicd_defs.judge.suppressions import Suppression, suppressions_in

Profile = Literal["default", "strict"]
Comments = Mapping[str, tuple[Suppression, ...]]


@dataclass(frozen=True)
class Settings:
    """How strictly a repository is audited. `severities` stand in for the rules' own; `off` keep silent."""

    profile: Profile = "default"
    off: frozenset[str] = frozenset()
    severities: Mapping[str, Severity] = field(default_factory=dict)

    def hears(self, finding: Finding) -> bool:
        """Whether a finding counts under these settings."""
        if finding.rule in ALWAYS_HEARD:
            return True
        return finding.rule not in self.off and (self.profile == "strict" or not finding.strict)


@dataclass(frozen=True)
class Audited:
    """What came of it. `suppressed` were found, and a comment with a reason says that they are meant.

    `comments` are those comments, by file; `files` how many were looked at.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    comments: Comments = field(default_factory=dict)
    files: int = 0

    def reason_for(self, finding: Finding) -> str:
        """Why a finding is suppressed, as the comment has it; empty where none does."""
        return next(
            (one.reason for one in self.comments.get(finding.file, ()) if _silences(one, finding)), ""
        )


class Own(NamedTuple):
    """What our own rules found, whether it is heard or not, and the names of those that were asked and answered."""

    findings: tuple[Finding, ...]
    asked: frozenset[str]


def audit(
    repository: Repository,
    settings: Settings | None = None,
    others: Iterable[Finding] = (),
    rules: Collection[Rule] | None = None,
    tools: Collection[str] = (),
) -> Audited:
    """Ask all rules about all files. `others` are the findings of other programs, which join ours.

    `tools` names the programs that were asked about everything: comments that silence nothing of theirs are told.
    """
    settings = settings or Settings()
    return joined(repository, ask_rules(repository, settings, rules), others, settings, tools)


def ask_rules(repository: Repository, settings: Settings, rules: Collection[Rule] | None = None) -> Own:
    """What our own rules find. They are loaded when they are first asked: another program may be at work meanwhile."""
    if rules is None:
        from cicd_defs.judge.rules import all_rules, workflow_rules

        rules = all_rules() if repository.whole else workflow_rules()
    asked = [
        rule
        for rule in rules
        if rule.name not in settings.off and (settings.profile == "strict" or not rule.about.strict)
    ]
    failed: set[str] = set()
    found = [*_of_rules(repository, asked, failed), *_unreadable(repository)]
    answered = (rule.name for rule in asked if repository.whole or rule.about.subject == "workflow")
    return Own(tuple(found), frozenset(answered) - failed)


def joined(
    repository: Repository,
    own: Own,
    others: Iterable[Finding],
    settings: Settings,
    tools: Collection[str] = (),
) -> Audited:
    """The findings of our rules and of others, as far as they are heard and no comment silences them."""
    every = (*own.findings, *others)
    looked = {*(workflow.path for workflow in repository.workflows), *(finding.file for finding in every)}
    strict = settings.profile == "strict" and UNUSED_SUPPRESSION not in settings.off
    paths = {*looked, *_commented(repository)} if strict else looked
    comments = {path: here for path in sorted(paths) if (here := _comments(repository, path))}
    written = frozenset(
        path for path in looked if (source := repository.source(path)) and is_for_no_hand(source)
    )
    heard = [_weighed(_for_hands(one, written), settings) for one in every if settings.hears(one)]
    index = _by_line(comments)
    silent = [one for one in heard if one.rule in index[one.file, one.line] and one.rule not in ALWAYS_HEARD]
    held = set(map(id, silent))
    kept = [one for one in heard if id(one) not in held]
    kept += _bad_suppressions(repository, comments)
    if strict:
        used = {(one.file, one.line, one.rule) for one in silent}
        kept += _unused_suppressions(repository, comments, used, lambda name: _was_asked(name, own, tools))
    return Audited(in_order(kept), in_order(silent), comments, len(looked))


def _was_asked(name: str, own: Own, tools: Collection[str]) -> bool:
    return name in own.asked or finder_of(name) in tools


def _by_line(comments: Comments) -> defaultdict[tuple[str, int], set[str]]:
    """The rules that comments silence, by file and line."""
    index: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for path, found in comments.items():
        for one in found:
            if not one.problem:
                index[path, one.line].update(one.rules)
    return index


def _silences(comment: Suppression, finding: Finding) -> bool:
    return not comment.problem and comment.line == finding.line and finding.rule in comment.rules


def _commented(repository: Repository) -> Iterator[str]:
    """Files that comments for us can stand in, though nothing was found there."""
    if not repository.whole:
        return
    for path in repository.tree.paths:
        name = path.rpartition("/")[2]
        if name.endswith(".py") or name in {"Makefile", "GNUmakefile"} or is_dockerfile(path):
            yield path


def _comments(repository: Repository, path: str) -> tuple[Suppression, ...]:
    source = repository.source(path)
    return suppressions_in(source, is_rule) if source else ()


def _for_hands(finding: Finding, written: Collection[str]) -> Finding:
    """The finding without its fix, where that would change what a program writes: there it has to be mended."""
    if finding.fix and any(edit.file in written for edit in finding.fix.edits):
        return replace(finding, fix=None)
    return finding


def _weighed(finding: Finding, settings: Settings) -> Finding:
    severity = settings.severities.get(finding.rule)
    return replace(finding, severity=severity) if severity else finding


def _of_rules(repository: Repository, asked: Collection[Rule], failed: set[str]) -> Iterator[Finding]:
    by_subject: dict[str, list[Rule]] = {"workflow": [], "repository": [], "python": []}
    for rule in asked:
        by_subject[rule.about.subject].append(rule)
    for workflow in repository.workflows:
        for rule in by_subject["workflow"]:
            yield from _asked(rule, failed, workflow.source, partial(rule.find, workflow, repository))
    if not repository.whole:
        return
    for rule in by_subject["python"]:
        yield from _in_code(rule, repository, failed)
    for rule in by_subject["repository"]:
        yield from _asked(rule, failed, Source(".", ""), partial(rule.find, repository))


def _in_code(rule: Rule, repository: Repository, failed: set[str]) -> tuple[Finding, ...]:
    """What a rule finds in the Python code, which takes most of the time: asked again only where code has changed."""
    key = rule.name, repository.code_state
    if key not in repository.found_in_code:
        found = tuple(
            finding
            for module in repository.modules
            for finding in _asked(rule, failed, module.source, partial(rule.find, module, repository))
        )
        if rule.name in failed:
            return found
        repository.found_in_code[key] = found
    return repository.found_in_code[key]


def _asked(
    rule: Rule, failed: set[str], source: Source, find: Callable[[], Iterator[Found]]
) -> Iterator[Finding]:
    try:
        yield from map(rule.finding, find())
    except Exception as error:  # whatever it is, the other rules and files go on
        failed.add(rule.name)
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


def _bad_suppressions(repository: Repository, comments: Comments) -> Iterator[Finding]:
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


def _unused_suppressions(
    repository: Repository,
    comments: Comments,
    used: Collection[tuple[str, int, str]],
    asked: Callable[[str], bool],
) -> Iterator[Finding]:
    for path, found in comments.items():
        source = repository.source(path)
        for one in found if source else ():
            idle = [name for name in one.rules if (path, one.line, name) not in used and asked(name)]
            if idle and source and not one.problem:
                names = ", ".join(f"`{name}`" for name in idle)
                yield located(
                    source,
                    one.start,
                    one.end,
                    rule=UNUSED_SUPPRESSION,
                    family=Family.ENGINE,
                    severity=Severity.LOW,
                    confidence=Confidence.HIGH,
                    message=f"this comment silences {names}, which finds nothing there",
                    fix=_without(source, one, idle),
                    strict=True,
                )


def _without(source: Source, comment: Suppression, idle: Collection[str]) -> Fix:
    """Take the comment away, or the idle names out of it."""
    left = [name for name in comment.rules if name not in idle]
    if left:
        begin = source.text.index("[", comment.start)
        edit = Edit(source.path, begin + 1, source.text.index("]", begin), ", ".join(left))
        return Fix("Take the rules that find nothing out of the comment", (edit,))
    if comment.alone:
        begin, end = source.line_start(comment.start), source.next_line(comment.start)
    else:
        begin, end = comment.start, comment.end
        while source.text[begin - 1] in " \t":
            begin -= 1
    return Fix("Take the comment away", (Edit(source.path, begin, end, ""),))
