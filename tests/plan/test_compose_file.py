import json
import re

import pytest
import yaml

from cicd_defs.plan.compose_services import KEEPING, PASSWORDS
from cicd_defs.plan.services import RECIPES
from tests.containers.planned import container_files, notes, planned
from tests.containers.repositories import APPLICATIONS

PATH = "docker-compose.staging.yml"
ENVIRONMENT = "environments: [{name: staging, deploy: {compose: docker-compose.staging.yml}}]\n"
THEIRS = "services:\n  web:\n    build: .\n"
MANIFEST = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: thing\n"
IMAGES = {name: f"{name}:1" for name in KEEPING}


def declared(*services: str, environment: str = ENVIRONMENT, deployment: str = "{}") -> str:
    part = f"pipeline: {{components: [{{path: ., name: web, services: {json.dumps(services)}}}]}}\n"
    return f"docker: {{}}\n{part}deployment: {deployment}\n{environment}"


def text(*services: str, **changes: str) -> str:
    return container_files(planned(APPLICATIONS["npm"], declared(*services, **changes)))[PATH]


def compose(*services: str, **changes: str):
    return yaml.safe_load(text(*services, **changes))


@pytest.mark.parametrize(
    "services", [(), *((image,) for image in IMAGES.values()), tuple(IMAGES.values()), ("acme/own:2",)]
)
def test_it_is_what_composes_schema_asks_for_and_prettier_leaves_alone(services, findings, tmp_path):
    (tmp_path / PATH).write_text(text(*services))
    assert findings([tmp_path / PATH], "compose") == []


def test_the_application_waits_until_its_services_are_healthy():
    found = compose("postgres:17-alpine", "memcached:1", "acme/own:2")["services"]
    assert found["app"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "memcached": {"condition": "service_started"},
        "own": {"condition": "service_started"},
    }
    assert found["postgres"]["healthcheck"]["test"] == ["CMD-SHELL", "pg_isready --username=app"]
    assert {service["restart"] for service in found.values()} == {"unless-stopped"}


def test_only_the_application_is_reached_and_from_this_machine_alone():
    found = compose("postgres:17-alpine")["services"]
    assert found["app"]["ports"] == ["127.0.0.1:4000:4000"]
    assert "ports" not in found["postgres"]


def test_data_outlives_the_containers():
    found = compose("postgres:17-alpine", "redis:7-alpine")
    assert found["services"]["postgres"]["volumes"] == ["postgres-data:/var/lib/postgresql/data"]
    assert set(found["volumes"]) == {"postgres-data", "redis-data"}


@pytest.mark.parametrize("name", KEEPING)
def test_no_password_stands_in_the_file(name):
    written = text(IMAGES[name])
    values = re.findall(r"(?<!RANDOM_ROOT)_(?:PASSWORD|PASS): (.*)", written)
    assert all(re.fullmatch(r"\$\{(\w+):\?set \1\}", value) for value in values)
    asked = set(re.findall(r"\$\{(\w+):\?", written))
    assert asked == {"IMAGE", *([KEEPING[name].password] if KEEPING[name].password else [])}


def test_what_tests_can_use_can_be_kept():
    assert RECIPES.keys() == KEEPING.keys()


def test_images_have_digests_where_one_is_known():
    assert compose("postgres:17-alpine")["services"]["postgres"]["image"].startswith(
        "postgres:17-alpine@sha256:"
    )


def test_a_missing_password_is_told():
    pipeline = planned(APPLICATIONS["npm"], declared("postgres:17-alpine"))
    assert "POSTGRES_PASSWORD" in notes(pipeline, PATH)
    known = ENVIRONMENT.replace("staging, ", "staging, secrets: [POSTGRES_PASSWORD], ", 1)
    assert notes(planned(APPLICATIONS["npm"], declared("postgres:17-alpine", environment=known)), PATH) == ""


def test_variables_and_secrets_reach_the_application_and_nothing_else_is_evaluated():
    environment = ENVIRONMENT.replace(
        "staging, ",
        "staging, secrets: [API_KEY, DOCKER_HOST, POSTGRES_PASSWORD], env_vars: {COST: 5$, A: staging}, ",
        1,
    )
    deployment = "{environment_variables: {A: production, B: '${HOME}'}}"
    found = compose("postgres:17-alpine", environment=environment, deployment=deployment)["services"]["app"]
    assert found["environment"] == {
        "DATABASE_URL": "postgresql://app:${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}@postgres:5432/app",
        "A": "staging",
        "B": "$${HOME}",
        "COST": "5$$",
        "API_KEY": "${API_KEY:?set API_KEY}",
    }


def test_two_of_one_kind_have_names_of_their_own():
    found = compose("postgres:16-alpine", "postgres:17-alpine")
    assert list(found["services"]) == ["app", "postgres", "postgres-2"]
    assert set(found["volumes"]) == {"postgres-data", "postgres-2-data"}


MONOREPO = {
    f"{folder}/{path}": each for folder in ("api", "web") for path, each in APPLICATIONS["npm"].items()
}
PARTS = "pipeline: {components: [{path: api, services: [redis:7-alpine]}, {path: web, services: []}]}\n"


def test_each_image_is_a_service_with_what_its_component_needs():
    found = yaml.safe_load(container_files(planned(MONOREPO, f"docker: {{}}\n{PARTS}{ENVIRONMENT}"))[PATH])[
        "services"
    ]
    assert list(found) == ["api", "web", "redis"]
    assert [found[name]["image"] for name in ("api", "web")] == [
        "${IMAGE_API:?set IMAGE_API}",
        "${IMAGE_WEB:?set IMAGE_WEB}",
    ]
    assert [found[name]["ports"] for name in ("api", "web")] == [
        ["127.0.0.1:4000:4000"],
        ["127.0.0.1:4001:4000"],
    ]
    assert ["depends_on" in found[name] for name in ("api", "web")] == [True, False]


def test_deployments_set_the_variables_that_it_takes():
    registry = "docker: {registries: [ghcr.io]}\n"
    pipeline = planned(MONOREPO, f"{registry}{PARTS}{ENVIRONMENT}")
    (release,) = [one for one in pipeline.workflows if one.file == "release.yml"]
    given = {
        name for job in release.jobs for step in job.steps for name in step.env if name.startswith("IMAGE")
    }
    assert set(re.findall(r"\$\{(IMAGE\w*)", container_files(pipeline)[PATH])) <= given


@pytest.mark.parametrize(
    ("files", "environment", "is_written"),
    [
        pytest.param({}, ENVIRONMENT, True, id="deployed by it"),
        pytest.param(
            {}, ENVIRONMENT.replace("name: staging", "name: qa"), True, id="deployed by it, by another name"
        ),
        pytest.param({}, "environments: [{name: staging}]\n", True, id="staging without a way"),
        *(
            pytest.param({}, f"environments: [{{name: staging, deploy: {{{way}: a}}}}]\n", False, id=way)
            for way in ("kubectl", "helm", "skaffold", "command")
        ),
        pytest.param(
            {"k8s/app.yaml": MANIFEST}, "environments: [{name: staging}]\n", False, id="a way is detected"
        ),
        pytest.param({}, "environments: [{name: production}]\n", False, id="not staging"),
        pytest.param({}, "", False, id="no environments"),
        pytest.param(
            {"compose.yaml": THEIRS},
            "environments: [{name: staging}]\n",
            False,
            id="a compose file of theirs",
        ),
        pytest.param({"compose.yaml": THEIRS}, ENVIRONMENT, True, id="asked for beside theirs"),
        pytest.param({PATH: THEIRS}, ENVIRONMENT, False, id="theirs at that path"),
    ],
)
def test_when_it_is_written(files, environment, is_written):
    pipeline = planned({**APPLICATIONS["npm"], **files}, f"docker: {{}}\n{environment}")
    assert (PATH in container_files(pipeline)) is is_written


def test_without_an_image_there_is_nothing_to_bring_up():
    assert container_files(planned(APPLICATIONS["npm"], ENVIRONMENT)) == {}


def test_an_image_of_their_own_dockerfile_is_brought_up_too():
    files = {**APPLICATIONS["npm"], "Dockerfile": "FROM node:22-alpine\nCOPY . .\n"}
    found = yaml.safe_load(container_files(planned(files, f"deployment: {{port: 80}}\n{ENVIRONMENT}"))[PATH])
    assert found["services"]["app"]["image"] == "${IMAGE:?set IMAGE}"
    assert found["services"]["app"]["ports"] == ["127.0.0.1:80:80"]


def test_once_written_the_same_is_planned_again():
    declaration = declared("postgres:17-alpine")
    first = planned(APPLICATIONS["npm"], declaration)
    again = planned({**APPLICATIONS["npm"], **container_files(first)}, declaration)
    assert container_files(again) == container_files(first)
    assert again.containers == first.containers


def test_the_plan_reads_back_from_json():
    containers = planned(APPLICATIONS["npm"], declared("postgres:17-alpine")).containers
    assert type(containers).model_validate_json(containers.model_dump_json()) == containers


def test_passwords_are_told_apart_from_other_secrets():
    assert "POSTGRES_PASSWORD" in PASSWORDS
    assert "API_KEY" not in PASSWORDS
