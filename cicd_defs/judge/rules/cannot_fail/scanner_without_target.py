"""A scanner is pointed at a file or folder that the repository does not have.

**Why it matters** Most scanners say nothing of a folder that is not there, and succeed: the code that was moved away is
not looked at any more, and the step stays green.
**How to fix** Point it at where the code is now; at the whole repository where in doubt.
**Example** `bandit -r source` becomes `bandit -r src`.
"""

from collections.abc import Iterator

from cicd_defs.facts.findings import Confidence, Edit, Family, Fix, Severity
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.judge.commands.purposes import purpose_of
from cicd_defs.judge.commands.targets import is_missing, operands
from cicd_defs.judge.edits import edit_script, replace_scalar
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.CANNOT_FAIL, Severity.HIGH, Confidence.MEDIUM)

_SCANNERS: dict[str, frozenset[str]] = {
    "bandit": frozenset(),
    "trivy": frozenset({"fs", "filesystem", "config", "conf", "rootfs", "repo"}),
    "semgrep": frozenset({"scan", "ci"}),
    "checkov": frozenset(),
    "tfsec": frozenset(),
    "gitleaks": frozenset({"detect", "dir", "git", "protect"}),
    "trufflehog": frozenset({"filesystem"}),
    "osv-scanner": frozenset({"scan", "source"}),
    "kubeconform": frozenset(),
    "kube-linter": frozenset({"lint"}),
    "hadolint": frozenset(),
    "grype": frozenset(),
    "gosec": frozenset(),
    "staticcheck": frozenset(),
    "shellcheck": frozenset(),
    "yamllint": frozenset(),
    "mypy": frozenset(),
    "ruff": frozenset({"check", "format"}),
    "flake8": frozenset(),
    "pylint": frozenset(),
    "black": frozenset(),
    "isort": frozenset(),
    "vulture": frozenset(),
    "pyright": frozenset(),
    "eslint": frozenset(),
    "codespell": frozenset(),
    "pytest": frozenset(),
    "pip-audit": frozenset(),
    "safety": frozenset({"check", "scan"}),
    "detect-secrets": frozenset({"scan"}),
    "kics": frozenset({"scan"}),
    "kubesec": frozenset({"scan"}),
    "terrascan": frozenset({"scan"}),
    "ansible-lint": frozenset(),
    "kubeval": frozenset(),
    "snyk": frozenset({"test", "code", "iac"}),
}
_INPUTS: dict[str, tuple[str, ...]] = {
    "aquasecurity/trivy-action": ("scan-ref",),
    "bridgecrewio/checkov-action": ("directory", "file"),
    "aquasecurity/tfsec-action": ("working_directory",),
    "hadolint/hadolint-action": ("dockerfile",),
    "ludeeus/action-shellcheck": ("scandir",),
    "pycqa/bandit-action": ("targets",),
    "anchore/scan-action": ("path",),
    "ibiqlik/action-yamllint": ("file_or_dir",),
    "stackrox/kube-linter-action": ("directory",),
    "astral-sh/ruff-action": ("src",),
    "psf/black": ("src",),
    "golangci/golangci-lint-action": ("working-directory",),
    "codespell-project/actions-codespell": ("path",),
}
_WITH_SUBCOMMAND = frozenset(
    {"trivy", "gitleaks", "trufflehog", "kube-linter", "detect-secrets", "kics", "kubesec", "snyk", "safety"}
)
_WHOLE = frozenset(
    {"bandit", "trivy", "semgrep", "checkov", "gitleaks", "ruff", "flake8", "black", "codespell", "yamllint"}
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Targets that are not there."""
    if not repository.whole or workflow.kind != "workflow":
        return
    for step in workflow.steps:
        if step.run is not None:
            yield from _in_script(repository, step)
        elif step.action in _INPUTS:
            yield from _in_inputs(repository, step)


def _in_script(repository: Repository, step: WrittenStep) -> Iterator[Found]:
    for command in step.commands:
        name = command.plain.partition(" ")[0]
        if name not in _SCANNERS or command.depth or command.function or purpose_of(command) is None:
            continue
        pointed = operands(command, name)
        if name in _WITH_SUBCOMMAND and (not pointed or pointed[0][0] not in _SCANNERS[name]):
            continue
        for word, (start, end) in pointed:
            target = _folder(word.partition("::")[0].removeprefix("dir:"))
            if name == "grype" and not word.startswith("dir:"):
                continue
            if word in _SCANNERS[name] or not is_missing(repository, step, command, target):
                continue
            if name == "pytest" and not (
                "/" in target or target.endswith(".py") or target.startswith("test")
            ):
                continue
            begin, stop = step.place(start, end)
            edit = (
                edit_script(step, start, end, ".")
                if name in _WHOLE and not _others(command.words, word)
                else None
            )
            yield _found(step, name, target, begin, stop, edit)


def _folder(word: str) -> str:
    """The folder before a pattern: `app/**/*.py` is looked for in `app`, and so is `./app/...`."""
    word = word.removesuffix("/...")
    return word.partition("*")[0].rpartition("/")[0] if "*" in word else word


def _others(words: tuple[str, ...], word: str) -> bool:
    return words.count(word) > 1


def _in_inputs(repository: Repository, step: WrittenStep) -> Iterator[Found]:
    for name in _INPUTS[step.action]:
        given = step.inputs.get(name)
        if given is None or not is_missing(repository, step, None, given.text.strip()):
            continue
        if step.action == "aquasecurity/trivy-action" and step.given("scan-type") not in {
            "fs",
            "config",
            "repo",
            "rootfs",
        }:
            continue
        edit = replace_scalar(step.source, given, ".") if name not in {"file", "dockerfile"} else None
        yield _found(step, step.action, given.text.strip(), given.start, given.end, edit)


def _found(step: WrittenStep, name: str, target: str, start: int, end: int, edit: Edit | None) -> Found:
    return Found(
        step.source,
        start,
        end,
        f"`{name}` looks at `{target}`, which the repository does not have",
        Fix("Look at the whole repository", (edit,)) if edit else None,
    )
