"""What the stubs are told to do at which call, and the programs that stubs stand in for."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.act.actions import BARE, PYTHON, STUBS

PROGRAMS = ("curl", "docker", "gh", "helm", "kubectl", "sha256sum", "skaffold", "sleep", "ssh")
"""The programs of a runner that must not be the real ones here. `sleep` takes no time."""

TOOLCHAINS = (
    *("python", "pip", "pipx", "pytest", "ruff", "mypy", "uv", "poetry", "pdm", "pipenv", "hatch", "pixi"),
    *("node", "npm", "npx", "corepack", "pnpm", "yarn", "bun"),
    *("go", "gofmt", "cargo", "rustup", "java", "mvn", "gradle", "make", "tar"),
)
"""What builds and tests, for a run in which only the workflow itself is real."""


@dataclass(frozen=True)
class Rule:
    """What happens at a call.

    `words` are patterns (`*`, `?`) for words of the call, in this order, the first for the program or action itself.
    `turn` is the how-manieth of the calls that they fit, from 1; None for each. The first rule that fits counts.
    What `curl` says goes to its `--output`.
    """

    words: tuple[str, ...]
    turn: int | None = None
    status: int = 0
    says: str = ""


def fails(*words: str, turn: int | None = None) -> Rule:
    """The call fails."""
    return Rule(words, turn, status=1)


def says(*words: str, text: str) -> Rule:
    """The call succeeds and says this."""
    return Rule(words, says=text)


def write_rules(home: Path, rules: Sequence[Rule]) -> None:
    """Tell the stubs of this home what to do."""
    (home / "rules.json").write_text(json.dumps([asdict(rule) for rule in rules]))


def write_programs(folder: Path, names: Sequence[str]) -> Path:
    """A folder for the front of the path, with a stub for each program."""
    folder.mkdir()
    for name in names:
        (folder / name).write_text(
            f"#!{PYTHON} {BARE}\nimport sys\nsys.path.insert(0, {str(STUBS)!r})\nimport program\nprogram.main()\n"
        )
        (folder / name).chmod(0o755)
    return folder
