"""What each action needs of the job's token, and so what a job may do: the union, nothing more.

An action that is not in the table needs no permission. Sources: each action's own documentation of its permissions.
"""

from collections.abc import Iterable

from cicd_defs.plan.pipeline import Access, Permission, Scope, Step

NEEDS: dict[str, tuple[tuple[Scope, Access, str], ...]] = {
    # https://github.com/actions/checkout#recommended-permissions
    "actions/checkout": (("contents", "read", "check out the code"),),
    # https://github.com/codecov/codecov-action#using-oidc
    "codecov/codecov-action": (("id-token", "write", "prove to Codecov who uploads"),),
}
"""Action to the permissions that it uses: scope, access, and the reason that is written beside it."""


def permissions_for(steps: Iterable[Step]) -> tuple[Permission, ...]:
    """The union of what the steps' actions need, by scope; of two accesses to one scope the wider one."""
    wanted: dict[str, Permission] = {}
    for step in steps:
        for scope, access, reason in NEEDS.get(step.uses.name, ()) if step.uses else ():
            held = wanted.get(scope)
            if held is None or (held.access, access) == ("read", "write"):
                wanted[scope] = Permission(scope=scope, access=access, reason=reason)
    return tuple(wanted[scope] for scope in sorted(wanted))
