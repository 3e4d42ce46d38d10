"""What detect-secrets finds, and what people have said about it. Never a secret itself: its hash, its type, its place.

A repository's `.secrets.baseline` is read as data. What it can name of code, plugins and filters of the repository's
own, is left alone and told. Its form: https://github.com/Yelp/detect-secrets/blob/master/docs/design.md
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from cicd_defs.facts.scans import (
    ScanFinding,
    Severity,
    Unread,
    UnreadableAnswer,
    fingerprinted,
    in_short,
)

TOOL, TARGET = "detect-secrets", "repository"
BASELINE = ".secrets.baseline"
MOST_PATTERNS, LONGEST_PATTERN = 50, 500

_BUILTIN = "detect_secrets."
_PATTERNS = tuple(
    f"detect_secrets.filters.regex.should_exclude_{what}" for what in ("file", "line", "secret")
)
_GUESSED = frozenset({"Base64 High Entropy String", "Hex High Entropy String", "Secret Keyword"})
"""Kinds that are told by how a word looks or what it is called, not by a form that only such secrets have."""


class Secret(NamedTuple):
    """A secret at one place: the file, what kind it is, the hash of it, and the line.

    `hashed` is detect-secrets' own. Of some kinds (`ghp_…`) it only covers the first letters, which all of them share;
    `word` is then the hash of the whole word.
    """

    file: str
    kind: str
    hashed: str
    line: int
    word: str = ""

    @property
    def same(self) -> tuple[str, str]:
        """What makes it the same secret at another place."""
        return self.kind, self.word or self.hashed

    @property
    def subject(self) -> str:
        """Both hashes as a finding tells them."""
        return f"sha1:{self.hashed}{' in sha1:' if self.word else ''}{self.word}"

    @classmethod
    def of(cls, finding: ScanFinding) -> "Secret":
        """The secret that a finding is about."""
        hashed, _, word = finding.subject.replace("sha1:", "").partition(" in ")
        return cls(finding.file, finding.rule, hashed, finding.line, word)


class FolderSecrets(NamedTuple):
    """What was found in one folder: `allowed` has `pragma: allowlist secret` beside it."""

    found: tuple[Secret, ...]
    allowed: tuple[Secret, ...]
    unread: tuple[Unread, ...]


class Known(NamedTuple):
    """What a repository's baseline says: secrets that are known by file, kind and hash, and what to leave out.

    `filters` have the form that detect-secrets reads. `notes` say what was not followed.
    """

    secrets: frozenset[tuple[str, str, str]] = frozenset()
    filters: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


def read_baseline(text: str | None) -> Known:
    """A `.secrets.baseline`. What it says to be real secrets stays a finding. One that is unreadable says nothing."""
    if text is None:
        return Known()
    try:
        data = json.loads(text)
        known = frozenset(_known(data.get("results", {})))
        filters = tuple(_filters(data.get("filters_used", [])))
        foreign = [*_foreign(data.get("filters_used", [])), *_foreign(data.get("plugins_used", []))]
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError):
        return Known(notes=(f"{BASELINE} cannot be read, and was not followed",))
    told = f"{BASELINE} names code of the repository ({', '.join(foreign[:5])}), which is not run"
    return Known(known, filters, (in_short(told),) if foreign else ())


def _known(results: dict[str, list[dict[str, Any]]]) -> Iterable[tuple[str, str, str]]:
    for file, secrets in results.items():
        for one in secrets:
            if one.get("is_secret") is not True:
                yield file.removeprefix("./"), str(one["type"]), str(one["hashed_secret"])


def _filters(used: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for one in used:
        if one["path"] in _PATTERNS:
            named = one.get("pattern", [])
            patterns = [text for text in named if isinstance(text, str) and len(text) <= LONGEST_PATTERN]
            yield {"path": one["path"], "pattern": patterns[:MOST_PATTERNS]}


def _foreign(used: list[dict[str, Any]]) -> list[str]:
    places = [str(one["path"]) for one in used if "path" in one]
    return [place for place in places if not place.startswith(_BUILTIN)]


def read_secrets(answer: bytes) -> tuple[FolderSecrets, ...]:
    """What `resources/secret_scan.py` answers, folder by folder. Raises `UnreadableAnswer`."""
    try:
        return tuple(_folder(one) for one in json.loads(answer)["folders"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableAnswer(f"its answer cannot be read: {type(error).__name__}") from error


def _folder(told: dict[str, Any]) -> FolderSecrets:
    found, allowed = (
        tuple(
            Secret(str(file), str(kind), str(hashed), int(line), str(word))
            for file, kind, hashed, line, word in told[what]
        )
        for what in ("found", "allowed")
    )
    unread = tuple(Unread(file=str(file), reason=str(reason)) for file, reason in told["unread"])
    return FolderSecrets(found, allowed, unread)


def unknown(secrets: Iterable[Secret], known: Known) -> tuple[Secret, ...]:
    """The secrets that the baseline does not know."""
    return tuple(one for one in secrets if (one.file, one.kind, one.hashed) not in known.secrets)


def secret_findings(secrets: Sequence[tuple[Secret, str]]) -> tuple[ScanFinding, ...]:
    """Findings, each secret with the commit that it was found in; empty where it is in the files."""
    return fingerprinted((_finding(secret, commit), secret.same[1]) for secret, commit in secrets)


def _finding(secret: Secret, commit: str) -> ScanFinding:
    severity: Severity = "medium" if secret.kind in _GUESSED else "high"
    message = f"{secret.kind} in the files: change it where it is used, and take it out"
    if commit:
        message = f"{secret.kind}, taken out since, is in the history: change it where it is used"
    return ScanFinding(
        tool=TOOL,
        target=TARGET,
        rule=secret.kind,
        severity=severity,
        file=secret.file,
        line=secret.line,
        subject=secret.subject,
        message=f"{message}; then, or where it is none, list it in {BASELINE}",
        commit=commit,
    )


def only_in_history(
    passed: Iterable[tuple[Secret, str]], files: FolderSecrets, known: Known
) -> tuple[tuple[Secret, str], ...]:
    """The secrets of earlier commits that are in the files no more, each with the first commit that had it.

    What the baseline knows, and what is marked as allowed where it stands today, is left out.
    """
    settled = {one.same for one in (*files.found, *files.allowed)}
    found: dict[tuple[str, ...], tuple[Secret, str]] = {}
    for secret, commit in passed:
        if secret.same not in settled and unknown([secret], known):
            found.setdefault((secret.file, *secret.same), (secret, commit))
    return tuple(found.values())


def remembered(
    earlier: Iterable[ScanFinding], files: FolderSecrets, known: Known, commits: frozenset[str]
) -> tuple[tuple[Secret, str], ...]:
    """The secrets that an earlier scan found in commits that are still part of the history: these."""
    told = [(Secret.of(one), one.commit) for one in earlier if one.commit in commits]
    return only_in_history(told, files, known)
