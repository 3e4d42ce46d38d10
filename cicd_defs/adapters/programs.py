"""How a program is run: with the environment that it is given and no other, for so long, with its output bounded.

The time limit is kept from outside. What a program started in its own group of processes ends with it. Both streams are
read for as long as it runs, but only the beginning and the end of each are kept, so that a program that prints
gigabytes costs neither memory nor disk.
"""

import os
import re
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

SECONDS_TO_TIDY = 2.0
"""Seconds between asking a program to end and ending it."""

SECONDS_FOR_THE_REST = 1.0
"""Seconds that are given to what is left in the pipes, once the program has ended."""

_TURN, _PART = 0.05, 1 << 16

_CONTROLS = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles, links
    r"|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)?"  # strings to the terminal
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours, cursor
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)


@dataclass(frozen=True)
class Kept:
    """How many bytes of the beginning and of the end of a stream are kept."""

    head: int = 256 * 1024
    tail: int = 768 * 1024


@dataclass(frozen=True)
class Program:
    """A program to run. `env` is its whole environment; `seconds` is wall time.

    `together` sends both streams into one, in the order in which they were written. `watch` is asked every now and then
    while it runs, and stops it by returning why. `pass_fds` are files of ours that it has under the same numbers.
    """

    command: Sequence[str]
    env: Mapping[str, str]
    seconds: float
    folder: Path | None = None
    stdin: bytes = b""
    kept: Kept = field(default_factory=Kept)
    together: bool = False
    pass_fds: tuple[int, ...] = ()
    watch: Callable[[], str] | None = None


class Stream:
    """What was printed: the beginning, the end, and how many bytes in all."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._head, self._tail = bytearray(), bytearray()
        self.total = 0

    def add(self, part: bytes) -> None:
        """Take what was printed next."""
        self.total += len(part)
        room = self._kept.head - len(self._head)
        self._head += part[:room]
        self._tail += part[room:]
        if len(self._tail) > 2 * self._kept.tail + _PART:
            del self._tail[: len(self._tail) - self._kept.tail]

    @property
    def cut(self) -> bool:
        """Whether something between the beginning and the end was not kept."""
        return self.total > self._kept.head + self._kept.tail

    @property
    def head(self) -> str:
        """The beginning, as clean text. Where nothing was cut, head and tail together are all of it."""
        return clean(self._split()[0])

    @property
    def tail(self) -> str:
        """The end, as clean text; empty where the head holds all."""
        return clean(self._split()[1])

    @property
    def text(self) -> str:
        """Head and tail, with a line between them that says how much is missing."""
        if not self.cut:
            return clean(self.raw)
        missing = self.total - self._kept.head - self._kept.tail
        return f"{self.head}\n[{missing:,} bytes are not shown]\n{self.tail}"

    @property
    def raw(self) -> bytes:
        """Head and tail as they were printed, one after the other."""
        return bytes(self._head + self._end())

    def _end(self) -> bytes:
        return bytes(self._tail[max(0, len(self._tail) - self._kept.tail) :])

    def _split(self) -> tuple[bytes, bytes]:
        """Head and tail, so parted that no character is torn."""
        head, tail = bytes(self._head), self._end()
        if self.cut:
            return _without_torn_end(head), tail.lstrip(bytes(range(0x80, 0xC0)))
        whole = _without_torn_end(head) if tail else head
        return whole, head[len(whole) :] + tail


@dataclass(frozen=True)
class Finished:
    """How a program ended. `code` is None where it did not exit by itself; `signal` is what it died of.

    timed_out: its time was over. stopped: `watch` said why. killed: a signal of somebody else's. not_started: `why`.
    """

    ended: Literal["exited", "timed_out", "stopped", "killed", "not_started"]
    code: int | None
    seconds: float
    out: Stream
    err: Stream
    why: str = ""
    signal: int | None = None


def clean(printed: bytes) -> str:
    """What was printed as text: invalid UTF-8 replaced, no control characters but newline and tab.

    A return to the beginning of the line, as progress bars make it, becomes a newline.
    """
    text = printed.decode("utf-8", "replace").replace("\r\n", "\n")
    return _CONTROLS.sub(lambda found: "\n" if found[0] == "\r" else "", text)


def run_program(program: Program) -> Finished:
    """Run a program to its end or the end of its time. Never raises for what the program does."""
    out, err = Stream(program.kept), Stream(program.kept)
    began = time.monotonic()
    try:
        with _started(program) as process:
            why = _attended(program, process, (out, err), began + program.seconds)
    except OSError as error:
        return Finished("not_started", None, 0.0, out, err, why=f"{program.command[0]}: {error.strerror}")
    if why == "":
        why = f"It was stopped after {program.seconds:g} seconds."
        return Finished("timed_out", None, time.monotonic() - began, out, err, why)
    return _finished(process.returncode, why or "", time.monotonic() - began, (out, err))


def end_group(process: subprocess.Popen[bytes], tidy: float = SECONDS_TO_TIDY) -> None:
    """End a process and its group, where it was not waited for yet: asked first, and after `tidy` seconds killed."""
    if process.returncode is not None:
        return  # its number, and its group's, may be somebody else's by now
    if not _has_ended(process):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)
        until = time.monotonic() + tidy
        while not _has_ended(process) and time.monotonic() < until:
            time.sleep(_TURN / 5)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has ended, leaving its number taken."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _finished(code: int, why: str, seconds: float, streams: tuple[Stream, Stream]) -> Finished:
    out, err = streams
    if why:
        return Finished("stopped", None, seconds, out, err, why)
    if code < 0:
        said = f"It died of {signal.Signals(-code).name}."
        return Finished("killed", None, seconds, out, err, said, signal=-code)
    return Finished("exited", code, seconds, out, err)


@contextmanager
def _started(program: Program) -> Iterator[subprocess.Popen[bytes]]:
    """The process, in a session of its own; its group is gone when this ends, however it ends."""
    with _input(program.stdin) as stdin:
        process = subprocess.Popen(  # noqa: S603 - a list of words, no shell of ours
            list(program.command),
            env=dict(program.env),
            cwd=program.folder,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if program.together else subprocess.PIPE,
            pass_fds=program.pass_fds,
            start_new_session=True,
            bufsize=0,
        )
    try:
        yield process
    finally:
        end_group(process)
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


@contextmanager
def _input(given: bytes) -> Iterator[int | IO[bytes]]:
    """What a program reads: a file, which needs nobody to feed it."""
    if not given:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        yield file


def _attended(
    program: Program, process: subprocess.Popen[bytes], streams: tuple[Stream, Stream], until: float
) -> str | None:
    """Read until the program has ended; why it was stopped, "" where its time was over, None where it ended itself."""
    with selectors.DefaultSelector() as pipes:
        for pipe, stream in zip((process.stdout, process.stderr), streams, strict=True):
            if pipe:
                os.set_blocking(pipe.fileno(), False)
                pipes.register(pipe, selectors.EVENT_READ, stream)
        why: str | None = None
        while why is None and not _has_ended(process):
            _read(pipes, _TURN)
            if time.monotonic() >= until:
                why = ""
            elif program.watch:
                why = program.watch() or None
        end_group(process)
        rest = time.monotonic() + SECONDS_FOR_THE_REST
        while pipes.get_map() and time.monotonic() < rest:
            _read(pipes, _TURN)
        return why


def _read(pipes: selectors.BaseSelector, seconds: float) -> None:
    """Take what the pipes hold, or wait so long for it."""
    if not pipes.get_map():
        time.sleep(seconds)
        return
    for key, _ in pipes.select(seconds):
        with suppress(BlockingIOError):
            part = os.read(key.fd, _PART)
            if part:
                key.data.add(part)
            else:
                pipes.unregister(key.fileobj)


def _without_torn_end(text: bytes) -> bytes:
    """Bytes without the beginning of a character that does not end."""
    for back in range(1, min(4, len(text)) + 1):
        byte = text[-back]
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return text[:-back] if needed > back else text
        if byte < 0x80:
            break
    return text
