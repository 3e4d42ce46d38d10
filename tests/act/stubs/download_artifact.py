"""Stands in for actions/download-artifact: gives back what earlier jobs kept, one folder an artifact."""

import json
import os
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path

inputs = json.loads(os.environ["INPUTS"])
target = Path(os.environ["GITHUB_WORKSPACE"]) / (inputs.get("path") or ".")
kept = Path(os.environ["ACT_HOME"]) / "artifacts"
everything = sorted(kept.iterdir()) if kept.exists() else []
if inputs.get("name"):
    named = [artifact for artifact in everything if artifact.name == inputs["name"]]
    if not named:
        sys.exit(f"no artifact is called {inputs['name']}")
    shutil.copytree(named[0], target, dirs_exist_ok=True)
else:
    for artifact in everything:
        if fnmatch(artifact.name, inputs.get("pattern") or "*"):
            shutil.copytree(artifact, target / artifact.name, dirs_exist_ok=True)
