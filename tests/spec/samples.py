"""Project files that the tests of this folder read."""

import json
from typing import Any, get_args, get_origin

from cicd_defs.spec.keys import Key

MINIMAL = "repository: acme/shop\n"

FULL = """\
# yaml-language-server: $schema=project.schema.json
repository: acme/shop
branch: main
webhook_url: https://hooks.example.com/github

pipeline:
  trigger_type: [push, pr, manual, schedule]
  schedule: "0 2 * * MON-FRI"
  layout: split
  env_vars: {APP_ENV: test}
  secrets: [API_KEY]
  concurrency_group: ci-${{ github.ref }}
  cancel_in_progress: true
  timeout_minutes: 20
  runs_on: ubuntu-24.04
  components:
    - path: services/api
      stack: python
      versions: ["3.11", "3.12"]
      runs_on: [ubuntu-24.04, macos-15]
      package_manager: uv
      services: [postgres:16-alpine, redis:7-alpine]
      typecheck_cmd: mypy --strict src
      test_cmd: |
        pytest -m 'not integration'
        pytest --doctest-modules src
      coverage_tool: codecov
      paths: ["proto/**"]
    - {path: web, stack: node, depends_on: [services-api]}
  scans: {dependencies: true, secrets: true, image: true, code: false}

docker:
  registries: [ghcr.io, {registry: docker.io, username_secret: HUB_USER, password_secret: HUB_TOKEN}]
  platforms: [linux/amd64]
  docker_build_args: {VERSION: "1"}

environments:
  - name: staging
    branch: develop
    deploy: {kubectl: k8s/, set_image: {deployment/shop: api}}
    namespace: shop-staging
    secrets: [KUBECONFIG_STAGING]
    env_vars: {APP_ENV: staging}
  - name: production
    after: staging
    deploy_on: release
    deploy: {helm: charts/shop, values: values-production.yaml}
    require_approval: true

deployment:
  build_command: npm run build
  start_command: npm start
  health_check_url: /health
  port: 3000
  environment_variables: {NODE_ENV: production}
validation: {timeout_minutes: 30, max_retries: 3, auto_merge: true, required_checks: [build_success]}
merge: {method: squash, approvals: 1, protected_paths: [".github/**", "k8s/**"]}
agent: {backend: scripted}
audit: {profile: default}
notifications: {webhook_events: [pr_created, merge_complete], channels: [SLACK_URL]}
"""

_NEEDED_IN = {  # what must stand in a group of keys
    "environments": {"name": "staging"},
    "docker.registries": {"registry": "ghcr.io"},
    "notifications.channels": {"secret": "SLACK_URL"},
    "environments.deploy": {"kubectl": "k8s"},
    "merge.freeze": {"from": "2026-12-24", "until": "2027-01-02"},
}
_NEEDED_BESIDE = {  # what must stand beside a key, where that differs
    **{f"environments.deploy.{method}": {} for method in ("helm", "skaffold", "compose", "command")},
    "environments.deploy.values": {"helm": "charts/shop"},
    "environments.deploy.profile": {"compose": "compose.yaml"},
    "environments.deploy.image_values": {"helm": "charts/shop"},
    "environments.deploy.rollback": {"command": "./deploy.sh"},
    "docker.registries.username_secret": {"registry": "docker.io", "password_secret": "HUB_TOKEN"},
    "docker.registries.password_secret": {"registry": "docker.io", "username_secret": "HUB_USER"},
}
_LISTS = {
    "pipeline.components",
    "environments",
    "docker.registries",
    "notifications.channels",
    "merge.freeze",
}


def document(key: Key, value: Any) -> dict[str, Any]:
    """The smallest project file that gives one key a value."""
    inner: Any = value
    parts = key.path.split(".")
    for depth in range(len(parts), 0, -1):
        group, path = ".".join(parts[: depth - 1]), ".".join(parts[:depth])
        inner = {**_NEEDED_BESIDE.get(path, _NEEDED_IN.get(group, {})), parts[depth - 1]: inner}
        if group in _LISTS:
            inner = [inner]
    return {"repository": "acme/shop", **inner}


def as_file(values: Any) -> str:
    """Values as a project file in YAML's flow style, a line for each key and each entry."""
    return json.dumps(values, indent=1, ensure_ascii=False)


def shape(annotation: Any) -> str:
    """Whether a key takes a table, a list or a single value."""
    for origin, name in ((dict, "table"), (tuple, "list")):
        if get_origin(annotation) is origin:
            return name
    inner = [shape(argument) for argument in get_args(annotation) if not isinstance(argument, str)]
    return next((name for name in inner if name != "value"), "value")
