"""What builds of images do not see: secrets, history, and what every machine makes anew.

A pattern matches from the top, so most begin with `**/`; a name that sources have too is left out at the top alone.
Format: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from collections.abc import Iterable, Sequence

from cicd_defs.facts.stacks import StackName
from cicd_defs.plan.containers import Dockerfile, Dockerignore
from cicd_defs.plan.files import at
from cicd_defs.plan.units import Unit

SECRETS = (
    "**/.env",
    "**/.env.*",
    "**/*.env",
    "**/.envrc",
    "**/*.pem",
    "**/*.key",
    "**/*.p12",
    "**/*.pfx",
    "**/*.jks",
    "**/*.keystore",
    "**/*.kdbx",
    "**/id_rsa*",
    "**/id_ed25519*",
    "**/id_ecdsa*",
    "**/.ssh",
    "**/.gnupg",
    "**/.aws",
    "**/.azure",
    "**/.gcloud",
    "**/.kube",
    "**/kubeconfig*",
    "**/.netrc",
    "**/.pypirc",
    "**/.git-credentials",
    "**/.docker/config.json",
    "**/credentials.json",
    "**/service-account*.json",
    "**/secrets.y*ml",
    "**/*.tfstate",
    "**/*.tfstate.*",
    "**/*.tfvars",
)
HISTORY = ("**/.git", "**/.gitignore", "**/.gitattributes", "**/.gitmodules", "**/.hg", "**/.svn")
DELIVERY = (
    ".github",
    ".gitlab-ci.yml",
    ".circleci",
    "**/Dockerfile*",
    "**/Containerfile*",
    "**/*.dockerfile",
    "**/.dockerignore",
    "**/docker-compose*.y*ml",
    "**/compose*.y*ml",
    "**/.devcontainer",
    "**/.terraform",
    "**/.pre-commit-config.yaml",
    "**/Jenkinsfile",
    "**/skaffold.yaml",
)
MACHINE = (
    "**/.DS_Store",
    "**/Thumbs.db",
    "**/.idea",
    "**/.vscode",
    "**/*.swp",
    "**/*~",
    "**/*.log",
    "logs",
    "**/*.pid",
    "tmp",
    "**/.cache",
    "**/*.sqlite3",
    "**/*.sqlite",
    "coverage",
    "**/test-results",
)
STACKS: dict[StackName, tuple[str, ...]] = {
    "python": (
        "**/__pycache__",
        "**/*.py[cod]",
        "**/*.egg-info",
        "**/.eggs",
        "**/.venv",
        "**/venv",
        "**/.python-version",
        "**/.pytest_cache",
        "**/.mypy_cache",
        "**/.ruff_cache",
        "**/.hypothesis",
        "**/.tox",
        "**/.nox",
        "**/.coverage",
        "**/.coverage.*",
        "**/coverage.xml",
        "**/htmlcov",
        "**/.ipynb_checkpoints",
    ),
    "node": (
        "**/node_modules",
        "**/.next",
        "**/.nuxt",
        "**/.output",
        "**/.svelte-kit",
        "**/.turbo",
        "**/.parcel-cache",
        "**/.eslintcache",
        "**/.nyc_output",
        "**/*.tsbuildinfo",
        "**/npm-debug.log*",
        "**/yarn-error.log*",
        "**/.pnp.*",
        "**/.yarn/cache",
        "**/.yarn/unplugged",
        "**/storybook-static",
        "**/playwright-report",
    ),
    "go": ("**/*.test", "**/*.out", "**/coverage.txt", "**/.golangci.y*ml"),
    "rust": ("target", "*/target", "**/*.rs.bk", "**/*.profraw"),
    "java": (
        "target",
        "*/target",
        "**/.gradle",
        "**/*.class",
        "**/hs_err_pid*",
        "**/.settings",
        "**/.classpath",
        "**/.project",
    ),
}
"""What each stack makes anew. Folders that some repositories keep sources in (`build`, `bin`, `out`) are left alone."""

TITLES: dict[StackName, str] = {
    "python": "Python",
    "node": "Node.js",
    "go": "Go",
    "rust": "Rust",
    "java": "Java",
}


def ignores_for(dockerfiles: Iterable[Dockerfile], units: Sequence[Unit]) -> tuple[Dockerignore, ...]:
    """One file for each folder that a build sees, with the patterns of every stack that is in it."""
    contexts = dict.fromkeys(dockerfile.context for dockerfile in dockerfiles)
    return tuple(
        Dockerignore(path=at(context, ".dockerignore"), groups=_groups(_stacks_in(context, units)))
        for context in contexts
    )


def _stacks_in(context: str, units: Sequence[Unit]) -> tuple[StackName, ...]:
    inside = (unit for unit in units if context == "." or f"{unit.path}/".startswith(f"{context}/"))
    return tuple(dict.fromkeys(unit.stack for unit in inside if unit.stack))


def _groups(stacks: Sequence[StackName]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("Secrets: nothing of this may ever be in an image", SECRETS),
        ("History", HISTORY),
        ("How it is built and delivered", DELIVERY),
        ("What belongs to one machine", MACHINE),
        *((f"{TITLES[stack]}: made anew in the image", STACKS[stack]) for stack in stacks),
    )
