"""Text as it stands in its file, for the Dagster UI."""

from __future__ import annotations

import re

import dagster as dg

LONGEST_PREVIEW = 60_000


def preview(text: str, language: str = "") -> dg.MetadataValue:
    """Text as it stands in its file. The fence is longer than any run of backticks inside."""
    shown = (
        text
        if len(text) <= LONGEST_PREVIEW
        else f"{text[:LONGEST_PREVIEW]}\n... ({len(text):,} characters in all)"
    )
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return dg.MetadataValue.md(f"{fence}{language}\n{shown.rstrip()}\n{fence}")
