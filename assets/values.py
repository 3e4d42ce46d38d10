"""The values of assets, where what is missing or does not fit any more is told to the person who looks at the run."""

from typing import Any

import dagster as dg

from assets.declarations import told_plainly
from resources.values import JsonValues, json_values, storage_of


class ToldValues(JsonValues):
    """Values as JSON files; that one is missing comes first in the run's failure, ahead of Dagster's own words."""

    def load_input(self, context: dg.InputContext) -> Any:
        """Read a value as the type that the reader declares."""
        with told_plainly():
            return super().load_input(context)


@dg.io_manager(description=json_values.description)
def told_values(context: dg.InitResourceContext) -> ToldValues:
    """The values of the instance that a run belongs to."""
    return ToldValues(storage_of(context) / "values")


@dg.io_manager(description="Values as JSON files under the instance's storage, never pickle.")
def delivery_values(context: dg.InitResourceContext) -> ToldValues:
    """The values of the delivery line; their places are nobody's business."""
    return ToldValues(storage_of(context) / "values", shows_path=False)
