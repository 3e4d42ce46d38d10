"""Stands in for `pipx run`: a program of the Python that is first on the path, since no index can be asked.

`build` is told not to make an isolated environment, for the same reason. A scanner is not here, and its lists of
what is vulnerable are not reachable: that it was called is written down, and the rules say what it finds.
"""

import os
import sys
from pathlib import Path

from journal import obey, write_down

SCANNERS = {"bandit", "pip-audit", "semgrep"}


def main() -> None:
    """Run the program as pipx would."""
    rule = write_down(["pipx", *sys.argv[1:]], folder=str(Path.cwd()))
    obey(rule)
    command, *arguments = sys.argv[1:]
    if command != "run" or not arguments:
        sys.exit(f"only `pipx run PROGRAM` is there, not `pipx {command}`")
    program, *arguments = arguments
    name = program.partition("==")[0]
    if name not in SCANNERS:
        offline = ["--no-isolation"] if name == "build" else []
        os.execvp("python", ["python", "-m", name, *offline, *arguments])
