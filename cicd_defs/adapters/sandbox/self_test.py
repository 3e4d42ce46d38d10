"""What a sandbox must hold back, tried out on this machine before anything else runs in it.

A part of the attacks that the tests try: quick, and enough to notice where bubblewrap or the kernel does not hold.
"""

import os
import socket
from collections.abc import Mapping

from cicd_defs.adapters.sandbox import profile, toolchains
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.profile import Start
from cicd_defs.adapters.sandbox.workspace import BubblewrapWorkspace

_SECONDS = 20.0
_ALLOWED = {"PATH", "PWD", "OLDPWD", "SHLVL", "_", profile.MARKER}
_LARGEST_NUMBER_OF_PROCESSES = 3

_SCRIPT = r"""
yes() { if eval "$2" 2>/dev/null; then echo "$1=yes"; else echo "$1=no"; fi; }
canary=$1 port=$2
set -- /proc/[0-9]*
echo "processes=$#"
yes file '(: < "$canary")'
yes shadow '(: < /etc/shadow)'
yes loopback '(: <> "/dev/tcp/127.0.0.1/$port")'
yes core_pattern '(: >> /proc/sys/kernel/core_pattern)'
yes root '(: > /written)'
yes usr '(: > /usr/written)'
yes etc '(: > /etc/written)'
yes dev '(: > /dev/written)'
yes proc '(: > /proc/sysrq-trigger)'
yes source '(: > /src/.self-test)'
names=""
while IFS= read -r -d '' line; do names="$names ${line%%=*}"; done < /proc/1/environ
echo "environment=$names"
devices=""
while IFS=: read -r name rest; do [ -n "$rest" ] && devices="$devices ${name// /}"; done < /proc/net/dev
echo "devices=$devices"
while IFS=$':\t ' read -r name value rest; do
  case $name in Seccomp|CapEff|CapBnd|NoNewPrivs) echo "$name=$value";; esac
done < /proc/self/status
"""

_MUST_BE = {
    "file": ("no", "a file of ours can be read in it"),
    "shadow": ("no", "the passwords of this machine can be read in it"),
    "loopback": ("no", "a service of this machine's loopback is reached from it"),
    "core_pattern": ("no", "settings of the kernel can be written in it"),
    "root": ("no", "its / can be written"),
    "usr": ("no", "its /usr can be written"),
    "etc": ("no", "its /etc can be written"),
    "dev": ("no", "its /dev can be written"),
    "proc": ("no", "the kernel's commands can be written in it"),
    "source": ("yes", "its /src cannot be written"),
    "devices": (" lo", "it has network devices"),
    "Seccomp": ("2", "no system calls are filtered in it"),
    "CapEff": ("0000000000000000", "it has rights of root"),
    "CapBnd": ("0000000000000000", "it may gain rights of root"),
    "NoNewPrivs": ("1", "it may gain rights by set-user-id programs"),
}


def check(workspace: BubblewrapWorkspace) -> None:
    """Try an empty workspace out. Raises `SandboxError` that says what leaks."""
    canary = workspace.source.parent.parent / "canary"
    canary.touch(mode=0o600)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = ["/bin/bash", "-c", _SCRIPT, "bash", str(canary), str(listening.getsockname()[1])]
        ended = workspace.start(Start(command, "/src", toolchains.environment(), _SECONDS))
    said = ended.finished.out.text
    if not ended.ran or ended.finished.code != 0:
        raise SandboxError(_no_start(said.strip()[-400:] or ended.finished.why))
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    leaks = [*_leaks(told), *_owner(workspace)]
    if leaks:
        raise SandboxError(
            f"The sandbox does not hold on this machine: {'; '.join(leaks)}. Nothing will run in it."
        )


def _no_start(said: str) -> str:
    if "setpriv" in said:
        return (
            f"Bubblewrap that is started by root holds nothing back, and this root cannot become another user: {said} "
            "Start the product as an ordinary user."
        )
    return (
        f"Bubblewrap does not start here: {said} Version 0.8 or later is needed, and user namespaces must be allowed "
        "(sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, "
        "kernel.apparmor_restrict_unprivileged_userns)."
    )


def _leaks(told: Mapping[str, str]) -> list[str]:
    found = [words for name, (value, words) in _MUST_BE.items() if told.get(name) != value]
    if int(told.get("processes", "999")) > _LARGEST_NUMBER_OF_PROCESSES:
        found.append("processes of others can be seen in it")
    seen = set(told.get("environment", "").split()) - _ALLOWED
    if seen or "environment" not in told:
        found.append(f"our environment can be read in it ({', '.join(sorted(seen)[:3])})")
    return found


def _owner(workspace: BubblewrapWorkspace) -> list[str]:
    """Who it is to the kernel: what it writes belongs to that user."""
    expected = os.geteuid() if workspace.uid is None else workspace.uid
    written = workspace.source / ".self-test"
    owner = written.stat().st_uid if written.exists() else -1
    return [] if owner == expected and owner != 0 else [f"it runs as user id {owner}"]
