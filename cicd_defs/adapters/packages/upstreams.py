"""Where packages come from on this machine: what its operator set, else what pip and npm are set to here."""

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cicd_defs.adapters.programs import Program, run_program

_SECONDS = 30.0
_PIPS = "/usr/bin/pip3"
_DEFAULT_INDEX = re.compile(r"--index-url\s+<url>.*?\(default\s+(\S+?)\)", re.DOTALL)
_CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True)
class Upstreams:
    """The addresses of an index for pip and a registry for npm, "" where there is none, and files of certificates."""

    pypi: str = ""
    npm: str = ""
    certificates: tuple[str, ...] = ()


def upstreams(environ: Mapping[str, str], pypi: str = "", npm: str = "") -> Upstreams:
    """The given addresses; for those that are empty, what pip and npm say that they use.

    `environ` is the environment in which they are asked. Whoever set pip's index to files of this machine
    wants no other, so there is none then.
    """
    settings = _pip_settings(environ)
    files = [environ.get(name, "") for name in _CERTIFICATES]
    files += [settings.get("cert", ""), _npm(environ, "cafile")]
    return Upstreams(
        _address(pypi) or _address(settings.get("index-url") or _pip_default(environ)),
        _address(npm) or _address(_npm(environ, "registry")),
        tuple(dict.fromkeys(file for file in files if file and Path(file).is_file())),
    )


def _address(text: str) -> str:
    """An address of a server, without the slash at its end; "" for anything else."""
    parts = urlsplit(text.strip().strip("'\""))
    return parts.geturl().rstrip("/") if parts.scheme in {"http", "https"} and parts.hostname else ""


def _pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What `pip config list` tells, by setting; a later line counts more, and those of the environment stand last."""
    found = {}
    for line in _pip(environ, "config", "list").splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in {"global", "install", "download", ":env:"} and value:
            found[key.lower().replace("_", "-")] = value.strip("'\"")
    return found


def _pip_default(environ: Mapping[str, str]) -> str:
    """The index that pip uses where nobody set one, as its help tells."""
    found = _DEFAULT_INDEX.search(_pip(environ, "install", "--help"))
    return found[1] if found else ""


def _pip(environ: Mapping[str, str], *arguments: str) -> str:
    for command in ([sys.executable, "-m", "pip"], [shutil.which("pip3") or _PIPS]):
        said = _output([*command, *arguments], environ)
        if said:
            return said
    return ""


def _npm(environ: Mapping[str, str], setting: str) -> str:
    program = shutil.which("npm", path=environ.get("PATH"))
    said = _output([program, "config", "get", setting], environ).strip() if program else ""
    return "" if said in {"null", "undefined"} else said


def _output(command: Sequence[str], environ: Mapping[str, str]) -> str:
    """What a program prints; "" where it fails."""
    wide = {**environ, "COLUMNS": "400", "NO_COLOR": "1"}
    finished = run_program(Program(command, wide, _SECONDS, folder=Path("/")))
    return finished.out.text if finished.code == 0 else ""
