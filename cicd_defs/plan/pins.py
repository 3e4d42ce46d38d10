"""Which version of an action, an image or a tool we use, from data files that travel with the package.

Nothing here looks anything up: an action that the table does not know is an error, never a guess. What `cicd pins
update` looks up takes the place of these; see `cicd_defs/plan/repin.py`.
"""

from collections.abc import Mapping
from functools import cache
from pkgutil import get_data
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # whoever asks for a commit only is spared what it takes to load these
    from cicd_defs.plan.pinned import Pins
    from cicd_defs.plan.pipeline import Action

VERSIONS = {
    "actions/attest-build-provenance": "v4.1.0",
    "actions/cache": "v5.0.5",
    "actions/checkout": "v7.0.1",
    "actions/setup-go": "v7.0.0",
    "actions/setup-java": "v5.7.0",
    "actions/setup-node": "v7.0.0",
    "actions/setup-python": "v7.0.0",
    "actions/upload-artifact": "v7.0.0",
    "actions/download-artifact": "v8.0.1",
    "aquasecurity/trivy-action": "v0.36.0",
    "astral-sh/setup-uv": "v10.0.1",
    "Azure/setup-helm": "v5.0.1",
    "Azure/setup-kubectl": "v5.1.0",
    "codecov/codecov-action": "v5.5.2",
    "coverallsapp/github-action": "v2.3.8",
    "docker/build-push-action": "v7.3.0",
    "docker/login-action": "v4.1.0",
    "docker/metadata-action": "v6.2.0",
    "docker/setup-buildx-action": "v4.3.0",
    "docker/setup-qemu-action": "v4.2.0",
    "golangci/golangci-lint-action": "v9.3.0",
    "oven-sh/setup-bun": "v2.2.0",
    "prefix-dev/setup-pixi": "v0.10.1",  # from a pin's comment: its own tags could not be read
    "slackapi/slack-github-action": "v4.0.0",
    "Swatinem/rust-cache": "v2.9.2",
    "trufflesecurity/trufflehog": "v3.97.0",
}
"""The version of each action that our plans use. Every one has its row in `data/action-versions.tsv`."""


class UnknownPin(ValueError):
    """An action or version that the table of pins does not hold."""


class Used(NamedTuple):
    """An action as we use it: its name, the commit, and the version that it had."""

    name: str
    commit: str
    version: str


def action(name: str) -> "Action":
    """The action at the version that we use and its commit, for a plan. See `used`."""
    from cicd_defs.plan.pipeline import Action

    return Action.model_validate(used(name)._asdict())


def used(name: str) -> Used:
    """The action at the version that we use and its commit. The case of its name does not matter, as at GitHub.

    Raises `UnknownPin` where the table has no such action; add its row and its line in `VERSIONS`.
    """
    name = _names().get(name.lower(), name)
    version = VERSIONS.get(name)
    commit = _commit(name, version) if version else None
    if version is None or commit is None:
        raise UnknownPin(
            f"no commit is known for {name} {version or ''}: add it to VERSIONS and action-versions.tsv"
        )
    return Used(name, commit, version)


def image(reference: str) -> str:
    """An image with its digest behind the tag where one is known; a reference that has one stays as it is."""
    digest = None if "@" in reference else _digests().get(reference)
    return f"{reference}@{digest}" if digest else reference


@cache
def packaged() -> "Pins":
    """Every pin that our plans use, by kind and name, as it stands in the data files."""
    from cicd_defs.plan.pinned import Pin, Pins

    actions = [Pin.model_validate(_told_action(name, version)) for name, version in VERSIONS.items()]
    images = [Pin.model_validate(_told_image(*row)) for row in _rows("image-digests.tsv")]
    return Pins(pins=tuple(sorted((*actions, *images), key=lambda pin: (pin.kind, pin.name.lower()))))


def recorded(name: str) -> Mapping[str, str]:
    """Each version of an action that the table knows, with the commit behind it."""
    return {row[1]: row[2] for row in _rows("action-versions.tsv") if row[0] == name}


class Row(NamedTuple):
    """One version of an action, as the table has it: `runtime` is Node's, `source` says who told the commit."""

    name: str
    version: str
    commit: str
    date: str
    runtime: str
    source: str


def rows_of_actions() -> list[Row]:
    """Each version of each action that the table knows."""
    return [Row(*row) for row in _rows("action-versions.tsv")]


@cache
def rows_of(repository: str) -> tuple[Row, ...]:
    """The same of the actions of one repository, given in small letters. All others are left as they are."""
    return tuple(Row(*line.split("\t")) for line in _by_repository().get(repository, ()))


@cache
def _by_repository() -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for line in _lines("action-versions.tsv"):
        name = line.partition("\t")[0].lower()
        lines.setdefault(name if name.count("/") < 2 else "/".join(name.split("/")[:2]), []).append(line)
    return lines


def _told_action(name: str, version: str) -> dict[str, str]:
    row = next(row for row in _rows("action-versions.tsv") if row[:2] == [name, version])
    told = {"kind": "action", "name": name, "version": version, "pin": row[2]}
    return {**told, "source": row[5], "date": row[3]}


def _told_image(reference: str, digest: str, _seen: str, date: str) -> dict[str, str]:
    name, _, tag = reference.rpartition(":")
    return {"kind": "image", "name": name, "version": tag, "pin": digest, "source": "seen", "date": date}


@cache
def _names() -> dict[str, str]:
    return {name.lower(): name for name in VERSIONS}


def _commit(name: str, version: str) -> str | None:
    """The commit of one version. It is looked for in the text: there are thousands of rows, and few are asked for."""
    _, _, behind = _text("action-versions.tsv").partition(f"\n{name}\t{version}\t")
    return behind.partition("\t")[0] or None


@cache
def _digests() -> dict[str, str]:
    return {row[0]: row[1] for row in _rows("image-digests.tsv")}


@cache
def _rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in _lines(name)]


def _lines(name: str) -> list[str]:
    """The rows of a table, without its heading."""
    return [line for line in _text(name).split("\n") if line and line[0] != "#"][1:]


@cache
def _text(name: str) -> str:
    data = get_data("cicd_defs.plan", f"data/{name}")  # which loads less than `importlib.resources`
    assert data is not None
    return data.decode().replace("\r\n", "\n")
