"""How a Node project is installed, linted, type-checked, tested and built: by its own scripts if it has them."""

import re
from collections.abc import Iterator

from cicd_defs.facts.commands import command, hook_version, is_safe_name
from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.integration import E2E_SCRIPTS, INTEGRATION_SCRIPTS
from cicd_defs.facts.manifests import string, table
from cicd_defs.facts.node import manager_of
from cicd_defs.facts.stacks import Command, CommandKind
from cicd_defs.facts.survey import Survey, join

SCRIPTS: dict[CommandKind, tuple[str, ...]] = {
    "lint": ("lint:ci", "lint", "eslint", "lint:check", "check:lint", "lint:js", "lint:eslint", "lint:code"),
    "format": (
        "format:check", "check:format", "format-check", "check-format", "prettier:check", "check:prettier", "fmt:check",
        "format:ci", "lint:prettier", "lint:format", "format", "fmt", "prettier",
    ),
    "typecheck": (
        "typecheck", "type-check", "check-types", "types:check", "check:types", "lint:types", "lint:tsc",
        "tsc", "types", "ts:check", "check:ts", "check", "test:types", "test-types", "test:typecheck", "test:dtslint",
    ),
    "test": ("test:ci", "test-ci", "ci:test", "test", "test:unit", "unit", "test:run"),
    "integration": INTEGRATION_SCRIPTS,
    "e2e": E2E_SCRIPTS,
    "build": ("build",),
}  # fmt: skip
DIRECT: dict[str, str] = {
    "eslint": "eslint .", "biome": "biome lint .", "oxlint": "oxlint", "xo": "xo", "standard": "standard",
    "tslint": "tslint --project .", "jshint": "jshint .", "stylelint": 'stylelint "**/*.css"',
    "prettier": "prettier --check .", "dprint": "dprint check", "oxfmt": "oxfmt --check",
    "tsc": "tsc --noEmit", "flow": "flow check", "dtslint": "dtslint", "tsd": "tsd", "tstyche": "tstyche",
    "vitest": "vitest run", "jest": "jest", "mocha": "mocha", "ava": "ava", "tap": "tap", "jasmine": "jasmine",
    "uvu": "uvu", "karma": "karma start --single-run", "qunit": "qunit", "web-test-runner": "wtr",
    "playwright": "playwright test", "cypress": "cypress run",
}  # fmt: skip
PACKAGES = {
    "biome": "@biomejs/biome", "tsc": "typescript", "playwright": "@playwright/test", "flow": "flow-bin",
    "web-test-runner": "@web/test-runner",
}  # fmt: skip
KINDS: tuple[tuple[CommandKind, str], ...] = (
    ("lint", "linters"),
    ("format", "formatters"),
    ("typecheck", "type_checkers"),
    ("test", "test_runners"),
)

_CHANGES_FILES = re.compile(r"--(fix|write|watch|watchAll|update)\b|\s-w\b|--apply\b")
_NEEDS_A_PERSON = re.compile(
    r"cypress open\b|--(ui|debug|headed)\b|codegen\b|show-report\b|playwright install\b"
)
_CHECKS_FORMAT = re.compile(
    r"--check\b|\s-c\b|--list-different|\s-l\b|biome (ci|check|format)\b|dprint check"
)
_CHECKS_TYPES = re.compile(r"tsc\b|tsgo\b|svelte-check|astro check|tsd\b|tstyche|dtslint|flow\b|glint")
_PLACEHOLDER = re.compile(r"no tests? specified|^\s*(echo\b[^&|;]*|exit 0|true|:)\s*$")


def node_commands(scene: Scene, draft: Draft) -> Iterator[Command]:
    """Every command of a Node project for which there is evidence."""
    manager = manager_of(draft)
    yield from command(
        "install", [_install(scene, draft, manager)], draft.claims.evidence("package_managers", manager)
    )
    for kind, claimed in KINDS:
        yield from _by_script(scene, draft, manager, kind) or _by_tool(scene, draft, manager, kind, claimed)
    yield from _by_script(scene, draft, manager, "integration")
    yield from _end_to_end(scene, draft, manager)
    yield from _by_script(scene, draft, manager, "build")


def _end_to_end(scene: Scene, draft: Draft, manager: str) -> list[Command]:
    """The end-to-end tests by themselves, where they are not all the tests that there are."""
    others = set(draft.claims.names("test_runners")) - {"playwright", "cypress"}
    return (
        _by_script(scene, draft, manager, "e2e")
        if others or _by_script(scene, draft, manager, "test")
        else []
    )


def _install(scene: Scene, draft: Draft, manager: str) -> str:
    locked = draft.lock_file is not None
    if manager == "npm":
        return "npm ci" if locked else "npm install"
    if manager == "yarn" and _is_yarn_berry(scene, draft):
        return "yarn install --immutable" if locked else "yarn install"
    return f"{manager} install --frozen-lockfile" if locked else f"{manager} install"


def is_classic_yarn(scene: Scene, draft: Draft) -> bool:
    """Whether a project is installed with yarn 1, whose commands are not those of the later ones."""
    return manager_of(draft) == "yarn" and not _is_yarn_berry(scene, draft)


def _is_yarn_berry(scene: Scene, draft: Draft) -> bool:
    survey = scene.survey
    declared = string(survey.json(draft.manifest).get("packageManager"))
    if found := re.match(r"yarn@(\d+)", declared):
        return int(found[1]) > 1
    lock_file = join(draft.path, "yarn.lock")
    return survey.has(join(draft.path, ".yarnrc.yml")) or bool(survey.cite(lock_file, "^__metadata:"))


def _by_script(scene: Scene, draft: Draft, manager: str, kind: CommandKind) -> list[Command]:
    """The component's own script for this, else one that its workspace members have."""
    for name in SCRIPTS[kind]:
        if place := _script_place(scene.survey, draft.manifest, name, kind):
            return command(kind, [_run(manager, name)], [place])
    members = [join(member, "package.json") for member in draft.members]
    for name in SCRIPTS[kind]:
        places = [place for path in members if (place := _script_place(scene.survey, path, name, kind))]
        if places:
            berry = _is_yarn_berry(scene, draft)
            return command(kind, [_run_in_members(manager, name, berry=berry)], places[:3])
    return []


def _script_place(survey: Survey, manifest: str, name: str, kind: CommandKind) -> str | None:
    script = string(table(survey.json(manifest), "scripts").get(name))
    if not script or not is_safe_name(name) or not _serves(script, name, kind):
        return None
    return survey.cite(manifest, rf'"{re.escape(name)}"[ \t]*:[ \t]*"')


def _serves(script: str, name: str, kind: CommandKind) -> bool:
    """Whether a script checks (rather than repairs, watches or says that there is nothing)."""
    if _PLACEHOLDER.search(script):
        return False
    if kind == "e2e" and _NEEDS_A_PERSON.search(script):
        return False
    if kind in ("lint", "format", "test") and _CHANGES_FILES.search(script):
        return False
    if kind == "format" and name in ("format", "fmt", "prettier"):
        return bool(_CHECKS_FORMAT.search(script))
    return bool(_CHECKS_TYPES.search(script)) if kind == "typecheck" and name in ("check", "types") else True


def _run(manager: str, name: str) -> str:
    if name == "test":
        return "bun run test" if manager == "bun" else f"{manager} test"
    return f"{manager} run {name}"


def _run_in_members(manager: str, name: str, *, berry: bool) -> str:
    if manager == "npm":
        return f"npm run {name} --workspaces --if-present"
    if manager == "pnpm":
        return f"pnpm --recursive --if-present run {name}"
    if manager == "bun":
        return f"bun run --filter '*' {name}"
    return f"yarn workspaces foreach --all run {name}" if berry else f"yarn workspaces run {name}"


def _by_tool(scene: Scene, draft: Draft, manager: str, kind: CommandKind, claimed: str) -> list[Command]:
    lines: list[str] = []
    places: list[str] = []
    names = draft.claims.names(claimed)
    for name in names[:1] if kind == "test" else names:
        line = _direct(scene, draft, manager, kind, name)
        if line:
            lines.append(line)
            places += draft.claims.evidence(claimed, name)[:1]
    return command(kind, lines, places)


def _direct(scene: Scene, draft: Draft, manager: str, kind: CommandKind, name: str) -> str:
    if name == "node-test":
        return "node --test"
    if name in ("bun-test", "deno-test"):
        return name.replace("-", " ")
    if name == "tsc" and not scene.survey.has(join(draft.path, "tsconfig.json")):
        return ""
    words = "biome format ." if name == "biome" and kind == "format" else DIRECT.get(name, "")
    if words and draft.dependency(PACKAGES.get(name, name)) is None and not draft.members:
        version = hook_version(scene.survey, name)
        package = PACKAGES.get(name, name) + (f"@{version}" if version else "")
        return f"npx --yes --package {package} -- {words}"
    starters = {"npm": "npx", "pnpm": "pnpm exec", "yarn": "yarn run", "bun": "bunx"}
    return f"{starters[manager]} {words}" if words else ""
