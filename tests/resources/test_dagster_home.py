"""Where Dagster keeps what belongs to it, when `make` starts it."""

import os
import re
import shutil
import subprocess
import time
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


UNTIL_IT_SERVES = 'until grep -q Serving "$$0" 2>/dev/null; do sleep 0.1; done'
BESIDE = (
    f"beside: ; @$(IN_HOME) && $(GATEWAY) && exec sh -c '{UNTIL_IT_SERVES}' \"$$DAGSTER_HOME/cicd/serve.log\""
)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on the PATH")
def test_the_gateway_runs_as_long_as_dagster_with_a_secret_that_is_made_once(tmp_path):
    """What `make ui` starts; in Dagster's place is a process that ends once the gateway serves."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"GITHUB_WEBHOOK_SECRET", "CICD_HOME"}
    }
    command = [
        "make",
        "--no-print-directory",
        "-f",
        "Makefile",
        f"--eval={BESIDE}",
        "beside",
        "GATEWAY_PORT=0",
    ]
    state, secrets = tmp_path / "my home" / "cicd", set()
    for number in (1, 2):
        (state / "serve.log").unlink(missing_ok=True)
        subprocess.run(
            command, cwd=ROOT, env={**env, "DAGSTER_HOME": str(state.parent)}, timeout=120, check=True
        )
        wait_for("Finished server process", state / "serve.log")
        secrets.add((state / "webhook-secret").read_text())
        assert len(secrets) == 1, f"start {number} has made another secret"
    assert re.fullmatch("[0-9a-f]{64}\n", secrets.pop())
    assert (state / "webhook-secret").stat().st_mode & 0o777 == 0o600


def wait_for(text: str, log: Path) -> None:
    until = time.monotonic() + 60
    while text not in log.read_text():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)
