"""What a sandbox sets up before the first step: an environment for Python's packages, and a repository of git."""

import os
from collections.abc import Iterable
from pathlib import Path

TOOLS = "/opt/tools"
VENV = f"{TOOLS}/venv"
PIP = "/opt/pip"
"""Where our own interpreter's pip lies in the sandbox, for machines whose Python comes without."""

HOME = "/tmp"  # noqa: S108 - of the sandbox, a file system of its own
PATH = "/usr/local/bin:/usr/bin:/bin"
PORT = 47_811
"""The port of the sandbox's own loopback at which packages are had."""

MIRROR = f"http://127.0.0.1:{PORT}"

_PYTHON_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile")


def needs_python(paths: Iterable[str]) -> bool:
    """Whether files of a tree, at most two folders deep, ask for Python's packages."""
    for path in paths:
        *folders, name = path.split("/")
        is_requirements = name.startswith("requirements") and name.endswith((".txt", ".in"))
        if len(folders) <= 2 and (name in _PYTHON_FILES or is_requirements):
            return True
    return False


def shallow(top: Path, depth: int = 2) -> list[str]:
    """The files at most so many folders below a folder, by path; links are not followed."""
    found = []
    for entry in os.scandir(top):
        if entry.is_dir(follow_symlinks=False):
            below = shallow(Path(entry.path), depth - 1) if depth else []
            found += [f"{entry.name}/{path}" for path in below]
        else:
            found.append(entry.name)
    return found


def python_setup_script() -> str:
    """A script for bash that makes the virtual environment at `VENV`: Debian refuses packages beside its own.

    Pip is ours where it runs with the Python there (that takes no time, and Debian may lack its own), else Python's.
    """
    return f"""\
if ! PYTHONPATH={PIP} /usr/bin/python3 -S -m pip --version >/dev/null 2>&1; then
  exec /usr/bin/python3 -m venv {VENV}
fi
/usr/bin/python3 -m venv --without-pip {VENV}
site=$({VENV}/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo {PIP} > "$site/pip-of-the-sandbox.pth"
for name in pip pip3; do
  printf '#!/bin/sh\\nexec {VENV}/bin/python -m pip "$@"\\n' > {VENV}/bin/$name
  chmod +x {VENV}/bin/$name
done
{VENV}/bin/pip --version
"""


def git_setup_script() -> str:
    """A script for bash that makes `/src` a repository with one commit: tools look for one."""
    return """\
git init --quiet --initial-branch=main --template= .
git config gc.auto 0
git config core.compression 0
git add --all --force
git -c user.name=sandbox -c user.email=sandbox@localhost -c commit.gpgSign=false \\
  commit --quiet --no-verify --allow-empty --message 'The commit under test'
"""


def environment(venv: str = "", home: str = HOME, path: str = PATH) -> dict[str, str]:
    """What every step has in its environment; `venv` is the folder of an environment for Python's packages."""
    plain = {"HOME": home, "LANG": "C.UTF-8", "CI": "true", "USER": "sandbox"}
    if not venv:
        return {**plain, "PATH": path}
    return {**plain, "PATH": f"{venv}/bin:{path}", "VIRTUAL_ENV": venv, "UV_PROJECT_ENVIRONMENT": venv}


def package_environment() -> dict[str, str]:
    """What a step has besides that may install packages: where they are had, and room to unpack them."""
    simple, registry = f"{MIRROR}/pypi/simple/", f"{MIRROR}/npm/"
    return {
        "PIP_INDEX_URL": simple,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_CACHE_DIR": f"{TOOLS}/cache/pip",
        "UV_DEFAULT_INDEX": simple,
        "UV_INDEX_URL": simple,
        "UV_CACHE_DIR": f"{TOOLS}/cache/uv",
        "npm_config_registry": registry,
        "npm_config_replace_registry_host": "always",
        "npm_config_cache": f"{TOOLS}/cache/npm",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        "YARN_REGISTRY": registry,
        "TMPDIR": f"{TOOLS}/tmp",  # noqa: S108 - the workspace's own
    }
