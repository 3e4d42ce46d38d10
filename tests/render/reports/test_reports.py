"""Reports say what came of it first, fit into a comment, and show what strangers wrote as text."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cicd_defs.facts.reports.steps import Isolation, StepResult
from cicd_defs.facts.reports.tests import TestCase, TestReport
from cicd_defs.facts.reports.verdicts import Finding, Verdict
from cicd_defs.judge.merge.decision import decide
from cicd_defs.render.reports.comment import comment_body
from cicd_defs.render.reports.decision import decision_markdown
from cicd_defs.render.reports.evaluation import evaluation_html, evaluation_markdown, verdict_markdown
from cicd_defs.render.reports.text import clean, code, fenced, last_lines, plain, prose
from tests.judge.merge.evidences import ready

MARKER = "<!-- cicd-defs:report:7 -->"
PARSER = MarkdownIt("commonmark").enable("table")
EVIL = [
    "@acme/everybody look",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://evil.example/p.png)",
    "[click](javascript:alert(1)) https://evil.example www.evil.example",
    "closes #12, GH-12",
    "```\n@acme/all\n~~~\n# Approved",
    "````````\n<!-- end -->",
    "| a | b |\n|---|---|\n| merged | yes |",
    "\u202eevil\u2066\u200b\x1b[31m\x00\x07",
    "1. one\n\n    indented\n===\n- [x] merged",
    "`code` `` `@me` \\` <b>x</b>",
    "`a``@acme``b` <i>",
    "&lt;b&gt; &#64;acme $x^2$ [^1] <https://evil.example>",
]
TEXTS = st.one_of(
    st.sampled_from(EVIL), st.text(max_size=60), st.text(alphabet="`|<>@!\\[]()#~\n a", max_size=40)
)


def parts(text: str = "x", **more: Any) -> list[Verdict]:
    """An evaluation of which every field that a stranger can fill holds a text."""
    step = StepResult(name=text, kind="test", exit_code=1, seconds=3.21, tail=text, error=text)
    case = TestCase(id=text or "t", outcome="failed", message=text)
    return [
        Verdict(part="sandbox_build", word="passed", summary="install: all well.", seconds=125.0),
        Verdict(
            part="test_results",
            word="failed",
            summary=text,
            steps=(step,),
            tests=TestReport(cases=(case,), problems=(text,)),
            isolation=Isolation(provider="bubblewrap", level="partial", lacks=("a seccomp filter",)),
            seconds=12.34,
        ).model_copy(update=more),
        Verdict(
            part="gate_integrity",
            word="failed",
            summary="look",
            findings=(Finding(kind="edited_ci", message=text, path=text, line=3),),
        ),
    ]


def reports(text: str, verdicts: list[Verdict]) -> dict[str, str]:
    evidence = ready(
        title=text, labels=(text,), test_results=verdicts[1], gate_integrity=verdicts[2], reviews=()
    )
    asked, decision = evidence.pull_request, decide(evidence)
    return {
        "comment": comment_body(MARKER, asked, verdicts, decision),
        "evaluation": evaluation_markdown(asked, verdicts),
        "decision": decision_markdown(decision),
        **{verdict.part: verdict_markdown(verdict) for verdict in verdicts},
    }


def assert_harmless(text: str) -> None:
    """No HTML, picture, link or mention, in any token outside of code; no fence that stays open."""
    tokens = [
        token
        for block in PARSER.parse(text.replace(MARKER, ""))
        for token in (block, *(block.children or ()))
    ]
    assert not {"html_block", "html_inline", "image", "link_open"} & {token.type for token in tokens}
    shown = " ".join(token.content for token in tokens if token.type == "text")
    assert not re.search(r"@[A-Za-z0-9]|#\d|https?://|www\.\w|GH-\d", shown), shown
    fences = [token for token in tokens if token.type == "fence"]
    assert all(token.content.count("\n") < 60 for token in fences)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("text", EVIL)
def test_what_strangers_wrote_stays_text(text):
    for report in reports(text, parts(text)).values():
        assert_harmless(report)
        last = report.rstrip().split("\n")[-1]
        assert not last.startswith("<")


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_any_text_stays_text(text):
    for name, report in reports(text, parts(text)).items():
        assert_harmless(report)
        assert "<h1>" not in PARSER.render(report), name


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_the_page_runs_nothing(text):
    page = evaluation_html(ready(title=text).pull_request, parts(text))
    body = re.sub("<style>.*?</style>", "", page, flags=re.S)
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z!][\w-]*)", body))
    known = {
        "main",
        "section",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "p",
        "h1",
        "h2",
        "h3",
        "ul",
        "li",
        "code",
    }
    assert tags <= known | {"!doctype", "html", "head", "meta", "title", "body", "strong", "a", "pre"}
    assert not re.search(r"\s(?:on\w+|src|style)\s*=", re.sub(">[^<]*<", "><", body))
    assert set(re.findall('href="([^"]*)"', body)) == {"#sandbox_build", "#test_results", "#gate_integrity"}


def test_a_comment_says_what_came_of_it_and_what_to_do_first():
    body = reports("cart", parts("AssertionError: 1 != 2"))["comment"]
    assert body.startswith(f"{MARKER}\n### Rejected: this head is not merged\n")
    order = [
        "- `build_success`:",
        "What to do next:",
        "| part |",
        "#### test_results",
        "Failing tests:",
        "```",
    ]
    places = [body.index(word) for word in order]
    assert places == sorted(places)
    assert "| `sandbox_build` | ✓ passed | 2 min 5 s |" in body
    assert "exit status 1 after 3.2 s" in body
    assert "partial isolation (bubblewrap), which lacks a seccomp filter" in body


@pytest.mark.parametrize(
    ("mode", "title"),
    [
        ("act", "It is merged"),
        ("comment", "It would be merged (the project's `mode` is `comment`)"),
        ("observe", "It would be merged (the project's `mode` is `observe`)"),
    ],
)
def test_a_decision_says_whether_it_acts(mode, title):
    text = decision_markdown(decide(ready(mode=mode)))
    assert text.startswith(f"**{title}**\n")
    assert text.count("\n| `") == 16


def test_a_decision_says_what_would_turn_it():
    text = decision_markdown(decide(ready(draft=True, labels=("do-not-merge",))))
    assert "- hold, `draft`: the pull request is a draft\n" in text
    assert "- take away the label `do-not-merge`\n" in text


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("passed", "Everything that applies passed."),
        ("failed", "`test_results` failed: look below"),
        ("not_evaluated", "`test_results` could not be evaluated here"),
        ("fault", "`test_results` could not be completed"),
    ],
)
def test_a_report_begins_with_what_came_of_it(word, said):
    text = evaluation_markdown(ready().pull_request, [Verdict(part="test_results", word=word, summary="x")])
    assert text.startswith(f"**{said}")


def test_reports_fit_whatever_they_are_about():
    long = "`@x`|<b>\n" * 20_000
    step = StepResult(name=long, kind="test", exit_code=1, tail=long, error=long)
    case = TestCase(id=long, outcome="failed", message=long)
    findings = tuple(Finding(kind="x", message=long, path=long) for _ in range(500))
    verdicts = parts(long, steps=(step,) * 200, tests=TestReport(cases=(case,) * 2000), findings=findings)
    for report in reports(long, verdicts).values():
        assert len(report) <= 60_000
        assert_harmless(report)
    assert "… and " in reports(long, verdicts)["comment"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a  b\n c", "a b c"),
        ("@olga", "@\u200bolga"),
        ("1. x", "1\\. x"),
        ("a & <b>", "a &amp; &lt;b&gt;"),
        ("\x1b[31mred", "\\[31mred"),
        ("x" * 301, "x" * 299 + "…"),
    ],
)
def test_plain(text, shown):
    assert plain(text) == shown


def test_other_texts():
    assert prose("the label `do|not` and `a b` on #1") == "the label \\`do\\|not\\` and `a b` on \\#\u200b1"
    assert code("") == ""
    assert code("a`b\nc") == "``a`b c``"
    assert fenced("a\n```\nb", "py<>") == "````py\na\n```\nb\n````"
    assert clean("a\r\nb\rc\td\x00\u202e") == "a\nb\nc    d"
    assert last_lines("a\nb\nc\n", 2, 10) == "b\nc"
    assert last_lines("abcdef", 2, 3) == "… def"
