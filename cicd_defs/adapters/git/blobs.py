"""Files of a commit, read when asked for, all through one `git cat-file --batch`."""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import NamedTuple

SECONDS = 60.0


class Entry(NamedTuple):
    """A file of a commit: its path, the object that holds it, its size in bytes."""

    path: str
    blob: str
    size: int


class Blobs:
    """The content of a commit's files. The process starts with the first read and ends with this object."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], entries: Mapping[str, Entry], largest: int
    ) -> None:
        self._command, self._env = command, env
        self._entries, self._largest = entries, largest
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def read(self, path: str) -> bytes | None:
        """A file's bytes; None where there is no such file, it is too large, or git does not answer."""
        entry = self._entries.get(path)
        if entry is None or entry.size > self._largest:
            return None
        with self._turn:
            return self._ask(entry)

    def _ask(self, entry: Entry) -> bytes | None:
        process = self._process or self._start()
        assert process.stdin
        try:
            process.stdin.write(f"{entry.blob}\n".encode())
            header = f"{entry.blob} blob {entry.size}\n".encode()
            answer = _exactly(process, len(header) + entry.size + 1)
        except OSError:
            answer = None
        if answer is None or not answer.startswith(header):
            self._process = None  # what comes next in the pipe is not known any more
            _end(process)
            return None
        return answer[len(header) : -1]

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603 - the hardened command line of cicd_defs.adapters.git
            self._command,
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        weakref.finalize(self, _end, process)
        self._process = process
        return process


def _exactly(process: subprocess.Popen[bytes], count: int) -> bytes | None:
    """So many bytes of what a process says; None where it ends before, or is silent for too long."""
    assert process.stdout
    pipe, parts, until = process.stdout.fileno(), [], time.monotonic() + SECONDS
    while count:
        ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
        part = os.read(pipe, min(count, 1 << 20)) if ready else b""
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    process.wait()
