"""Golden files: what is generated for each of projects/samples/, to be read as documentation.

`pytest tests/golden --update-golden` writes them again; the difference is then reviewed like any other change.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cicd_defs.facts.written import MARK
from cicd_defs.render.files import GeneratedFile, render_files
from cicd_defs.spec.keys import declared_keys
from tests.checkers import CHECKERS
from tests.containers.hadolint import hadolint
from tests.samples import ROOT, SAMPLES, Sample

HERE = Path(__file__).parent
FOLDER = ROOT / "projects" / "samples"
GUIDE = FOLDER / "README.md"

each_sample = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def generated(sample: Sample) -> tuple[GeneratedFile, ...]:
    return render_files(sample.pipeline)


@each_sample
def test_what_is_generated_is_the_golden_file(sample, request):
    folder, files = HERE / sample.name, generated(sample)
    if request.config.getoption("--update-golden"):
        written_anew(folder, files)
    for file in files:
        golden = folder / file.path
        assert golden.is_file(), f"{golden} is missing: run pytest --update-golden and review it"
        assert golden.read_text() == file.text
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        file.path for file in files
    }


def written_anew(folder: Path, files: tuple[GeneratedFile, ...]) -> None:
    """These files and no others: what is not generated any more goes away."""
    shutil.rmtree(folder, ignore_errors=True)
    for file in files:
        golden = folder / file.path
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(file.text)


def test_nothing_else_lies_among_the_golden_files():
    assert {path.name for path in HERE.iterdir() if path.is_dir()} - {"__pycache__"} == set(SAMPLES)


KINDS = sorted({kind for checker in CHECKERS for kind in checker.kinds})


@pytest.mark.parametrize("kind", KINDS)
def test_golden_files_have_no_finding(kind, findings):
    files = [
        HERE / sample.name / file.path
        for sample in SAMPLES.values()
        for file in generated(sample)
        if file.kind == kind
    ]
    assert files, f"no sample shows a file of the kind {kind}"
    assert findings(files, kind) == []


def test_golden_dockerfiles_have_no_finding():
    assert hadolint(sorted(HERE.rglob("Dockerfile"))) == []


def test_a_sample_stands_beside_each_other_with_its_repository_and_its_line_in_the_guide():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(SAMPLES)
    guide = GUIDE.read_text()
    assert re.findall(r"^\| \[`(\w+)\.yaml`\]", guide, re.MULTILINE) == list(SAMPLES)
    links = re.findall(r"\]\(([^):]+)\)", guide)
    assert [link for link in links if not (FOLDER / link).exists()] == []


@each_sample
def test_an_example_is_written_by_hand(sample):
    assert sample.project.repository == f"../../examples/{sample.name}"
    assert [path for path, text in sample.files.items() if MARK in text] == []
    assert not {".github", "Makefile"} & {path.partition("/")[0] for path in sample.files} or (
        sample.name == "custom"
    )


UNSEEN = {
    "pipeline.overwrite",  # about files that were written by hand, and none of an example is to be replaced
    *(  # about what is done with tasks and pull requests
        path
        for path in declared_keys()
        if re.match(r"(?:mode|validation|agent|merge\.(?:freeze|hold_|informational_|delete_))", path)
    ),
}
"""Keys that act and leave no trace in a file."""


def test_together_the_samples_declare_every_key_that_acts_and_none_that_does_not():
    acting = {key.path for key in declared_keys().values() if not key.planned}
    declared = {path for sample in SAMPLES.values() for path in keys_of(yaml.safe_load(sample.text))}
    assert declared == acting - UNSEEN


def keys_of(value: Any, above: str = "") -> Iterator[str]:
    """The dotted paths of the keys in a part of a declaration; names that people choose are no keys."""
    for item in value if isinstance(value, list) else [value]:
        for name, inner in item.items() if isinstance(item, dict) else ():
            path = f"{above}.{name}" if above else name
            if path in declared_keys():
                yield path
                yield from keys_of(inner, path)
