"""What is known stays known: whatever moves around it, and only that."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import audit
from cicd_defs.judge.baseline import BadBaseline, baseline_text, read_baseline
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rules import rules_by_name

CI = ".github/workflows/ci.yml"
RULES = [rules_by_name()["or-true"]]
HEAD = "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
STEPS = (
    "      - name: Lint\n        run: ruff check . || true\n",
    "      - run: |\n          pip install .\n          pytest -q || true\n",
    "      - run: mypy src || true\n",
    "      - run: mypy src || true\n",
)


def marks(text: str) -> list[str]:
    return [one.fingerprint for one in found(text)]


def found(text: str):
    return audit(Repository(Tree.of({CI: text})), rules=RULES).findings


KNOWN = marks(HEAD + "".join(STEPS))

noise = st.sampled_from(
    [
        "\n",
        "# a word\n",
        "      # one more\n",
        "      - run: make build\n",
        "      - uses: actions/checkout@v4\n",
    ]
)


@given(st.lists(st.tuples(st.integers(0, len(STEPS)), noise), max_size=8))
def test_fingerprints_outlive_what_is_put_around(put):
    parts = list(STEPS)
    for at, text in sorted(put, reverse=True):
        parts.insert(at, text)
    assert marks(HEAD + "".join(parts)) == KNOWN


@given(st.integers(0, 30))
def test_fingerprints_outlive_another_indentation(more):
    long = f"      - run: echo {'x' * 700} && pytest || true {'y' * 700}\n"
    blank = " " * more
    moved = "".join(blank + line + "\n" for line in (*STEPS, long) for line in line.splitlines())
    assert len(set(KNOWN)) == len(STEPS)
    assert marks(HEAD + moved) == marks(HEAD + "".join((*STEPS, long)))


def test_crlf_and_a_bom_change_nothing():
    text = HEAD + "".join(STEPS)
    assert marks("\ufeff" + text.replace("\n", "\r\n")) == KNOWN


def test_of_two_equal_findings_the_one_that_is_left_is_known_and_a_third_is_new():
    baseline = read_baseline(baseline_text(found(HEAD + STEPS[2] + STEPS[3])), "b")
    new, known = baseline.split(found(HEAD + STEPS[3]))
    assert (len(new), len(known)) == (0, 1)
    new, known = baseline.split(found(HEAD + STEPS[2] * 3))
    assert (len(new), len(known)) == (1, 2)


def test_it_reads_what_it_wrote_and_has_a_line_for_each_finding():
    every = found(HEAD + "".join(STEPS))
    text = baseline_text(every)
    assert read_baseline(text, "b").fingerprints == set(KNOWN)
    assert sum('"fingerprint"' in line for line in text.splitlines()) == len(KNOWN)
    assert baseline_text(reversed(every)) == text
    assert read_baseline(baseline_text([]), "b").fingerprints == frozenset()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "no JSON", id="empty"),
        pytest.param("{", "no JSON", id="broken"),
        pytest.param("[" * 100_000, "no JSON", id="deep"),
        pytest.param("[]", "a list `findings`", id="list"),
        pytest.param('{"findings": {}}', "a list `findings`", id="map"),
        pytest.param('{"findings": [], "version": 2}', "version 2 is not 1", id="version"),
        pytest.param('{"findings": [1], "version": 1}', "no `fingerprint`", id="number"),
        pytest.param(json.dumps({"findings": [{"rule": "x"}], "version": 1}), "no `fingerprint`", id="none"),
    ],
)
def test_what_is_no_baseline_is_told_in_words(text, says):
    with pytest.raises(BadBaseline, match=says) as caught:
        read_baseline(text, "known.json")
    assert str(caught.value).startswith("known.json: ")
    assert "--write-baseline" in str(caught.value)
