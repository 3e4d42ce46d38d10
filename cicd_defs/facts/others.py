"""Languages that no component stands for: named, with their package manager and test runner, where they are built."""

import re
from dataclasses import dataclass

from cicd_defs.facts.draft import Claims
from cicd_defs.facts.languages import LARGE_SHARE, TRACE_SHARE, own_files, shares
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, folder_of, is_within


@dataclass(frozen=True)
class Ecosystem:
    """A language with the manifest that builds it."""

    language: str
    manifests: str
    package_manager: str = ""
    test_runner: str = ""
    test_sign: str = ""


ECOSYSTEMS = (
    Ecosystem(
        "csharp", r".+\.csproj", "nuget", "dotnet-test", r"Microsoft\.NET\.Test\.Sdk|xunit|NUnit|MSTest"
    ),
    Ecosystem(
        "fsharp", r".+\.fsproj", "nuget", "dotnet-test", r"Microsoft\.NET\.Test\.Sdk|xunit|NUnit|Expecto"
    ),
    Ecosystem("ruby", r"Gemfile|.+\.gemspec", "bundler", "rspec", r"rspec"),
    Ecosystem("ruby", r"Gemfile|.+\.gemspec", "bundler", "minitest", r"minitest"),
    Ecosystem("php", r"composer\.json", "composer", "phpunit", r"phpunit/phpunit"),
    Ecosystem("php", r"composer\.json", "composer", "pest", r"pestphp/pest\""),
    Ecosystem("elixir", r"mix\.exs", "mix", "exunit", r"defmodule"),
    Ecosystem("scala", r"build\.sbt", "sbt", "scalatest", r"scalatest"),
    Ecosystem("scala", r"build\.sbt", "sbt", "munit", r"munit"),
    Ecosystem("swift", r"Package\.swift", "swiftpm", "xctest", r"\.testTarget"),
    Ecosystem("dart", r"pubspec\.yaml", "pub", "dart-test", r"^\s*(flutter_)?test:"),
    Ecosystem("haskell", r".+\.cabal|stack\.yaml|package\.yaml", "cabal"),
    Ecosystem("clojure", r"project\.clj|deps\.edn", "clojure"),
    Ecosystem("julia", r"Project\.toml", "pkg"),
    Ecosystem("zig", r"build\.zig", "zig"),
    Ecosystem("typescript", r"deno\.jsonc?", "deno"),
)
EXTENSION_MODULES = r"\bExtension\(|ext_modules|cythonize\(|py\.extension_module"


def claim_others(survey: Survey, built: frozenset[str]) -> Claims:
    """Claims of languages, package managers and test runners beyond the components' (whose languages are `built`)."""
    claims = Claims()
    files = own_files(survey, survey.paths)
    for share in shares(survey):
        if share.language in built:
            continue
        ecosystems = [one for one in ECOSYSTEMS if one.language == share.language]
        if share.share >= TRACE_SHARE:
            for ecosystem in ecosystems:
                _claim_ecosystem(survey, claims, ecosystem, files[share.language])
        if share.share >= LARGE_SHARE:
            claims.add("languages", share.language, [f"{share.example}:1"])
    _claim_native(survey, claims, files, built)
    return claims


def _claim_ecosystem(survey: Survey, claims: Claims, ecosystem: Ecosystem, files: list[str]) -> None:
    manifests = [
        path for path in survey.matching(re.compile(ecosystem.manifests)) if survey.role(path) <= Role.TEST
    ]
    owning = [path for path in manifests if any(is_within(file, folder_of(path)) for file in files)]
    if not owning:
        return
    claims.add("languages", ecosystem.language, [f"{owning[0]}:1"])
    claims.add("package_managers", ecosystem.package_manager, [f"{owning[0]}:1"])
    if ecosystem.test_sign:
        places = (survey.cite(path, ecosystem.test_sign) for path in manifests)
        claims.add("test_runners", ecosystem.test_runner, places)


def _claim_native(survey: Survey, claims: Claims, files: dict[str, list[str]], built: frozenset[str]) -> None:
    """C and C++ that a Python package's own extension modules are made of."""
    if "python" not in built:
        return
    for path in survey.named("setup.py", "meson.build", "build.py"):
        place = survey.cite(path, EXTENSION_MODULES) if survey.role(path) == Role.PROJECT else None
        if place:
            for language in ("c", "cpp"):
                if language in files or (
                    language == "c" and any(one.endswith(".pyx") for one in files.get("python", ()))
                ):
                    claims.add("languages", language, [place])
