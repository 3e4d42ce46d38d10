"""`cicd pins`, as a person runs it: against git and registry servers of our own, over https."""

import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cicd_defs.cli import UsageProblem, app
from cicd_defs.plan.pinned import read_pins
from cicd_defs.plan.pins import VERSIONS, action, packaged
from tests.adapters.test_git_https import SmartServer
from tests.resources.https import certificate, serving
from tests.resources.repository import git, repository
from tests.resources.test_registries import DIGEST, Registry

CHECKOUT = "actions/checkout"
TODAY = "2027-02-03"


@pytest.fixture(autouse=True)
def today(monkeypatch):
    """It is that day for the program too, also where midnight comes between."""

    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromisoformat(f"{TODAY}T12:00:00+00:00")

    monkeypatch.setattr(datetime, "datetime", Clock)  # imported where it is needed


@pytest.fixture
def trusted(tmp_path, monkeypatch):
    """A folder to work in, with the certificate that everybody there trusts."""
    made = str(certificate(tmp_path))
    for variable in ("SSL_CERT_FILE", "GIT_SSL_CAINFO"):
        monkeypatch.setenv(variable, made)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def github(trusted):
    """A host with the repositories of actions."""
    with serving(type("Here", (SmartServer,), {"root": trusted, "seen": []}), trusted) as host:
        yield host


@pytest.fixture
def registry(trusted):
    """A host with the image library/postgres:16."""
    with serving(type("Here", (Registry,), {"ways": {}, "seen": []}), trusted) as host:
        yield host


def cicd(*arguments: object) -> tuple[int, str]:
    """The exit code, and all that is told: what is printed, and the mistake in words."""
    run = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if run.exception is not None and not isinstance(run.exception, UsageProblem | SystemExit):
        raise run.exception
    return run.exit_code, run.output + (str(run.exception) if isinstance(run.exception, UsageProblem) else "")


def update(host: str, *arguments: str) -> tuple[int, str]:
    return cicd("pins", "update", "--github", f"https://{host}", *arguments)


def tagged(folder: Path, *tags: str) -> Path:
    """The action's repository, with these tags on one commit each; the first two as they are recorded."""
    place = repository(folder / CHECKOUT, {"action.yml": "name: x\n"})
    for tag in tags:
        git(place, "commit", "--quiet", "--allow-empty", "-m", tag)
        git(place, "tag", "-a", "-m", tag, tag)
    return place


def recorded_as(place: Path, file: Path, version: str) -> None:
    """A file of pins that says that the action is used at this version of this repository."""
    commit = git(place, "rev-parse", f"{version}^{{commit}}")
    file.parent.mkdir()
    file.write_text(
        f"kind\tname\tversion\tpin\tsource\tseen\naction\t{CHECKOUT}\t{version}\t{commit}\ttag\t2026-01-01\n"
    )


FILE = Path("projects/pins.tsv")


def test_the_newest_version_is_written_with_the_commit_behind_its_annotated_tag(github, tmp_path):
    place = tagged(tmp_path, "v90.1.0", "v90.2.0", "v90.3.0-rc.1", "v91.0.0", "v90")
    recorded_as(place, FILE, "v90.1.0")
    code, told = update(github, "--only", CHECKOUT)
    assert code == 0, told
    assert "projects/pins.tsv: 1 looked up, 1 changed.\n" in told
    (pin,) = read_pins(FILE.read_text(), "x").pins
    assert (pin.version, pin.source, pin.date) == ("v90.2.0", "tag", TODAY)
    assert pin.pin == git(place, "rev-parse", "v90.2.0^{commit}") != git(place, "rev-parse", "v90.2.0")
    assert f"action {CHECKOUT}: v90.1.0 " in told


def test_a_new_major_is_taken_when_asked_for(github, tmp_path):
    recorded_as(tagged(tmp_path, "v90.1.0", "v91.0.0"), FILE, "v90.1.0")
    assert update(github, "--only", CHECKOUT, "--major")[0] == 0
    assert [pin.version for pin in read_pins(FILE.read_text(), "x").pins] == ["v91.0.0"]


@pytest.mark.parametrize("mode", [0o664, 0o600])
def test_the_file_of_pins_is_for_those_who_could_read_it_before(github, tmp_path, mode):
    recorded_as(tagged(tmp_path, "v90.1.0", "v90.2.0"), FILE, "v90.1.0")
    FILE.chmod(mode)
    assert update(github, "--only", CHECKOUT)[0] == 0
    assert FILE.stat().st_mode & 0o777 == mode


def test_a_tag_that_moved_is_an_error_and_nothing_is_written(github, tmp_path):
    place = tagged(tmp_path, "v90.1.0", "v90.2.0")
    recorded_as(place, FILE, "v90.1.0")
    before = FILE.read_bytes()
    git(place, "tag", "-f", "v90.1.0", "v90.2.0^{commit}")
    code, told = update(github, "--only", CHECKOUT)
    assert code == 1
    assert f"{CHECKOUT}: the tag v90.1.0 MOVED from" in told
    assert "Nothing was written" in told
    assert FILE.read_bytes() == before
    assert [path.name for path in FILE.parent.iterdir()] == ["pins.tsv"]


def test_a_tag_of_ours_that_points_elsewhere_is_an_error(github, tmp_path):
    tagged(tmp_path, VERSIONS[CHECKOUT])
    assert f"MOVED from {action(CHECKOUT).commit}" in update(github, "--only", CHECKOUT)[1]
    assert not FILE.exists()


def test_an_image_is_added_with_its_digest_and_what_was_there_is_kept(github, registry, tmp_path):
    recorded_as(tagged(tmp_path, "v90.1.0"), FILE, "v90.1.0")
    image = f"{registry}/library/postgres"
    code, told = update(github, "--only", f"{image}:16")
    assert code == 0, told
    kept, added = read_pins(FILE.read_text(), "x").pins
    assert (kept.name, kept.date) == (CHECKOUT, "2026-01-01")
    assert (added.name, added.version, added.pin, added.source) == (image, "16", DIGEST, "registry")
    assert f"image {image}: new → 16 {DIGEST}\n" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--only", CHECKOUT], "does not exist or is private"),
        (["--only", "localhost:1/x:1"], "localhost:1 was not reached"),
        (["--only", "nobody/nothing"], "No plan uses 'nobody/nothing'"),
        (["--github", "https://nowhere.invalid", "--only", CHECKOUT], "Check the network or HTTPS_PROXY"),
        (["--github", "ftp://x", "--only", CHECKOUT], "is not an address"),
    ],
)
def test_what_cannot_be_looked_up_is_told_and_nothing_is_written(github, arguments, told):
    code, said = update(github, *arguments)
    assert code == 1
    assert told in said
    assert not FILE.exists()


def test_a_file_that_cannot_be_read_is_left_alone(github):
    FILE.parent.mkdir()
    FILE.write_text("mine\n")
    code, told = update(github, "--only", CHECKOUT)
    assert (code, FILE.read_text()) == (1, "mine\n")
    assert "does not begin with the columns" in told


def test_every_pin_in_use_is_listed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recorded_as(tagged(tmp_path, "v90.1.0"), FILE, "v90.1.0")
    lines = [line.split() for line in cicd("pins", "list")[1].splitlines()]
    assert lines[0] == ["KIND", "NAME", "VERSION", "PIN", "SOURCE", "SINCE", "DAYS"]
    assert len(lines) == len(packaged().pins) + 1
    days = (datetime.date.fromisoformat(TODAY) - datetime.date(2026, 1, 1)).days
    (mine,) = [line for line in lines if line[1] == CHECKOUT]
    assert (mine[2], mine[4:]) == ("v90.1.0", ["tag", "2026-01-01", str(days)])


def test_a_plan_has_the_pins_beside_its_project_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = repository(
        tmp_path / "shop", {"pyproject.toml": "[project]\nname = 'x'\nversion = '1'\n", "t.py": ""}
    )
    recorded_as(tagged(tmp_path, "v90.1.0"), FILE, "v90.1.0")
    spec = FILE.with_name("shop.yaml")
    spec.write_text(f"repository: {place}\npipeline: {{components: [{{path: ., lint_cmd: make lint}}]}}\n")
    code, told = cicd("plan", spec)
    assert code == 2, told
    assert "# v90.1.0" in told
    assert VERSIONS[CHECKOUT] not in told
    FILE.write_text("mine\n")
    code, told = cicd("plan", spec)
    assert code == 1
    assert "projects/pins.tsv: it does not begin with the columns" in told
