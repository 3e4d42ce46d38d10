"""A job fetches or builds all dependencies anew in each run.

**Why it matters** The same packages come over the network, or through the compiler, in every run of every job.
**How to fix** Turn on the cache of the setup action (`cache: pip`, `cache: npm`), or add a cache step. Jobs that
publish something are better left without: whoever can write to a cache could put code into what is published.
**Example** `actions/setup-node` before `npm ci` gets `cache: npm`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.downloads_cached import (
    SETUP_OF,
    Install,
    has_lock,
    installs_in,
    is_cached,
    is_hosted,
    is_of_others,
    locks_of,
    major_of,
)
from cicd_defs.judge.commands.outgoing import goes_out, is_for_releases, releases_from
from cicd_defs.judge.edits import comment_gap, insert_pair, scalar_text, set_input
from cicd_defs.judge.images.image_builds import builds_in
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.judge.workflows.minutes import WITHOUT_CACHE
from cicd_defs.plan.pins import used as pinned

ABOUT = About(Family.WORK_TWICE, Severity.MEDIUM)

_FREQUENT = frozenset({"push", "pull_request", "merge_group", "workflow_call"})
_COMMENTS = regex(r"(?:^[ \t]*#[^\n]*\n?)+|[ \t]#[^\n]*", re.MULTILINE)
_WITHOUT = regex(
    r"(?i)disabl|turned off|on purpose|deliberate|intention|poison|supply.chain"
    r"|(?:without|no|not|never|n't) (?:\w+ )?cach"
)
_FOLDERS: dict[str, str] = {
    "pip": "~/.cache/pip",
    "uv": "~/.cache/uv",
    "poetry": "~/.cache/pypoetry",
    "pipenv": "~/.cache/pipenv",
    "pdm": "~/.cache/pdm",
    "npm": "~/.npm",
    "yarn": "~/.cache/yarn",
    "pnpm": "~/.local/share/pnpm/store",
    "go": "~/go/pkg/mod",
    "maven": "~/.m2/repository",
    "gradle": "~/.gradle/caches",
    "composer": "~/.cache/composer",
    "nuget": "~/.nuget/packages",
    "mix": "deps",
    "pub": "~/.pub-cache",
}
_HASHED: dict[str, str] = {
    "pip": "**/requirements*.txt', '**/pyproject.toml",
    "uv": "**/uv.lock', '**/requirements*.txt', '**/pyproject.toml",
    "poetry": "**/poetry.lock",
    "pipenv": "**/Pipfile.lock",
    "pdm": "**/pdm.lock",
    "npm": "**/package-lock.json",
    "yarn": "**/yarn.lock",
    "pnpm": "**/pnpm-lock.yaml",
    "go": "**/go.sum",
    "maven": "**/pom.xml",
    "gradle": "**/*.gradle*', '**/gradle-wrapper.properties",
    "composer": "**/composer.lock",
    "nuget": "**/packages.lock.json",
    "mix": "**/mix.lock",
    "pub": "**/pubspec.lock",
}
_VALUES = {"go": "true", "bundler": "true", "uv": "true", "pdm": "true", "nuget": "true", "pub": "true"}
_INPUTS = {"bundler": "bundler-cache", "uv": "enable-cache"}


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Installs of a project's dependencies, in jobs that run often, publish nothing and keep nothing."""
    if not _FREQUENT & set(workflow.events) or is_for_releases(workflow) or releases_from(workflow):
        return
    for job in workflow.jobs:
        if goes_out(job) or not is_hosted(job) or is_of_others(job):
            continue
        for install in installs_in(job):
            if is_cached(install, job, repository) or _is_meant(install, job):
                continue
            if has_lock(install, repository):
                yield _found(install, job, repository)
        yield from _images(job)


def _is_meant(install: Install, job: WrittenJob) -> bool:
    """Whether a comment in the job, before the install, says that it goes without a cache, and why."""
    source = job.file.source
    text = source.text[job.node.start : source.line_end(install.step.node.end)]
    said = (found[0] for found in _COMMENTS.finditer(text) if "cache" in found[0].lower())
    return any(map(_WITHOUT.search, said))


def _found(install: Install, job: WrittenJob, repository: Repository) -> Found:
    start, end = install.step.place(install.command.start, install.command.end)
    edits = _by_setup(install, job, repository) or _by_step(install)
    known = repository.whole and install.manager in SETUP_OF and bool(locks_of(install.manager, repository))
    return Found(
        install.step.source,
        start,
        end,
        f"`{install.manager}` fetches everything anew in each run: nothing in the job `{job.id}` caches it",
        Fix(f"Cache what `{install.manager}` fetches", edits, safe=known) if edits else None,
        minutes=WITHOUT_CACHE[install.manager],
    )


def _by_setup(install: Install, job: WrittenJob, repository: Repository) -> tuple[Edit, ...] | None:
    """The cache of the action that sets the language up, where there is one before the install."""
    name = SETUP_OF.get(install.manager)
    setup = next((step for step in job.steps[: install.step.index + 1] if step.action == name), None)
    if setup is None or (setup.action == "actions/setup-node" and major_of(setup) < 2):
        return None
    key, value = _INPUTS.get(install.manager, "cache"), _VALUES.get(install.manager, install.manager)
    if setup.given(key):
        held = setup.inputs[key]
        turned_off = held.text.strip() == "false" and not held.aliased
        return (Edit(setup.source.path, held.start, held.end, value),) if turned_off else None
    path = _dependency_path(install, repository) if key == "cache" and value != "true" else None
    if path is None:
        return _as_tuple(set_input(setup, key, value))
    lines = [f"{key}: {value}", f"cache-dependency-path: {scalar_text(path)}"]
    return _as_tuple(_with_inputs(setup, lines))


def _as_tuple(edit: Edit | None) -> tuple[Edit, ...] | None:
    return (edit,) if edit else None


def _with_inputs(step: WrittenStep, lines: list[str]) -> Edit | None:
    below = step.node.mapping("with")
    if below is not None and below.pairs:
        return (
            insert_pair(step.source, below, lines, after=below.pairs[-1][0].text) if not below.flow else None
        )
    if "with" in step.node.by_key or step.node.flow:
        return None
    return insert_pair(step.source, step.node, ["with:", *(f"  {line}" for line in lines)], after="uses")


def _dependency_path(install: Install, repository: Repository) -> str | None:
    """The lock file's path where the setup action does not look there by itself."""
    if install.manager in {"maven", "gradle"}:
        return None
    locks = locks_of(install.manager, repository) if repository.whole else ()
    if install.manager == "pip" and any(
        path.endswith(("requirements.txt", "pyproject.toml")) for path in locks
    ):
        return None
    if install.manager in {"pip", "poetry", "pipenv"}:
        return None if not locks or install.manager != "pip" else locks[0]
    if any("/" not in path for path in locks) or not locks:
        return None
    near = [path for path in locks if path.rpartition("/")[0] == install.folder]
    return near[0] if near else locks[0]


def _by_step(install: Install) -> tuple[Edit, ...] | None:
    """A cache step of its own before the install."""
    if install.manager == "cargo":
        known = pinned("Swatinem/rust-cache")
        return _before(
            install.step,
            "Cache what Cargo builds",
            f"{known.name}@{known.commit}{comment_gap(install.step.source)}# {known.version}",
            [],
        )
    folder = _FOLDERS.get(install.manager)
    if folder is None:
        return None
    known = pinned("actions/cache")
    manager = install.manager
    inputs = [
        f"path: {folder}",
        f"key: {manager}-${{{{ runner.os }}}}-${{{{ hashFiles('{_HASHED[manager]}') }}}}",
        f"restore-keys: {manager}-${{{{ runner.os }}}}-",
    ]
    return _before(
        install.step,
        f"Cache what {manager} fetches",
        f"{known.name}@{known.commit}{comment_gap(install.step.source)}# {known.version}",
        inputs,
    )


def _before(step: WrittenStep, name: str, uses: str, inputs: list[str]) -> tuple[Edit, ...] | None:
    listed = step.job.node.sequence("steps")
    source = step.source
    begin = source.line_start(step.node.start)
    dash = source.text[begin : step.node.start]
    if (
        listed is None
        or listed.flow
        or listed.aliased
        or step.node.aliased
        or dash.strip() != "-"
        or "\t" in dash
    ):
        return None
    inner = " " * len(dash)
    lines = [f"{dash}name: {name}", f"{inner}uses: {uses}"]
    if step.condition is not None and step.condition.style not in {"|", ">"} and not step.condition.aliased:
        written = source.text[step.condition.start : step.condition.end]
        lines.insert(1, f"{inner}if: {written}")
    if inputs:
        lines += [f"{inner}with:", *(f"{inner}  {line}" for line in inputs)]
    newline = source.newline
    before = source.text[:begin].rstrip(" \t")
    blank = newline if step.index > 0 and before.endswith(("\n\n", "\n\r\n")) else ""
    return (Edit(source.path, begin, begin, newline.join(lines) + newline + blank),)


def _images(job: WrittenJob) -> Iterator[Found]:
    """Images that are built with BuildKit, whose layers nobody keeps."""
    if any("cache" in step.action for step in job.steps):
        return
    for step in job.steps:
        if (
            step.action != "docker/build-push-action"
            or step.given("cache-from")
            or step.given("no-cache") == "true"
        ):
            continue
        for build in builds_in(step):
            with_buildx = any(one.action == "docker/setup-buildx-action" for one in job.steps)
            edits = _layers_kept(step) if with_buildx else None
            yield Found(
                step.source,
                build.start,
                build.end,
                f"`{step.action}` builds every layer anew in each run: it has no `cache-from`",
                Fix("Keep the layers in the cache", edits) if edits else None,
                minutes=WITHOUT_CACHE["docker"],
            )


def _layers_kept(step: WrittenStep) -> tuple[Edit, ...] | None:
    lines = ["cache-from: type=gha"] + (["cache-to: type=gha,mode=max"] if not step.given("cache-to") else [])
    return _as_tuple(_with_inputs(step, lines))
