"""The projects of a folder, each read when it is asked for: a thousand files cost nobody a second."""

from functools import lru_cache
from pathlib import Path

from cicd_defs.adapters.project_files import Declared, read_file
from cicd_defs.spec.model import Project

SUFFIXES = (".yaml", ".yml")
MOST_KEPT = 4096
"""Files of which the content is kept in memory until they change."""


class ProjectFolder:
    """The declared projects of which the file is well."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """The stems of all project files, also of those that are refused."""
        return tuple(sorted({path.stem for path in self._paths()}))

    def get(self, name: str) -> Project | None:
        """The project of that name; None where there is none, or its file is refused."""
        declared = self.declared(name)
        return declared.project if declared else None

    def declared(self, name: str) -> Declared | None:
        """The project of that name with its file."""
        found = (self._folder / f"{name}{suffix}" for suffix in SUFFIXES)
        read = (_read(path, *_state(path)) for path in found if path.is_file())
        return next((one for one in read if one is not None), None)

    def of_repository(self, repository: str) -> Project | None:
        """The project whose repository has that name on the forge; of several the first by name."""
        if repository.startswith("local/"):
            project = self.get(repository.removeprefix("local/"))
            return project if project and project.forge_name == repository else None
        # Only a file that holds the name's text can declare it, and to look for it is quicker than to read each.
        wanted = repository.casefold()  # GitHub's names differ by more than case
        for path in self._paths():
            if path.is_file() and wanted in _text(path, *_state(path)):
                declared = _read(path, *_state(path))
                if declared and declared.project.forge_name.casefold() == wanted:
                    return declared.project
        return None

    def _paths(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if path.suffix in SUFFIXES)
        except OSError:
            return []


def _state(path: Path) -> tuple[int, int]:
    """What changes when a file does."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=MOST_KEPT)
def _text(path: Path, modified: int, size: int) -> str:  # noqa: ARG001 - a changed file is read anew
    try:
        return path.read_bytes()[: 1 << 16].decode("utf-8", "replace").casefold()
    except OSError:
        return ""


@lru_cache(maxsize=MOST_KEPT)
def _read(path: Path, modified: int, size: int) -> Declared | None:  # noqa: ARG001 - a changed file is read anew
    file = read_file(path)
    return Declared(file.project, file.path, file.shown, file.digest) if file.project else None
