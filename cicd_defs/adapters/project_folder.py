"""The projects of a folder, each read when it is asked for: a thousand files cost nobody a second."""

from functools import lru_cache
from pathlib import Path

from cicd_defs.adapters.project_files import Declared, read_file
from cicd_defs.spec.model import Project

SUFFIXES = (".yaml", ".yml")


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
        wanted = repository.encode()
        for path in self._paths():
            if wanted in _bytes(path):
                declared = _read(path, *_state(path))
                if declared and declared.project.forge_name == repository:
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


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""


@lru_cache(maxsize=256)
def _read(path: Path, modified: int, size: int) -> Declared | None:  # noqa: ARG001 - a changed file is read anew
    file = read_file(path)
    return Declared(file.project, file.path, file.shown, file.digest) if file.project else None
