"""What is generated has no finding under the strict profile, by our own rules or others'; neither do we have any.

A sample's hand-written files are poor on purpose: of those trees only what is generated is looked at.
"""

from collections.abc import Collection, Mapping
from functools import cache

import pytest

from cicd_defs.adapters.git import local_tree
from cicd_defs.facts.findings import Finding
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.repository import Repository
from cicd_defs.render.files import GeneratedFile, render_files
from resources.judges import Judges
from tests.pairwise import Case, specs
from tests.pairwise.test_pairwise import artefacts
from tests.samples import ROOT, SAMPLES

STRICT = Settings("strict")
BUNDLES = 8

ASKED_FOR = {
    ("services", "unpinned"): {"unpinned-images"},
    ("components", "hostile"): {"deploy-never-tested"},
    ("repository", "nothing"): {"deploy-never-tested"},
    ("branch", "release"): {"install-without-cache"},
}
"""What a choice brings along by itself: a tag whose digest nobody knows, tests that test nothing, nothing to test.

zizmor wants no cache in a file that a push to any branch named after releases starts; our rule looks at the others.
"""


def findings_of(tree: Tree) -> tuple[Finding, ...]:
    repository = Repository(tree)
    judged = Judges().judge(repository)
    assert not judged.not_evaluated
    return audit(repository, STRICT, judged.findings, tools={"zizmor", "hadolint"}).findings


@cache
def cases() -> tuple[Case, ...]:
    """A third of the cases in which every pair of options stands."""
    return specs(100)[::3]


@cache
def findings_of_case(number: int) -> tuple[Finding, ...]:
    """What is found in what is generated for the case of this number; each is judged once."""
    case = cases()[number]
    return tuple(findings_in(case.files, artefacts(case)[1]))


def findings_in(files: Mapping[str, str], generated: Collection[GeneratedFile]) -> list[Finding]:
    """What is found in generated files that lie in their repository."""
    written = {file.path: file.text for file in generated}
    return [one for one in findings_of(Tree.of({**files, **written})) if one.file in written]


def told(finding: Finding) -> str:
    return f"{finding.file}:{finding.line}: {finding.rule}: {finding.message}"


def test_this_repository_has_no_finding():
    assert list(map(told, findings_of(local_tree(ROOT)))) == []


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_what_is_generated_for_a_sample_has_no_finding(sample):
    assert list(map(told, findings_in(sample.files, render_files(sample.pipeline)))) == []


@pytest.mark.parametrize("bundle", range(BUNDLES))
def test_what_is_generated_for_pairs_of_options_has_no_finding(bundle):
    assert [line for number in range(bundle, len(cases()), BUNDLES) for line in _wrong(number)] == []


def _wrong(number: int) -> list[str]:
    case = cases()[number]
    expected = {rule for choice in case.choices.items() for rule in ASKED_FOR.get(choice, ())}
    found = findings_of_case(number)
    return [f"{case.name} {case.choices}: {told(one)}" for one in found if one.rule not in expected]


@pytest.mark.parametrize("choice", ASKED_FOR, ids="=".join)
def test_what_a_choice_brings_along_is_found(choice):
    """Those that are left out would be found: else they need not be named."""
    asked = (number for number, case in enumerate(cases()) if choice in case.choices.items())
    assert any({one.rule for one in findings_of_case(number)} >= ASKED_FOR[choice] for number in asked)
