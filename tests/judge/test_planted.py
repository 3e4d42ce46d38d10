"""Each rule's defect, planted at random places of real files, is found on its line.

The short form plants in this project's own workflows. The long form (`make soak`) plants twenty of each in the
repositories below the folder that CICD_CORPUS names, a folder each, and prints the recall of every rule.
"""

import os
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rules import rules_by_name
from tests.judge.planting import PLANTERS
from tests.judge.planting.places import GONE, Planter

ROOT = Path(__file__).parents[2]
CORPUS = os.environ.get("CICD_CORPUS")
LEFT_BEHIND = {"__pycache__", ".hypothesis", ".venv", "node_modules"}
"""Folders that tools fill: whether somebody ran one must not change what is planted."""


def is_left_behind(path: Path) -> bool:
    """Whether a path, from the repository on, is or lies in a folder that a tool has filled."""
    return any(part in LEFT_BEHIND or part.endswith(("_cache", ".egg-info")) for part in path.parts)


OWN = [
    path
    for folder in ("tests/golden", "examples")
    for path in sorted((ROOT / folder).iterdir())
    if path.is_dir() and not is_left_behind(Path(path.name))
]
LONG, SHORT = 20, 3
WITHOUT_PLACE = {"check-in-every-leg"}
"""Rules whose defect finds no place in our own files: the long form plants it."""
TRIES = 60


class Files(Mapping[str, str]):
    """A folder's files by path, read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # What is generated is laid over the sample that it is generated from.
        below = ROOT / "examples" / folder.name if folder.parent.name == "golden" else folder
        self.places = {
            str(path.relative_to(base)): path
            for base in (below, folder)
            for path in base.rglob("*")
            if not is_left_behind(path.relative_to(base)) and path.is_file() and not path.is_symlink()
        }
        self.paths = sorted(self.places)
        self.known = frozenset(self.paths)
        self.held: dict[str, bytes] = {}

    def data(self, path: str) -> bytes:
        if path not in self.held:
            self.held[path] = self.places[path].read_bytes()
        return self.held[path]

    def __getitem__(self, path: str) -> str:
        if path not in self.known:
            raise KeyError(path)
        return self.data(path).decode("utf-8", "replace")

    def __iter__(self):
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


@cache
def files_of(folder: Path) -> Files:
    return Files(folder)


def trial(
    rule: str, planters: tuple[Planter, ...], folders: list[Path], chance: random.Random
) -> tuple[bool, str] | None:
    """Plant one defect somewhere. Gives whether it was found and where it stood; None where there was no place."""
    folder = chance.choice(folders)
    files = files_of(folder)
    planted = chance.choice(planters)(files, chance)
    if planted is None:
        return None
    paths = tuple(sorted({*files.paths, *planted.files}))

    def read(path: str) -> bytes | None:
        if path in planted.files:
            return planted.files[path].encode()
        return files.data(path) if path in files.paths else None

    gone = {path for path, text in planted.files.items() if text == GONE}
    tree = Tree(
        tuple(path for path in paths if path not in gone), lambda path: None if path in gone else read(path)
    )
    found = audit(Repository(tree), Settings("strict"), rules=[rules_by_name()[rule]]).findings
    lines = {(one.file, one.line) for one in found if one.rule == rule}
    missing = [place for place in planted.places if place not in lines]
    where = f"{folder.name}/{planted.places[0][0]}:{planted.places[0][1]}"
    shown = planted.files.get(planted.places[0][0], "").split("\n")[
        planted.places[0][1] - 1 : planted.places[0][1]
    ]
    return not missing, f"{where}: {''.join(shown).strip()[:140]}"


def campaign(rule: str, folders: list[Path], times: int, seed: int = 0) -> tuple[int, list[str]]:
    """How often a defect was planted, and where it was not found."""
    chance = random.Random(f"{rule} {seed}")
    made, missed = 0, []
    for _ in range(times * TRIES):
        if made == times:
            break
        answer = trial(rule, PLANTERS[rule], folders, chance)
        if answer is not None:
            made += 1
            if not answer[0]:
                missed.append(answer[1])
    return made, missed


@pytest.mark.parametrize("rule", sorted(PLANTERS))
def test_a_planted_defect_is_found_in_our_own_files(rule):
    made, missed = campaign(rule, OWN, SHORT)
    assert not missed, "\n".join(missed)
    assert (made == 0) == (rule in WITHOUT_PLACE), f"{made} places were found"


@pytest.mark.soak
@pytest.mark.skipif(not CORPUS, reason="CICD_CORPUS names no folder of repositories")
@pytest.mark.parametrize("rule", sorted(PLANTERS))
def test_a_planted_defect_is_found_in_real_repositories(rule):
    folders = [path for path in sorted(Path(CORPUS or ".").iterdir()) if path.is_dir() and "__" in path.name]
    made, missed = campaign(rule, folders, LONG, seed=int(os.environ.get("CICD_SEED", "0")))
    print(f"\n{rule}: {made - len(missed)} of {made} found")
    assert made == LONG, f"only {made} places were found"
    assert not missed, "\n".join(missed)
