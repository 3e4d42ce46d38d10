"""The latest notes at hand, so that reading them asks the database once a minute at most."""

import json
from collections.abc import Callable

from redis import Redis

KEY = "notes:latest"
SECONDS = 60


class RedisCache:
    """Keeps the latest notes in Redis."""

    def __init__(self, address: str) -> None:
        self._redis = Redis.from_url(address, socket_timeout=2)

    def latest(self, read: Callable[[], list[str]]) -> list[str]:
        """The cached notes; else what `read` gives, cached from now on."""
        cached = self._redis.get(KEY)
        if isinstance(cached, bytes):
            return list(json.loads(cached))
        notes = read()
        self._redis.set(KEY, json.dumps(notes), ex=SECONDS)
        return notes

    def forget(self) -> None:
        """Read anew the next time."""
        self._redis.delete(KEY)

    def ping(self) -> None:
        """Raise where Redis does not answer."""
        self._redis.ping()


class NoCache:
    """Remembers nothing."""

    def latest(self, read: Callable[[], list[str]]) -> list[str]:
        """What `read` gives."""
        return read()

    def forget(self) -> None:
        """There is nothing to forget."""

    def ping(self) -> None:
        """What is not there is not ill."""
