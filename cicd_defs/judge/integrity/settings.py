"""Files that hold settings of checks beside other things, compared key by key: a new dependency is no matter."""

import configparser
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Read = Callable[[str], dict[str, Any]]

_PACKAGE_KEYS = frozenset(
    {
        *(
            "scripts",
            "workspaces",
            "husky",
            "lint-staged",
            "simple-git-hooks",
            "gitHooks",
            "pre-commit",
            "wireit",
        ),
        *(
            "jest",
            "vitest",
            "mocha",
            "ava",
            "tap",
            "nyc",
            "c8",
            "eslintConfig",
            "eslintIgnore",
            "prettier",
            "babel",
        ),
        *("stylelint", "xo", "standard", "nx"),
    }
)
"""Keys of `package.json` that say what runs, or how a check is done."""
_ABOUT = frozenset(
    {
        "name",
        "version",
        "description",
        "authors",
        "maintainers",
        "readme",
        "license",
        "keywords",
        "classifiers",
    }
    | {"homepage", "repository", "documentation", "urls", "packages", "include", "exclude"}
)
"""What Poetry keeps of a package under `tool`."""
_NO_CHECKS = frozenset({"bumpversion", "commitizen", "semantic_release", "towncrier", "cibuildwheel"})
_CARGO = ("lib", "test", "bench", "bin", "profile", "lints", "workspace", "patch", "replace")


def differing(path: str, before: str | None, after: str | None) -> tuple[str, ...] | None:
    """The settings of a file that differ, by name; None where it is not such a file. Of one that cannot be read: it."""
    kind = _KINDS.get(path.rpartition("/")[2].lower())
    if kind is None:
        return None
    try:
        old, new = (kind(text) if text is not None else {} for text in (before, after))
    except (ValueError, RecursionError, configparser.Error):  # those of JSON and TOML are ValueErrors
        return ("what cannot be read",)
    return tuple(sorted(key for key in {*old, *new} if old.get(key) != new.get(key)))


def _pyproject(text: str) -> dict[str, Any]:
    """Build, tools and plug-ins: not the project's metadata and not dependencies."""
    found = tomllib.loads(text)
    kept = {"build-system": found.get("build-system")}
    kept["project.entry-points"] = _table(found.get("project")).get("entry-points")
    for tool, settings in _table(found.get("tool")).items():
        if tool not in _NO_CHECKS:
            plain = _without_dependencies(settings)
            if tool == "poetry" and isinstance(plain, dict):
                plain = {key: value for key, value in plain.items() if key not in _ABOUT}
            kept[f"tool.{tool}"] = plain or None
    return kept


def _without_dependencies(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {key: _without_dependencies(inner) for key, inner in value.items() if not _is_dependencies(key)}
    return {key: inner for key, inner in kept.items() if inner != {}}


def _is_dependencies(key: str) -> bool:
    return key.endswith("dependencies") or key in {"sources", "source"}


def _package(text: str) -> dict[str, Any]:
    found = _table(json.loads(text))
    scripts = {f"scripts.{name}": command for name, command in _table(found.get("scripts")).items()}
    return {key: found[key] for key in _PACKAGE_KEYS & set(found) - {"scripts"}} | scripts


def _cargo(text: str) -> dict[str, Any]:
    found = tomllib.loads(text)
    kept = {key: _without_dependencies(found[key]) for key in _CARGO if key in found}
    package = _table(found.get("package"))
    named = ("build", "autotests", "autobins", "default-run")
    return kept | {f"package.{key}": package[key] for key in named if key in package}


def _setup_cfg(text: str) -> dict[str, Any]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    return {
        section: dict(parser[section])
        for section in parser.sections()
        if section not in {"metadata", "options", "options.extras_require", "options.package_data"}
    }


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_KINDS: Mapping[str, Read] = {
    "pyproject.toml": _pyproject,
    "package.json": _package,
    "cargo.toml": _cargo,
    "setup.cfg": _setup_cfg,
}
"""A file's name in lower case to how it is read."""


def lines_of(setting: str) -> Iterator[str]:
    """Words by which the line of a setting is found, the most telling first."""
    yield from (setting.rpartition(".")[2], setting.partition(".")[0])
