"""A Python for the jobs that ask for one, which installs without an index."""

import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from tests.act.actions import BARE, PYTHON, STUBS


def prepare_python(folder: Path) -> Path:
    """What the stub of setup-python needs to make a Python that can install without an index.

    pip itself from a template environment, and everything that these tests run with: their dependencies count as
    installed already, so that a project whose own are among them can be installed for real.
    """
    subprocess.run([PYTHON, "-m", "venv", str(folder / "template")], check=True, capture_output=True)
    template = sysconfig.get_path("purelib", vars={"base": str(folder / "template")})
    ours = list(dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib")))
    (folder / "installed.pth").write_text("\n".join([*ours, template]) + "\n")
    write_tools(folder / "tools", ours)
    return folder


def write_tools(folder: Path, site: Sequence[str]) -> None:
    """The programs of the packages in `site`, to be run by whichever python comes first on the path."""
    folder.mkdir()
    for point in (point for found in distributions(path=list(site)) for point in found.entry_points):
        if point.group == "console_scripts":
            call = f"import sys\nfrom {point.module} import {point.attr.partition('.')[0]}\nsys.exit({point.attr}())\n"
            (folder / point.name).write_text(f"#!/usr/bin/env python\n{call}")
            (folder / point.name).chmod(0o755)
    for program in Path(sys.executable).parent.iterdir():
        if not (folder / program.name).exists() and not program.name.startswith(
            ("python", "pip", "activate")
        ):
            (folder / program.name).symlink_to(program)
    (folder / "pipx").write_text(
        f"#!{PYTHON} {BARE}\nimport sys\nsys.path.insert(0, {str(STUBS)!r})\nimport pipx\npipx.main()\n"
    )
    (folder / "pipx").chmod(0o755)
