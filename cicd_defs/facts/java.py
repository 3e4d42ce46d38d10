"""Java and Kotlin: Maven and Gradle builds, their test frameworks and linters, and the releases they target."""

import re
from collections.abc import Iterator

from cicd_defs.facts.draft import Draft, Scene, depth_of
from cicd_defs.facts.sources import Role
from cicd_defs.facts.survey import Survey, folder_of, is_within, join, name_of
from cicd_defs.facts.versions import JAVA_LONG_TERM, ascending, ci_versions

BUILD_FILES = ("pom.xml", "settings.gradle.kts", "settings.gradle", "build.gradle.kts", "build.gradle")
MOST_TESTS_READ = 60

_DEPENDENCIES = (
    ("test_runners", "junit", r"junit(-jupiter|-bom|-platform)?\b|org\.junit|useJUnitPlatform|kotlin\(\"test"),
    ("test_runners", "testng", r"org\.testng|useTestNG"),
    ("test_runners", "spock", r"test\w*[ (].*org\.spockframework|<artifactId>spock-core"),
    ("test_runners", "kotest", r"io\.kotest"),
    (
        "linters",
        "checkstyle",
        r"maven-checkstyle-plugin|id\W{1,3}checkstyle\b|plugin: ['\"]checkstyle|^[ \t]*`?checkstyle`?[ \t]*(\{|$)",
    ),
    ("linters", "pmd", r"maven-pmd-plugin|id\W{1,3}pmd\b|apply plugin: ['\"]pmd|^\s*pmd\s*\{"),
    ("linters", "spotbugs", r"spotbugs-maven-plugin|com\.github\.spotbugs"),
    ("linters", "ktlint", r"org\.jlleitschuh\.gradle\.ktlint|org\.jmailen\.kotlinter|ktlint-maven-plugin"),
    ("linters", "detekt", r"io\.gitlab\.arturbosch\.detekt|dev\.detekt|detekt-maven-plugin"),
    ("formatters", "spotless", r"com\.diffplug\.spotless|spotless-maven-plugin|com\.diffplug\.gradle\.spotless"),
    ("formatters", "google-java-format", r"fmt-maven-plugin|com\.github\.sherter\.google-java-format|googleformatter"),
    ("formatters", "spring-javaformat", r"io\.spring\.javaformat|spring-javaformat-(maven|gradle)-plugin"),
    ("coverage_tools", "jacoco", r"jacoco"),
    ("coverage_tools", "kover", r"org\.jetbrains\.kotlinx\.kover"),
)  # fmt: skip
_KOTLIN = (
    r"org\.jetbrains\.kotlin[.:]|kotlin-maven-plugin|kotlin\(\"(jvm|multiplatform|android)\"\)|kotlin-gradle-plugin"
    r"|kotlin-android"
)
_TEST_IMPORTS = (
    ("junit", r"^import (static )?(org\.junit|junit\.|kotlin\.test)"),
    ("testng", r"^import (static )?org\.testng"),
    ("spock", r"^import spock\."),
)
_CHECKSTYLE_RULES = re.compile(
    r"(\w+[-_])?checkstyle([-_](checks|rules|config))?\.xml|(google|sun)_checks\.xml"
)
_SCRIPT = re.compile(r".+\.gradle(\.kts)?")
_SCRIPT_FOLDER = re.compile(r"(^|/)(buildSrc|build-logic|gradle)/")
_RELEASES = (
    r"<(?:maven\.compiler\.release|java\.version|maven\.compiler\.source|release|javaVersion|jdk\.version)>\s*(?:1\.)?(\d{1,2})\s*<",
    r"JavaLanguageVersion\.of\(\s*[\"']?(\d{1,2})",
    r"jvmToolchain\(\s*(\d{1,2})",
    r"options\.release(?:\.set\(|\s*=)\s*(\d{1,2})",
    r"(?:sourceCompatibility|targetCompatibility)\s*=?\s*(?:JavaVersion\.VERSION_)?[\"']?(?:1[._])?(\d{1,2})",
)


def find_projects(survey: Survey) -> list[Draft]:
    """The outermost builds; modules below one belong to it."""
    drafts: list[Draft] = []
    builds = dict.fromkeys((*survey.named(*BUILD_FILES, "libs.versions.toml"), *_shared_scripts(survey)))
    for path in sorted(builds, key=depth_of):
        folder = folder_of(path)
        parents = [draft for draft in drafts if is_within(folder, draft.path)]
        if parents:
            _absorb(survey, parents[-1], path)
        elif name_of(path) in BUILD_FILES:
            drafts.append(Draft("java", folder, path, (path,)))
    return drafts


def _shared_scripts(survey: Survey) -> Iterator[str]:
    """Gradle's convention plugins and applied scripts, which configure the modules."""
    for path in survey.matching(_SCRIPT):
        if _SCRIPT_FOLDER.search(path):
            yield path


def _absorb(survey: Survey, parent: Draft, path: str) -> None:
    folder = folder_of(path)
    if survey.role(path) <= max(Role.TEST, survey.role(parent.manifest)):
        parent.manifests += (path,)
        if folder != parent.path and path.endswith(("pom.xml", "build.gradle", "build.gradle.kts")):
            parent.members = tuple(dict.fromkeys((*parent.members, folder)))


def claim_package_managers(_: Scene, draft: Draft) -> None:
    """Maven, Gradle, or both."""
    maven = [path for path in draft.manifests if path.endswith("pom.xml")]
    gradle = [path for path in draft.manifests if ".gradle" in path]
    if any(folder_of(path) == draft.path for path in maven):
        draft.claims.add("package_managers", "maven", [f"{maven[0]}:1"])
    if any(folder_of(path) == draft.path for path in gradle):
        draft.claims.add("package_managers", "gradle", [f"{gradle[0]}:1"])


def claim_tools(scene: Scene, draft: Draft) -> None:
    """Test frameworks, linters, formatters and coverage, from plugins and dependencies."""
    for kind, name, pattern in _DEPENDENCIES:
        places = (scene.survey.cite(path, pattern) for path in draft.manifests)
        draft.claims.add(kind, name, list(places)[:200])
    _claim_checkstyle_by_rules(scene, draft)
    _claim_tests_by_imports(scene, draft)


def _claim_checkstyle_by_rules(scene: Scene, draft: Draft) -> None:
    rules = [path for path in scene.survey.matching(_CHECKSTYLE_RULES) if is_within(path, draft.path)]
    own = [path for path in rules if scene.survey.role(path) < Role.TEST and "/resources/" not in path]
    draft.claims.add("linters", "checkstyle", [f"{path}:1" for path in own[:1]])


def _claim_tests_by_imports(scene: Scene, draft: Draft) -> None:
    tests = [path for path in scene.sources(draft) if re.search(r"Tests?\.\w+$|Spec\.\w+$|IT\.\w+$", path)]
    for path in tests[:MOST_TESTS_READ]:
        if scene.survey.role(path) > Role.TEST:
            continue
        for name, pattern in _TEST_IMPORTS:
            if place := scene.survey.cite(path, pattern):
                if not draft.claims.names("test_runners"):
                    draft.claims.add("test_runners", name, [place])
                return


def uses_kotlin(scene: Scene, draft: Draft) -> str | None:
    """Where the build applies Kotlin, if there are Kotlin sources."""
    if not any(
        path.endswith(".kt") and scene.survey.role(path) <= Role.TEST for path in scene.sources(draft)
    ):
        return None
    return next((place for path in draft.manifests if (place := scene.survey.cite(path, _KOTLIN))), None)


def supported_versions(survey: Survey, draft: Draft) -> tuple[str, ...]:
    """The JDKs to test with: CI's, else the release that the build targets."""
    used = tuple(v for v in ci_versions(survey, "java-version", r"\d{1,2}") if 8 <= int(v) <= 30)
    if used:
        return used
    declared: set[str] = set()
    for path in draft.manifests:
        for pattern in _RELEASES:
            declared |= {found for found in re.findall(pattern, survey.text(path)) if 7 < int(found) < 40}
    newest = ascending(declared)[-1:]
    return newest or _pinned(survey, draft)


def _pinned(survey: Survey, draft: Draft) -> tuple[str, ...]:
    text = survey.text(join(draft.path, ".sdkmanrc")) + survey.text(join(draft.path, ".java-version"))
    found = re.search(r"(?:java=|^)(?:1\.)?(\d{1,2})", text)
    return (found[1],) if found and found[1] in JAVA_LONG_TERM else ()
