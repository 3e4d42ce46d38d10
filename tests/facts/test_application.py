import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.application import process_of
from tests.facts.trees import GO, MAVEN, PYTHON, RUST, component, stacks


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("npm start", ("npm", "start")),
        ("  gunicorn 'a b':app ", ("gunicorn", "a b:app")),
        ("gunicorn --bind 0.0.0.0:$PORT a:b", ("/bin/sh", "-c", "exec gunicorn --bind 0.0.0.0:$PORT a:b")),
        ("PORT=1 npm start", ("/bin/sh", "-c", "PORT=1 npm start")),
        ("cd web && npm start", ("/bin/sh", "-c", "cd web && npm start")),
        ("cd web", ("/bin/sh", "-c", "cd web")),
        ("exec node a.js", ("/bin/sh", "-c", "exec node a.js")),
        ("make a\nmake b\n", ("/bin/sh", "-ec", "make a\nmake b")),
        ("echo 'open", ("/bin/sh", "-c", "echo 'open")),
    ],
)
def test_a_shell_is_started_only_where_one_is_needed(line, words):
    assert process_of(line) == words


@given(st.lists(st.text("abc .$'\"\\*|&;<>()#~=!-/{}[]?`", max_size=12), min_size=1, max_size=4))
def test_a_process_gets_the_words_that_a_shell_would_give_it(arguments):
    import shlex

    line = " ".join(["printf", "'%s\\0'", *map(shlex.quote, arguments)])
    shown = subprocess.run(process_of(line), capture_output=True, text=True, check=True).stdout
    assert shown == "".join(f"{argument}\0" for argument in arguments)


def python(source: str, *dependencies: str, path: str = "shop/web.py", **more: str):
    manifest = f'[project]\nname = "shop"\ndependencies = {json.dumps(list(dependencies))}\n'
    files = {"pyproject.toml": manifest, "shop/__init__.py": "", path: source}
    return component(files, {name.replace("__", "/"): text for name, text in more.items()}).application


APP = "from fastapi import FastAPI\n\napi: FastAPI = FastAPI()\n"
FACTORY = "def create_app() -> object:\n    return None\n"


@pytest.mark.parametrize(
    ("source", "dependencies", "start"),
    [
        pytest.param(APP, ("fastapi", "uvicorn"), ("uvicorn", "shop.web:api"), id="asgi"),
        pytest.param(APP, ("fastapi[standard]",), ("uvicorn", "shop.web:api"), id="bundled server"),
        pytest.param(APP, ("fastapi",), None, id="no server"),
        pytest.param(
            FACTORY,
            ("fastapi", "uvicorn"),
            ("uvicorn", "--factory", "shop.web:create_app"),
            id="asgi factory",
        ),
        pytest.param(
            FACTORY, ("flask", "gunicorn"), ("gunicorn", "shop.web:create_app()"), id="wsgi factory"
        ),
        pytest.param(
            "site = Flask(__name__)\n", ("flask", "gunicorn"), ("gunicorn", "shop.web:site"), id="wsgi"
        ),
        pytest.param("site = Flask(__name__)\n", ("flask",), ("flask", "shop.web"), id="for development"),
        pytest.param("x = 1\n", ("flask",), None, id="neither"),
    ],
)
def test_python_web_applications(source, dependencies, start):
    found = python(source, *dependencies)
    assert set(start or ()) <= set(found.start)
    assert bool(found.start) is bool(start)
    assert found.has("development-server") is (bool(start) and start[0] == "flask")


def test_a_program_is_started_by_its_name_and_its_port_is_the_default_that_it_names():
    scripts = '[project.scripts]\nshop = "shop.cli:main"\n'
    files = {
        "pyproject.toml": PYTHON["pyproject.toml"] + scripts,
        "shop/cli.py": 'port = int(env.get("PORT", "3000"))\n',
    }
    found = component(PYTHON, files).application
    assert (found.start, found.port, found.programs) == (("shop",), 3000, {"shop": "shop.cli"})
    assert found.evidence[0].startswith("pyproject.toml:")


def test_several_programs_of_other_names_are_nobodys_application():
    scripts = '[project.scripts]\na = "shop.a:main"\nb = "shop.b:main"\n'
    assert component(PYTHON, {"pyproject.toml": PYTHON["pyproject.toml"] + scripts}).application.start == ()


@pytest.mark.parametrize(
    ("changes", "start", "port"),
    [
        pytest.param(
            {"scripts": {"start": "node server.js --port 81"}},
            ("node", "server.js", "--port", "81"),
            81,
            id="node",
        ),
        pytest.param(
            {"scripts": {"start": "next start"}, "dependencies": {"next": "15"}},
            ("npm", "start"),
            3000,
            id="next",
        ),
        pytest.param({"scripts": {"start": "vite"}}, (), None, id="vite serves development"),
        pytest.param(
            {"scripts": {"start": "tsx a.ts"}, "devDependencies": {"tsx": "4"}},
            (),
            None,
            id="only for development",
        ),
        pytest.param(
            {
                "scripts": {"start": "nest start", "start:prod": "node dist/main"},
                "dependencies": {"@nestjs/core": "11"},
            },
            ("node", "dist/main"),
            3000,
            id="nest",
        ),
        pytest.param(
            {"main": "app.js", "dependencies": {"express": "5"}},
            ("node", "app.js"),
            None,
            id="main of a server",
        ),
        pytest.param({"main": "app.js", "dependencies": {"left-pad": "1"}}, (), None, id="main of a library"),
    ],
)
def test_node_applications(changes, start, port):
    found = component({"package.json": json.dumps({"name": "shop", **changes}), "app.js": "x\n"}).application
    assert (found.start, found.port) == (start, port)


def test_go_programs_are_where_they_are_by_custom():
    more = {"cmd/shop/main.go": 'package main\n\nvar address = ":9000"\n', "cmd/x/x.go": "package main\n"}
    found = component({**GO, "main.go": "package shop\n"}, more).application
    assert (found.start, found.port) == (("shop",), 9000)
    assert found.programs == {"shop": "./cmd/shop", "x": "./cmd/x"}


def test_a_go_program_that_builds_ignore_is_none():
    more = {"main.go": "//go:build ignore\n\npackage main\n", "shop.go": "package shop\n"}
    assert component(GO, more).application.programs == {}


def test_rust_programs():
    more = {"src/bin/worker.rs": "fn main() {}\n", "src/main.rs": "fn main() {}\n"}
    found = component(RUST, more).application
    assert (found.start, found.programs) == (("shop",), {"shop": "shop", "worker": "shop"})


def test_a_jar_that_does_not_start_by_itself_is_no_application():
    assert component(MAVEN).application.start == ()


def test_nothing_hostile_gets_into_the_facts():
    manifest = '[project]\nname = "a b"\n[project.scripts]\n"x; rm" = "a:b"\n'
    (found,) = stacks(
        {"pyproject.toml": manifest, "a/__init__.py": "", "requirements $(id).txt": "x\n"}
    ).components
    assert found.application.programs == {}
    assert found.application.manifests == ("pyproject.toml",)
