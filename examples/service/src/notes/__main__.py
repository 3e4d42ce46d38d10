"""Starts the service: `python -m notes`, or `notes` where it is installed."""

import logging
import os
import signal
import threading

from notes.cache import NoCache, RedisCache
from notes.store import MemoryStore, PostgresStore, Store
from notes.web import server


def main() -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    serving = server(_store(), _cache(), host, port)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: threading.Thread(target=serving.shutdown).start())
    logging.info("listening on http://%s:%s", host, port)
    serving.serve_forever()
    serving.server_close()


def _store() -> Store:
    address = os.environ.get("DATABASE_URL")
    if not address:
        return MemoryStore()
    store = PostgresStore(address)
    store.prepare()
    return store


def _cache() -> NoCache | RedisCache:
    address = os.environ.get("REDIS_URL")
    return RedisCache(address) if address else NoCache()


if __name__ == "__main__":
    main()
