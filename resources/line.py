"""Dagster's handles on the delivery line. Everything is opened when a run or a sensor needs it, never at import."""

import sys
from collections.abc import Iterator, Mapping

import dagster as dg

from cicd_defs.adapters import logs
from cicd_defs.assembly import open_line
from cicd_defs.flows.line import Line
from cicd_defs.settings import Settings
from resources.heartbeats import Heartbeats


def line_resources(environ: Mapping[str, str]) -> dict[str, dg.ResourceDefinition]:
    """The line, and the heartbeats of the run that uses it."""

    def cicd_line(context: dg.InitResourceContext) -> Iterator[Line]:
        settings = Settings.from_env(environ)
        logs.set_up(sys.stderr, secrets=settings.secrets)
        with open_line(settings, sandboxed=context.run is not None) as line:
            yield line

    def cicd_heartbeats(context: dg.InitResourceContext) -> Heartbeats:
        line: Line = context.resources.cicd_line
        return Heartbeats(line)

    return {
        "cicd_line": dg.ResourceDefinition(
            cicd_line, description="Our store, the forge, the sandbox and the agents, as the settings say."
        ),
        "cicd_heartbeats": dg.ResourceDefinition(
            cicd_heartbeats,
            required_resource_keys={"cicd_line"},
            description="Says in our store that a run lives.",
        ),
    }
