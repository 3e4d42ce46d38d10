"""Write down that an action was called, by which job and with which inputs."""

import json
import os
from pathlib import Path

call = {
    "action": os.environ["ACTION"],
    "job": os.environ["GITHUB_JOB"],
    "inputs": json.loads(os.environ["INPUTS"]),
}
with (Path(os.environ["ACT_HOME"]) / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps(call) + "\n")
