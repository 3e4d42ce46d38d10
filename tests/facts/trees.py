"""Small repositories held in memory, and what is asked of each of them."""

from cicd_defs.facts.detect import detect
from cicd_defs.facts.stacks import Component, Stacks
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.union import corpus_columns

PYTHON = {
    "pyproject.toml": '[project]\nname = "shop"\n[build-system]\nrequires = ["hatchling"]\n',
    "shop/__init__.py": "",
}
NODE = {
    "package.json": '{\n  "scripts": {"start": "node ."}\n}\n',
    "lib/index.js": "x\n",
    "lib/other.js": "x\n",
}
GO = {"go.mod": "module example.com/shop\n\ngo 1.24.1\n", "main.go": "package main\n"}
RUST = {"Cargo.toml": '[package]\nname = "shop"\n', "src/lib.rs": "fn a() {}\n"}
MAVEN = {"pom.xml": "<project>\n</project>\n", "src/main/java/com/example/demo/App.java": "class App {}\n"}
GRADLE = {"build.gradle.kts": "plugins {\n    java\n}\n", "src/main/java/App.java": "class App {}\n"}


def stacks(*layers: dict[str, str]) -> Stacks:
    """What is detected in a repository of these files, later layers replacing earlier ones."""
    return detect(Tree.of({path: text for layer in layers for path, text in layer.items()}))


def columns(*layers: dict[str, str]) -> dict[str, str]:
    """The same as the columns of the union."""
    return corpus_columns(stacks(*layers))


def column(name: str, *layers: dict[str, str]) -> set[str]:
    """One column's words."""
    return set(columns(*layers)[name].split(",")) - {"none"}


def component(*layers: dict[str, str], path: str = ".") -> Component:
    """The component at a path of a repository of these files."""
    return next(one for one in stacks(*layers).components if one.path == path)


def workflow(*commands: str, folder: str | None = None) -> dict[str, str]:
    """A workflow whose steps run these commands."""
    lines = ["on: push", "jobs:", "  ci:", "    runs-on: ubuntu-latest", "    steps:"]
    for command in commands:
        lines += [f"      - name: Step of {len(lines)}", f"        run: {command}"]
        lines += [f"        working-directory: {folder}"] if folder else []
    return {".github/workflows/ci.yml": "\n".join(lines) + "\n"}


def hooks(repository: str, rev: str, *ids: str) -> dict[str, str]:
    """A pre-commit configuration of one repository."""
    lines = ["repos:", f"  - repo: https://github.com/{repository}", f"    rev: {rev}", "    hooks:"]
    return {".pre-commit-config.yaml": "\n".join([*lines, *(f"      - id: {one}" for one in ids)]) + "\n"}
