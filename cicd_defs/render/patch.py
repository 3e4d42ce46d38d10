"""What changed in a file, as git's patches write it: `git apply` and `git am` take it.

https://git-scm.com/docs/diff-format
"""

import difflib

_ESCAPED = {ord(char): f"\\{escape}" for char, escape in zip('\a\b\t\n\v\f\r"\\', 'abtnvfr"\\', strict=True)}
_NO_END = "\\ No newline at end of file\n"


def file_patch(path: str, before: str | None, after: str | None) -> str:
    """The patch of one file; None stands for no file. Empty where nothing changed."""
    if before == after:
        return ""
    head = f"diff --git {_quoted(f'a/{path}')} {_quoted(f'b/{path}')}\n"
    if before is None:
        head += "new file mode 100644\n"
    elif after is None:
        head += "deleted file mode 100644\n"
    old = "/dev/null" if before is None else _in_line(f"a/{path}")
    new = "/dev/null" if after is None else _in_line(f"b/{path}")
    lines = difflib.unified_diff(_lines(before), _lines(after), old, new)
    return head + "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)


def _quoted(path: str) -> str:
    """A path as git has it: in quotes, with escapes, where it holds what is neither a letter nor plain ASCII."""
    data = path.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in _ESCAPED for byte in data):
        return path
    return '"' + "".join(_ESCAPED.get(byte) or _byte(byte) for byte in data) + '"'


def _byte(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _in_line(path: str) -> str:
    """A path behind `---` or `+++`: where it holds a blank, a tab tells where it ends."""
    quoted = _quoted(path)
    return f"{quoted}\t" if " " in path and quoted == path else quoted


def _lines(text: str | None) -> list[str]:
    """Lines with their ends. Only a line feed ends one, as git sees it."""
    parts = (text or "").split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
