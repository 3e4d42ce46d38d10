"""The processes that hold runs of agents: started apart from whoever asks, one at a time for each run."""

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"),
    *("DAGSTER_HOME", "DATABASE_URL", "CICD_PROJECTS", "CICD_RECORDINGS", "CICD_CRASH"),
    *("CODEGEN_ENABLE_MOCK_MODE", "WORKFLOW_TIMEOUT", "MAX_CONCURRENT_WORKFLOWS"),
)
"""The variables that a supervisor needs. Secrets of other parts, such as the webhook's, are not among them."""

_RUN = re.compile(r"[A-Za-z0-9._-]{1,100}")


class SupervisorStarter:
    """Starts supervisors. `home` is CICD_HOME, whose folder `agents` has their logs; `environ` gives what they need."""

    def __init__(self, environ: Mapping[str, str], home: Path) -> None:
        self._folder = home / "agents"
        self._environ = {name: environ[name] for name in PASSED_ON if name in environ}
        self._environ |= {"CICD_HOME": str(home), "PYTHONUNBUFFERED": "1"}

    def start(self, run_id: str) -> int:
        """Start the supervisor of a run in a session of its own; return its process id.

        It has no terminal and none of our files. What it prints is in `agents/<run>.log`. Raises `OSError`.
        """
        with self._place(run_id, "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module; the id was checked
                [sys.executable, "-m", "cicd_defs.cli", "agent", "hold", run_id],
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return process.pid

    def _place(self, run_id: str, kind: str) -> Path:
        return place_of(self._folder, run_id, kind)


def is_run_id(text: str) -> bool:
    """Whether a text can be a run's id, and so part of a file's name."""
    return bool(_RUN.fullmatch(text)) and not text.startswith(".")


def place_of(folder: Path, run_id: str, kind: str) -> Path:
    """A file of a run in a folder that only we may read; the folder is made. Raises `ValueError` for a foreign id."""
    if not is_run_id(run_id):
        raise ValueError(f"{run_id!r} is not the id of an agent's run. `cicd agent list` shows the ids.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{run_id}.{kind}"


@contextmanager
def held_alone(home: Path, run_id: str) -> Iterator[bool]:
    """Whether this process alone holds a run on this machine, for as long as the block runs.

    The operating system ends the hold with the process, however it dies. Raises `ValueError` for a foreign id.
    """
    with place_of(home / "agents", run_id, "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield True
