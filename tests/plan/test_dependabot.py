import pytest

from cicd_defs.facts.stacks import Component, Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import DEPENDABOT_PATH, OTHER_NAMES
from cicd_defs.plan.hygiene import Update
from cicd_defs.plan.pipeline import Pipeline
from tests.samples import claims, commands, component, plan, project


def updates(pipeline: Pipeline) -> dict[str, tuple[str, ...]]:
    return {update.ecosystem: update.directories for update in pipeline.hygiene.updates}


def managed(manager: str, path: str = ".", stack: str = "python") -> Component:
    return component(stack, path, package_managers=claims(manager))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stack", "manager", "ecosystem"),
    [
        ("python", "pip", "pip"),
        ("python", "poetry", "pip"),
        ("python", "uv", "uv"),
        ("node", "pnpm", "npm"),
        ("node", "bun", "bun"),
        ("go", "go-mod", "gomod"),
        ("rust", "cargo", "cargo"),
        ("java", "maven", "maven"),
        ("java", "gradle", "gradle"),
    ],
)
def test_each_package_manager_has_its_ecosystem(stack, manager, ecosystem):
    assert updates(plan(managed(manager, "part", stack)))[ecosystem] == ("/part",)


def test_what_dependabot_does_not_know_is_told():
    pipeline = plan(managed("pdm"))
    assert updates(pipeline).keys() == {"github-actions", "pre-commit"}
    assert any("Dependabot does not know pdm" in note.message for note in pipeline.notes)


def test_components_of_one_ecosystem_share_an_entry_and_hooks_need_commands():
    found = updates(plan(managed("uv"), managed("uv", "api"), managed("npm", "web", "node")))
    assert (found["uv"], found["npm"]) == (("/", "/api"), ("/web",))
    assert "pre-commit" not in updates(plan(component(commands=commands(test="x"))))


def test_container_files_are_updated_in_their_folders():
    stacks = Stacks(
        components=(component(),),
        dockerfiles=claims("Dockerfile", "web/Dockerfile", "web/Dockerfile.dev"),
        compose_files=claims("deploy/compose.yaml"),
    )
    found = updates(compile_pipeline(project(), stacks, Written()))
    assert (found["docker"], found["docker-compose"]) == (("/", "/web"), ("/deploy",))


@pytest.mark.parametrize(("branch", "named"), [("main", None), ("master", None), ("develop", "develop")])
def test_a_branch_that_is_likely_the_default_is_not_named(branch, named):
    pipeline = compile_pipeline(project(branch), Stacks(components=(component(),)), Written())
    assert {update.branch for update in pipeline.hygiene.updates} == {named}


@pytest.mark.parametrize("other", OTHER_NAMES[DEPENDABOT_PATH])
def test_it_is_not_written_beside_another_that_does_the_same(other):
    pipeline = plan(component(), written=Written(files={other: "theirs"}))
    file = next(file for file in pipeline.files if file.path == DEPENDABOT_PATH)
    assert (file.state, other in file.reason) == ("skipped", True)


def test_actions_are_updated_where_workflows_are():
    assert (
        Update(ecosystem="github-actions", directories=("/",), prefix="ci")
        in plan(component()).hygiene.updates
    )
    assert updates(plan()) == {"github-actions": ("/",)}  # the nightly scan for secrets needs no component
    assert updates(plan(scans={"secrets": False})) == {}
