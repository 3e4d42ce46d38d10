"""What a repository depends on, as excerpts of its manifests."""

import json
from collections.abc import Mapping

from cicd_defs.facts.manifests import read_json, read_toml, table
from cicd_defs.facts.sources import Role, role_of_manifest
from cicd_defs.facts.survey import name_of
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.value import Value
from cicd_defs.plan.work.relevance import is_secret

MOST_MANIFESTS = 6
MOST_LINES = 60

_WHOLE_MANIFESTS = (
    "go.mod Cargo.toml pom.xml build.gradle build.gradle.kts setup.cfg setup.py Pipfile Gemfile composer.json"
)
_AS_THEY_ARE = frozenset(_WHOLE_MANIFESTS.split())
_OF_PACKAGE_JSON = ("engines", "dependencies", "devDependencies", "peerDependencies")


class Excerpt(Value):
    """The part of a manifest that names what is depended on; `cut` says that lines are missing."""

    path: str
    text: str
    cut: bool = False


def dependency_excerpts(tree: Tree) -> tuple[Excerpt, ...]:
    """Excerpts of the project's own manifests, those closest to the top first. Nothing of tests and examples."""
    paths = sorted(
        (path for path in tree.paths if _is_manifest(path)), key=lambda path: (path.count("/"), path)
    )
    found = (_excerpt(path, tree.text(path) or "") for path in paths)
    return tuple(excerpt for excerpt in found if excerpt is not None)[:MOST_MANIFESTS]


def _is_manifest(path: str) -> bool:
    name = name_of(path)
    known = name in _AS_THEY_ARE or name in ("package.json", "pyproject.toml") or _is_requirements(name)
    return known and role_of_manifest(path) <= Role.AUXILIARY and not is_secret(path)


def _is_requirements(name: str) -> bool:
    return name.startswith("requirements") and name.endswith((".txt", ".in"))


def _excerpt(path: str, text: str) -> Excerpt | None:
    if name_of(path) == "package.json":
        text = _parts(read_json(text), _OF_PACKAGE_JSON)
    elif name_of(path) == "pyproject.toml":
        text = _of_pyproject(text)
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    return Excerpt(path=path, text="\n".join(lines[:MOST_LINES]), cut=len(lines) > MOST_LINES)


def _of_pyproject(text: str) -> str:
    data = read_toml(text)
    poetry = table(table(data, "tool"), "poetry")
    return _parts(
        {
            **table(data, "project"),
            "dependency-groups": table(data, "dependency-groups"),
            "poetry": poetry.get("dependencies"),
        },
        ("requires-python", "dependencies", "optional-dependencies", "dependency-groups", "poetry"),
    )


def _parts(data: Mapping[str, object], keys: tuple[str, ...]) -> str:
    """The named parts as JSON; empty where there are none."""
    held = {key: data[key] for key in keys if data.get(key)}
    return json.dumps(held, indent=2, default=str, ensure_ascii=False) if held else ""
