"""What is known to be wrong with dependencies: the answers of pip-audit, npm, cargo-audit and govulncheck.

Their forms: https://github.com/pypa/pip-audit#usage, https://docs.npmjs.com/cli/commands/npm-audit,
https://docs.rs/rustsec/latest/rustsec/report/, https://pkg.go.dev/golang.org/x/vuln/internal/govulncheck.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, Protocol

from cicd_defs.facts.scans import (
    NOT_GIVEN,
    ScanFinding,
    Severity,
    ToolRun,
    Unread,
    UnreadableAnswer,
    fingerprinted,
    in_short,
    severity_of,
)
from cicd_defs.facts.scans_locks import CARGO, GO, NPM, PIP_AUDIT
from cicd_defs.facts.value import Value


class Answer(Value):
    """What a tool says of one lock file: that it ran, what it could not judge, and what it found."""

    run: ToolRun
    findings: tuple[ScanFinding, ...] = ()


class Reader(Protocol):
    """Reads what a tool answers about a lock file. Raises `UnreadableAnswer`."""

    def __call__(self, answer: bytes, target: str) -> Answer:
        """The findings, and what the tool could not judge."""


def _careful(read: Reader) -> Reader:
    """What does not have the documented form is told as such."""

    @wraps(read)
    def reader(answer: bytes, target: str) -> Answer:
        try:
            return read(answer, target)
        except UnreadableAnswer:
            raise
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise UnreadableAnswer(f"its answer cannot be read: {type(error).__name__}: {error}") from error

    return reader


@_careful
def read_pip_audit(answer: bytes, target: str) -> Answer:
    """pip-audit's `--format json`. It gives no severity: each counts as high."""
    packages = json.loads(answer)["dependencies"]
    skipped = [
        Unread(file=one["name"], reason=in_short(one["skip_reason"]))
        for one in packages
        if "skip_reason" in one
    ]
    found = [(_of_pip(one, told, target), one["name"]) for one in packages for told in one.get("vulns", ())]
    looked_at = f"{len(packages) - len(skipped)} packages"
    run = ToolRun(tool=PIP_AUDIT, target=target, looked_at=looked_at, unread=tuple(skipped))
    return Answer(run=run, findings=fingerprinted(found))


def _of_pip(package: Mapping[str, Any], told: Mapping[str, Any], target: str) -> ScanFinding:
    aliases = [one for one in told.get("aliases", ()) if isinstance(one, str)]
    known_as = f" (also {', '.join(sorted(aliases)[:3])})" if aliases else ""
    return ScanFinding(
        tool=PIP_AUDIT,
        target=target,
        rule=told["id"],
        severity=NOT_GIVEN,
        file=target,
        subject=f"{package['name']} {package['version']}",
        message=in_short(f"{told.get('description') or 'a known vulnerability'}{known_as}"),
        fix=", ".join(map(str, told.get("fix_versions", ()))),
        url=f"https://osv.dev/vulnerability/{told['id']}",
    )


@_careful
def read_npm_audit(answer: bytes, target: str) -> Answer:
    """`npm audit --json`, of npm 7 and later. What a package only has from another one is told there."""
    data = json.loads(answer)
    if "vulnerabilities" not in data:
        raise UnreadableAnswer(in_short(npm_complaint(answer) or "its answer has no vulnerabilities in it"))
    entries = data["vulnerabilities"]
    found = [
        (_of_npm(entry, told, target), entry["name"])
        for _, entry in sorted(entries.items())
        for told in entry["via"]
        if isinstance(told, dict)
    ]
    count = data["metadata"]["dependencies"]["total"]
    run = ToolRun(tool=NPM, target=target, looked_at=f"{count} packages")
    return Answer(run=run, findings=fingerprinted(found))


def npm_complaint(answer: bytes) -> str:
    """Why npm could not look anything up, in its own words; empty where it says nothing of the kind."""
    try:
        data = json.loads(answer)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(data, dict):
        return ""
    error = data.get("error")
    summary = error.get("summary") if isinstance(error, dict) else None
    return in_short(data.get("message") or summary or "")


def _of_npm(entry: Mapping[str, Any], told: Mapping[str, Any], target: str) -> ScanFinding:
    available, url = entry["fixAvailable"], str(told["url"])
    fix = f"{available['name']} {available['version']}" if isinstance(available, dict) else ""
    return ScanFinding(
        tool=NPM,
        target=target,
        rule=url.rpartition("/")[2] or str(told["source"]),
        severity=severity_of(told["severity"]),
        said=told["severity"],
        file=target,
        subject=f"{entry['name']} {told['range']}",
        message=in_short(told["title"]),
        fix=fix or ("npm audit fix" if available is True else ""),
        url=url,
    )


@_careful
def read_cargo_audit(answer: bytes, target: str) -> Answer:
    """`cargo audit --json`: vulnerabilities, and warnings about crates that nobody looks after."""
    data = json.loads(answer)
    found = [(_of_cargo(one, "", target), one["package"]["name"]) for one in data["vulnerabilities"]["list"]]
    found += [
        (_of_cargo(one, kind, target), one["package"]["name"])
        for kind, warnings in sorted(data.get("warnings", {}).items())
        for one in warnings
    ]
    count = data["lockfile"]["dependency-count"]
    return Answer(
        run=ToolRun(tool=CARGO, target=target, looked_at=f"{count} crates"), findings=fingerprinted(found)
    )


def _of_cargo(one: Mapping[str, Any], kind: str, target: str) -> ScanFinding:
    advisory, package = one.get("advisory") or {}, one["package"]
    vector = advisory.get("cvss") or ""
    severity: Severity = severity_of_cvss(vector) if not kind else "medium" if kind == "unsound" else "low"
    rule = advisory.get("id") or kind
    return ScanFinding(
        tool=CARGO,
        target=target,
        rule=rule,
        severity=severity,
        said=vector or kind,
        file=target,
        subject=f"{package['name']} {package['version']}",
        message=in_short(advisory.get("title") or f"this version is {kind}"),
        fix=", ".join((one.get("versions") or {}).get("patched", ())),
        url=advisory.get("url") or (f"https://rustsec.org/advisories/{rule}" if rule != kind else ""),
    )


@_careful
def read_govulncheck(answer: bytes, target: str) -> Answer:
    """`govulncheck -json`, a stream of messages. Its database gives no severity: each counts as high.

    One vulnerability is told once for each module, then for each package and function: the module's is taken.
    """
    entries: dict[str, Mapping[str, Any]] = {}
    seen: dict[tuple[str, str], ScanFinding] = {}
    configured = False
    for message in _messages(answer.decode("utf-8", "replace")):
        configured = configured or "config" in message
        if "osv" in message:
            entries[message["osv"]["id"]] = message["osv"]
        if "finding" in message:
            told, module = message["finding"], message["finding"]["trace"][0]
            seen.setdefault(
                (told["osv"], module["module"]), _of_go(told, module, entries.get(told["osv"], {}), target)
            )
    if not configured:
        raise UnreadableAnswer("its answer does not begin with its configuration")
    found = [(finding, module) for (_, module), finding in seen.items()]
    return Answer(run=ToolRun(tool=GO, target=target, looked_at="the modules"), findings=fingerprinted(found))


def _messages(text: str) -> Iterator[Mapping[str, Any]]:
    decoder, position, something = json.JSONDecoder(), 0, re.compile(r"\S")
    while (begin := something.search(text, position)) is not None:
        message, position = decoder.raw_decode(text, begin.start())
        yield message


def _of_go(
    told: Mapping[str, Any], module: Mapping[str, Any], entry: Mapping[str, Any], target: str
) -> ScanFinding:
    aliases: Sequence[str] = entry.get("aliases") or ()
    known_as = f" (also {', '.join(sorted(aliases)[:3])})" if aliases else ""
    return ScanFinding(
        tool=GO,
        target=target,
        rule=told["osv"],
        severity=NOT_GIVEN,
        file=target,
        subject=f"{module['module']} {module.get('version', '')}".strip(),
        message=in_short(f"{entry.get('summary') or 'a known vulnerability'}{known_as}"),
        fix=told.get("fixed_version", ""),
        url=f"https://pkg.go.dev/vuln/{told['osv']}",
    )


READERS: dict[str, Reader] = {
    PIP_AUDIT: read_pip_audit,
    NPM: read_npm_audit,
    CARGO: read_cargo_audit,
    GO: read_govulncheck,
}
"""Tool to what reads its answers."""


def severity_of_cvss(vector: str) -> Severity:
    """The severity of a CVSS 3 vector, by its base score; of anything else, what counts where none is given.

    Formula and bands: https://www.first.org/cvss/v3.1/specification-document
    """
    if not vector.startswith("CVSS:3"):
        return NOT_GIVEN
    said = dict(part.partition(":")[::2] for part in vector.split("/")[1:])
    try:
        score = _base_score(said)
    except KeyError:
        return NOT_GIVEN
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"


_WEIGHTS = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
    "CIA": {"H": 0.56, "L": 0.22, "N": 0.0},
}


def _base_score(said: Mapping[str, str]) -> float:
    changed = said["S"] == "C"
    kept = 1.0
    for name in ("C", "I", "A"):
        kept *= 1 - _WEIGHTS["CIA"][said[name]]
    base = 1 - kept
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    ways = [_WEIGHTS[name][said[name]] for name in ("AV", "AC", "UI")]
    exploitability = 8.22 * ways[0] * ways[1] * ways[2] * _WEIGHTS[said["S"]][said["PR"]]
    score = min((1.08 if changed else 1.0) * (impact + exploitability), 10.0)
    return -(-round(score * 100_000) // 10_000) / 10
