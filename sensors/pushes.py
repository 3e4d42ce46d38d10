"""A push to a project's branch: its repository is looked at again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import dagster as dg

from cicd_defs.adapters.store.engine import StoreError, open_store
from cicd_defs.facts.github.events import MalformedEvent, read_event
from cicd_defs.facts.records.deliveries import Delivery
from cicd_defs.settings import Settings

MOST_AT_ONCE = 500
SETTLED = timedelta(seconds=10)


def pushes_sensor(pushed: Mapping[tuple[str, str], str], settings: Settings) -> dg.SensorDefinition:
    """Ask for `PROJECT/repository` after a push to its branch.

    `pushed` is the forge's name of a repository and a full ref to the project that is looked at then.
    """

    @dg.sensor(
        name="pushes",
        job_name="__ASSET_JOB",
        minimum_interval_seconds=5,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks at a project's repository again after a push to its branch.",
    )
    def pushes(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        seen = int(context.cursor or 0)
        try:
            deliveries = deliveries_after(settings, seen)
        except StoreError as error:
            return dg.SensorResult(skip_reason=str(error))
        if not deliveries:
            return dg.SensorResult(skip_reason="Nothing was pushed.")
        last = deliveries[-1].id
        found = {pushed.get(ref) for ref in map(pushed_ref, deliveries) if ref} - {None}
        requests = [
            dg.RunRequest(run_key=f"{name}@push-{last}", asset_selection=[dg.AssetKey([name, "repository"])])
            for name in sorted(name for name in found if name)
        ]
        return dg.SensorResult(run_requests=requests, cursor=str(last))

    return pushes


def deliveries_after(settings: Settings, seen: int) -> tuple[Delivery, ...]:
    """The pushes that came in after a delivery's id; none where there is no store yet."""
    if settings.store_url.startswith("sqlite:///") and not Path(settings.store_url[10:]).exists():
        return ()
    store = open_store(settings.store_url)
    try:
        found = store.inbox.after(seen, "push", MOST_AT_ONCE)
        # Ids can come to be seen in another order than they were given: the newest are left for the next look.
        settled = datetime.now(UTC) - SETTLED
        return tuple(takewhile(lambda delivery: delivery.received_at < settled, found))
    finally:
        store.close()


def pushed_ref(delivery: Delivery) -> tuple[str, str] | None:
    """The repository and the ref of a push; None for one that cannot be read."""
    try:
        event = read_event(delivery.event, delivery.body)
    except MalformedEvent:
        return None
    return event.repository, event.ref
