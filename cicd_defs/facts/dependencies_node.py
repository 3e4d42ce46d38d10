"""Node: what a project builds on in the same repository, by manifest, by compiler settings and by relative import."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.manifests import string, strings, table
from cicd_defs.facts.reach import Reach, reach_to, read_sources, resolved
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, folder_of, is_within, join, line_at

DEPENDENCIES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")
_BY_PATH = re.compile(r"(?:file|link|portal):(.+)")
_COMPILER_SETTINGS = re.compile(r"[jt]sconfig([.-][\w.-]+)?\.json")
_ENDINGS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte")
_OUTWARD = re.compile(
    r"""(?:\bfrom|\bimport|\brequire|\bimport_meta\.glob)[ \t]*\(?[ \t]*["'](\.\./[^"'\n?]{1,200})["'?]"""
)


def node_reaches(scene: Scene, draft: Draft) -> Iterator[Reach]:
    """Everything that a Node project speaks of outside its folder."""
    for path in draft.manifests:
        yield from _manifest(scene, path)
    yield from _compiler_settings(scene, draft)
    yield from _imports(scene, draft)


def _manifest(scene: Scene, path: str) -> Iterator[Reach]:
    """Packages of the repository that are asked for by path, as part of a workspace, or that only it has."""
    survey, packages = scene.survey, _packages(scene)
    data = survey.json(path)
    for key in DEPENDENCIES:
        for name, version in table(data, key).items():
            pattern = rf'"{re.escape(name)}"[ \t]*:[ \t]*"'
            if by_path := _BY_PATH.fullmatch(string(version)[:300]):
                yield from reach_to(survey, path, by_path[1], pattern)
            elif home := _local(survey, packages.get(name), string(version)):
                yield from reach_to(survey, path, home, pattern, ".")


def _local(survey: Survey, home: str | None, version: str) -> str | None:
    """The folder that a package of the repository is taken from, or None where a registry may have it too."""
    private = home is not None and survey.json(join(home, "package.json")).get("private") is True
    return home if private or version.startswith("workspace:") else None


def _packages(scene: Scene) -> Mapping[str, str]:
    """The names of the repository's packages, each with its folder."""

    def named() -> Mapping[str, str]:
        manifests = [path for draft in scene.drafts if draft.stack == "node" for path in draft.manifests]
        names = {string(scene.survey.json(path).get("name")): folder_of(path) for path in manifests}
        return {name: folder for name, folder in names.items() if name}

    return scene.survey.once("node packages", named)


def _compiler_settings(scene: Scene, draft: Draft) -> Iterator[Reach]:
    """What a tsconfig or jsconfig extends, refers to, maps names to, or includes outside the project."""
    survey, folders = scene.survey, {folder_of(path) for path in draft.manifests}
    for path in survey.matching(_COMPILER_SETTINGS):
        if folder_of(path) in folders and survey.role(path) <= max(Role.TEST, survey.role(draft.manifest)):
            for written in dict.fromkeys(_outward(survey.json(path))):
                plain = re.split(r"/?[*?{]", written)[0]
                for ending in ("", ".json"):
                    yield from reach_to(survey, path, plain + ending, re.escape(f'"{written}'))


def _outward(settings: Mapping[str, Any]) -> Iterator[str]:
    references = settings.get("references")
    options = table(settings, "compilerOptions")
    written = [
        *strings(settings.get("extends")),
        *(string(table(one).get("path")) for one in (references if isinstance(references, list) else ())),
        *(one for paths in table(options, "paths").values() for one in strings(paths)),
        *strings(settings.get("include")),
        *strings(settings.get("files")),
        *strings(options.get("rootDirs")),
    ]
    return (one for one in written if one.startswith("../"))


def _imports(scene: Scene, draft: Draft) -> Iterator[Reach]:
    """Relative imports that leave the project: one for each place that they lead to."""
    if all(other.path == "." for other in scene.drafts if other.stack == "node"):
        return
    survey, found = scene.survey, set[str]()
    for path in read_sources(scene, draft, _ENDINGS):
        text = survey.text(path)
        for written in _OUTWARD.finditer(text) if "../" in text else ():
            place = _place(survey, resolved(folder_of(path), written[1]))
            if place and place not in found and _leaves(scene, draft, place):
                found.add(place)
                yield Reach(place, path, line_at(text, written.start()))


def _leaves(scene: Scene, draft: Draft, place: str) -> bool:
    folder = folder_of(place) if scene.survey.has(place) else place
    return not is_within(place, draft.path) or scene.owner(folder, "node") is not draft


def _place(survey: Survey, path: str | None) -> str | None:
    """The folder of what is imported, since it may import others there; a file right at the top stands for itself."""
    if path is None or path in survey.folders:
        return path
    stem = re.sub(r"\.[cm]?jsx?$", "", path)
    files = (path, *(f"{one}{ending}" for one in (path, stem) for ending in (*_ENDINGS, ".json", ".d.ts")))
    file = next((one for one in files if survey.has(one)), None)
    return file if file is None or folder_of(file) == "." else folder_of(file)
