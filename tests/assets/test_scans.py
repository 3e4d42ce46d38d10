"""The scans of a project as assets: what is found, what became of it, and what could not be looked at."""

import json
from pathlib import Path

import dagster as dg
import pytest

from assets.projects import project_assets, project_keys
from assets.scans import scan_keys
from cicd_defs.adapters.git import Git, GitError
from cicd_defs.facts.scans import ScanFinding, Scanned, ToolRun, fingerprinted
from resources.histories import GitHistories, History
from resources.repositories import GitRepositories
from resources.scan_tools import LocalTools, Unavailable
from tests.assets.shop import (
    SCAN_CHECKS,
    MemoryHistories,
    MemoryRepositories,
    Tools,
    checks_of,
    declared,
    made,
    resources,
)
from tests.resources.repository import committed, git, repository

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")

TOKEN = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
SCAN_KEYS = [dg.AssetKey(["shop", f"scan_{name}"]) for name in ("dependencies", "secrets", "code", "image")]


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def scan(instance, *, project=None, keys=("repository", "scan_secrets", "scan_code", "scan_image"), **given):
    """Materialise the scans of the shop, with what they follow from."""
    return dg.materialize(
        project_assets(project or declared()),
        resources=resources(**given),
        instance=instance,
        selection=[dg.AssetKey(["shop", key]) for key in keys],
    )


def numbers(result, name="code"):
    [event] = [e for e in result.get_asset_materialization_events() if e.asset_key.path[1] == f"scan_{name}"]
    told = event.materialization.metadata
    return {key: told[key].value for key in ("findings", "new", "fixed", "high", "gaps") if key in told}


def metadata(result, name="code"):
    [event] = [e for e in result.get_asset_materialization_events() if e.asset_key.path[1] == f"scan_{name}"]
    return event.materialization.metadata


def found(*rules, severity="high", reason=""):
    findings = [
        (
            ScanFinding(
                tool="fake", target="all", rule=rule, severity=severity, file="a.py", line=7, message="x"
            ),
            rule,
        )
        for rule in rules
    ]
    run = ToolRun(tool="fake", target="all", reason=reason)
    return Scanned(runs=(run,), findings=fingerprinted(findings))


def test_what_is_new_and_what_is_fixed_is_told_apart_and_counted(instance):
    first = scan(instance, tools=Tools(code=found("B1", "B2")))
    assert numbers(first) == {"findings": 2, "new": 2, "fixed": 0, "high": 2, "gaps": 0}
    second = scan(instance, tools=Tools(code=found("B2", "B3")))
    assert numbers(second) == {"findings": 2, "new": 1, "fixed": 1, "high": 2, "gaps": 0}
    shown = {
        name: [row.data["rule"] for row in metadata(second)[name].records]
        for name in ("found", "new ones", "fixed ones")
    }
    assert shown == {"found": ["B2", "B3"], "new ones": ["B3"], "fixed ones": ["B1"]}
    assert checks_of(second)["code_clean"] == (False, "ERROR", "2 findings, 1 of them new, 1 fixed")
    third = scan(instance, tools=Tools(code=found()))
    assert numbers(third) == {"findings": 0, "new": 0, "fixed": 2, "high": 0, "gaps": 0}
    assert checks_of(third)["code_clean"][0]


def test_what_cannot_be_looked_at_is_a_warning_and_its_numbers_are_no_zeros(instance):
    scan(instance, tools=Tools(code=found("B1")))
    night = scan(instance, tools=Tools(code=found(reason="bandit is not installed")))
    assert night.success
    assert numbers(night) == {"gaps": 1}
    assert metadata(night)["not evaluated"].value == "- fake, all: bandit is not installed"
    assert checks_of(night)["code_clean"] == (
        False,
        "WARN",
        "not evaluated: fake, all: bandit is not installed",
    )
    later = scan(instance, tools=Tools(code=found("B1")))
    assert numbers(later)["new"] == 0


def test_what_is_found_outweighs_what_could_not_be_looked_at(instance):
    some = found("B1")
    some = some.model_copy(update={"runs": (*some.runs, ToolRun(tool="other", target="x", reason="gone"))})
    result = scan(instance, tools=Tools(code=some))
    passed, severity, sentence = checks_of(result)["code_clean"]
    assert (passed, severity) == (False, "ERROR")
    assert sentence == "1 findings, 1 of them new; not evaluated: other, x: gone"


def test_light_findings_are_shown_and_do_not_fail(instance):
    result = scan(instance, tools=Tools(code=found("B1", severity="low")))
    assert numbers(result)["findings"] == 1
    assert checks_of(result)["code_clean"] == (
        True,
        "ERROR",
        "nothing of medium severity or more was found; 1 of low severity",
    )


def test_where_there_is_nothing_to_look_at_that_is_said(instance):
    nothing = Scanned(notes=("there is no Python code to look at",))
    result = scan(instance, tools=Tools(code=nothing))
    assert checks_of(result)["code_clean"] == (True, "ERROR", "there is no Python code to look at")
    assert numbers(result)["findings"] == 0


def test_a_scan_that_is_off_has_no_asset():
    project = declared("repository: a/b\npipeline: {scans: {secrets: false, image: false}}\n")
    graph = dg.Definitions(assets=project_assets(project), resources=resources()).resolve_asset_graph()
    keys = {key.path[1] for key in graph.get_all_asset_keys() if key.path[1].startswith("scan_")}
    assert keys == {"scan_dependencies", "scan_code"}
    assert set(scan_keys(project)) <= set(project_keys(project))
    assert set(project_keys(project)) == set(graph.get_all_asset_keys())
    off = "{dependencies: false, secrets: false, image: false, code: false}"
    none = declared(f"repository: a/b\npipeline: {{scans: {off}}}\n")
    assert scan_keys(none) == []
    dg.Definitions.validate_loadable(dg.Definitions(assets=project_assets(none), resources=resources()))


def test_one_scan_can_be_made_alone_and_its_check_too(instance):
    scan(instance)
    tools = Tools()
    one = scan(instance, keys=["scan_code"], tools=tools)
    assert made(one) == {"shop/scan_code"}
    assert list(checks_of(one)) == ["code_clean"]
    assert [name for name, *_ in tools.asked] == ["code"]
    alone = dg.AssetSelection.checks(dg.AssetCheckKey(SCAN_KEYS[1], "secrets_clean"))
    checked = dg.materialize(
        project_assets(declared()), resources=resources(), instance=instance, selection=alone
    )
    assert (made(checked), list(checks_of(checked))) == (set(), ["secrets_clean"])
    assert len(SCAN_CHECKS) == len(SCAN_KEYS)


def test_the_history_is_read_since_the_scan_before_that_could_read_it(instance):
    histories, tools = MemoryHistories(), Tools()
    scan(instance, tools=tools, histories=histories)
    scan(instance, tools=tools, histories=MemoryHistories(GitError("no network")))
    gone = Unavailable("no network")
    assert [shown for name, _, *shown in tools.asked if name == "secrets"] == [
        [History((), "no commits"), ()],
        [gone, ()],
    ]
    unread = Scanned(runs=(ToolRun(tool="fake", target="repository", reason="no network"),))
    scan(instance, tools=Tools(secrets=unread), histories=histories)
    scan(instance, tools=tools, histories=histories)
    assert [since for since, _ in histories.asked] == [None, "c" * 40, "c" * 40]


def test_a_report_of_another_version_is_as_none(instance):
    result = scan(instance, tools=Tools(code=found("B1")))
    place = metadata(result)["value"].path
    for text in ("{}", "rubbish"):
        Path(place).write_text(text)
        again = scan(instance, tools=Tools(code=found("B1")))
        assert numbers(again)["new"] == 1


def test_images_are_those_that_releases_push(instance):
    tools = Tools()
    files = {**MemoryRepositories().files, "Dockerfile": "FROM python:3.12-slim\nCOPY . .\n"}
    project = declared("repository: Acme/Shop\nbranch: release/1\ndocker: {registries: [ghcr.io]}\n")
    scan(instance, project=project, tools=tools, repositories=MemoryRepositories(files))
    [images] = [shown for name, _, shown in (one for one in tools.asked if one[0] == "image")]
    assert images == ("ghcr.io/acme/shop:release-1",)


def test_a_real_repository_from_night_to_night(tmp_path, instance):
    """detect-secrets and git for real: a secret comes, goes, and is known from the history until it is listed."""
    place = repository(tmp_path / "code", {"shop.py": "def greet():\n    return 'hello'\n"})
    real = {
        "project": declared(f"repository: {place}\n"),
        "repositories": GitRepositories(Git(tmp_path / "mirrors")),
        "histories": GitHistories(Git(tmp_path / "histories")),
        "tools": LocalTools(),
    }

    def night():
        result = scan(instance, keys=("repository", "scan_secrets"), **real)
        return numbers(result, "secrets"), checks_of(result)["secrets_clean"][0]

    clean = {"findings": 0, "new": 0, "fixed": 0, "high": 0, "gaps": 0}
    assert night() == (clean, True)
    committed(place, {"app.env": f"TOKEN={TOKEN}\n"})
    committed(place, {"app.env": "TOKEN=\n"})
    assert night() == ({**clean, "findings": 1, "new": 1, "high": 1}, False)
    storage = Path(instance.storage_directory())
    kept = (storage / "values/assets/shop/scan_secrets/@value.json").read_text()
    [finding] = json.loads(kept)["findings"]
    assert git(place, "show", f"{finding['commit']}:app.env") == f"TOKEN={TOKEN}"
    entry = {"type": finding["rule"], "hashed_secret": finding["subject"].split()[0][5:], "line_number": 1}
    known = {"version": "1.5.0", "plugins_used": [], "filters_used": [], "results": {"app.env": [entry]}}
    committed(place, {".secrets.baseline": json.dumps(known)})
    assert night() == ({**clean, "fixed": 1}, True)
    everything = [path for path in storage.rglob("*") if path.is_file()]
    assert everything
    assert not [path for path in everything if TOKEN[4:].encode() in path.read_bytes()]
