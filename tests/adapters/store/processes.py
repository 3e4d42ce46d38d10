"""Several processes that do the same thing to one store at the same moment."""

import multiprocessing
from collections.abc import Callable
from typing import Any

from cicd_defs.adapters.store.engine import Store, open_store

Deed = Callable[[Store, int], Any]


def _do(url: str, deed: Deed, place: int, together: Any, answers: Any) -> None:
    store = open_store(url)
    together.wait()
    answers.put((place, deed(store, place)))
    store.close()


def at_once(url: str, deed: Deed, count: int = 4) -> list[Any]:
    """What a module's function gives, called with a store and its place by each of some processes at once."""
    spawn = multiprocessing.get_context("spawn")
    together, answers = spawn.Barrier(count), spawn.SimpleQueue()
    workers = [
        spawn.Process(target=_do, args=(url, deed, place, together, answers)) for place in range(count)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * count
    return [answer for _, answer in sorted(answers.get() for _ in workers)]
