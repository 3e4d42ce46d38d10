"""What Go, Rust and Java builds make that can be started as a service."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cicd_defs.facts.application import Application, Trait
from cicd_defs.facts.commands import is_safe_name, is_safe_path
from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.manifests import string, table
from cicd_defs.facts.sources import Role
from cicd_defs.facts.stacks import Command
from cicd_defs.facts.survey import folder_of, join, name_of

MOST_GO_FILES_READ = 60
USUAL_SERVERS = ("server", "api", "web", "app", "service", "httpd")
"""Names of the program that serves, where there are several."""

_GO_MODULE = re.compile(r"^module[ \t]+[\"']?(\S+?)(?:/v\d+)?[\"']?[ \t]*$", re.MULTILINE)
_GO_MAIN = re.compile(r"^package main\b", re.MULTILINE)
_GO_IGNORED = re.compile(r"^//( \+build|go:build) (ignore|tools)\b", re.MULTILINE)
_GO_C = re.compile(r'^(import|[ \t]+) *"C"$', re.MULTILINE)
_GO_PORT = re.compile(
    r"[\"`](?:0\.0\.0\.0|localhost|127\.0\.0\.1)?:(\d{4,5})[\"`]|\b[pP]ort\b[^\n]{0,12}[\"` ](\d{4,5})\b"
)
_RUST_PORT = re.compile(
    r"(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\]):(\d{4,5})\b|\[0, 0, 0, 0\], (\d{4,5})\)"
)
_JAVA_PORT = re.compile(
    r"^[ \t]*(?:server\.port|quarkus\.http\.port)[ \t]*[=:][ \t]*(?:\$\{\w+:)?(\d{2,5})", re.MULTILINE
)
JAVA_PORT = 8080


def _of_component(draft: Draft, path: str) -> str:
    return path if draft.path == "." else path[len(draft.path) + 1 :]


def _one_port(texts: Iterable[str], pattern: re.Pattern[str]) -> int | None:
    """The port that these texts name, where it is one."""
    found = {int(next(filter(None, one))) for text in texts for one in _groups(pattern, text)}
    usable = {port for port in found if 1024 <= port <= 65535}
    return next(iter(usable)) if len(usable) == 1 else None


def _groups(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, ...]]:
    yield from (match.groups(default="") for match in pattern.finditer(text))


def _chosen(programs: dict[str, str], own: str) -> str:
    """The program that is the application: the only one, the one of the project's name, the one that serves."""
    if len(programs) == 1:
        return next(iter(programs))
    return next((name for name in (own, *USUAL_SERVERS) if name in programs), "")


def go_application(scene: Scene, draft: Draft, _: tuple[Command, ...]) -> Application:
    """What is needed to make an image of a Go module."""
    survey = scene.survey
    found = _GO_MODULE.search(survey.text(draft.manifest))
    own = found[1].rpartition("/")[2] if found else "app"
    mains = _go_mains(scene, draft)
    programs = {_go_name(draft, folder, own): folder for folder in mains}
    name = _chosen(programs, own)
    near = [survey.text(path) for path in scene.sources(draft) if name and folder_of(path) == programs[name]]
    manifests = [name for name in ("go.mod", "go.sum") if survey.has(join(draft.path, name))]
    return Application(
        start=(name,) if name else (),
        evidence=(f"{mains[programs[name]]}:1",) if name else (),
        port=_one_port(near, _GO_PORT),
        programs={name: _package(draft, folder) for name, folder in programs.items()},
        manifests=tuple(manifests),
        traits=tuple(_go_traits(scene, draft)),
    )


def _go_mains(scene: Scene, draft: Draft) -> dict[str, str]:
    """Folders of main packages to a file of theirs, the shallowest first."""
    mains: dict[str, str] = {}
    for path in _go_sources(scene, draft):
        text = scene.survey.text(path)
        if _GO_MAIN.search(text) and not _GO_IGNORED.search(text) and is_safe_path(path):
            mains.setdefault(folder_of(path), path)
    return mains


def _go_sources(scene: Scene, draft: Draft) -> list[str]:
    """Where programs are by custom: `main.go` anywhere, the module's own folder, and the folders below `cmd`."""
    own = [
        path
        for path in scene.sources(draft)
        if scene.survey.role(path) == Role.PROJECT
        and not path.endswith("_test.go")
        and _may_be_main(draft, path)
    ]
    return sorted(own, key=lambda path: (path.count("/"), path))[:MOST_GO_FILES_READ]


def _may_be_main(draft: Draft, path: str) -> bool:
    folder = folder_of(path)
    return name_of(path) == "main.go" or folder == draft.path or name_of(folder_of(folder)) == "cmd"


def _go_name(draft: Draft, folder: str, own: str) -> str:
    name = own if folder == draft.path else name_of(folder)
    return name if is_safe_name(name) else "app"


def _package(draft: Draft, folder: str) -> str:
    return "." if folder == draft.path else f"./{_of_component(draft, folder)}"


def _go_traits(scene: Scene, draft: Draft) -> Iterator[Trait]:
    if any(_GO_C.search(scene.survey.text(path)) for path in _go_sources(scene, draft)):
        yield "cgo"
    if scene.survey.has(join(draft.path, "vendor/modules.txt")):
        yield "vendored"


def rust_application(scene: Scene, draft: Draft, _: tuple[Command, ...]) -> Application:
    """What is needed to make an image of a crate or a workspace."""
    survey = scene.survey
    programs: dict[str, str] = {}
    for manifest in draft.manifests:
        programs |= dict.fromkeys(_rust_binaries(scene, manifest), _rust_package(scene, manifest))
    package = table(survey.toml(draft.manifest), "package")
    name = string(package.get("default-run")) or _chosen(programs, string(package.get("name")))
    name = name if name in programs else ""
    sources = [
        path for path in scene.sources(draft) if name_of(path) in ("main.rs", "config.rs", "server.rs")
    ]
    manifests = [one for one in ("Cargo.toml", "Cargo.lock") if survey.has(join(draft.path, one))]
    return Application(
        start=(name,) if name else (),
        evidence=(f"{draft.manifest}:1",) if name else (),
        port=_one_port(map(survey.text, sources[:40]), _RUST_PORT),
        programs=programs,
        manifests=tuple(manifests),
        traits=() if _is_plain_crate(scene, draft) else ("installs-from-sources",),
    )


def _rust_package(scene: Scene, manifest: str) -> str:
    name = string(table(scene.survey.toml(manifest), "package").get("name"))
    return name if is_safe_name(name) else ""


def _rust_binaries(scene: Scene, manifest: str) -> Iterator[str]:
    """The programs of one crate: those that it lists, and those that lie where Cargo looks for them."""
    data, folder = scene.survey.toml(manifest), folder_of(manifest)
    listed = data.get("bin")
    names = [string(table(one).get("name")) for one in listed] if isinstance(listed, list) else []
    if scene.survey.has(join(folder, "src/main.rs")) and not names:
        names.append(_rust_package(scene, manifest))
    inside = join(folder, "src/bin")
    names += [
        name_of(path)[:-3]
        for path in scene.survey.paths
        if folder_of(path) == inside and path.endswith(".rs")
    ]
    if scene.survey.role(manifest) <= Role.PROJECT:
        yield from (name for name in dict.fromkeys(names) if is_safe_name(name))


def _is_plain_crate(scene: Scene, draft: Draft) -> bool:
    """Whether Cargo can read the manifest where the sources are not there yet: nothing in it names a file."""
    data = scene.survey.toml(draft.manifest)
    told = ("workspace", "bin", "lib", "example", "test", "bench")
    package = table(data, "package")
    return (
        bool(package)
        and not draft.members
        and "build" not in package
        and not any(key in data for key in told)
    )


class _Made(NamedTuple):
    """What a Java build makes: the process that starts it, the folder it is left in, where that is told, its port."""

    start: tuple[str, ...]
    folder: str
    place: str
    port: int | None = None


def java_application(scene: Scene, draft: Draft, _: tuple[Command, ...]) -> Application:
    """What is needed to make an image of a Maven or Gradle build."""
    maven = draft.claims.has("package_managers", "maven")
    made = next(_java_programs(scene, draft, maven), None)
    names = ("application.properties", "application.yml", "application.yaml")
    settings = [path for path in scene.survey.named(*names) if scene.survey.role(path) == Role.PROJECT]
    told = _one_port(map(scene.survey.text, settings), _JAVA_PORT)
    wrapper = scene.survey.has(join(draft.path, "mvnw" if maven else "gradlew"))
    return Application(
        start=made.start if made else (),
        evidence=(made.place,) if made else (),
        port=(told or made.port) if made else None,
        programs={made.start[-1]: made.folder} if made else {},
        manifests=tuple(_java_manifests(scene, draft, maven)),
        traits=("wrapper",) if wrapper else (),
    )


JAR = "/app/app.jar"
_BOOT_PLUGIN = r"id\W{1,3}org\.springframework\.boot\b(?!.*apply false)"
_GRADLE_APPLICATION = r"^\s*(id\W{1,3})?`?application`?\b(?!\s*\{)|mainClass"


def _java_programs(scene: Scene, draft: Draft, maven: bool) -> Iterator[_Made]:
    """What can be started, the deepest module first."""
    ends = ("pom.xml",) if maven else ("build.gradle", "build.gradle.kts")
    builds = [
        path for path in draft.manifests if path.endswith(ends) and scene.survey.role(path) == Role.PROJECT
    ]
    find = _maven_program if maven else _gradle_program
    for path in sorted(builds, key=lambda path: -path.count("/")):
        folder = "." if folder_of(path) == draft.path else _of_component(draft, folder_of(path))
        if is_safe_path(folder.lstrip(".") or "app") and _has_main(scene, folder_of(path)):
            yield from find(scene, draft, path, folder)


def _maven_program(scene: Scene, _: Draft, path: str, folder: str) -> Iterator[_Made]:
    if place := scene.survey.cite(path, "spring-boot-maven-plugin"):
        yield _Made(("java", "-jar", JAR), join(folder, "target"), place, JAVA_PORT)
    elif (place := scene.survey.cite(path, "<mainClass>")) and scene.survey.cite(path, "maven-shade-plugin"):
        yield _Made(("java", "-jar", JAR), join(folder, "target"), place)


def _gradle_program(scene: Scene, draft: Draft, path: str, folder: str) -> Iterator[_Made]:
    if place := scene.survey.cite(path, _BOOT_PLUGIN):
        yield _Made(("java", "-jar", JAR), join(folder, "build/libs"), place, JAVA_PORT)
    elif place := scene.survey.cite(path, _GRADLE_APPLICATION):
        name = _gradle_name(scene, draft, folder)
        yield _Made((f"/app/bin/{name}",), join(folder, f"build/install/{name}"), place)


def _has_main(scene: Scene, folder: str) -> bool:
    main = join(folder, "src/main/")
    return any(path.startswith(main) for path in scene.survey.paths)


def _gradle_name(scene: Scene, draft: Draft, folder: str) -> str:
    """What Gradle calls a project: its folder's name, and the root what the settings say (the image's folder else)."""
    if folder != ".":
        return name_of(folder)
    for name in ("settings.gradle", "settings.gradle.kts"):
        text = scene.survey.text(join(draft.path, name))
        if found := re.search(r"rootProject\.name\s*=\s*[\"']([\w.-]+)[\"']", text):
            return found[1]
    return "app"


def _java_manifests(scene: Scene, draft: Draft, maven: bool) -> Iterator[str]:
    """What Maven reads first. Gradle's scripts may read any file, so they are not told apart."""
    if maven and not draft.members:
        wrapper = join(draft.path, ".mvn/")
        inside = [path for path in scene.survey.paths if path.startswith(wrapper)]
        named = [
            join(draft.path, name) for name in ("pom.xml", "mvnw") if scene.survey.has(join(draft.path, name))
        ]
        yield from (_of_component(draft, path) for path in (*named, *inside[:20]))
