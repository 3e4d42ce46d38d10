"""What a repository's own files say of its owner, and what follows for actions of the same owner."""

import pytest

from cicd_defs.facts.reported import Reported
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenWorkflow
from cicd_defs.judge.adopted.place import Place
from cicd_defs.judge.adopted.strictness import is_strict

CALL = "on: push\njobs:\n  a:\n{condition}    uses: {uses}\n"


def place(uses: str, files: dict[str, str], condition: str = "") -> Place:
    written = f"    if: {condition}\n" if condition else ""
    text = CALL.format(uses=uses, condition=written)
    workflow = WrittenWorkflow.read(Source(".github/workflows/ci.yml", text))
    reported = Reported(
        ".github/workflows/ci.yml", 4, "unpinned-uses", "high", "", route=("jobs", "a", "uses")
    )
    return Place(reported, workflow, text=files.get)


@pytest.mark.parametrize(
    ("files", "condition"),
    [
        pytest.param({}, "github.repository == 'Acme/shop'", id="condition"),
        pytest.param({}, "github.repository_owner == 'acme'", id="condition-owner"),
        pytest.param({"go.mod": "module github.com/acme/shop/v2\n\ngo 1.22\n"}, "", id="go"),
        pytest.param({"package.json": '{"repository": {"url": "git@github.com:acme/shop.git"}}'}, "", id="node"),
        pytest.param({"package.json": '{"repository": "acme/shop"}'}, "", id="node-short"),
        pytest.param({"pyproject.toml": '[project.urls]\nSource = "https://github.com/acme/shop"\n'}, "", id="python"),
        pytest.param({"Cargo.toml": '[package]\nrepository = "https://github.com/acme/shop"\n'}, "", id="rust"),
        pytest.param(
            {"README.md": "![](https://github.com/acme/shop/actions/workflows/ci.yml/badge.svg)"}, "", id="badge"
        ),
    ],
)  # fmt: skip
def test_an_action_of_the_same_owner_speaks_in_the_strict_profile_only(files, condition):
    assert is_strict(place("acme/ci/.github/workflows/test.yml@main", files, condition))
    assert not is_strict(place("other/ci/.github/workflows/test.yml@main", files, condition))


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"package.json": "{"}, id="unreadable"),
        pytest.param({"package.json": '{"homepage": "https://github.com/acme/shop"}'}, id="homepage-alone"),
        pytest.param({"pyproject.toml": '[project.urls]\nFunding = "https://github.com/acme/shop"\n'}, id="funding"),
        pytest.param(
            {"go.mod": "module github.com/acme/shop\n", "package.json": '{"repository": "other/shop"}'}, id="at-odds"
        ),
    ],
)  # fmt: skip
def test_an_owner_who_is_not_certain_is_none(files):
    assert not is_strict(place("acme/ci/.github/workflows/test.yml@main", files))
