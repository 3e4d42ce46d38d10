"""The hooks that run before each commit, as pre-commit reads them.

The commands are the repository's own and run in its own environment, so that they agree with CI.
Format: https://pre-commit.com/#pre-commit-configyaml---top-level
"""

import re
from collections.abc import Sequence
from posixpath import normpath

from cicd_defs.plan.pipeline import Hook
from cicd_defs.render.yaml import Above, Commented, document

COMMON_HOOKS = (
    "check-added-large-files",
    "check-merge-conflict",
    "check-yaml",
    "end-of-file-fixer",
    "trailing-whitespace",
)
COMMON_COMMIT, COMMON_VERSION = "3e8a8703264a2f4a69428a0aa4dcb512790b2c8c", "v6.0.0"
"""The commit behind the tag of https://github.com/pre-commit/pre-commit-hooks, as pins of it name it."""


def render_precommit(hooks: Sequence[Hook], header: Sequence[str], excludes: Sequence[str] = ()) -> str:
    """The text of `.pre-commit-config.yaml`. `excludes` are folders whose YAML is a template of another language."""
    common = {
        "repo": "https://github.com/pre-commit/pre-commit-hooks",
        "rev": Commented(COMMON_COMMIT, f"frozen: {COMMON_VERSION}"),
        "hooks": [_common(hook, excludes) for hook in COMMON_HOOKS],
    }
    local = {"repo": "local", "hooks": [_hook(hook) for hook in hooks]}
    return document({"repos": [common, Above(local)]}, header)


def _common(hook: str, excludes: Sequence[str]) -> dict[str, object]:
    if hook != "check-yaml":
        return {"id": hook}
    # A file with several documents, or with tags of its own, is still YAML.
    settings: dict[str, object] = {"id": hook, "args": ["--allow-multiple-documents", "--unsafe"]}
    return settings | ({"exclude": _within(excludes)} if excludes else {})


def _within(folders: Sequence[str]) -> str:
    """A regular expression for every path in one of the folders."""
    return f"^({'|'.join(re.escape(normpath(folder)) for folder in folders)})/"


def _hook(hook: Hook) -> dict[str, object]:
    files: dict[str, object] = {"files": hook.files} if hook.files else {}
    return {
        "id": hook.id,
        "name": hook.name,
        "entry": hook.entry,
        "language": "system",
        "pass_filenames": False,
        **files,
    }
