"""How a Node project is started as a service, and what its image has to install first."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cicd_defs.facts.application import Application, Trait, process_of
from cicd_defs.facts.commands import is_safe_path
from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.manifests import Table, string, table
from cicd_defs.facts.node import LOCK_FILES, manager_of
from cicd_defs.facts.stacks import Command
from cicd_defs.facts.survey import folder_of, is_within, join

MOST_FILES_COPIED = 60
DEFAULT_PORT = 3000
FRAMEWORKS = ("next", "@nestjs/core", "nuxt")
"""Those that listen on the default port where nobody says otherwise."""

SERVERS = ("express", "fastify", "koa", "@hapi/hapi", "restify", "polka", "hono", *FRAMEWORKS)
STARTS = ("start:prod", "start:production", "start")
SETTINGS = (
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    "bunfig.toml",
    "lerna.json",
)
SETTING_FOLDERS = (".yarn/releases", ".yarn/plugins", ".yarn/patches", "patches")
TEST_FOLDERS = ("test", "tests", "__tests__", "e2e", "cypress")
LIFECYCLE = ("preinstall", "install", "postinstall", "prepare")

_FOR_DEVELOPMENT = re.compile(
    r"\b(vite|ng serve|react-scripts|webpack|next dev|nodemon|ts-node-dev|nest start|expo|gatsby develop|astro dev"
    r"|nuxt dev|nuxi dev|vue-cli-service|parcel|storybook|live-server|http-server|electron|concurrently)\b|--watch\b"
    r"|\btsx watch\b"
)
_HARMLESS = re.compile(
    r"(is-ci \|\| )?(husky( install)?|simple-git-hooks|npx only-allow \w+|patch-package)( \|\| (true|exit 0))?"
)
_PORT = re.compile(r"\bPORT\b[^\n]{0,30}?(?:\|\||\?\?|,)\s*[\"']?(\d{4,5})\b|\.listen\(\s*(\d{4,5})\b")
_PORT_OPTION = re.compile(r"(?:--port[ =]|-p[ ]?)(\d{2,5})\b")


class _Start(NamedTuple):
    words: tuple[str, ...]
    place: str | None
    script: str
    entry: str = ""


def node_application(scene: Scene, draft: Draft, _: tuple[Command, ...]) -> Application:
    """What is needed to make an image of a Node project."""
    start = next(_starts(scene, draft), None)
    return Application(
        start=start.words if start else (),
        evidence=(start.place,) if start and start.place else (),
        port=_port(scene, draft, start) if start else None,
        manifests=_manifests(scene, draft),
        test_folders=_test_folders(scene, draft, start) if start else (),
        traits=tuple(_traits(scene, draft)),
    )


def _test_folders(scene: Scene, draft: Draft, start: _Start) -> tuple[str, ...]:
    """The folders at the top whose names say that they hold tests, but for one that the start names."""
    named = [name for name in TEST_FOLDERS if f"{name}/" not in f"{start.script} {' '.join(start.words)}"]
    places = {name: join(draft.path, name) for name in named}
    return tuple(
        name
        for name, folder in places.items()
        if any(is_within(path, folder) and path != folder for path in scene.survey.paths)
    )


def _data(scene: Scene, draft: Draft) -> Table:
    return scene.survey.json(draft.manifest)


def _traits(scene: Scene, draft: Draft) -> Iterator[Trait]:
    scripts = table(_data(scene, draft), "scripts")
    if any(name in scripts and not _HARMLESS.fullmatch(string(scripts[name])) for name in LIFECYCLE):
        yield "installs-from-sources"


def _manifests(scene: Scene, draft: Draft) -> tuple[str, ...]:
    """What decides which packages are installed, as paths from the component."""
    start = 0 if draft.path == "." else len(draft.path) + 1
    names = ("package.json", *(name for name, _ in LOCK_FILES), *SETTINGS)
    named = [name for name in names if scene.survey.has(join(draft.path, name))]
    members = [join(member, "package.json")[start:] for member in draft.members]
    folders = [join(draft.path, name) for name in SETTING_FOLDERS]
    inside = [
        path[start:] for path in scene.survey.paths if any(is_within(path, folder) for folder in folders)
    ]
    found = (*named, *members, *inside[:MOST_FILES_COPIED])
    return tuple(path for path in dict.fromkeys(found) if is_safe_path(path.lstrip(".")))


def _starts(scene: Scene, draft: Draft) -> Iterator[_Start]:
    """Every way to start it: its own script, npm's custom, then the program of something that serves."""
    scripts = table(_data(scene, draft), "scripts")
    for name in STARTS:
        script = string(scripts.get(name)).strip()
        if script and _serves(draft, script):
            place = scene.survey.cite(draft.manifest, rf'"{re.escape(name)}"[ \t]*:[ \t]*"')
            yield _Start(_by_script(draft, name, script), place, script, _entry(script))
    if "start" not in scripts and (path := join(draft.path, "server.js")) and scene.survey.has(path):
        yield _Start(("node", "server.js"), f"{path}:1", "", "server.js")
    main = string(_data(scene, draft).get("main")).removeprefix("./")
    if (
        "start" not in scripts
        and draft.dependency(*SERVERS)
        and is_safe_path(main)
        and _is_made(scene, draft, main)
    ):
        yield _Start(("node", main), scene.survey.cite(draft.manifest, r'"main"[ \t]*:'), "", main)


def _is_made(scene: Scene, draft: Draft, main: str) -> bool:
    """Whether a program is in the tree, or is what a build leaves."""
    builds = bool(table(_data(scene, draft), "scripts").get("build"))
    return scene.survey.has(join(draft.path, main)) or (
        builds and main.startswith(("dist/", "build/", "lib/"))
    )


def _serves(draft: Draft, script: str) -> bool:
    """Whether a script starts what runs in production: no server for development, nothing that only tests need."""
    if _FOR_DEVELOPMENT.search(script):
        return False
    program = script.split(maxsplit=1)[0]
    return not (draft.dependency(program, dev=True) and not _is_runtime(draft, program))


def _is_runtime(draft: Draft, name: str) -> bool:
    return any(one.name == name and not one.dev for one in draft.dependencies)


def _by_script(draft: Draft, name: str, script: str) -> tuple[str, ...]:
    """The process behind a script where it is plain node, which then gets the signals; else the script by its name."""
    words = process_of(script)
    if words[0] == "node":
        return words
    if manager_of(draft) == "bun":
        return ("bun", "run", name)
    return ("npm", "start") if name == "start" else ("npm", "run", name)


def _entry(script: str) -> str:
    words = script.split()
    return next((word for word in words[1:] if not word.startswith("-")), "") if words[0] == "node" else ""


def _port(scene: Scene, draft: Draft, start: _Start) -> int | None:
    """The port in the script, else the one that the program names as its default, else the framework's."""
    if found := _PORT_OPTION.search(start.script):
        return int(found[1])
    near = set()
    for path in _near(scene, draft, start.entry):
        near |= {int(one or other) for one, other in _PORT.findall(scene.survey.text(path))}
    usable = {port for port in near if 1024 <= port <= 65535}
    if len(usable) == 1:
        return next(iter(usable))
    return DEFAULT_PORT if draft.dependency(*FRAMEWORKS) and not usable else None


def _near(scene: Scene, draft: Draft, entry: str) -> list[str]:
    """The program and what lies beside it; of a built one, what it is built from."""
    folder = folder_of(join(draft.path, entry)) if entry else draft.path
    folders = {draft.path, folder, join(draft.path, "src"), join(draft.path, "server")}
    return [path for path in scene.sources(draft) if folder_of(path) in folders and "test" not in path][:60]
