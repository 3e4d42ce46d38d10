"""What goes out: when, after what, from where; and that nothing goes out unchecked."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.lift import differences, lift_workflow
from cicd_defs.plan.pipeline import Job, Pipeline, Workflow
from cicd_defs.plan.release_checked import longest_minutes
from cicd_defs.render.files import render_files
from cicd_defs.spec.read import read_project
from tests.plan.runs import Event, results
from tests.samples import claims, component

DEPLOYED = {"command": "./deploy.sh"}
IMAGES = {"registries": ["ghcr.io"]}
HUB = {"registry": "docker.io", "username_secret": "HUB_USER", "password_secret": "HUB_TOKEN"}


def place(name: str, **keys: object) -> dict[str, object]:
    """An environment that a command deploys to."""
    return {"name": name, "deploy": DEPLOYED, **keys}


def planned(
    *environments: dict[str, object], docker: object = None, images: tuple[str, ...] = (), **pipeline: object
) -> Pipeline:
    """The pipeline of a checked component with these environments, and Dockerfiles at these paths."""
    declared = {"repository": "Acme/Shop", "pipeline": pipeline, "environments": environments}
    declared |= {"docker": docker} if docker else {}
    stacks = Stacks(components=(component(),), dockerfiles=claims(*images))
    return compile_pipeline(read_project(json.dumps(declared), "shop.yaml"), stacks, Written())


def release(pipeline: Pipeline) -> Workflow:
    found = pipeline.workflow(".github/workflows/release.yml")
    assert found is not None
    return found


def job(workflow: Workflow, job_id: str) -> Job:
    found = workflow.job(job_id)
    assert found is not None
    return found


def deployed(workflow: Workflow, event: Event, failing: tuple[str, ...] = ()) -> set[str]:
    """The environments that are deployed to."""
    found = results(workflow, event, failing)
    return {
        name.removeprefix("deploy-")
        for name, result in found.items()
        if result == "success" and name.startswith("deploy-")
    }


PUSH = Event("push")
DEVELOP = Event("push", "refs/heads/develop")
RELEASE = Event("release", "refs/tags/v1")
CHAIN = (
    place("staging", branch="develop"),
    place("live", after="staging", deploy_on="release"),
    place("far", after="live", deploy_on="release"),
    place("hand", deploy_on="manual"),
)


@pytest.mark.parametrize("layout", ["split", "unified"])
@pytest.mark.parametrize(
    ("event", "failing", "expected"),
    [
        pytest.param(DEVELOP, (), {"staging"}, id="its-branch"),
        pytest.param(PUSH, (), set(), id="another-branch"),
        pytest.param(RELEASE, (), {"live", "far"}, id="release"),
        pytest.param(Event("release", prerelease=True), (), set(), id="pre-release"),
        pytest.param(RELEASE, ("deploy-live",), set(), id="the-one-before-fails"),
        pytest.param(DEVELOP, ("push-image",), set(), id="no-image"),
        pytest.param(Event("pull_request"), (), set(), id="pull-request"),
        pytest.param(Event("schedule"), (), set(), id="night"),
        *(
            pytest.param(Event("workflow_dispatch", inputs={"environment": name}), (), {name}, id=name)
            for name in ("staging", "live", "far", "hand")
        ),
    ],
)
def test_each_place_has_its_event(layout, event, failing, expected):
    pipeline = planned(*CHAIN, docker=IMAGES, images=("Dockerfile",), layout=layout)
    workflow = release(pipeline) if layout == "split" else pipeline.workflows[0]
    assert deployed(workflow, event, failing) == expected


@pytest.mark.parametrize(
    ("layout", "check"), [("split", "checked"), ("unified", "gate"), ("unified", "test")]
)
@pytest.mark.parametrize(
    "event", [DEVELOP, RELEASE, Event("workflow_dispatch", inputs={"environment": "far"})]
)
def test_what_is_not_green_does_not_go_out(layout, check, event):
    pipeline = planned(*CHAIN, docker=IMAGES, images=("Dockerfile",), layout=layout)
    workflow = release(pipeline) if layout == "split" else pipeline.workflows[0]
    failing = (check, "gate")
    found = results(workflow, event, failing)
    assert {
        name for name in found if name.startswith(("deploy-", "push-")) and found[name] != "skipped"
    } == set()


NAMES = ("a", "b", "c", "d")


@st.composite
def chains(draw):
    """Environments that wait for an earlier one, each deployed to by any event, most by the same."""
    return [
        place(
            name,
            deploy_on=draw(st.sampled_from(["push", "push", "push", "release", "manual"])),
            branch=draw(st.sampled_from(["main", "main", "develop"])),
            **(
                {"after": after}
                if (after := draw(st.sampled_from([*NAMES[:index], *NAMES[:index], None])))
                else {}
            ),
        )
        for index, name in enumerate(NAMES)
    ]


@settings(max_examples=300)
@given(
    places=chains(),
    backwards=st.booleans(),
    event=st.one_of(
        st.sampled_from([PUSH, PUSH, DEVELOP, RELEASE]),
        st.sampled_from(NAMES).map(lambda name: Event("workflow_dispatch", inputs={"environment": name})),
    ),
    failing=st.sets(st.sampled_from([*(f"deploy-{name}" for name in NAMES), "checked"]), max_size=2),
)
def test_nobody_goes_before_who_he_waits_for(places, backwards, event, failing):
    workflow = release(planned(*(reversed(places) if backwards else places)))
    found = results(workflow, event, failing)
    declared = {each["name"]: each for each in places}

    def takes_part(name):
        each = declared[name]
        by_itself = {
            "push": event.name == "push" and event.ref == f"refs/heads/{each['branch']}",
            "release": event.name == "release",
            "manual": False,
        }
        return by_itself[each["deploy_on"]] or event.inputs.get("environment") == name

    def before(name):
        after = declared[name].get("after")
        return [] if after is None else [after, *before(after)]

    for name in NAMES:
        waits = [] if event.inputs else [each for each in before(name) if takes_part(each)]
        ready = found["checked"] == "success" and all(found[f"deploy-{each}"] == "success" for each in waits)
        assert (found[f"deploy-{name}"] != "skipped") == (takes_part(name) and ready)


def test_what_is_deployed_from_is_checked_whatever_starts_checks():
    pipeline = planned(place("staging", branch="develop"), place("live"), trigger_type="pr")
    ci = pipeline.workflow(".github/workflows/ci.yml")
    assert ci is not None
    assert ci.triggers.push_branches == ("develop", "main")
    assert any("though `trigger_type` has no push" in note.message for note in pipeline.notes)
    assert planned(trigger_type="pr").workflows[0].triggers.push_branches == ()


def test_the_wait_for_the_gate_outlasts_the_gate():
    pipeline = planned(place("live"), timeout_minutes=90)
    ci, wait = pipeline.workflow(".github/workflows/ci.yml"), job(release(pipeline), "checked")
    assert ci is not None
    gate = job(ci, "gate")
    assert longest_minutes(ci, gate) == 10 + 90 + 5
    [step] = wait.steps
    assert int(str(step.env["MINUTES"])) > longest_minutes(ci, gate)
    assert step.env["CHECK"] == gate.name
    assert [(each.scope, each.access) for each in wait.permissions] == [("checks", "read")]


def test_a_limit_of_steps_does_not_cut_what_waits():
    workflow = release(planned(place("live", timeout_minutes=40), step_timeout_minutes=3))
    by_id = {step.id: step.timeout_minutes for each in workflow.jobs for step in each.steps}
    assert by_id["verify-gate"] > 30
    assert (by_id["deploy"], by_id["checkout"]) == (40, 3)


@pytest.mark.parametrize("minutes", [1, 3, 10, 60])
@pytest.mark.parametrize(
    "deploy",
    [
        {"kubectl": "k8s"},
        {"helm": "chart", "rollout_timeout_minutes": 12},
        {"compose": "c.yaml"},
        {"skaffold": "s.yaml"},
        {"command": "x", "rollback": "y"},
    ],
    ids=str,
)
def test_a_deployment_leaves_time_to_go_back(deploy, minutes):
    declared = {"name": "live", "deploy": deploy, "timeout_minutes": minutes, "url": "https://x.example"}
    live = job(release(planned(declared, step_timeout_minutes=15)), "deploy-live")
    assert live.timeout_minutes == minutes
    limits = {step.id: step.timeout_minutes or 0 for step in live.steps}
    assert all(1 <= limit <= minutes for limit in limits.values())
    in_turn = [
        limits[name]
        for name in ("deploy", "verify-rollout", "verify-health", "deploy-rollback")
        if name in limits
    ]
    assert minutes < 10 or sum(in_turn) <= minutes
    assert limits["deploy-rollback"] <= max(1, minutes // 2)


def test_a_rollout_that_cannot_be_waited_for_is_said():
    def said(minutes):
        deploy = {"helm": "chart", "rollout_timeout_minutes": 10}
        pipeline = planned({"name": "live", "deploy": deploy, "timeout_minutes": minutes})
        return [note.message for note in pipeline.notes if "raise `timeout_minutes`" in note.message]

    [message] = said(20)
    assert message.startswith("of 20 minutes 10 are left")
    assert said(22) == []


def test_no_step_outlasts_its_job():
    pipeline = planned(place("live"), timeout_minutes=6, step_timeout_minutes=15)
    for each in (each for workflow in pipeline.workflows for each in workflow.jobs):
        assert max(step.timeout_minutes or 0 for step in each.steps) <= each.timeout_minutes, each.id


@pytest.mark.parametrize("layout", ["split", "unified"])
def test_the_variables_of_the_checks_do_not_reach_what_goes_out(layout):
    pipeline = planned(
        place("live", env_vars={"A": "live"}),
        docker=IMAGES,
        images=("Dockerfile",),
        layout=layout,
        env_vars={"APP_ENV": "test"},
    )
    reached = {
        each.id: {**workflow.env, **each.env} for workflow in pipeline.workflows for each in workflow.jobs
    }
    assert (reached["deploy-live"], reached["push-image"]) == ({"A": "live"}, {})
    assert reached["test"]["APP_ENV"] == reached["scan-secrets"]["APP_ENV"] == "test"


@pytest.mark.parametrize("places", [(), (place("live"),)], ids=["nobody", "a-person"])
def test_an_image_is_asked_for_only_where_somebody_can(places):
    push = job(release(planned(*places, docker=IMAGES, images=("Dockerfile",))), "push-image")
    digest = next(step for step in push.steps if step.id == "build-digest")
    assert ("ASKED" in digest.env) == ("ASKED" in (digest.run or "")) == bool(places)


@pytest.mark.parametrize(
    ("environments", "expected"),
    [
        (({"name": "live"},), "there is no image to push and nothing to deploy"),
        ((place("live"),), "`layout: unified` puts its jobs into ci.yml"),
    ],
)
def test_in_one_file_it_is_said_why_there_is_no_other(environments, expected):
    files = {file.path: file.reason for file in planned(*environments, layout="unified").files}
    assert files[".github/workflows/release.yml"] == expected


def test_without_checks_it_goes_out_and_that_is_said():
    declared = {"repository": "acme/shop", "environments": [place("live")]}
    pipeline = compile_pipeline(read_project(json.dumps(declared), "shop.yaml"), Stacks(), Written())
    assert [each.id for each in release(pipeline).jobs] == ["deploy-live"]
    assert any("is not checked before" in note.message for note in pipeline.notes)


def test_nothing_to_deploy_is_no_workflow():
    assert planned().workflow(".github/workflows/release.yml") is None
    nowhere = planned({"name": "staging"})
    assert nowhere.workflow(".github/workflows/release.yml") is None
    assert any("nothing is deployed there" in note.message for note in nowhere.notes)


def test_an_environment_of_another_event_is_not_waited_for_and_that_is_said():
    pipeline = planned(place("staging"), place("live", after="staging", deploy_on="release"))
    assert job(release(pipeline), "deploy-live").needs == ("checked",)
    [note] = [
        note for note in pipeline.notes if note.where == "environments.live" and "after" in note.message
    ]
    assert "`staging`, which another event deploys" in note.message


def test_a_place_keeps_to_itself():
    declared = place(
        "live", secrets=["API_KEY"], env_vars={"A": "b"}, url="https://x.example", require_approval=True
    )
    pipeline = planned(declared, secrets=["TOKEN"])
    live = job(release(pipeline), "deploy-live")
    assert live.environment is not None
    assert (live.environment.name, live.environment.url) == ("live", "https://x.example")
    assert live.concurrency is not None
    assert (live.concurrency.group.text, live.concurrency.cancel_in_progress) == ("deploy-live", False)
    assert (live.secrets, live.env) == (("TOKEN", "API_KEY"), {"A": "b"})
    with_secrets = [step.id for step in live.steps if "${{ secrets." in " ".join(map(str, step.env.values()))]
    assert with_secrets == ["deploy"]
    assert any("required reviewers" in note.message for note in pipeline.notes)


@pytest.mark.parametrize(
    ("docker", "environment", "permissions"),
    [
        pytest.param(IMAGES, None, {"contents": "read", "packages": "write"}, id="github"),
        pytest.param({"registries": [HUB]}, "release", {"contents": "read"}, id="other"),
        pytest.param(
            {"registries": [HUB, "ghcr.io"]}, "release", {"contents": "read", "packages": "write"}, id="both"
        ),
    ],
)
def test_a_registry_is_logged_in_to_with_no_more_than_it_needs(docker, environment, permissions):
    push = job(release(planned(docker=docker, images=("Dockerfile",))), "push-image")
    assert (push.environment.name if push.environment else None) == environment
    assert {each.scope: each.access for each in push.permissions} == permissions
    logins = [str(step.inputs["registry"]) for step in push.steps if step.id.startswith("setup-login")]
    assert [f"{registry}/acme/shop" for registry in logins] == str(
        next(step for step in push.steps if step.id == "build-tags").inputs["images"]
    ).split()


def test_an_image_is_pushed_with_what_it_was_built_from_and_without_a_cache():
    docker = {
        **IMAGES,
        "dockerfile": "docker/Dockerfile",
        "context": "app",
        "target": "run",
        "platforms": ["linux/amd64", "linux/arm64"],
        "docker_build_args": {"A": "1", "B": 'x,"y"'},
    }
    push = job(release(planned(docker=docker, images=("Dockerfile", "docker/Dockerfile"))), "push-image")
    steps = {step.id: step for step in push.steps}
    inputs = steps["build-image"].inputs
    assert {key: inputs[key] for key in ("context", "file", "target", "platforms", "push")} == {
        "context": "app",
        "file": "docker/Dockerfile",
        "target": "run",
        "platforms": "linux/amd64,linux/arm64",
        "push": "true",
    }
    assert inputs["build-args"] == 'A=1\n"B=x,""y"""'
    assert (inputs["provenance"], inputs["sbom"]) == ("mode=max", "true")
    assert "cache-from" not in inputs
    assert (steps["setup-buildx"].inputs, steps["setup-qemu"].inputs["cache-image"]) == (
        {"cache-binary": "false"},
        "false",
    )


def test_the_checks_build_the_image_in_the_same_way():
    docker = {"target": "run", "platforms": ["linux/arm64"], "docker_build_args": {"A": "1"}, "cache": False}
    pipeline = planned(docker=docker, images=("Dockerfile",))
    ci, nightly = pipeline.workflows
    built = next(step for step in job(ci, "image").steps if step.id == "build-image").inputs
    assert (built["target"], built["platforms"], built["build-args"]) == ("run", "linux/arm64", "A=1")
    assert "cache-to" not in built
    scanned = next(step for step in job(nightly, "scan-image").steps if step.id == "build-image").inputs
    assert (scanned["load"], scanned["platforms"]) == ("true", "linux/arm64")


def test_several_images_have_a_job_and_a_name_each():
    images = ("api/Dockerfile", "web/Dockerfile")
    workflow = release(planned(place("live"), docker=IMAGES, images=images))
    live = job(workflow, "deploy-live")
    assert live.needs == ("checked", "push-image-api", "push-image-web")
    deploy = next(step for step in live.steps if step.id == "deploy")
    assert {name: str(value) for name, value in deploy.env.items()} == {
        "IMAGE_API": "ghcr.io/acme/shop-api@${{ needs.push-image-api.outputs.digest }}",
        "IMAGE_WEB": "ghcr.io/acme/shop-web@${{ needs.push-image-web.outputs.digest }}",
    }


@pytest.mark.parametrize(
    ("repository", "image", "expected"),
    [
        ("Acme/Shop", None, "ghcr.io/acme/shop"),
        ("https://github.com/Acme/Shop.git", None, "ghcr.io/acme/shop"),
        ("https://git.example.com/acme/shop", "acme/other", "ghcr.io/acme/other"),
        ("https://git.example.com/acme/shop", None, None),
        ("../shop", None, None),
    ],
)
def test_an_image_is_called_like_its_repository(repository, image, expected):
    docker = {**IMAGES, **({"image": image} if image else {})}
    declared = {"repository": repository, "docker": docker}
    stacks = Stacks(dockerfiles=claims("Dockerfile"))
    pipeline = compile_pipeline(read_project(json.dumps(declared), "shop.yaml"), stacks, Written())
    if expected is None:
        assert pipeline.workflow(".github/workflows/release.yml") is None
        assert any("declare `docker.image`" in note.message for note in pipeline.notes)
    else:
        tags = next(step for step in job(release(pipeline), "push-image").steps if step.id == "build-tags")
        assert tags.inputs["images"] == expected


def test_in_one_file_a_deployment_is_stopped_by_nothing_newer():
    pipeline = planned(*CHAIN, layout="unified")
    [workflow] = pipeline.workflows
    assert workflow.concurrency is not None
    assert "github.run_id" in workflow.concurrency.group.text
    assert workflow.triggers.release
    assert workflow.triggers.inputs[0].options == ("none", "staging", "live", "far", "hand")
    at_night = {name for name, result in results(workflow, Event("schedule")).items() if result == "success"}
    by_hand = results(workflow, Event("workflow_dispatch", inputs={"environment": "hand"}))
    nightly = {name for name in at_night if name.startswith("scan")}
    assert nightly
    assert {by_hand[name] for name in nightly} == {"skipped"}


def test_checks_that_share_a_file_with_releases_use_no_shared_cache():
    def caches(pipeline):
        [ci] = [each for each in pipeline.workflows if each.file == "ci.yml"]
        return [step.id for each in ci.jobs for step in each.steps if "cache" in step.inputs]

    assert caches(planned(*CHAIN))
    assert caches(planned(*CHAIN, layout="unified")) == []


@pytest.mark.parametrize("layout", ["split", "unified"])
@pytest.mark.parametrize("docker", [None, IMAGES, {"registries": [HUB, "ghcr.io"]}], ids=str)
def test_what_is_written_says_what_is_planned_and_has_no_finding(layout, docker, findings, tmp_path):
    pipeline = planned(*CHAIN, docker=docker, images=("api/Dockerfile", "web/Dockerfile"), layout=layout)
    written = []
    for file in render_files(pipeline):
        if workflow := pipeline.workflow(file.path):
            assert differences(workflow, lift_workflow(file.text, workflow.file)) == ()
            written.append(tmp_path / workflow.path)
            written[-1].parent.mkdir(parents=True, exist_ok=True)
            written[-1].write_text(file.text)
    assert findings(written) == []
