"""hadolint's opinion of Dockerfiles, in its default configuration."""

import json
from collections.abc import Sequence
from pathlib import Path

from tests.checkers import PROGRAMS, Finding, run


def hadolint(files: Sequence[Path]) -> list[Finding]:
    """Everything that hadolint holds against some Dockerfiles; raises `CheckerDiedError` where it gives no answer."""
    command = [str(PROGRAMS / "hadolint"), "--no-color", "--format=json", *map(str, files)]
    answer = json.loads(run(command, {0, 1}))
    return [Finding("hadolint", one["file"], one["code"], one["message"], one["line"]) for one in answer]
