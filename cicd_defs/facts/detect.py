"""What a repository is made of, from its tree alone. The order of detectors is written here."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from cicd_defs.facts import go, java, node, python, python_dependencies, rust
from cicd_defs.facts.commands_compiled import go_commands, java_commands, rust_commands
from cicd_defs.facts.commands_node import is_classic_yarn, node_commands
from cicd_defs.facts.commands_python import drop_coverage_not_installed, python_commands
from cicd_defs.facts.containers import claim_containers
from cicd_defs.facts.coverage import coverage_config
from cicd_defs.facts.dependencies import Links, depends_on, links_of, shared_files
from cicd_defs.facts.dockerfile import image_source
from cicd_defs.facts.draft import Claims, Draft, Scene
from cicd_defs.facts.invocations import invocations_of
from cicd_defs.facts.languages import claim_languages
from cicd_defs.facts.others import claim_others
from cicd_defs.facts.own_code import source_paths
from cicd_defs.facts.services import claim_services
from cicd_defs.facts.sources import nearest_roles
from cicd_defs.facts.stacks import Claim, Component, Stacks
from cicd_defs.facts.start_compiled import go_application, java_application, rust_application
from cicd_defs.facts.start_node import node_application
from cicd_defs.facts.start_python import python_application
from cicd_defs.facts.survey import Survey, folder_of
from cicd_defs.facts.tooling import claim_tools
from cicd_defs.facts.tools import MENTIONS
from cicd_defs.facts.tree import Tree

INCIDENTAL_SHARE = 0.02
LOCKED_SHARE = 0.005
STACKS = (python, node, go, rust, java)
MODULES = {"python": python, "node": node, "go": go, "rust": rust, "java": java}
COMMANDS = {
    "python": python_commands,
    "node": node_commands,
    "go": go_commands,
    "rust": rust_commands,
    "java": java_commands,
}
APPLICATIONS = {
    "python": python_application,
    "node": node_application,
    "go": go_application,
    "rust": rust_application,
    "java": java_application,
}


def detect(tree: Tree) -> Stacks:
    """The components of a repository, their tools and commands, and what stands beside them."""
    survey = Survey(tree)
    scene = Scene(survey, _projects(survey), invocations_of(survey, MENTIONS))
    for draft in scene.drafts:
        _read_manifests(survey, draft)
    claim_tools(scene)
    for draft in sorted(scene.drafts, key=lambda draft: draft.lock_file is None):
        _claim_stack(scene, draft)
    kept = tuple(draft for draft in scene.drafts if not _is_incidental(scene, draft))
    return _stacks(replace(scene, drafts=kept))


def _is_incidental(scene: Scene, draft: Draft) -> bool:
    """A few files with a manifest inside another component, never tested or linted, are that one's matter."""
    checks = ("test_runners", "linters", "formatters", "type_checkers")
    if not scene.is_inside_another(draft) or any(draft.claims.names(kind) for kind in checks):
        return False
    share = len(scene.sources(draft)) / (scene.size or 1)
    return share < (LOCKED_SHARE if draft.lock_file else INCIDENTAL_SHARE)


def _projects(survey: Survey) -> tuple[Draft, ...]:
    drafts = [draft for stack in STACKS for draft in stack.find_projects(survey)]
    own = frozenset(nearest_roles(draft.manifest for draft in drafts))
    return tuple(
        sorted((d for d in drafts if d.manifest in own), key=lambda d: (d.path != ".", d.path, d.stack))
    )


def _read_manifests(survey: Survey, draft: Draft) -> None:
    if draft.stack == "python":
        draft.dependencies = python_dependencies.read_dependencies(survey, draft)
    elif draft.stack == "node":
        draft.dependencies = node.read_dependencies(survey, draft)


def _claim_stack(scene: Scene, draft: Draft) -> None:
    MODULES[draft.stack].claim_package_managers(scene, draft)
    if draft.stack == "python":
        python.claim_test_environments(scene, draft)
        python.drop_replaced_tools(draft)
        python.claim_unittest(scene, draft)
        drop_coverage_not_installed(scene, draft)
    elif draft.stack == "node":
        node.claim_builtin_runner(scene, draft)
    elif draft.stack == "go":
        go.claim_tests(scene, draft)
        go.claim_ginkgo(scene, draft)
        go.drop_included_linters(draft)
    elif draft.stack == "rust":
        rust.claim_tests(scene, draft)
    elif draft.stack == "java":
        java.claim_tools(scene, draft)
    claim_languages(scene, draft)
    if draft.stack == "node" and "typescript" in draft.claims.names("languages")[:1]:
        node.claim_typescript_compiler(scene, draft)
    if draft.stack == "java":
        draft.claims.add("languages", "kotlin", [java.uses_kotlin(scene, draft)])
    claim_services(scene, draft)


def _stacks(scene: Scene) -> Stacks:
    survey = scene.survey
    built = frozenset(name for draft in scene.drafts for name in draft.claims.names("languages"))
    others, containers = claim_others(survey, built), claim_containers(survey)
    names, links = dict(_named(scene.drafts)), links_of(scene)
    return Stacks(
        components=tuple(_component(scene, draft, names, links[draft]) for draft in scene.drafts),
        hooks=tuple(_hooks(survey)),
        dockerfiles=containers.of("dockerfiles"),
        images=tuple(image_source(survey, path) for path in containers.names("dockerfiles")),
        compose_files=containers.of("compose_files"),
        kubernetes=containers.of("kubernetes"),
        helm_charts=containers.of("helm_charts"),
        template_folders=tuple(sorted(f"{folder_of(path)}/templates" for path in survey.named("Chart.yaml"))),
        skaffold=containers.of("skaffold"),
        other_languages=others.of("languages"),
        other_package_managers=others.of("package_managers"),
        other_test_runners=others.of("test_runners"),
    )


def _hooks(survey: Survey) -> Iterable[Claim]:
    for path in (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml"):
        if place := survey.cite(path, r"^[ \t]*(repos:|\[\[repos)") if survey.has(path) else None:
            yield Claim(name="pre-commit", evidence=(place,))
            return


def _named(drafts: Iterable[Draft]) -> Iterable[tuple[Draft, str]]:
    """Each component with a unique name: its folder's, with more of its path, its stack or a number where needed."""
    taken: set[str] = set()
    for draft in drafts:
        folders = [] if draft.path == "." else draft.path.split("/")
        slugs = [_slug("-".join(folders[-depth:])) for depth in range(1, len(folders) + 1)]
        options = [slug for slug in slugs if slug] or [draft.stack]
        options.append(f"{options[-1]}-{draft.stack}")
        options += [f"{options[-1]}-{number}" for number in range(2, len(taken) + 3)]
        name = next(option for option in options if option not in taken)
        taken.add(name)
        yield draft, name


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-").lstrip("0123456789-")


def _component(scene: Scene, draft: Draft, names: Mapping[Draft, str], links: Links) -> Component:
    claims: Claims = draft.claims
    commands = tuple(COMMANDS[draft.stack](scene, draft))
    return Component(
        name=names[draft],
        path=draft.path,
        stack=draft.stack,
        manifest=draft.manifest,
        lock_file=draft.lock_file,
        classic_yarn=draft.stack == "node" and is_classic_yarn(scene, draft),
        members=draft.members,
        languages=claims.of("languages"),
        package_managers=claims.of("package_managers"),
        test_runners=claims.of("test_runners"),
        linters=claims.of("linters"),
        formatters=claims.of("formatters"),
        type_checkers=claims.of("type_checkers"),
        coverage_tools=claims.of("coverage_tools"),
        versions=MODULES[draft.stack].supported_versions(scene.survey, draft),
        services=claims.of("services"),
        source_paths=source_paths(scene, draft),
        commands=commands,
        depends_on=depends_on(links, names),
        shared_files=shared_files(links),
        coverage_config=coverage_config(scene.survey, draft.path) if draft.stack == "python" else None,
        application=APPLICATIONS[draft.stack](scene, draft, commands),
    )
