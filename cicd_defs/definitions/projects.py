"""Location `projects`: every declared project with its graph, and the project files themselves.

Loading reads project files only, never a repository. The files are read again whenever this module is: after *Reload
definitions* in the UI, and in each run.
"""

import gc
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg

from assets.declarations import declarations_in
from assets.project_files import GROUP, project_files_asset
from assets.projects import project_assets
from assets.values import told_values
from cicd_defs.adapters.git import Git
from cicd_defs.adapters.project_files import Declared, declared_in, read_project_files
from cicd_defs.settings import Settings
from resources.histories import GitHistories
from resources.judges import Judges
from resources.repositories import GitRepositories
from resources.scan_tools import LocalTools
from resources.scanners import Zizmor
from resources.values import storage_of
from sensors.nightly import nightly_schedule
from sensors.pushes import pushes_sensor

CHECKOUT = Path(__file__).parents[2]


def projects_folder(environ: Mapping[str, str]) -> Path:
    """`CICD_PROJECTS`; else `projects/` where we are, else in this checkout."""
    named, here = environ.get("CICD_PROJECTS"), Path("projects")
    if named:
        return Path(named).expanduser().resolve()
    return (here if here.is_dir() else CHECKOUT / "projects").resolve()


def resources_of(environ: Mapping[str, str]) -> dict[str, object]:
    """What the assets work with, for real."""

    def repositories(context: dg.InitResourceContext) -> GitRepositories:
        return GitRepositories(Git(storage_of(context) / "mirrors", environ))

    def histories(context: dg.InitResourceContext) -> GitHistories:
        # Beside the mirrors that files are read from, which hold one commit each.
        return GitHistories(Git(storage_of(context) / "histories", environ))

    return {
        "io_manager": told_values,
        "repositories": dg.ResourceDefinition(
            repositories, description="Folders, and mirrors of remote repositories."
        ),
        "scanner": Zizmor(),
        "histories": dg.ResourceDefinition(
            histories, description="What earlier commits of repositories had in their files."
        ),
        "scan_tools": LocalTools(environ),
        "judges": Judges(),
    }


def definitions(folder: Path, environ: Mapping[str, str]) -> dg.Definitions:
    """Everything that the project files of a folder declare."""
    files = read_project_files(folder)
    return dg.Definitions(
        assets=[
            project_files_asset(files),
            *(
                asset
                for declaration in declarations_in(files, frozenset({GROUP}))
                for asset in project_assets(declaration)
            ),
        ],
        schedules=[nightly_schedule(declared_in(files))],
        sensors=[pushes_sensor(_pushed(declared_in(files)), Settings.from_env(environ))],
        resources=resources_of(environ),
        executor=dg.in_process_executor,  # a project's few steps take less than another process needs to start
    )


def _pushed(projects: Sequence[Declared]) -> dict[tuple[str, str], str]:
    """The repository and the ref that each project follows."""
    return {(one.project.forge_name, f"refs/heads/{one.project.branch}"): one.name for one in projects}


# Code references are what links an asset to its project file; that they are beta need not be said at each start.
warnings.filterwarnings("ignore", category=dg.BetaWarning, message=".*CodeReference")
# Loading makes very many objects and no garbage; to look for some among them all the time takes a third of it.
gc.set_threshold(1_000_000, 50, 1000)
defs = definitions(projects_folder(os.environ), os.environ)
gc.freeze()  # what was loaded stays for as long as the process
