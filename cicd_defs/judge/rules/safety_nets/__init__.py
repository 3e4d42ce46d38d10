"""What keeps a mistake small."""

from types import ModuleType

from cicd_defs.judge.rules.safety_nets import (
    curl_to_shell,
    curl_to_shell_in_files,
    no_timeout,
    secret_on_command_line,
)

RULES: tuple[ModuleType, ...] = (no_timeout, curl_to_shell, curl_to_shell_in_files, secret_on_command_line)
