"""The settings of an operator, read from the environment at the door. `.env.example` explains each."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

CHECKOUT = Path(__file__).parents[1]


class SettingsError(ValueError):
    """A setting has a value that makes no sense: which one, and what to write."""


class Settings(BaseModel):
    """What an operator sets. Field names are the environment's, in lower case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    database_url: str = Field("", description="Our store. Default: SQLite in CICD_HOME.")
    cicd_home: Path = Field(description="Where state is kept: store, forge, workspaces, agents.")
    cicd_projects: Path = Field(description="The folder of project files.")
    cicd_recordings: Path = Field(description="The folder of patches that the scripted agent applies.")
    github_webhook_secret: SecretStr | None = None
    github_webhook_secret_old: SecretStr | None = None
    max_concurrent_validations: int = Field(5, ge=1, le=64)
    validation_timeout_minutes: int = Field(30, ge=1, le=360)
    auto_cleanup_hours: int = Field(24, ge=1)
    max_concurrent_workflows: int = Field(5, ge=1, le=64)
    workflow_timeout: int = Field(300_000, ge=1000, description="Milliseconds.")
    codegen_enable_mock_mode: bool = True
    allow_unsafe_subprocess: bool = False
    cicd_sandbox: str = Field("auto", pattern="^(auto|bubblewrap|none)$")
    cicd_pypi_upstream: str = ""
    cicd_npm_upstream: str = ""
    cicd_crash: str = Field(
        "", description="A named point at which the process kills itself; for fault tests."
    )

    @property
    def store_url(self) -> str:
        """The SQLAlchemy address of our store."""
        url = self.database_url or f"sqlite:///{self.cicd_home / 'store.db'}"
        for plain in ("postgres://", "postgresql://"):
            if url.startswith(plain):
                return f"postgresql+psycopg2://{url.removeprefix(plain)}"
        return url

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that are never logged."""
        given = (self.github_webhook_secret, self.github_webhook_secret_old)
        return tuple(secret.get_secret_value() for secret in given if secret)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises `SettingsError` that names the variable."""
        given = {name.lower(): value for name, value in environ.items() if value.strip()}
        here = Path("projects")
        dagster = Path(given.get("dagster_home") or CHECKOUT / ".dagster")
        defaults = {
            "cicd_home": str(dagster / "cicd"),
            "cicd_projects": str(here if here.is_dir() else CHECKOUT / "projects"),
        }
        values = {**defaults, **{name: given[name] for name in cls.model_fields if name in given}}
        values.setdefault("cicd_recordings", str(Path(values["cicd_projects"]) / "recordings"))
        for name in ("cicd_home", "cicd_projects", "cicd_recordings"):
            values[name] = str(Path(values[name]).expanduser().resolve())
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = str(first["loc"][0]).upper()
            raise SettingsError(f"{name}: {first['msg']}. `.env.example` says what it may be.") from None
