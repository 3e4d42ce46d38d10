"""The Dockerfile of a Node application: installed with everything, built, then rid of what only building needed."""

from cicd_defs.facts.application import process_of
from cicd_defs.plan import pins, tools
from cicd_defs.plan.containers import Base, Cmd, Copy, Env, Instruction, Stage, Workdir
from cicd_defs.plan.dockerfile_parts import ROOT, Recipe, Target, Unfit, arguments, copied, everything, ran
from cicd_defs.plan.setup import DEFAULT_VERSIONS

BASE, BUN = "node", "bun"
COREPACK = "0.34.7"
"""Its version for images that come without it."""

FIRST_WITHOUT_COREPACK = 25
"""https://nodejs.org/en/blog/release/v25.0.0"""

CACHES = {
    "npm": "/root/.npm",
    "pnpm": "/root/.local/share/pnpm/store",
    "yarn": "/usr/local/share/.cache/yarn",
    "bun": "/root/.bun/install/cache",
}
"""Where each keeps downloads. Yarn 1 has it there as root; later ones are told to."""


def node_recipe(target: Target) -> Recipe:
    """A Dockerfile for what npm, pnpm, yarn and bun install."""
    manager = target.unit.manager
    if manager not in CACHES:
        raise Unfit(f"no Dockerfile is written for what {manager} installs")
    version = target.unit.newest or DEFAULT_VERSIONS["node"]
    image = f"oven/bun:{tools.BUN}-alpine" if manager == "bun" else f"node:{version}-alpine"
    base = BUN if manager == "bun" else BASE
    return Recipe(
        bases=(Base(name=base, image=pins.image(image)),),
        stages=(
            Stage(
                name="dependencies",
                base=base,
                about="Every package: installed anew only when the manifests change.",
                instructions=_dependencies(target, version),
            ),
            Stage(
                name="builder",
                base="dependencies",
                about="The application, built, without what only building needed.",
                instructions=_builder(target),
            ),
            Stage(
                name="test",
                base="dependencies",
                about="Everything that the tests need: docker build --target test",
                instructions=_test(target),
            ),
        ),
        base=base,
        production=_production(target),
        start=("bun", *target.start[1:]) if base == BUN and target.start[0] == "node" else target.start,
        client="bun" if manager == "bun" else "node",
    )


def _cache(target: Target) -> str:
    return CACHES[target.unit.manager]


def _dependencies(target: Target, version: str) -> tuple[Instruction, ...]:
    # Scripts that run at installation may need any file: then no layer is kept apart from the sources.
    whole = target.application.has("installs-from-sources") or not target.application.manifests
    files: tuple[Instruction, ...] = (
        (everything(),) if whole else copied(target, target.application.manifests)
    )
    return (
        Workdir(path=target.folder),
        *_settings(target),
        *files,
        *ran(*_corepack(target, version), target.unit.commands.get("install"), caches=(_cache(target),)),
    )


def _settings(target: Target) -> tuple[Env, ...]:
    manager = target.unit.manager
    if manager == "yarn" and not target.unit.classic_yarn:
        # Packages in node_modules, where every tool finds them; the cache lies in one folder for all.
        cache = {"YARN_ENABLE_GLOBAL_CACHE": "true", "YARN_GLOBAL_FOLDER": CACHES["yarn"]}
        values = {**cache, "YARN_NODE_LINKER": "node-modules"}
        return (Env(values={"COREPACK_ENABLE_DOWNLOAD_PROMPT": "0", **values}),)
    return (Env(values={"COREPACK_ENABLE_DOWNLOAD_PROMPT": "0"}),) if manager == "pnpm" else ()


def _corepack(target: Target, version: str) -> tuple[str, ...]:
    """What brings pnpm and yarn, at the version that package.json names."""
    manager = target.unit.manager
    if manager not in {"pnpm", "yarn"}:
        return ()
    missing = version.isdecimal() and int(version) >= FIRST_WITHOUT_COREPACK
    first = (f"npm install --global corepack@{COREPACK}",) if missing else ()
    return (*first, f"corepack enable {manager}")


def _builder(target: Target) -> tuple[Instruction, ...]:
    build = target.build or target.unit.commands.get("build")
    return (
        *arguments(target),
        everything(),
        *ran(build, *_prune(target), _without_tests(target), caches=(_cache(target),)),
    )


def _prune(target: Target) -> tuple[str, ...]:
    """What takes packages for development out."""
    locked = " --frozen-lockfile" if target.unit.lock_file else ""
    match target.unit.manager:
        case "pnpm":
            return ("CI=true pnpm prune --prod --ignore-scripts",)
        case "bun":
            return ("rm -rf node_modules", f"bun install --production{locked}")
        case "yarn" if target.unit.classic_yarn:
            return (f"yarn install --production --ignore-scripts --prefer-offline{locked}",)
        case "yarn":
            return ("yarn workspaces focus --all --production",)
    return ("npm prune --omit=dev",)


def _without_tests(target: Target) -> str | None:
    """What takes the folders of tests out, which nothing that runs reads; what else is not read, nobody can tell."""
    folders = " ".join(target.application.test_folders)
    return f"rm -rf {folders}" if folders else None


def _test(target: Target) -> tuple[Instruction, ...]:
    test = target.unit.commands.get("test")
    last = (Cmd(argv=process_of(test)),) if test else ()
    return (everything(), *last)


def _production(target: Target) -> tuple[Instruction, ...]:
    return (
        Env(values={"NODE_ENV": "production"}),
        Workdir(path=target.folder),
        Copy(sources=(f"{ROOT}/",), to=f"{ROOT}/", origin="builder"),
    )
