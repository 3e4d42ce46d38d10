"""Which components of one repository build on each other, and which files outside its folder concern a component.

Every detector looks at one component and yields what it speaks of outside its own folder, as a `Reach`. Here the
reaches become claims: a path in another component is that component, any other path is a file that concerns this one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cicd_defs.facts.dependencies_compiled import go_reaches, java_reaches, rust_reaches
from cicd_defs.facts.dependencies_node import node_reaches
from cicd_defs.facts.dependencies_python import python_reaches
from cicd_defs.facts.draft import MOST_EVIDENCE, Draft, Scene
from cicd_defs.facts.manifests import table
from cicd_defs.facts.reach import Reach
from cicd_defs.facts.sources import Role
from cicd_defs.facts.stacks import Claim, StackName
from cicd_defs.facts.survey import Survey, folder_of, is_within, join

T = TypeVar("T")

MOST_LINKS = 1000  # of one component; far more than anybody has written by hand

REACHES: dict[StackName, Callable[[Scene, Draft], Iterable[Reach]]] = {
    "python": python_reaches,
    "node": node_reaches,
    "go": go_reaches,
    "rust": rust_reaches,
    "java": java_reaches,
}

_ANY = (".editorconfig", ".tool-versions")
FOUND_ABOVE: dict[StackName, tuple[str, ...]] = {
    "python": (
        *("ruff.toml", ".ruff.toml", "mypy.ini", ".mypy.ini", "pytest.ini", "conftest.py"),
        ".python-version",
    ),
    "node": (
        *(".npmrc", ".nvmrc", ".node-version", ".browserslistrc", ".yarnrc.yml", "biome.json", "biome.jsonc"),
        *(f"eslint.config.{kind}" for kind in ("js", "mjs", "cjs", "ts", "mts")),
        *(".eslintrc", *(f".eslintrc.{kind}" for kind in ("js", "cjs", "json", "yml", "yaml"))),
        *(".prettierrc", *(f".prettierrc.{kind}" for kind in ("json", "yml", "yaml", "js", "mjs", "cjs"))),
        *(f"prettier.config.{kind}" for kind in ("js", "mjs", "cjs")),
        *(f"babel.config.{kind}" for kind in ("js", "json", "cjs", "mjs")),
    ),
    "go": (
        *("go.work", "go.work.sum", ".go-version"),
        *(f".golangci.{kind}" for kind in ("yml", "yaml", "toml", "json")),
    ),
    "rust": (
        *("rust-toolchain", "rust-toolchain.toml", ".cargo/config.toml", ".cargo/config"),
        *("rustfmt.toml", ".rustfmt.toml", "clippy.toml", ".clippy.toml"),
    ),
    "java": (".sdkmanrc", ".java-version"),
}
"""Files that a stack's tools look for in every folder above the one they run in."""

_PYTHON_TOOLS = ("ruff", "pytest", "mypy")
"""Tools that look for their table of a pyproject.toml in the folders above too."""


@dataclass
class Links:
    """What one component builds on, by component, and what else concerns it, by path; each with its evidence."""

    components: dict[Draft, list[str]] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)


def links_of(scene: Scene) -> Mapping[Draft, Links]:
    """The links of every component of a repository. One that stands alone at the top has none."""
    if all(draft.path == "." for draft in scene.drafts):
        return {draft: Links() for draft in scene.drafts}
    return {draft: _links(scene, draft) for draft in scene.drafts}


def depends_on(links: Links, names: Mapping[Draft, str]) -> tuple[Claim, ...]:
    """The components that one builds on, by name, each with the lines that say so."""
    return tuple(_claim(names[draft], places) for draft, places in links.components.items())


def shared_files(links: Links) -> tuple[Claim, ...]:
    """The files and folders outside a component that concern it, each with the line that says so."""
    return tuple(_claim(path, places) for path, places in links.files.items())


def _claim(name: str, places: Iterable[str]) -> Claim:
    return Claim(name=name, evidence=tuple(dict.fromkeys(places))[:MOST_EVIDENCE])


def _links(scene: Scene, draft: Draft) -> Links:
    links = Links()
    for reach in (*REACHES[draft.stack](scene, draft), *_found_above(scene.survey, draft)):
        target = scene.owner(_folder(scene.survey, reach.path), draft.stack)
        if target is None or _is_part_of_what_is_around(draft, target, reach.path):
            if not is_within(reach.path, draft.path) and reach.path != ".":
                _add(links.files, reach.path, reach, scene.survey)
        elif target is not draft:
            _add(links.components, target, reach, scene.survey)
    return links


def _add(found: dict[T, list[str]], to: T, reach: Reach, survey: Survey) -> None:
    """Add the evidence of a link, unless there is enough of it, or there are more links than anybody would read."""
    enough = len(found.get(to, ())) >= MOST_EVIDENCE or (to not in found and len(found) >= MOST_LINKS)
    if not enough and (place := reach.place(survey)):
        found.setdefault(to, []).append(place)


def _folder(survey: Survey, path: str) -> str:
    return folder_of(path) if survey.has(path) else path


def _is_part_of_what_is_around(draft: Draft, target: Draft, path: str) -> bool:
    """Whether a path is one file or folder of the component around this one, which it does not build on for that."""
    return target is not draft and is_within(draft.path, target.path) and path != target.path


def _found_above(survey: Survey, draft: Draft) -> Iterator[Reach]:
    """The configuration in folders above that the component's tools find by themselves."""
    folder = draft.path
    while folder != ".":
        folder = folder_of(folder)
        for name in (*FOUND_ABOVE[draft.stack], *_ANY):
            if survey.has(path := join(folder, name)) and survey.role(path) <= Role.AUXILIARY:
                yield Reach(path, path)
        if draft.stack == "python":
            yield from _configured_above(survey, join(folder, "pyproject.toml"))


def _configured_above(survey: Survey, path: str) -> Iterator[Reach]:
    tool = table(survey.toml(path), "tool") if survey.has(path) else {}
    for name in _PYTHON_TOOLS:
        if name in tool:
            yield Reach(path, path, pattern=rf"^[ \t]*\[+tool\.{name}\b")
