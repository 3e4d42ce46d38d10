"""What nobody could read is known as such before anybody is asked about it."""

import pytest

from cicd_defs.judge.readable import flaw

CI = ".github/workflows/ci.yml"


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        pytest.param(CI, "a: 1\nb: 2\n", "", id="fine"),
        pytest.param(CI, "a: 1\na: 2\n", "twice", id="twice-above-all"),
        pytest.param(CI, "jobs:\n  a:\n    env: {X: 1}\n    env: {Y: 1}\n", "env", id="twice-below"),
        pytest.param(CI, "a: {x: 1, X: 2}\n", "twice", id="other-letters"),
        pytest.param("k8s/app.yaml", "a: {x: 1, X: 2}\n", "", id="other-letters-elsewhere"),
        pytest.param("k8s/app.yaml", "a: 1\n---\na: 1\n", "", id="two-documents"),
        pytest.param("k8s/app.yaml", "a: 1\n---\na: 1\nb: 1\na: 2\n", "twice", id="twice-in-the-second"),
        pytest.param(CI, "- a: 1\n- a: 1\n", "", id="items"),
        pytest.param(CI, "a: [x, x]\nb: x\nx: a\n", "", id="values"),
        pytest.param(CI, "a: &a {x: 1}\nb: &b {y: 1}\nc:\n  <<: *a\n  <<: *b\n", "", id="merges"),
        pytest.param(CI, "? {a: 1}\n: b\n? {a: 1}\n: b\n", "", id="maps-as-keys"),
        pytest.param(CI, "\ufeffa: 1\n", "", id="mark"),
        pytest.param(CI, "a: [\n", "cannot be read", id="no-yaml"),
        pytest.param("package.json", '{"a": 1, "a": 2}', "twice", id="json-twice"),
        pytest.param("package.json", '{"a": 1,}', "cannot be read", id="no-json"),
        pytest.param("pyproject.toml", "[a]\nb = 1\nb = 2\n", "cannot be read", id="toml-twice"),
        pytest.param("a.py", "def f(:\n", "cannot be read", id="no-python"),
        pytest.param("a.py", "x = 1\n", "", id="python"),
        pytest.param("Makefile", "a:\n\t[{\n", "", id="not-known"),
    ],
)
def test_what_would_be_refused_is_told(path, text, told):
    assert (told in flaw(path, text)) if told else not flaw(path, text)
