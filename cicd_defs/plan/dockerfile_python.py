"""The Dockerfile of a Python application: a virtual environment that the last stage takes over as it is."""

from collections.abc import Callable, Sequence

from cicd_defs.facts.application import process_of
from cicd_defs.plan import pins, tools
from cicd_defs.plan.containers import Base, Cmd, Copy, Env, Instruction, Run, SearchPath, Stage, Workdir
from cicd_defs.plan.dockerfile_parts import ROOT, Recipe, Target, Unfit, arguments, copied, everything, ran
from cicd_defs.plan.setup import DEFAULT_VERSIONS

VENV = "/opt/venv"
BASE = "python"
PROGRAMS = {
    "uv": tools.UV,
    "poetry": tools.POETRY,
    "pdm": tools.PDM,
    "pipenv": tools.PIPENV,
    "hatch": tools.HATCH,
}
CACHES = {
    "uv": "/root/.cache/uv",
    "poetry": "/root/.cache/pypoetry",
    "pdm": "/root/.cache/pdm",
    "pipenv": "/root/.cache/pipenv",
}
PIP_CACHE = "/root/.cache/pip"
SERVERS = ("uvicorn", "gunicorn", "flask", "hypercorn", "daphne")
"""Programs that import the application by its name."""

WITHOUT_HISTORY = {"SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0", "PDM_BUILD_SCM_VERSION": "0.0.0"}
"""A version for what would take it from git's tags, which no build of an image sees."""

WITHOUT_ITSELF = {"uv": " --no-install-project", "poetry": " --no-root", "pdm": " --no-self", "pipenv": ""}
"""What keeps an install command from installing the project itself, which is not there yet."""

SETTINGS = {
    "uv": {"UV_LINK_MODE": "copy", "UV_PYTHON_DOWNLOADS": "never", "UV_PROJECT_ENVIRONMENT": VENV},
    "poetry": {"POETRY_NO_INTERACTION": "1"},
    "pdm": {"PDM_CHECK_UPDATE": "false"},
    "pipenv": {"PIPENV_VERBOSITY": "-1"},
}


def python_recipe(target: Target) -> Recipe:
    """A Dockerfile for what pip, uv, poetry, pdm, pipenv and hatch install."""
    manager = target.unit.manager
    if manager != "pip" and manager not in PROGRAMS:
        raise Unfit(f"no Dockerfile is written for what {manager} installs")
    version = target.unit.newest or DEFAULT_VERSIONS["python"]
    stages = (
        Stage(
            name="dependencies",
            base=BASE,
            about="What the application needs at run time: installed anew only when its manifests change.",
            instructions=_dependencies(target),
        ),
        Stage(
            name="builder",
            base="dependencies",
            about="The application itself.",
            instructions=_builder(target),
        ),
        Stage(
            name="test",
            base="dependencies",
            about="Everything that the tests need: docker build --target test",
            instructions=_test(target),
        ),
    )
    return Recipe(
        bases=(Base(name=BASE, image=pins.image(f"python:{version}-slim")),),
        stages=stages,
        base=BASE,
        production=_production(target),
        start=target.start,
        client="python",
    )


def _dependencies(target: Target) -> tuple[Instruction, ...]:
    manager = target.unit.manager
    program = f'python -m pip install "{manager}=={PROGRAMS[manager]}"' if manager in PROGRAMS else None
    settings = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "VIRTUAL_ENV": VENV, **SETTINGS.get(manager, {})}
    if target.application.has("version-from-history"):
        settings |= WITHOUT_HISTORY
    return (
        Workdir(path=target.folder),
        Env(values=settings),
        *ran(program, f"python -m venv {VENV}", caches=(PIP_CACHE,) if program else ()),
        SearchPath(folder=f"{VENV}/bin"),
        *_run_time(target),
    )


def _run_time(target: Target) -> tuple[Instruction, ...]:
    """The layer of what the application imports: the manifests that decide it, then one installation."""
    unit, application = target.unit, target.application
    if install := _INSTALLS.get(unit.manager):
        line = install(unit.lock_file is not None) + WITHOUT_ITSELF[unit.manager]
        return (
            *_manifests(target, application.manifests),
            Run(lines=(line,), caches=(CACHES[unit.manager],)),
        )
    lines = _pip(target, application.requirements, ())
    needed = [path for path in application.manifests if path not in application.for_tests]
    return (*_manifests(target, needed), *ran(*lines, caches=(PIP_CACHE,))) if lines else ()


def _manifests(target: Target, files: Sequence[str]) -> tuple[Copy, ...]:
    """Manifests alone, or everything where one of them speaks of sources beside it."""
    return (everything(),) if target.application.has("installs-from-sources") else copied(target, files)


def _sources(target: Target) -> tuple[Instruction, ...]:
    """Everything, unless the first stage has it already."""
    return () if everything() in _run_time(target) else (everything(),)


_INSTALLS: dict[str, Callable[[bool], str]] = {
    "uv": lambda locked: f"uv sync{' --locked' if locked else ''} --no-dev",
    "poetry": lambda _: "poetry install --no-interaction --only main",
    "pdm": lambda locked: f"pdm install --prod{' --frozen-lockfile' if locked else ''}",
    "pipenv": lambda locked: "pipenv sync" if locked else "pipenv install --skip-lock",
}


def _pip(
    target: Target, requirements: tuple[str, ...], extras: tuple[str, ...], groups: str = ""
) -> list[str]:
    """What pip can install before the project is there: requirements files, and what pyproject.toml lists."""
    words = "".join(f" -r {path}" for path in requirements) + groups
    if _is_listed(target):
        listed = "".join(f", *p['optional-dependencies']['{extra}']" for extra in extras)
        read = "p = tomllib.load(open('pyproject.toml', 'rb'))['project']"
        print_all = f"print(*p.get('dependencies', []){listed}, sep='\\n')"
        first = f'python -c "import tomllib; {read}; {print_all}" > /tmp/listed.txt'
        return [first, f"python -m pip install{words} -r /tmp/listed.txt"]
    return [f"python -m pip install{words}"] if words else []


def _is_listed(target: Target) -> bool:
    """Whether pyproject.toml can be asked for the dependencies. Python reads TOML since 3.11."""
    version = target.unit.newest or DEFAULT_VERSIONS["python"]
    readable = [int(part) for part in version.split(".") if part.isdecimal()] >= [3, 11]
    return readable and target.application.has("listed-dependencies")


def _builder(target: Target) -> tuple[Instruction, ...]:
    cache = CACHES["uv"] if target.unit.manager == "uv" else PIP_CACHE
    return (*arguments(target), *_sources(target), *ran(_itself(target), target.build, caches=(cache,)))


def _itself(target: Target) -> str | None:
    """The project goes into the environment as a package, so that its sources can stay behind."""
    if not target.application.has("packaged"):
        return None
    if target.unit.manager == "uv":
        return _INSTALLS["uv"](target.unit.lock_file is not None) + " --no-editable"
    complete = bool(_run_time(target))
    return f"python -m pip install{' --no-deps' if complete else ''} ."


def _test(target: Target) -> tuple[Instruction, ...]:
    """First a layer that a change of sources leaves alone, then the sources, then what only they allow to install."""
    unit, application = target.unit, target.application
    install, cache = unit.commands.get("install"), CACHES.get(unit.manager, PIP_CACHE)
    apart = install and not unit.own_install and _sources(target)
    lines = _test_layer(target, install) if install and apart else []
    files = [path for path in application.manifests if path in application.for_tests]
    first = (*_manifests(target, files), *ran(*lines, caches=(cache,))) if lines else ()
    late = None if install in lines or (lines and unit.manager == "pipenv") else install
    test = unit.commands.get("test")
    last = (Cmd(argv=process_of(test)),) if test else ()
    return (*first, *_sources(target), *ran(late, caches=(cache,)), *last)


def _test_layer(target: Target, install: str) -> list[str]:
    """The install command, less the project itself; of pip's, what can be installed without it."""
    manager, application = target.unit.manager, target.application
    if manager in WITHOUT_ITSELF and install.startswith(f"{manager} ") and "\n" not in install:
        return [install + WITHOUT_ITSELF[manager]]
    files = tuple(
        path for path in application.manifests if path in (*application.requirements, *application.for_tests)
    )
    groups = "".join(f" --group {group}" for group in application.groups)
    if manager != "pip" or not (groups or application.extras or application.for_tests):
        return []
    if not application.extras and " -e " not in install and "\n" not in install:
        return [install]
    return _pip(target, files, application.extras, groups)


def _production(target: Target) -> tuple[Instruction, ...]:
    application = target.application
    settings = {"PYTHONUNBUFFERED": "1"}
    if not application.has("packaged") and "src" in target.unit.source_paths:
        settings["PYTHONPATH"] = f"{target.folder}/src"
    sources = (
        (Copy(sources=(f"{ROOT}/",), to=f"{ROOT}/", origin="builder"),) if _needs_sources(target) else ()
    )
    return (
        Env(values=settings),
        SearchPath(folder=f"{VENV}/bin"),
        Copy(sources=(VENV,), to=VENV, origin="builder"),
        *sources,
        Workdir(path=target.folder if sources else ROOT),
    )


def _needs_sources(target: Target) -> bool:
    """Whether anything but the environment is needed: what pip installed starts without the repository's files."""
    if not target.application.has("packaged") or target.build:
        return True
    if target.application.has("installs-from-sources") and target.unit.manager != "uv":
        return True  # Only uv is told to copy what it finds there; others may have left a link.
    known = target.start[0] in target.application.programs or target.start[:2] == ("python", "-m")
    return not known and not (target.start[0] in SERVERS and "src" in target.unit.source_paths)
