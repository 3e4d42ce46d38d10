"""A project file for a repository: what was detected, as a declaration with comments, ready to be edited."""

import re
from collections.abc import Iterator

from cicd_defs.facts.stacks import Claim, Component, Stacks
from cicd_defs.render.yaml import quoted

_COMMAND_KEYS = {
    "install": "install_cmd",
    "lint": "lint_cmd",
    "format": "format_cmd",
    "typecheck": "typecheck_cmd",
    "test": "test_cmd",
    "integration": "integration_cmd",
    "e2e": "e2e_cmd",
    "build": "build_cmd",
}


def name_for(folder: str) -> str:
    """A valid project name from a folder's: `[a-z][a-z0-9_-]{0,38}`."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", folder.lower()).strip("-_")
    plain = plain if plain[:1].isalpha() else f"project-{plain}".rstrip("-")
    return plain[:39].rstrip("-_")


def render_project(repository: str, stacks: Stacks, source: str, branch: str | None = None) -> str:
    """The text of a project file. `repository` is a path, a git URL or GitHub's owner/name; `source` its own name;
    `branch` the repository's main branch, where it is known.

    What stands uncommented is enough to be compiled; what was detected and follows the repository stands commented.
    """
    lines = [
        "# yaml-language-server: $schema=project.schema.json",
        f"# {_comment(source)}: what is delivered from this repository, and how.",
        "# `cicd explain KEY` tells what a key means, `cicd explain` lists all of them.",
        f"repository: {quoted(repository)}",
        f"branch: {quoted(branch)}" if branch and branch != "main" else "# branch: main",
        "",
        "pipeline:",
        "  # trigger_type: [push, pr, manual, schedule]",
        '  # schedule: "0 2 * * *"  # UTC',
        "  # layout: split  # or unified: everything in ci.yml",
        "  # timeout_minutes: 20",
        "  # scans: {dependencies: true, secrets: true, image: true, code: true}",
    ]
    lines += _components(stacks) if stacks.components else _nothing()
    return "\n".join([*lines, *_repository(stacks)]) + "\n"


def _nothing() -> list[str]:
    return [
        "  # Nothing was detected that could be built or tested. Declare it:",
        "  # components:",
        "  #   - {path: ., stack: custom, install_cmd: make deps, lint_cmd: make lint, test_cmd: make test}",
        "  layout: split",
    ]


def _components(stacks: Stacks) -> Iterator[str]:
    yield "  # Commented lines were detected and follow the repository; uncomment one to fix it."
    yield "  components:"
    for component in stacks.components:
        yield from _component(component)


def _component(component: Component) -> Iterator[str]:
    yield f"    - path: {quoted(component.path)}"
    yield f"      name: {component.name}"
    yield f"      stack: {component.stack}  # {_comment(component.manifest)}"
    if component.versions:
        yield f"      # versions: [{', '.join(quoted(version) for version in component.versions)}]"
    yield from _claims("package manager", component.package_managers)
    yield from _claims("tests", component.test_runners)
    yield from _claims("linters", (*component.linters, *component.formatters))
    yield from _claims("types", component.type_checkers)
    yield from _claims("services", component.services)
    yield from _claims("builds on", component.depends_on)
    yield from _claims("concerned by", component.shared_files)
    for command in component.commands:
        yield from _command(_COMMAND_KEYS[command.kind], command.run)


def _claims(title: str, claims: tuple[Claim, ...]) -> Iterator[str]:
    if claims:
        said = ", ".join(f"{claim.name} ({next(iter(claim.evidence), '')})" for claim in claims)
        yield f"      # {title}: {_comment(said)}"


def _command(key: str, run: str) -> Iterator[str]:
    lines = run.strip("\n").split("\n")
    if len(lines) == 1:
        yield f"      # {key}: {quoted(lines[0])}"
        return
    yield f"      # {key}: |"
    yield from (f"      #   {_comment(line)}" for line in lines)


def _repository(stacks: Stacks) -> Iterator[str]:
    found = {
        "images": stacks.dockerfiles,
        "compose": stacks.compose_files,
        "Kubernetes": stacks.kubernetes,
        "Helm": stacks.helm_charts,
        "skaffold": stacks.skaffold,
        "other languages": stacks.other_languages,
    }
    for title, claims in found.items():
        if claims:
            shown = ", ".join(claim.name for claim in claims[:8]) + (", …" if len(claims) > 8 else "")
            yield f"# {title}: {_comment(shown)}"


def _comment(text: str) -> str:
    """Text that cannot leave its comment line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
