"""The settings, and the file that explains them."""

import re
from pathlib import Path

import pytest
import yaml

from cicd_defs.settings import Settings, SettingsError

ROOT = Path(__file__).parents[1]
LINE = re.compile(r"^#([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
EXAMPLE = (ROOT / ".env.example").read_text()
EXPLAINED = dict(LINE.findall(EXAMPLE))
DEPENDS_ON_THE_MACHINE = {"database_url", "cicd_home", "cicd_projects", "cicd_recordings"}


def names_in(value):
    """The environment's variables that a configuration of Dagster reads."""
    if isinstance(value, dict):
        return {value["env"]} if set(value) == {"env"} else set().union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_the_example_explains_each_setting_and_no_other():
    deploy = names_in(yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text()))
    assert deploy
    assert set(EXPLAINED) == {name.upper() for name in Settings.model_fields} | deploy | {"DAGSTER_HOME"}


def test_the_example_states_the_defaults():
    read, default = Settings.from_env(EXPLAINED), Settings.from_env({})
    assert read.model_dump(exclude=DEPENDS_ON_THE_MACHINE) == default.model_dump(
        exclude=DEPENDS_ON_THE_MACHINE
    )


def test_the_example_sets_nothing_by_itself():
    assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("", "sqlite:////srv/cicd/store.db"),
        ("postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
        ("sqlite:////x.db", "sqlite:////x.db"),
    ],
)
def test_the_store_is_where_the_settings_say(given, url):
    assert Settings.from_env({"CICD_HOME": "/srv/cicd", "DATABASE_URL": given}).store_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [("MAX_CONCURRENT_VALIDATIONS", "0"), ("WORKFLOW_TIMEOUT", "soon"), ("CICD_SANDBOX", "docker")],
)
def test_a_setting_that_makes_no_sense_is_named(name, value):
    with pytest.raises(SettingsError, match=f"^{name}: .* `.env.example` says what it may be.$"):
        Settings.from_env({name: value})
