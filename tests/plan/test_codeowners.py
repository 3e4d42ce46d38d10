import pytest

from cicd_defs.plan.codeowners import owned_files, unowned
from cicd_defs.spec.files import covers
from cicd_defs.spec.model import Project
from cicd_defs.spec.read import SpecError, read_project


def project(owners: dict[str, tuple[str, ...]], *protected: str) -> Project:
    return Project.model_validate(
        {
            "name": "shop",
            "repository": "acme/shop",
            "files": {"code_owners": owners},
            "merge": {"protected_paths": protected},
        }
    )


def test_entries_keep_their_order():
    owned = owned_files(project({"*": ("@all",), "k8s/**": ("@ops", "@lead"), "*.md": ()}))
    assert [(entry.pattern, entry.owners) for entry in owned] == [
        ("*", ("@all",)),
        ("k8s/**", ("@ops", "@lead")),
        ("*.md", ()),
    ]


@pytest.mark.parametrize(
    ("owners", "protected", "told"),
    [
        pytest.param({}, ".github/**", False, id="nobody-owns-anything"),
        pytest.param({"*": ("@a",)}, ".github/**", False, id="all"),
        pytest.param({".github/**": ("@a",)}, ".github/**", False, id="the-same"),
        pytest.param({".github/": ("@a",)}, ".github/workflows/**", False, id="the-folder"),
        pytest.param({"k8s/**": ("@a",)}, ".github/**", True, id="another"),
        pytest.param({"*": ("@a",), ".github/**": ()}, ".github/**", True, id="taken-away"),
        pytest.param({".github/*": ("@a",)}, ".github/**", True, id="its-own-files-only"),
    ],
)
def test_protected_files_that_nobody_owns_are_told(owners, protected, told):
    notes = unowned(project(owners, protected))
    assert bool(notes) is told
    assert all(f"`{protected}`" in note.message for note in notes)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("*", "a/b", True),
        ("**", "*.md", True),
        ("docs/**", "docs/a.md", True),
        ("docs/", "docs/**", True),
        ("docs/*", "docs/a/b", False),
        ("*.md", "docs/a.md", False),
        ("doc/**", "docs/a.md", False),
        ("docs/a.md", "docs/**", False),
        ("*/a/", "b/a/", False),
    ],
)
def test_one_pattern_covers_another_only_where_that_is_sure(wide, narrow, expected):
    assert covers(wide, narrow) is expected


def test_an_entry_that_a_later_one_outdoes_is_refused_at_its_place():
    text = 'repository: acme/shop\nfiles:\n  code_owners:\n    "docs/**": ["@a"]\n    "*": ["@b"]\n'
    with pytest.raises(SpecError) as caught:
        read_project(text, "shop.yaml")
    assert [
        (problem.line, "`*` stands behind it" in problem.message) for problem in caught.value.problems
    ] == [(4, True)]
