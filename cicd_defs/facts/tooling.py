"""Which tools a component uses: each tool of the table against commands, dependencies, configuration files, tables."""

import re
from collections.abc import Iterable, Iterator

from cicd_defs.facts.draft import MOST_EVIDENCE, Draft, Scene, depth_of
from cicd_defs.facts.manifests import string, table
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import folder_of, join, name_of
from cicd_defs.facts.tools import ALL, Tool

ANY_CONFIG = re.compile("|".join(tool.configs for tool in ALL if tool.configs))
INI_FILES = ("setup.cfg", "tox.ini", "pytest.ini")


def claim_tools(scene: Scene) -> None:
    """Claim every tool that something in the repository shows, for the components it is shown for."""
    configs = sorted(scene.survey.matching(ANY_CONFIG), key=depth_of)
    for tool in ALL:
        drafts = [draft for draft in scene.drafts if draft.stack == tool.stack]
        if drafts:
            _claim_configs(scene, tool, configs)
            _claim_commands(scene, tool)
            for draft in drafts:
                _claim_declared(scene, draft, tool)


def _claim_declared(scene: Scene, draft: Draft, tool: Tool) -> None:
    if dependency := draft.dependency(*tool.packages, dev=True):
        draft.claims.add(tool.kind, tool.name, [dependency.place])
    tables = _python_tables if tool.stack == "python" else _package_keys
    if tool.tables:
        draft.claims.add(tool.kind, tool.name, tables(scene, draft, tool.tables), used=False)


def _python_tables(scene: Scene, draft: Draft, names: Iterable[str]) -> Iterator[str | None]:
    for name in names:
        keys = name.split(".")
        for manifest in draft.manifests:
            if manifest.endswith("pyproject.toml") and table(scene.survey.toml(manifest), *keys):
                yield scene.survey.cite(manifest, rf"^[ \t]*\[+[ \t]*{re.escape(name)}\b")
        for path in (join(draft.path, file) for file in INI_FILES):
            if name in scene.survey.ini(path):
                yield scene.survey.cite(path, rf"^\[{re.escape(name)}\]")


def _package_keys(scene: Scene, draft: Draft, keys: Iterable[str]) -> Iterator[str | None]:
    for manifest in draft.manifests:
        data = scene.survey.json(manifest)
        for key in keys:
            # A string names a shared configuration; an empty table says nothing.
            if string(data.get(key)) or table(data, key):
                yield scene.survey.cite(manifest, rf'^[ \t{{]*"{re.escape(key)}"[ \t]*:')


def _claim_configs(scene: Scene, tool: Tool, configs: Iterable[str]) -> None:
    pattern = re.compile(tool.configs or r"(?!)")
    for path in configs:
        if not pattern.fullmatch(name_of(path)):
            continue
        role = scene.survey.role(path)
        for draft in scene.owners(folder_of(path), tool.stack) if role <= Role.TEST else ():
            # Test runners are also configured in the folder of tests itself; deeper there are only cases to run on.
            near = tool.kind == "test_runners" and depth_of(folder_of(path)) <= depth_of(draft.path) + 1
            if role < Role.TEST or near:
                draft.claims.add(tool.kind, tool.name, [f"{path}:1"], used=False)


def _claim_commands(scene: Scene, tool: Tool) -> None:
    places: dict[str, list[str]] = {}
    for one in scene.matching(re.compile(tool.command)):
        places.setdefault(one.folder, []).append(one.place)
    for folder, cited in places.items():
        for draft in scene.owners_of_place(folder, tool.stack):
            draft.claims.add(tool.kind, tool.name, cited[:MOST_EVIDENCE])
