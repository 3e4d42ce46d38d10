"""What weakens a change's own checks is found, and what does not is let through."""

import pytest

from cicd_defs.facts.changes.diff import Diff
from cicd_defs.facts.reports.verdicts import Finding
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.integrity import gate_integrity, integrity_verdict
from tests.judge.integrity.changes import changed, kinds

PY = """\
import pytest
from shop.cart import total


def test_total():
    assert total([1, 2]) == 3


class TestCart:
    def test_empty(self):
        assert total([]) == 0

    def test_negative(self):
        with pytest.raises(ValueError):
            total([-1])
"""
JS = """\
import { total } from './cart';

test('adds', () => {
  expect(total([1])).toBe(1);
});

it('is empty', () => {
  expect(total([])).toBe(0);
});
"""
GO = 'package cart\n\nfunc TestTotal(t *testing.T) {\n\tif Total(1) != 1 {\n\t\tt.Fatal("no")\n\t}\n}\n'
RS = """\
fn total() {}

#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(total(1), 1);
    }
}
"""
JAVA = "class CartTest {\n    @Test\n    void adds() {\n        assertEquals(1, total(1));\n    }\n}\n"
CODE = {"shop/cart.py": "def total(prices): return sum(prices)\n"}
TOML = """\
[build-system]
requires = ["hatchling"]
[project]
name = "shop"
dependencies = ["httpx"]
[tool.pytest.ini_options]
addopts = "-q"
[tool.mypy]
strict = true
[tool.coverage.report]
fail_under = 90
"""
PACKAGE = '{"name": "web", "scripts": {"test": "jest"}, "dependencies": {"react": "18"}, "jest": {"bail": 1}}'
YAML = "jobs:\n  test:\n    steps:\n      - run: pytest\n"
MAKE = "test:\n\tpytest\n"


def edit(path, before, old, new):
    assert old in before
    return {path: before}, {path: before.replace(old, new)}


def py(old, new):
    return edit("tests/test_cart.py", PY, old, new)


def added(path, text="x\n"):
    return {}, {path: text}


def gone(path, text):
    return {path: text}, {}


HOSTILE = {
    "deleted file": (*gone("tests/test_cart.py", PY), "deleted_test_file"),
    "deleted with its code": ({"tests/test_cart.py": PY, **CODE}, {}, "deleted_test_file"),
    "deleted go file": (*gone("cart/cart_test.go", GO), "deleted_test_file"),
    "deleted function": (*py("def test_total():\n    assert total([1, 2]) == 3\n", ""), "deleted_test"),
    "deleted method": (
        *py("    def test_empty(self):\n        assert total([]) == 0\n\n", ""),
        "deleted_test",
    ),
    "renamed away": (*py("def test_total", "def check_total"), "deleted_test"),
    "in a string": (
        *py("def test_total():\n    assert total([1, 2]) == 3\n", '"""\ndef test_total(): pass\n"""\n'),
        "skipped_test",
    ),
    "commented out": (
        *py("def test_total():\n    assert", "# def test_total():\n#    assert"),
        "skipped_test",
    ),
    "under if False": (
        *py(
            "def test_total():\n    assert total([1, 2]) == 3\n",
            "if False:\n    def test_total():\n        assert total([1, 2]) == 3\n",
        ),
        "skipped_test",
    ),
    "class not collected": (*py("class TestCart", "class CartCases"), "skipped_test"),
    "defined again": (
        *py("class TestCart", "def test_total():\n    pass\n\n\nclass TestCart"),
        "emptied_test",
    ),
    "moved out of reach": ({"tests/test_cart.py": PY}, {"tests/cart_cases.py": PY}, "deleted_test_file"),
    "replaced by an empty one": (
        *py("def test_total():\n    assert total([1, 2]) == 3", "def test_other():\n    pass"),
        "deleted_test",
    ),
    "mark skip": (*py("def test_total", "@pytest.mark.skip\ndef test_total"), "skipped_test"),
    "mark skipif": (
        *py("def test_total", "@pytest.mark.skipif(True, reason='slow')\ndef test_total"),
        "skipped_test",
    ),
    "mark xfail": (*py("def test_total", "@pytest.mark.xfail(strict=False)\ndef test_total"), "skipped_test"),
    "unittest skip": (*py("class TestCart", "@unittest.skip('later')\nclass TestCart"), "skipped_test"),
    "pytest.skip": (
        *py("    assert total([1, 2]) == 3", "    pytest.skip('later')\n    assert total([1, 2]) == 3"),
        "skipped_test",
    ),
    "module skip": (
        *py("from shop", "pytest.skip('all', allow_module_level=True)\nfrom shop"),
        "skipped_test",
    ),
    "pytestmark": (
        *py("\n\ndef test_total", "\npytestmark = [pytest.mark.skip]\n\ndef test_total"),
        "skipped_test",
    ),
    "__test__": (*py("class TestCart:\n", "class TestCart:\n    __test__ = False\n"), "skipped_test"),
    "deleted by del": (*py("class TestCart", "del test_total\n\n\nclass TestCart"), "skipped_test"),
    "emptied": (*py("    assert total([1, 2]) == 3", "    total([1, 2])"), "emptied_test"),
    "assert True": (*py("assert total([1, 2]) == 3", "assert True"), "emptied_test"),
    "returns first": (
        *py("    assert total([1, 2]) == 3", "    return\n    assert total([1, 2]) == 3"),
        "emptied_test",
    ),
    "swallowed assertion": (
        *py(
            "    assert total([1, 2]) == 3",
            "    try:\n        assert total([1, 2]) == 3\n    except AssertionError:\n        pass",
        ),
        "emptied_test",
    ),
    "js deleted": (
        *edit("web/cart.test.ts", JS, "test('adds', () => {\n  expect(total([1])).toBe(1);\n});\n", ""),
        "deleted_test",
    ),
    "it.skip": (*edit("web/cart.test.ts", JS, "it('is", "it.skip('is"), "skipped_test"),
    "xit": (*edit("web/cart.spec.js", JS, "it('is", "xit('is"), "skipped_test"),
    "describe.skip": (
        *edit("web/cart.spec.js", JS, "test('adds", "describe.skip('all', () => {});\ntest('adds"),
        "skipped_test",
    ),
    "test.only": (*edit("web/cart.test.ts", JS, "test('adds", "test.only('adds"), "focused_test"),
    "only in a new file": (*added("web/new.test.ts", JS.replace("test(", "test.only(")), "focused_test"),
    "js block comment": (
        {"web/cart.test.ts": JS},
        {"web/cart.test.ts": JS.replace("it('is", "/* it('is") + "*/"},
        "skipped_test",
    ),
    "js expects nothing": (
        {"web/cart.test.ts": JS},
        {
            "web/cart.test.ts": JS.replace("expect(total([1])).toBe(1)", "1").replace(
                "expect(total([])).toBe(0)", "0"
            )
        },
        "emptied_test",
    ),
    "t.Skip": (*edit("cart/cart_test.go", GO, "\tif Total", '\tt.Skip("x")\n\tif Total'), "skipped_test"),
    "go build tag": (
        *edit("cart/cart_test.go", GO, "package", "//go:build never\n\npackage"),
        "skipped_test",
    ),
    "go renamed": (*edit("cart/cart_test.go", GO, "func TestTotal", "func testTotal"), "deleted_test"),
    "rust ignore": (*edit("src/lib.rs", RS, "#[test]\n", "#[test]\n    #[ignore]\n"), "skipped_test"),
    "rust attribute": (*edit("src/lib.rs", RS, "    #[test]\n", ""), "skipped_test"),
    "java disabled": (
        *edit("src/test/java/CartTest.java", JAVA, "@Test\n", "@Test\n    @Disabled\n"),
        "skipped_test",
    ),
    "java attribute": (*edit("src/test/java/CartTest.java", JAVA, "    @Test\n", ""), "skipped_test"),
    "workflow": (*edit(".github/workflows/ci.yml", YAML, "pytest", "pytest -k fast"), "edited_ci"),
    "workflow deleted": (*gone(".github/workflows/ci.yml", YAML), "edited_ci"),
    "gitlab": (*added(".gitlab-ci.yml"), "edited_ci"),
    "jenkins": (*added("ops/Jenkinsfile"), "edited_ci"),
    "azure": (*added("azure-pipelines.yml"), "edited_ci"),
    "continue-on-error": (
        *edit(
            ".github/workflows/ci.yml",
            YAML,
            "- run: pytest",
            "- run: pytest\n        continue-on-error: true",
        ),
        "swallowed_failure",
    ),
    "or true": (
        *edit("scripts/check.sh", "set -e\npytest\n", "pytest", "pytest || true"),
        "swallowed_failure",
    ),
    "or colon": (*edit("scripts/check.sh", "set -e\npytest\n", "pytest", "pytest || :"), "swallowed_failure"),
    "set +e": (*edit("ci/run", "pytest\n", "pytest", "set +e\npytest"), "swallowed_failure"),
    "makefile": (*edit("Makefile", MAKE, "\tpytest", "\t-pytest"), "edited_configuration"),
    "pytest section": (
        *edit("pyproject.toml", TOML, '"-q"', '"-q --deselect tests/test_cart.py"'),
        "edited_configuration",
    ),
    "mypy section": (
        *edit("pyproject.toml", TOML, "strict = true", "strict = false"),
        "edited_configuration",
    ),
    "coverage threshold": (
        *edit("api/pyproject.toml", TOML, "fail_under = 90", "fail_under = 10"),
        "edited_configuration",
    ),
    "ruff section added": (
        *edit("pyproject.toml", TOML, "[tool.mypy]", "[tool.ruff]\nexclude = ['*']\n[tool.mypy]"),
        "edited_configuration",
    ),
    "build back end": (*edit("pyproject.toml", TOML, "hatchling", "evil"), "edited_configuration"),
    "pytest plug-in": (
        *edit(
            "pyproject.toml",
            TOML,
            "[tool.mypy]",
            "[project.entry-points.pytest11]\nx = 'shop.x'\n[tool.mypy]",
        ),
        "edited_configuration",
    ),
    "broken toml": (*edit("pyproject.toml", TOML, "[project]", "[project"), "edited_configuration"),
    "package script": (*edit("web/package.json", PACKAGE, '"jest"}', '"true"}'), "edited_configuration"),
    "package jest": (
        *edit("web/package.json", PACKAGE, '"bail": 1', '"testMatch": []'),
        "edited_configuration",
    ),
    "setup.cfg": (*edit("setup.cfg", "[flake8]\nmax=1\n", "1", "999"), "edited_configuration"),
    "cargo": (
        *edit("Cargo.toml", "[lib]\nname='x'\n", "[lib]", "[lib]\ntest = false"),
        "edited_configuration",
    ),
    "conftest": (*added("tests/conftest.py", "collect_ignore = ['test_cart.py']\n"), "edited_configuration"),
    **{
        f"{name} added": (*added(name), "edited_configuration")
        for name in (
            "tox.ini",
            "noxfile.py",
            "pytest.ini",
            "mypy.ini",
            "ruff.toml",
            ".eslintrc.json",
            "web/tsconfig.json",
            ".pre-commit-config.yaml",
            ".coveragerc",
            "codecov.yml",
            "MAKEFILE",
            ".npmrc",
        )
    },
    "project file": (*added("projects/shop.yaml"), "edited_project_file"),
    "sitecustomize": (*added("src/sitecustomize.py"), "runs_by_itself"),
    "pth": (*added("src/x.pth", "import os\n"), "runs_by_itself"),
    "own pytest": (*added("pytest.py"), "shadows_a_tool"),
    "own node module": (*added("node_modules/jest/index.js"), "shadows_a_tool"),
    "submodules": (*added(".gitmodules"), "submodule"),
}

LINKS = {
    "absolute": ("results.xml", "/etc/passwd", "link_outside"),
    "upwards": ("a/b", "../../x", "link_outside"),
    "git": ("a/hooks", "../.git/hooks", "link_outside"),
    "home": ("x", "~/x", "link_outside"),
    "nobody knows": ("x", "", "link_outside"),
    "in place of a test": ("tests/test_cart.py", "../shop/cart.py", "link_replaces_file"),
    "inside": ("README.de.md", "README.md", "link_inside"),
}

FINE = {
    "code": edit("shop/cart.py", "def total(): return 1\n", "1", "2"),
    "code that is called test": edit(
        "shop/db.py", "def test_connection():\n    assert up()\n", "assert up()", "pass"
    ),
    "new test file": added("tests/test_new.py", PY),
    "new test file with a mark": added(
        "tests/test_new.py", PY.replace("def test_total", "@pytest.mark.skipif(X, reason='')\ndef test_total")
    ),
    "new test": py("class TestCart", "def test_more():\n    assert total([5]) == 5\n\n\nclass TestCart"),
    "stronger test": py("== 3", "== 3.0\n    assert total([2]) == 2"),
    "other expectation": py("assert total([1, 2]) == 3", "assert total([1, 2]) == 4"),
    "renamed test": py("def test_total", "def test_total_of_two"),
    "skip taken away": tuple(reversed(py("def test_total", "@pytest.mark.skip\ndef test_total"))),
    "moved test file": ({"tests/test_cart.py": PY}, {"tests/unit/test_cart.py": PY}),
    "test moved to another file": (
        {"tests/test_cart.py": PY, "tests/test_b.py": "x = 1\n"},
        {
            "tests/test_cart.py": PY.replace("def test_total():\n    assert total([1, 2]) == 3\n", ""),
            "tests/test_b.py": "x = 1\ndef test_total():\n    assert total([1, 2]) == 3\n",
        },
    ),
    "formatted": py("    assert total([1, 2]) == 3", "    assert (\n        total([1, 2]) == 3\n    )"),
    "test data": added("tests/data/cart.json", "{}"),
    "test helper": added("tests/factories.py", "def cart(): return []\n"),
    "helper deleted": gone("tests/factories.py", "def cart(): return []\n"),
    "documents": edit("docs/ci.md", "Run pytest.\n", "pytest", "pytest || true"),
    "readme": added("README.md", "continue-on-error: true\n"),
    "dependency": edit("pyproject.toml", TOML, '"httpx"', '"httpx", "pydantic"'),
    "version": edit("pyproject.toml", TOML, 'name = "shop"', 'name = "shop"\nversion = "2"'),
    "poetry dependency": edit(
        "pyproject.toml", "[tool.poetry.dependencies]\npython = '3'\n", "'3'", "'3.1'\nhttpx = '*'"
    ),
    "dependency group": edit(
        "pyproject.toml", TOML, "[tool.mypy]", "[dependency-groups]\ndev = ['pytest']\n[tool.mypy]"
    ),
    "node dependency": edit("web/package.json", PACKAGE, '"18"', '"19"'),
    "cargo dependency": edit("Cargo.toml", "[dependencies]\na='1'\n", "'1'", "'2'"),
    "lock file": edit("web/package-lock.json", '{"a": 1}', "1", "2"),
    "js test added": edit(
        "web/cart.test.ts", JS, "it('is", "it('more', () => { expect(1).toBe(total()); });\nit('is"
    ),
    "js renamed": edit("web/cart.test.ts", JS, "it('is empty", "it('is nothing"),
    "go test added": edit(
        "cart/cart_test.go", GO, "func TestTotal", "func TestMore(t *testing.T) {}\nfunc TestTotal"
    ),
    "rust code": edit("src/lib.rs", RS, "fn total() {}", "fn total(x: i32) -> i32 { x }"),
    "line moved": ({"run.sh": "a || true\nb\n"}, {"run.sh": "b\na || true\n"}),
    "failing is allowed no more": edit("deploy.yaml", "continue-on-error: true\n", "true", "false"),
    "manifest": edit("k8s/app.yaml", "replicas: 1\n", "1", "2"),
    "other projects folder": added("docs/projects/shop.yaml"),
    "module of the product": added("shop/coverage.py"),
}


@pytest.mark.parametrize(("before", "after", "kind"), HOSTILE.values(), ids=HOSTILE)
def test_what_weakens_is_found(before, after, kind):
    findings = gate_integrity(*changed(before, after))
    assert kind in {finding.kind for finding in findings}, findings
    assert integrity_verdict(findings).word == "failed"


@pytest.mark.parametrize(("before", "after"), FINE.values(), ids=FINE)
def test_what_is_fine_is_let_through(before, after):
    findings = gate_integrity(*changed(before, after))
    assert findings == ()
    assert integrity_verdict(findings).word == "passed"


@pytest.mark.parametrize(("path", "target", "kind"), LINKS.values(), ids=LINKS)
def test_links(path, target, kind):
    before = {"tests/test_cart.py": PY}
    found = gate_integrity(*changed(before, before, links={path: target}))
    assert kind in {finding.kind for finding in found}
    assert integrity_verdict(found).word == ("passed" if kind == "link_inside" else "failed")


def test_a_file_that_git_sees_as_moved():
    move = {"tests/unit/test_cart.py": "tests/test_cart.py"}
    assert kinds({"tests/test_cart.py": PY}, {"tests/unit/test_cart.py": PY}, moved=move) == set()
    hidden = {"tests/cart.txt": "tests/test_cart.py"}
    assert "skipped_test" in kinds({"tests/test_cart.py": PY}, {"tests/cart.txt": PY}, moved=hidden)
    out = {"ci.yml": ".github/workflows/ci.yml"}
    assert "edited_ci" in kinds({".github/workflows/ci.yml": YAML}, {"ci.yml": YAML}, moved=out)


def test_what_cannot_be_read_is_said():
    diff, before, after = changed({"tests/test_cart.py": PY}, {"tests/test_cart.py": PY + "\n"})
    assert gate_integrity(diff, before, Tree.of({}))[0].kind == "unreadable_test"
    assert gate_integrity(Diff(cut=True), before, after)[0].kind == "too_large"


def test_a_finding_has_its_place():
    found = gate_integrity(*changed(*py("class TestCart", "@unittest.skip('later')\nclass TestCart")))
    assert [(one.path, one.line) for one in found] == [("tests/test_cart.py", 11), ("tests/test_cart.py", 14)]
    swallowed = gate_integrity(*changed(*edit("run.sh", "a\nb\n", "b", "b || true")))
    assert [(one.kind, one.line) for one in swallowed] == [("swallowed_failure", 2)]


def test_the_verdict_counts():
    findings = (
        Finding(kind="edited_ci", message="a", path="x"),
        Finding(kind="link_inside", message="b", path="y"),
    )
    verdict = integrity_verdict(findings)
    assert verdict.findings == findings
    assert "1 finding in 1 file " in verdict.summary


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("tests/test_a.py", "("),
        ("tests/test_a.py", "if x:\n "),
        ("tests/test_a.py", "def test_a("),
        ("a.test.ts", "it("),
        ("a.test.ts", "it.only"),
        ("a.test.ts", "test('"),
        ("a.test.ts", "/*"),
        ("src/a.rs", "#[test]"),
        ("src/a.rs", "#[a]#[test] "),
        ("ATest.java", "@Test "),
        ("ATest.java", "@Test\n"),
    ],
)
def test_hostile_text_is_read_in_time(name, unit):
    """Each of these would take minutes where a pattern looked back and forth."""
    text = unit * (100_000 // len(unit))
    gate_integrity(*changed_whole(name, text))


def changed_whole(name, text):
    diff, before, _ = changed({name: "x"}, {name: "y"})
    return diff, before, Tree.of({name: text})
