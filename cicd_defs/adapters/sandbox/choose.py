"""Which sandbox this machine has, and what is missing where it has none."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cicd_defs.adapters.sandbox.bubblewrap import Bubblewrap, Packages
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.unsafe import UnsafeSubprocess

INSTALL = "apt-get install bubblewrap"
"""The command that installs what is missing."""

_NEEDED = ("bwrap", "prlimit", "bash")
_NEEDED_BY_ROOT = ("setpriv", "unshare", "mount", "umount")
_SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_ALLOW = "ALLOW_UNSAFE_SUBPROCESS=true lets trusted branches run without one."


@dataclass(frozen=True)
class Choice:
    """A sandbox, or None and `reason`, a sentence that says why there is none and what to do."""

    sandbox: Bubblewrap | UnsafeSubprocess | None
    reason: str = ""


def choose_sandbox(
    root: Path,
    environ: Mapping[str, str],
    allow_unsafe: bool,
    wanted: str = "auto",
    mirror: Packages | None = None,
) -> Choice:
    """The sandbox for workspaces below `root`: bubblewrap where it holds, else none, else what is allowed.

    `wanted` is auto, bubblewrap or none; `allow_unsafe` lets steps run unisolated where there is no sandbox. Whoever
    runs them must do so for trusted branches only, as the isolation's level `none` says.
    """
    if wanted == "none":
        reason = "No sandbox is wanted: CICD_SANDBOX is none."
    else:
        reason = _missing()
        if not reason:
            sandbox = Bubblewrap(root, mirror)
            try:
                sandbox.isolation()
            except (SandboxError, OSError) as error:
                reason = f"No sandbox: {error}"
            else:
                return Choice(sandbox)
    if allow_unsafe and wanted != "bubblewrap":
        return Choice(UnsafeSubprocess(root, environ), reason)
    return Choice(
        None, f"{reason} Nothing of a pull request runs, and what needs it is not evaluated. {_ALLOW}"
    )


def _missing() -> str:
    """What of this machine is missing, with the command that installs it; empty where all is there."""
    from cicd_defs.adapters.sandbox.housing import is_root

    needed = (*_NEEDED, *(_NEEDED_BY_ROOT if is_root() else ()))
    missing = [name for name in needed if shutil.which(name, path=_SYSTEM_PATH) is None]
    if not missing:
        return ""
    command = INSTALL if missing == ["bwrap"] else f"{INSTALL} util-linux bash"
    return f"No sandbox: {', '.join(missing)} is not installed. `{command}` installs it (as root)."
