"""Starts the service: `python -m api`."""

import os
import signal
import threading
from http.server import ThreadingHTTPServer

from api.web import Handler


def main() -> None:
    """Serve until told to stop."""
    address = (os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8080")))
    server = ThreadingHTTPServer(address, Handler)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main()
