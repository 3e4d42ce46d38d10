"""Who owns which files, as GitHub reads it.

Syntax: https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
"""

from collections.abc import Sequence

from cicd_defs.plan.hygiene import Owned


def render_codeowners(owned: Sequence[Owned], header: Sequence[str]) -> str:
    """The text of CODEOWNERS. An entry without owners takes its files from the owners of those before it."""
    lines = [*(f"# {line}".rstrip() for line in header), ""]
    lines += [" ".join([_path(entry.pattern), *entry.owners]) for entry in owned]
    return "\n".join(lines) + "\n"


def _path(pattern: str) -> str:
    """A pattern from the top of the repository; one without `/` is a file's name anywhere."""
    return ("/" if "/" in pattern else "") + pattern.replace(" ", "\\ ")
