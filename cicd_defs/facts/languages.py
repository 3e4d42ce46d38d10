"""Which languages a repository is written in: by its manifests, and by the share of its own source code.

A manifest says that a language is built; a share says that there is enough of it to matter. Tests, examples,
documentation, fixtures and vendored code are left out of the shares.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cicd_defs.facts.draft import Draft, Scene
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey

EXTENSIONS = {
    "python": (".py", ".pyi", ".pyx"),
    "javascript": (".js", ".mjs", ".cjs", ".jsx"),
    "typescript": (".ts", ".mts", ".cts", ".tsx"),
    "go": (".go",),
    "rust": (".rs",),
    "java": (".java",),
    "kotlin": (".kt",),
    "scala": (".scala",),
    "groovy": (".groovy",),
    "c": (".c",),
    "cpp": (".cpp", ".cc", ".cxx", ".hpp"),
    "csharp": (".cs",),
    "fsharp": (".fs",),
    "ruby": (".rb",),
    "php": (".php",),
    "swift": (".swift",),
    "dart": (".dart",),
    "elixir": (".ex", ".exs"),
    "erlang": (".erl",),
    "haskell": (".hs",),
    "clojure": (".clj", ".cljs", ".cljc"),
    "lua": (".lua",),
    "perl": (".pl", ".pm"),
    "r": (".R", ".r"),
    "julia": (".jl",),
    "zig": (".zig",),
    "ocaml": (".ml", ".mli"),
    "nim": (".nim",),
    "crystal": (".cr",),
}
LANGUAGES = {extension: language for language, extensions in EXTENSIONS.items() for extension in extensions}
GENERATED = (
    ".min.js",
    ".min.mjs",
    ".bundle.js",
    ".pb.go",
    "_pb2.py",
    "_pb2_grpc.py",
    ".pb.cc",
    ".generated.ts",
    ".d.ts.map",
)
LARGE_SHARE = 0.10
SMALL_SHARE = 0.05
TRACE_SHARE = 0.02
SCRIPT_SHARE = 0.15  # configuration and shims in JavaScript stand in every TypeScript project
SAMPLE = 40
CONFIGURATION = (
    ".config.js",
    ".config.mjs",
    ".config.cjs",
    ".config.ts",
    ".config.mts",
    ".conf.js",
    ".conf.cjs",
    "rc.js",
    "rc.cjs",
    "gulpfile.js",
    "gruntfile.js",
    "env.d.ts",
)


def claim_languages(scene: Scene, draft: Draft) -> None:
    """The languages that one component is written in."""
    files = own_files(scene.survey, scene.sources(draft), scene.survey.role(draft.manifest))
    if draft.stack == "node":
        _claim_node_languages(draft, files)
        return
    tested = own_files(scene.survey, scene.sources(draft), Role.TEST)
    held = files.get(draft.stack) or tested.get(draft.stack, [])
    if len(held) > SMALL_SHARE * sum(map(len, tested.values())):
        draft.claims.add("languages", draft.stack, [f"{draft.manifest}:1", f"{held[0]}:1"])


def own_files(survey: Survey, paths: Iterable[str], limit: Role = Role.PROJECT) -> dict[str, list[str]]:
    """Source files by language, those for tests, examples and the like left out."""
    held: dict[str, list[str]] = {}
    for path in paths:
        language = LANGUAGES.get("." + path.rpartition(".")[2])
        if (
            language
            and survey.role(path) <= limit
            and not path.lower().endswith((*GENERATED, *CONFIGURATION))
        ):
            held.setdefault(language, []).append(path)
    return held


def _claim_node_languages(draft: Draft, files: dict[str, list[str]]) -> None:
    scripts, types = files.get("javascript", []), files.get("typescript", [])
    total = len(scripts) + len(types)
    checked = bool(draft.claims.names("type_checkers"))
    if scripts and len(scripts) >= SCRIPT_SHARE * total:
        draft.claims.add("languages", "javascript", [f"{scripts[0]}:1"])
    if types and (len(types) >= SMALL_SHARE * total or checked):
        draft.claims.add("languages", "typescript", [f"{types[0]}:1"])


@dataclass(frozen=True)
class Share:
    """How much of a repository's own source code one language is, and one of its files."""

    language: str
    share: float
    example: str


def shares(survey: Survey) -> list[Share]:
    """Every language's share of the repository's own source text, its size estimated from a sample of files."""
    files = own_files(survey, survey.paths)
    sizes = {name: _estimated_size(survey, paths) for name, paths in files.items()}
    total = sum(sizes.values()) or 1
    return [Share(name, sizes[name] / total, paths[0]) for name, paths in files.items()]


def _estimated_size(survey: Survey, paths: list[str]) -> int:
    sample = paths[:: max(1, len(paths) // SAMPLE)]
    return sum(len(survey.text(path)) for path in sample) * len(paths) // len(sample)
