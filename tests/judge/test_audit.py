# ruff: noqa: E501 - one workflow with every key there is, a line each
"""The engine: every rule is asked, a rule that fails costs only itself, and any shape of file is read."""

import time
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.facts.findings import Confidence, Family, Severity
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found, Rule, located
from cicd_defs.judge.rules import rules_by_name, workflow_rules

CI = ".github/workflows/ci.yml"
RED = "on: push\njobs:\n  t:\n    runs-on: x\n    steps:\n      - run: pytest || true\n"
OR_TRUE = rules_by_name()["or-true"]


def rule(name: str, find, strict: bool = False, severity: Severity = Severity.LOW) -> Rule:
    return Rule(name, About(Family.HYGIENE, severity, strict=strict), "It is so.", find)


def whole(workflow, repository) -> Iterator[Found]:
    yield Found(workflow.source, 0, 2, "here")


def falls(workflow, repository) -> Iterator[Found]:
    yield Found(workflow.source, 0, 2, "first")
    raise ZeroDivisionError("by design")


def of(files: dict[str, str | bytes], **changes):
    return audit(Repository(Tree.of(files)), **changes)


def test_a_rule_that_fails_is_told_and_spares_the_others():
    found = of({CI: RED}, rules=[rule("falls", falls), OR_TRUE]).findings
    assert sorted(one.rule for one in found) == ["falls", "or-true", "rule-failed"]
    (told,) = [one for one in found if one.rule == "rule-failed"]
    assert "the rule `falls` failed" in told.message
    assert "ZeroDivisionError: by design" in told.message


@pytest.mark.parametrize(
    ("given", "heard"),
    [
        pytest.param(Settings(), ["loose"], id="default"),
        pytest.param(Settings("strict"), ["loose", "tight"], id="strict"),
        pytest.param(Settings("strict", frozenset({"loose"})), ["tight"], id="off"),
    ],
)
def test_settings_say_which_rules_are_heard(given, heard):
    rules = [rule("loose", whole), rule("tight", whole, strict=True)]
    assert sorted(one.rule for one in of({CI: RED}, settings=given, rules=rules).findings) == heard


def test_settings_say_how_heavy_a_rule_weighs():
    given = Settings(severities={"loose": Severity.HIGH})
    (found,) = of({CI: RED}, settings=given, rules=[rule("loose", whole)]).findings
    assert found.severity is Severity.HIGH


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        pytest.param(b"a: [1\nb: 2\n", 2, "did not find expected", id="yaml"),
        pytest.param(b"a: 1\nb: \xff\n", 2, "is not UTF-8", id="bytes"),
        pytest.param(b"a: 1\n\nb: \0\n", 3, "NUL", id="nul"),
        pytest.param(b"#" * 1_048_577, 1, "1,048,577 bytes", id="large"),
        pytest.param(b"a: " + b"[" * 101, 1, "more than 100 levels", id="deep"),
        pytest.param(b"a: *b\n", 1, "nothing has the anchor", id="anchor"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(data, line, says):
    found = of({CI: data, ".github/workflows/b.yml": RED}, rules=[OR_TRUE]).findings
    assert sorted(one.rule for one in found) == ["or-true", "unreadable-file"]
    (told,) = [one for one in found if one.rule == "unreadable-file"]
    assert (told.file, told.line) == (CI, line)
    assert says in told.message


def test_a_file_that_is_not_at_hand_is_told_and_again_when_others_have_changed():
    tree = Tree((CI,), lambda path: None)
    repository = Repository(tree)
    assert [one.rule for one in audit(repository, rules=[OR_TRUE]).findings] == ["unreadable-file"]
    changed = repository.changed({"x": "y"})
    assert [one.rule for one in audit(changed, rules=[OR_TRUE]).findings] == ["unreadable-file"]
    broken = Repository(Tree.of({CI: b"\xff"}))
    audit(broken, rules=[])
    assert [one.rule for one in audit(broken.changed({"x": "y"}), rules=[]).findings] == ["unreadable-file"]


def test_findings_of_others_join_ours_in_order():
    repository = Repository(Tree.of({CI: RED}))
    source = repository.source(CI)
    told = {
        "family": Family.SAFETY_NETS,
        "severity": Severity.LOW,
        "confidence": Confidence.LOW,
        "message": "m",
    }
    others = [located(source, at, at, rule="artipacked", tool="zizmor", **told) for at in (60, 0)]
    found = audit(repository, others=others, rules=[OR_TRUE]).findings
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert {one.tool for one in found} == {"", "zizmor"}
    off = Settings(off=frozenset({"artipacked"}))
    assert [one.rule for one in audit(repository, off, others, [OR_TRUE]).findings] == ["or-true"]


def test_a_bom_and_a_long_line_leave_places_and_excerpts_right():
    text = (
        '\ufeffon: push\njobs: {t: {runs-on: x, steps: [{run: "echo '
        + "x" * 5_000
        + ' && pytest || true"}]}}\n'
    )
    (found,) = of({CI: text}, rules=[OR_TRUE]).findings
    assert found.column - 1 == text.splitlines()[1].index("pytest")
    assert found.excerpt[found.column - 1 - found.excerpt_at :].startswith("pytest || true")
    assert len(found.excerpt) <= 500


VALID = yaml.safe_load("""
name: CI
on:
  push: {branches: [main], paths: ["src/**"], tags: [v1]}
  pull_request: {types: [opened]}
  schedule: [{cron: "0 2 * * *"}]
  workflow_dispatch: {inputs: {level: {type: choice, options: [a, b], required: true, default: a}}}
  workflow_call: {inputs: {x: {type: string}}, outputs: {o: {value: "${{ jobs.a.outputs.o }}"}}, secrets: {s: {required: true}}}
permissions: {contents: read}
env: {A: "1"}
defaults: {run: {shell: bash, working-directory: src}}
concurrency: {group: "ci-${{ github.ref }}", cancel-in-progress: true}
jobs:
  a:
    name: A
    runs-on: [self-hosted, linux]
    outputs: {o: "${{ steps.s.outputs.v }}"}
    strategy: {fail-fast: false, max-parallel: 2, matrix: {python: [3.10, "3.11"], include: [{python: 3.9, os: x}], exclude: [{python: 3.10}]}}
    services: {db: {image: "postgres:16", ports: ["5432:5432"], env: {P: x}, options: "--health-cmd x"}}
    container: {image: "python:3.11", credentials: {username: a, password: b}, volumes: [a]}
    timeout-minutes: 10
    continue-on-error: true
    if: github.event_name == 'push' && always()
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0, persist-credentials: false}
      - uses: actions/setup-python@v5
        with: {python-version: 3.10, cache: pip}
      - {id: s, name: S, if: success(), run: "pip install .\\npytest -q || true\\necho v=1 >> $GITHUB_OUTPUT", shell: bash, env: {T: "${{ secrets.T }}"}, continue-on-error: true, timeout-minutes: 3}
      - uses: actions/cache@v4
        with: {path: "~/.cache", key: "${{ runner.os }}-${{ hashFiles('x') }}", restore-keys: a}
      - uses: actions/upload-artifact@v4
        with: {name: dist, path: dist, retention-days: 3}
  b:
    needs: [a]
    environment: {name: production, url: "https://x"}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {name: dist}
      - run: kubectl apply -f k8s && docker build -t x . && docker push x
  c: {uses: ./.github/workflows/d.yml, needs: b, with: {x: 1}, secrets: inherit}
""")
"""Every key that the rules look at, once."""


def places(node, path=()):
    yield path
    if isinstance(node, dict):
        for key, below in node.items():
            yield from places(below, (*path, key))
    elif isinstance(node, list):
        for at, below in enumerate(node):
            yield from places(below, (*path, at))


def replaced(node, path, value):
    if not path:
        return value
    if isinstance(node, dict):
        return {
            key: replaced(below, path[1:], value) if key == path[0] else below for key, below in node.items()
        }
    if isinstance(node, list):
        return [replaced(below, path[1:], value) if at == path[0] else below for at, below in enumerate(node)]
    return node


PLACES = list(places(VALID))
shapes = st.recursive(
    st.sampled_from([None, True, 0, -1, 1.5, "", " ", "x", "${{", "${{ }}", "${{ a }}", "*", "~", "a\nb", "'", "日", "@", "|| true"]),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from(["", "run", "uses", "x", "if", "name"]), below, max_size=2),
    max_leaves=4,
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(PLACES), shapes), min_size=1, max_size=4), st.booleans())
def test_whatever_has_another_shape_no_rule_fails(changes, flow):
    mutated = VALID
    for path, value in changes:
        mutated = replaced(mutated, path, value)
    text = yaml.dump(mutated, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    repository = Repository(
        Tree.of({CI: text, ".github/workflows/d.yml": RED, "action.yml": text}), whole=False
    )
    found = audit(repository, Settings("strict"), rules=workflow_rules()).findings
    assert [one.message for one in found if one.rule == "rule-failed"] == []


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)) or "all")
def test_each_key_may_hold_any_simple_shape(path):
    files = {
        f".github/workflows/{number}.yml": yaml.dump(replaced(VALID, path, value), sort_keys=False)
        for number, value in enumerate([None, [], {}, "", 7, [[]], {"x": {}}])
    }
    found = audit(Repository(Tree.of(files), whole=False), Settings("strict")).findings
    assert [one.message for one in found if one.rule == "rule-failed"] == []


DEPLOYING = "on: push\njobs:\n  deploy:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v5\n      - run: npm ci\n      - run: kubectl apply -f a.yml\n      - run: |\n          "


@pytest.mark.parametrize(
    "word", ["mvn", "gradle", "kubectl", "flux", "npm", "docker compose", "version", "<<<", "helm -a b"]
)
def test_a_command_of_many_equal_words_is_judged_in_steps_that_grow_with_its_length(word):
    begun = time.process_time()
    of({CI: f"{DEPLOYING}{f'{word} ' * (300_000 // len(word))}\n"}, settings=Settings("strict"))
    assert time.process_time() - begun < 60, "what grows with the square of the text takes far longer"
