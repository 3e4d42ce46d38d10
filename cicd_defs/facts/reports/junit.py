"""JUnit XML as pytest, jest, go-junit-report, surefire and others write it: data of a stranger."""

import math
from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from cicd_defs.facts.reports.tests import TestCase, TestReport

LARGEST = 20_000_000
"""Bytes of a report that are read."""
MOST_CASES = 10_000
LONGEST_MESSAGE = 4_000
LONGEST_ID = 500

Outcome = Literal["passed", "failed", "error", "skipped"]
_OUTCOMES: dict[str, Outcome] = {"failure": "failed", "error": "error", "skipped": "skipped"}


def read_junit(data: bytes) -> TestReport:
    """The tests of one report. What cannot be read is among its problems; it raises nothing, whatever the bytes are."""
    if len(data) > LARGEST:
        return _refused(f"the report has {len(data):,} bytes; at most {LARGEST:,} are read")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        return _refused("the report declares entities or a document type, which is refused")
    except (ParseError, ValueError, LookupError, RecursionError, MemoryError) as error:
        return _refused(f"the report is no XML: {error}"[:LONGEST_ID])
    if _tag(root) not in ("testsuites", "testsuite"):
        return _refused(f"the report is no JUnit XML: it begins with <{_tag(root)[:50]}>")
    found = tuple(_cases(root))
    problems = (
        (f"there are more than {MOST_CASES:,} tests; the first are read",) if len(found) > MOST_CASES else ()
    )
    return TestReport(cases=found[:MOST_CASES], problems=problems)


def _refused(problem: str) -> TestReport:
    return TestReport(problems=(problem,))


def _cases(root: Element) -> Iterator[TestCase]:
    for count, element in enumerate(one for one in root.iter() if _tag(one) == "testcase"):
        if count > MOST_CASES:
            return
        yield _case(element)


def _case(element: Element) -> TestCase:
    """A test. A failure counts before an error, an error before a skip, in whatever order they are written."""
    said = {_tag(child): child for child in reversed(element) if _tag(child) in _OUTCOMES}
    worst = next((tag for tag in _OUTCOMES if tag in said), "")
    names = (element.get("classname", ""), element.get("name", ""))
    return TestCase(
        id="::".join(filter(None, names))[:LONGEST_ID] or "(a test without a name)",
        outcome=_OUTCOMES.get(worst, "passed"),
        message=_message(said[worst]) if worst else "",
        seconds=_seconds(element.get("time", "")),
    )


def _message(element: Element) -> str:
    """The message of a failure, and its text where that says more."""
    short, long = element.get("message", ""), (element.text or "").strip()
    return (long if short in long else f"{short}\n{long}").strip()[:LONGEST_MESSAGE]


def _seconds(text: str) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value >= 0 else 0.0


def _tag(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
