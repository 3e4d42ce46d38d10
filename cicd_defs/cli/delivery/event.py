"""`cicd event`: post an event to the gateway, signed as GitHub signs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cicd_defs.cli.delivery.opening import FAULT, MISUSE, settings_here
from cicd_defs.cli.reading import PLACE, UsageProblem
from cicd_defs.cli.writing import terminal

if TYPE_CHECKING:
    import httpx

GATEWAY = "http://127.0.0.1:8000"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.group()
def event() -> None:
    """Post an event to the gateway, signed."""


@event.command()
@click.argument("file", type=PLACE)
@click.option(
    "--event", "kind", required=True, help="The event's name: pull_request, pull_request_review, push, …."
)
@click.option("--delivery", help="The delivery's id. Default: a new one.")
@click.option("--url", default=GATEWAY, show_default=True, help="Where the gateway is.")
def post(file: Path, kind: str, delivery: str | None, url: str) -> None:
    """Sign FILE with GITHUB_WEBHOOK_SECRET and post it. `-` reads standard input.

    Exit codes: 0 it was kept, or was there already; 1 it was kept and cannot be read; 2 it was refused; 3 the gateway
    cannot be reached, or cannot keep it now.
    """
    from cicd_defs.cli.delivery.serve import webhook_secrets

    body = _body(file)
    secret = webhook_secrets(settings_here())[0]
    answer = _post(body, kind, delivery, url, secret)
    print(terminal(answer.text))
    sys.exit(_exit_code(answer))


def _body(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageProblem(f"{file}: it cannot be read: {error.strerror}.", MISUSE) from None


def _post(body: bytes, kind: str, delivery: str | None, url: str, secret: str) -> "httpx.Response":
    import uuid

    import httpx

    from cicd_defs.facts.github.signatures import sign

    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": kind,
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": sign(body, secret.encode()),
    }
    try:
        to = httpx.URL(f"{url.rstrip('/')}/webhooks/github")
        with httpx.Client(timeout=15, trust_env=to.host not in LOOPBACK) as client:
            return client.post(to, content=body, headers=headers)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeEncodeError) as error:
        raise UsageProblem(f"{url}: cannot post there: {error}. Write --url {GATEWAY}.", MISUSE) from None
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        raise UsageProblem(
            f"{url}: the gateway does not answer: {said}. `cicd serve` starts it.", FAULT
        ) from None


def _exit_code(answer: "httpx.Response") -> int:
    if answer.status_code == 202:
        return int(answer.json().get("status") == "quarantined")
    return FAULT if answer.status_code >= 500 else MISUSE
