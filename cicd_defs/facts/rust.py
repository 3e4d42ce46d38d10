"""Rust: crates and workspaces, the tests that they have, and the toolchains they support."""

import re

from cicd_defs.facts.draft import Draft, Scene, depth_of
from cicd_defs.facts.globs import within_globs
from cicd_defs.facts.manifests import string, strings, table
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, folder_of, is_within, join
from cicd_defs.facts.versions import ascending

MOST_FILES_READ = 400
_TEST = r"^[ \t]*#\[(\w+::)*test\b|^[ \t]*#\[cfg\(test\)\]"
_CHANNEL = re.compile(r"^\d+\.\d+|stable|beta|nightly(-\d{4}-\d{2}-\d{2})?")


def find_projects(survey: Survey) -> list[Draft]:
    """The outermost crates and workspaces; a crate below one belongs to it unless it is a workspace of its own."""
    drafts: list[Draft] = []
    for path in sorted(survey.named("Cargo.toml"), key=depth_of):
        data, folder = survey.toml(path), folder_of(path)
        parents = [draft for draft in drafts if is_within(folder, draft.path)]
        if parents and not _stands_alone(survey, path, parents[-1]):
            _absorb(survey, parents[-1], path)
        elif "package" in data or "workspace" in data:
            drafts.append(
                Draft("rust", folder, path, (path,), lock_file=survey.first(folder, ("Cargo.lock",)))
            )
    return drafts


def _stands_alone(survey: Survey, path: str, parent: Draft) -> bool:
    if "workspace" in survey.toml(path):
        return True
    excluded = strings(table(survey.toml(parent.manifest), "workspace").get("exclude"))
    return any(is_within(folder_of(path), join(parent.path, folder.rstrip("/"))) for folder in excluded)


def _absorb(survey: Survey, parent: Draft, path: str) -> None:
    globs = strings(table(survey.toml(parent.manifest), "workspace").get("members"))
    listed = bool(within_globs([folder_of(path)], parent.path, globs))
    if listed or survey.role(path) <= survey.role(parent.manifest):
        parent.manifests += (path,)
        parent.members += (folder_of(path),)


def claim_package_managers(scene: Scene, draft: Draft) -> None:
    """Cargo is Rust's package manager."""
    place = scene.survey.cite(draft.manifest, r"^[ \t]*\[(package|workspace)\b")
    draft.claims.add("package_managers", "cargo", [place])


def claim_tests(scene: Scene, draft: Draft) -> None:
    """`cargo test`, where a source has tests."""
    sources = sorted(scene.sources(draft), key=lambda path: ("tests/" not in path, depth_of(path)))
    for path in sources[:MOST_FILES_READ]:
        if scene.survey.role(path) < Role.FIXTURE and (place := scene.survey.cite(path, _TEST)):
            draft.claims.add("test_runners", "cargo-test", [place])
            return


def supported_versions(survey: Survey, draft: Draft) -> tuple[str, ...]:
    """The pinned toolchain; else the oldest supported one and `stable`."""
    for folder in dict.fromkeys((draft.path, ".")):
        pinned = table(survey.toml(join(folder, "rust-toolchain.toml")), "toolchain").get("channel")
        pinned = string(pinned) or survey.text(join(folder, "rust-toolchain")).strip()
        if pinned and (found := _CHANNEL.match(pinned[:60])):
            return (pinned,) if re.fullmatch(r"\d+\.\d+(\.\d+)?", pinned) else (found[0],)
    oldest = {version for path in draft.manifests if (version := _minimum(survey, path))}
    return (*ascending(oldest)[-1:], "stable")


def _minimum(survey: Survey, path: str) -> str:
    data = survey.toml(path)
    declared = table(data, "package").get("rust-version")
    declared = declared or table(data, "workspace", "package").get("rust-version")
    return string(declared) if re.fullmatch(r"1\.\d{1,3}(\.\d{1,2})?", string(declared)) else ""
