"""Strangers' code in bubblewrap: a workspace for each commit, a user of its own for each workspace."""

import importlib.util
import os
import shutil
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cicd_defs.adapters.sandbox import self_test, toolchains
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.export import export, give
from cicd_defs.adapters.sandbox.housing import Housing, build, folder_for, is_root, take_down
from cicd_defs.adapters.sandbox.limits.cgroups import lacking
from cicd_defs.adapters.sandbox.limits.slots import Slots
from cicd_defs.adapters.sandbox.profile import Start
from cicd_defs.adapters.sandbox.workspace import BubblewrapWorkspace
from cicd_defs.facts.reports.steps import Isolation, Limits

PROVIDER = "bubblewrap"
_SECONDS_TO_SET_UP = 180.0
_TEST = ".self-test-"
_UNPACKED = 3
"""How many times its source a workspace's disk must hold."""


class Packages(Protocol):
    """A package mirror, as far as a sandbox needs to know it."""

    @property
    def socket(self) -> Path:
        """The socket at which it answers."""


class Bubblewrap:
    """Workspaces below one folder, with packages from a mirror or without.

    Root starts each as a user of its own. An ordinary user's workspaces all run as that user, which the isolation says.
    """

    def __init__(self, root: Path, mirror: Packages | None = None, slots: Slots | None = None) -> None:
        self._root, self._mirror, self._slots = root, mirror, slots or Slots()
        self._turn = threading.Lock()
        self._isolation: Isolation | None = None

    def isolation(self) -> Isolation:
        """What a workspace will be held by, as tried out on this machine once. Raises `SandboxError` where it leaks."""
        with self._turn:
            if self._isolation is None:
                self._isolation = self._tried_out()
            return self._isolation

    def prepare(self, git_dir: str, commit: str, name: str, limits: Limits) -> BubblewrapWorkspace:
        """A workspace with a commit's files. What is left of that name is removed first."""
        self.isolation()
        workspace = self._empty(folder_for(self._root, name), limits)
        try:
            self._fill(workspace, Path(git_dir), commit, limits)
        except BaseException:
            with suppress(SandboxError):
                workspace.destroy()
            raise
        return workspace

    def sweep(self, keep: Sequence[str]) -> int:
        """Remove every workspace whose name is not kept, with what runs there; return how many."""
        names = sorted(entry.name for entry in self._root.iterdir()) if self._root.is_dir() else []
        gone = [name for name in names if not name.startswith(".") and name not in keep]
        tests = [name for name in names if name.startswith(_TEST) and not _is_of_the_living(name)]
        for name in (*gone, *tests):
            take_down(self._root / name, self._slots)
        return len(gone)

    def _empty(self, folder: Path, limits: Limits) -> BubblewrapWorkspace:
        self._root.mkdir(mode=0o755, parents=True, exist_ok=True)
        housing = build(folder, limits, self._slots)
        return BubblewrapWorkspace(
            housing,
            limits,
            _isolation(housing),
            lambda: take_down(folder, self._slots),
            self._mirror.socket if self._mirror else None,
            _our_pip(self._root),
        )

    def _fill(self, workspace: BubblewrapWorkspace, git_dir: Path, commit: str, limits: Limits) -> None:
        source = workspace.source
        workspace.left_out = export(git_dir, commit, source, (limits.disk_mb << 20) // _UNPACKED)
        wants_python = toolchains.needs_python(toolchains.shallow(source))
        uid = workspace.uid
        if uid is not None:
            give(source, uid)
        if Path("/usr/bin/git").exists():
            self._set_up(workspace, toolchains.git_setup_script(), "The repository of git")
        if wants_python and Path("/usr/bin/python3").exists():
            self._set_up(workspace, toolchains.python_setup_script(), "The environment for Python's packages")

    @staticmethod
    def _set_up(workspace: BubblewrapWorkspace, script: str, what: str) -> None:
        """Run a script of ours in the sandbox. Raises `SandboxError` with what it said."""
        command = ["/bin/bash", "-eo", "pipefail", "-c", script]
        ended = workspace.start(Start(command, "/src", toolchains.environment(), _SECONDS_TO_SET_UP))
        if ended.finished.code != 0:
            said = ended.finished.out.text.strip()[-600:] or ended.finished.why
            raise SandboxError(f"{what} cannot be made in the sandbox: {said}")

    def _tried_out(self) -> Isolation:
        name = f"{_TEST}{os.getpid()}-{threading.get_ident()}"
        workspace = self._empty(self._root / name, Limits(disk_mb=16))
        try:
            self_test.check(workspace)
            return workspace.isolation
        finally:
            workspace.destroy()


def _isolation(housing: Housing) -> Isolation:
    """What holds a workspace back, and what does not."""
    lacks = list(lacking(housing.cgroup))
    if not is_root():
        lacks.insert(0, "it runs as the user who started it, not as one of its own")
    if not housing.mounted:
        lacks.append("written files are counted while it runs, not limited")
    held = {"memory", "pids"} <= set(housing.cgroup.folders) and housing.mounted and is_root()
    return Isolation(provider=PROVIDER, level="full" if held else "partial", lacks=tuple(lacks))


def _is_of_the_living(name: str) -> bool:
    """Whether the process that a self-test is named by still runs."""
    return Path("/proc", name.removeprefix(_TEST).partition("-")[0]).is_dir()


def _our_pip(root: Path) -> Path | None:
    """A folder with a copy of our own interpreter's pip in it, made once; None where we have none."""
    found = importlib.util.find_spec("pip")
    if found is None or found.origin is None:
        return None
    package = Path(found.origin).parent
    about = next(iter(sorted(package.parent.glob("pip-*.dist-info"))), None)
    if about is None:
        return None
    place = root / f".{about.stem}"
    if not place.is_dir():
        half = root / f".{about.stem}-{os.getpid()}-{threading.get_ident()}"
        shutil.copytree(package, half / "pip")
        shutil.copytree(about, half / about.name)
        try:
            half.rename(place)
        except OSError:  # another one was quicker
            shutil.rmtree(half)
    return place
