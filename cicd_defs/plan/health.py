"""How a container is asked whether its application answers, with what its image has at hand: no curl is installed."""

import json
import shlex
from collections.abc import Callable

from cicd_defs.plan.containers import HealthCheck

SECONDS = 4
"""How long an answer may take: less than Docker waits for the question itself."""


def health_check(client: str, port: int, path: str) -> HealthCheck:
    """The check of an image in which this client is: it fails for no answer and for a status of 400 and above."""
    return HealthCheck(argv=CLIENTS[client](port, path))


def _python(port: int, path: str) -> tuple[str, ...]:
    ask = (
        f"c = http.client.HTTPConnection('127.0.0.1', {port}, timeout={SECONDS}); c.request('GET', {path!r})"
    )
    return ("python", "-c", f"import http.client; {ask}; raise SystemExit(c.getresponse().status >= 400)")


def _javascript(program: str) -> Callable[[int, str], tuple[str, ...]]:
    def ask(port: int, path: str) -> tuple[str, ...]:
        where = json.dumps({"host": "127.0.0.1", "port": port, "path": path, "timeout": SECONDS * 1000})
        answered = "answer => process.exit(answer.statusCode < 400 ? 0 : 1)"
        return (program, "-e", f"require('http').get({where}, {answered}).on('error', () => process.exit(1))")

    return ask


def _wget(port: int, path: str) -> tuple[str, ...]:
    return ("wget", "-q", "-T", str(SECONDS), "-O", "/dev/null", f"http://127.0.0.1:{port}{path}")


def _bash(port: int, path: str) -> tuple[str, ...]:
    request = f"printf 'GET %s HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' {shlex.quote(path)} >&3"
    answer = 'read -r _ status _ <&3 && [ "$status" -lt 400 ]'
    return ("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port} && {request} && {answer}")


CLIENTS: dict[str, Callable[[int, str], tuple[str, ...]]] = {
    "python": _python,
    "node": _javascript("node"),
    "bun": _javascript("bun"),
    "wget": _wget,
    "bash": _bash,
}
"""What is at hand in an image to how it asks."""
