"""JavaScript and TypeScript: the projects, who manages their packages, which versions of Node they support."""

import re
from collections.abc import Iterator

from cicd_defs.facts.draft import Dependency, Draft, Scene, depth_of
from cicd_defs.facts.globs import within_globs
from cicd_defs.facts.manifests import Table, string, strings, table
from cicd_defs.facts.sources import Role, is_auxiliary, role_of_manifest
from cicd_defs.facts.survey import Survey, folder_of, is_within, join, name_of
from cicd_defs.facts.versions import NODE_MAJORS, ci_versions, node_versions

LOCK_FILES = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
MANAGERS = ("npm", "pnpm", "yarn", "bun")
SOURCES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".astro")

MOST_TESTS_READ = 400
_NODE_TEST = r"(from|require\()[ \t]*[\"']node:test[\"']"
_TYPESCRIPT = re.compile(r"tsconfig([.-][\w.-]+)?\.json")


def find_projects(survey: Survey) -> list[Draft]:
    """The Node projects of a repository: each `package.json` that is no member of a workspace and no mere marker."""
    homes = {folder_of(path): path for path in survey.named("package.json")}
    roots = [folder for folder in homes if _workspace_globs(survey, folder)]
    members: dict[str, list[str]] = {}
    for root in sorted(roots, key=depth_of):
        taken = {folder for inside in members.values() for folder in inside}
        found = within_globs(homes, root, _workspace_globs(survey, root))
        members[root] = [folder for folder in found if folder not in taken]
    absorbed = {folder for inside in members.values() for folder in inside}
    drafts = [
        _draft(survey, folder, path, members.get(folder, []))
        for folder, path in homes.items()
        if folder not in absorbed and (members.get(folder) or _is_project(survey.json(path)))
    ]
    return _with_nested(drafts)


def _workspace_globs(survey: Survey, folder: str) -> tuple[str, ...]:
    data = survey.json(join(folder, "package.json"))
    declared = data.get("workspaces")
    globs = strings(declared.get("packages") if isinstance(declared, dict) else declared)
    pnpm = table(survey.yaml(join(folder, "pnpm-workspace.yaml"))).get("packages")
    return globs + strings(pnpm) + strings(survey.json(join(folder, "lerna.json")).get("packages"))


def _is_project(data: Table) -> bool:
    return any(table(data, key) for key in ("scripts", "dependencies", "devDependencies", "peerDependencies"))


def _draft(survey: Survey, folder: str, path: str, members: list[str]) -> Draft:
    manifests = [path]
    for member in sorted(members):
        manifest = join(member, "package.json")
        if survey.role(manifest) <= max(Role.TEST, survey.role(path)):
            manifests.append(manifest)
    lock_file = survey.first(folder, [name for name, _ in LOCK_FILES])
    shown = tuple(folder_of(manifest) for manifest in manifests[1:])
    return Draft("node", folder, path, tuple(manifests), shown, lock_file)


def _with_nested(drafts: list[Draft]) -> list[Draft]:
    """A manifest without a lock file of its own, below another project, is installed with that one."""
    kept: list[Draft] = []
    for draft in sorted(drafts, key=lambda draft: depth_of(draft.path)):
        parents = [other for other in kept if is_within(draft.path, other.path)]
        if parents and draft.lock_file is None and not draft.members:
            parent = max(parents, key=lambda other: depth_of(other.path))
            if role_of_manifest(draft.manifest) <= role_of_manifest(parent.manifest):
                parent.manifests += draft.manifests
        else:
            kept.append(draft)
    return kept


def read_dependencies(survey: Survey, draft: Draft) -> tuple[Dependency, ...]:
    """Every package that the project's manifests name."""
    found: list[Dependency] = []
    for path in draft.manifests:
        for key, dev in (("devDependencies", True), ("dependencies", False), ("peerDependencies", False)):
            for name in table(survey.json(path), key):
                place = survey.cite(path, rf'"{re.escape(name)}"[ \t]*:[ \t]*"')
                if place:
                    found.append(Dependency(name, place, dev))
    return tuple(found)


def claim_package_managers(scene: Scene, draft: Draft) -> None:
    """Who installs this project: `packageManager`, then the lock file, then CI's commands say so; else npm."""
    claims = draft.claims
    for manager, place in _declared_managers(scene, draft):
        claims.add("package_managers", manager, [place])
        if draft.lock_file:
            claims.add(
                "package_managers", manager, [f"{draft.lock_file}:1"] if _locks(draft, manager) else []
            )
        return
    used = {manager: _installs(scene, draft, manager) for manager in MANAGERS}
    manager = max(MANAGERS, key=lambda name: len(used[name]))
    claims.add("package_managers", manager, used[manager] or [scene.survey.cite(draft.manifest)])


def _installs(scene: Scene, draft: Draft, manager: str) -> list[str]:
    pattern = re.compile(rf"{manager} +(install|i|ci)\b|{manager}$")
    return [one.place for one in scene.invoked(draft, pattern) if one.ci]


def _locks(draft: Draft, manager: str) -> bool:
    return (name_of(draft.lock_file or ""), manager) in LOCK_FILES


def _declared_managers(scene: Scene, draft: Draft) -> Iterator[tuple[str, str | None]]:
    survey, data = scene.survey, scene.survey.json(draft.manifest)
    declared = string(data.get("packageManager")).partition("@")[0]
    if declared in MANAGERS:
        yield declared, survey.cite(draft.manifest, r'"packageManager"[ \t]*:')
    for name, manager in LOCK_FILES:
        if survey.has(path := join(draft.path, name)):
            yield manager, f"{path}:1"
    if survey.has(path := join(draft.path, "pnpm-workspace.yaml")):
        yield "pnpm", f"{path}:1"
    if survey.has(path := join(draft.path, ".yarnrc.yml")):
        yield "yarn", f"{path}:1"


def manager_of(draft: Draft) -> str:
    """The package manager whose commands are to be used."""
    return next(iter(draft.claims.names("package_managers")), "npm")


def supported_versions(survey: Survey, draft: Draft) -> tuple[str, ...]:
    """The Node majors to test: `engines` of a library, what an application pins, else CI's."""
    data = survey.json(draft.manifest)
    pinned = _pinned(survey, draft, data)
    engines = _engines(survey, draft)
    if pinned and (data.get("private") is True or not engines):
        return pinned
    if engines and (versions := node_versions(engines)):
        return versions
    return tuple(major for major in ci_versions(survey, "node-version", r"\d{2}") if major in NODE_MAJORS)


def _engines(survey: Survey, draft: Draft) -> str:
    ranges = (string(table(survey.json(path), "engines").get("node")) for path in draft.manifests)
    return next((one for one in ranges if one), "")


def _pinned(survey: Survey, draft: Draft, data: Table) -> tuple[str, ...]:
    volta = string(table(data, "volta").get("node"))
    for folder in dict.fromkeys((draft.path, ".")):
        for name in (".nvmrc", ".node-version", ".tool-versions"):
            text = survey.text(join(folder, name))[:2000]
            pattern = r"^nodejs?\s+v?(\d{2})\b" if name == ".tool-versions" else r"^\s*v?(\d{2})\b"
            if found := re.search(pattern, text, re.MULTILINE):
                return (found[1],) if found[1] in NODE_MAJORS else ()
    return (volta[:2],) if volta[:2] in NODE_MAJORS else ()


def claim_typescript_compiler(scene: Scene, draft: Draft) -> None:
    """`tsc`, where TypeScript is the project's language and its compiler is set up, even if a bundler starts it."""
    survey, compiler = (
        scene.survey,
        draft.dependency("typescript", dev=True) or draft.dependency("typescript"),
    )
    if draft.claims.has("type_checkers", "tsc") or compiler is None:
        return
    for path in survey.matching(_TYPESCRIPT):
        if is_within(path, draft.path) and survey.role(path) <= Role.PROJECT:
            draft.claims.add("type_checkers", "tsc", [f"{path}:1", compiler.place])
            return


def claim_builtin_runner(scene: Scene, draft: Draft) -> None:
    """Node's own test runner, where test files import it, whatever starts them."""
    tests = [path for path in scene.sources(draft) if re.search(r"(^|[./_-])(test|spec)s?([./_-])", path)]
    for path in tests[:MOST_TESTS_READ]:
        if is_auxiliary(path) or scene.survey.role(path) > Role.TEST:
            continue
        if place := scene.survey.cite(path, _NODE_TEST):
            draft.claims.add("test_runners", "node-test", [place])
            return
