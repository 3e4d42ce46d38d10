"""The Dockerfiles that we write are built by a real engine; what they make runs, unprivileged, and is healthy."""

import json
import subprocess
from pathlib import Path

import pytest

import tests.containers.engine as engines
from tests.containers.engine import PLAIN, TOOLS, Engine, NoEngineError, an_engine, make_bases, with_stand_ins
from tests.containers.planned import container_files, planned

ROOT = Path(__file__).parents[2]
NODE = {
    "package.json": json.dumps(
        {
            "name": "thing",
            "version": "1.0.0",
            "private": True,
            "scripts": {
                "build": "node build.js",
                "start": "LEVEL=info node dist/server.js",
                "test": "node --test",
            },
        }
    ),
    "package-lock.json": json.dumps(
        {"name": "thing", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "thing"}}}
    ),
    "build.js": "require('fs').cpSync('src', 'dist', { recursive: true });\n",
    "src/server.js": """\
const http = require('http');
http.createServer((request, response) => {
  response.statusCode = request.url === '/health' ? 200 : 404;
  response.end('ok');
}).listen(process.env.PORT || 3000, process.env.HOST);
""",
    "test/server.test.js": "const test = require('node:test');\ntest('it works', () => {});\n",
}
GO = {
    "go.mod": "module example.com/acme/thing\n\ngo 1.19\n",
    "main.go": """\
package main

import "net/http"

func main() {
	http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("ok")) })
	panic(http.ListenAndServe(":8080", nil))
}
""",
    # Apart from the program: net/http takes longer to compile than all else here, and is not what is tested.
    "sum/sum.go": "package sum\n\nfunc Sum(a, b int) int { return a + b }\n",
    "sum/sum_test.go": """\
package sum

import "testing"

func TestSum(t *testing.T) {
	if Sum(1, 2) != 3 {
		t.Fatal("no sum")
	}
}
""",
}
REQUIREMENTS = {
    "requirements.txt": "gunicorn\n",
    "requirements-dev.txt": "pytest\n",
    "app.py": """\
def app(environ, start_response):
    start_response("200 OK" if environ["PATH_INFO"] == "/health" else "404 Not Found", [])
    return [b"ok"]
""",
    "tests/test_app.py": "import pytest\n\n\ndef test_it():\n    assert pytest\n",
}
SHOP = """\
docker: {}
deployment: {health_check_url: /, environment_variables: {DATABASE_URL: sqlite:////tmp/shop.db}}
"""
HOSTILE = "a  b '\" $HOME ${HOME} `id` \\n # \\"
SERVED = "docker: {}\ndeployment: {start_command: 'gunicorn --bind 0.0.0.0:8000 app:app', port: 8000}\n"


def shop() -> dict[str, str]:
    """The sample repository of this project, less the Dockerfile that it has."""
    folder = ROOT / "examples" / "shop"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=folder, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split("\0") if name and name != "Dockerfile"]
    return {name: (folder / name).read_text() for name in names}


SAMPLES = {
    "pip-requirements": (REQUIREMENTS, SERVED),
    "pip-packaged": (shop(), SHOP),
    "npm": (
        NODE,
        f"docker: {{}}\ndeployment: {{environment_variables: {{HOSTILE: {json.dumps(HOSTILE)}}}}}\n",
    ),
    "go": (GO, "docker: {docker_build_args: {VERSION: '1.2'}}\n"),
}
TESTED = ("pip-requirements", "npm", "go")


@pytest.fixture(scope="module")
def engine():
    try:
        with an_engine() as found:
            make_bases(found)
            yield found
    except NoEngineError as reason:
        pytest.skip(f"no image is built here: {reason}")


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.system) for name in SAMPLES])
def sample(request, tmp_path_factory):
    """A sample with the files that we write for it, as a folder."""
    files, declaration = SAMPLES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    secret = {".env": "TOKEN=hunter2\n", ".git/config": "[core]\n", "deploy.key": "-----BEGIN\n"}
    for path, text in {**files, **secret, **container_files(planned(files, declaration))}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return request.param, folder


def test_without_an_engine_there_are_words_for_it(monkeypatch):
    monkeypatch.setattr(engines, "answers", lambda program, socket: False)
    monkeypatch.setattr(engines.os, "geteuid", lambda: 1000)
    with pytest.raises(NoEngineError, match="no Docker"), an_engine():
        pass


def test_only_references_to_images_from_outside_are_replaced():
    first = "# FROM x AS y\nFROM golang:1@sha256:0 AS builder\nRUN go\n"
    text = f"{first}FROM builder AS test\nFROM alpine:3 AS production\n"
    assert with_stand_ins(text) == text.replace("golang:1@sha256:0", TOOLS).replace("alpine:3", PLAIN)
    with pytest.raises(KeyError, match="acme/own"):
        with_stand_ins("FROM acme/own:1 AS builder\n")


@pytest.fixture(scope="module")
def image(engine, sample):
    name, folder = sample
    tag = f"cicd-defs-test/{name}:latest"
    engine.build(folder, tag)
    yield tag
    engine.run("rmi", "--force", tag)


def test_it_is_healthy_and_runs_unprivileged(engine: Engine, image: str):
    with engine.running(
        image, "--health-interval=1s", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL"
    ) as name:
        assert engine.health(name) == "healthy"
        (process, *_) = engine.run("top", name, "-o", "uid,pid").splitlines()[1:]
        assert process.split()[0] == "10001"


def test_a_broken_application_is_unhealthy(engine: Engine, image: str):
    flags = (
        "--health-interval=0.5s",
        "--health-retries=1",
        "--health-start-period=1ms",
        "--entrypoint=sleep",
    )
    name = engine.run("run", "--detach", "--network", "none", *flags, image, "60").strip()
    try:
        assert engine.health(name).startswith("unhealthy")
    finally:
        engine.run("rm", "--force", name)


def test_a_value_arrives_as_it_was_declared(engine: Engine, sample, image: str):
    if sample[0] == "npm":
        assert f"HOSTILE={HOSTILE}" in engine.inspect(image)["Config"]["Env"]
    assert engine.inspect(image)["Config"]["User"] == "10001:10001"


def test_nothing_secret_is_in_it(engine: Engine, image: str):
    found = engine.run(
        "run", "--rm", "--network=none", "--user=0", "--entrypoint=/bin/sh", image, "-c",
        "find / -xdev \\( -name .env -o -name deploy.key -o -path '*/.git/config' \\) 2>/dev/null || true",
    )  # fmt: skip
    assert found == ""


def test_what_it_runs_as_cannot_change_the_application(engine: Engine, image: str):
    words = ("run", "--rm", "--network=none", "--entrypoint=/bin/sh", image, "-c")
    assert engine.run(*words, "id -u; touch /app/x 2>/dev/null || echo refused").split() == [
        "10001",
        "refused",
    ]


def test_its_tests_run_in_the_test_image(engine: Engine, sample):
    name, folder = sample
    if name not in TESTED:
        pytest.skip("its tests need packages that the stand-in does not carry")
    tag = f"cicd-defs-test/{name}:test"
    engine.build(folder, tag, "--target=test")
    try:
        engine.run("run", "--rm", "--network=none", tag)
    finally:
        engine.run("rmi", "--force", tag)


def test_a_change_of_sources_keeps_the_layer_of_dependencies(engine: Engine, sample, image: str):
    _, folder = sample
    (folder / "NOTES.txt").write_text("changed\n")
    said = engine.build(folder, image)
    steps = {line.split("] ")[1]: line.split()[0] for line in said.splitlines() if "[dependencies " in line}
    cached = {line.split()[0] for line in said.splitlines() if line.endswith("CACHED")}
    assert not steps or set(steps.values()) <= cached, said
