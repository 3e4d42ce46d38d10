"""A repository's files, as the world reports them: paths, and the text behind each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Tree:
    """The files of a repository at one moment.

    `paths` are relative POSIX paths, sorted; links and submodules are left out. `read` gives a file's bytes, or None
    where they are not at hand (too large, not in the tree). Reading is passed in: this room opens no files.
    """

    paths: tuple[str, ...]
    read: Callable[[str], bytes | None]

    @classmethod
    def of(cls, files: Mapping[str, str | bytes]) -> "Tree":
        """A tree held in memory: path to content."""
        held = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        return cls(tuple(sorted(held)), held.get)

    def text_as_it_is(self, path: str) -> str | None:
        """A file's text, every character of it; None where it is not there or is no UTF-8."""
        data = self.read(path)
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            return None

    def text(self, path: str) -> str | None:
        """A file's text as UTF-8, with bytes that are not UTF-8 replaced; None where it cannot be read."""
        data = self.read(path)
        return None if data is None else data.decode("utf-8-sig", "replace")
