"""Findings as people and programs read them: text, JSON, SARIF, GitHub's annotations."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.findings import Confidence, Edit, Family, Finding, Fix, Severity
from cicd_defs.facts.source import Source
from cicd_defs.judge.rule import located
from cicd_defs.render.audit import WIDTH, as_annotations, as_json, as_text, columns, marked, plain, summary
from cicd_defs.render.sarif import as_sarif

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0-rtm.5.json").read_text())
"""The official schema of SARIF 2.1.0 with its errata, as OASIS and SchemaStore publish it."""

CI = ".github/workflows/ci.yml"


def finding(text: str = "a: b\n", start: int = 0, end: int = 1, path: str = CI, **changes) -> Finding:
    told = {
        "rule": "or-true",
        "family": Family.CANNOT_FAIL,
        "severity": Severity.HIGH,
        "confidence": Confidence.HIGH,
        "message": "it cannot fail",
    }
    return located(Source(path, text), start, end, **told | changes)


FIX = Fix("Take it away", (Edit(CI, 0, 4, ""), Edit("new: file.txt", 0, 0, "x")), safe=True)
ALL = (
    finding(),
    finding("run: größe 日本 || true\n", 5, 19, fix=FIX, minutes=2.5),
    finding("a\nb\n", 0, 4, severity=Severity.LOW, confidence=Confidence.LOW),
    finding("", 0, 0, path="with blank/ü%.yml", rule="no-dockerignore", severity=Severity.MEDIUM),
    finding(rule="unpinned-uses", tool="zizmor", url="https://docs.zizmor.sh/x", family=Family.SAFETY_NETS),
    finding(rule="DL3008", tool="hadolint", path="Dockerfile"),
    finding(rule="bad-suppression", family=Family.ENGINE),
)


def test_the_span_is_marked_below_its_line():
    text = "jobs:\n  - run: pytest || true\n"
    start = text.index("pytest")
    assert as_text([finding(text, start, start + 14, fix=FIX, minutes=3.0)]) == (
        f"{CI}:2:10: high: it cannot fail [or-true] (about 3 min a run; can be fixed)\n"
        "  2 |   - run: pytest || true\n"
        "    |          ^^^^^^^^^^^^^^\n"
    )


@pytest.mark.parametrize(
    ("line", "span", "shown"),
    [
        pytest.param("日本: x", "x", "日本: x|      ^", id="wide"),
        pytest.param("日本: x", "日本", "日本: x|^^^^", id="wide-span"),
        pytest.param("e\u0301a: x", "x", "e\u0301a: x|    ^", id="combining"),
        pytest.param("\ta:\tx", "x", " a: x|    ^", id="tabs"),
        pytest.param("a\x1b[31m: x", "x", "a\\x1b[31m: x|           ^", id="escapes"),
        pytest.param("🎈 x", "x", "🎈 x|   ^", id="emoji"),
        pytest.param("\ufeffab", "b", "ab| ^", id="bom"),
    ],
)
def test_the_marks_stand_below_what_they_mean(line, span, shown):
    start = line.index(span)
    text = as_text([finding(line, start, start + len(span))])
    assert [part.partition("| ")[2] for part in text.splitlines()[1:]] == shown.split("|")


@pytest.mark.parametrize("wide", ["x", "日"])
@pytest.mark.parametrize("start", [0, 40, 5_000, 9_990])
def test_a_long_line_is_cut_around_its_span(wide, start):
    text = "  " + wide * start + "HERE" + wide * (10_000 - start)
    head, line, marks = as_text([finding(text, 2 + start, 6 + start)]).splitlines()
    assert head.startswith(f"{CI}:1:{start + 3}:")
    assert columns(line) <= WIDTH + 6
    at = marks.index("^^^^")
    assert columns(line[: line.index("HERE")]) == at
    assert marks.count("^") == 4


@given(st.text(max_size=700).filter(lambda text: "\n" not in text), st.integers(0, 700), st.integers(0, 50))
def test_marks_are_never_outside_of_what_is_shown(text, start, length):
    start = min(start, len(text))
    line = marked(finding(text, start, min(len(text), start + length)))
    assert "\n" not in line.text
    assert line.text.isprintable()
    assert line.width >= 1
    assert line.indent + line.width <= 2 * WIDTH


def test_names_and_messages_of_strangers_stay_on_one_line_and_move_no_cursor():
    bad = finding(path="a\n.github/x.yml\x1b[2J", message="of `\x1b]0;hi\x07\r\n::error::`")
    text = as_text([bad])
    assert text.splitlines()[0].startswith("a\\n.github/x.yml\\x1b[2J:1:1: high:")
    assert set(text) & {"\x1b", "\r", "\x07"} == set()
    assert len(text.splitlines()) == 3
    assert plain("\u202e") == "\\u202e"


def test_colours_only_where_they_are_asked_for():
    assert "\x1b" not in as_text(ALL)
    coloured = as_text(ALL, colour=True)
    assert "\x1b[31mhigh:\x1b[0m" in coloured
    assert "\x1b[33mmedium:\x1b[0m" in coloured


def test_json_is_a_list_of_objects():
    told = json.loads(as_json(ALL))
    assert len(told) == len(ALL)
    assert {"rule", "severity", "confidence", "file", "line", "column", "message", "fixable"} <= set(told[0])
    second = told[1]
    assert (second["line"], second["column"], second["fixable"], second["safe"]) == (1, 6, True, True)
    assert json.loads(as_json([])) == []
    assert as_json(ALL) == json.dumps(told, indent=2, ensure_ascii=False)


@pytest.mark.parametrize("known", [(), (finding(message="known"),)])
def test_sarif_is_valid_under_the_official_schema(known):
    log = json.loads(as_sarif(ALL, "1.2.3", known, [(finding(message="meant"), "we know")]))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(as_sarif([], "1.2.3")))


def test_sarif_keeps_to_what_code_scanning_asks_for():
    log = json.loads(as_sarif(ALL, "1.2.3"))
    runs = log["runs"]
    assert [run["tool"]["driver"]["name"] for run in runs] == ["cicd", "zizmor", "hadolint"]
    assert len({run["automationDetails"]["id"] for run in runs}) == len(runs)
    for run in runs:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            (place,) = result["locations"]
            uri = place["physicalLocation"]["artifactLocation"]["uri"]
            assert not uri.startswith("/")
            assert " " not in uri
            assert uri.isascii()
            region = place["physicalLocation"]["region"]
            assert (region["endLine"], region["endColumn"]) > (region["startLine"], region["startColumn"])
            assert set(result["partialFingerprints"]) == {"primaryLocationLineHash", "cicdDefs/v1"}
            assert result["message"]["text"]
        for rule in rules:
            assert rule["help"]["text"]
            assert rule["shortDescription"]["text"]
            if "security" in rule["properties"]["tags"]:
                assert 0 < float(rule["properties"]["security-severity"]) <= 10


def test_sarif_tells_what_silences_a_finding():
    one, two = finding(message="known"), finding(message="meant")
    results = json.loads(as_sarif([], "1", [one], [(two, "we know")]))["runs"][0]["results"]
    kinds = [result["suppressions"][0] for result in results]
    assert kinds == [
        {"kind": "external", "justification": "known from the baseline"},
        {"kind": "inSource", "justification": "we know"},
    ]


@pytest.mark.parametrize("text", ["run: größe 日本 || true\n", "\ufeffa\r\nb || true\r\n"])
def test_a_fix_in_sarif_names_the_place_of_each_edit(text):
    fix = Fix("f", (Edit(CI, 3, 5, "new"),))
    (result,) = json.loads(as_sarif([finding(text, fix=fix)], "1"))["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {"deletedRegion": {"charOffset": 3, "charLength": 2}, "insertedContent": {"text": "new"}}
    ]


def test_a_path_becomes_an_address_that_leads_back_to_it():
    from urllib.parse import unquote

    paths = ["a b/ü.yml", "a%20b.yml", "a:b.yml", "a?b#c.yml", "bytes\udcff.yml"]
    for path in paths:
        (result,) = json.loads(as_sarif([finding(path=path)], "1"))["runs"][0]["results"]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote(uri, errors="surrogateescape") == path
        assert ":" not in uri


def test_annotations_are_escaped_as_github_reads_them():
    bad = finding(path="a,b:c%d\n.yml", message="100 %\r\n::error::forged")
    assert as_annotations([bad]) == (
        "::error file=a%2Cb%3Ac%25d%0A.yml,line=1,endLine=1,col=1,endColumn=2,title=or-true"
        "::100 %25%0D%0A::error::forged"
    )
    levels = [line.split(" ")[0] for line in as_annotations(ALL[1:4]).splitlines()]
    assert levels == ["::error", "::notice", "::warning"]


def test_the_summary_counts_and_says_what_is_next():
    assert summary([], 1) == "No findings in 1 file."
    assert (
        summary([], 2, known=3, suppressed=1)
        == "No findings in 2 files (3 known from the baseline, 1 suppressed)."
    )
    told = summary(ALL, 3)
    assert told.startswith("7 findings in 3 files: 5 high, 1 medium, 1 low.")
    assert "2.5 minutes" in told
    unsafe = replace(ALL[1], fix=replace(FIX, safe=False))
    assert "1 can be fixed: `cicd audit --fix=all` makes the fixes." in summary([unsafe], 1)
