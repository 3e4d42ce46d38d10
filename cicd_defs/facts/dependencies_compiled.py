"""Go, Rust and Java: what a build takes from other builds of the same repository."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.manifests import strings, table
from cicd_defs.facts.reach import Reach, reach_to, read_sources
from cicd_defs.facts.survey import folder_of, join, line_at, name_of

_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"]{1,200})", re.MULTILINE)
_REPLACED = re.compile(r"^[ \t]*[^\s/][^\n]*=>[ \t]*\"?(\.{1,2}(?:/[^\s\"]*)?)", re.MULTILINE)
_REQUIRED = re.compile(r"^[ \t]*(?:require[ \t]+)?\"?([^\s\"()]{1,200})\"?[ \t]+v\d", re.MULTILINE)
_IMPORTED = re.compile(
    r"^[ \t]*(?:import[ \t]+)?(?:[\w.]+[ \t]+)?\"([^\"\s]{1,200})\"[ \t]*(?://|$)", re.MULTILINE
)
_USED = re.compile(
    r"^(?:use)?[ \t]*\(?[ \t]*\"?(\.{1,2}(?:/[^\s\")]*)?)\"?[ \t]*\)?[ \t]*(?://.*)?$", re.MULTILINE
)


def go_reaches(scene: Scene, draft: Draft) -> Iterator[Reach]:
    """Modules that are replaced by a folder, and those of the same workspace that are imported."""
    survey = scene.survey
    for written in dict.fromkeys(_REPLACED.findall(survey.text(draft.manifest))):
        yield from reach_to(survey, draft.manifest, written, rf"=>[ \t]*\"?{re.escape(written)}")
    modules = {
        found[1]: other.path
        for other in _workspace(scene, draft)
        if (found := _MODULE.search(survey.text(other.manifest)))
    }
    if len(modules) > 1:
        yield from _go_imports(scene, draft, modules)


def _workspace(scene: Scene, draft: Draft) -> list[Draft]:
    """The modules of the workspace that this one is in, itself included: outside one, modules come from elsewhere."""
    survey, folder = scene.survey, draft.path
    while folder != "." and not survey.has(join(folder, "go.work")):
        folder = folder_of(folder)
    path = join(folder, "go.work")
    used = {
        reach.path
        for written in dict.fromkeys(_USED.findall(survey.text(path)) if survey.has(path) else ())
        for reach in reach_to(survey, path, written, re.escape(written))
    }
    return (
        [other for other in scene.drafts if other.stack == "go" and other.path in used]
        if draft.path in used
        else []
    )


def _go_imports(scene: Scene, draft: Draft, modules: Mapping[str, str]) -> Iterator[Reach]:
    """One line of the manifest or of a source for each other module."""
    found = {draft.path}
    for path in (draft.manifest, *read_sources(scene, draft, (".go",))):
        text = scene.survey.text(path)
        for line in (_REQUIRED if path == draft.manifest else _IMPORTED).finditer(text):
            home = _module_of(line[1], modules)
            if home is not None and home not in found:
                found.add(home)
                yield Reach(home, path, line_at(text, line.start(1)))


def _module_of(package: str, modules: Mapping[str, str]) -> str | None:
    """The folder of the module that a package is in: the one with the longest name."""
    while package and package not in modules:
        package = package.rpartition("/")[0]
    return modules.get(package)


def rust_reaches(scene: Scene, draft: Draft) -> Iterator[Reach]:
    """Crates that are asked for by path, for whatever purpose and platform."""
    for manifest in draft.manifests:
        for written in dict.fromkeys(_crates(scene.survey.toml(manifest))):
            pattern = rf"path[ \t]*=[ \t]*[\"']{re.escape(written)}[\"']"
            yield from reach_to(scene.survey, manifest, written, pattern)


_CRATE_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


def _crates(data: Mapping[str, Any]) -> Iterator[str]:
    scopes = [data, table(data, "workspace"), *table(data, "target").values()]
    tables = [table(scope, name) for scope in scopes for name in _CRATE_TABLES]
    tables += [table(patched) for patched in table(data, "patch").values()]
    for crates in tables:
        for crate in crates.values():
            yield from strings(table(crate).get("path"))
    yield from strings(table(data, "package").get("workspace"))


_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<(/?)([A-Za-z][\w.-]{0,100})([^<>]{0,300})>([^<]{0,200})")
_OWN_GROUP = ("${project.groupId}", "${pom.groupId}", "${groupId}")
_POM_PATHS = re.compile(r"<(?:module|relativePath)>\s*([^<\s]{1,200})\s*</")
_GRADLE_PATHS = re.compile(
    r"(?:\bincludeBuild\b[ \t]*\(?|\bprojectDir\b[ \t]*=[ \t]*(?:new[ \t]+File\([^,\n]{0,80},|file\()?)"
    r"[ \t]*[\"']([^\"'\n]{1,200})[\"']"
)


def java_reaches(scene: Scene, draft: Draft) -> Iterator[Reach]:
    """Builds that are included, projects that lie elsewhere, and artefacts that another build here makes."""
    survey = scene.survey
    for manifest in draft.manifests:
        paths = _POM_PATHS if name_of(manifest) == "pom.xml" else _GRADLE_PATHS
        for written in dict.fromkeys(paths.findall(survey.text(manifest))):
            plain = re.sub(r"^\$\{?(rootDir|rootProject\.projectDir|settingsDir)\}?/", "", written)
            yield from reach_to(survey, manifest, plain, re.escape(written))
        if name_of(manifest) == "pom.xml":
            yield from _artefacts(scene, manifest)


def _artefacts(scene: Scene, manifest: str) -> Iterator[Reach]:
    made, text = _made(scene), scene.survey.text(manifest)
    group, _ = _own_coordinates(text)
    for part in _parts(text):
        wanted = (group if part.group in _OWN_GROUP else part.group, part.artifact)
        if part.element != "project" and wanted in made:
            yield Reach(made[wanted], manifest, line_at(text, part.offset))


def _made(scene: Scene) -> Mapping[tuple[str, str], str]:
    """What the repository's Maven builds make, each with the folder of its build."""

    def named() -> Mapping[tuple[str, str], str]:
        poms = [
            (path, draft.path)
            for draft in scene.drafts
            if draft.stack == "java"
            for path in draft.manifests
            if name_of(path) == "pom.xml"
        ]
        made = {_own_coordinates(scene.survey.text(path)): home for path, home in poms}
        return {coordinates: home for coordinates, home in made.items() if all(coordinates)}

    return scene.survey.once("maven artefacts", named)


def _own_coordinates(pom: str) -> tuple[str, str]:
    """The group and the artefact that a pom makes; the group is its parent's where it names none."""
    parts = {part.element: part for part in _parts(pom) if part.element in ("project", "parent")}
    own, parent = parts.get("project"), parts.get("parent")
    return ((own.group if own else "") or (parent.group if parent else ""), own.artifact if own else "")


class _Part(NamedTuple):
    """An element of a pom that names an artefact, and where it begins."""

    element: str
    group: str
    artifact: str
    offset: int


def _parts(pom: str) -> Iterator[_Part]:
    """Every element of a pom that names an artefact, in the order in which they end."""
    opened: list[tuple[str, int, dict[str, str]]] = []
    plain = _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), pom)
    for tag in _TAG.finditer(plain):
        if tag[1]:
            yield from _closed(opened, tag[2])
        elif not tag[3].endswith("/"):
            if opened:
                opened[-1][2].setdefault(tag[2], tag[4].strip())
            opened.append((tag[2], tag.start(), {}))


def _closed(opened: list[tuple[str, int, dict[str, str]]], name: str) -> Iterator[_Part]:
    """Close elements up to the one of this name, and tell which of them name an artefact."""
    last = ""
    while opened and last != name:
        last, offset, inner = opened.pop()
        if "artifactId" in inner:
            yield _Part(last, inner.get("groupId", ""), inner["artifactId"], offset)
