"""What keeps a mistake small."""

from types import ModuleType

from cicd_defs.judge.rules.safety_nets import no_timeout

RULES: tuple[ModuleType, ...] = (no_timeout,)
