from pathlib import Path

import dagster as dg
import pytest

from assets.checks import FAMILIES
from assets.projects import DIGEST_TAG, PROJECT_TAG, project_assets, project_keys, run_tags
from assets.shown import BESIDE
from cicd_defs.adapters.git import GitError
from cicd_defs.facts.detect import detect
from cicd_defs.facts.scans import SCANS
from cicd_defs.facts.stacks import Stacks
from cicd_defs.facts.tree import Tree
from cicd_defs.facts.written import LOCK_PATH, written_files
from cicd_defs.plan.compile import compile_pipeline
from cicd_defs.plan.files import CI_PATH, NIGHTLY_PATH, known_paths, looked_at
from cicd_defs.plan.pipeline import Pipeline
from cicd_defs.render.files import render_files
from cicd_defs.render.regenerate import regenerate
from resources.scanners import Zizmor
from tests.assets.shop import (
    AUDIT_CHECKS,
    FILES,
    SCAN_CHECKS,
    MemoryRepositories,
    Scanner,
    checks_of,
    declared,
    made,
    materialise,
    resources,
)

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning")


@pytest.fixture
def instance():
    """Values are kept on disk, and what Dagster itself keeps in memory: on disk, a run takes three times as long."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def graph_of(project):
    return dg.Definitions(assets=project_assets(project), resources=resources()).resolve_asset_graph()


def metadata_of(result, *key):
    [event] = [
        e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey(["shop", *key])
    ]
    return event.materialization.metadata


def test_the_whole_graph_comes_to_be_and_passes_its_checks(instance):
    result = materialise(instance=instance, scanner=Zizmor())
    plan = result.asset_value(["shop", "pipeline"])
    assert made(result) == {
        *("shop/repository", "shop/stacks", "shop/pipeline", "shop/files", "shop/proposal"),
        *(f"shop/{file.path}" for file in plan.applied),
        f"shop/{LOCK_PATH}",
        *("shop/scan_dependencies", "shop/scan_secrets", "shop/scan_code", "shop/scan_image"),
        *("shop/ci_audit", "shop/improvement_plan"),
    }
    assert f"shop/{CI_PATH}" in made(result)
    assert {name: passed for name, (passed, *_) in checks_of(result).items()} == dict.fromkeys(
        [*(family.name for family in FAMILIES), *SCAN_CHECKS, *AUDIT_CHECKS], True
    )


def test_what_people_changed_is_in_the_files_and_the_proposal_says_so(instance):
    files = {**FILES, **{file.path: file.text for file in shop_files()}}
    edited = files | {CI_PATH: files[CI_PATH].replace("\njobs:", "\n# ask Ada before a change\njobs:")}
    del edited["Makefile"], edited[NIGHTLY_PATH]
    result = materialise(instance=instance, repositories=MemoryRepositories(edited))
    assert "# ask Ada before a change" in result.asset_value(["shop", *CI_PATH.split("/")]).text
    proposal = result.asset_value(["shop", "proposal"])
    assert "Kept as people left it" in proposal.body
    assert not proposal.changes
    later = materialise(
        declared("repository: acme/shop\npipeline: {timeout_minutes: 7}\n"),
        instance,
        repositories=MemoryRepositories(edited),
    )
    proposal = later.asset_value(["shop", "proposal"])
    assert next(change.path for change in proposal.changes if change.what == "changed") == CI_PATH
    assert proposal.title.startswith("Bring the delivery pipeline up to date")
    assert "timeout-minutes: 7" in metadata_of(later, *CI_PATH.split("/"))["diff"].value


def test_a_file_written_by_hand_is_in_conflict_until_the_declaration_lets_it_go(instance):
    theirs = MemoryRepositories({**FILES, CI_PATH: "name: mine\n"})
    held = materialise(instance=instance, repositories=theirs)
    assert not checks_of(held)["hand_edits"][0]
    proposal = held.asset_value(["shop", "proposal"])
    assert not proposal.ready
    assert "name: mine" in proposal.body
    project = declared("repository: acme/shop\npipeline: {overwrite: true}\n")
    free = materialise(project, instance, repositories=theirs)
    assert checks_of(free)["hand_edits"][0]
    assert free.asset_value(["shop", "proposal"]).ready


def shop_files():
    """The files of the shop as they are generated, with their lock."""
    project, tree = declared().project, Tree.of(FILES)
    plan = compile_pipeline(project, detect(tree), written_files(tree, looked_at(project)))
    return regenerate(render_files(plan), {}).files


def test_each_file_is_kept_and_shown_as_it_is_rendered(instance):
    result = materialise(instance=instance)
    for file in render_files(result.asset_value(["shop", "pipeline"])):
        assert result.asset_value(["shop", *file.path.split("/")]) == file
        shown = metadata_of(result, *file.path.split("/"))
        assert file.text.rstrip() in shown["preview"].value
        assert shown["lines"].value == file.text.count("\n")
        assert shown["bytes"].value == len(file.text.encode())


def test_a_file_that_does_not_apply_is_skipped_and_the_plan_says_why(instance):
    project = declared("repository: acme/shop\npipeline: {trigger_type: [push, pr]}\n")
    result = materialise(project, instance)
    assert result.success
    assert f"shop/{NIGHTLY_PATH}" not in made(result)
    rows = {record.data["path"]: record.data for record in metadata_of(result, "pipeline")["files"].records}
    assert rows[NIGHTLY_PATH]["state"] == "skipped"
    assert "schedule" in rows[NIGHTLY_PATH]["reason"]


def test_a_file_that_does_not_apply_any_more_is_not_shown_on_with_its_old_text(instance):
    materialise(instance=instance)
    project = declared("repository: acme/shop\npipeline: {trigger_type: [push, pr]}\n")
    result = materialise(project, instance)
    shown = metadata_of(result, *NIGHTLY_PATH.split("/"))
    assert shown["not written"].value == "skipped: `trigger_type` has no `schedule`"
    assert "preview" not in shown
    left_out = result.asset_value(["shop", *NIGHTLY_PATH.split("/")])
    assert (left_out.state, hasattr(left_out, "text")) == ("skipped", False)
    kept = Path(instance.storage_directory()) / "values/assets/shop" / NIGHTLY_PATH / "@value.json"
    assert "Generated by" not in kept.read_text()
    assert NIGHTLY_PATH not in {file.path for file in result.asset_value(["shop", "files"]).files}
    again = materialise(instance=instance)
    assert "preview" in metadata_of(again, *NIGHTLY_PATH.split("/"))


class Unreachable(MemoryRepositories):
    def snapshot(self, project, folder):
        raise GitError("acme/shop cannot be reached: say who you are")


def test_what_a_person_can_mend_is_told_first(instance):
    result = materialise(instance=instance, repositories=Unreachable(), raise_on_error=False)
    [failure] = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told.description == "acme/shop cannot be reached: say who you are"


def test_an_empty_repository_has_a_graph_too(instance):
    result = materialise(instance=instance, repositories=MemoryRepositories({"README.md": "x"}))
    assert result.success
    assert all(passed for passed, *_ in checks_of(result).values())


def test_a_part_can_be_made_alone_from_what_another_run_kept(instance):
    scanner = Scanner()
    materialise(instance=instance)
    one = materialise(
        instance=instance, selection=[dg.AssetKey(["shop", *CI_PATH.split("/")])], scanner=scanner
    )
    assert made(one) == {f"shop/{CI_PATH}"}
    assert checks_of(one) == {}
    assert scanner.scanned == []
    alone = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey(["shop", "files"]), "security"))
    checked = materialise(instance=instance, selection=alone, scanner=scanner)
    assert made(checked) == set()
    assert list(checks_of(checked)) == ["security"]
    assert set(scanner.scanned[0]) == {CI_PATH, NIGHTLY_PATH}


def test_a_part_without_what_it_needs_says_what_to_do(instance):
    result = materialise(
        instance=instance, selection=[dg.AssetKey(["shop", "pipeline"])], raise_on_error=False
    )
    [failure] = [event for event in result.all_events if event.is_step_failure]
    told = failure.step_failure_data.user_failure_data.description
    assert told == "shop/repository has no value yet: materialise it first."


def test_the_same_repository_gives_the_same_versions(instance):
    versions = [
        {event.asset_key: event.materialization.tags["dagster/data_version"] for event in run}
        for run in (materialise(instance=instance).get_asset_materialization_events() for _ in range(2))
    ]
    assert versions[0] == versions[1]


@pytest.mark.parametrize(
    ("tags", "well"),
    [
        pytest.param(run_tags(declared()), True, id="same"),
        pytest.param({PROJECT_TAG: "shop", DIGEST_TAG: "f" * 64}, False, id="another-digest"),
        pytest.param({PROJECT_TAG: "api", DIGEST_TAG: "f" * 64}, True, id="of-another-project"),
        pytest.param({}, True, id="from-the-ui"),
    ],
)
def test_a_worker_that_finds_another_declaration_refuses(tags, well, instance):
    repositories = MemoryRepositories()
    result = materialise(instance=instance, tags=tags, repositories=repositories, raise_on_error=False)
    assert result.success is well
    if not well:
        [failure] = [event for event in result.all_events if event.is_step_failure]
        told = failure.step_failure_data.user_failure_data.description
        assert "projects/shop.yaml has changed since this run was asked for" in told
        assert "reload the definitions" in told
        assert repositories.asked == []


def test_what_is_kept_is_json_and_never_pickled(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        materialise(instance=instance)
        storage = Path(instance.storage_directory())
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    values = [path for path in kept if "values" in path.parts]
    assert len(values) >= 6
    for path in kept:
        data = path.read_bytes()
        assert not data.startswith(b"\x80"), f"{path} is pickled"
        assert b"cicd_defs.plan.pipeline\n" not in data
    for path in values:
        assert path.suffix == ".json"
        assert path.read_bytes()[:1] in b'{["'
    Pipeline.model_validate_json((storage / "values/assets/shop/pipeline/@value.json").read_bytes())


def test_every_asset_names_the_file_that_declares_it():
    graph = graph_of(declared(name="tea-shop"))
    assert set(graph.get_all_asset_keys()) == set(project_keys(declared(name="tea-shop")))
    assert {graph.get(key).group_name for key in graph.get_all_asset_keys()} == {"tea_shop"}
    for key in graph.get_all_asset_keys():
        [reference] = graph.get(key).metadata["dagster/code_references"].code_references
        assert reference.file_path == "/nowhere/projects/tea-shop.yaml"
    assert len(graph.asset_check_keys) == len(FAMILIES) + len(SCAN_CHECKS) + len(AUDIT_CHECKS)


def test_the_lineage_is_the_line_of_thought():
    graph = graph_of(declared())

    def parents(*key):
        return {"/".join(parent.path[1:]) for parent in graph.get(dg.AssetKey(["shop", *key])).parent_keys}

    assert parents("repository") == set()
    assert parents("stacks") == {"repository"}
    assert parents("pipeline") == {"repository", "stacks"}
    paths = known_paths(declared().project)
    for path in paths:
        assert parents(*path.split("/")) == {"pipeline"}
    assert parents("files") == {"repository", *paths}
    assert parents("proposal") == {"files", "pipeline"}
    for scan in SCANS:
        assert parents(f"scan_{scan}") == {"repository"}


def test_a_project_file_that_changes_makes_its_plan_out_of_date():
    def version(digest):
        graph = graph_of(declared(digest=digest))
        return graph.get(dg.AssetKey(["shop", "pipeline"])).code_version

    assert version("1" * 64) != version("2" * 64)


def test_everything_that_is_detected_beside_the_components_is_shown():
    assert {"components", "images", "template_folders", *BESIDE} == set(Stacks.model_fields)
