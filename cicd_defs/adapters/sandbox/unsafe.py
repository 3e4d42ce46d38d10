"""No sandbox: steps as ordinary programs of ours, where an operator has allowed it for branches that are trusted."""

import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from cicd_defs.adapters.programs import Kept, Program, run_program
from cicd_defs.adapters.sandbox import profile, toolchains
from cicd_defs.adapters.sandbox.collect import Collected, collect
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.export import export
from cicd_defs.adapters.sandbox.housing import end_all, folder_for, marker_of
from cicd_defs.adapters.sandbox.limits.cgroups import Cgroup
from cicd_defs.adapters.sandbox.limits.disk import remove, watch_size
from cicd_defs.adapters.sandbox.results import not_started, result_of, script_problem
from cicd_defs.facts.reports.steps import Isolation, Limits, SandboxStep, StepResult

ISOLATION = Isolation(
    provider="subprocess",
    level="none",
    lacks=(
        "nothing is isolated: steps run as the user who started them, with the network and all files of that user",
    ),
)
_PASSED_ON = (
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
    *("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "PIP_INDEX_URL", "npm_config_registry"),
)
"""What a step that installs has of our environment, unless it holds a password."""

_SECONDS_TO_SET_UP = 180.0


class UnsafeSubprocess:
    """Workspaces below one folder that hold nothing back. `environ` is where settings of pip and npm are taken from."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._root = root
        self._path = environ.get("PATH", "/usr/bin:/bin")
        self._packages = {name: environ[name] for name in _PASSED_ON if "@" not in environ.get(name, "@")}

    def isolation(self) -> Isolation:
        """None: that is what this is."""
        return ISOLATION

    def prepare(self, git_dir: str, commit: str, name: str, limits: Limits) -> "UnsafeWorkspace":
        """A workspace with a commit's files. What is left of that name is removed first."""
        folder = folder_for(self._root, name)
        _take_down(folder)
        for part in ("src", "home", "tools"):
            (folder / part).mkdir(mode=0o700, parents=True)
        workspace = UnsafeWorkspace(folder, limits, self._path, self._packages)
        try:
            workspace.left_out = export(Path(git_dir), commit, folder / "src", limits.disk_mb << 20)
            workspace.set_up()
        except BaseException:
            workspace.destroy()
            raise
        return workspace

    def sweep(self, keep: Sequence[str]) -> int:
        """Remove every workspace whose name is not kept, with what runs there; return how many."""
        names = sorted(entry.name for entry in self._root.iterdir()) if self._root.is_dir() else []
        gone = [name for name in names if not name.startswith(".") and name not in keep]
        for name in gone:
            _take_down(self._root / name)
        return len(gone)


class UnsafeWorkspace:
    """A commit's files in an ordinary folder."""

    def __init__(self, folder: Path, limits: Limits, path: str, packages: Mapping[str, str]) -> None:
        self._folder, self._limits, self._path, self._packages = folder, limits, path, packages
        self._venv = folder / "tools/venv"
        self._left, self._turn = limits.seconds, threading.Lock()
        self.left_out: tuple[str, ...] = ()
        """Paths of the commit that are not there: links that lead out of it."""

    @property
    def isolation(self) -> Isolation:
        """Nothing holds it."""
        return ISOLATION

    def set_up(self) -> None:
        """Make what steps expect: a repository, an environment for Python's packages. Raises `SandboxError`."""
        source = self._folder / "src"
        wants_python = toolchains.needs_python(toolchains.shallow(source))
        self._set_up(toolchains.git_setup_script(), "The repository of git")
        python = shutil.which("python3", path=self._path)
        if wants_python and python:
            self._set_up(f"{python} -m venv '{self._venv}'", "The environment for Python's packages")

    def run(self, step: SandboxStep) -> StepResult:
        """Run one step in its folder. What it started is ended with it, as far as it can be found."""
        with self._turn:
            seconds = min(step.seconds, self._left)
        place = self._folder / "src" / step.folder
        problem = script_problem(step.run) or ("" if seconds > 0 else "The time for all steps is used up.")
        if problem or ".." in PurePosixPath(step.folder).parts or not place.is_dir():
            return not_started(step, problem or f"{step.folder} is no folder of the repository.")
        packages = self._packages if step.network == "mirror" else {}
        finished = run_program(self._program(step.run, {**packages, **step.env}, seconds, place))
        with self._turn:
            self._left -= finished.seconds
        end_all(self._folder, Cgroup({}), None)
        return result_of(step, finished)

    def collect(self, patterns: Sequence[str]) -> Collected:
        """Regular files below the top that match these globs."""
        return collect(self._folder / "src", patterns)

    def destroy(self) -> None:
        """End what runs there, and remove it."""
        _take_down(self._folder)

    def _set_up(self, script: str, what: str) -> None:
        finished = run_program(self._program(script, {}, _SECONDS_TO_SET_UP, self._folder / "src"))
        if finished.code != 0:
            raise SandboxError(f"{what} cannot be made: {finished.out.text.strip()[-600:] or finished.why}")

    def _program(self, script: str, env: Mapping[str, str], seconds: float, folder: Path) -> Program:
        venv = str(self._venv) if self._venv.is_dir() else ""
        plain = toolchains.environment(venv, str(self._folder / "home"), self._path)
        kept = Kept(self._limits.output_bytes // 4, self._limits.output_bytes * 3 // 4)
        return Program(
            ["/bin/bash", "-eo", "pipefail", "-c", script],
            {**plain, **env, profile.MARKER: marker_of(self._folder)},
            seconds,
            folder=folder,
            kept=kept,
            together=True,
            watch=watch_size(self._folder, self._limits.disk_mb),
        )


def _take_down(folder: Path) -> None:
    end_all(folder, Cgroup({}), None)
    remove(folder)
    if os.path.lexists(folder):
        raise SandboxError(
            f"{folder} cannot be removed. Look at who owns what is in it, and remove it by hand."
        )
