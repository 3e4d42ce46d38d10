"""A step uses files of the repository before the job has checked it out.

**Why it matters** A job begins in an empty folder: the step fails, or, where an empty folder is fine for it, does
nothing and is green. A cache key of files that are not there is always the same.
**How to fix** Check out first.
**Example** `- run: make test` gets `- uses: actions/checkout@…` before it.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.judge.edits import comment_gap, remove_item, with_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found
from cicd_defs.plan import pins

ABOUT = About(Family.FLOW, Severity.HIGH)

_BRINGS = regex(
    r"\bgit (?:-\S+ \S+ )*(?:clone|init|fetch|pull|checkout|worktree)\b|gh repo (?:clone|create)"
    r"|\bjj git clone|svn (?:co|checkout)\b"
    r"|\btar\b[^\n]*x|\bunzip\b|\b7z x|gh (?:run|release) download|npm (?:init|create|pack)|(?:npx|pnpm"
    r"|yarn|bunx) \S*create|yarn create"
    r"|cargo (?:new|init|generate)|startproject|cookiecutter|copier copy|docker cp|\bcp -\w*r|rsync|degit"
    r"|repo sync|hg clone"
    r"|actions/checkout|mktemp|aws s3 (?:cp|sync)|gsutil"
)
_ACTION_BRINGS = regex(r"checkout|clone|download|artifact|cache/restore|actions/cache|git-|get-repo|sparse")
_BY_FILE: tuple[re.Pattern[str], ...] = tuple(
    map(
        regex,
        (
            r"(?:make|gmake|just|task|rake|mage)(?:\s|$)(?!.*(?:-C|-f|--version|--directory|--file|--help))",
            (
                r"(?:npm|pnpm|yarn)(?: -\S+)* (?:ci|run|test|t|run-script)\b|(?:npm|pnpm|yarn|bun)(?: (?:i"
                r"|install))?(?: -\S+)*$"
            ),
            r"bun (?:run|test|install)\b",
            r"pip3? install (?:.* )?(?:-e \.|--editable \.|\.(?:\[\S*\])?(?:\s|$)|-r \S+|--requirement \S+)",
            r"uv (?:sync|pip install (?:.* )?(?:-e|-r|\.)|run (?!--with|--no-project|--script|https?:)\S)",
            r"(?:poetry|pdm|hatch|pipenv) (?:install|sync|run|build)\b",
            (
                r"(?:tox|nox|pytest|ruff check|ruff format|mypy|flake8|pre-commit run)(?:\s"
                r"|$)(?!.*(?:--version"
                r"|--help|/))"
            ),
            (
                r"cargo (?:\+\S+ )?(?:test|build|check|clippy|fmt|run|nextest|doc|bench|publish"
                r"|package)\b(?!.*--manifest-path)"
            ),
            r"go (?:test|build|vet|generate|mod \w+)\b",
            r"docker (?:buildx )?build\b.{0,1000} \.(?:\s|$)|docker[ -]compose (?:-f \S+ )?(?:up|build|run|pull)\b",
            r"(?:mvn|gradle)\s+\S",
            r"bundle (?:install|exec)\b|composer (?:install|test)\b|dotnet (?:test|build|restore|publish)\b",
            (
                r"(?:bash|sh|zsh|source|\.|python3?|node|ruby|deno run|tsx|perl)(?: -[a-zA-Z]+)* (?:\./)?(?!/"
                r"|https?:|\$|~|\.\./|-)[\w.-]+(?:/[\w.-]+)*\.(?:sh|py|js|mjs|cjs|ts|rb|pl|bash)\b"
            ),
            (
                r"kubectl (?:-\S+ \S+ )*(?:apply|create|replace)\b.{0,1000} -[fk][ =](?!-|https?:|/|\$|~)[\w.]"
                r"|helm (?:-\S+ \S+ )*(?:upgrade|install|lint) (?:.* )?\./?\S+"
            ),
            r"chmod \S+ (?:\./)?(?!/|\$|~|\.\./)[\w.-]+(?:/[\w.-]+)*(?:\s|$)",
            r"terraform (?:init|plan|apply|validate|fmt)\b(?!.*-chdir)|skaffold (?:run|build|deploy)\b",
            r"git (?:-\S+ \S+ )*(?:describe|log|diff|rev-list|ls-files|merge-base|show|shortlog|commit|add|tag)\b",
            r"bazel(?:isk)? (?:--\S+ )*(?:build|test|run|query)\b|cmake (?:-S \.|\.)(?:\s|$)|meson setup\b",
            r"mix (?:deps\.get|test|compile)\b|swift (?:build|test)\b|flutter (?:pub get|test|build)\b|sbt \S",
        ),
    )
)
_OWN_SCRIPT = regex(r"\.?/?(?:\./)?(?:[\w-][\w.-]*/)*[\w.-]+")
_FILE_INPUTS: dict[str, tuple[str, ...]] = {
    "actions/setup-python": ("python-version-file", "cache"),
    "actions/setup-node": ("node-version-file", "cache"),
    "actions/setup-go": ("go-version-file",),
    "actions/setup-java": ("java-version-file", "cache"),
    "actions/setup-dotnet": ("global-json-file",),
    "ruby/setup-ruby": ("bundler-cache",),
    "pre-commit/action": ("",),
    "golangci/golangci-lint-action": ("",),
    "astral-sh/ruff-action": ("",),
}
_WORD = re.compile(r"[\w-][\w./-]*")
_READING = """
cat source . jq yq head tail grep sed awk cp mv wc diff sha256sum xargs shellcheck yamllint hadolint docker envsubst
psql actionlint markdownlint helm
"""
_READERS = frozenset(_READING.split())
"""Programs that are told a file by its path."""
_HASH = regex(r"hashFiles\(")
_MENTION = regex(r"[\w-]+\.\w+|Makefile|Dockerfile|justfile")


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """The first step of each job that needs files which are not there yet."""
    if workflow.kind == "action":
        return
    for job in workflow.jobs:
        found = _first(job, repository)
        if found is not None:
            yield found


def _first(job: WrittenJob, repository: Repository) -> Found | None:
    steps = job.steps
    checkout = next((step for step in steps if step.action == "actions/checkout"), None)
    if checkout is None and (_may_have_files(job) or not _plain_job(job)):
        return None
    written: set[str] = set()
    for step in steps:
        if step is checkout or _brings(step):
            return None
        place = _used(step, written, repository)
        if place is not None:
            start, end, what = place
            edits = _checked_out(step, checkout)
            fix = Fix("Check out first", edits) if edits else None
            message = f"{what} needs files of the repository, which is not checked out yet"
            return Found(step.source, start, end, message, fix)
        if step.run is not None:
            written.update((*_MENTION.findall(step.run.text), *_WORD.findall(step.run.text)))
            if re.search(r"\bcd (?!-)", step.run.text) and checkout is None:
                return None
    return None


def _may_have_files(job: WrittenJob) -> bool:
    """Whether a job may find files without checking out: in its image, or on a machine of one's own."""
    return job.node.get("container") is not None or any(
        not label.text.startswith(("ubuntu", "macos", "windows", "${{")) for label in job.labels
    )


def _plain_job(job: WrittenJob) -> bool:
    """Whether each action of a job is one that surely does not check out."""
    return all(
        not step.action
        or step.action.startswith(
            ("actions/", "./", "docker/", "github/", "astral-sh/", "codecov/", "pnpm/", "ruby/")
        )
        or "setup" in step.action
        or "toolchain" in step.action
        or step.action in _FILE_INPUTS
        for step in job.steps
    )


def _brings(step: WrittenStep) -> bool:
    if step.uses is not None:
        return _ACTION_BRINGS.search(step.action) is not None and not _hashes(step)
    if step.run is not None:
        return _BRINGS.search(step.run.text) is not None
    return bool(step.node.pairs)  # a group of steps, or nothing that can be read


def _hashes(step: WrittenStep) -> bool:
    return any(_HASH.search(node.text) for node in step.inputs.values())


def _used(step: WrittenStep, written: set[str], repository: Repository) -> tuple[int, int, str] | None:
    """Where and by what a step uses files; None where it uses none."""
    if step.condition is not None and "hashFiles" in step.condition.text:
        return None
    if step.uses is not None:
        return _used_by_action(step)
    if step.run is None or step.script is None or step.directory.startswith(("/", "~", "$", "${{")):
        return None
    made = set(written)
    for command in step.commands:
        if command.name in {"cd", "pushd"}:
            return None
        what = _file_command(command.text, command.plain, command.words) or _read(command, repository, made)
        if (
            what
            and not made.intersection(_MENTION.findall(command.text))
            and not _made_for(command.plain, made)
        ):
            start, end = step.place(command.start, command.end)
            return start, end, f"`{what}`"
        told = " ".join((command.text, *command.redirects))
        made.update((*_MENTION.findall(told), *_WORD.findall(told)))
    return None


def _made_for(plain: str, made: set[str]) -> bool:
    """Whether the file that a tool looks for was written before."""
    looked_for = {
        "make": "Makefile", "npm": "package.json", "pnpm": "package.json", "yarn": "package.json", "go": "go.mod",
        "cargo": "Cargo.toml", "docker": "Dockerfile", "just": "justfile", "bun": "package.json",
    }  # fmt: skip
    return looked_for.get(plain.partition(" ")[0], "") in made


def _file_command(text: str, plain: str, words: tuple[str, ...]) -> str | None:
    if not words or len(text) > 2000:
        return None
    first = words[0]
    if first.startswith("./") and _OWN_SCRIPT.fullmatch(first) and "node_modules" not in first:
        return first
    for pattern in _BY_FILE:
        if pattern.match(text) or (
            pattern.match(plain) and not text.startswith(("pipx", "uvx", "npx", "docker"))
        ):
            return " ".join(words[:3])
    return None


def _read(command: Command, repository: Repository, made: set[str]) -> str | None:
    """A command that reads what is a file or a folder of the repository."""
    if command.name not in _READERS:
        return None
    for word in command.words[1:]:
        path = word.strip("\"'").removeprefix("./").rstrip("/")
        if path in made:
            continue
        if path in repository.paths or (command.name == "helm" and f"{path}/Chart.yaml" in repository.paths):
            return f"{command.name} {word}"
    return None


def _used_by_action(step: WrittenStep) -> tuple[int, int, str] | None:
    assert step.uses is not None
    if step.uses.text.strip().startswith("./"):
        return step.uses.start, step.uses.end, f"`{step.uses.text.strip()}`"
    for name in _FILE_INPUTS.get(step.action, ()):
        if not name:
            return step.uses.start, step.uses.end, f"`{step.action}`"
        given = step.inputs.get(name)
        if given is not None and given.text.strip().lower() not in {"", "false"} and "${{" not in given.text:
            return given.start, given.end, f"`{name}`"
    if step.action == "docker/build-push-action" and step.given("context").startswith("."):
        node = step.inputs["context"]
        return node.start, node.end, "`context`"
    for node in step.inputs.values():
        if _HASH.search(node.text):
            return node.start, node.end, "`hashFiles`"
    return None


def _checked_out(step: WrittenStep, checkout: WrittenStep | None) -> tuple[Edit, ...] | None:
    """The later checkout moved before this step; where there is none, or it cannot be moved, a new one."""
    if checkout is None:
        return with_all(_new_checkout(step))
    listed = step.job.node.sequence("steps")
    gone = remove_item(step.source, listed, checkout.node) if listed and checkout.condition is None else None
    begin = step.source.line_start(step.node.start)
    if gone is None or listed is None or listed.flow or step.node.aliased:
        return None
    if step.source.text[begin : step.node.start].strip() != "-":
        return None
    text = step.source.text[gone.start : gone.end]
    if not text.endswith(("\n", "\r")):
        text += step.source.newline
    return Edit(step.source.path, begin, begin, text), gone


def _new_checkout(step: WrittenStep) -> Edit | None:
    """A step that checks out, before this one."""
    source, listed = step.source, step.job.node.sequence("steps")
    if listed is None or listed.flow or listed.aliased or step.node.aliased:
        return None
    begin = source.line_start(step.node.start)
    dash = source.text[begin : step.node.start]
    if dash.strip() != "-" or "\t" in dash:
        return None
    action = pins.used("actions/checkout")
    blanks = " " * len(dash)
    lines = (
        f"{dash}uses: {action.name}@{action.commit}{comment_gap(source)}# {action.version}",
        f"{blanks}with:",
        f"{blanks}  persist-credentials: false",
        "",
    )
    return Edit(source.path, begin, begin, source.newline.join(lines))
