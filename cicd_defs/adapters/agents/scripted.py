"""An agent that applies patches that were recorded: deterministic, without a network, and quick.

A recording is `<recordings>/<project>/<slug of the task's title>/<attempt>.patch`, in git's format; attempt 1 is the
task, 2 and more are fixes. `<attempt>.json` beside it may say more: see `Recording`.
"""

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from cicd_defs.facts.reports.agents import TERMINAL, AgentRequest, AgentSnapshot
from cicd_defs.facts.value import Value

LONGEST_SLUG = 60
_REFERENCE = re.compile(r"[0-9a-f]{32}")


class Recording(Value):
    """How an attempt is played: `seconds` that it takes, `steps` shown meanwhile, what it says, or how it fails."""

    message: str = ""
    steps: tuple[str, ...] = ()
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    error: str = ""


class _Started(Value):
    """A run as it was started, kept under its reference."""

    request: AgentRequest
    key: str
    at: float


class Scripted:
    """The scripted agent. `runs` is a folder of its own, which remembers runs when the process that asked has died.

    `clock` gives seconds since the epoch.
    """

    name = "scripted"

    def __init__(self, recordings: Path, runs: Path, clock: Callable[[], float] = time.time) -> None:
        self._recordings, self._runs, self._clock = recordings, runs, clock

    def create(self, request: AgentRequest, key: str) -> str:
        """Start a run, or find the one that was started with this key; return its reference."""
        reference = hashlib.sha256(key.encode()).hexdigest()[:32]
        started = _Started(request=request, key=key, at=self._clock())
        _write_once(self._place(reference, "started"), started.model_dump_json())
        return reference

    def get(self, reference: str) -> AgentSnapshot:
        """How far a run is. Once it has ended it stays as it is, whatever becomes of the recordings."""
        ended = self._read(reference, "ended")
        if ended is not None:
            return AgentSnapshot.model_validate_json(ended)
        text = self._read(reference, "started")
        if text is None:
            return AgentSnapshot(state="failed", error=f"The scripted agent has no run {reference!r}.")
        snapshot = self._play(_Started.model_validate_json(text))
        return self._end(reference, snapshot) if snapshot.state in TERMINAL else snapshot

    def cancel(self, reference: str) -> str:
        """Stop a run; one that has ended stays as it is. Returns `stopped`."""
        if self.get(reference).state not in TERMINAL:
            self._end(reference, AgentSnapshot(state="cancelled", error="It was cancelled."))
        return "stopped"

    def _play(self, started: _Started) -> AgentSnapshot:
        request = started.request
        place = self._recordings / slug(request.project) / slug(request.title) / f"{request.attempt}.patch"
        try:
            recording = _recording(place.with_suffix(".json"))
            passed = self._clock() - started.at
            if passed < recording.seconds:
                return _under_way(recording, max(passed, 0.0))
            if recording.error:
                return AgentSnapshot(state="failed", message=recording.message, error=recording.error)
            patch = place.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return AgentSnapshot(state="failed", error=_missing(place, request))
        except (OSError, ValueError) as error:
            return AgentSnapshot(state="failed", error=f"{place}: the recording cannot be read: {error}")
        step = recording.steps[-1] if recording.steps else "The patch is applied."
        return AgentSnapshot(
            state="completed",
            progress=100,
            step=step,
            patch=patch,
            base=request.base,
            message=recording.message,
        )

    def _end(self, reference: str, snapshot: AgentSnapshot) -> AgentSnapshot:
        """Keep how a run ended; where another process was first, its word counts."""
        _write_once(self._place(reference, "ended"), snapshot.model_dump_json())
        kept = self._read(reference, "ended")
        return AgentSnapshot.model_validate_json(kept) if kept is not None else snapshot

    def _place(self, reference: str, what: str) -> Path:
        return self._runs / f"{reference}.{what}.json"

    def _read(self, reference: str, what: str) -> str | None:
        try:
            return self._place(reference, what).read_text() if _REFERENCE.fullmatch(reference) else None
        except FileNotFoundError:
            return None


def slug(text: str) -> str:
    """A text as a folder's name: `Add a discount (10 %)` is `add-a-discount-10`."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:LONGEST_SLUG].strip("-") or "untitled"


def _recording(place: Path) -> Recording:
    """What is said of an attempt; the default where nothing is. Raises `ValueError` that names the file."""
    try:
        return Recording.model_validate(json.loads(place.read_bytes()))
    except FileNotFoundError:
        return Recording()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{place.name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _under_way(recording: Recording, passed: float) -> AgentSnapshot:
    share = passed / recording.seconds
    at = int(share * len(recording.steps))
    step = recording.steps[at] if recording.steps else "The agent works."
    return AgentSnapshot(state="running", progress=int(share * 100), step=step)


def _missing(place: Path, request: AgentRequest) -> str:
    what = "the task" if request.attempt == 1 else f"fix {request.attempt - 1} of the task"
    return (
        f"There is no recording for {what} {request.title!r}. Put a patch against {request.base[:12]}, as `git diff` "
        f"writes it, into {place}, then submit the task again; or name another back end as `agent.backend`."
    )


def _write_once(place: Path, text: str) -> None:
    """Write a file whole, unless it is there already."""
    if place.exists():
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=".writing-")
    written = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        place.hardlink_to(written)
    except FileExistsError:
        pass
    finally:
        written.unlink()
