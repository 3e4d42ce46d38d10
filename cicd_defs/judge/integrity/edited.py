"""Files that a change must not touch unseen: CI, configuration of checks, links, what runs by itself."""

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator

from cicd_defs.facts.changes.diff import ChangedFile
from cicd_defs.facts.reports.verdicts import Finding
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.integrity.places import (
    CI,
    CONFIGURATION,
    PROJECT_FILES,
    RUN_BY_ITSELF,
    is_one_of,
    is_test_file,
    shadows_a_tool,
)
from cicd_defs.judge.integrity.settings import differing, lines_of

LINK, SUBMODULE = "120000", "160000"

_SWALLOWS = re.compile(
    r"\|\|\s*(?:true\b|:(?=\s|$|[\"')}])|exit\s+0\b|echo\b|/bin/true\b)|;\s*(?:true|exit\s+0)\s*[\"']?\s*$"
    r"|\bcontinue-on-error:\s*(?!false\b)\S|\ballow_failure:\s*(?!false\b)\S|\bset\s+\+e\b|\bset\s+\+o\s+(?:errexit|pipefail)\b"
    r"|--exit-zero\b|--passWithNoTests\b|--no-fail\b|--suppress-no-test-exit-code\b|\btestFailureIgnore\b|\bskipTests\b"
    r"|\bignore_outcome\s*=\s*true|\bignore_errors\s*=\s*[Tt]rue|\bmaven\.test\.skip\b|\bignoreFailures\s*=\s*true"
    r"|\bset\s+-e\s*;?\s*exit\s+0"
)
_COMMANDS = re.compile(
    r"(?is)(?:.*/)?(?:[^/]+\.(?:sh|bash|zsh|ya?ml|mk|bats|ps1|cmd|bat|gradle|kts|ini|cfg|toml)|pom\.xml|package\.json"
    r"|(?:gnu)?makefile|justfile|jenkinsfile[^/]*|(?:[^/]+\.)?dockerfile[^/]*|procfile|noxfile\.py|tasks\.py)"
    r"|(?:.*/)?(?:scripts|bin|ci|\.ci)/[^/.]+"
)


def edited_files(file: ChangedFile, before: Tree, after: Tree) -> Iterator[Finding]:
    """What is to be said of one changed file beside its tests."""
    paths = tuple(dict.fromkeys((file.path, file.old_path)))
    for kind, applies, words in _KINDS:
        found = next((path for path in paths if applies(path)), None)
        if found is not None:
            yield Finding(kind=kind, message=f"`{found}` {words}", path=file.path, line=_first(file))
    yield from _settings(file, before, after)
    yield from _configuration(file, paths)
    yield from _links(file)
    if any(map(_COMMANDS.fullmatch, paths)):
        yield from _swallowed(file)


_KINDS: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("edited_ci", lambda path: is_one_of(path, CI), "is CI, and is changed"),
    ("edited_project_file", lambda path: is_one_of(path, PROJECT_FILES), "is a project file, and is changed"),
    ("runs_by_itself", lambda path: is_one_of(path, RUN_BY_ITSELF), "runs whenever Python starts"),
    ("shadows_a_tool", shadows_a_tool, "is where a test tool or an installation is looked for"),
)


def _settings(file: ChangedFile, before: Tree, after: Tree) -> Iterator[Finding]:
    """Settings of checks in files that hold other things too."""
    old = None if file.status == "added" else before.text(file.old_path)
    new = None if file.status == "deleted" else after.text(file.path)
    found = differing(file.path, old, new) or differing(file.old_path, old, new) or ()
    for setting in found:
        message = f"`{file.path}` changes `{setting}`"
        yield Finding(kind="edited_configuration", message=message, path=file.path, line=_line(file, setting))


def _configuration(file: ChangedFile, paths: tuple[str, ...]) -> Iterator[Finding]:
    """Files that hold nothing but how checks are done."""
    for path in paths:
        if is_one_of(path, CONFIGURATION) and differing(path, None, None) is None:
            message = f"`{path}` says how checks are done, and is changed"
            yield Finding(kind="edited_configuration", message=message, path=file.path, line=_first(file))
            return


def _links(file: ChangedFile) -> Iterator[Finding]:
    """Links and submodules that were added or changed: those that lead out, or take a file's place."""
    if file.status == "deleted":
        return
    if file.mode == SUBMODULE or file.path == ".gitmodules":
        yield Finding(kind="submodule", message=f"`{file.path}` brings code of elsewhere", path=file.path)
    if file.mode != LINK:
        return
    target = file.added[0].text.strip() if len(file.added) == 1 and not file.cut else ""
    if not target or _leads_out(file.path, target):
        where = f"leads out of the repository, to `{target}`" if target else "leads nobody knows where"
        message = f"the link `{file.path}` {where}"
        yield Finding(kind="link_outside", message=message, path=file.path, line=1)
    elif file.status == "type_changed" or is_test_file(file.path):
        message = f"`{file.path}` becomes a link to `{target}`"
        yield Finding(kind="link_replaces_file", message=message, path=file.path, line=1)
    else:
        message = f"`{file.path}` is a link to `{target}`, inside the repository"
        yield Finding(kind="link_inside", message=message, path=file.path, line=1)


def _leads_out(path: str, target: str) -> bool:
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    parts = [part.lower() for part in inside.split("/")]
    return target.startswith(("/", "~")) or "\\" in target or parts[0] == ".." or ".git" in parts


def _swallowed(file: ChangedFile) -> Iterator[Finding]:
    """Added lines after which a failed command counts as well; a line that was there before is no news."""
    there = Counter(line.text.strip() for line in file.removed)
    for line in file.added:
        text = line.text.strip()
        if there[text] > 0:
            there[text] -= 1
        elif not text.startswith(("#", "//")) and _SWALLOWS.search(text[:2000]):
            message = f"`{file.path}` lets a failed command pass: `{text[:120]}`"
            yield Finding(kind="swallowed_failure", message=message, path=file.path, line=line.number)


def _first(file: ChangedFile) -> int:
    return file.added[0].number if file.added else 0


def _line(file: ChangedFile, setting: str) -> int:
    words = tuple(lines_of(setting))
    found = (line.number for word in words for line in file.added if word in line.text)
    return next(found, _first(file))
