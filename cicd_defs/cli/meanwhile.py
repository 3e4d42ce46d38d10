"""One piece of work while we go on with another. Loads nothing but `threading`: a pool of threads takes much more."""

import threading
from collections.abc import Callable
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Meanwhile(Generic[T]):
    """Work that a thread of its own does; leaving the block waits for its end.

    What it raises is raised where its result is asked for.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def result(self) -> T:
        """What came of it, once it has ended."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # it is raised where the result is asked for
            self._error = error
