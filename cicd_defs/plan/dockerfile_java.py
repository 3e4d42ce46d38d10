"""The Dockerfile of a Java or Kotlin application that Maven or Gradle builds."""

from cicd_defs.facts.application import process_of
from cicd_defs.facts.commands_compiled import MAVEN_FLAGS
from cicd_defs.plan import pins
from cicd_defs.plan.containers import Base, Cmd, Copy, Instruction, Run, Stage, Workdir
from cicd_defs.plan.dockerfile_parts import ROOT, Recipe, Target, Unfit, arguments, copied, everything, ran
from cicd_defs.plan.setup import DEFAULT_VERSIONS

JDK, JRE = "jdk", "jre"
OUT = "/out"
CACHES = {"maven": "/root/.m2/repository", "gradle": "/root/.gradle"}
_NOT_STARTED = ("*-sources.jar", "*-javadoc.jar", "*-plain.jar", "*-tests.jar", "original-*.jar")
"""Jars beside the one that starts by itself."""


def java_recipe(target: Target) -> Recipe:
    """A Dockerfile for a jar that starts by itself, or for what Gradle's `application` lays out."""
    application = target.application
    if not application.programs:
        raise Unfit(
            "no Dockerfile is written: no jar that starts by itself is built (Spring Boot, the shade plugin or "
            "Gradle's `application` are known)"
        )
    maven = target.unit.manager == "maven"
    version = target.unit.newest or DEFAULT_VERSIONS["java"]
    tool = f"maven:3-eclipse-temurin-{version}" if maven else f"gradle:8-jdk{version}"
    image = f"eclipse-temurin:{version}-jdk" if application.has("wrapper") else tool
    return Recipe(
        bases=(
            Base(name=JDK, image=pins.image(image)),
            Base(name=JRE, image=pins.image(f"eclipse-temurin:{version}-jre")),
        ),
        stages=(
            Stage(
                name="dependencies",
                base=JDK,
                about="What the build needs: downloaded anew only when its manifest changes.",
                instructions=_dependencies(target, maven),
            ),
            Stage(
                name="builder",
                base="dependencies",
                about="The application.",
                instructions=_builder(target, maven),
            ),
            Stage(
                name="test",
                base="dependencies",
                about="Everything that the tests need: docker build --target test",
                instructions=_test(target, maven),
            ),
        ),
        base=JRE,
        production=(Workdir(path=ROOT), Copy(sources=(f"{OUT}/",), to=f"{ROOT}/", origin="builder")),
        start=target.start,
        client="bash",
    )


def _program(target: Target, maven: bool) -> str:
    """Maven or Gradle as the image has it: the repository's own, where it brings one."""
    wrapper = target.application.has("wrapper")
    if maven:
        return f"{'./mvnw' if wrapper else 'mvn'} {MAVEN_FLAGS}"
    return f"{'./gradlew' if wrapper else 'gradle'} --no-daemon"


def _dependencies(target: Target, maven: bool) -> tuple[Instruction, ...]:
    files = copied(target, target.application.manifests)
    # Into the layer and not into a cache: the test image has to have them.
    fetch = (Run(lines=(f"{_program(target, maven)} dependency:go-offline",)),) if files else ()
    return (Workdir(path=target.folder), *files, *fetch)


def _builder(target: Target, maven: bool) -> tuple[Instruction, ...]:
    (program, made), *_ = target.application.programs.items()
    return (
        *arguments(target),
        everything(),
        *ran(
            target.build or _build(target, maven, program),
            *_collected(program, made),
            caches=_caches(target, maven),
        ),
    )


def _build(target: Target, maven: bool, program: str) -> str:
    if maven:
        return f"{_program(target, maven)} -DskipTests package"
    return f"{_program(target, maven)} {'bootJar' if program.endswith('.jar') else 'installDist'}"


def _collected(program: str, made: str) -> tuple[str, ...]:
    """What the build leaves, under a name that does not change with its version."""
    if not program.endswith(".jar"):
        return (f"cp -r {made}/. {OUT}/",)
    others = "".join(f" ! -name '{pattern}'" for pattern in _NOT_STARTED)
    return (
        f"mkdir {OUT}",
        f"find {made} -maxdepth 1 -name '*.jar'{others} -exec mv -t {OUT} {{}} +",
        f"mv {OUT}/*.jar {OUT}/app.jar",
    )


def _caches(target: Target, maven: bool) -> tuple[str, ...]:
    """What outlives the build: Maven's downloads are a layer already where there is one module."""
    if maven and target.application.manifests:
        return ()
    return (CACHES["maven" if maven else "gradle"],)


def _test(target: Target, maven: bool) -> tuple[Instruction, ...]:
    """The tests compiled, with everything that this downloads, and the command that runs them."""
    program, test = _program(target, maven), target.unit.commands.get("test")
    compiled = f"{program} test-compile" if maven else f"{program} testClasses"
    last = (Cmd(argv=process_of(test)),) if test else ()
    return (everything(), Run(lines=(compiled,)), *last)
