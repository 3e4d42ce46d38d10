"""A compose file as YAML. Only what the plan marks is evaluated by compose: every other `$` is doubled.

Format: https://github.com/compose-spec/compose-spec/blob/main/spec.md
"""

from collections.abc import Sequence

from cicd_defs.plan.containers import ComposeFile, ComposeService, ComposeValue, Interpolated
from cicd_defs.render.yaml import Above, document


def render_compose(compose: ComposeFile, header: Sequence[str]) -> str:
    """The text of a compose file."""
    healthy = {service.name for service in compose.services if service.health}
    services = [(service.name, _service(service, healthy)) for service in compose.services]
    (first, about), *others = services
    volumes = [volume for service in compose.services for volume in service.volumes]
    told: dict[str, object] = {first: about, **{name: Above(each) for name, each in others}}
    kept: dict[str, object] = {"volumes": Above({volume: {} for volume in volumes})} if volumes else {}
    return document({"name": compose.name, "services": Above(told), **kept}, header)


def _service(service: ComposeService, healthy: set[str]) -> dict[str, object]:
    about: dict[str, object] = {"image": _text(service.image), "restart": "unless-stopped"}
    if service.is_application:
        about |= {"init": True, "security_opt": ["no-new-privileges:true"]}
    if service.environment:
        about["environment"] = {name: _text(value) for name, value in service.environment.items()}
    if service.ports:
        about["ports"] = [f"127.0.0.1:{port}" for port in service.ports]
    if service.volumes:
        about["volumes"] = [f"{volume}:{folder}" for volume, folder in service.volumes.items()]
    if service.health:
        about["healthcheck"] = _health(service.health)
    if service.needs:
        about["depends_on"] = {name: _condition(name in healthy) for name in service.needs}
    return about


def _health(command: str) -> dict[str, object]:
    times = {"interval": "5s", "timeout": "5s", "retries": 20}
    return {"test": ["CMD-SHELL", _text(command)], **times}


def _condition(healthy: bool) -> dict[str, object]:
    return {"condition": "service_healthy" if healthy else "service_started"}


def _text(value: ComposeValue) -> str:
    return value.text if isinstance(value, Interpolated) else value.replace("$", "$$")
