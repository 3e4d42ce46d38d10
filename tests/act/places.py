"""What a cluster and GitHub say where all is well, as rules for the stubs; and the manifest of a sample."""

import json

from tests.act.rules import Rule, says

HEALTH = "https://staging.example.com/health"


def manifest(namespace: str) -> dict[str, object]:
    """The sample's one workload, as kubectl tells of it."""
    return {"kind": "Deployment", "metadata": {"name": "shop", "namespace": namespace}}


def cluster(namespace: str = "shop-staging", revision: int = 7) -> tuple[Rule, ...]:
    """A cluster in which the sample runs at this revision, and in which everything goes well."""
    text = json.dumps(manifest(namespace))
    history = "".join(f"{number}         <none>\n" for number in range(1, revision + 1))
    return (
        says("kubectl", "apply", "--namespace", namespace, "--dry-run=client", text=text),
        says("kubectl", "get", "--namespace", namespace, "json", text=text),
        says("kubectl", "get", "--namespace", namespace, "name", text="deployment.apps/shop\n"),
        says("kubectl", "rollout", "history", namespace, text=f"REVISION  CHANGE-CAUSE\n{history}\n"),
    )


CHECKED = says("gh", "api", text="success\n")
"""The gate of CI is green on this commit."""

HEALTHY = says("curl", HEALTH, text="")
"""The place answers."""
