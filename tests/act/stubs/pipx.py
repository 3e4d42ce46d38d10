#!/usr/bin/env python
"""Stands in for `pipx run`: a program of the Python that is first on the path, since no index can be asked.

`build` is told not to make an isolated environment, for the same reason.
"""

import os
import sys

command, *arguments = sys.argv[1:]
if command != "run" or not arguments:
    sys.exit(f"only `pipx run PROGRAM` is there, not `pipx {command}`")
program, *arguments = arguments
name = program.partition("==")[0]
offline = ["--no-isolation"] if name == "build" else []
os.execvp("python", ["python", "-m", name, *offline, *arguments])
