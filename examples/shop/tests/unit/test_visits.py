"""Visits are counted."""

import io

import pytest

from shop.visits import MemoryVisits, RedisVisits, open_visits, send


class Wire(io.BytesIO):
    """A connection that remembers what was sent and answers one line."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(answer)
        self.sent = b""

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self.sent += data
        return len(data)


def test_memory_counts_up() -> None:
    visits = MemoryVisits()
    assert [visits.count(), visits.count()] == [1, 2]


def test_the_url_decides() -> None:
    assert open_visits(None).kind == "memory"
    assert open_visits("redis://localhost:6379/0").kind == "redis"
    with pytest.raises(ValueError, match="REDIS_URL must start with"):
        RedisVisits("http://localhost")


def test_a_command_is_framed() -> None:
    wire = Wire(b":7\r\n")
    assert send(wire, "INCR", "shop:visits") == "7"
    assert wire.sent == b"*2\r\n$4\r\nINCR\r\n$11\r\nshop:visits\r\n"


@pytest.mark.parametrize("answer", [b"-NOAUTH Authentication required.\r\n", b""])
def test_a_refusal_is_an_error(answer: bytes) -> None:
    with pytest.raises(ConnectionError, match="Redis refused INCR"):
        send(Wire(answer), "INCR", "shop:visits")
