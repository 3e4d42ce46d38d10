"""What GitHub has switched off, and since when: runners, runtimes of actions, whole versions of actions.

As of 2026-11-21. Sources: the announcements in the repository actions/runner-images and on GitHub's changelog. The
runtimes of an action's versions are those of `plan/data/action-versions.tsv`.
"""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from cicd_defs.facts.patterns import regex
from cicd_defs.plan import pins
from cicd_defs.plan.newest import number_of


class Gone(NamedTuple):
    """Since which day something does not work any more, and what stands in for it."""

    since: str
    instead: str


RUNNERS: dict[str, Gone] = {
    "ubuntu-16.04": Gone("2021-09-20", "ubuntu-22.04"),
    "ubuntu-18.04": Gone("2023-04-03", "ubuntu-22.04"),
    "ubuntu-20.04": Gone("2025-04-15", "ubuntu-22.04"),
    "macos-10.14": Gone("2020-04-01", "macos-15-intel"),
    "macos-10.15": Gone("2022-08-30", "macos-15-intel"),
    "macos-11": Gone("2024-06-28", "macos-15-intel"),
    "macos-11.0": Gone("2024-06-28", "macos-15-intel"),
    "macos-12": Gone("2024-12-03", "macos-15-intel"),
    "macos-13": Gone("2025-12-04", "macos-15-intel"),
    "macos-14": Gone("2026-11-02", "macos-15"),
    "windows-2016": Gone("2022-04-01", "windows-2022"),
    "windows-2019": Gone("2025-06-30", "windows-2022"),
}
"""Labels of GitHub's own runners. Intel stays Intel."""

_SIZE = regex(r"-(?:large|xlarge|xl)$")


def runner_base(label: str) -> str | None:
    """The retired runner that a label asks for, whatever its size; None where it is there."""
    name = _SIZE.sub("", label.lower())
    return name if name in RUNNERS else None


class Retired(NamedTuple):
    """Why a version of an action is of no use, and a version that is: a tag, where one is known."""

    why: str
    instead: str = ""


_OFF = "was switched off on {}"
_NODE = "runs on Node.js {}, which the runners do not have any more"

_SWITCHED_OFF: dict[str, tuple[tuple[int, int, int], str]] = {
    "actions/upload-artifact": ((4, 0, 0), "2025-01-30"),
    "actions/download-artifact": ((4, 0, 0), "2025-01-30"),
    "actions/upload-pages-artifact": ((3, 0, 0), "2025-01-30"),
    "actions/deploy-pages": ((4, 0, 0), "2025-01-30"),
}
"""The first version that works, and since when those before it do not. Those of pages speak to the same service."""

_NEXT_OF_PAGES = {"actions/deploy-pages": "v4", "actions/upload-pages-artifact": "v3"}

_CACHES = ("actions/cache", "actions/cache/restore", "actions/cache/save")
_CACHES_SINCE = "2025-04-15"
"""Before 3.4.0, and of the fourth major before 4.2.0, caches speak to a service that is gone."""

OTHERS: dict[str, tuple[int, str, str]] = {
    "actions-rs/audit-check": (1, "12", ""),
    "actions-rs/cargo": (1, "12", ""),
    "actions-rs/clippy-check": (1, "12", ""),
    "actions-rs/install": (0, "12", ""),
    "actions-rs/tarpaulin": (0, "12", ""),
    "actions-rs/toolchain": (1, "12", ""),
    "actions/configure-pages": (3, "16", "v5"),
    "actions/create-release": (1, "12", ""),
    "actions/labeler": (4, "16", ""),
    "actions/setup-dotnet": (3, "16", "v4"),
    "actions/setup-ruby": (1, "12", ""),
    "actions/stale": (8, "16", "v9"),
    "actions/upload-release-asset": (1, "12", ""),
    "gradle/gradle-build-action": (2, "16", ""),
    "aws-actions/amazon-ecr-login": (1, "16", "v2"),
    "aws-actions/configure-aws-credentials": (3, "16", "v4"),
    "github/codeql-action/analyze": (2, "16", "v3"),
    "github/codeql-action/autobuild": (2, "16", "v3"),
    "github/codeql-action/init": (2, "16", "v3"),
    "github/codeql-action/upload-sarif": (2, "16", "v3"),
    "google-github-actions/auth": (1, "16", "v2"),
    "google-github-actions/setup-gcloud": (1, "16", "v2"),
    "hashicorp/setup-terraform": (2, "16", "v3"),
    "peaceiris/actions-gh-pages": (3, "16", "v4"),
    "peter-evans/create-pull-request": (5, "16", ""),
    "softprops/action-gh-release": (1, "16", "v2"),
}
"""Actions of which our table of versions says nothing: the last major on a retired runtime, that, and the next."""

_UNCHANGED = frozenset(
    {
        "actions/cache",
        "actions/checkout",
        "actions/download-artifact",
        "actions/setup-go",
        "actions/setup-java",
        "actions/setup-node",
        "actions/setup-python",
        "actions/upload-artifact",
        "azure/setup-helm",
        "azure/setup-kubectl",
        "docker/build-push-action",
        "docker/login-action",
        "docker/metadata-action",
        "docker/setup-buildx-action",
        "docker/setup-qemu-action",
        "swatinem/rust-cache",
    }
)
"""Actions whose inputs mean the same in all their versions, so that the newest can stand in for any."""

_TALKING = frozenset({"actions/github-script"})
"""Actions that run a script of ours: whoever asks looks whether it holds what newer versions changed."""

_GIVEN_UP: dict[str, frozenset[str]] = {
    "actions/setup-go": frozenset({"stable", "version"}),
    "actions/setup-node": frozenset({"version"}),
    "actions/setup-python": frozenset({"version"}),
    "docker/build-push-action": frozenset(
        {"repository", "registry", "username", "password", "tag_with_ref", "path"}
    ),
    "docker/setup-buildx-action": frozenset({"install"}),
}
"""Inputs that newer versions do not have."""


@lru_cache(maxsize=4096)
def retired_action(action: str, version: str, comment: str) -> Retired | None:
    """Why an action's version does not work any more; None where it does, or nobody knows.

    `action` is in lower case, `version` what stands behind `@`, `comment` what stands behind the line's `#`.
    """
    written = _written_version(action, version, comment)
    if written is None:
        return None
    why = _why_off(action, written) or _why_runtime(action, written)
    return Retired(why, _next_tag(action)) if why else None


def newer_pin(action: str, inputs: frozenset[str]) -> tuple[str, str] | None:
    """The version and commit that can stand in for any older one that has these inputs; None where none can."""
    root, _, below = action.partition("/restore") if action.startswith("actions/cache") else (action, "", "")
    root = root.removesuffix("/save")
    if root in _TALKING and not below:
        return _newest(root)
    if root not in _UNCHANGED or below or inputs & _GIVEN_UP.get(root, frozenset()):
        return None
    pinned = pins.used(root)
    return pinned.version, pinned.commit


@cache
def _newest(action: str) -> tuple[str, str] | None:
    """An action's newest full version that the table knows, and its commit."""
    known = {number: (row.version, row.commit) for row in _rows(action) if (number := number_of(row.version))}
    return known[max(known)] if known else None


def _next_tag(action: str) -> str:
    return OTHERS[action][2] if action in OTHERS else _NEXT_OF_PAGES.get(action, "")


def _written_version(action: str, version: str, comment: str) -> tuple[int, ...] | None:
    """A version as a number, as far as it is written: `v3` is (3,). A commit's is looked up, or told by its comment."""
    if re.fullmatch(r"[0-9a-f]{40}", version):
        tag = _tags(action).get(version) or next(iter(re.findall(r"v?\d+(?:\.\d+){0,2}\b", comment)), "")
        version = tag
    found = re.fullmatch(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?", version)
    if not found:
        return None
    return tuple(int(part) for part in found.groups() if part is not None)


def _why_off(action: str, number: tuple[int, ...]) -> str:
    if action in _SWITCHED_OFF:
        first, since = _SWITCHED_OFF[action]
        return _OFF.format(since) if number[0] < first[0] else ""
    if action in _CACHES:
        old = number[0] < 3 or (len(number) > 1 and ((3, 0) <= number < (3, 4) or (4, 0) <= number < (4, 2)))
        return _OFF.format(_CACHES_SINCE) if old else ""
    return ""


def _why_runtime(action: str, number: tuple[int, ...]) -> str:
    if action in OTHERS:
        last, node, _ = OTHERS[action]
        return _NODE.format(node if number[0] == last else f"{node} or older") if number[0] <= last else ""
    runtimes = _runtimes(action)
    fitting = [full for full in runtimes if full[: len(number)] == number]
    if action == "actions/checkout" and number[0] == 1:
        return "is of 2019, and belongs to a runner of that time"
    if not fitting:
        return ""
    runtime = runtimes[max(fitting)]
    return _NODE.format(runtime.removeprefix("node")) if runtime in {"node12", "node16"} else ""


def _root(action: str) -> str:
    return "/".join(action.split("/")[:2]) if action.startswith("actions/cache/") else action


def _rows(action: str) -> list[pins.Row]:
    root = _root(action)
    return [row for row in pins.rows_of("/".join(root.split("/")[:2])) if row.name.lower() == root]


@cache
def _runtimes(action: str) -> dict[tuple[int, int, int], str]:
    return {number: row.runtime for row in _rows(action) if (number := number_of(row.version))}


@cache
def _tags(action: str) -> dict[str, str]:
    return {row.commit: row.version for row in _rows(action)}
