"""Jobs and steps in an order that cannot hold."""

from cicd_defs.judge.rules.flow import artifact_overwritten, unknown_artifact, unknown_need, unknown_output

RULES = (unknown_need, unknown_output, unknown_artifact, artifact_overwritten)
