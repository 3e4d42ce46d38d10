"""What trivy finds in Dockerfiles and in images. Its form: https://trivy.dev/latest/docs/configuration/reporting/#json"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cicd_defs.facts.containers import DOCKERFILE, NOT_DOCKERFILE
from cicd_defs.facts.scans import ScanFinding, UnreadableAnswer, fingerprinted, in_short, severity_of
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.survey import name_of
from cicd_defs.facts.tree import Tree

TOOL, FILES = "trivy", "Dockerfiles"
IGNORED = ".trivyignore"


def dockerfiles_of(tree: Tree) -> tuple[str, ...]:
    """The project's own Dockerfiles: not those of tests, examples and fixtures."""
    return tuple(path for path in tree.paths if _is_dockerfile(name_of(path)) and role_of(path) < Role.TEST)


def _is_dockerfile(name: str) -> bool:
    return bool(DOCKERFILE.fullmatch(name)) and not NOT_DOCKERFILE.fullmatch(name)


def read_trivy(answer: bytes, target: str) -> tuple[ScanFinding, ...]:
    """trivy's `--format json`, of its `config` and `image` commands. Raises `UnreadableAnswer`."""
    try:
        data = json.loads(answer)
        if data["SchemaVersion"] != 2:
            raise UnreadableAnswer(f"its answer has the schema {data['SchemaVersion']!r}; 2 is known")
        results = data.get("Results") or []
        return fingerprinted(one for result in results for one in _found(result, target))
    except UnreadableAnswer:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableAnswer(f"its answer cannot be read: {type(error).__name__}: {error}") from error


def _found(result: Mapping[str, Any], target: str) -> Iterator[tuple[ScanFinding, str]]:
    for one in result.get("Misconfigurations") or ():
        if one.get("Status", "FAIL") == "FAIL":
            # Its words repeat the instruction, so that the finding stays the same when lines move.
            yield _misconfiguration(one, result["Target"], target), one["Message"]
    for one in result.get("Vulnerabilities") or ():
        yield _vulnerability(one, result["Target"], target), one["PkgName"]


def _misconfiguration(one: Mapping[str, Any], file: str, target: str) -> ScanFinding:
    return ScanFinding(
        tool=TOOL,
        target=target,
        rule=one["ID"],
        severity=severity_of(one["Severity"]),
        said=one["Severity"],
        file=file,
        line=(one.get("CauseMetadata") or {}).get("StartLine", 0),
        subject=in_short(one["Title"]),
        message=in_short(one["Message"]),
        fix=in_short(one.get("Resolution")),
        url=one.get("PrimaryURL", ""),
    )


def _vulnerability(one: Mapping[str, Any], place: str, target: str) -> ScanFinding:
    # The name of the image stands in front of its operating system, with a tag that changes.
    file = target if place.startswith(target) else place
    return ScanFinding(
        tool=TOOL,
        target=target,
        rule=one["VulnerabilityID"],
        severity=severity_of(one["Severity"]),
        said=one["Severity"],
        file=file,
        subject=f"{one['PkgName']} {one['InstalledVersion']}",
        message=in_short(one.get("Title") or one.get("Description")),
        fix=one.get("FixedVersion", ""),
        url=one.get("PrimaryURL", ""),
    )
