"""How often the shop was visited: in memory, or in Redis where `REDIS_URL` names one."""

import itertools
import socket
from typing import Protocol
from urllib.parse import urlsplit

KEY = "shop:visits"


class Visits(Protocol):
    """A counter of visits."""

    kind: str

    def count(self) -> int:
        """One more visit; returns how many there were."""


class Stream(Protocol):
    """The part of a connection that is used here."""

    def write(self, data: bytes, /) -> int: ...
    def flush(self) -> None: ...
    def readline(self) -> bytes: ...


class MemoryVisits:
    """Visits since the shop was started."""

    kind = "memory"

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def count(self) -> int:
        """One more visit; returns how many there were."""
        return next(self._numbers)


class RedisVisits:
    """Visits kept in Redis. Speaks just enough of its protocol (RESP 2) for `INCR`."""

    kind = "redis"

    def __init__(self, url: str, timeout: float = 3.0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "redis":
            raise ValueError("REDIS_URL must start with redis://")
        self._address = (parts.hostname or "localhost", parts.port or 6379)
        self._password = parts.password
        self._database = parts.path.strip("/") or "0"
        self._timeout = timeout

    def count(self) -> int:
        """One more visit; returns how many there were."""
        with socket.create_connection(self._address, self._timeout) as connection:
            stream = connection.makefile("rwb")
            if self._password:
                send(stream, "AUTH", self._password)
            send(stream, "SELECT", self._database)
            return int(send(stream, "INCR", KEY))


def send(stream: Stream, *words: str) -> str:
    """Send one command; returns the one-line answer, raises ConnectionError for a refusal."""
    encoded = [word.encode() for word in words]
    stream.write(b"*%d\r\n" % len(encoded))
    for word in encoded:
        stream.write(b"$%d\r\n%s\r\n" % (len(word), word))
    stream.flush()
    answer = stream.readline().decode().strip()
    if answer[:1] not in {"+", ":"}:
        raise ConnectionError(f"Redis refused {words[0]}: {answer or 'it hung up'}")
    return answer[1:]


def open_visits(url: str | None) -> Visits:
    """The counter that `REDIS_URL` names, or one in memory."""
    return RedisVisits(url) if url else MemoryVisits()
