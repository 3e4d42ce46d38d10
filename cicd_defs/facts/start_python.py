"""How a Python project is started as a service, and what its image has to install first."""

import re
from collections.abc import Iterator
from posixpath import dirname, normpath
from posixpath import join as posix_join
from typing import NamedTuple

from cicd_defs.facts.application import Application, Trait
from cicd_defs.facts.commands import is_safe_name, is_safe_path
from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.manifests import Table, string, strings, table
from cicd_defs.facts.python import LOCK_FILES
from cicd_defs.facts.python_dependencies import normal
from cicd_defs.facts.python_requirements import requirement_files, runtime_requirements
from cicd_defs.facts.sources import Role
from cicd_defs.facts.stacks import Command
from cicd_defs.facts.start_python_local import depends_on_sources
from cicd_defs.facts.survey import folder_of, join, name_of

MOST_SOURCES_READ = 400
MOST_INCLUDED = 50
WEB_PORT, FLASK_PORT = 8000, 5000
MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile", *LOCK_FILES)

_ASGI = re.compile(
    r"^(\w+)(?::[ \t]*\w+)?[ \t]*=[ \t]*(?:\w+\.)?(FastAPI|Starlette|Litestar|Quart)\(", re.MULTILINE
)
_WSGI = re.compile(r"^(\w+)(?::[ \t]*\w+)?[ \t]*=[ \t]*(?:\w+\.)?Flask\(", re.MULTILINE)
_FACTORY = re.compile(r"^def (create_app|make_app)\([^)\n]{0,200}\)[^\n]*:$", re.MULTILINE)
_INCLUDE = re.compile(r"^[ \t]*(?:-r|-c|--requirement|--constraint)[ \t=]*([\w./-]+)", re.MULTILINE)
_LOCAL = re.compile(r"^[ \t]*(-e|--editable|\.{1,2}(/|$)|file:)|@ file:", re.MULTILINE)
_EXTRAS = re.compile(r"\.\[([\w,.-]+)\]")
_GROUPS = re.compile(r"(?:--group|--with|-G)[ =]([\w,.-]+)")
_PORT = re.compile(r"""(?i)\bport\b["')\]]*(?:\s*:\s*int)?\s*(?:,|=|\bor\b)\s*["']?(\d{4,5})\b""")


class _Start(NamedTuple):
    """A process, where it was found, its port, and whether it is meant for development alone."""

    words: tuple[str, ...]
    place: str | None
    port: int | None
    development: bool = False


def python_application(scene: Scene, draft: Draft, commands: tuple[Command, ...]) -> Application:
    """What is needed to make an image of a Python project."""
    start = next(_starts(scene, draft), None)
    run_time = tuple(runtime_requirements(scene.survey, draft))
    install = next((command.run for command in commands if command.kind == "install"), "")
    return Application(
        start=start.words if start else (),
        evidence=(start.place,) if start and start.place else (),
        port=start.port if start else None,
        programs=_scripts(scene, draft),
        manifests=_manifests(scene, draft),
        requirements=run_time,
        for_tests=tuple(path for path in requirement_files(scene.survey, draft) if path not in run_time),
        extras=() if _names_itself(scene, draft) else _words(_EXTRAS, install),
        groups=_words(_GROUPS, install),
        traits=tuple(_traits(scene, draft, start)),
    )


def _words(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for found in pattern.findall(text) for word in found.split(",")))


def _traits(scene: Scene, draft: Draft, start: _Start | None) -> Iterator[Trait]:
    project = table(_pyproject(scene, draft), "project")
    if start and start.development:
        yield "development-server"
    if "name" in project and "dependencies" not in strings(project.get("dynamic")):
        yield "listed-dependencies"
    if "build-system" in _pyproject(scene, draft) or scene.survey.has(join(draft.path, "setup.py")):
        yield "packaged"
    if _installs_from_sources(scene, draft):
        yield "installs-from-sources"
    if re.search(
        r"setuptools[-_]scm|hatch-vcs|pdm\.version|source = .scm",
        scene.survey.text(join(draft.path, "pyproject.toml")),
    ):
        yield "version-from-history"


def _installs_from_sources(scene: Scene, draft: Draft) -> bool:
    pipfile = scene.survey.toml(join(draft.path, "Pipfile"))
    mentioned = _mentioned(scene, draft, requirement_files(scene.survey, draft))
    lines = (scene.survey.text(join(draft.path, path)) for path in mentioned)
    return depends_on_sources(_pyproject(scene, draft), pipfile) or any(map(_LOCAL.search, lines))


def _names_itself(scene: Scene, draft: Draft) -> bool:
    """Whether an extra asks for another one of the project by name: only the project itself can be asked for that."""
    project = table(_pyproject(scene, draft), "project")
    own = normal(string(project.get("name")))
    extras = table(project, "optional-dependencies").values()
    return any(normal(re.split(r"[\[<>=~! ;]", one)[0]) == own for extra in extras for one in strings(extra))


def _mentioned(scene: Scene, draft: Draft, files: list[str]) -> tuple[str, ...]:
    """Requirements files and those that they include, constraints among them, as paths from the component."""
    todo, found = list(files), dict[str, None]()
    while todo and len(found) < MOST_INCLUDED:
        path = todo.pop(0)
        if path not in found and scene.survey.has(join(draft.path, path)):
            found[path] = None
            inside = _INCLUDE.findall(scene.survey.text(join(draft.path, path)))
            todo += [normpath(posix_join(dirname(path), name)) for name in inside]
    return tuple(path for path in found if is_safe_path(path))


def _pyproject(scene: Scene, draft: Draft) -> Table:
    return scene.survey.toml(join(draft.path, "pyproject.toml"))


def _manifests(scene: Scene, draft: Draft) -> tuple[str, ...]:
    """What decides which packages are installed, as paths from the component."""
    start = 0 if draft.path == "." else len(draft.path) + 1
    named = [name for name in MANIFESTS if scene.survey.has(join(draft.path, name))]
    members = [join(member, "pyproject.toml")[start:] for member in draft.members]
    found = (*named, *members, *_mentioned(scene, draft, requirement_files(scene.survey, draft)))
    return tuple(path for path in dict.fromkeys(found) if is_safe_path(path))


def _scripts(scene: Scene, draft: Draft) -> dict[str, str]:
    """The console scripts that installing the project makes, each with the module that it starts."""
    data = _pyproject(scene, draft)
    listed = table(data, "project", "scripts") or table(data, "tool", "poetry", "scripts")
    return {
        name: string(target).partition(":")[0]
        for name, target in listed.items()
        if is_safe_name(name) and string(target)
    }


def _starts(scene: Scene, draft: Draft) -> Iterator[_Start]:
    """Every way to start it, the one that says most first."""
    sources = _sources(scene, draft)
    yield from _django(scene, draft, sources)
    yield from _asgi(scene, draft, sources)
    yield from _flask(scene, draft, sources)
    yield from _own_script(scene, draft)
    yield from _main_module(scene, draft, sources)


def _sources(scene: Scene, draft: Draft) -> list[str]:
    """The project's own modules, the shallowest first."""
    ceiling = max(Role.PROJECT, scene.survey.role(draft.manifest))
    own = [
        path for path in scene.sources(draft) if scene.survey.role(path) <= ceiling and path.endswith(".py")
    ]
    return sorted(own, key=lambda path: (path.count("/"), path))[:MOST_SOURCES_READ]


def _depends(draft: Draft, *names: str) -> bool:
    return draft.dependency(*names) is not None


def module_of(path: str, folder: str) -> str:
    """The name by which a file is imported from a component's folder: `src/shop/web.py` is `shop.web`."""
    start = 0 if folder == "." else len(folder) + 1
    inside = path[start:].removesuffix(".py").removesuffix("/__init__").removeprefix("src/")
    return inside.replace("/", ".")


def _django(scene: Scene, draft: Draft, sources: list[str]) -> Iterator[_Start]:
    manage = join(draft.path, "manage.py")
    if not scene.survey.has(manage) or not scene.survey.cite(manage, "DJANGO_SETTINGS_MODULE"):
        return
    address = f"0.0.0.0:{WEB_PORT}"
    for kind, server in (("wsgi", "gunicorn"), ("asgi", "uvicorn")):
        path = next((path for path in sources if name_of(path) == f"{kind}.py"), None)
        if path and _depends(draft, server):
            target = f"{module_of(path, draft.path)}:application"
            yield _Start(_served(server, target), scene.survey.cite(path), WEB_PORT)
    words = ("python", "manage.py", "runserver", "--noreload", address)
    yield _Start(words, scene.survey.cite(manage), WEB_PORT, development=True)


def _served(server: str, target: str, *, factory: bool = False) -> tuple[str, ...]:
    """A server for an application object, or for what makes one, on all addresses of the container."""
    if server == "gunicorn":
        return ("gunicorn", "--bind", f"0.0.0.0:{WEB_PORT}", f"{target}()" if factory else target)
    more = ("--factory",) if factory else ()
    return ("uvicorn", *more, "--host", "0.0.0.0", "--port", str(WEB_PORT), target)  # noqa: S104


def _asgi(scene: Scene, draft: Draft, sources: list[str]) -> Iterator[_Start]:
    bundled = scene.survey.cite(draft.manifest, r"fastapi\[(standard|all)\]")
    if not bundled and not _depends(draft, "uvicorn"):
        return
    for path in sources:
        if found := _ASGI.search(scene.survey.text(path)):
            target = f"{module_of(path, draft.path)}:{found[1]}"
            place = scene.survey.cite(path, rf"^{found[1]}\b.*=")
            yield _Start(_served("uvicorn", target), place, WEB_PORT)
            return
    web = _depends(draft, "fastapi", "starlette", "litestar") or bundled
    yield from _factory(scene, draft, sources, "uvicorn") if web else ()


def _factory(scene: Scene, draft: Draft, sources: list[str], server: str) -> Iterator[_Start]:
    for path in sources:
        if found := _FACTORY.search(scene.survey.text(path)):
            target = f"{module_of(path, draft.path)}:{found[1]}"
            place = scene.survey.cite(path, rf"^def {found[1]}\(")
            yield _Start(_served(server, target, factory=True), place, WEB_PORT)
            return


def _flask(scene: Scene, draft: Draft, sources: list[str]) -> Iterator[_Start]:
    if not _depends(draft, "flask"):
        return
    if _depends(draft, "gunicorn"):
        for path in sources:
            if found := _WSGI.search(scene.survey.text(path)):
                place = scene.survey.cite(path, rf"^{found[1]}\b.*=")
                yield _Start(
                    _served("gunicorn", f"{module_of(path, draft.path)}:{found[1]}"), place, WEB_PORT
                )
                return
        yield from _factory(scene, draft, sources, "gunicorn")
    for path in sources:
        place = scene.survey.cite(path, _WSGI.pattern) or scene.survey.cite(path, _FACTORY.pattern)
        if place:
            address = ("--host", "0.0.0.0", "--port", str(FLASK_PORT))  # noqa: S104
            words = ("flask", "--app", module_of(path, draft.path), "run", *address)
            yield _Start(words, place, FLASK_PORT, development=True)
            return


def _own_script(scene: Scene, draft: Draft) -> Iterator[_Start]:
    """Its only console script, or the one that has its name."""
    scripts = _scripts(scene, draft)
    own = string(table(_pyproject(scene, draft), "project").get("name"))
    name = own if own in scripts else next(iter(scripts), "") if len(scripts) == 1 else ""
    if name:
        manifest = join(draft.path, "pyproject.toml")
        path = _file_of(scene, draft, scripts[name])
        yield _Start(
            (name,),
            scene.survey.cite(manifest, rf"^\s*[\"']?{re.escape(name)}[\"']?\s*="),
            _port(scene, path),
        )


def _file_of(scene: Scene, draft: Draft, module: str) -> str:
    inside = module.replace(".", "/")
    names = (f"{root}{inside}{end}" for root in ("", "src/") for end in (".py", "/__init__.py"))
    return scene.survey.first(draft.path, names) or ""


def _main_module(scene: Scene, draft: Draft, sources: list[str]) -> Iterator[_Start]:
    """A package that can be run, or a file in the component's folder that says so."""
    mains = [path for path in sources if name_of(path) == "__main__.py"]
    for path in mains[:1]:
        module = module_of(folder_of(path), draft.path)
        if is_safe_name(module):
            yield _Start(("python", "-m", module), scene.survey.cite(path), _port(scene, path))
    for name in ("main.py", "app.py", "server.py", "run.py"):
        path = join(draft.path, name)
        if path in sources and (place := scene.survey.cite(path, r"^if __name__ == [\"']__main__[\"']")):
            yield _Start(("python", name), place, _port(scene, path))


def _port(scene: Scene, path: str) -> int | None:
    """The port that a program names as its default, else the one that the modules beside it agree on."""
    if not path:
        return None
    folder = folder_of(path)
    near = [one for one in scene.survey.paths if folder_of(one) == folder and one.endswith(".py")]
    return _named_port(scene, [path]) or _named_port(scene, near[:20])


def _named_port(scene: Scene, paths: list[str]) -> int | None:
    found = {int(port) for path in paths for port in _PORT.findall(scene.survey.text(path))}
    usable = {port for port in found if 1024 <= port <= 65535}
    return next(iter(usable)) if len(usable) == 1 else None
