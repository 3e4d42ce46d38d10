"""Small repositories of every stack and package manager, as a path to its text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Repository:
    """Files, and the components that a declaration of it would name: path and stack."""

    files: Mapping[str, str]
    components: tuple[tuple[str, str], ...]


def pyproject(tool: str = "", groups: str = "") -> str:
    return f"""\
[project]
name = "thing"
version = "1"
requires-python = ">=3.11"
dependencies = ["psycopg>=3", "redis>=5"]

[project.optional-dependencies]
dev = ["pytest", "pytest-cov", "ruff", "mypy"]

[tool.pytest.ini_options]
markers = ["integration: needs services"]

[tool.ruff]
line-length = 100

[tool.mypy]
strict = true
{groups}{tool}"""


PYTHON_SOURCE = {
    "src/thing/__init__.py": "x = 1\n",
    "src/thing/main.py": "def main() -> int:\n    return 0\n",
    "tests/test_thing.py": "import pytest\n\n\ndef test_x():\n    assert True\n",
}


def python(tool: str = "", groups: str = "", **files: str) -> Repository:
    named = {name.replace("__", "."): text for name, text in files.items()}
    return Repository(
        {"pyproject.toml": pyproject(tool, groups), **PYTHON_SOURCE, **named}, ((".", "python"),)
    )


def package(**changes: object) -> str:
    values: dict[str, object] = {
        "name": "thing",
        "version": "1.0.0",
        "scripts": {
            "lint": "eslint .",
            "test": "vitest run",
            "build": "vite build",
            "typecheck": "tsc --noEmit",
        },
        "devDependencies": {"eslint": "9", "vitest": "3", "typescript": "5", "vite": "6"},
        "engines": {"node": ">=20"},
    }
    return json.dumps(values | changes, indent=2)


def node(**files: str) -> Repository:
    named = {name.replace("__", ".").replace("_LOCK", "-lock"): text for name, text in files.items()}
    source = {"src/index.ts": "export const x: number = 1\n", "tsconfig.json": "{}"}
    return Repository({"package.json": package(), **source, **named}, ((".", "node"),))


GO = {
    "go.mod": "module example.com/thing\n\ngo 1.24\n",
    "go.sum": "",
    "main.go": "package main\n\nfunc main() {}\n",
    "main_test.go": 'package main\n\nimport "testing"\n\nfunc TestX(t *testing.T) {}\n',
    ".golangci.yml": 'version: "2"\n',
}
RUST = {
    "Cargo.toml": '[package]\nname = "thing"\nversion = "0.1.0"\nedition = "2021"\nrust-version = "1.80"\n',
    "Cargo.lock": "",
    "src/main.rs": "fn main() {}\n\n#[test]\nfn works() {}\n",
}
POM = """\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId>
  <artifactId>thing</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.junit.jupiter</groupId>
      <artifactId>junit-jupiter</artifactId>
      <version>5.11.0</version>
      <scope>test</scope>
    </dependency>
  </dependencies>
</project>
"""
MAVEN = {"pom.xml": POM, "src/main/java/Thing.java": "class Thing {}\n"}
GRADLE_BUILD = """\
plugins { java }

dependencies {
  testImplementation("org.junit.jupiter:junit-jupiter:5.11.0")
}
"""
GRADLE = {
    "build.gradle.kts": GRADLE_BUILD,
    "gradlew": "#!/bin/sh\n",
    "gradle/wrapper/gradle-wrapper.properties": "",
    "src/main/java/Thing.java": "class Thing {}\n",
}
DOCKER = {"Dockerfile": "FROM python:3.12-slim\nCOPY . /app\nUSER 1000\n"}


def below(folder: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in files.items()}


REPOSITORIES = {
    "pip": python(),
    "pip-docker": Repository({**python().files, **DOCKER}, ((".", "python"),)),
    "uv": python(uv__lock="version = 1\n"),
    "poetry": python(tool='\n[tool.poetry]\nname = "thing"\n', poetry__lock="\n"),
    "hatch": python(tool='\n[tool.hatch.envs.default]\ndependencies = ["pytest"]\n'),
    "pdm": python(tool="\n[tool.pdm]\ndistribution = true\n", pdm__lock="\n"),
    "pixi": python(
        tool='\n[tool.pixi.workspace]\nchannels = ["conda-forge"]\nplatforms = ["linux-64"]\n',
        pixi__lock="\n",
    ),
    "npm": node(package_LOCK__json="{}"),
    "npm-no-lock": node(),
    "pnpm": node(pnpm_LOCK__yaml="lockfileVersion: '9.0'\n"),
    "yarn": node(yarn__lock="\n"),
    "bun": node(bun__lock="{}"),
    "go": Repository(GO, ((".", "go"),)),
    "rust": Repository(RUST, ((".", "rust"),)),
    "maven": Repository(MAVEN, ((".", "java"),)),
    "gradle": Repository(GRADLE, ((".", "java"),)),
    "monorepo": Repository(
        {
            **below("services/api", {**python(uv__lock="version = 1\n").files, **DOCKER}),
            **below("web", {**node(package_LOCK__json="{}").files, "Dockerfile": "FROM node:22\n"}),
            **below("tools", GO),
        },
        (("services/api", "python"), ("web", "node"), ("tools", "go")),
    ),
    "two-stacks": Repository({**python().files, **below("rust", RUST)}, ((".", "python"), ("rust", "rust"))),
    "nothing": Repository({"README.md": "# Nothing\n"}, ((".", "custom"),)),
}
