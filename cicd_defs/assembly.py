"""Puts adapters together as the settings say: the one place that knows which adapter fits which protocol."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock

from cicd_defs.adapters.agents.backends import backend_named
from cicd_defs.adapters.agents.processes import SupervisorStarter
from cicd_defs.adapters.crash import arm, crashpoint
from cicd_defs.adapters.forge.hosted import Hosted, hosted_of
from cicd_defs.adapters.forge.local import LocalForge
from cicd_defs.adapters.git.writing import GitRepositories
from cicd_defs.adapters.packages.mirror import PackageMirror
from cicd_defs.adapters.packages.upstreams import upstreams
from cicd_defs.adapters.project_folder import ProjectFolder
from cicd_defs.adapters.sandbox.bubblewrap import Bubblewrap
from cicd_defs.adapters.sandbox.choose import Choice, choose_sandbox
from cicd_defs.adapters.store.engine import Store, open_store
from cicd_defs.adapters.store.overview.progress import Progress
from cicd_defs.flows.line import Limits, Line
from cicd_defs.settings import Settings


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A new id."""
    return str(uuid.uuid4())


def open_store_of(settings: Settings) -> Store:
    """Our store, migrated. Raises `StoreError` where it cannot be had."""
    return open_store(settings.store_url, migrate=True)


def open_forge(settings: Settings, store: Store) -> LocalForge:
    """The forge that the settings name: the local one, where no token is set."""
    root = settings.cicd_home / "forge"
    return LocalForge(
        store.engine, store.inbox, root, HostedProjects(ProjectFolder(settings.cicd_projects), root)
    )


class HostedProjects:
    """The repositories of declared projects as the local forge has them; a file is read when it is asked for."""

    def __init__(self, projects: ProjectFolder, root: Path) -> None:
        self._projects, self._root = projects, root

    def get(self, name: str) -> Hosted | None:
        """The repository of that name on the forge."""
        project = self._projects.of_repository(name)
        declared = self._projects.declared(project.name) if project else None
        return hosted_of(declared, self._root) if declared else None


@contextmanager
def open_line(settings: Settings, sandboxed: bool = True) -> Iterator[Line]:
    """Everything that flows work on, for as long as the block runs. Without `sandboxed` its sandbox only sweeps."""
    _armed(settings.cicd_crash)
    store = open_store_of(settings)
    chosen = sandbox_of(settings) if sandboxed else Choice(Bubblewrap(workspaces_of(settings)))
    try:
        yield Line(
            projects=ProjectFolder(settings.cicd_projects),
            inbox=store.inbox,
            tasks=store.tasks,
            agent_runs=store.agent_runs,
            claims=store.claims,
            evidence=store.evidence,
            effects=store.effects,
            audit=store.audit,
            notifications=store.notifications,
            forge=open_forge(settings, store),
            repositories=GitRepositories(),
            sandbox=chosen.sandbox,
            no_sandbox=chosen.reason,
            backend=lambda name: backend_named(name, settings),
            starter=SupervisorStarter(os.environ, settings.cicd_home),
            limits=Limits(
                validations=settings.max_concurrent_validations,
                validation_minutes=settings.validation_timeout_minutes,
                agents=settings.max_concurrent_workflows,
                agent_seconds=settings.workflow_timeout / 1000,
            ),
            now=now,
            new_id=new_id,
            reached=crashpoint,
            progress=Progress(store.projects, store.pipelines, store.executions),
        )
    finally:
        store.close()


@cache
def _armed(point: str) -> None:
    """Arm a point once in a process: what was counted until then stays counted."""
    arm(point)


@cache
def sandbox_of(settings: Settings) -> Choice:
    """The sandbox of this process, tried out once, with the mirror that its installs fetch packages from."""
    return choose_sandbox(
        workspaces_of(settings),
        os.environ,
        allow_unsafe=settings.allow_unsafe_subprocess,
        wanted=settings.cicd_sandbox,
        mirror=StartedMirror(settings),
    )


def workspaces_of(settings: Settings) -> Path:
    """The folder of workspaces."""
    return settings.cicd_home / "workspaces"


class StartedMirror:
    """A package mirror that starts when the first sandbox asks for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._turn = settings, Lock()
        self._mirror: PackageMirror | None = None

    @property
    def socket(self) -> Path:
        """The socket at which it answers."""
        with self._turn:
            self._mirror = self._mirror or self._started()
        return self._mirror.socket

    def _started(self) -> PackageMirror:
        settings = self._settings
        chosen = upstreams(os.environ, settings.cicd_pypi_upstream, settings.cicd_npm_upstream)
        return PackageMirror(chosen, settings.cicd_home / "mirror").start()
