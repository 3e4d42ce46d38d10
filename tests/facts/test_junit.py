"""JUnit XML of several tools, and of people who mean harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cicd_defs.facts.reports.junit import LARGEST, LONGEST_MESSAGE, MOST_CASES, read_junit

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.1">
<testcase classname="tests.test_cart" name="test_ok" time="0.25" />
<testcase classname="tests.test_cart" name="test_sum" time="1,000.5">
<failure message="assert 1 == 2">def test_sum():
&gt; assert 1 == 2</failure></testcase>
<testcase classname="tests.test_cart" name="test_db"><error message="failed on setup">boom</error></testcase>
<testcase classname="tests.test_cart" name="test_slow"><skipped type="pytest.skip" message="slow" /></testcase>
</testsuite></testsuites>"""


def test_what_pytest_writes():
    report = read_junit(PYTEST)
    assert [(case.id, case.outcome, case.seconds) for case in report.cases] == [
        ("tests.test_cart::test_ok", "passed", 0.25),
        ("tests.test_cart::test_sum", "failed", 1000.5),
        ("tests.test_cart::test_db", "error", 0.0),
        ("tests.test_cart::test_slow", "skipped", 0.0),
    ]
    assert report.cases[1].message == "def test_sum():\n> assert 1 == 2"
    assert report.cases[2].message == "failed on setup\nboom"
    assert report.problems == ()
    assert len(report.failed) == 2


@pytest.mark.parametrize(
    ("inner", "outcome"),
    [
        ("", "passed"),
        ("<system-out>x</system-out>", "passed"),
        ("<skipped/><failure/>", "failed"),
        ("<error/><failure/>", "failed"),
        ("<skipped/><error/>", "error"),
    ],
)
def test_the_worst_counts(inner, outcome):
    report = read_junit(f'<testsuite><testcase name="a">{inner}</testcase></testsuite>'.encode())
    assert [(case.id, case.outcome) for case in report.cases] == [("a", outcome)]


@pytest.mark.parametrize(
    "text",
    [
        '<testsuites><testsuite><testsuite><testcase name="a"/></testsuite></testsuite></testsuites>',
        '<j:testsuite xmlns:j="urn:x"><j:testcase name="a"/></j:testsuite>',
        '<testsuite><properties/><testcase name="a" time="nan"/></testsuite>',
        '<testsuite><testcase name="a" time="-1"/></testsuite>',
        '<testsuite><testcase name="a" time="soon"/></testsuite>',
    ],
)
def test_other_shapes(text):
    assert [(case.id, case.seconds) for case in read_junit(text.encode()).cases] == [("a", 0.0)]


BOMB = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><testsuite>&b;</testsuite>'
HOSTILE = {
    "nothing": b"",
    "no XML": b"ok",
    "cut": PYTEST[:300],
    "bomb": BOMB,
    "file": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"/></testsuite>',
    "document type": b'<!DOCTYPE x SYSTEM "http://evil.example/x.dtd"><testsuite/>',
    "other root": b"<html><testcase name='a'/></html>",
    "encoding": b'<?xml version="1.0" encoding="utf-77"?><testsuite/>',
    "UTF-16": "<testsuite>".encode("utf-16"),
    "binary": bytes(range(256)),
    "too large": b" " * (LARGEST + 1),
    "NUL": b"<testsuite>\0</testsuite>",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_read_is_a_problem(data):
    report = read_junit(data)
    assert report.cases == ()
    assert len(report.problems) == 1
    assert len(report.problems[0]) < 600


def test_caps():
    message = "x" * 2 * LONGEST_MESSAGE
    case = f'<testcase name="a"><failure>{message}</failure></testcase>'
    many = f"<testsuite>{case}{'<testcase/>' * MOST_CASES}</testsuite>"
    report = read_junit(many.encode())
    assert len(report.cases) == MOST_CASES
    assert "more than 10,000 tests" in report.problems[0]
    assert len(report.cases[0].message) == LONGEST_MESSAGE
    assert report.cases[1].id == "(a test without a name)"


def test_deep_nesting():
    deep = "<testsuite>" * 50_000 + "</testsuite>" * 50_000
    assert read_junit(deep.encode()).cases == ()


@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(lambda text: f"<testsuite>{text}</testsuite>".encode()),
    )
)
def test_it_never_raises(data):
    read_junit(data)
