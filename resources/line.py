"""Dagster's handles on the delivery line. Everything is opened when a run or a sensor needs it, never at import."""

from collections.abc import Iterator, Mapping

import dagster as dg

from cicd_defs.assembly import open_line
from cicd_defs.flows.line import Line
from cicd_defs.settings import Settings
from resources.heartbeats import Heartbeats


def line_resources(environ: Mapping[str, str]) -> dict[str, dg.ResourceDefinition]:
    """The line, and the heartbeats of the run that uses it."""

    def cicd_line(_: dg.InitResourceContext) -> Iterator[Line]:
        with open_line(Settings.from_env(environ)) as line:
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
