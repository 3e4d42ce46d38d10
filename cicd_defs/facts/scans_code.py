"""What bandit is shown of a repository, and what it finds. https://bandit.readthedocs.io/en/latest/config.html

A repository's own configuration of bandit is read as data, and only what leaves findings out is followed: bandit itself
would also be told by it where to write.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cicd_defs.facts.manifests import read_toml, table
from cicd_defs.facts.scans import (
    ScanFinding,
    Scanned,
    ToolRun,
    Unread,
    UnreadableAnswer,
    fingerprinted,
    in_short,
    severity_of,
)
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.tree import Tree

TOOL, TARGET = "bandit", "repository"
CONFIGS = (".bandit", "pyproject.toml")

_RULE = re.compile(r"B\d{3}")
_TEST_FILE = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test|conftest)\.py")
_LEFT_OUT = frozenset({Role.TEST, Role.EXAMPLE, Role.FIXTURE, Role.VENDORED})
_PASSWORDS = frozenset({"B105", "B106", "B107"})
"""Rules of which the message repeats what may be a password."""


class Config(NamedTuple):
    """What a repository asks bandit for: rules to leave out, rules to keep to, paths to leave out."""

    skips: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    source: str = ""

    @property
    def note(self) -> str:
        """What is left out because of it, in a sentence; empty where that is nothing."""
        words = [
            *(["the rules " + ", ".join(self.skips)] if self.skips else []),
            *(["all rules but " + ", ".join(self.tests)] if self.tests else []),
            *(["the paths " + ", ".join(self.exclude)] if self.exclude else []),
        ]
        return in_short(f"{self.source} leaves out {', and '.join(words)}") if words else ""


def config_of(tree: Tree) -> Config:
    """What the repository's configuration leaves out: of `.bandit`, else of `[tool.bandit]`."""
    if ".bandit" in tree.paths:
        return _of_ini(tree.text(".bandit") or "")
    told = table(read_toml(tree.text("pyproject.toml") or ""), "tool", "bandit")
    skips, tests = (_rules(_words(told.get(key))) for key in ("skips", "tests"))
    return Config(skips, tests, _paths(_words(told.get("exclude_dirs"))), "pyproject.toml")


def _of_ini(text: str) -> Config:
    told: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip()
        name, sign, value = line.partition("=")
        if section == "[bandit]" and sign:
            told[name.strip()] = value
    skips, tests = (_rules(told.get(key, "").split(",")) for key in ("skips", "tests"))
    return Config(skips, tests, _paths(told.get("exclude", "").split(",")), ".bandit")


def _words(value: object) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _rules(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for word in words if _RULE.fullmatch(word.strip()))


def _paths(words: Sequence[str]) -> tuple[str, ...]:
    """Folders and files as paths from the root; patterns are not followed."""
    bare = [word.strip().removeprefix("./").removeprefix("/").rstrip("/") for word in words]
    return tuple(word for word in bare if word and "*" not in word)


def judged_files(tree: Tree, config: Config) -> tuple[str, ...]:
    """The project's own Python code: no tests, which assert and run what nobody deploys, and no examples."""
    return tuple(
        path
        for path in tree.paths
        if path.endswith(".py")
        and role_of(path) not in _LEFT_OUT
        and not _TEST_FILE.fullmatch(path)
        and not any(path == one or path.startswith(f"{one}/") for one in config.exclude)
    )


def read_bandit(answer: bytes, files: Mapping[str, str]) -> Scanned:
    """bandit's JSON, with the texts of the files that it was shown. Raises `UnreadableAnswer`."""
    try:
        told = json.loads(answer)
        totals = told["metrics"]["_totals"]
        found = sorted(told["results"], key=lambda one: (one["filename"], one["line_number"], one["test_id"]))
        return Scanned(
            runs=(
                ToolRun(
                    tool=TOOL,
                    target=TARGET,
                    looked_at=f"{totals['loc']} lines of {len(files)} files",
                    unread=tuple(_unread(told["errors"])),
                ),
            ),
            findings=fingerprinted((_finding(one), _code(one, files)) for one in found),
            suppressed=totals["nosec"] + totals["skipped_tests"],
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableAnswer(f"its answer cannot be read: {type(error).__name__}: {error}") from error


def _unread(errors: list[dict[str, Any]]) -> Iterator[Unread]:
    for one in errors:
        yield Unread(file=_path(one["filename"]), reason=in_short(one["reason"]))


def _path(told: str) -> str:
    return told.removeprefix("./")


def _finding(one: Mapping[str, Any]) -> ScanFinding:
    rule, message = one["test_id"], one["issue_text"]
    return ScanFinding(
        tool=TOOL,
        target=TARGET,
        rule=rule,
        severity=severity_of(one["issue_severity"]),
        said=f"{one['issue_severity']}, confidence {one['issue_confidence']}",
        file=_path(one["filename"]),
        line=one["line_number"],
        subject=one["test_name"],
        message=in_short(message.partition(":")[0] if rule in _PASSWORDS else message),
        url=one["more_info"],
    )


def _code(one: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """The lines that a finding is about, as they stand in the file: they are compared, and not kept."""
    lines = files.get(_path(one["filename"]), "").split("\n")
    return " ".join(lines[number - 1] for number in one["line_range"] if 0 < number <= len(lines))
