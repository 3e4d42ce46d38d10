"""The two sets of partitions of the delivery line, and the names that its parts share."""

import dagster as dg

TASKS = dg.DynamicPartitionsDefinition(name="tasks")
"""A task's key: `shop-17`."""

PULL_REQUESTS = dg.DynamicPartitionsDefinition(name="pull_requests")
"""A pull request at a head: `shop-42-0123456789ab`."""

GROUP = "delivery"
VALUES = "cicd_values"
"""The key of our IO manager: prefixed, so that our definitions can stand beside somebody's own."""

RUN_KEY_TAG = "dagster/run_key"
"""Set by Dagster on the runs that a sensor asks for."""
