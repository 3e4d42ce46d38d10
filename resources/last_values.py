"""The value that an asset had last, for one that looks back at itself: a graph has no edge for that."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import dagster as dg
from pydantic import ValidationError

from cicd_defs.facts.value import Value

Kept = TypeVar("Kept", bound=Value)


def last_value(instance: dg.DagsterInstance, key: dg.AssetKey, kind: type[Kept]) -> Kept | None:
    """What was kept of an asset when it was last materialised.

    None where it never was, and where what was kept is gone, damaged, or of another version.
    """
    event = instance.get_latest_materialization_event(key)
    told = event.asset_materialization if event else None
    place = told.metadata.get("value") if told else None
    if not isinstance(place, dg.PathMetadataValue) or place.path is None:
        return None
    try:
        return kind.model_validate_json(Path(place.path).read_bytes())
    except (OSError, ValidationError):
        return None
