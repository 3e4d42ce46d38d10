"""The back ends of agents by name."""

from pathlib import Path
from typing import Protocol

from cicd_defs.adapters.agents.scripted import Scripted

SCRIPTED, CODEGEN = "scripted", "codegen"


class AgentSettings(Protocol):
    """What an operator sets about agents."""

    @property
    def cicd_home(self) -> Path:
        """Where state is kept."""

    @property
    def cicd_recordings(self) -> Path:
        """The folder of patches that the scripted agent applies."""

    @property
    def codegen_enable_mock_mode(self) -> bool:
        """Whether the scripted agent stands in for Codegen."""


class UnknownBackend(ValueError):
    """A project names a back end that there is not: which, and which there are."""


def backend_named(name: str, settings: AgentSettings) -> Scripted:
    """The back end of that name. Raises `UnknownBackend`."""
    if name == SCRIPTED or (name == CODEGEN and settings.codegen_enable_mock_mode):
        return Scripted(settings.cicd_recordings, settings.cicd_home / "agents" / "scripted")
    if name == CODEGEN:
        raise UnknownBackend(
            "The back end 'codegen' cannot be reached by this version. Set CODEGEN_ENABLE_MOCK_MODE=true, so that the "
            "scripted agent stands in for it, or write `agent: {backend: scripted}` in the project file."
        )
    raise UnknownBackend(
        f"There is no agent back end {name!r}. Write `agent: {{backend: scripted}}` in the project file; "
        "`scripted` is the one that there is."
    )
