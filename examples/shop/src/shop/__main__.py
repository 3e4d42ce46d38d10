"""Open the shop: `python -m shop`. Reads HOST, PORT, DATABASE_URL and REDIS_URL."""

import os
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

from shop.orders import open_orders
from shop.visits import open_visits
from shop.web import Shop


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """One thread a request, so that a slow customer keeps nobody waiting."""

    daemon_threads = True


def main() -> None:
    """Serve until interrupted."""
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "3000"))
    orders = open_orders(os.environ.get("DATABASE_URL", "sqlite:///shop.db"))
    shop = Shop(orders, open_visits(os.environ.get("REDIS_URL")))
    with make_server(host, port, shop, server_class=ThreadingServer) as server:
        print(f"The shop is open: http://{host}:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("Closed.")


if __name__ == "__main__":
    main()
