"""A Docker engine to build images in, and base images to build them from, where no registry is reached.

A Dockerfile names its bases by build arguments (`PYTHON_IMAGE` and the like), so that others can stand in for them:
`docker build --build-arg PYTHON_IMAGE=...`. The stand-ins are made of Debian's own packages: `debootstrap` makes the
first, the package manager in it adds Python, Node.js and Go. They are kept in the engine and, as an archive, in
`.cache/containers`. Builds and containers have no network.
"""

import json
import os
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
PLAIN, TOOLS = "cicd-defs-test/debian:bookworm", "cicd-defs-test/tools:bookworm"
WHEELS = ("setuptools", "wheel", "hatchling", "gunicorn", "pytest")
"""What the sample's builds install; a stand-in carries them along."""

PYTHON_OF_DEBIAN = "3.11"
TOOLS_DOCKERFILE = f"""\
FROM {PLAIN}
RUN echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/unsafe-io && apt-get update -qq \\
    && apt-get install -qq -y --no-install-recommends golang-go nodejs npm python3-venv >/dev/null \\
    && ln -s python3 /usr/bin/python && rm -rf /var/lib/apt/lists /var/cache/apt/archives
COPY wheels /wheels
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels GOFLAGS=-mod=mod GOPROXY=off
"""


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

    def build(self, context: Path, tag: str, *flags: str, network: str = "none") -> str:
        """Build a folder with BuildKit, and give what the build said."""
        return self.run("build", "--network", network, "--tag", tag, *flags, str(context))

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

    def health(self, name: str, seconds: float = 60) -> str:
        """The state that the image's own health check comes to, and what it said last where that is not `healthy`."""
        end = time.monotonic() + seconds
        while True:
            state = self.inspect(name)["State"]
            status = state["Health"]["Status"]
            if status != "starting" or not state["Running"] or time.monotonic() > end:
                return str(status if status == "healthy" else f"{status}: {state}\n{self.run('logs', name)}")
            time.sleep(0.3)


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
        end = time.monotonic() + 60
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
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
    shutil.rmtree(run, ignore_errors=True)


def answers(program: str, socket: str) -> bool:
    """Whether an engine answers there."""
    words = [program, "--host", socket, "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(words, capture_output=True, timeout=30, check=False).returncode == 0


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
        _call([
            sys.executable, "-m", "pip", "download", "-q", "--dest", str(folder / "wheels"), "--only-binary=:all:",
            "--python-version", PYTHON_OF_DEBIAN, "--implementation", "py", "--abi", "none", *WHEELS,
        ])  # fmt: skip
        engine.build(folder, TOOLS, network="host")


def _archive() -> Path:
    """Debian's smallest system with a program that speaks HTTP, as an archive."""
    archive = CACHE / "debian.tar"
    if archive.exists():
        return archive
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise NoEngineError("no base image can be made (as root, with debootstrap installed)")
    folder, part = CACHE / "debian", archive.with_suffix(".part")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _call(["debootstrap", "--variant=minbase", "--include=ca-certificates,wget", "bookworm", str(folder)])
    _call(["tar", "--create", "--file", str(part), "--exclude=./dev/*", "--directory", str(folder), "."])
    shutil.rmtree(folder)
    return part.rename(archive)


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-600:]
        raise NoEngineError(f"{Path(command[0]).name} {command[1]} failed: {said}")
