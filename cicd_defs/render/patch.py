"""What changed in a file, as git's patches write it: `git apply` and `git am` take it.

https://git-scm.com/docs/diff-format
"""

import difflib

_NO_END = "\\ No newline at end of file\n"


def file_patch(path: str, before: str | None, after: str | None) -> str:
    """The patch of one file; None stands for no file. Empty where nothing changed."""
    if before == after:
        return ""
    head = f"diff --git a/{path} b/{path}\n"
    if before is None:
        head += "new file mode 100644\n"
    elif after is None:
        head += "deleted file mode 100644\n"
    old = "/dev/null" if before is None else f"a/{path}"
    new = "/dev/null" if after is None else f"b/{path}"
    lines = difflib.unified_diff(_lines(before), _lines(after), old, new)
    return head + "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)


def _lines(text: str | None) -> list[str]:
    """Lines with their ends. Only a line feed ends one, as git sees it."""
    parts = (text or "").split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
