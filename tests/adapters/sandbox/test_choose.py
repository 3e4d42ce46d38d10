import pytest

from cicd_defs.adapters.sandbox import choose
from cicd_defs.adapters.sandbox.bubblewrap import Bubblewrap
from cicd_defs.adapters.sandbox.choose import choose_sandbox
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.unsafe import UnsafeSubprocess
from cicd_defs.facts.reports.steps import Isolation

ALL = frozenset(["bwrap", "prlimit", "bash", "setpriv", "unshare", "mount", "umount"])


def holds(self):
    return Isolation(provider="bubblewrap", level="full")


def leaks(self):
    raise SandboxError("It leaks.")


@pytest.mark.parametrize(
    ("installed", "isolation", "allowed", "wanted", "kind", "reason"),
    [
        pytest.param(ALL, holds, False, "auto", Bubblewrap, "", id="bubblewrap"),
        pytest.param(ALL, holds, True, "auto", Bubblewrap, "", id="allowed-but-not-needed"),
        pytest.param(
            ALL - {"bwrap"},
            holds,
            False,
            "auto",
            None,
            "`apt-get install bubblewrap` installs it",
            id="missing",
        ),
        pytest.param(
            ALL - {"bwrap"}, holds, True, "auto", UnsafeSubprocess, "bwrap is not installed", id="unsafe"
        ),
        pytest.param(
            ALL - {"bwrap"}, holds, True, "bubblewrap", None, "not evaluated", id="asked-for-and-missing"
        ),
        pytest.param(ALL, leaks, False, "auto", None, "It leaks. Nothing of a pull request runs", id="leaks"),
        pytest.param(ALL, leaks, True, "auto", UnsafeSubprocess, "It leaks.", id="leaks-unsafe"),
        pytest.param(ALL, holds, False, "none", None, "CICD_SANDBOX is none", id="none-wanted"),
        pytest.param(
            ALL, holds, True, "none", UnsafeSubprocess, "CICD_SANDBOX is none", id="none-wanted-unsafe"
        ),
        pytest.param(
            frozenset(["bash"]), holds, False, "auto", None, "bubblewrap util-linux", id="more-missing"
        ),
    ],
)
def test_a_sandbox_is_chosen_or_the_reason_said(
    *, tmp_path, monkeypatch, installed, isolation, allowed, wanted, kind, reason
):
    monkeypatch.setattr(choose.shutil, "which", lambda name, path: name if name in installed else None)
    monkeypatch.setattr(Bubblewrap, "isolation", isolation)
    found = choose_sandbox(tmp_path, {}, allowed, wanted)
    assert type(found.sandbox) is (kind or type(None))
    assert reason in found.reason
    assert bool(reason) is bool(found.reason)
    if found.sandbox is None:
        assert "ALLOW_UNSAFE_SUBPROCESS=true" in found.reason
