"""Values that do not mean what they look like."""

from cicd_defs.judge.rules.plain_bugs import (
    cron_never_fires,
    exclude_matches_nothing,
    moving_image_tag_only,
    result_typo,
    retired_runner,
    retired_runtime,
    version_read_as_number,
)

RULES = (
    version_read_as_number,
    retired_runner,
    retired_runtime,
    cron_never_fires,
    result_typo,
    exclude_matches_nothing,
    moving_image_tag_only,
)
