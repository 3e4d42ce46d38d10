"""What a project wants to be true before a pull request is merged: the part of its file that decides."""

from datetime import datetime
from typing import Literal

from cicd_defs.facts.value import Value
from cicd_defs.judge.merge.digest import digest_of
from cicd_defs.spec.model import Project
from cicd_defs.spec.validation import RequiredCheck

Mode = Literal["observe", "comment", "act"]


class Frozen(Value):
    """A time in which nothing is merged: from `begins` until before `ends`, both in UTC."""

    begins: datetime
    ends: datetime
    reason: str = ""


class Policy(Value):
    """What decides on a project's pull requests. `has_start_command`: there is an application that can be started."""

    project: str
    mode: Mode = "act"
    auto_merge: bool = False
    required_checks: tuple[RequiredCheck, ...] = ()
    approvals: int = 1
    protected_paths: tuple[str, ...] = ()
    hold_labels: tuple[str, ...] = ()
    informational_checks: tuple[str, ...] = ()
    freeze: tuple[Frozen, ...] = ()
    method: Literal["squash", "merge", "rebase"] = "squash"
    admin_override: bool = True
    has_start_command: bool = False

    @property
    def digest(self) -> str:
        """What this policy is told by, in hex."""
        return digest_of(self)

    def frozen(self, now: datetime) -> str:
        """Why nothing is merged at this moment (aware, UTC); empty where nothing stands against it."""
        running = [freeze for freeze in self.freeze if freeze.begins <= now < freeze.ends]
        if not running:
            return ""
        last = max(running, key=lambda freeze: freeze.ends)
        why = f" ({last.reason})" if last.reason else ""
        return f"nothing is merged before {last.ends:%Y-%m-%d %H:%M} UTC{why}"


def policy_of(project: Project) -> Policy:
    """The policy that a project's file states. Only what decides is in it, so that other keys do not change it."""
    merge, validation = project.merge, project.validation
    return Policy(
        project=project.name,
        mode=project.mode,
        auto_merge=validation.auto_merge,
        required_checks=tuple(sorted(validation.required_checks)),
        approvals=merge.approvals,
        protected_paths=tuple(sorted(_protected(project))),
        hold_labels=tuple(sorted(merge.hold_labels)),
        informational_checks=tuple(sorted(merge.informational_checks)),
        freeze=tuple(
            Frozen(begins=freeze.begins, ends=freeze.ends, reason=freeze.reason) for freeze in merge.freeze
        ),
        method=merge.method,
        admin_override=merge.admin_override,
        has_start_command=project.deployment.start_command is not None,
    )


def _protected(project: Project) -> set[str]:
    """The protected paths; where the project file does not list them, what it deploys from is added."""
    listed = set(project.merge.protected_paths)
    if "protected_paths" in project.merge.model_fields_set:
        return listed
    deploys = [environment.deploy for environment in project.environments if environment.deploy]
    named = (
        path for deploy in deploys for path in (deploy.kubectl, deploy.helm, deploy.skaffold, deploy.compose)
    )
    return listed | {path for path in named if path and path != "."}
