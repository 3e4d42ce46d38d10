"""Small applications of every stack and package manager, as a path to its text."""

import json

PY_WEB = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
"""


def pyproject(
    dependencies: str = '"fastapi>=0.115", "uvicorn>=0.30"', more: str = "", system: bool = True
) -> str:
    build = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n' if system else ""
    )
    return f"""\
{build}[project]
name = "thing"
version = "1"
requires-python = ">=3.12"
dependencies = [{dependencies}]

[project.optional-dependencies]
dev = ["pytest>=8", "ruff"]
{more}"""


def python(**changes: str) -> dict[str, str]:
    return {
        "pyproject.toml": pyproject(),
        "src/thing/__init__.py": "",
        "src/thing/web.py": PY_WEB,
        "tests/test_web.py": "import pytest\n\n\ndef test_it():\n    assert True\n",
        **{name.replace("__", "."): text for name, text in changes.items()},
    }


REQUIREMENTS = {
    "requirements.txt": "flask==3.1.2\ngunicorn==23.0.0\n",
    "requirements-dev.txt": "pytest==8.4.2\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "tests/test_app.py": "import pytest\n\n\ndef test_it():\n    assert True\n",
}
DJANGO = {
    "requirements.txt": "django==5.2.7\ngunicorn==23.0.0\n",
    "manage.py": 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site.settings")\n',
    "shop/wsgi.py": "application = object()\n",
    "shop/settings.py": "",
}


def package(**changes: object) -> str:
    values: dict[str, object] = {
        "name": "thing",
        "version": "1.0.0",
        "private": True,
        "scripts": {"start": "node dist/server.js", "build": "tsc", "test": "node --test"},
        "dependencies": {"express": "5.1.0"},
        "devDependencies": {"typescript": "5.9.3"},
        "engines": {"node": ">=22"},
    }
    return json.dumps(values | changes, indent=2)


def node(**changes: str) -> dict[str, str]:
    return {
        "package.json": package(),
        "tsconfig.json": "{}",
        "src/server.ts": "const port = Number(process.env.PORT || 4000);\n",
        **{name.replace("__", "."): text for name, text in changes.items()},
    }


GO = {
    "go.mod": "module example.com/acme/thing\n\ngo 1.24\n",
    "go.sum": "",
    "cmd/server/main.go": 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":9090", nil) }\n',
    "cmd/migrate/main.go": "package main\n\nfunc main() {}\n",
    "internal/x_test.go": 'package internal\n\nimport "testing"\n\nfunc TestX(t *testing.T) {}\n',
}
RUST = {
    "Cargo.toml": '[package]\nname = "thing"\nversion = "0.1.0"\nedition = "2021"\n',
    "Cargo.lock": "",
    "src/main.rs": 'fn main() { let _ = std::net::TcpListener::bind("0.0.0.0:8090"); }\n\n#[test]\nfn works() {}\n',
}
POM = """\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId>
  <artifactId>thing</artifactId>
  <version>1</version>
  <properties><java.version>21</java.version></properties>
  <build><plugins><plugin>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-maven-plugin</artifactId>
  </plugin></plugins></build>
</project>
"""
JAVA_MAIN = {"src/main/java/org/example/Thing.java": "class Thing {}\n"}
GRADLE = {
    "build.gradle.kts": 'plugins {\n  application\n}\n\napplication { mainClass = "org.example.Thing" }\n',
    "settings.gradle.kts": 'rootProject.name = "thing"\n',
    "gradlew": "#!/bin/sh\n",
    **JAVA_MAIN,
}
BOOT = 'plugins {\n  id("org.springframework.boot") version "3.5.7"\n}\n'

APPLICATIONS: dict[str, dict[str, str]] = {
    "pip": python(),
    "pip-requirements": REQUIREMENTS,
    "pip-django": DJANGO,
    "uv": python(uv__lock="version = 1\n"),
    "poetry": python(poetry__lock="\n"),
    "pdm": python(pdm__lock="\n"),
    "pipenv": {
        "Pipfile": '[packages]\nflask = "*"\ngunicorn = "*"\n\n[dev-packages]\npytest = "*"\n',
        "Pipfile.lock": "{}",
        "app.py": REQUIREMENTS["app.py"],
        "tests/test_app.py": REQUIREMENTS["tests/test_app.py"],
    },
    "hatch": python()
    | {"pyproject.toml": pyproject(more='\n[tool.hatch.envs.default]\ndependencies = ["pytest"]\n')},
    "npm": node(**{"package-lock__json": "{}"}),
    "pnpm": node(**{"pnpm-lock__yaml": "lockfileVersion: '9.0'\n"}),
    "yarn": node(yarn__lock="__metadata:\n  version: 8\n"),
    "yarn-classic": node(yarn__lock="# yarn lockfile v1\n"),
    "bun": node(bun__lock="{}"),
    "go": GO,
    "go-cgo": GO | {"cmd/server/c.go": 'package main\n\nimport "C"\n'},
    "rust": RUST,
    "maven": {"pom.xml": POM, **JAVA_MAIN},
    "gradle": GRADLE,
    "gradle-boot": {"build.gradle.kts": BOOT, **JAVA_MAIN},
}
