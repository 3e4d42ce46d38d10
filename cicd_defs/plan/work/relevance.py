"""Which files of a repository concern a task, by the words of the task in their paths and in their text."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from enum import IntEnum

from cicd_defs.facts.languages import GENERATED, LANGUAGES
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.survey import name_of
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.value import Value
from cicd_defs.plan.ignores import SECRETS

MOST_READ = 3000
"""Files whose text is searched; beyond them only paths count."""
LARGEST_READ = 200_000
"""Characters of a file above which it is no reading for an agent."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_COMMON_WORDS = (
    "the and for with that this from into when then than not are can has have should must shall will would all any"
    " one two use used uses using make makes add adds added new get set its their there where which what how who"
    " our your you but also only each every some more most less them they was were been does did done need needs"
    " want wants file files code function functions test tests task change changes please"
)
_LOCK_FILES = (
    "package-lock.json yarn.lock pnpm-lock.yaml bun.lock poetry.lock uv.lock pdm.lock pipfile.lock cargo.lock go.sum"
    " gradle.lockfile composer.lock gemfile.lock"
)
_COMMON, _LOCKS = frozenset(_COMMON_WORDS.split()), frozenset(_LOCK_FILES.split())
_PRIVATE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bxox[abp]-[0-9A-Za-z-]{20}"
)


def _secret_names() -> re.Pattern[str]:
    """One pattern, in lower case, for the paths that images leave out as secrets."""

    def regex(glob: str) -> str:
        inner = "[^/]*".join(map(re.escape, glob.removeprefix("**/").split("*")))
        return f"(?:.*/)?{inner}(?:/.*)?"

    return re.compile("|".join(regex(glob) for glob in SECRETS), re.IGNORECASE)


_SECRET_NAMES = _secret_names()


class Tier(IntEnum):
    """In which order files are shown: sources, tests, everything else."""

    SOURCE = 0
    TEST = 1
    OTHER = 2


_WEIGHTS = {Tier.SOURCE: 1.0, Tier.TEST: 0.7, Tier.OTHER: 0.4}


class RelevantFile(Value):
    """A file, or its beginning: `sha256` and `size` (characters) are the whole file's; `cut`: there is more."""

    path: str
    sha256: str
    size: int
    text: str
    cut: bool = False


class Relevance(Value):
    """The files to show, sources first, and how many were considered, fitted but left out, and kept back as secrets."""

    files: tuple[RelevantFile, ...] = ()
    considered: int = 0
    left_out: int = 0
    secret: int = 0


def words_of(text: str) -> frozenset[str]:
    """The words of a text that tell something: in lower case, `addToCart` and `add_to_cart` taken apart."""
    found = (_stem(word.lower()) for word in _WORDS.findall(text))
    return frozenset(word for word in found if len(word) > 2 and word not in _COMMON)


def is_secret(path: str) -> bool:
    """Whether a path is one that secrets are kept in."""
    return bool(_SECRET_NAMES.fullmatch(path))


def relevant_files(tree: Tree, words: frozenset[str], most: int, most_characters: int) -> Relevance:
    """The files of a tree that hold these words: at most `most` of them, with `most_characters` of text in all.

    One file has at most a third of the room. Secrets, lock files, generated and binary files are never among them.
    """
    shown = [path for path in tree.paths if not is_secret(path)]
    ranked = _ranked(tree, [path for path in shown if _is_readable(path)], words)
    files: list[RelevantFile] = []
    left = most_characters
    for path in ranked:
        if len(files) == most or left <= 0:
            break
        file = _file(tree, path, min(left, max(most_characters // 3, 1)))
        if file is not None:
            files.append(file)
            left -= len(file.text)
    return Relevance(
        files=tuple(sorted(files, key=lambda file: _tier(file.path))),
        considered=len(shown),
        left_out=len(ranked) - len(files),
        secret=len(tree.paths) - len(shown),
    )


def _ranked(tree: Tree, paths: list[str], words: frozenset[str]) -> list[str]:
    """Paths with a score, best first. Where no file has any, the sources that lie closest to the top."""
    by_path = sorted(paths, key=lambda path: (-len(words & words_of(path)), _tier(path), path))
    read = frozenset(by_path[:MOST_READ])
    scores = {path: _score(tree if path in read else None, path, words) for path in paths}
    found = sorted((path for path in paths if scores[path]), key=lambda path: (-scores[path], path))
    return found or sorted(
        (path for path in paths if _tier(path) is Tier.SOURCE), key=lambda path: (path.count("/"), path)
    )


def _score(tree: Tree | None, path: str, words: frozenset[str]) -> float:
    """How much a file has to do with the words: one in its path counts like four in its text."""
    text = (tree.text(path) or "") if tree else ""
    inside = len(words & words_of(text)) if len(text) <= LARGEST_READ else 0
    return _WEIGHTS[_tier(path)] * (4 * len(words & words_of(path)) + inside)


def _file(tree: Tree, path: str, room: int) -> RelevantFile | None:
    """A file's text, cut at the end of a line; None where it is binary, too large, or holds a secret."""
    text = tree.text_as_it_is(path)
    if not text or "\0" in text or len(text) > LARGEST_READ or _PRIVATE.search(text):
        return None
    shown = text if len(text) <= room else "".join(_lines_within(text, room))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return RelevantFile(path=path, sha256=digest, size=len(text), text=shown, cut=len(shown) < len(text))


def _lines_within(text: str, room: int) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        room -= len(line)
        if room < 0:
            return
        yield line


def _is_readable(path: str) -> bool:
    name = name_of(path).lower()
    return (
        role_of(path) not in (Role.VENDORED, Role.FIXTURE)
        and name not in _LOCKS
        and not name.endswith(GENERATED)
        and path.isprintable()
    )


def _tier(path: str) -> Tier:
    role, extension = role_of(path), "." + name_of(path).rpartition(".")[2]
    if extension not in LANGUAGES:
        return Tier.OTHER
    return {Role.PROJECT: Tier.SOURCE, Role.AUXILIARY: Tier.SOURCE, Role.TEST: Tier.TEST}.get(
        role, Tier.OTHER
    )


def _stem(word: str) -> str:
    """A word without the plural's s, so that `discounts` finds `discount`."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def joined(texts: Iterable[str]) -> str:
    """Texts as one, for `words_of`."""
    return "\n".join(texts)
