"""The Dockerfiles of Go and Rust applications: one program, and a small system to run it in."""

from posixpath import basename

from cicd_defs.facts.application import SHELL, process_of
from cicd_defs.plan import pins
from cicd_defs.plan.containers import Base, Cmd, Copy, Env, Instruction, Stage, Workdir
from cicd_defs.plan.dockerfile_parts import ROOT, Recipe, Target, Unfit, arguments, copied, everything, ran

ALPINE = "alpine:3.22"
DEBIAN = "debian:bookworm-slim"
PROGRAMS = "/usr/local/bin"
BUILDS = "/root/.cache/go-build"
RUNTIME = "runtime"


def _started(target: Target) -> tuple[dict[str, str], tuple[str, ...]]:
    """The programs to build, and the process that starts one of them.

    What is declared may call the program by its name, by a path, or by `go run` and `cargo run`; where there is but
    one program it gets the name that it is called by.
    """
    programs, (word, *rest) = target.application.programs, target.start
    if not programs:
        raise Unfit("no Dockerfile is written: it has no program, as a library has none")
    if word == SHELL:
        return programs, target.start
    if word in {"go", "cargo"} and rest[:1] == ["run"]:
        word, rest = _run(programs, rest[1:])
    name = basename(word)
    if name in programs:
        return {name: programs[name]}, (f"{PROGRAMS}/{name}", *rest)
    if len(programs) == 1:
        return {name: next(iter(programs.values()))}, (f"{PROGRAMS}/{name}", *rest)
    raise Unfit(
        f"no Dockerfile is written: it has several programs ({', '.join(sorted(programs))}) and none is `{name}`"
    )


def _run(programs: dict[str, str], words: list[str]) -> tuple[str, list[str]]:
    """The program and its words behind `go run PACKAGE` or `cargo run --bin NAME -- WORDS`."""
    own, _, after = (
        (words, "", [])
        if "--" not in words
        else (words[: words.index("--")], "", words[words.index("--") + 1 :])
    )
    for position, word in enumerate(own):
        name = next((name for name, package in programs.items() if word in {name, package}), "")
        if name:
            return name, [*own[position + 1 :], *after]
    return (next(iter(programs)) if len(programs) == 1 else "run"), after


def go_recipe(target: Target) -> Recipe:
    """A Dockerfile for a Go module: a static program in Alpine, or one with C in Debian."""
    programs, start = _started(target)
    cgo = target.application.has("cgo")
    version = target.unit.newest or ""
    tag = f"{version if version[:1].isdecimal() else '1'}-{'bookworm' if cgo else 'alpine'}"
    stages = (
        Stage(
            name="dependencies",
            base="golang",
            about="The modules: downloaded anew only when go.mod or go.sum changes.",
            instructions=_go_dependencies(target),
        ),
        Stage(
            name="builder",
            base="dependencies",
            about="The program.",
            instructions=_go_builder(target, programs),
        ),
        Stage(
            name="test",
            base="dependencies",
            about="Everything that the tests need: docker build --target test",
            instructions=_test(target),
        ),
    )
    return Recipe(
        bases=(
            Base(name="golang", image=pins.image(f"golang:{tag}")),
            Base(name=RUNTIME, image=pins.image(DEBIAN if cgo else ALPINE)),
        ),
        stages=stages,
        base=RUNTIME,
        production=_programs(programs),
        start=start,
        client="bash" if cgo else "wget",
    )


def _go_dependencies(target: Target) -> tuple[Instruction, ...]:
    settings = Env(values={"CGO_ENABLED": "1" if target.application.has("cgo") else "0"})
    first = (Workdir(path=target.folder), settings)
    if target.application.has("vendored"):
        return first
    # Into the layer and not into a cache: the test image has to have them.
    return (*first, *copied(target, target.application.manifests), *ran("go mod download"))


def _go_builder(target: Target, programs: dict[str, str]) -> tuple[Instruction, ...]:
    flags = '-trimpath -ldflags="-s -w"'
    builds = [f"go build {flags} -o {PROGRAMS}/{name} {package}" for name, package in programs.items()]
    return (*arguments(target), everything(), *ran(target.build, *builds, caches=(BUILDS,)))


def rust_recipe(target: Target) -> Recipe:
    """A Dockerfile for a crate or a workspace: a program in the Debian that it was built on."""
    programs, start = _started(target)
    version = target.unit.newest or "stable"
    if version.startswith(("nightly", "beta")):
        raise Unfit(f"no Dockerfile is written: there is no image of Rust's {version}")
    tag = f"{version if version[:1].isdecimal() else '1'}-slim-bookworm"
    stages = (
        Stage(
            name="dependencies",
            base="rust",
            about="The crates: downloaded anew only when Cargo's files change.",
            instructions=_rust_dependencies(target),
        ),
        Stage(
            name="builder",
            base="dependencies",
            about="The program.",
            instructions=_rust_builder(target, programs),
        ),
        Stage(
            name="test",
            base="dependencies",
            about="Everything that the tests need: docker build --target test",
            instructions=_test(target, f"cargo fetch{_locked(target)}" if _fetches_late(target) else None),
        ),
    )
    return Recipe(
        bases=(
            Base(name="rust", image=pins.image(f"rust:{tag}")),
            Base(name=RUNTIME, image=pins.image(DEBIAN)),
        ),
        stages=stages,
        base=RUNTIME,
        production=_programs(programs),
        start=start,
        client="bash",
    )


def _locked(target: Target) -> str:
    return " --locked" if target.unit.lock_file else ""


def _fetches_late(target: Target) -> bool:
    return target.application.has("installs-from-sources") or not target.application.manifests


def _rust_dependencies(target: Target) -> tuple[Instruction, ...]:
    if _fetches_late(target):
        return (Workdir(path=target.folder),)
    # Cargo reads no manifest without a program beside it, so there is one until the sources come.
    return (
        Workdir(path=target.folder),
        *copied(target, target.application.manifests),
        *ran("mkdir src", "echo 'fn main() {}' > src/main.rs", f"cargo fetch{_locked(target)}", "rm -r src"),
    )


def _rust_builder(target: Target, programs: dict[str, str]) -> tuple[Instruction, ...]:
    built = f"{target.folder}/target"
    names = list(programs)
    whose = "".join(f" --package {package}" for package in dict.fromkeys(programs.values()) if package)
    # Under the name it is called by; Cargo knows it by the one in its manifest.
    known = [name for name in names if name in target.application.programs] or list(
        target.application.programs
    )
    binaries = "".join(f" --bin {name}" for name in known)
    copies = [f"cp target/release/{one} {PROGRAMS}/{name}" for one, name in zip(known, names, strict=True)]
    return (
        *arguments(target),
        everything(),
        *ran(
            target.build, f"cargo build --release{_locked(target)}{whose}{binaries}", *copies, caches=(built,)
        ),
    )


def _test(target: Target, fetch: str | None = None) -> tuple[Instruction, ...]:
    test = target.unit.commands.get("test")
    last = (Cmd(argv=process_of(test)),) if test else ()
    return (everything(), *ran(fetch), *last)


def _programs(programs: dict[str, str]) -> tuple[Instruction, ...]:
    files = tuple(f"{PROGRAMS}/{name}" for name in programs)
    return (Workdir(path=ROOT), Copy(sources=files, to=f"{PROGRAMS}/", origin="builder"))
