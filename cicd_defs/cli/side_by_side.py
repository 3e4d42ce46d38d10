"""The same work on many things in several processes, where one that is killed costs its own things only."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")

_FORK = multiprocessing.get_context("fork")


def in_processes(
    work: Callable[[Sequence[Thing]], list[Result]],
    bundles: Sequence[Sequence[Thing]],
    processes: int,
    killed: Callable[[Sequence[Thing]], list[Result]],
) -> Iterator[Result]:
    """What comes of the work on each bundle, in their order. `killed` stands in where a bundle's process is gone."""
    with ProcessPoolExecutor(min(processes, len(bundles)), mp_context=_FORK) as pool:
        waiting = [pool.submit(work, bundle) for bundle in bundles]
        for bundle, one in zip(bundles, waiting, strict=True):
            try:
                yield from one.result()
            except BrokenProcessPool:  # it took the others with it: each gets a process of its own
                yield from _alone(work, bundle, killed)


def _alone(
    work: Callable[[Sequence[Thing]], list[Result]],
    bundle: Sequence[Thing],
    killed: Callable[[Sequence[Thing]], list[Result]],
) -> list[Result]:
    try:
        with ProcessPoolExecutor(1, mp_context=_FORK) as pool:
            return pool.submit(work, bundle).result()
    except BrokenProcessPool:
        return killed(bundle)
