"""Container files and what a cluster runs: Dockerfiles, compose, Kubernetes manifests, Helm charts, skaffold."""

import re

from cicd_defs.facts.draft import Claims
from cicd_defs.facts.invocations import is_command_file
from cicd_defs.facts.manifests import string, table
from cicd_defs.facts.services import image_of_service
from cicd_defs.facts.sources import Role, is_auxiliary
from cicd_defs.facts.survey import Survey, folder_of, is_within, name_of

DOCKERFILE = re.compile(r"(?i)(dockerfile|containerfile)([._-][\w.-]+)?|[\w.-]+\.(dockerfile|containerfile)")
NOT_DOCKERFILE = re.compile(
    r"(?i).*\.(dockerignore|txt|md|j2|tmpl|tpl|erb|java|py|go|rs|ts|js|json|ya?ml|sh|snap)"
)
COMPOSE = re.compile(r"(docker-)?compose([._-][\w.-]+)?\.ya?ml")
WORKSTATIONS = frozenset({".devcontainer", ".gitpod", ".codesandbox", ".github", ".vscode", ".idea"})
_FROM = r"(?i)^[ \t]*FROM[ \t]+\S"
_API_VERSION = r"^apiVersion:[ \t]*[\"']?([\w.-]+/)?v\d"
_WORKLOAD = (
    r"^kind:[ \t]*[\"']?(Deployment|StatefulSet|DaemonSet|Job|CronJob|Pod|Service|Ingress|ConfigMap|Secret|Namespace"
    r"|ServiceAccount|PersistentVolumeClaim|CustomResourceDefinition|ClusterRole|Role|NetworkPolicy"
    r"|HorizontalPodAutoscaler|Gateway|HTTPRoute|VirtualService|Kustomization|HelmRelease|Application)\b"
)


def claim_containers(survey: Survey) -> Claims:
    """Everything of containers that is the project's own."""
    claims = Claims()
    for path in survey.matching(DOCKERFILE):
        if not NOT_DOCKERFILE.fullmatch(path) and (_is_own(survey, path) or _is_built(survey, path)):
            claims.add("dockerfiles", path, [survey.cite(path, _FROM)])
    for path in survey.matching(COMPOSE):
        if _is_own(survey, path):
            claims.add("compose_files", path, [_compose_evidence(survey, path)])
    _claim_cluster(survey, claims)
    return claims


def _is_own(survey: Survey, path: str) -> bool:
    resource = "/src/main/resources/" in f"/{path}"
    return survey.role(path) < Role.TEST and not resource and path.partition("/")[0] not in WORKSTATIONS


def _is_deployed(survey: Survey, path: str) -> bool:
    """Manifests among tools and contributions are somebody's help, not how the project is deployed."""
    return _is_own(survey, path) and not is_auxiliary(path)


def _is_built(survey: Survey, path: str) -> bool:
    """A container file among tests is the project's where one of its own commands builds it."""
    if survey.role(path) != Role.TEST:
        return False
    return any(path in survey.text(file) for file in survey.paths if is_command_file(survey, file))


def _compose_evidence(survey: Survey, path: str) -> str | None:
    """A compose file is the project's where it builds an image or runs a service; a mere tool's is not."""
    for service in table(survey.yaml(path), "services").values():
        image = string(table(service).get("image"))
        if "build" in table(service) or (image and image_of_service(image)):
            return survey.cite(path, r"^[ \t]+(build|image):")
    return None


def _claim_cluster(survey: Survey, claims: Claims) -> None:
    charts = [path for path in survey.named("Chart.yaml") if _is_deployed(survey, path)]
    for path in charts:
        claims.add("helm_charts", folder_of(path), [survey.cite(path, r"^(apiVersion|name):")])
    for path in survey.named("skaffold.yaml", "skaffold.yml"):
        if _is_own(survey, path):
            claims.add("skaffold", path, [survey.cite(path, r"^apiVersion:")])
    for path in survey.paths:
        if path.endswith((".yaml", ".yml")) and _is_deployed(survey, path):
            in_chart = any(is_within(path, folder_of(chart)) for chart in charts)
            claims.add("kubernetes", path, [] if in_chart else [_manifest_evidence(survey, path)])


def _manifest_evidence(survey: Survey, path: str) -> str | None:
    if name_of(path) in ("kustomization.yaml", "kustomization.yml"):
        return survey.cite(path, r"^(resources|apiVersion|kind|bases|components|patches|namespace):")
    if not survey.cite(path, _API_VERSION):
        return None
    return survey.cite(path, _WORKLOAD)
