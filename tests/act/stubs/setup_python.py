"""Stands in for actions/setup-python: an environment of its own for the job, of the one Python that is here.

pip works in it without an index. The version asked for is written down, not honoured.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

inputs = json.loads(os.environ["INPUTS"])
if not isinstance(inputs.get("python-version"), str):
    sys.exit("setup-python was not told which version to set up")
prepared, venv = Path(os.environ["ACT_PYTHON"]), Path(os.environ["RUNNER_TEMP"]) / "python"
subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
site = next(venv.glob("lib/python*/site-packages"))
(site / "installed.pth").write_text((prepared / "installed.pth").read_text())
with Path(os.environ["GITHUB_PATH"]).open("a") as path:
    # The last one comes first: the stubs of programs stay in front of everything.
    path.write(f"{prepared / 'tools'}\n{venv / 'bin'}\n{os.environ['ACT_HOME']}/programs\n")
with Path(os.environ["GITHUB_ENV"]).open("a") as env:
    # pip reads `0` here as: no isolation. Building in an isolated environment would ask the index for the backend.
    env.write("PIP_NO_INDEX=1\nPIP_NO_BUILD_ISOLATION=0\nPIP_DISABLE_PIP_VERSION_CHECK=1\n")
