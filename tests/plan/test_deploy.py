"""How each place is deployed to: what is detected, what gets an image, what is tried before, what a person is told."""

import json

import pytest

from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.written import Written
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.deploy_detected import detected_deploy, kubectl_files
from cicd_defs.plan.pipeline import Job, Pipeline, Step
from cicd_defs.spec.environment import Deploy
from cicd_defs.spec.read import read_project
from tests.plan.test_release import job, release
from tests.samples import claims, component

GHCR = {"registries": ["ghcr.io"]}


def planned(
    deploy: object,
    images: tuple[str, ...] = (),
    docker: object = None,
    manifests: tuple[str, ...] = (),
    **keys,
) -> Pipeline:
    """The pipeline of one environment `live` that is deployed to like this."""
    declared = {"repository": "acme/shop", "environments": [{"name": "live", "deploy": deploy, **keys}]}
    declared |= {"docker": docker} if docker else {}
    stacks = Stacks(components=(component(),), dockerfiles=claims(*images), kubernetes=claims(*manifests))
    return compile_pipeline(read_project(json.dumps(declared), "shop_front.yaml"), stacks, Written())


def live(*args, **keys) -> Job:
    return job(release(planned(*args, **keys)), "deploy-live")


def step(found: Job, step_id: str) -> Step:
    return next(step for step in found.steps if step.id == step_id)


def messages(pipeline: Pipeline) -> str:
    return "\n".join(note.message for note in pipeline.notes if note.where == "environments.live")


@pytest.mark.parametrize(
    ("stacks", "expected"),
    [
        pytest.param(
            {"helm_charts": ("charts/shop",), "kubernetes": ("k8s/a.yaml",)},
            {"helm": "charts/shop"},
            id="chart",
        ),
        pytest.param(
            {"skaffold": ("skaffold.yaml",), "kubernetes": ("k8s/a.yaml",)},
            {"skaffold": "skaffold.yaml"},
            id="skaffold",
        ),
        pytest.param({"kubernetes": ("k8s/a.yaml", "k8s/b.yaml")}, {"kubectl": "k8s"}, id="folder"),
        pytest.param({"kubernetes": ("app.yaml",)}, {"kubectl": "app.yaml"}, id="file-at-the-top"),
        pytest.param(
            {"kubernetes": ("base/a.yaml", "overlays/live/a.yaml", "overlays/staging/a.yaml")},
            {"kubectl": "overlays/live"},
            id="overlay",
        ),
        pytest.param({"kubernetes": ("one/a.yaml", "two/a.yaml")}, None, id="either"),
        pytest.param(
            {"helm_charts": ("one", "two"), "compose_files": ("compose.yaml",)}, None, id="either-chart"
        ),
        pytest.param({"compose_files": ("compose.yaml",)}, {"compose": "compose.yaml"}, id="compose"),
        pytest.param(
            {"compose_files": ("compose.yaml", "compose.live.yaml")},
            {"compose": "compose.live.yaml"},
            id="its-compose",
        ),
        pytest.param({"compose_files": ("docker-compose.staging.yml",)}, None, id="our-own"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_what_the_repository_has_decides(stacks, expected):
    found = detected_deploy(
        "live", Stacks(**{kind: claims(*names) for kind, names in stacks.items()}), Written()
    )
    assert found == (Deploy.model_validate(expected) if expected else None)


def test_a_compose_file_of_theirs_counts():
    stacks = Stacks(compose_files=claims("docker-compose.staging.yml"))
    found = detected_deploy("live", stacks, Written(files={"docker-compose.staging.yml": "theirs"}))
    assert found == Deploy.model_validate({"compose": "docker-compose.staging.yml"})


@pytest.mark.parametrize(
    ("path", "manifests", "expected"),
    [
        ("k8s/", ("k8s/a.yaml",), "--filename k8s/"),
        ("k8s/", ("k8s/a.yaml", "k8s/deep/b.yaml"), "--filename k8s/"),
        ("k8s/", ("k8s/deep/b.yaml",), "--filename k8s/ --recursive"),
        ("k8s", ("k8s/kustomization.yaml", "k8s/a.yaml"), "--kustomize k8s"),
        (".", ("kustomization.yml",), "--kustomize ."),
        ("it's here.yaml", (), "--filename 'it'\"'\"'s here.yaml'"),
    ],
)
def test_kubectl_is_told_what_to_apply(path, manifests, expected):
    assert kubectl_files(path, Stacks(kubernetes=claims(*manifests))) == expected


@pytest.mark.parametrize(
    ("images", "set_image", "commands", "told"),
    [
        pytest.param(
            ("Dockerfile",), {"deployment/shop": "app"}, ['deployment/shop app="$IMAGE"'], "", id="one"
        ),
        pytest.param(
            ("api/Dockerfile", "web/Dockerfile"),
            {"deployment/front": "web", "statefulset/api": "main", "deployment/db": "db"},
            ['deployment/front web="$IMAGE_WEB"', 'statefulset/api main="$IMAGE_API"'],
            "deployment/db keeps the image of its manifest for `db`: of `api`, `web` none is called so",
            id="by-name",
        ),
        pytest.param(
            (), {"deployment/shop": "app"}, [], "none is pushed; declare `docker.registries`", id="none"
        ),
    ],
)
def test_workloads_get_the_image_that_is_called_like_them(images, set_image, commands, told):
    pipeline = planned({"kubectl": "k8s/", "set_image": set_image}, images, GHCR)
    script = step(job(release(pipeline), "deploy-live"), "deploy").run or ""
    assert [
        line.removeprefix("kubectl set image ") for line in script.splitlines() if " set image " in line
    ] == commands
    assert told in messages(pipeline)


@pytest.mark.parametrize(
    ("images", "values", "expected"),
    [
        pytest.param(("Dockerfile",), {}, {"image": "IMAGE"}, id="by-custom"),
        pytest.param(("Dockerfile",), {"app.image": "x"}, {"app.image": "IMAGE"}, id="declared"),
        pytest.param(
            ("api/Dockerfile", "web/Dockerfile"),
            {"web.image": "web"},
            {"web.image": "IMAGE_WEB"},
            id="one-of-two",
        ),
        pytest.param(("api/Dockerfile", "web/Dockerfile"), {}, {}, id="unsaid"),
        pytest.param((), {}, {}, id="none"),
    ],
)
def test_a_chart_gets_images_by_their_digest(images, values, expected):
    pipeline = planned({"helm": "charts/shop", "image_values": values}, images, GHCR)
    script = step(job(release(pipeline), "deploy-live"), "deploy").run or ""
    for value, variable in expected.items():
        assert f'{value}.repository="${{{variable}%@*}}"' in script
        assert f'{value}.tag="pinned@${{{variable}#*@}}"' in script
    assert script.count("--set-string") == 2 * len(expected)
    assert ("say by `image_values`" in messages(pipeline)) == (len(images) > 1 and not values)
    assert " shop-front charts/shop" in script, "Helm allows no `_` in a release's name"


@pytest.mark.parametrize(
    ("deploy", "tried"),
    [
        ({"kubectl": "k8s/"}, "verify-manifests"),
        ({"helm": "charts/shop"}, "verify-chart"),
        ({"skaffold": "skaffold.yaml"}, "verify-manifests"),
        ({"compose": "compose.yaml"}, "verify-compose"),
    ],
)
def test_it_is_tried_before_unless_that_is_not_wanted(deploy, tried):
    order = [each.id for each in live(deploy).steps]
    assert order.index(tried) < order.index("deploy") < order.index("deploy-rollback")
    assert tried not in [each.id for each in live({**deploy, "dry_run": False}).steps]


@pytest.mark.parametrize(
    ("deploy", "keys", "told"),
    [
        pytest.param(
            {"kubectl": "k8s/"}, {}, "no `kubeconfig_secret` is declared", id="no-way-to-the-cluster"
        ),
        pytest.param({"kubectl": "k8s/"}, {"runs_on": "own"}, "", id="own-runner"),
        pytest.param({"kubectl": "k8s/"}, {"kubeconfig_secret": "K"}, "", id="kubeconfig"),
        pytest.param({"compose": "c.yaml"}, {}, "GitHub's are gone afterwards", id="compose-on-github"),
        pytest.param(
            {"compose": "c.yaml"}, {"runs_on": "own"}, "IMAGE is not set", id="compose-without-image"
        ),
        pytest.param(
            {"compose": "c.yaml"},
            {"secrets": ["DOCKER_HOST"], "images": ("Dockerfile",), "docker": GHCR},
            "",
            id="compose-elsewhere",
        ),
        pytest.param({"command": "./d.sh"}, {}, "declare `rollback`", id="no-way-back"),
        pytest.param({"command": "./d.sh", "rollback": "./b.sh"}, {}, "", id="command"),
    ],
)
def test_what_cannot_work_by_itself_is_said(deploy, keys, told):
    said = messages(planned(deploy, **keys))
    assert told in said
    assert bool(said) == bool(told)


@pytest.mark.parametrize(
    ("url", "health", "expected"),
    [
        ("https://x.example/", None, "https://x.example/health"),
        ("https://x.example/app", "/up", "https://x.example/app/up"),
        ("https://x.example", "https://y.example/up", "https://y.example/up"),
        ("https://x.example", "http://localhost:3000/up", None),
        (None, "/up", None),
    ],
)
def test_the_place_itself_is_asked(url, health, expected):
    declared = {
        "repository": "acme/shop",
        "environments": [{"name": "live", "deploy": {"command": "x"}} | ({"url": url} if url else {})],
        "deployment": {"health_check_url": health} if health else {},
    }
    stacks = Stacks(components=(component(),))
    pipeline = compile_pipeline(read_project(json.dumps(declared), "shop.yaml"), stacks, Written())
    asked = [
        each.env["ADDRESS"]
        for each in job(release(pipeline), "deploy-live").steps
        if each.id == "verify-health"
    ]
    assert asked == ([expected] if expected else [])
