"""Say whether the gateway can do its work."""

from typing import Any

from fastapi import APIRouter

from cicd_defs.gateway.bodies import ask_store
from cicd_defs.gateway.parts import GatewayParts


def health_router(parts: GatewayParts) -> APIRouter:
    """Return the route that load balancers and people ask."""
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, Any]:
        """Say that the store can be read, and how many deliveries wait; 503 where it cannot."""
        waiting = await ask_store(parts.inbox.depth, parts.store_seconds)
        return {"status": "ok", "store": "reachable", "inbox": {"waiting": waiting}}

    return router
