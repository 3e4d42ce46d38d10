"""Location `delivery`: tasks, agent runs, pull requests and their evaluation, shared by all projects.

Small on purpose, however many projects there are: a run that evaluates a pull request loads this module alone, and
importing it reads no project file, opens no store and starts nothing.
"""

import os
import warnings

import dagster as dg

# Checks with partitions are a preview of Dagster's; that need not be said at each start.
warnings.filterwarnings("ignore", category=dg.PreviewWarning, message=".*partitions_def.*")
warnings.filterwarnings("ignore", category=dg.BetaWarning)

from assets.delivery.decision import diagnosis, evaluation_report, fix_request, merge, merge_decision  # noqa: E402
from assets.delivery.evaluation import evaluation, pull_request  # noqa: E402
from assets.delivery.launchpad import submit_task  # noqa: E402
from assets.delivery.partitions import VALUES  # noqa: E402
from assets.delivery.tasks import agent_run, prompt, task  # noqa: E402
from assets.values import delivery_values  # noqa: E402
from resources.line import line_resources  # noqa: E402
from sensors.inbox import inbox_sensor  # noqa: E402
from sensors.tasks import agents_sensor, tasks_sensor  # noqa: E402

ASSETS = [
    task,
    prompt,
    agent_run,
    pull_request,
    evaluation,
    evaluation_report,
    merge_decision,
    merge,
    diagnosis,
    fix_request,
]
"""What exists, in the order in which it comes to be."""

EVALUATED = dg.AssetSelection.assets("pull_request").downstream()
work = dg.define_asset_job(
    "work", selection=["task", "prompt", "agent_run"], description="A task, up to its agent."
)
take_in = dg.define_asset_job("take_in", selection=["agent_run"], description="What an agent has made.")
evaluate = dg.define_asset_job(
    "evaluate",
    selection=EVALUATED,
    description="A pull request at its head: evaluated, decided, merged or explained.",
)
decide = dg.define_asset_job(
    "decide",
    selection=["merge_decision", "merge"],
    description="What was found, decided anew on the forge's evidence.",
)

defs = dg.Definitions(
    assets=ASSETS,
    jobs=[work, take_in, evaluate, decide, submit_task],
    sensors=[inbox_sensor(evaluate, decide), tasks_sensor(work), agents_sensor(take_in)],
    resources={VALUES: delivery_values, **line_resources(os.environ)},
    executor=dg.in_process_executor,  # parts that can go side by side do so in threads within one step
)
