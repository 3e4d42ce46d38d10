"""Runs inside a sandbox: hands connections to one port of its loopback on to the package mirror's socket.

Usage: relay.py SOCKET PORT COMMAND...  Listens, then becomes the command; a child of it hands on. Nothing but Python's
own library is there.
"""

import os
import socket
import sys
import threading
from contextlib import suppress


def main(path: str, port: int, command: list[str]) -> None:
    """Listen on a port, and become a command."""
    server = socket.create_server(("127.0.0.1", port), backlog=64)
    if child := os.fork():
        server.close()
        os.waitpid(child, 0)
        os.execvp(command[0], command)  # noqa: S606 - the step itself
    if os.fork():  # what hands on is no child of the step
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    while True:
        with suppress(OSError):
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client, path), daemon=True).start()


def serve(client: socket.socket, path: str) -> None:
    """Connect one client with the socket of a path, until both have said all."""
    with client, socket.socket(socket.AF_UNIX) as mirror:
        try:
            mirror.connect(path)
        except OSError:
            return
        back = threading.Thread(target=pump, args=(mirror, client), daemon=True)
        back.start()
        pump(client, mirror)
        back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Copy from one connection to another until its end."""
    with suppress(OSError):
        while part := source.recv(1 << 16):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
