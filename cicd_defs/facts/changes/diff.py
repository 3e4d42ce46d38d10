"""What a change does, read from git's own diff."""

from typing import Literal

from cicd_defs.facts.value import Value


class Line(Value):
    """One line that was added (numbered in the new file) or removed (numbered in the old one)."""

    number: int
    text: str


class ChangedFile(Value):
    """One file of a change. `old_path` is where it was before. `mode` is the new one, `120000` for a link.

    Of a binary file, and of one with too many lines, `added` and `removed` are counted but not held; `cut` says so.
    """

    path: str
    old_path: str
    status: Literal["added", "deleted", "modified", "renamed", "type_changed"]
    mode: str = "100644"
    binary: bool = False
    cut: bool = False
    added_lines: int = 0
    removed_lines: int = 0
    added: tuple[Line, ...] = ()
    removed: tuple[Line, ...] = ()


class Diff(Value):
    """The files that a change touches, by path. `cut`: there are more than were read."""

    files: tuple[ChangedFile, ...] = ()
    cut: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that is touched, the old ones of moved files too."""
        return tuple(dict.fromkeys(path for file in self.files for path in (file.path, file.old_path)))
