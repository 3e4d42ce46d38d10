"""A program that reads what strangers wrote: bounded in time, memory and output, in an environment of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

SECONDS = 300.0
MOST_MEMORY = 3 * 1024**3
"""Bytes that each process may have of its own."""

LARGEST_ANSWER = 64 * 1024**2
SECONDS_TO_TIDY = 2.0


class Ended(NamedTuple):
    """How a program ended: its exit status (negative: a signal), and what it said on both ways."""

    code: int
    answer: bytes
    complaint: str


class Stopped(Exception):
    """A program did not come to an end of its own: why, as what follows its name in a sentence."""


def run_bounded(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    asked: bytes = b"",
    largest: int = LARGEST_ANSWER,
) -> Ended:
    """Run a program in a folder, with this environment and no other, and give it `asked` to read.

    It can write no file of more than `largest` bytes. All that it starts ends with it. Raises `Stopped` where it does
    not start, takes more than `SECONDS`, or answers with more than `LARGEST_ANSWER` bytes.
    """
    with (
        tempfile.TemporaryFile() as told,
        tempfile.TemporaryFile() as answer,
        tempfile.TemporaryFile() as complaint,
    ):
        told.write(asked)
        told.seek(0)
        code = _run(_limited(command, largest), folder, env, (told, answer, complaint), SECONDS)
        if answer.seek(0, os.SEEK_END) > LARGEST_ANSWER:
            raise Stopped(f"answers with more than {LARGEST_ANSWER:,} bytes")
        return Ended(code, _content(answer), _content(complaint).decode("utf-8", "replace"))


def _run(
    command: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    pipes: tuple[IO[bytes], IO[bytes], IO[bytes]],
    seconds: float,
) -> int:
    told, answer, complaint = pipes
    try:
        process = subprocess.Popen(  # noqa: S603 - a program that we chose, with arguments that we made
            command,
            cwd=folder,
            env=dict(env),
            stdin=told,
            stdout=answer,
            stderr=complaint,
            start_new_session=True,
        )
    except OSError as error:
        raise Stopped(f"failed to start: {error}") from error
    with process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Stopped(f"took longer than {seconds:g} s and was stopped") from None
        finally:
            _end(process)


def _limited(command: Sequence[str], largest: int) -> list[str]:
    """The same command, unable to take more memory or to write a larger file. A shell counts in KiB and in blocks.

    It is data that is counted, not addresses: node and Go reserve many more of those than they use.
    """
    script = 'ulimit -c 0 && ulimit -d "$0" && ulimit -f "$1" && shift && exec "$@"'
    return ["/bin/sh", "-c", script, str(MOST_MEMORY // 1024), str(largest // 512), *command]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that is still there, and whatever it left behind."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_TIDY)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(LARGEST_ANSWER)
