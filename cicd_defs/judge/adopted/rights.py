"""What a job's steps need of its token, for anybody's actions, as far as their documentation says.

An action that is not in the table, a command that is handed the token, and a called workflow make it unsure.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.workflow import WrittenJob, WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Mapping, Node, Scalar, scalars
from cicd_defs.judge.commands.called_scripts import Read, texts_called
from cicd_defs.plan.token_needs import NEEDS

Rights = dict[str, str]
"""Scope to access."""

WRITERS: dict[str, Rights] = {
    "actions/attest": {"attestations": "write", "id-token": "write"},
    "actions/attest-build-provenance": {"attestations": "write", "id-token": "write"},
    "actions/dependency-review-action": {"contents": "read"},
    "actions/deploy-pages": {"pages": "write", "id-token": "write"},
    "actions/first-interaction": {"issues": "write", "pull-requests": "write"},
    "actions/labeler": {"contents": "read", "pull-requests": "write"},
    "actions/stale": {"issues": "write", "pull-requests": "write"},
    "amannn/action-semantic-pull-request": {"pull-requests": "read"},
    "dessant/lock-threads": {"issues": "write", "pull-requests": "write", "discussions": "write"},
    "dorny/paths-filter": {"pull-requests": "read"},
    "github/codeql-action/analyze": {"security-events": "write", "actions": "read", "contents": "read"},
    "github/codeql-action/autobuild": {"security-events": "write", "actions": "read", "contents": "read"},
    "github/codeql-action/init": {"security-events": "write", "actions": "read", "contents": "read"},
    "github/codeql-action/upload-sarif": {"security-events": "write", "actions": "read", "contents": "read"},
    "googleapis/release-please-action": {"contents": "write", "issues": "write", "pull-requests": "write"},
    "jamesives/github-pages-deploy-action": {"contents": "write"},
    "ncipollo/release-action": {"contents": "write"},
    "peaceiris/actions-gh-pages": {"contents": "write"},
    "release-drafter/release-drafter": {"contents": "write", "pull-requests": "write"},
    "softprops/action-gh-release": {"contents": "write"},
}
"""Action to what its documentation asks for."""

HARMLESS = frozenset(
    {name.lower() for name, needs in NEEDS.items() if not needs}
    | {
        "actions/setup-dotnet",
        "actions/upload-pages-artifact",
        "actions/cache/restore",
        "actions/cache/save",
        "aquasecurity/trivy-action",
        "baptiste0928/cargo-install",
        "browser-actions/setup-chrome",
        "bufbuild/buf-setup-action",
        "codspeedhq/action",
        "crate-ci/typos",
        "denoland/setup-deno",
        "docker/bake-action",
        "docker/setup-compose-action",
        "docker/setup-docker-action",
        "dtolnay/install",
        "dtolnay/rust-toolchain",
        "erlef/setup-beam",
        "extractions/setup-just",
        "goto-bus-stop/setup-zig",
        "gradle/actions/setup-gradle",
        "gradle/actions/wrapper-validation",
        "graalvm/setup-graalvm",
        "hadolint/hadolint-action",
        "hashicorp/setup-terraform",
        "helm/kind-action",
        "hynek/build-and-inspect-python-package",
        "ilammy/msvc-dev-cmd",
        "j178/prek-action",
        "jdx/mise-action",
        "lukka/get-cmake",
        "mlugg/setup-zig",
        "nick-fields/retry",
        "pdm-project/setup-pdm",
        "pnpm/action-setup",
        "pre-commit/action",
        "psf/black",
        "pypa/cibuildwheel",
        "pyo3/maturin-action",
        "re-actors/alls-green",
        "ruby/setup-ruby",
        "shivammathur/setup-php",
        "supercharge/redis-github-action",
        "taiki-e/cache-cargo-install-action",
        "taiki-e/install-action",
        "taiki-e/setup-cross-toolchain-action",
        "tj-actions/changed-files",
        "conda-incubator/setup-miniconda",
        "mamba-org/setup-micromamba",
        "cachix/install-nix-action",
        "mozilla-actions/sccache-action",
        "azure/setup-helm",
        "azure/setup-kubectl",
        "actions/setup-ruby",
        "cypress-io/github-action",
        "microsoft/setup-msbuild",
        "msys2/setup-msys2",
        "vmactions/freebsd-vm",
    }
)
"""Actions that use the token for nothing, or to read what is public."""

_TOKEN = regex(
    r"(?i)\bgithub\s*\.\s*token\b|\bsecrets\s*\.\s*github_token\b|\bgithub\s*\[|\btoJSON\(\s*(?:github|secrets)\s*\)"
)
_OF_GH: tuple[tuple[re.Pattern[str], Rights], ...] = (
    (
        regex(r"issue (?:close|comment|create|delete|edit|lock|pin|reopen|unlock|unpin)"),
        {"issues": "write"},
    ),
    (regex(r"issue (?:list|status|view)"), {"issues": "read"}),
    (regex(r"pr (?:close|comment|edit|lock|ready|reopen|review|unlock)"), {"pull-requests": "write"}),
    (regex(r"pr (?:create|merge)"), {"contents": "write", "pull-requests": "write"}),
    (regex(r"pr (?:checkout|diff|list|status|view)"), {"contents": "read", "pull-requests": "read"}),
    (regex(r"release (?:create|delete|delete-asset|edit|upload)"), {"contents": "write"}),
    (regex(r"release (?:download|list|view)"), {"contents": "read"}),
    (
        regex(r"(?:run (?:cancel|delete|rerun)|workflow (?:disable|enable|run)|cache delete)"),
        {"actions": "write"},
    ),
    (
        regex(r"(?:run (?:download|list|view|watch)|workflow (?:list|view)|cache list)"),
        {"actions": "read"},
    ),
)
"""What each command of GitHub's own program needs: https://cli.github.com/manual/"""

_USED = regex(r"\$\{?(?:GH|GITHUB)_TOKEN|\bgit\b|\bcurl\b")
_QUIET = frozenset(
    {
        "echo",
        "printf",
        "jq",
        "grep",
        "sed",
        "awk",
        "cut",
        "tr",
        "sort",
        "head",
        "tail",
        "cat",
        "test",
        "[",
        "[[",
        "set",
    }
    | {"date", "sleep", "exit", "mkdir", "cp", "mv", "rm", "ls", "tee", "wc", "true", "read", "local"}
)
"""Programs that do nothing with a token that they find among the variables."""

_PUSH = regex(
    r"\bgit\b[^\n|;&]*\bpush\b|\bgh-deploy\b|\bmike deploy\b[^\n]*--push|\bghp-import\b[^\n]* (?:-\w*p|--push)"
    r"|\bsemantic-release\b|\blerna (?:publish|version)\b|\bgh-pages (?:-d|--dist)\b"
)
_WRITES = regex(
    r"/(?:.*\b|.*_)?(?:add|approve|approver|assign|assigner|assignees?|autofix|automerge|backport|badge|bump|changelog|cherry"
    r"|close|closer|commit|comment|commenter|create|delete|deploy|greet|greeting|label|labeler|labels|lock|merge|milestone"
    r"|pages|project|publish|pull-request|push|reaction|release|releaser|review|reviewers?|stale|status|sticky|sync|tag"
    r"|triage|update|upsert|welcome|cla|cla-assistant)(?:\b|_)",
)


_NEEDED = "what a job needs of the token"


class Needed(NamedTuple):
    """What a job needs. `sure`: nothing in it is unknown. `handed`: something unknown is handed the token.

    `by_words`: a script uses the token for what its commands say, which may depend on what they are about.
    """

    rights: Rights
    sure: bool
    handed: bool
    by_words: bool = False

    @property
    def is_safe(self) -> bool:
        """Whether a job surely gets along with these rights."""
        return self.sure and not self.by_words


def needed_by(
    job: WrittenJob,
    read: Read = lambda _: None,
    workflow: Callable[[str], WrittenWorkflow | None] = lambda _: None,
) -> Needed:
    """What a job's steps need of the token, or those of the workflow that it calls.

    `read` gives the text of a file of the repository, since a script may push; `workflow` one of its workflows.
    """
    if _NEEDED not in job.notes:
        job.notes[_NEEDED] = _needed_by(job, read, workflow)
    needed: Needed = job.notes[_NEEDED]
    return needed


def _needed_by(job: WrittenJob, read: Read, workflow: Callable[[str], WrittenWorkflow | None]) -> Needed:
    if job.uses is not None:
        path = job.uses.text.strip()
        called = workflow(path.removeprefix("./")) if path.startswith("./") else None
        return _of_called(called, read) if called else Needed({}, False, True)
    rights: Rights = {}
    by_words = False
    sure, handed = True, _mentions(job.node.get("env")) or _mentions(job.file.root.get("env"))
    for step in job.steps:
        known = _of_step(step, read)
        if known is None:
            sure = False
            handed = handed or _mentions(step.node) or _says_that_it_writes(step)
            continue
        by_words = by_words or (step.run is not None and _mentions(step.node))
        for scope, access in known.items():
            rights[scope] = "write" if "write" in {access, rights.get(scope)} else access
    return Needed(dict(sorted(rights.items())), sure and not handed, handed, by_words)


def _of_called(called: WrittenWorkflow, read: Read) -> Needed:
    """What the jobs of a called workflow need: they can have no more than the job that calls it."""
    rights: Rights = {}
    sure, by_words = True, False
    for job in called.jobs:
        own = job.node.get("permissions") or called.root.get("permissions")
        if isinstance(own, Mapping):
            held = {key.text: node.text for key, node in own.pairs if isinstance(node, Scalar)}
        elif own is None and job.uses is None:
            needed = needed_by(job, read)
            held, sure, by_words = needed.rights, sure and needed.sure, by_words or needed.by_words
            if needed.handed:
                return Needed({}, False, True)
        else:
            return Needed({}, False, True)
        for scope, access in held.items():
            if access != "none" and rights.get(scope) != "write":
                rights[scope] = access
    return Needed(dict(sorted(rights.items())), sure, False, by_words)


def _says_that_it_writes(step: WrittenStep) -> bool:
    """Whether an action changes something on GitHub by its name, and gets no other token than the job's for it."""
    given = any("token" in name and "${{" in value.text for name, value in step.inputs.items())
    return not given and bool(_WRITES.search(step.action))


def _of_step(step: WrittenStep, read: Read) -> Rights | None:
    """What one step needs; None where nobody knows."""
    if step.run is not None:
        if _mentions(step.node):
            return _of_gh(step)
        pushes = any(_PUSH.search(text) for text in texts_called(step, read))
        return {"contents": "write"} if pushes else {}
    action = step.action
    if action == "actions/checkout":
        return {"contents": "read"}
    if action in WRITERS:
        return WRITERS[action]
    if action == "docker/login-action" and step.given("registry") == "ghcr.io" and _mentions(step.node):
        return {"packages": "write"}
    return {} if action in HARMLESS and not _grants(step) else None


def _of_gh(step: WrittenStep) -> Rights | None:
    """What a script needs that is handed the token as a variable, where only `gh` can use it; else None."""
    rights: Rights = {}
    if step.run is None or _TOKEN.search(step.run.text) or _USED.search(step.run.text) or step.script is None:
        return None
    for command in step.commands:
        if command.name == "gh":
            told = next(
                (needs for form, needs in _OF_GH if form.fullmatch(" ".join(command.words[1:3]))), None
            )
            if told is None:
                return None
            rights |= {scope: access for scope, access in told.items() if rights.get(scope) != "write"}
        elif command.name not in _QUIET:
            return None
    only_told = all(one.name in {"echo", "printf"} and not one.redirects for one in step.commands)
    return rights if rights or only_told else None


def _grants(step: WrittenStep) -> bool:
    """Whether an action that needs nothing by itself is handed the token, or proves who it is."""
    given = step.node.get("with")
    oidc = step.given("use_oidc") not in {"", "false"} or step.given("push-to-registry") not in {"", "false"}
    return (
        oidc
        or (_mentions(given) and not step.action.startswith(("codecov/", "coverallsapp/")))
        or _mentions(step.node.get("env"))
    )


def _mentions(node: Node | None) -> bool:
    return any(_TOKEN.search(scalar.text) for scalar in scalars(node))
