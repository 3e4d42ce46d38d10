"""What a component speaks of outside its own folder, and the files in which it may do so."""

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import normpath

from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, folder_of, join

MOST_FILES_READ = 2400  # of all components together
LEAST_FILES_READ = 12  # of each, however many components there are


@dataclass(frozen=True)
class Reach:
    """A path from the repository's root that a component speaks of, and where it does.

    That is a line of a file; where there is a `pattern`, the first line that it finds.
    """

    path: str
    file: str
    line: int = 1
    pattern: str = ""

    def place(self, survey: Survey) -> str | None:
        """`file:line`, or None where the pattern finds nothing."""
        return survey.cite(self.file, self.pattern) if self.pattern else f"{self.file}:{self.line}"


def resolved(folder: str, path: str) -> str | None:
    """A relative path, as it is written in a folder, from the repository's root; None where it leads out of it."""
    if not path or path.startswith(("/", "~")) or "\\" in path or len(path) > 300:
        return None
    found = normpath(join(folder, path))
    return None if found == ".." or found.startswith("../") else found


def reach_to(
    survey: Survey, file: str, written: str, pattern: str, folder: str | None = None
) -> Iterator[Reach]:
    """The reach of a path that is written in a file, if the repository has what it leads to.

    `pattern` finds the line; the path starts from `folder`, the file's own where none is told.
    """
    path = resolved(folder_of(file) if folder is None else folder, written)
    if path is not None and (path == "." or survey.has(path) or path in survey.folders):
        yield Reach(path, file, pattern=pattern)


def read_sources(scene: Scene, draft: Draft, endings: tuple[str, ...]) -> list[str]:
    """The sources and tests of a component that are read for what they import: an even sample where there are many."""
    ceiling = max(Role.TEST, scene.survey.role(draft.manifest))
    own = [
        path for path in scene.sources(draft) if path.endswith(endings) and scene.survey.role(path) <= ceiling
    ]
    most = max(LEAST_FILES_READ, MOST_FILES_READ // len(scene.drafts))
    step = -(-len(own) // most)
    return own[:: step or 1]
