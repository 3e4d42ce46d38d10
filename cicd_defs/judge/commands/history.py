"""Whether a job looks at the history of its repository: at more than the commit that it checks out."""

from collections.abc import Iterator

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command
from cicd_defs.facts.shell import moved_to
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.judge.repository import Repository

_HARMLESS = (
    r"config|status|add|commit|ls-files|init|--version|version|submodule|lfs|grep|hash-object|check-ignore|clean|remote"
    r"|rev-parse (?:--short(?:=\d+)? )?(?:HEAD|--show-toplevel)|update-index|apply|diff(?: -[\w=-]+)*(?: --(?: .*)?)?$"
)
_GIT = regex(rf"(?:\S*/)?git(?: (?:-c \S+|-C \S+|--\S+))* (?!(?:{_HARMLESS})(?:\s|$))")
_GIT_IN_FILES = regex(
    r"\bgit['\", ]+(?:-\S+[ ,'\"]+)*(?:describe|log|rev-list|shortlog|merge-base|blame|tag|for-each-ref|name-rev|diff"
    r"|cherry|show|rev-parse|notes|fetch|checkout|worktree|whatchanged|archive|bisect|symbolic-ref|branch|show-ref"
    r"|cat-file)\b"
)
_SIGNS = (
    *("gitpython", "simple-git", "go-git", "pygit2", "jgit", "libgit2", "git2", "axion", "nebula.release"),
    *("git-commit-id", "reckon", "gitversion", "setuptools_scm", "setuptools-scm", "hatch-vcs", "versioneer"),
    *("dynamic-versioning", "vergen", "shadow-rs", "built::", "nbgv", "minver", "shipkit", "jreleaser"),
    *(
        "auto-version",
        "palantir",
        "grgit",
        "git-version",
        "jgitver",
        "lastUpdated",
        "LastUpdate",
        "enableGitInfo",
    ),
)
"""What stands in the files of a project that looks at its own history."""


def _speaks_of_history(text: str) -> bool:
    return ("git" in text and bool(_GIT_IN_FILES.search(text))) or any(sign in text for sign in _SIGNS)


_TOOLS = regex(
    r"\b(?:goreleaser|semantic-release|changeset|changesets|lerna|nx|turbo|commitlint|committed|convco|cocogitto|cog"
    r"|commitizen|cz|git-cliff|cliff|standard-version|release-it|release-plz|release-please|auto|np|bumpversion"
    r"|bump-my-version|bump2version|tbump|towncrier|dunamai|setuptools[-_]scm|hatch version|mkdocs|mike|sphinx-build"
    r"|hugo|vitepress|docusaurus|antora|jekyll|starlight|asv|diff-cover|diff-quality|gitversion|nbgv|minver|svu"
    r"|gitleaks|trufflehog|ggshield|detect-secrets|git-secrets|gitlint|danger|sonar\S*|codecov|ct|cargo release"
    r"|semver-checks|licensebat|reuse|addlicense|git-chglog|changie|knope|cruft|copier|bencher|critcmp|benchstat|apidiff"
    r"|buf breaking|oasdiff|darker|lint-staged|shipkit|jreleaser|axion|scmVersion|gh)\b"
    r"|--from-ref|--changed|--since|--affected|\baffected\b|origin/|HEAD[~^]|new-from-rev|github\.event\.before|base\.sha|base_ref"
)
_ACTIONS = regex(
    r"changed|paths-filter|goreleaser|release|changeset|sonar|gitleaks|trufflehog|gitguardian|codecov|qlty|codeclimate"
    r"|coverall|codacy|mkdocs|pages|netlify|vercel|lerna|nx-|/nx|turbo|chroma|commit|conventional|version|semver|tag"
    r"|changelog|cliff|pull-request|pr-|backport|merge|rebase|sync|mirror|push(?!-action$)|heroku|deploy|build-and-inspect"
    r"|cibuildwheel|pre-commit|prek|linter|danger|reviewdog|diff|compare|bench|codspeed|blame|docs|snapshot|codex|claude"
    r"|agent|reuse|license|scorecard|fossa|qodana|detekt|secret|chart-testing|chart-releaser|git-|/git|history|publish"
    r"|zizmor|checkout-python-sdist|subtree|homebrew|buf-|breaking|api-|translation|crowdin|copier|submit|kics|codeql"
)
_OF_TAGS = regex(
    r"setuptools[-_]scm|hatch-vcs|versioneer|dynamic-versioning|versioningit|source\s*=\s*[\"']scm[\"']|flit[-_]scm|dunamai"
    r"|vcs-versioning|\bpbr\b|setuptools-git|version.{0,1000}\bgit\b|incremental"
)
_PYTHON = regex(
    r"\b(?:pip|uv|python\S*|tox|nox|hatch|poetry|pdm|pipenv|pytest|build|maturin|docker|conda|pixi|invoke)\b"
)
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_RUNNERS = {
    "make": ("Makefile", "makefile", "GNUmakefile", "Makefile.am"),
    "gmake": ("Makefile", "GNUmakefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml"),
    "tox": ("tox.ini", "setup.cfg", "pyproject.toml"),
    "nox": ("noxfile.py",),
    "hatch": ("pyproject.toml", "hatch.toml"),
    "invoke": ("tasks.py",),
    "inv": ("tasks.py",),
    "rake": ("Rakefile",),
    "mage": ("magefile.go", "Magefile.go"),
    "cargo": ("build.rs", "Cargo.toml", "Makefile.toml"),
    "npm": ("package.json",),
    "pnpm": ("package.json",),
    "yarn": ("package.json",),
    "bun": ("package.json",),
    "npx": ("package.json",),
    "mvn": ("pom.xml",),
    "mvnw": ("pom.xml",),
    "gradle": ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"),
    "gradlew": ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"),
    "docker": ("Dockerfile", "docker-bake.hcl", "docker-compose.yml"),
    "pre-commit": (".pre-commit-config.yaml",),
}
_NAMED_FILE = regex(
    r"[\w./-]+\.(?:sh|bash|py|m?js|cjs|ts|mk|rb|pl|gradle|ps1|kts)\b|(?:scripts?|ci|bin|hack)/[\w./-]+"
)
_WORDS = regex(r"[\w./-]{4,200}")
_ENDS = (".sh", ".bash", ".py", ".js", ".mjs", ".cjs", ".ts", ".mk", ".rb", ".pl", ".gradle", ".kts", ".ps1")
_SCRIPT_FOLDERS = (
    "script/",
    "scripts/",
    "ci/",
    "bin/",
    "hack/",
    "./scripts/",
    "./script/",
    "./ci/",
    "./bin/",
    "./hack/",
)
_OF_JAVA = regex(
    r"^(?:[^/]+/){0,4}(?:[\w.-]+\.gradle(?:\.kts)?|libs\.versions\.toml|pom\.xml|gradle\.properties)$"
)
_MOST_FILES = 150


def looks_at_history(job: WrittenJob, repository: Repository) -> bool:
    """Whether something in a job may need more than one commit. What cannot be looked into may."""
    reader = _Reader(repository)
    return any(reader.of_step(step) for step in job.steps) or _builds_with_tags(job, repository)


def _builds_with_tags(job: WrittenJob, repository: Repository) -> bool:
    """Whether a package takes its version from tags, and the job has to do with packages."""
    if not any(step.run and _PYTHON.search(step.run.text) for step in job.steps):
        return False
    for path in repository.tree.paths:
        if path.count("/") <= 2 and path.rpartition("/")[2] in _PROJECT_FILES:
            text = repository.tree.text(path)
            if text and _OF_TAGS.search(text):
                return True
    return False


class _Reader:
    """Reads a job's steps, and the files of the repository that they run, each once."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.seen: set[str] = set()

    def of_step(self, step: WrittenStep) -> bool:
        """Whether a step may look at the history."""
        if step.uses is not None:
            return self._of_action(step)
        if step.run is None:
            return False
        if step.script is None:
            return _speaks_of_history(step.run.text) or bool(_TOOLS.search(step.run.text))
        if _TOOLS.search(step.run.text):
            return True
        return any(self._of_command(step, command) for command in step.commands)

    def _of_action(self, step: WrittenStep) -> bool:
        if step.action == "actions/checkout":
            return False
        if not step.action.startswith("./"):
            given = " ".join(node.text for node in step.inputs.values())
            return bool(_ACTIONS.search(step.action) or _GIT.search(given) or _TOOLS.search(given))
        folder = step.action[2:].rstrip("/")
        files = [path for path in self.repository.tree.paths if path.startswith(f"{folder}/")]
        return not files or any(self._of_file(path) for path in files[:20])

    def _of_command(self, step: WrittenStep, command: Command) -> bool:
        words = " ".join(command.words)
        if command.name == "git":
            return bool(_GIT.match(words))
        if not command.words or command.words[0].startswith(("${{", "$")):
            return bool(command.words)  # nobody knows which program this is
        folder = step.directory
        runner = next((word for word in command.words[:6] if word.rpartition("/")[2] in _RUNNERS), None)
        if runner is not None and self._of_runner(runner.rpartition("/")[2], folder):
            return True
        named = [word for word in command.words[:8] if "/" in word or _NAMED_FILE.fullmatch(word)]
        return any(self._of_word(word, folder) for word in named)

    def _of_runner(self, name: str, folder: str) -> bool:
        if not self.repository.whole:
            return True
        places = {moved_to(where, file) for where in {folder, "."} for file in _RUNNERS[name]}
        if name in {"gradle", "gradlew", "mvn", "mvnw"}:
            places |= {path for path in self.repository.tree.paths if _OF_JAVA.search(path)}
        return any(self._of_file(path) for path in places)

    def _of_word(self, word: str, folder: str) -> bool:
        if "://" in word or "$" in word:
            return False
        path = moved_to(folder, word.strip("\"'"))
        is_script = bool(_NAMED_FILE.fullmatch(word)) or word.startswith("./")
        if not self.repository.whole:
            return is_script
        return self._of_file(path)

    def _of_file(self, path: str) -> bool:
        """Whether a file of the repository, or one that it names, speaks of the history."""
        if path in self.seen or path not in self.repository.paths or len(self.seen) > _MOST_FILES:
            return False
        self.seen.add(path)
        text = self.repository.tree.text(path)
        if text is None or len(text) > 300_000:
            return True
        if _speaks_of_history(text):
            return True
        return any(self._of_file(named) for named in self._named_in(text, path))

    def _named_in(self, text: str, path: str) -> Iterator[str]:
        folder = path.rpartition("/")[0] or "."
        for word in dict.fromkeys(_WORDS.findall(text)):
            if word.endswith(_ENDS) or word.startswith(_SCRIPT_FOLDERS):
                yield moved_to(".", word)
                yield moved_to(folder, word)
