import pytest

from tests.facts.trees import MAVEN, NODE, columns, stacks

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\n"


@pytest.mark.parametrize(
    ("files", "docker"),
    [
        pytest.param({"Dockerfile": "FROM scratch\n"}, "yes", id="dockerfile"),
        pytest.param({"dockerfile": "from scratch\n"}, "yes", id="any-case"),
        pytest.param({"deploy/Dockerfile.dev": "# syntax\nFROM a\n"}, "yes", id="suffix"),
        pytest.param({"app.Dockerfile": "FROM a\n"}, "yes", id="prefix"),
        pytest.param({"Containerfile": "FROM a\n"}, "yes", id="containerfile"),
        pytest.param({"Dockerfile": "nothing\n"}, "no", id="no-image"),
        pytest.param({"Dockerfile.dockerignore": "FROM a\n"}, "no", id="ignore-file"),
        pytest.param({"src/DockerfileTest.java": "FROM a\n"}, "no", id="source"),
        pytest.param({"examples/Dockerfile": "FROM a\n"}, "no", id="example"),
        pytest.param({"tests/data/Dockerfile": "FROM a\n"}, "no", id="test-data"),
        pytest.param(
            {"test/Dockerfile": "FROM a\n", "Makefile": "t:\n\tdocker build -f test/Dockerfile .\n"},
            "yes",
            id="built-for-tests",
        ),
        pytest.param({".devcontainer/Dockerfile": "FROM a\n"}, "no", id="workstation"),
        pytest.param({"src/main/resources/Dockerfile": "FROM a\n"}, "no", id="resource"),
        pytest.param({"compose.yml": "services:\n  db:\n    image: postgres:16\n"}, "no", id="compose-alone"),
    ],
)
def test_docker(files, docker):
    assert columns(NODE, files)["docker"] == docker


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("services:\n  app:\n    build: .\n", True, id="builds"),
        pytest.param("services:\n  db:\n    image: postgres:16\n", True, id="runs-a-service"),
        pytest.param("services:\n  docs:\n    image: python:3\n", False, id="a-mere-tool"),
        pytest.param("services: [&a [*a]]\n", False, id="broken"),
    ],
)
def test_compose_files(text, found):
    found_files = stacks(NODE, {"docker-compose.dev.yml": text}).compose_files
    assert [claim.name for claim in found_files] == (["docker-compose.dev.yml"] if found else [])


@pytest.mark.parametrize(
    ("files", "k8s"),
    [
        pytest.param({"k8s/app.yaml": DEPLOYMENT}, "yes", id="manifest"),
        pytest.param({"k8s/app.yaml": f"---\n{DEPLOYMENT}"}, "yes", id="second-document"),
        pytest.param({"kustomize/kustomization.yaml": "resources:\n- a.yaml\n"}, "yes", id="kustomize"),
        pytest.param({"charts/a/Chart.yaml": "apiVersion: v2\nname: a\n"}, "yes", id="helm"),
        pytest.param({"skaffold.yaml": "apiVersion: skaffold/v4\n"}, "yes", id="skaffold"),
        pytest.param({"a.yaml": "kind: Deployment\n"}, "no", id="no-api-version"),
        pytest.param({"a.yaml": "apiVersion: v1\nkind: Config\n"}, "no", id="another-kind"),
        pytest.param({"testdata/a.yaml": DEPLOYMENT}, "no", id="test-data"),
        pytest.param({"docs/a.yaml": DEPLOYMENT}, "no", id="documentation"),
        pytest.param({"hack/a.yaml": DEPLOYMENT}, "no", id="hack"),
        pytest.param({".github/workflows/a.yml": DEPLOYMENT}, "no", id="workflow"),
    ],
)
def test_k8s(files, k8s):
    assert columns(NODE, files)["k8s"] == k8s


def test_each_kind_is_told_apart_with_its_line():
    found = stacks(
        MAVEN,
        {
            "Dockerfile": "# build\nFROM a\n",
            "charts/a/Chart.yaml": "# chart\napiVersion: v2\n",
            "charts/a/templates/d.yaml": DEPLOYMENT,
            "k8s/d.yaml": DEPLOYMENT,
            "compose.yaml": "services:\n  a:\n    build: .\n",
        },
    )
    assert [(one.name, one.evidence) for one in found.dockerfiles] == [("Dockerfile", ("Dockerfile:2",))]
    assert [(one.name, one.evidence) for one in found.helm_charts] == [
        ("charts/a", ("charts/a/Chart.yaml:2",))
    ]
    assert [(one.name, one.evidence) for one in found.kubernetes] == [("k8s/d.yaml", ("k8s/d.yaml:2",))]
    assert [(one.name, one.evidence) for one in found.compose_files] == [
        ("compose.yaml", ("compose.yaml:3",))
    ]
