"""What a command or an action is for: the pipeline form's kinds, read off anybody's scripts.

The words are those of the pipeline form, so that a rule about flow or repeated work means the same for a workflow
that we planned and for one that we read.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenJob, WrittenStep
from cicd_defs.plan.pipeline import StepKind

CHECKS = frozenset(
    {
        StepKind.LINT,
        StepKind.FORMAT,
        StepKind.TYPECHECK,
        StepKind.TEST,
        StepKind.INTEGRATION,
        StepKind.E2E,
        StepKind.SCAN,
    }
)
"""The kinds of which a failure has to turn a run red."""

_SCRIPT = r"(?:npm|pnpm|yarn|bun|deno task)(?: (?:run|run-script|-\S+(?: (?!run\b)[./@]\S+)?|--prefix \S+|workspace \S+|workspaces))*"
_TASK = r"(?:make|gmake|just|task|invoke|inv|rake|doit|mage)(?: (?:-\S+|\S+=\S*|-C \S+))*"
_ENV = r"(?:tox|nox)(?: (?!-e\b|-s\b|--session)\S+)* (?:-e|-s|--session|--sessions)[ =]?\S*"


def _named(words: str) -> str:
    """A script, task or environment that is called so."""
    return rf"(?:{_SCRIPT}|{_TASK}) (?:[\w.-]+[:/_-])*(?:{words})(?:[:/._-][\w.:-]*)?(?=\s|$)|{_ENV}\b(?:{words})"


_TABLE: tuple[tuple[StepKind, str], ...] = (
    (
        StepKind.SCAN,
        r"bandit\b|safety (?:check|scan)\b|pip-audit\b|detect-secrets(?:-hook)?\b|gitleaks\b|trufflehog\b|trivy\b|grype\b"
        r"|snyk (?:test|code|container|iac)\b|semgrep\b|osv-scanner\b|checkov\b|tfsec\b|govulncheck\b|gosec\b|nancy\b"
        r"|cargo[ -](?:audit|deny|vet)\b|(?:npm|pnpm|yarn|bun)(?: npm)? audit\b|audit-ci\b|zizmor\b|kubesec\b|kube-linter\b"
        r"|bundle[r-]? ?audit\b|brakeman\b|docker scout\b|dockle\b|clair-scanner\b|retire\b|codeql database analyze\b|"
        + _named("security|scan|audit|vuln\\w*"),
    ),
    (
        StepKind.TYPECHECK,
        r"mypy\b|dmypy run\b|pyright\b|basedpyright\b|pyre check\b|pytype\b|ty check\b|tsc\b(?!.* --(?:version|init))|vue-tsc\b|svelte-check\b"
        r"|flow check\b|" + _named("type-?checks?|types?|tsc|mypy|pyright|check-types"),
    ),
    (
        StepKind.FORMAT,
        r"black\b.* --(?:check|diff)\b|ruff format\b.* --(?:check|diff)\b|isort\b.* (?:--check|-c|--check-only|--diff)\b|prettier\b.* (?:--check|-c|-l|--list-different)\b"
        r"|(?:cargo fmt|rustfmt)\b.* --check\b|gofmt -[ld]|gofumpt -[ld]|goimports -[ld]|yapf\b.* (?:-d|--diff)\b|biome (?:ci|format)\b|dprint check\b"
        r"|clang-format\b.* (?:--dry-run|-n|--Werror)|terraform fmt\b.* -check|nixfmt\b.* --check|shfmt -d|"
        + _named("format[-:_]check|fmt[-:_]check|check[-:_]format\\w*|check[-:_]fmt|prettier[-:_]check"),
    ),
    (
        StepKind.LINT,
        r"ruff(?: check)?(?! (?:format|clean|version|--version|rule|config|linter))\b(?! --version)|flake8\b|pylint\b|pycodestyle\b|pydocstyle\b|prospector\b|vulture\b|eslint\b|oxlint\b|biome (?:lint|check)\b"
        r"|stylelint\b|markdownlint\S*|golangci-lint run\b|go vet\b|staticcheck\b|revive\b|cargo clippy\b|hadolint\b|shellcheck\b|yamllint\b|actionlint\b|ansible-lint\b"
        r"|pre-commit run\b|prek run\b|codespell\b|typos\b|commitlint\b|rubocop\b|ktlint\b|detekt\b|checkstyle\b|helm lint\b|kubeconform\b|kubeval\b|buf lint\b|sqlfluff lint\b|djlint\b"
        r"|xo\b|standard\b|import-linter\b|lint-imports\b|lychee\b|vale\b|cspell\b|knip\b|publint\b|attw\b|twine check\b|check-manifest\b|"
        + _named(
            "lints?|linter|eslint|ruff|flake8|pylint|clippy|style|stylecheck|codestyle|check-style|pre-commit"
        ),
    ),
    (
        StepKind.E2E,
        r"playwright test\b|cypress run\b|wdio\b|testcafe\b|detox test\b|"
        + _named("e2e|test-e2e|e2e-test\\w*"),
    ),
    (
        StepKind.TEST,
        r"pytest\b(?!.* --(?:version|collect-only|fixtures))|py\.test\b|unittest\b|nose2\b|nosetests\b|stestr run\b|manage\.py test\b|\S*manage\.py test\b|python\S* \S*manage\.py test\b|behave\b|tox\b(?!.* (?:-l|--listenvs|--version|--notest|devenv))|nox\b(?!.* (?:-l|--list|--version|--install-only))|trial \S|doctest\b"
        r"|jest\b|vitest\b(?! --version)|mocha\b|ava\b|tap\b(?! )|tape\b|karma start\b|node --test\b|node \S*--test\b|deno test\b|bun test\b|c8 \S|nyc \S"
        r"|(?:npm|pnpm|yarn|bun)(?: (?:-\S+|--prefix \S+|workspace \S+))* (?:test|t|tst)\b|(?:npm|pnpm|yarn)(?: -\S+)* run-?s? test\S*"
        r"|go test\b(?!.* -run[ =]['\"]?\^?\$)|gotestsum\b|ginkgo\b|cargo (?:\+\S+ )?(?:test|nextest run|llvm-cov|tarpaulin|miri test|hack\b.* test)\b"
        r"|(?:\./)?(?:mvnw?|mvn\.cmd)\b.* (?:test|verify|install)\b(?!.*-DskipTests)|(?:\./)?gradlew?\b.* \S*(?:[tT]est|check|build)\b|dotnet test\b|phpunit\b|rspec\b|ctest\b|bats\b|helm unittest\b|sbt\b.* test\b|swift test\b|mix test\b|rake test\b|terraform test\b|ct (?:install|lint-and-install)\b|"
        + _named("tests?|unit|unit-?tests?|check|spec|coverage|integration|py\\d*|pypy\\d*|verify"),
    ),
    (
        StepKind.DEPLOY,
        r"kubectl (?:-\S+ \S+ )*(?:apply|replace|set image|rollout restart|create|patch)\b(?!.*--dry-run)|helm (?:-\S+ \S+ )*(?:upgrade|install)\b(?!.*--dry-run)|helmfile (?:apply|sync)\b|skaffold (?:run|deploy)\b"
        r"|terraform apply\b|tofu apply\b|pulumi up\b|cdk deploy\b|sam deploy\b|serverless deploy\b|sls deploy\b|flyctl deploy\b|fly deploy\b|vercel\b.* --prod|netlify deploy\b|firebase deploy\b|wrangler (?:deploy|publish)\b|heroku (?:container:release|deploy)\b"
        r"|gcloud (?:app|run|functions) deploy\b|gcloud run deploy\b|az webapp (?:deploy|up)\b|aws (?:ecs update-service|lambda update-function-code|s3 sync|deploy|cloudformation deploy)\b|eb deploy\b|cap \S+ deploy\b|ansible-playbook\b|argocd app (?:sync|set)\b|docker stack deploy\b|dokku\b|railway up\b|kamal deploy\b|"
        + _named("deploy\\w*|rollout"),
    ),
    (
        StepKind.BUILD,
        r"docker (?:buildx )?build\b|docker buildx bake\b|podman build\b|buildah (?:bud|build)\b|kaniko\b|python\S* -m build\b|build\b(?= |$)|hatch build\b|poetry build\b|uv build\b|flit build\b|cargo build\b|go build\b|goreleaser\b|vite build\b|next build\b|webpack\b|rollup\b|(?:\./)?gradlew?\b.* (?:assemble|jar|bootJar)\b|(?:\./)?mvnw?\b.* package\b|dotnet (?:build|publish)\b|cmake --build\b|skaffold build\b|"
        + _named("build|compile|bundle|dist|package"),
    ),
    (
        StepKind.INSTALL,
        r"pip3? (?:\S+ )*?(?:install|sync)\b|(?:install|sync)\b|pip-sync\b|uv (?:\S+ )*?(?:sync|pip install|pip sync)\b|poetry (?:\S+ )*?(?:install|sync)\b|pdm (?:install|sync)\b|pipenv (?:install|sync)\b|hatch env create\b|conda (?:env )?(?:install|create|update)\b|mamba (?:env )?(?:install|create)\b"
        r"|(?:npm|pnpm)(?: -\S+(?: \S+)?)* (?:ci|i|install|clean-install|add)\b|yarn(?: install| --\S+|$)|bun (?:install|i|add)\b|go (?:mod download|install|get)\b|cargo (?:fetch|install|binstall)\b|bundle install\b|composer install\b|apt(?:-get)? (?:-\S+ )*(?:install|update|upgrade)\b|apk add\b|yum install\b|dnf install\b|brew (?:install|update)\b|choco install\b|rustup\b|corepack enable\b|"
        + _named("install|deps|bootstrap|setup|dependencies"),
    ),
)
_KINDS = tuple((kind, re.compile(rf"(?:{pattern})")) for kind, pattern in _TABLE)
_NOT_A_RUN = re.compile(r"\S+ (?:--version|-V|--help|-h|version|help)$")
_TOOL = re.compile(r"[\w.@/+-]+")

_ACTIONS: dict[str, StepKind] = {
    "actions/checkout": StepKind.CHECKOUT,
    "actions/cache": StepKind.CACHE,
    "actions/cache/restore": StepKind.CACHE,
    "swatinem/rust-cache": StepKind.CACHE,
    "actions/upload-artifact": StepKind.UPLOAD,
    "actions/download-artifact": StepKind.DOWNLOAD,
    "docker/build-push-action": StepKind.BUILD,
    "docker/bake-action": StepKind.BUILD,
    "redhat-actions/buildah-build": StepKind.BUILD,
    "codecov/codecov-action": StepKind.COVERAGE,
    "coverallsapp/github-action": StepKind.COVERAGE,
    "golangci/golangci-lint-action": StepKind.LINT,
    "pre-commit/action": StepKind.LINT,
    "j178/prek-action": StepKind.LINT,
    "astral-sh/ruff-action": StepKind.LINT,
    "chartboost/ruff-action": StepKind.LINT,
    "psf/black": StepKind.FORMAT,
    "hadolint/hadolint-action": StepKind.LINT,
    "super-linter/super-linter": StepKind.LINT,
    "github/super-linter": StepKind.LINT,
    "crate-ci/typos": StepKind.LINT,
    "codespell-project/actions-codespell": StepKind.LINT,
    "raven-actions/actionlint": StepKind.LINT,
    "rhysd/actionlint": StepKind.LINT,
    "reviewdog/action-eslint": StepKind.LINT,
    "jakebailey/pyright-action": StepKind.TYPECHECK,
    "cypress-io/github-action": StepKind.E2E,
    "aquasecurity/trivy-action": StepKind.SCAN,
    "anchore/scan-action": StepKind.SCAN,
    "snyk/actions": StepKind.SCAN,
    "gitleaks/gitleaks-action": StepKind.SCAN,
    "trufflesecurity/trufflehog": StepKind.SCAN,
    "pypa/gh-action-pip-audit": StepKind.SCAN,
    "actions/dependency-review-action": StepKind.SCAN,
    "github/codeql-action/analyze": StepKind.SCAN,
    "google/osv-scanner-action": StepKind.SCAN,
    "bridgecrewio/checkov-action": StepKind.SCAN,
    "rustsec/audit-check": StepKind.SCAN,
    "embarkstudios/cargo-deny-action": StepKind.SCAN,
    "golang/govulncheck-action": StepKind.SCAN,
    "securego/gosec": StepKind.SCAN,
    "returntocorp/semgrep-action": StepKind.SCAN,
    "zizmorcore/zizmor-action": StepKind.SCAN,
    "azure/k8s-deploy": StepKind.DEPLOY,
    "azure/webapps-deploy": StepKind.DEPLOY,
    "azure/functions-action": StepKind.DEPLOY,
    "google-github-actions/deploy-cloudrun": StepKind.DEPLOY,
    "google-github-actions/deploy-appengine": StepKind.DEPLOY,
    "aws-actions/amazon-ecs-deploy-task-definition": StepKind.DEPLOY,
    "aws-actions/aws-cloudformation-github-deploy": StepKind.DEPLOY,
    "superfly/flyctl-actions": StepKind.DEPLOY,
    "amondnet/vercel-action": StepKind.DEPLOY,
    "nwtgck/actions-netlify": StepKind.DEPLOY,
    "cloudflare/wrangler-action": StepKind.DEPLOY,
    "akhileshns/heroku-deploy": StepKind.DEPLOY,
    "appleboy/ssh-action": StepKind.DEPLOY,
    "actions/deploy-pages": StepKind.DEPLOY,
    "peaceiris/actions-gh-pages": StepKind.DEPLOY,
    "jamesives/github-pages-deploy-action": StepKind.DEPLOY,
    "slackapi/slack-github-action": StepKind.NOTIFY,
}


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a command is for, and with which program: `pytest`, `npm test`, `make lint`."""

    kind: StepKind
    tool: str

    @property
    def is_check(self) -> bool:
        """Whether its failure has to turn a run red."""
        return self.kind in CHECKS


@lru_cache(maxsize=8192)
def _purpose(plain: str) -> Purpose | None:
    if not plain or _NOT_A_RUN.fullmatch(plain):
        return None
    for kind, pattern in _KINDS:
        if pattern.match(plain):
            return Purpose(kind, _tool(plain))
    return None


def _tool(plain: str) -> str:
    """The program, with its subcommand where it has many uses."""
    words = plain.split()
    many = {
        "npm",
        "pnpm",
        "yarn",
        "bun",
        "make",
        "cargo",
        "go",
        "just",
        "task",
        "docker",
        "helm",
        "ruff",
        "uv",
        "poetry",
    }
    rest = [
        word for word in words[1:] if not word.startswith(("-", "+")) and word not in {"run", "run-script"}
    ]
    first = words[0].rpartition("/")[2]
    return f"{first} {rest[0]}" if first in many and rest else first


def purpose_of(command: Command) -> Purpose | None:
    """What a command is for; None where nobody knows."""
    return _purpose(command.plain[:2000])


def purpose_of_text(text: str) -> Purpose | None:
    """What a command is for that is given as one line without its wrappers."""
    return _purpose(text[:2000])


def kind_of_action(step: WrittenStep) -> StepKind | None:
    """What a step's action is for."""
    action = step.action
    if not action:
        return None
    if action in _ACTIONS:
        return _ACTIONS[action]
    owner_and_name = "/".join(action.split("/")[:2])
    if owner_and_name in _ACTIONS:
        return _ACTIONS[owner_and_name]
    return StepKind.SETUP if re.search(r"/(?:setup|install)-", action) or "toolchain" in action else None


def kinds_of(step: WrittenStep) -> frozenset[StepKind]:
    """Everything that a step does, as far as it is known."""
    found = {purpose.kind for command in step.commands if (purpose := purpose_of(command))}
    action = kind_of_action(step)
    return frozenset(found | {action}) if action else frozenset(found)


def checks_of(step: WrittenStep) -> tuple[tuple[Command, Purpose], ...]:
    """The commands of a step that check something."""
    pairs = ((command, purpose_of(command)) for command in step.commands)
    return tuple((command, purpose) for command, purpose in pairs if purpose and purpose.is_check)


def job_kinds(job: WrittenJob) -> frozenset[StepKind]:
    """Everything that a job does, as far as it is known."""
    return frozenset(kind for step in job.steps for kind in kinds_of(step))


def deploys(job: WrittenJob) -> bool:
    """Whether a job brings something to where it runs."""
    return StepKind.DEPLOY in job_kinds(job)
