"""Put the gateway together."""

from fastapi import FastAPI

from cicd_defs.gateway.health import health_router
from cicd_defs.gateway.hooks import hooks_router
from cicd_defs.gateway.parts import GatewayParts
from cicd_defs.gateway.problems import answer_with_problems
from cicd_defs.gateway.tasks import tasks_router


def create_app(parts: GatewayParts) -> FastAPI:
    """Build the application that takes GitHub's events and clients' tasks."""
    app = FastAPI(title="cicd", docs_url=None, redoc_url=None, redirect_slashes=False)
    answer_with_problems(app)
    for router in (hooks_router(parts), health_router(parts), tasks_router(parts)):
        app.include_router(router)
    return app
