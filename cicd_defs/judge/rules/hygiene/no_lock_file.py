"""An application has no lock file: what it is made of is decided anew at each installation.

**Why it matters** Two builds of one commit can hold different code. A release of a dependency that nobody looked at
breaks CI overnight, or goes into production; what was tested is not what runs.
**How to fix** Commit the package manager's lock file (`uv.lock`, `package-lock.json`, `Cargo.lock`, `go.sum`,
`Gemfile.lock`, `composer.lock`, `mix.lock`), or pin each requirement with `==`, and install from it: `npm ci`,
`uv sync --locked`, `cargo build --locked`. Libraries, which are installed into others' applications, are let be.
**Example** `requirements.txt` with `flask>=3` becomes one that `pip-compile` has written, or a `pyproject.toml` with a
`uv.lock` beside it.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Severity
from cicd_defs.facts.manifests import read_json, read_toml, table
from cicd_defs.facts.source import Source
from cicd_defs.facts.sources import Role, role_of
from cicd_defs.facts.stacks import Component
from cicd_defs.facts.survey import folder_of, join, name_of
from cicd_defs.judge.images.dockerfiles import contexts_of, dockerfiles_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.HYGIENE, Severity.MEDIUM, subject="repository")

_LOCKS = {
    "python": (
        "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pixi.lock", "pylock.toml", "requirements.lock",
        "conda-lock.yml", "constraints.txt",
    ),
    "node": (
        "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb", "deno.lock",
    ),
    "go": ("go.sum", "go.work.sum"),
    "rust": ("Cargo.lock",),
}  # fmt: skip
_PINNED = re.compile(r"[\w.\[\],-]+\s*(?:===?\s*[\w.!+*-]+|@\s*\S+)")
_PUBLISHES = re.compile(r"\btwine upload|\b(?:uv|poetry|flit|hatch|pdm|maturin) publish")
_REQUIREMENT = re.compile(r"[A-Za-z]")
_ASKED = {
    "python": re.compile(
        r"^\s*(?:dependencies\s*=\s*\[\s*(?:#.*)?[\"'\n]|\[tool\.poetry\.dependencies\])", re.MULTILINE
    ),
    "node": re.compile(r"\"(?:dev)?[dD]ependencies\"\s*:\s*\{\s*\""),
    "go": re.compile(r"^require\b", re.MULTILINE),
    "rust": re.compile(r"^\[(?:[\w.\"'()-]+\.)?dependencies", re.MULTILINE),
}


def find(repository: Repository) -> Iterator[Found]:
    """The manifests of applications that ask for something, without a lock file in their folder or above."""
    for component in repository.stacks.components:
        if component.stack not in _LOCKS or component.lock_file or _has_lock(repository, component):
            continue
        source = repository.source(component.manifest)
        if source is None or not _is_application(repository, component, source.text):
            continue
        asked = _asked(component, source)
        if asked is not None:
            names = "`, `".join(_LOCKS[component.stack][:3])
            message = (
                f"what `{component.manifest}` asks for is locked nowhere: there is no `{names}` or the like"
            )
            yield Found(source, *asked, message)
    yield from _others(repository)


_OTHERS = {
    "Gemfile": ("Gemfile.lock", "gems.locked"),
    "composer.json": ("composer.lock",),
    "mix.exs": ("mix.lock",),
}
_ASKED_OTHERS = {
    "Gemfile": re.compile(r"^[ \t]*gem[ \t(]+[\"']", re.MULTILINE),
    "composer.json": re.compile(r"\"require(?:-dev)?\"\s*:\s*\{\s*\"(?!php\"|ext-)"),
    "mix.exs": re.compile(r"\{:\w+,\s*[\"'~>]"),
}
_RUBY_PROGRAM = (
    "config.ru",
    "config/application.rb",
    "Procfile",
    "app.rb",
    "bin/rails",
    "Dockerfile",
    "_config.yml",
)
_PHP_PROGRAM = (
    "artisan",
    "public/index.php",
    "index.php",
    "bin/console",
    "Dockerfile",
    "web/index.php",
    "wp-config.php",
)


def _others(repository: Repository) -> Iterator[Found]:
    """The manifests of Ruby, PHP and Elixir, which no component stands for."""
    for path in repository.tree.paths:
        name = name_of(path)
        if name not in _OTHERS or role_of(path) is not Role.PROJECT:
            continue
        source, folder = repository.source(path), folder_of(path)
        asked = _ASKED_OTHERS[name].search(source.text) if source else None
        if source is None or asked is None or not _is_program(repository, source, folder):
            continue
        if not any(join(one, lock) in repository.paths for one in _upwards(folder) for lock in _OTHERS[name]):
            start = asked.start() + len(asked[0]) - len(asked[0].lstrip())
            message = f"what `{path}` asks for is locked nowhere: there is no `{_OTHERS[name][0]}`"
            yield Found(source, start, min(source.line_end(start), asked.end()), message)


def _is_program(repository: Repository, source: Source, folder: str) -> bool:
    """Whether it is no library: a gem says `gemspec`, a package of Composer its type, one of Hex how it is packed."""
    name = name_of(source.path)
    if name == "mix.exs":
        return "package:" not in source.text and "defp package" not in source.text
    if name == "composer.json":
        manifest = read_json(source.text)
        if manifest.get("type") == "project":
            return True
        return "type" not in manifest and any(join(folder, one) in repository.paths for one in _PHP_PROGRAM)
    if re.search(r"^[ \t]*gemspec\b", source.text, re.MULTILINE):
        return False
    return any(join(folder, one) in repository.paths for one in _RUBY_PROGRAM)


def _upwards(folder: str) -> list[str]:
    folders = [folder]
    while folders[-1] != ".":
        folders.append(folder_of(folders[-1]))
    return folders


def _has_lock(repository: Repository, component: Component) -> bool:
    folders = _upwards(component.path)
    names = _LOCKS[component.stack]
    if any(join(folder, name) in repository.paths for folder in folders for name in names):
        return True
    return (
        component.stack == "python"
        and any(
            name_of(path).endswith(".lock")
            for path in repository.tree.paths
            if folder_of(path) == component.path
        )
    ) or (component.stack == "python" and _is_pinned(repository, component))


def _is_pinned(repository: Repository, component: Component) -> bool:
    """Whether one of its requirements files names one version of everything."""
    for path in repository.tree.paths:
        inside = folder_of(path) in {component.path, join(component.path, "requirements")}
        if not inside or not re.fullmatch(r"(?:requirements|constraints)?[\w.-]*\.txt", name_of(path)):
            continue
        source = repository.source(path)
        lines = [line for line in source.text.splitlines() if _REQUIREMENT.match(line)] if source else []
        if lines and all(map(_PINNED.match, lines)):
            return True
    return False


def _is_application(repository: Repository, component: Component, text: str) -> bool:
    """Whether it is deployed rather than installed by others."""
    if component.stack == "go":
        return True  # go.sum is asked for by every build
    if component.stack == "rust":
        return _has_binary(repository, component) and "[lib]" not in text
    if component.stack == "node":
        manifest = read_json(text)
        return manifest.get("private") is True or not (manifest.get("version") and manifest.get("name"))
    if component.manifest.endswith("pyproject.toml") and _is_package(text):
        return _has_image(repository, component) and not _is_published(repository)
    return name_of(component.manifest) not in {"setup.py", "setup.cfg"}


def _is_package(text: str) -> bool:
    """Whether a pyproject.toml says how to build and publish it: to others it is a dependency."""
    manifest = read_toml(text)
    return bool(table(manifest, "build-system")) and bool(
        table(manifest, "project").get("name") or table(manifest, "tool", "poetry").get("name")
    )


def _is_published(repository: Repository) -> bool:
    """Whether CI puts it where others install it from."""
    return any(
        step.action == "pypa/gh-action-pypi-publish"
        or any(_PUBLISHES.search(one.text) for one in step.commands)
        for workflow in repository.workflows
        for step in workflow.steps
    )


def _has_binary(repository: Repository, component: Component) -> bool:
    inside = "" if component.path == "." else component.path + "/"
    if f"{inside}src/lib.rs" in repository.paths:
        return False
    return any(
        path.startswith(inside) and path.endswith("src/main.rs") and role_of(path) is Role.PROJECT
        for path in repository.tree.paths
    )


def _has_image(repository: Repository, component: Component) -> bool:
    return any(component.path in contexts_of(repository, one.path) for one in dockerfiles_of(repository))


def _asked(component: Component, source: Source) -> tuple[int, int] | None:
    """Where a manifest asks for something; None where it asks for nothing."""
    if component.manifest.endswith(".txt") or name_of(component.manifest) == "Pipfile":
        found = re.search(r"^[A-Za-z].*$", source.text, re.MULTILINE)
        return (found.start(), found.end()) if found else None
    found = _ASKED[component.stack].search(source.text)
    if found is None:
        return None
    start = found.start() + len(found[0]) - len(found[0].lstrip())
    return start, min(source.line_end(start), found.end())
