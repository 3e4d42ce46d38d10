"""What Dependabot keeps up to date, as it reads it.

Format: https://docs.github.com/code-security/reference/supply-chain-security/dependabot-options-reference
"""

from collections.abc import Sequence

from cicd_defs.plan.hygiene import Update
from cicd_defs.render.yaml import Above, document

COOLDOWN_DAYS = 7
"""How old a version must be. Most stolen packages are found out and taken back within days."""

OPEN_PULL_REQUESTS = 5


def render_dependabot(updates: Sequence[Update], header: Sequence[str]) -> str:
    """The text of `.github/dependabot.yml`."""
    return document({"version": 2, "updates": Above([Above(_update(update)) for update in updates])}, header)


def _update(update: Update) -> dict[str, object]:
    where: dict[str, object] = {"directory": update.directories[0]}
    if len(update.directories) > 1:
        where = {"directories": list(update.directories)}
    branch = {"target-branch": update.branch} if update.branch else {}
    return {
        "package-ecosystem": update.ecosystem,
        **where,
        **branch,
        "schedule": {"interval": "weekly"},
        "cooldown": {"default-days": COOLDOWN_DAYS},
        "open-pull-requests-limit": OPEN_PULL_REQUESTS,
        "commit-message": {"prefix": update.prefix},
        # A major version may break something, so it comes by itself.
        "groups": {"minor-and-patch": {"patterns": ["*"], "update-types": ["minor", "patch"]}},
    }
