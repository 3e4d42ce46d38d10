"""What a cluster and GitHub say where all is well, as rules for the stubs; and the manifest of a sample."""

import json

from tests.act.rules import Rule, says

HEALTH = "https://staging.example.com/health"


def manifest(namespace: str) -> dict[str, object]:
    """The sample's one workload, as kubectl tells of it."""
    return {"kind": "Deployment", "metadata": {"name": "shop", "namespace": namespace}}


def cluster(namespace: str, revision: int, option: bool = True) -> tuple[Rule, ...]:
    """A cluster in which the sample runs at this revision, and in which everything goes well.

    `option`: the namespace is named by the declaration, and so on every command line; else the manifest says it.
    """
    text = json.dumps(manifest(namespace))
    history = "".join(f"{number}         <none>\n" for number in range(1, revision + 1))
    named = (namespace,) if option else ()
    return (
        says("kubectl", "apply", *named, "--dry-run=client", text=text),
        says("kubectl", "get", namespace, "json", text=text),
        says("kubectl", "get", namespace, "name", text="deployment.apps/shop\n"),
        says("kubectl", "rollout", "history", namespace, text=f"REVISION  CHANGE-CAUSE\n{history}\n"),
    )


CHECKED = says("gh", "api", "*/check-runs", text="success\n")
"""The gate of CI is green on this commit."""

MERGED = says("gh", "api", "*/compare/*", text="behind\n")
"""The tag is on the branch."""

HEALTHY = says("curl", HEALTH, text="")
"""The place answers."""

FORWARD = '#!/bin/sh\nexec "$ACT_HOME/programs/skaffold" "$@"\n'
"""What is downloaded as skaffold: a way to its stub."""

ANYWHERE = (
    CHECKED,
    MERGED,
    says("kubectl", "--dry-run=client", "json", text='{"items": []}'),
    says("helm", "history", text="[]"),
    says("sha256sum", "--check", text=""),
    says("curl", "https://storage.googleapis.com/skaffold/*", text=FORWARD),
    says("curl", "http*", text=""),
    says("curl", "--config", text=""),
)
"""Places of which nothing is known but that all goes well, and channels that take everything."""
