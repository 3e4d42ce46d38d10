"""What each step needs of the job's token, and so what a job may do: the union, nothing more.

Every action that a plan uses is in the table, also one that needs nothing: an action that is not is an error, never
taken to need nothing. A command says in its `token_needs` what it uses the token for.
"""

import re
from collections.abc import Callable, Iterable

from cicd_defs.plan.pipeline import Permission, Step, Text
from cicd_defs.plan.token_needs import NEEDS, Need


class UnknownNeeds(ValueError):
    """An action of which nobody has written down what it needs of the job's token."""


def permissions_for(steps: Iterable[Step]) -> tuple[Permission, ...]:
    """The union of what the steps need, by scope; of two accesses to one scope the wider one.

    Raises `UnknownNeeds` for an action that the table does not hold.
    """
    steps = tuple(steps)
    wanted: dict[str, Permission] = {}
    for need in (*(need for step in steps for need in needs_of(step)), *_of_the_registry(steps)):
        held = wanted.get(need.scope)
        if held is None or (held.access, need.access) == ("read", "write"):
            wanted[need.scope] = need
    return tuple(wanted[scope] for scope in sorted(wanted))


def needs_of(step: Step) -> tuple[Permission, ...]:
    """What one step by itself needs of the job's token. Raises `UnknownNeeds` for an action that is not known."""
    if step.uses is None:
        return step.token_needs
    name = step.uses.name
    if name not in NEEDS:
        raise UnknownNeeds(
            f"step {step.id}: nobody has written down what {name} needs of the job's token: look it up in its "
            "documentation, and add it to NEEDS in cicd_defs/plan/token_needs.py, also where it needs nothing"
        )
    where = (need for action, applies, need in NEEDS_WHERE if action == name and applies(step))
    known = (Permission(scope=need[0], access=need[1], reason=need[2]) for need in (*NEEDS[name], *where))
    return (*known, *step.token_needs)


def uses_token(text: Text) -> bool:
    """Whether an expression hands over the job's token, by either of its names. Names are read in any case."""
    return not isinstance(text, str) and _TOKEN.search(text.text) is not None


_TOKEN = re.compile(
    r"\bgithub\s*(?:\.\s*token\b|\[\s*'token'\s*\])"
    r"|\bsecrets\s*(?:\.\s*GITHUB_TOKEN\b|\[\s*'GITHUB_TOKEN'\s*\])",
    re.IGNORECASE,
)


def _is_true(name: str) -> Callable[[Step], bool]:
    """Whether an input is on; one that GitHub evaluates may be."""
    return lambda step: not isinstance(value := step.inputs.get(name, "false"), str) or value == "true"


NEEDS_WHERE: tuple[tuple[str, Callable[[Step], bool], Need], ...] = (
    # https://github.com/actions/download-artifact#download-artifacts-from-other-workflow-runs-or-repositories
    (
        "actions/download-artifact",
        lambda step: "github-token" in step.inputs,
        ("actions", "read", "get an artefact of another run"),
    ),
    # https://github.com/codecov/codecov-action#using-oidc
    (
        "codecov/codecov-action",
        _is_true("use_oidc"),
        ("id-token", "write", "prove to Codecov who uploads"),
    ),
    # https://github.com/golangci/golangci-lint-action#only-new-issues
    (
        "golangci/golangci-lint-action",
        _is_true("only-new-issues"),
        ("pull-requests", "read", "tell what is new in a pull request"),
    ),
)
"""Action to what it uses of the token where it is called in some way."""


def _of_the_registry(steps: tuple[Step, ...]) -> tuple[Permission, ...]:
    """GitHub's container registry takes the job's token: to pull once logged in, to push where something is pushed.

    https://docs.github.com/packages/working-with-a-github-packages-registry/working-with-the-container-registry
    """
    if not any(_logs_in(step) for step in steps):
        return ()
    if any(_pushes(step) for step in steps):
        return (Permission(scope="packages", access="write", reason="push the image"),)
    return (Permission(scope="packages", access="read", reason="pull from the registry"),)


def _logs_in(step: Step) -> bool:
    return _is(step, "docker/login-action") and any(uses_token(value) for value in step.inputs.values())


def _pushes(step: Step) -> bool:
    """Whether a step pushes with a login that another step made."""
    if _is(step, "actions/attest-build-provenance"):
        return _is_true("push-to-registry")(step)
    outputs = str(step.inputs.get("outputs", ""))
    pushed = "push=true" in outputs or "type=registry" in outputs
    return _is(step, "docker/build-push-action") and (_is_true("push")(step) or pushed)


def _is(step: Step, action: str) -> bool:
    return step.uses is not None and step.uses.name == action
