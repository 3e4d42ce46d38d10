import pytest

from cicd_defs.facts.findings import Family
from cicd_defs.facts.reported import NotEvaluated, Scan
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.repository import Repository
from resources.dockerfile_scanner import Hadolint
from resources.judges import Judges
from resources.scanners import Zizmor
from tests.resources.repository import write
from tests.resources.test_scanners import CI, CLEAN, INJECTED, OTHER

DOCKERFILE = "FROM debian:12.1\r\nRUN cd /srv && ls\r\n"


def judge(files, judges=None):
    return (judges or Judges()).judge(Repository(Tree.of(files)))


class Counting:
    """A scanner that says nothing, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[list[str]] = []

    def scan(self, files, config=None):
        if files:
            self.shown.append(sorted(files))
        return Scan(scanner="counting")


def test_both_programs_are_asked_and_their_findings_are_ours():
    judged = judge({CI: CLEAN, OTHER: INJECTED, "Dockerfile": DOCKERFILE, "README.md": "# Shop"})
    assert not judged.not_evaluated
    assert not judged.refusals
    [injection, folder] = judged.findings
    assert (injection.tool, injection.rule, injection.file, injection.line) == (
        "zizmor", "template-injection", OTHER, 16,
    )  # fmt: skip
    assert INJECTED[injection.start : injection.end] == "github.event.head_commit.message"
    assert (folder.tool, folder.rule, folder.line, folder.family) == ("hadolint", "DL3003", 2, Family.HYGIENE)
    assert DOCKERFILE[folder.start : folder.end] == "RUN cd /srv && ls"


def test_dockerfiles_of_examples_and_fixtures_are_judged_only_where_they_are_named():
    hadolint = Counting()
    files = dict.fromkeys(
        ("Dockerfile", "docs/Dockerfile", "examples/a/Dockerfile", "tests/golden/Dockerfile"), DOCKERFILE
    )
    Judges(Counting(), hadolint).judge(Repository(Tree.of(files)))
    Judges(Counting(), hadolint).judge(Repository(Tree.of(files), whole=False))
    assert hadolint.shown == [["Dockerfile", "docs/Dockerfile"], sorted(files)]


def test_places_are_in_characters_also_behind_letters_of_many_bytes():
    text = INJECTED.replace("name: Clean", "name: Sauber geprüft ✓")
    [finding] = judge({CI: text}).findings
    assert text[finding.start : finding.end] == "github.event.head_commit.message"
    assert finding.column == 24


def test_only_what_has_changed_is_judged_again():
    zizmor, hadolint = Counting(), Counting()
    judges = Judges(zizmor, hadolint)
    files = {CI: CLEAN, OTHER: CLEAN, "Dockerfile": DOCKERFILE}
    for changed in ({}, {CI: INJECTED}, {}, {"Dockerfile": "FROM scratch\n"}):
        judge({**files, **changed}, judges)
    assert zizmor.shown == [[CI, OTHER], [CI]]
    assert len(hadolint.shown) == 2


def test_a_file_judged_by_its_name_alone_counts_as_a_workflow():
    tree = Tree.of({"/elsewhere/ci.yml": INJECTED})
    judged = Judges().judge(Repository(tree, whole=False, workflow_paths=["/elsewhere/ci.yml"]))
    assert [(one.file, one.rule) for one in judged.findings] == [("/elsewhere/ci.yml", "template-injection")]


def test_a_repositorys_own_configuration_counts():
    ignoring = "rules:\n  template-injection:\n    disable: true\n"
    assert not judge({CI: INJECTED, ".github/zizmor.yml": ignoring}).findings
    assert not judge({"Dockerfile": DOCKERFILE, ".hadolint.yaml": "ignored: [DL3003]\n"}).findings


@pytest.mark.parametrize("config", [".github/zizmor.yml", ".hadolint.yaml"])
def test_a_configuration_that_cannot_be_read_is_told_and_not_used(config):
    judged = judge({CI: INJECTED, "Dockerfile": DOCKERFILE, config: "rules: [\n"})
    assert [refusal.file for refusal in judged.refusals] == [config]
    assert {one.rule for one in judged.findings} == {"template-injection", "DL3003"}


def test_what_a_program_refuses_is_told_each_time():
    judges = Judges()
    files = {CI: CLEAN.replace("runs-on", "runs_on"), "Dockerfile": "FORM debian\n", OTHER: INJECTED}
    for _ in range(2):
        judged = judge(files, judges)
        assert sorted(one.file for one in judged.refusals) == [CI, "Dockerfile"]
        assert [one.file for one in judged.findings if one.rule != "unreadable-file"] == [OTHER]
        unread = [one for one in judged.findings if one.rule == "unreadable-file"]
        assert sorted((one.tool, one.file) for one in unread) == [("hadolint", "Dockerfile"), ("zizmor", CI)]


def test_a_program_that_is_not_there_is_told_and_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr("resources.dockerfile_scanner.installed_program", lambda _: None)
    judged = judge({CI: INJECTED, "Dockerfile": DOCKERFILE})
    assert [one.scanner for one in judged.not_evaluated] == ["hadolint"]
    assert [one.rule for one in judged.findings] == ["template-injection"]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("#!/bin/sh\nexit 3\n", "exit code 3"),
        ("#!/bin/sh\necho rubbish\n", "its answer"),
        ("#!/bin/sh\necho '{}'\n", "its answer"),
        ("#!/bin/sh\necho '[{}]'\n", "its answer"),
        ("not a program", "failed to start"),
    ],
)
def test_hadolint_failing_is_not_taken_for_content(script, reason, tmp_path):
    program = write(tmp_path, {"hadolint": script}) / "hadolint"
    program.chmod(0o755)
    answer = Hadolint(program).scan({"Dockerfile": DOCKERFILE})
    assert isinstance(answer, NotEvaluated)
    assert reason in answer.reason


def test_nothing_to_judge_asks_nobody():
    assert judge({"README.md": "# Shop"}, Judges(Zizmor(), Hadolint())).findings == ()


def test_several_repositories_are_judged_in_one_go_and_each_as_if_it_were_alone():
    zizmor = Counting()
    repositories = [
        Repository(Tree.of({CI: INJECTED, "Dockerfile": DOCKERFILE}), whole=False),
        Repository(Tree.of({CI: CLEAN.replace("runs-on", "runs_on"), OTHER: INJECTED}), whole=False),
        Repository(Tree.of({OTHER: CLEAN}), whole=False),
    ]
    together = Judges()
    assert together.adopt(repositories, together.scan(repositories)) == tuple(
        Judges().judge(one) for one in repositories
    )
    Judges(zizmor, Counting()).scan(repositories)
    assert zizmor.shown == [[f"0/{CI}", f"1/{CI}", f"1/{OTHER}", f"2/{OTHER}"]]


class Failing(Counting):
    """A scanner that fails where it is shown what is hostile."""

    def scan(self, files, config=None):
        super().scan(files, config)
        if any("hostile" in text for text in files.values()):
            return NotEvaluated(scanner="zizmor", reason="it took too long")
        return Scan(scanner="zizmor")


def test_a_repository_that_a_program_fails_at_costs_the_others_nothing():
    zizmor = Failing()
    repositories = [
        Repository(Tree.of({CI: text}), whole=False) for text in (CLEAN, f"{CLEAN}# hostile\n", CLEAN)
    ]
    judges = Judges(zizmor, Counting())
    judged = judges.adopt(repositories, judges.scan(repositories))
    assert [[told.reason for told in one.not_evaluated] for one in judged] == [[], ["it took too long"], []]
    assert [len(shown) for shown in zizmor.shown] == [3, 1, 1, 1]
