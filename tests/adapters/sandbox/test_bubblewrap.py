"""Attacks on the sandbox, as root and, in a process of its own, as an ordinary user."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from cicd_defs.adapters.packages.mirror import PackageMirror
from cicd_defs.adapters.packages.upstreams import upstreams
from cicd_defs.adapters.sandbox.bubblewrap import Bubblewrap
from cicd_defs.adapters.sandbox.choose import choose_sandbox
from cicd_defs.adapters.sandbox.errors import SandboxError
from cicd_defs.adapters.sandbox.housing import marker_of, processes_of
from cicd_defs.adapters.sandbox.limits.seccomp import _DENIED
from cicd_defs.facts.reports.steps import Limits, SandboxStep
from tests.resources.repository import committed, git, repository

NONE = shutil.which("bwrap") is None
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(NONE, reason="needs bubblewrap: apt-get install bubblewrap"),
]
ROOT = os.geteuid() == 0
LIMITS = Limits(memory_mb=256, disk_mb=96, cpus=1, processes=64, seconds=600, output_bytes=20_000)
FILES = {"pyproject.toml": "[project]\nname = 'x'\nversion = '1'\n", "a/b.txt": "hello"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return repository(tmp_path_factory.mktemp("source") / "r", FILES)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("root") / "workspaces"


@pytest.fixture(scope="module")
def sandbox(root):
    return Bubblewrap(root)


def prepared(sandbox, source, name, limits=LIMITS):
    return sandbox.prepare(str(source / ".git"), git(source, "rev-parse", "HEAD"), name, limits)


@pytest.fixture(scope="module")
def workspace(sandbox, source):
    made = prepared(sandbox, source, "shared")
    yield made
    made.destroy()


def step(run, seconds=60.0, **more):
    return SandboxStep(name="attack", kind="test", run=run, seconds=seconds, **more)


def python(code, **more):
    return step(f"/usr/bin/python3 - <<'EOF'\n{code}\nEOF", **more)


def running(root, name):
    """What still runs in a workspace, a second after it was to be gone."""
    uid = json.loads((root / name / "state.json").read_text())["uid"]
    for _ in range(50):
        left = list(processes_of(marker_of(root / name), uid))
        if not left:
            return []
        time.sleep(0.02)
    return left


def test_what_holds_is_said(sandbox):
    found = sandbox.isolation()
    if ROOT:
        assert (found.level, found.lacks) == ("full", ())
    else:
        assert found.level == "partial"
        assert "it runs as the user who started it, not as one of its own" in found.lacks
    assert choose_sandbox(sandbox._root, {}, False).sandbox is not None


def test_a_step_has_its_folder_environment_and_status(workspace):
    found = workspace.run(step("pwd; cat b.txt; echo; env | sort; exit 7", folder="a", env={"MORE": "1 2"}))
    assert (found.ended, found.exit_code, found.passed, found.kind) == ("exited", 7, False, "test")
    lines = [
        line for line in found.head.splitlines() if not line.startswith(("SHLVL", "_=", "PWD", "OLDPWD"))
    ]
    assert lines == [
        "/src/a",
        "hello",
        "CI=true",
        "HOME=/tmp",
        "LANG=C.UTF-8",
        "MORE=1 2",
        "PATH=/opt/tools/venv/bin:/usr/local/bin:/usr/bin:/bin",
        "USER=sandbox",
        "UV_PROJECT_ENVIRONMENT=/opt/tools/venv",
        "VIRTUAL_ENV=/opt/tools/venv",
    ]


def test_a_failing_command_and_pipe_fail_the_step(workspace):
    assert workspace.run(step("false; true")).exit_code == 1
    assert workspace.run(step("false | true")).exit_code == 1
    assert workspace.run(step("kill -9 $$")).exit_code == 137


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"folder": "nowhere"}, "The sandbox did not start: .*nowhere"),
        ({"folder": "a/../../x"}, "is no folder of the repository"),
        ({"folder": "/etc"}, "is no folder of the repository"),
        ({"run": "x\0y"}, "zero byte"),
        ({"env": {"A": "x\0--bind\0/\0/mnt"}}, "zero byte"),
        ({"run": "x" * 200_000}, "more than 100,000 bytes"),
        ({"network": "mirror"}, "there is no package mirror"),
        ({"env": {"A=B": "x"}}, "The sandbox did not start"),
    ],
)
def test_what_cannot_start_says_why(workspace, changed, error):
    found = workspace.run(step("true").model_copy(update=changed))
    assert (found.ended, found.exit_code, found.passed) == ("not_started", None, False)
    assert re.search(error, found.error)


def test_there_is_a_repository_with_one_commit_and_nothing_of_ours_in_it(workspace):
    found = workspace.run(step("git status --porcelain; git log --format=%s; ls -A | sort | tr '\\n' ' '"))
    assert found.head == "The commit under test\n.git a pyproject.toml "


def test_our_environment_and_files_are_not_there(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("CANARY_NAME", "canary-value")
    (tmp_path / "secret").write_text("canary-file")
    (tmp_path / "secret").chmod(0o600)
    script = f"""
    cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n' | grep -a 'can[a]ry-value' && exit 1
    for file in {tmp_path}/secret /etc/shadow /root /home /var/run/docker.sock {Path.home()} {Path(__file__)}; do
      test -e "$file" && echo "LEAK $file"
    done
    ls / /etc; ls -d /proc/[0-9]* | wc -l
    """
    found = workspace.run(step(script))
    assert "LEAK" not in found.head
    listed = found.head.split()
    assert {"bin", "dev", "etc", "opt", "proc", "src", "tmp", "usr"} <= set(listed)
    assert not {"home", "root", "var", "mnt", "sys", "shadow"} & set(listed)
    assert int(listed[-1]) <= 5


def test_nothing_but_its_own_folders_can_be_written(workspace):
    places = "/ /usr /usr/bin /etc /dev /opt /opt/pip /proc/sys/kernel /run"
    found = workspace.run(
        step(
            f"for at in {places}; do touch $at/x 2>/dev/null && echo $at; done\n"
            "(: >> /proc/sys/kernel/core_pattern) || true"
        )
    )
    assert found.head.splitlines()[0].startswith("/bin/bash") or found.head == ""
    assert "core_pattern: " in found.head
    assert workspace.run(step("touch /src/x /tmp/x /dev/shm/x /opt/tools/x; rm /src/x")).passed


def test_no_network_not_even_this_machines_loopback(workspace):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0canary-of-the-sandbox")
        abstract.listen()
        code = f"""
import socket
def tried(name, make):
    try: make()
    except OSError as error: print(name, "refused", error.errno)
    else: print(name, "REACHED")
for host in ("127.0.0.1", "169.254.169.254", "1.1.1.1", "::1"):
    tried(host, lambda: socket.create_connection((host, {server.getsockname()[1]}), 2))
tried("name", lambda: socket.getaddrinfo("example.com", 80))
tried("abstract", lambda: socket.socket(socket.AF_UNIX).connect("\\0canary-of-the-sandbox"))
tried("vsock", lambda: socket.socket(40, 1))
tried("alg", lambda: socket.socket(38, 5))
tried("packet", lambda: socket.socket(17, 3))
"""
        found = workspace.run(python(code))
    assert found.head.count("refused") == 9, found.head
    assert "REACHED" not in found.head
    assert "vsock refused 97" in found.head


def test_calls_through_which_kernels_are_taken_over_are_refused(workspace):
    numbers = {name: pair[0] for name, pair in _DENIED.items() if pair[0] is not None}
    code = f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {numbers}.items():
    ctypes.set_errno(0)
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 1:
        print(name, ctypes.get_errno())
"""
    found = workspace.run(python(code))
    assert (found.head, found.exit_code) == ("", 0)
    assert not workspace.run(step("unshare --user true")).passed
    assert not workspace.run(step("mknod /tmp/disk b 8 0")).passed


def test_a_set_user_id_program_gains_nothing(workspace):
    found = workspace.run(
        step("cp /usr/bin/id /src/id; chmod 6755 /src/id; /src/id -u; sudo -n id 2>&1 || true")
    )
    assert found.head.splitlines()[0] == "10001"
    owner = (workspace.source / "id").stat().st_uid
    assert owner == (workspace.uid if ROOT else os.geteuid())
    assert owner != 0
    workspace.run(step("rm /src/id"))


def test_a_fork_bomb_is_held_and_gone_after_its_time(sandbox, source, root):
    made = prepared(sandbox, source, "bomb")
    try:
        found = made.run(step("bomb() { bomb | bomb & }; bomb; sleep 60", seconds=3.0))
        assert found.ended in {"timed_out", "exited"}
        assert running(root, "bomb") == []
        assert made.run(step("echo still here")).head == "still here\n"
    finally:
        made.destroy()


def test_two_side_by_side_neither_see_nor_starve_each_other(sandbox, source):
    first, second = prepared(sandbox, source, "first"), prepared(sandbox, source, "second")
    try:
        assert not ROOT or first.uid != second.uid
        bomb = threading.Thread(
            target=first.run, args=(step("bomb() { bomb | bomb & }; bomb; sleep 60", seconds=6.0),)
        )
        bomb.start()
        time.sleep(1)
        if ROOT:  # an ordinary user's processes are counted together
            found = second.run(step("ls -d /proc/[0-9]* | wc -l; kill -9 -1; echo here"))
            assert found.head.split()[0] <= "5"
        bomb.join()
        assert second.run(step("ls /src")).head == "a\npyproject.toml\n"
    finally:
        first.destroy()
        second.destroy()


@pytest.mark.skipif(not ROOT, reason="only root may limit the memory of all processes together here")
def test_memory_is_held_for_all_processes_together(workspace):
    code = "import os\nfor _ in range(4): os.fork()\nheld = bytearray(100 << 20)\nimport time; time.sleep(5)"
    found = workspace.run(python(code))
    assert found.error == "Its memory of 256 MB was used up."
    alone = workspace.run(python("held = bytearray(400 << 20)"))
    assert (alone.ended, alone.exit_code, alone.error) == ("killed", None, found.error)
    assert workspace.run(step("true")).error == ""


def test_what_is_written_is_held(sandbox, source):
    made = prepared(sandbox, source, "full")
    try:
        script = "for at in 1 2 3 4 5 6; do head -c 40M /dev/zero > /src/f$at; sync; sleep 0.3; done"
        found = made.run(step(script))
        assert not found.passed
        assert "No space left" in found.head if ROOT else found.error == "It wrote more than 96 MB."
        assert not made.run(step("head -c 300M /dev/zero > /tmp/f")).passed
        assert not made.run(step("head -c 80M /dev/zero > /dev/shm/f")).passed
    finally:
        made.destroy()


def test_five_gigabytes_of_output_are_drained(workspace):
    found = workspace.run(step("echo first; head -c 5000000000 /dev/zero; echo; echo last", seconds=240))
    assert (found.passed, found.output_bytes, found.cut) == (True, 5_000_000_012, True)
    assert (found.head, found.tail) == ("first\n", "\nlast\n")


@pytest.mark.parametrize(
    "script",
    [
        "sleep 1000",
        "trap '' TERM HUP INT; while :; do sleep 1; done",
        "setsid bash -c \"trap '' TERM; sleep 1000\" & disown; nohup sleep 1000 & sleep 1000",
    ],
)
def test_nothing_is_left_after_the_time(workspace, root, script):
    found = workspace.run(step(script, seconds=1.0))
    assert (found.ended, found.exit_code, found.error) == (
        "timed_out",
        None,
        "It was stopped after 1 seconds.",
    )
    assert running(root, "shared") == []


def test_nothing_is_left_after_a_step_that_ends(workspace, root):
    found = workspace.run(step("setsid sleep 1000 & (sleep 1000 &) ; echo done"))
    assert (found.passed, found.head) == (True, "done\n")
    assert running(root, "shared") == []


def test_the_time_for_all_steps_is_kept(sandbox, source):
    made = prepared(sandbox, source, "short", LIMITS.model_copy(update={"seconds": 1.0}))
    try:
        assert made.run(step("sleep 30")).ended == "timed_out"
        assert made.run(step("true")).error == "The 1 seconds for all steps are used up."
    finally:
        made.destroy()


def test_a_result_that_is_a_link_or_pipe_is_refused_and_said(workspace):
    script = "mkdir out; ln -s /etc/passwd out/a.xml; mkfifo out/b.xml; ln -s / out/c; echo fine > out/d.xml"
    assert workspace.run(step(script)).passed
    found = workspace.collect(["out/*.xml", "out/c/etc/*"])
    assert dict(found) == {"out/d.xml": b"fine\n"}
    assert set(found.refused) == {"out/a.xml", "out/b.xml", "out/c"}


def test_what_cannot_be_read_or_is_very_deep_is_removed(sandbox, source, root):
    made = prepared(sandbox, source, "hard")
    made.run(step("mkdir -p x/y/z; touch x/y/z/f; chmod 000 x/y x"))
    made.run(python("import os\nfor _ in range(3000):\n  os.mkdir('d'); os.chdir('d')"))
    made.destroy()
    assert not (root / "hard").exists()
    made.destroy()


def test_a_name_is_a_name_and_too_much_is_refused(sandbox, source):
    with pytest.raises(SandboxError, match="no name for a workspace"):
        prepared(sandbox, source, "../x")
    with pytest.raises(SandboxError):
        prepared(sandbox, source, "tiny", LIMITS.model_copy(update={"disk_mb": 0}))
    assert not (sandbox._root / "tiny").exists()


def test_what_a_killed_controller_left_is_swept(sandbox, source, root):
    kept = prepared(sandbox, source, "kept")
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from tests.adapters.sandbox.test_bubblewrap import *
made = prepared(Bubblewrap(Path({str(root)!r})), Path({str(source)!r}), "left")
print("ready", flush=True)
made.run(step("setsid sleep 1000 & sleep 1000", seconds=900))
"""
    controller = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path.cwd())
    assert controller.stdout.readline() == b"ready\n"
    state = json.loads((root / "left/state.json").read_text())
    for _ in range(250):
        if len(list(processes_of(marker_of(root / "left"), state["uid"]))) >= 3:
            break
        time.sleep(0.02)
    os.kill(controller.pid, signal.SIGKILL)
    controller.wait()
    assert sandbox.sweep(["kept", "shared"]) == 1
    assert not (root / "left").exists()
    assert list(processes_of(marker_of(root / "left"), state["uid"])) == []
    assert not any(Path(folder).exists() for folder in state["cgroups"].values())
    assert f"{root}/left" not in Path("/proc/mounts").read_text()
    assert kept.run(step("true")).passed
    kept.destroy()


@pytest.fixture(scope="module")
def with_packages(tmp_path_factory):
    found = upstreams(os.environ)
    place = tmp_path_factory.mktemp("packages")
    with PackageMirror(found, place / "m") as mirror:
        yield Bubblewrap(place / "workspaces", mirror), found, mirror


def is_reached(mirror, path):
    try:
        with mirror.asked(path, "application/json"):
            return True
    except Exception:
        return False


def test_a_python_project_installs_and_tests_itself(with_packages, source):
    sandbox, _, mirror = with_packages
    if not is_reached(mirror, "/pypi/simple/iniconfig/"):
        pytest.skip("no index of Python packages answers")
    files = {
        "pyproject.toml": "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n"
        "[project]\nname = 'small'\nversion = '1'\ndependencies = ['pytest']\n"
        "[tool.setuptools]\npy-modules = ['small']\n",
        "small.py": "two = 2\n",
        "test_small.py": "import small\n\ndef test_two():\n    assert small.two == 2\n",
    }
    project = repository(source.parent / "python", files)
    made = prepared(sandbox, project, "python", Limits())
    try:
        installed = made.run(step("pip install -e .", seconds=240, network="mirror"))
        assert installed.passed, installed.head + installed.tail
        tested = made.run(step("python -m pytest -q --junitxml=out.xml"))
        assert "1 passed" in tested.head
        assert b'tests="1"' in made.collect(["out.xml"])["out.xml"]
        assert (
            "ConnectionRefused"
            in made.run(python("import urllib.request as u; u.urlopen('http://127.0.0.1:47811')")).head
        )
    finally:
        made.destroy()


@pytest.mark.skipif(not Path("/usr/bin/npm").exists(), reason="needs npm in /usr/bin")
def test_a_node_project_installs_what_its_lock_file_names(with_packages, source):
    sandbox, found, mirror = with_packages
    if not is_reached(mirror, "/npm/is-number"):
        pytest.skip("no registry of npm answers")
    manifest = {"name": "small", "version": "1.0.0", "dependencies": {"is-number": "7.0.0"}}
    manifest["scripts"] = {"test": "node -e \"console.log(require('is-number')(3))\""}
    entry = {
        "version": "7.0.0",
        "resolved": f"{found.npm}/is-number/-/is-number-7.0.0.tgz",
        "integrity": "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==",
    }
    lock = {"lockfileVersion": 3, "packages": {"": manifest, "node_modules/is-number": entry}}
    project = repository(
        source.parent / "node", {"package.json": json.dumps(manifest), "package-lock.json": json.dumps(lock)}
    )
    made = prepared(sandbox, project, "node", Limits())
    try:
        installed = made.run(step("npm ci", seconds=240, network="mirror"))
        assert installed.passed, installed.head + installed.tail
        assert made.run(step("npm test")).head.endswith("true\n")
    finally:
        made.destroy()


@pytest.mark.skipif(not ROOT, reason="only root can become another user")
def test_all_of_this_holds_for_an_ordinary_user():
    uid, checkout = 29_999, Path(__file__).parents[3]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    user = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups"]
    reached = [
        *user,
        "env",
        "-i",
        f"/usr/bin/python{version}",
        "-c",
        f"open({str(checkout / 'pyproject.toml')!r})",
    ]
    if subprocess.run(reached, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"needs /usr/bin/python{version}, and a checkout that everybody can read")
    home = Path(tempfile.mkdtemp())  # pytest's own folders are for root alone
    os.chown(home, uid, uid)
    paths = ":".join([str(checkout), *[path for path in sys.path if path.endswith("site-packages")]])
    names = ("SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "HTTPS_PROXY", "NO_PROXY")
    env = {name: os.environ[name] for name in names if name in os.environ}
    env |= {"PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": paths}
    env |= {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        f"/usr/bin/python{version}",
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        str(Path(__file__)),
    ]
    found = subprocess.run(
        [*user, *command], env=env, cwd=checkout, capture_output=True, text=True, check=False
    )
    shutil.rmtree(home, ignore_errors=True)
    assert found.returncode == 0, found.stdout[-6000:]
    assert " passed" in found.stdout


def test_a_link_of_the_commit_that_leads_out_is_left_out(sandbox, source, tmp_path):
    project = repository(tmp_path / "links", {"a.txt": "x"})
    (project / "out").symlink_to("/etc/passwd")
    (project / "in").symlink_to("a.txt")
    made = prepared(sandbox, committed(project, {}), "links")
    assert made.left_out == ("out",)
    assert made.run(step("ls; cat in")).head == "a.txt\nin\nx"
    made.destroy()
