"""Where Dagster keeps what belongs to it, when `make` starts it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOW = 'show: ; @$(IN_HOME) && echo "$$DAGSTER_HOME"'


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on the PATH")
@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_the_home_may_be_named_from_here(relative, tmp_path):
    home = tmp_path / "my home"
    named = os.path.relpath(home, ROOT) if relative else str(home)
    env = {**os.environ, "DAGSTER_HOME": named}
    command = ["make", "--no-print-directory", "-f", "Makefile", f"--eval={SHOW}", "show"]
    shown = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    assert shown.strip() == str(home)
    assert (home / "dagster.yaml").read_text() == (ROOT / "dagster.yaml").read_text()
