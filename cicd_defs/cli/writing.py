"""Putting files into a folder: all places are looked at first, and what nobody has read is never written over."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from cicd_defs.cli.reading import UsageProblem

Changes = Mapping[str, str | None]
"""Path to new text; None for a file that is taken away."""


def write_changes(out: Path, changes: Changes, read: Mapping[str, str], *, overwrite: bool) -> list[Path]:
    """Write the changes below a folder, and return the places of those that were not so already.

    `read` holds the texts that were brought together with what is generated. Raises `UsageProblem` before the first
    file is written: for links, for folders and files in each other's place, and for a file that stands there and was
    not read, unless it may be overwritten.
    """
    left = {path: text for path, text in changes.items() if not _is_so(out / path, text)}
    away = _left_out(out) if any(path not in read for path in left) else frozenset()
    problems = [problem for path in left for problem in _problems(out, path, read, away, overwrite=overwrite)]
    if problems:
        told = "\n".join(dict.fromkeys(problems))
        raise UsageProblem(f"{told}\nNothing was written.")
    _put_all({out / path: text for path, text in left.items()})
    return [out / path for path in left]


def terminal(text: str) -> str:
    """A text that others wrote, as a terminal may show it: marks that would move or colour it are escaped."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def say(text: str) -> None:
    """Print on standard error, as a terminal may show it."""
    print(terminal(text), file=sys.stderr)


def _put_all(texts: Mapping[Path, str | None]) -> None:
    """Put files in their places: all of them, or, where one cannot be, none."""
    beside: dict[Path, Path] = {}
    before: dict[Path, bytes | None] = {}
    try:
        # Beside them first: a disk that is full must not cost what stands there.
        for target, text in texts.items():
            if text is not None:
                beside[target] = _beside(target, text)
        for target, text in texts.items():
            before[target] = target.read_bytes() if target.is_file() else None
            if text is None:
                target.unlink(missing_ok=True)
            else:
                beside[target].replace(target)
    except BaseException:
        for target, data in before.items():
            _put_back(target, data)
        raise
    finally:
        for name in beside.values():
            name.unlink(missing_ok=True)


def _beside(target: Path, text: str) -> Path:
    """A file with a new text and the rights of the old one, in the same folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    file, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(text.encode())
        if target.exists():
            shutil.copymode(target, name)
        else:
            Path(name).chmod(0o666 & ~_umask())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _put_back(target: Path, data: bytes | None) -> None:
    with suppress(OSError):
        if data is None:
            target.unlink(missing_ok=True)
        elif not target.is_file() or target.read_bytes() != data:
            target.write_bytes(data)


def _umask() -> int:
    """What the rights of new files are taken from. It can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _is_so(target: Path, text: str | None) -> bool:
    """Whether a file has that very text, though it was not read: git may ignore it."""
    if text is None or target.is_symlink() or not target.is_file():
        return False
    data = text.encode()
    return target.stat().st_size == len(data) and target.read_bytes() == data


def _problems(
    out: Path, path: str, read: Mapping[str, str], away: frozenset[str], *, overwrite: bool
) -> Iterator[str]:
    """What stands in the way of a file: where, what, and what to do next."""
    target, parents = out / path, [out / parent for parent in PurePosixPath(path).parents]
    for place in (*reversed(parents[:-1]), target):
        if place.is_symlink():
            yield _link(out, place)
            return
        if place != target and os.path.lexists(place) and not place.is_dir():
            yield f"{place}: a file stands here, where a folder has to be. Move it away."
            return
    if target.is_dir():
        yield f"{target}: a folder stands here, where a file is to be written. Move it away."
    elif path in away:
        yield (
            f"{target}: git has this file and leaves it out of this work tree (sparse checkout), so it was not read. "
            f"Get it with `git sparse-checkout add`, or write to a branch with --branch."
        )
    elif os.path.lexists(target) and path not in read and not overwrite:
        yield (
            f"{target}: this file is ignored by git, so it was not read. Take it out of .gitignore, move it away, or "
            "replace it with --overwrite."
        )


def _link(out: Path, place: Path) -> str:
    if place.resolve().is_relative_to(out.resolve()):
        return f"{place}: this is a link, and nothing is written through links. Put what it leads to in its place."
    return f"{place}: a link leads out of {out}. Remove it, or choose another folder with --out."


def _left_out(out: Path) -> frozenset[str]:
    from resources.sparse import left_out

    return left_out(out)
