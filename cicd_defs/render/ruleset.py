"""The rules of a branch, to be imported under Settings, Rules, Rulesets.

Form: https://docs.github.com/rest/repos/rules#create-a-repository-ruleset
"""

import json
from collections.abc import Mapping, Sequence

from cicd_defs.plan.hygiene import Ruleset

GITHUB_ACTIONS = 15368
"""The app that has to report a required check, so that nobody else's word counts. Its number is the same for all."""

ADMIN = 5
"""The number of the built-in role `admin`."""


def render_ruleset(ruleset: Ruleset) -> str:
    """The text of the ruleset's JSON."""
    return _written(_ruleset(ruleset), "") + "\n"


def _ruleset(ruleset: Ruleset) -> dict[str, object]:
    return {
        "name": f"cicd-defs: {ruleset.branch}",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{ruleset.branch}"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": _pull_request(ruleset)},
            *([_status_checks(ruleset.checks)] if ruleset.checks else []),
        ],
        "bypass_actors": [_admins()] if ruleset.admin_override else [],
    }


def _pull_request(ruleset: Ruleset) -> dict[str, object]:
    return {
        "required_approving_review_count": ruleset.approvals,
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": ruleset.code_owner_review,
        "require_last_push_approval": False,
        "required_review_thread_resolution": True,
        "allowed_merge_methods": list(ruleset.methods),
    }


def _status_checks(checks: Sequence[str]) -> dict[str, object]:
    required = [{"context": check, "integration_id": GITHUB_ACTIONS} for check in checks]
    return {
        "type": "required_status_checks",
        "parameters": {
            "strict_required_status_checks_policy": True,
            "do_not_enforce_on_create": False,
            "required_status_checks": required,
        },
    }


def _admins() -> dict[str, object]:
    """Only in a pull request, where GitHub writes down who overrode what; never by a push."""
    return {"actor_id": ADMIN, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"}


def _written(value: object, indent: str) -> str:
    """JSON as people indent it: tables and their lists over several lines, a list of plain values on one."""
    inner = indent + "  "
    match value:
        case Mapping() if value:
            rows = [f"{inner}{json.dumps(key)}: {_written(item, inner)}" for key, item in value.items()]
            return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
        case list() if any(isinstance(item, Mapping) for item in value):
            return "[\n" + ",\n".join(inner + _written(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)
