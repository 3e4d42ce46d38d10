"""Declarations that cover every pair of options, and the repositories they speak of.

`specs(least)` gives at least that many `Case`s. They are made greedily, a row at a time, until every pair of choices
stands in one of them; then again with another order, so that more of the combinations of three are met too.
"""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import yaml

from tests.pairwise.repositories import REPOSITORIES

OPTIONS: dict[str, dict[str, object]] = {
    "repository": {name: name for name in REPOSITORIES},
    "trigger_type": {
        "default": None,
        "push-pr": "push-pr",
        "push": "push",
        "pr": "pr",
        "manual": "manual",
        "schedule": "schedule",
        "all": ["push", "pr", "manual", "schedule"],
        "pr-schedule": ["pr", "schedule"],
    },
    "layout": {"split": None, "unified": "unified"},
    "branch": {"main": None, "release": "release/1.x"},
    "schedule": {"default": None, "odd": "*/15 3,4 * * 1-5"},
    "components": {
        "detected": None,
        "declared": {},
        "commands": {
            "install_cmd": "make deps",
            "lint_cmd": "make lint",
            "format_cmd": "make format",
            "typecheck_cmd": "make types",
            "test_cmd": 'set -x\nfor part in a b; do\n  make "test-$part"\ndone\n',
            "integration_cmd": "make integration",
            "build_cmd": "make build | tee build.log",
        },
        "hostile": {
            "test_cmd": "# shellcheck disable=SC2006,SC2016\n"
            "echo '$(id)' \"`id`\" # no\ncat <<'END'\non: push\n- ': x'\nEND\n",
            "paths": ["it's-[a]/**"],
        },
    },
    "versions": {"detected": None, "one": 1, "several": 3},
    "runs_on": {"default": None, "one": "ubuntu-22.04", "several": ["ubuntu-24.04", "macos-15"]},
    "services": {
        "detected": None,
        "none": [],
        "two": ["postgres:16-alpine", "redis:7-alpine"],
        "mysql": ["mysql:8.4"],
        "unpinned": ["mongo:7"],
        "same": ["postgres:16-alpine", "postgres:17-alpine"],
        "digest": ["ghcr.io/acme/search-engine:8@sha256:" + "0123456789abcdef" * 4],
    },
    "coverage_tool": {"none": None, "codecov": "codecov", "coveralls": "coveralls"},
    "env_vars": {
        "none": None,
        "plain": {"APP_ENV": "test"},
        "hostile": {"A": "'; id #", "B": "a: b - c", "C": "no", "D": "3.10", "E": '"', "F": "$(id) `id`"},
    },
    "concurrency_group": {"default": None, "own": "ci-${{ github.ref }}-${{ github.event_name }}"},
    "cancel_in_progress": {"yes": None, "no": False},
    "timeout_minutes": {"default": None, "short": 5},
    "scans": {
        "all": None,
        "none": {"dependencies": False, "secrets": False, "image": False, "code": False},
        "some": {"dependencies": False, "code": False},
    },
    "docker": {
        "none": None,
        "defaults": {},
        "ghcr": {"registries": ["ghcr.io"]},
        "several": {
            "registries": [
                "ghcr.io",
                {
                    "registry": "docker.io",
                    "username_secret": "DOCKERHUB_USERNAME",
                    "password_secret": "DOCKERHUB_TOKEN",
                },
            ],
            "platforms": ["linux/amd64", "linux/arm64"],
            "docker_build_args": {"VERSION": "1", "HOSTILE": "a b '\" $HOME `id` #"},
        },
        "named": {"registries": ["ghcr.io"], "image": "acme/thing", "target": "production", "cache": False},
    },
    "environments": {
        "none": None,
        "kubectl": [
            {
                "name": "staging",
                "branch": "develop",
                "deploy": {"kubectl": "k8s/", "set_image": {"deployment/shop": "app"}},
                "namespace": "shop-staging",
                "kubeconfig_secret": "KUBECONFIG_STAGING",
                "secrets": ["API_KEY"],
                "env_vars": {"APP_ENV": 'it\'s "staging" $HOME'},
                "url": "https://staging.example.com",
            },
            {
                "name": "production",
                "after": "staging",
                "deploy_on": "release",
                "deploy": {"kubectl": "k8s/", "dry_run": False, "rollout_timeout_minutes": 9},
                "kubeconfig_secret": "KUBECONFIG",
                "require_approval": True,
            },
        ],
        "helm": [
            {
                "name": "production",
                "deploy_on": "release",
                "deploy": {"helm": "charts/shop", "values": "values-production.yaml"},
                "kubeconfig_secret": "KUBECONFIG",
                "namespace": "shop",
                "url": "https://example.com",
            }
        ],
        "skaffold": [
            {
                "name": "staging",
                "deploy": {"skaffold": "skaffold.yaml", "profile": "staging"},
                "kubeconfig_secret": "KUBECONFIG",
            }
        ],
        "compose": [
            {
                "name": "staging",
                "deploy": {"compose": "docker-compose.staging.yml", "profile": "with-monitoring"},
                "runs_on": "ubuntu-22.04",
            }
        ],
        "command": [
            {"name": "test", "deploy_on": "manual", "deploy": {"command": "./deploy.sh 'a b'\n./wait.sh\n"}},
            {"name": "live", "after": "test", "deploy": {"command": "./deploy.sh live", "dry_run": False}},
        ],
        "detected": [{"name": "staging"}],
    },
    "deployment": {
        "none": None,
        "service": {
            "start_command": "python -m app --port 8080",
            "port": 8080,
            "health_check_url": "/healthz",
            "environment_variables": {"MODE": 'it\'s $HOME "x"'},
        },
    },
    "notifications": {
        "none": None,
        "slack": {"slack_integration": True},
        "several": {
            "channels": ["SLACK_URL", "TELEGRAM_URL", "TEAMS_URL", "HOOK_URL"],
            "email_notifications": True,
            "webhook_events": ["ci_failed", "deployment_complete", "rollback_complete"],
        },
    },
    "files": {
        "default": None,
        "everything": {
            "task_runner": "task",
            "code_owners": {"*": ["@acme/platform"], "docs/**": ["lead@example.com"]},
            "contributing": True,
            "coverage": True,
        },
        "nothing": {"dependabot": False, "ruleset": False, "contributing": False},
    },
    "merge": {"default": None, "strict": {"approvals": 2, "method": "rebase", "admin_override": False}},
    "secrets": {"none": None, "one": ["NIGHTLY_KEY"]},
    "written": {"nothing": (), "theirs": ("Makefile", ".pre-commit-config.yaml", ".github/workflows/ci.yml")},
}
"""Each option and its choices: a name for people, and what is written. None leaves the key out."""

PIPELINE_KEYS = (
    "trigger_type",
    "layout",
    "schedule",
    "env_vars",
    "concurrency_group",
    "cancel_in_progress",
    "timeout_minutes",
    "scans",
    "secrets",
)
SECTIONS = ("docker", "environments", "deployment", "notifications", "files", "merge")
"""Keys of a declaration beside `pipeline`."""
COMPONENT_KEYS = ("runs_on", "services", "coverage_tool")
SEVERAL = {"python": ["3.11", "3.12", "3.13"], "node": ["20", "22", "24"], "java": ["17", "21"]}

Row = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One declaration, as text, and the repository that it is about."""

    number: int
    choices: Row
    text: str
    files: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"spec-{self.number:04d}"


def specs(least: int) -> tuple[Case, ...]:
    """At least that many cases, in which every pair of choices stands at least once."""
    rows: list[Row] = []
    for seed in range(100):
        rows += cover(seed)
        if len(rows) >= least:
            break
    return tuple(_case(number, row) for number, row in enumerate(rows))


def pairs(row: Row) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Every pair of choices that a row holds."""
    yield from combinations(sorted(row.items()), 2)


@cache
def every_pair() -> frozenset[tuple[tuple[str, str], tuple[str, str]]]:
    """Every pair of choices that there is."""
    choices = [(option, choice) for option in sorted(OPTIONS) for choice in OPTIONS[option]]
    return frozenset((one, two) for one, two in combinations(sorted(choices), 2) if one[0] != two[0])


@cache
def cover(seed: int) -> tuple[Row, ...]:
    """Rows that hold every pair: each begins with a pair that is missing, and is filled with what covers most."""
    order = random.Random(seed)
    missing = set(every_pair())
    waiting = sorted(missing)
    order.shuffle(waiting)
    rows = []
    for pair in waiting:
        if pair in missing:
            row = _filled(dict(pair), missing, order)
            missing.difference_update(pairs(row))
            rows.append(row)
    return tuple(rows)


def _filled(
    row: dict[str, str], missing: set[tuple[tuple[str, str], tuple[str, str]]], order: random.Random
) -> Row:
    options = [option for option in OPTIONS if option not in row]
    order.shuffle(options)
    for option in options:
        choices = list(OPTIONS[option])
        order.shuffle(choices)
        row[option] = max(choices, key=lambda choice: _gain(row, (option, choice), missing))
    return row


def _gain(row: Row, new: tuple[str, str], missing: set[tuple[tuple[str, str], tuple[str, str]]]) -> int:
    return sum(tuple(sorted((held, new))) in missing for held in row.items())


def _case(number: int, row: Row) -> Case:
    repository = REPOSITORIES[row["repository"]]
    pipeline = {key: value for key in PIPELINE_KEYS if (value := OPTIONS[key][row[key]]) is not None}
    components = _components(row)
    if components is not None:
        pipeline["components"] = components
    declaration: dict[str, object] = {"repository": f"acme/{row['repository']}"}
    if (branch := OPTIONS["branch"][row["branch"]]) is not None:
        declaration["branch"] = branch
    if pipeline:
        declaration["pipeline"] = pipeline
    sections = {key: value for key in SECTIONS if (value := OPTIONS[key][row[key]]) is not None}
    declaration |= sections
    theirs = OPTIONS["written"][row["written"]]
    assert isinstance(theirs, tuple)
    files = {**repository.files, **dict.fromkeys(theirs, "# by hand\n")}
    unshared = json.loads(json.dumps(declaration))  # a list that stands twice would be written as an alias
    return Case(number, dict(row), yaml.safe_dump(unshared, sort_keys=False, allow_unicode=True), files)


def _components(row: Row) -> list[dict[str, object]] | None:
    """What is said of the repository's components; None where all of it is left to detection."""
    given = OPTIONS["components"][row["components"]]
    extra = {key: value for key in COMPONENT_KEYS if (value := OPTIONS[key][row[key]]) is not None}
    if given is None:
        return None
    assert isinstance(given, dict)
    parts = []
    for path, stack in REPOSITORIES[row["repository"]].components:
        part: dict[str, object] = {"path": path, "stack": stack, **given, **extra}
        if row["versions"] != "detected" and stack in SEVERAL:
            part["versions"] = SEVERAL[stack][:1] if row["versions"] == "one" else SEVERAL[stack]
        parts.append(part)
    if len(parts) > 1 and given:
        parts[0]["depends_on"] = [parts[1]["path"].replace("/", "-")]  # type: ignore[attr-defined]
    return parts
