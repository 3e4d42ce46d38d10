"""`cicd serve`: take GitHub's events and clients' tasks until it is stopped."""

import socket
import sys
from typing import TYPE_CHECKING

import click

from cicd_defs.cli.delivery.opening import MISUSE, opened_store, settings_here
from cicd_defs.cli.reading import UsageProblem

if TYPE_CHECKING:
    from fastapi import FastAPI

    from cicd_defs.adapters.store.engine import Store
    from cicd_defs.adapters.store.inbox import GroupCommitInbox
    from cicd_defs.settings import Settings

DRAIN_SECONDS = 9
"""How long requests that have begun may take once the process is asked to stop."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 for any that is free.",
)
def serve(host: str, port: int) -> None:
    """Serve POST /webhooks/github, /api/v1/tasks and /health.

    Needs GITHUB_WEBHOOK_SECRET. An event is answered once it is on the disk. SIGTERM ends the process within 10
    seconds, after what has begun. Forwarded-for headers are never believed.
    """
    from cicd_defs.adapters import crash, logs
    from cicd_defs.adapters.store.inbox import GroupCommitInbox

    settings = settings_here()
    secrets = webhook_secrets(settings)
    logs.set_up(sys.stderr, secrets=secrets)
    try:
        crash.arm(settings.cicd_crash)
    except ValueError as error:
        raise UsageProblem(str(error), MISUSE) from None
    with _listening(host, port) as listener, opened_store(settings) as store:
        inbox = GroupCommitInbox(store.engine)
        try:
            _run(_application(settings, store, inbox, secrets), listener)
        finally:
            inbox.close()


def webhook_secrets(settings: "Settings") -> tuple[str, ...]:
    """Return the secrets of the webhook: the one in use, and the one before it where it is set."""
    from cicd_defs.facts.github.signatures import SHORTEST_SECRET

    named = {
        "GITHUB_WEBHOOK_SECRET": settings.github_webhook_secret,
        "GITHUB_WEBHOOK_SECRET_OLD": settings.github_webhook_secret_old,
    }
    given = {name: secret.get_secret_value() for name, secret in named.items() if secret is not None}
    short = [name for name, secret in given.items() if len(secret) < SHORTEST_SECRET]
    if "GITHUB_WEBHOOK_SECRET" in given and not short:
        return tuple(given.values())
    fault = f"is shorter than {SHORTEST_SECRET} characters" if short else "is not set"
    raise UsageProblem(
        f"{short[0] if short else 'GITHUB_WEBHOOK_SECRET'} {fault}, so nobody could tell GitHub's events from others. "
        "Make one with `openssl rand -hex 32`, set it here and as the secret of the webhook on GitHub.",
        MISUSE,
    )


def _listening(host: str, port: int) -> socket.socket:
    """Listen at an address, before the store is opened: two gateways on one port are a mistake to hear of at once."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise UsageProblem(
            f"{host}:{port}: cannot listen there: {said}. Choose another --port or --host.", 2
        ) from None


def _application(
    settings: "Settings", store: "Store", inbox: "GroupCommitInbox", secrets: tuple[str, ...]
) -> "FastAPI":
    """Put the gateway together with the real store and clock."""
    import uuid
    from datetime import UTC, datetime

    from cicd_defs.adapters.project_folder import ProjectFolder
    from cicd_defs.gateway.app import create_app
    from cicd_defs.gateway.parts import GatewayParts

    parts = GatewayParts(
        inbox=inbox,
        tasks=store.tasks,
        keys=store.keys,
        audit=store.audit,
        projects=ProjectFolder(settings.cicd_projects).names,
        secrets=tuple(secret.encode() for secret in secrets),
        now=lambda: datetime.now(UTC),
        new_id=lambda: str(uuid.uuid4()),
    )
    return create_app(parts)


def _run(app: "FastAPI", listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT comes, and then until what has begun has ended."""
    import signal

    import uvicorn

    config = uvicorn.Config(
        app,
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: None)  # uvicorn sends itself the signal again once it has ended
    host, port = listener.getsockname()[:2]
    print(f"Serving http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])
