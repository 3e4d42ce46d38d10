"""Which package managers fetch or build a project's dependencies in a job, and whether a cache spares them that.

Bun is not among them: it takes about as long to fetch its packages as to read them back from a cache.

What the setup actions keep by themselves is in their own manuals: `setup-go` from v4 on, `setup-uv` from v5 on,
`setup-node` from v5 on for projects that name their package manager.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Fate
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.judge.repository import Repository

_PATHS = (
    r"(?<!\S)(?:-r|-e|--requirement|--editable)\b"
    r"|\s['\"]?\.{1,2}(?:[/\[]\S*)?['\"]?(?=\s|$)"
)
_CARGO = r"build|b|test|t|clippy|check|c|nextest|doc|bench|llvm-cov|tarpaulin|hack|miri"
_GOALS = r"test|verify|package|install|compile|site|check|integration-test"
_INSTALLS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (manager, regex(pattern))
    for manager, pattern in (
        ("uv", rf"uv (?:-\S+ )*(?:sync\b|pip (?:sync\b|install\b.*(?:{_PATHS})))"),
        (
            "pip",
            rf"(?:\S*python\S* (?:-\S+ )*?-m )?pip[\d.]* (?:-\S+ )*(?:install|wheel|download)\b.*(?:{_PATHS})",
        ),
        ("poetry", r"poetry (?:-\S+ )*(?:install|sync)\b"),
        ("pipenv", r"pipenv (?:-\S+ )*(?:install|sync)\b(?! [a-z])"),
        ("pdm", r"pdm (?:-\S+ )*(?:install|sync)\b"),
        (
            "npm",
            r"npm (?:-\S+ |--prefix \S+ )*(?:ci|clean-install|i|install|install-test|cit|it)\b(?! (?:[^-\s.]|\./))"
            r"(?!.* (?:-g|--global)\b)",
        ),
        ("yarn", r"yarn(?: --?\S+)*$|yarn (?:-\S+ |--cwd \S+ )*install\b"),
        ("pnpm", r"pnpm (?:-\S+ |-C \S+ |--dir \S+ )*(?:i|install|ci)\b(?! [^-\s])"),
        ("go", r"go (?:test|build|vet|mod download|install \./|generate|run \./)|gotestsum\b"),
        ("cargo", rf"cargo (?:\+\S+ )?(?:-\S+ )*(?:{_CARGO})\b"),
        ("maven", rf"(?:\./)?mvnw?(?:\.cmd)?\b.* (?:[\w-]+:)?(?:{_GOALS})\b"),
        ("gradle", r"(?:\./|\S+/)?gradlew?(?:\.bat)? .*\w"),
        ("bundler", r"(?:bundle|bundler) (?:install\b|i\b|--\S+|$)|bundle$"),
        ("composer", r"composer (?:-\S+ )*(?:install|update|i)\b(?! [a-z])"),
        ("nuget", r"dotnet (?:restore|build|test|publish|pack)\b(?!.* --no-restore)"),
        ("mix", r"mix deps\.get\b"),
        ("pub", r"(?:flutter|dart) pub get\b"),
    )
)
LOCKS: dict[str, tuple[str, ...]] = {
    "pip": ("requirements*.txt", "pyproject.toml", "setup.py"),
    "uv": ("uv.lock", "requirements*.txt", "pyproject.toml"),
    "poetry": ("poetry.lock",),
    "pipenv": ("Pipfile.lock",),
    "pdm": ("pdm.lock",),
    "npm": ("package-lock.json", "npm-shrinkwrap.json"),
    "yarn": ("yarn.lock",),
    "pnpm": ("pnpm-lock.yaml",),
    "go": ("go.sum",),
    "cargo": ("Cargo.lock",),
    "maven": ("pom.xml",),
    "gradle": ("*.gradle", "*.gradle.kts"),
    "bundler": ("Gemfile.lock",),
    "composer": ("composer.lock",),
    "nuget": ("packages.lock.json",),
    "mix": ("mix.lock",),
    "pub": ("pubspec.lock",),
}
"""The files that say what is fetched: where a repository has none of them, each run is meant to see what is newest."""

SETUP_OF = {
    "pip": "actions/setup-python",
    "poetry": "actions/setup-python",
    "pipenv": "actions/setup-python",
    "npm": "actions/setup-node",
    "yarn": "actions/setup-node",
    "pnpm": "actions/setup-node",
    "go": "actions/setup-go",
    "maven": "actions/setup-java",
    "gradle": "actions/setup-java",
    "bundler": "ruby/setup-ruby",
    "uv": "astral-sh/setup-uv",
    "pdm": "pdm-project/setup-pdm",
    "nuget": "actions/setup-dotnet",
    "pub": "subosito/flutter-action",
}
"""The action whose `cache` keeps what a package manager fetches."""

_KEEPS: dict[str, tuple[str, ...]] = {
    "actions/setup-python": ("pip", "poetry", "pipenv"),
    "actions/setup-node": ("npm", "yarn", "pnpm"),
    "actions/setup-go": ("go",),
    "actions/setup-java": ("maven", "gradle"),
    "pnpm/action-setup": ("pnpm",),
    "pdm-project/setup-pdm": ("pdm",),
    "actions/setup-dotnet": ("nuget",),
    "subosito/flutter-action": ("pub",),
    "astral-sh/setup-uv": ("uv", "pip"),
}
_KEEP_ALWAYS: dict[str, tuple[str, ...]] = {
    "swatinem/rust-cache": ("cargo",),
    "actions-rust-lang/setup-rust-toolchain": ("cargo",),
    "mozilla-actions/sccache-action": ("cargo",),
    "moonrepo/setup-rust": ("cargo",),
    "gradle/actions/setup-gradle": ("gradle",),
    "gradle/gradle-build-action": ("gradle",),
    "burrunan/gradle-cache-action": ("gradle",),
    "s4u/setup-maven-action": ("maven",),
    "ramsey/composer-install": ("composer",),
    "bahmutov/npm-install": ("npm", "yarn", "pnpm"),
    "golangci/golangci-lint-action": (),
    "magnetikonline/action-golang-cache": ("go",),
}
_PLAIN_SETUPS = frozenset(
    {
        *(
            "actions/setup-python",
            "actions/setup-node",
            "actions/setup-go",
            "actions/setup-java",
            "ruby/setup-ruby",
        ),
        *(
            "astral-sh/setup-uv",
            "pnpm/action-setup",
            "oven-sh/setup-bun",
            "dtolnay/rust-toolchain",
            "actions/setup-dotnet",
        ),
        *(
            "actions-rs/toolchain",
            "snok/install-poetry",
            "shivammathur/setup-php",
            "erlef/setup-beam",
            "subosito/flutter-action",
            "dart-lang/setup-dart",
            "docker/setup-buildx-action",
        ),
        *("docker/setup-qemu-action", "taiki-e/install-action", "azure/setup-helm", "azure/setup-kubectl"),
        *("pdm-project/setup-pdm", "extractions/setup-just", "arduino/setup-protoc", "denoland/setup-deno"),
        *("hashicorp/setup-terraform", "google-github-actions/setup-gcloud", "docker/setup-docker-action"),
    }
)
_MAY_KEEP = regex(r"cache|setup|install|bootstrap|toolchain|prepare|init|nix|mise|devbox|pixi")
_VERSION_IN_COMMENT = regex(r"#.*?\bv?(\d+)(?:\.\d+)*")
_NOT_HOSTED = regex(
    r"(?i)self-hosted|depot-|blacksmith|namespace-|buildjet|warp-|runs-on[=,]|ubicloud|codebuild"
)
_HOSTED = regex(r"(?i)(?:ubuntu|macos|windows)-|\$\{\{")


@dataclass(frozen=True, slots=True)
class Install:
    """The first command of a job that makes a package manager fetch something, and the folder that it runs in."""

    manager: str
    step: WrittenStep
    command: Command
    folder: str


def installs_in(job: WrittenJob) -> Iterator[Install]:
    """What is fetched in a job, one a package manager."""
    seen: set[str] = set()
    for step in job.steps:
        folder = step.directory
        for command in step.commands:
            if command.name == "cd" and len(command.words) > 1:
                folder = moved_to(folder, command.words[1])
            manager = _manager(command)
            if manager is not None and manager not in seen and command.fate is not Fate.TESTED:
                seen.add(manager)
                yield Install(manager, step, command, folder)


def _manager(command: Command) -> str | None:
    words = [word for word in command.words if "=" not in word or word.startswith("-")]
    while words and words[0] in {"sudo", "env", "time", "command", "retry", "nice", "xvfb-run", "corepack"}:
        words = words[1:]
    line = " ".join(words)
    return next((manager for manager, pattern in _INSTALLS if pattern.match(line)), None)


def is_hosted(job: WrittenJob) -> bool:
    """Whether each run gets a new machine of GitHub's: others may keep what was fetched."""
    labels = [label.text for label in job.labels]
    return bool(labels) and all(_HOSTED.search(text) and not _NOT_HOSTED.search(text) for text in labels)


def is_cached(install: Install, job: WrittenJob, repository: Repository) -> bool:
    """Whether something in a job keeps what a package manager fetches, or may do so out of sight."""
    return any(_keeps(step, install.manager, repository) for step in job.steps)


def _keeps(step: WrittenStep, manager: str, repository: Repository) -> bool:
    action = step.action
    if not action:
        return False
    if action.startswith("./"):
        return not _keeps_nothing(action, repository)
    if action in _KEEP_ALWAYS:
        return manager in _KEEP_ALWAYS[action]
    if action == "ruby/setup-ruby":
        return manager == "bundler" and step.given("bundler-cache") not in {"", "false"}
    if action in _PLAIN_SETUPS:
        return manager in _KEEPS.get(action, ()) and _setup_keeps(step, repository)
    return bool(_MAY_KEEP.search(action))


def _setup_keeps(step: WrittenStep, repository: Repository) -> bool:
    name = "enable-cache" if step.action == "astral-sh/setup-uv" else "cache"
    given = step.given(name)
    major = major_of(step)
    if step.action == "actions/setup-go":
        return given != "false" and (major >= 4 or given == "true")
    if step.action == "astral-sh/setup-uv":
        return given != "false" and (bool(given) or major >= 5)
    if step.action == "actions/setup-node" and not given:
        return step.given("package-manager-cache") == "false" or (
            major >= 5 and _names_its_manager(repository)
        )
    return given not in {"", "false"} or (given == "false" and step.action != "pnpm/action-setup")


def major_of(step: WrittenStep) -> int:
    """An action's major version, from its tag or from the comment beside its commit; the newest where none says it."""
    found = re.match(r"v?(\d{1,3})(?:\.|$)", step.version)
    if found is None and step.uses is not None:
        line = step.source.line_text(step.source.position(step.uses.start).line)
        found = _VERSION_IN_COMMENT.search(line)
    return int(found[1]) if found else 99


def _names_its_manager(repository: Repository) -> bool:
    """Whether a `package.json` names the package manager; where only some files are at hand, it may."""
    if not repository.whole:
        return True
    if "package.json" not in repository.paths:
        return False
    try:
        manifest = json.loads(repository.tree.text("package.json") or "{}")
    except ValueError:
        return True
    return isinstance(manifest, dict) and bool(manifest.get("packageManager") or manifest.get("devEngines"))


def _keeps_nothing(action: str, repository: Repository) -> bool:
    """Whether an action of the repository is at hand, and caches nothing."""
    folder = action[2:].rstrip("/")
    paths = [
        path for name in ("action.yml", "action.yaml") if (path := f"{folder}/{name}") in repository.paths
    ]
    text = repository.tree.text(paths[0]) if paths else None
    return text is not None and not re.search(r"cache|setup-go|setup-uv|uses: *\./", text.lower())


def is_of_others(job: WrittenJob) -> bool:
    """Whether a job works on another repository's files, or on the oldest versions that there are."""
    if any(step.action == "actions/checkout" and step.given("repository") for step in job.steps):
        return True
    return any(step.run is not None and "minimal-versions" in step.run.text for step in job.steps)


def has_lock(install: Install, repository: Repository) -> bool:
    """Whether the repository has a file that says what is fetched; counts as there where only some files are."""
    return not repository.whole or bool(locks_of(install.manager, repository))


def locks_of(manager: str, repository: Repository) -> tuple[str, ...]:
    """The paths of the files that say what a package manager fetches."""
    patterns = [re.compile(name.replace(".", r"\.").replace("*", "[^/]*")) for name in LOCKS.get(manager, ())]
    return tuple(
        path
        for path in repository.tree.paths
        if any(pattern.fullmatch(path.rpartition("/")[2]) for pattern in patterns)
    )
