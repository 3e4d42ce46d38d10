"""Benchmarks: what takes how long, beside a floor or a peer in the same run. `make bench`; nothing here fails a test.

Every figure is a median over repetitions with its minimum and maximum. A target is printed beside its figure, so that
a reader sees what was promised; machines differ, so nothing stops when it is missed.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """What one thing took, in milliseconds, and what was promised for it."""

    what: str
    times: Sequence[float]
    target: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    def __str__(self) -> str:
        promised = "" if self.target is None else f"   promised {self.target:g}"
        return f"{self.what:<58} {self.median:9.1f} {min(self.times):9.1f} {max(self.times):9.1f}{promised}"


HEADER = f"{'':<58} {'median ms':>9} {'min':>9} {'max':>9}"


def measured(
    what: str, run: Callable[[], object], times: int = 15, target: float | None = None, *, warm: bool = True
) -> Measure:
    """How long one call takes, after one that warms up."""
    if warm:
        run()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append((time.perf_counter() - start) * 1000)
    return Measure(what, took, target)
