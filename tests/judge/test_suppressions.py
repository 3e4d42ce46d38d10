"""Comments that silence a finding: where they count, and when they are told of."""

import pytest

from cicd_defs.facts.tree import Tree
from cicd_defs.judge.audit import Settings, audit
from cicd_defs.judge.fixing import fix_all
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import located
from cicd_defs.judge.rules import rules_by_name

CI = ".github/workflows/ci.yml"
OR_TRUE = [rules_by_name()["or-true"]]


def workflow(*steps: str) -> str:
    lines = ["on: push", "jobs:", "  test:", "    runs-on: ubuntu-latest", "    steps:"]
    return "\n".join([*lines, *(f"      {line}" for step in steps for line in step.splitlines())]) + "\n"


def audited(text: str, profile="default", rules=OR_TRUE, path=CI, **others):
    return audit(Repository(Tree.of({path: text})), Settings(profile), rules=rules, **others)


def told(text: str, profile="default") -> list[str]:
    return [one.rule for one in audited(text, profile).findings]


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param("- run: pytest || true  # cicd: ignore[or-true] shown only", id="same-line"),
        pytest.param("# cicd: ignore[or-true] shown only\n- run: pytest || true", id="line-before"),
        pytest.param(
            "# cicd: ignore[or-true] shown only\n\n# and more\n- run: pytest || true", id="before-others"
        ),
        pytest.param("- run: |\n    pytest || true  # cicd: ignore[or-true] shown only", id="in-shell"),
        pytest.param(
            "- run: |\n    # cicd: ignore[or-true] shown only\n    pytest || true", id="above-in-shell"
        ),
        pytest.param("- run: pytest || true  # CICD: Ignore[or-true]: shown only", id="case"),
        pytest.param("- run: pytest || true  # cicd: ignore[no-timeout, or-true] both", id="several"),
        pytest.param("- run: echo 'it' && pytest || true  # cicd: ignore[or-true] x", id="behind-quotes"),
        pytest.param(
            "# cicd: ignore[or-true] one\n# cicd: ignore[no-timeout] two\n- run: pytest || true", id="stacked"
        ),
        pytest.param(
            "- run: |\n    echo don't; # '\n    pytest || true # cicd: ignore[or-true] x", id="dont"
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_comment_with_a_reason_silences_its_line(steps, newline):
    result = audited(workflow(steps).replace("\n", newline))
    assert result.findings == ()
    (silent,) = result.suppressed
    assert silent.rule == "or-true"
    assert result.reason_for(silent)


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        pytest.param("# cicd: ignore[or-true]", "gives no reason", id="no-reason"),
        pytest.param("# cicd: ignore[or-true] ---", "gives no reason", id="dashes"),
        pytest.param("# cicd: ignore because", "names no rule", id="no-rule"),
        pytest.param("# cicd: ignore[] because", "names no rule", id="empty"),
        pytest.param("# cicd: ignore[or-treu] because", "no rule `or-treu`", id="unknown"),
    ],
)
def test_a_comment_that_is_not_whole_silences_nothing_and_is_told(comment, says):
    found = audited(workflow(f"- run: pytest || true  {comment}")).findings
    assert sorted(one.rule for one in found) == ["bad-suppression", "or-true"]
    assert any(says in one.message for one in found)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param("- run: pytest || true\n# cicd: ignore[or-true] too late", id="below"),
        pytest.param("- run: |\n    echo a#cicd:ignore[or-true] word; pytest || true", id="no-blank"),
        pytest.param('- run: |\n    echo "# cicd: ignore[or-true] a text"; pytest || true', id="in-quotes"),
        pytest.param(
            "- run: |\n    echo '# cicd: ignore[or-true] a text'; pytest || true", id="in-single-quotes"
        ),
    ],
)
def test_what_is_no_comment_of_that_line_silences_nothing(steps):
    assert told(workflow(steps)) == ["or-true"]


def test_a_quoted_text_does_not_hide_the_comment_behind_it():
    line = '- run: |\n    echo "# cicd: ignore[x] no"; pytest || true # cicd: ignore[or-true] shown'
    assert told(workflow(line)) == []


PYTHON = '''TEXT = """
# cicd: ignore[work-at-import] in a text
"""
import requests
requests.get("https://example.com")  # cicd: ignore[work-at-import] measured
'''


def test_python_s_comments_are_those_that_python_sees():
    rules = [rules_by_name()["work-at-import"]]
    result = audited(PYTHON, "strict", rules, path="shop/__init__.py")
    assert [one.line for one in result.suppressed] == [5]
    assert result.findings == ()


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        pytest.param("Dockerfile", "# cicd: ignore[DL3008] a mirror\nRUN apt-get install x\n", 2, id="Dockerfile"),
        pytest.param("Makefile", "# cicd: ignore[DL3008] looked at\ntest:\n\tpytest || true\n", 2, id="Makefile"),
        pytest.param("Makefile", "test:\n\tpytest || true  # cicd: ignore[DL3008] x1\n", 2, id="recipe"),
    ],
)  # fmt: skip
def test_findings_of_others_are_silenced_in_every_kind_of_file(path, text, line):
    repository = Repository(Tree.of({path: text}))
    source = repository.source(path)
    other = located(source, source.offset(line), source.offset(line), **about("DL3008", "hadolint"))
    result = audit(repository, others=[other], rules=[])
    assert (result.findings, len(result.suppressed)) == ((), 1)


def about(rule: str, tool: str):
    from cicd_defs.facts.findings import Confidence, Family, Severity

    return {
        "rule": rule,
        "family": Family.HYGIENE,
        "severity": Severity.MEDIUM,
        "confidence": Confidence.HIGH,
        "message": "m",
        "tool": tool,
    }


def test_a_comment_that_silences_nothing_is_told_in_the_strict_profile_only():
    idle = workflow("- run: pytest  # cicd: ignore[or-true] it was loud")
    assert told(idle) == []
    assert told(idle, "strict") == ["unused-suppression"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("- run: pytest  # cicd: ignore[or-true] loud", "- run: pytest", id="behind"),
        pytest.param("# cicd: ignore[or-true] loud\n- run: pytest", "- run: pytest", id="alone"),
    ],
)
def test_it_can_be_taken_away(before, after):
    def judged(state):
        return audited(state.get(CI, workflow(before)), "strict").findings

    fixed = fix_all({CI: workflow(before)}.get, judged, unsafe=True)
    assert fixed.files == {CI: workflow(after)}


def test_only_the_idle_one_of_several_rules_is_taken_out():
    rules = [rules_by_name()[name] for name in ("or-true", "no-timeout")]
    text = workflow("- run: pytest || true  # cicd: ignore[no-timeout, or-true] both")

    def judged(state):
        found = audited(state.get(CI, text), "strict", rules).findings
        return tuple(one for one in found if one.rule == "unused-suppression")

    fixed = fix_all({CI: text}.get, judged, unsafe=True)
    assert fixed.files[CI] == text.replace("[no-timeout, or-true]", "[or-true]")


def test_a_comment_about_a_rule_that_was_not_asked_is_not_told_as_idle():
    text = workflow("- run: pytest  # cicd: ignore[unpinned-uses, full-clone] not asked")
    assert told(text, "strict") == []
    assert [one.rule for one in audited(text, "strict", tools={"zizmor"}).findings] == ["unused-suppression"]


def test_findings_about_the_audit_itself_are_not_silenced():
    text = workflow(
        "- run: pytest  # cicd: ignore[bad-suppression] quiet", "- run: x # cicd: ignore[or-true]"
    )
    assert told(text) == ["bad-suppression"]
