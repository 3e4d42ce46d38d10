"""Work that is done twice."""

from cicd_defs.judge.rules.work_twice import (
    check_in_every_leg,
    double_trigger,
    duplicate_check,
    full_clone,
    image_built_twice,
    install_without_cache,
    no_path_filter,
    superseded_runs_go_on,
)

RULES = (
    duplicate_check,
    check_in_every_leg,
    double_trigger,
    full_clone,
    image_built_twice,
    install_without_cache,
    no_path_filter,
    superseded_runs_go_on,
)
