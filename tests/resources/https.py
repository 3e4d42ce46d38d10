"""A server of our own on loopback, over https, with a certificate that only those trust who are told to."""

import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def certificate(folder: Path) -> Path:
    """A certificate for localhost in `cert.pem`, its key beside it. Skips the test where openssl is not there."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the server's certificate, is not on the PATH")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "1", "-nodes"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run([openssl, "req", "-x509", *key, *names, *made], check=True, capture_output=True)
    return folder / "cert.pem"


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler], folder: Path) -> Iterator[str]:
    """Serve with the certificate in a folder; gives the host and port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        yield f"localhost:{listening.server_port}"
        listening.shutdown()
