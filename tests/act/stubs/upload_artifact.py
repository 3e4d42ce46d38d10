"""Stands in for actions/upload-artifact: keeps the files in the run's own folder."""

import json
import os
import shutil
import sys
from pathlib import Path

inputs = json.loads(os.environ["INPUTS"])
workspace = Path(os.environ["GITHUB_WORKSPACE"])
target = Path(os.environ["ACT_HOME"]) / "artifacts" / inputs["name"]
if target.exists():
    sys.exit(f"an artifact called {inputs['name']} exists already")
patterns = [line.strip() for line in inputs["path"].splitlines() if line.strip()]
found = [
    path
    for pattern in patterns
    for path in ([Path(pattern)] if Path(pattern).is_file() else workspace.glob(pattern.strip("/")))
]
files = {file for path in found for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()}
if not files and inputs.get("if-no-files-found") == "error":
    sys.exit(f"no files at {inputs['path']}")
for file in files:
    # What is kept of a file elsewhere is its name alone.
    kept = target / (file.relative_to(workspace) if file.is_relative_to(workspace) else file.name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, kept)
