"""The self-test must notice what leaks: it is given answers that a broken sandbox gives."""

import socket
import subprocess

import pytest

from cicd_defs.adapters.programs import Finished, Kept, Stream
from cicd_defs.adapters.sandbox import self_test
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.workspace import Ended

GOOD = {name: value for name, (value, _) in self_test._MUST_BE.items()}
GOOD |= {"processes": "2", "environment": " PATH PWD CICD_SANDBOX"}


@pytest.mark.parametrize(
    ("changed", "leak"),
    [
        ({"file": "yes"}, "a file of ours can be read"),
        ({"loopback": "yes"}, "loopback is reached"),
        ({"core_pattern": "yes"}, "settings of the kernel can be written"),
        ({"usr": "yes"}, "its /usr can be written"),
        ({"Seccomp": "0"}, "no system calls are filtered"),
        ({"CapEff": "000001ffffffffff"}, "it has rights of root"),
        ({"NoNewPrivs": "0"}, "set-user-id"),
        ({"devices": " lo eth0"}, "it has network devices"),
        ({"processes": "87"}, "processes of others"),
        ({"environment": " PATH SECRET"}, "our environment can be read in it (SECRET)"),
        ({"environment": None}, "our environment"),
        ({"source": "no"}, "its /src cannot be written"),
    ],
)
def test_each_leak_is_named(changed, leak):
    told = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    assert self_test._leaks(GOOD) == []
    (found,) = self_test._leaks(told)
    assert leak in found


def test_the_script_tells_that_it_is_not_in_a_sandbox(tmp_path):
    (tmp_path / "canary").touch()
    command = ["/bin/bash", "-c", self_test._SCRIPT.replace("/written", f"{tmp_path}/written"), "bash"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        command += [str(tmp_path / "canary"), str(server.getsockname()[1])]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    leaks = " ".join(self_test._leaks(dict(line.split("=", 1) for line in said.splitlines() if "=" in line)))
    for words in (
        "a file of ours",
        "loopback is reached",
        "no system calls are filtered",
        "processes of others",
    ):
        assert words in leaks


class Broken:
    """A workspace in which nothing starts."""

    uid = None

    def __init__(self, folder, said, ran, code):
        self.source, self._said = folder / "inside/src", said
        self._ran, self._code = ran, code

    def start(self, start):
        out = Stream(Kept())
        out.add(self._said)
        return Ended(Finished("exited", self._code, 0.1, out, Stream(Kept())), self._ran)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"bwrap: Creating new namespace failed", "user namespaces must be allowed"),
        (b"bwrap: Unknown option --disable-userns", "Version 0.8 or later is needed"),
        (
            b"setpriv: setresuid failed",
            "this root cannot become another user.* Start the product as an ordinary user",
        ),
    ],
)
def test_what_does_not_start_says_what_to_do(tmp_path, said, sentence):
    with pytest.raises(SandboxError, match=sentence):
        self_test.check(Broken(tmp_path, said, False, 1))


def test_a_sandbox_that_leaks_is_refused(tmp_path):
    said = "\n".join(f"{name}={value}" for name, value in {**GOOD, "file": "yes"}.items())
    with pytest.raises(
        SandboxError, match=r"does not hold on this machine: a file of ours .* Nothing will run in it"
    ):
        self_test.check(Broken(tmp_path, said.encode(), True, 0))
