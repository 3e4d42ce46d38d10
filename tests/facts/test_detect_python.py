import pytest

from tests.facts.trees import NODE, PYTHON, column, component, hooks, stacks, workflow

GROUPS = '[project]\nname = "shop"\nrequires-python = ">=3.11"\n[dependency-groups]\n'


@pytest.mark.parametrize(
    ("files", "manager"),
    [
        pytest.param({}, "pip", id="nothing-said"),
        pytest.param({"uv.lock": ""}, "uv", id="uv-lock"),
        pytest.param({"poetry.lock": ""}, "poetry", id="poetry-lock"),
        pytest.param({"pdm.lock": ""}, "pdm", id="pdm-lock"),
        pytest.param({"pixi.lock": ""}, "pixi", id="pixi-lock"),
        pytest.param({"Pipfile": "[packages]\n"}, "pipenv", id="pipfile"),
        pytest.param({"pyproject.toml": '[tool.poetry]\nname = "shop"\n'}, "poetry", id="poetry-table"),
        pytest.param({"pyproject.toml": "[project]\n[tool.uv]\n"}, "uv", id="uv-table"),
        pytest.param(
            {"pyproject.toml": "[project]\n[tool.hatch.envs.default]\nskip-install = true\n"},
            "hatch",
            id="hatch",
        ),
        pytest.param(
            {"pyproject.toml": "[project]\n[tool.hatch.version]\npath = 'x'\n"}, "pip", id="only-hatchling"
        ),
        pytest.param(
            {"pyproject.toml": "[project]\n[tool.pdm.build]\nincludes = []\n"}, "pip", id="only-pdm-backend"
        ),
        pytest.param(workflow("uv sync --all-groups"), "uv", id="uv-in-ci"),
        pytest.param(workflow("pip install uv", "echo uv sync"), "pip", id="uv-only-named-in-ci"),
    ],
)
def test_package_manager(files, manager):
    assert column("package_managers", PYTHON, files) == {manager}


@pytest.mark.parametrize(
    ("kind", "files", "names"),
    [
        pytest.param("test_runners", {"pytest.ini": "[pytest]\n"}, {"pytest"}, id="pytest-ini"),
        pytest.param(
            "test_runners", {"setup.cfg": "[tool:pytest]\nx = 1\n"}, {"pytest"}, id="pytest-setup-cfg"
        ),
        pytest.param(
            "test_runners", workflow("uv run --group test pytest -q"), {"pytest"}, id="pytest-command"
        ),
        pytest.param("test_runners", workflow("python -m unittest"), {"unittest"}, id="unittest-command"),
        pytest.param(
            "test_runners", {"tests/test_a.py": "import unittest\n"}, {"unittest"}, id="unittest-sources"
        ),
        pytest.param(
            "test_runners", {"tox.ini": "[testenv]\ncommands = pytest\n"}, {"pytest", "tox"}, id="tox"
        ),
        pytest.param(
            "test_runners", {"tox.ini": "# no longer used\n[testenv]\ncommands = x\n"}, set(), id="tox-dead"
        ),
        pytest.param("test_runners", {"noxfile.py": 'session.run("pytest")\n'}, {"pytest", "nox"}, id="nox"),
        pytest.param(
            "test_runners", {"noxfile.py": 'session.run("sphinx-build")\n'}, set(), id="nox-for-docs"
        ),
        pytest.param("linters", {"ruff.toml": ""}, {"ruff"}, id="ruff-toml"),
        pytest.param(
            "linters", hooks("PyCQA/flake8", "7.1.0", "flake8"), {"flake8", "pre-commit"}, id="flake8-hook"
        ),
        pytest.param("linters", {"requirements-dev.txt": "pylint==3\n"}, {"pylint"}, id="pylint-requirement"),
        pytest.param(
            "linters", {"Makefile": "lint:\n\t$(PYTHON) -m black --check .\n"}, {"black"}, id="black-in-make"
        ),
        pytest.param("linters", {"requirements.txt": "# via black\nflask\n"}, set(), id="comment"),
        pytest.param("type_checkers", {"mypy.ini": "[mypy]\n"}, {"mypy"}, id="mypy-ini"),
        pytest.param("type_checkers", {"pyrightconfig.json": "{}"}, {"pyright"}, id="pyright"),
        pytest.param("type_checkers", workflow("uvx ty check src"), {"ty"}, id="ty"),
        pytest.param("type_checkers", workflow("uv run basedpyright"), {"basedpyright"}, id="basedpyright"),
        pytest.param("type_checkers", workflow("poetry run pyrefly check"), {"pyrefly"}, id="pyrefly"),
        pytest.param("type_checkers", workflow("echo mypy is slow"), set(), id="mypy-only-said"),
    ],
)
def test_tools(kind, files, names):
    assert column(kind, PYTHON, files) == names


def test_configuration_that_ruff_replaced_is_not_a_tool():
    files = {
        "pyproject.toml": '[project]\nname = "a"\n[tool.black]\nline-length = 88\n',
        ".flake8": "[flake8]\n",
    }
    assert column("linters", PYTHON, files, workflow("ruff check .")) == {"ruff"}
    assert column("linters", PYTHON, files) == {"black", "flake8"}


@pytest.mark.parametrize(
    ("pyproject", "files", "versions"),
    [
        pytest.param('requires-python = ">=3.12"', {}, ("3.12", "3.13", "3.14"), id="open"),
        pytest.param('requires-python = ">=3.10,<3.13"', {}, ("3.10", "3.11", "3.12"), id="bounded"),
        pytest.param('requires-python = "==3.11.*"', {}, ("3.11",), id="exact"),
        pytest.param('requires-python = ">=3.9,<3.10"', {}, ("3.9",), id="only-unmaintained"),
        pytest.param('requires-python = "sometimes"', {}, (), id="nonsense"),
        pytest.param(
            'requires-python = ">=3.11"\nclassifiers = ["Programming Language :: Python :: 3.10",'
            ' "Programming Language :: Python :: 3.12"]',
            {},
            ("3.12",),
            id="classifiers-within-range",
        ),
        pytest.param("", {".python-version": "3.13.1\n"}, ("3.13",), id="pinned"),
        pytest.param("", {}, (), id="silent"),
    ],
)
def test_versions(pyproject, files, versions):
    assert (
        component(PYTHON, {"pyproject.toml": f'[project]\nname = "a"\n{pyproject}\n'}, files).versions
        == versions
    )


@pytest.mark.parametrize(
    ("files", "kind", "run"),
    [
        pytest.param({"uv.lock": ""}, "install", "uv sync --locked", id="uv"),
        pytest.param(
            {"uv.lock": "", "pyproject.toml": GROUPS + 'dev = ["ruff"]\ntests = ["pytest"]\n'},
            "install",
            "uv sync --locked --group tests",
            id="uv-groups-that-hold-tools",
        ),
        pytest.param(
            {"pyproject.toml": '[project]\nname = "a"\n[project.optional-dependencies]\ntest = ["pytest"]\n'},
            "install",
            'python -m pip install -e ".[test]"',
            id="pip-extra",
        ),
        pytest.param(
            {"pyproject.toml": GROUPS + '"a;rm -rf /" = ["pytest"]\n'},
            "install",
            "python -m pip install -e .",
            id="unsafe-group-is-left-out",
        ),
        pytest.param(
            {
                "requirements/base.txt": "x\n",
                "requirements/test.txt": "pytest\n",
                "requirements/docs.txt": "sphinx\n",
            },
            "install",
            "python -m pip install -r requirements/base.txt -r requirements/test.txt -e .",
            id="requirements",
        ),
        pytest.param({"poetry.lock": ""}, "install", "poetry install --no-interaction", id="poetry"),
        pytest.param(
            {"uv.lock": "", "ruff.toml": ""},
            "lint",
            "uv run --with ruff ruff check .",
            id="tool-not-installed",
        ),
        pytest.param({"pytest.ini": "[pytest]\n"}, "test", "pytest", id="pip-test"),
        pytest.param(
            {"uv.lock": "", "pytest.ini": "[pytest]\n", "requirements.txt": "pytest"},
            "test",
            "uv run pytest",
            id="uv-test",
        ),
        pytest.param({"mypy.ini": "[mypy]\n"}, "typecheck", "mypy shop", id="mypy-of-the-package"),
        pytest.param({"mypy.ini": "[mypy]\nfiles = shop\n"}, "typecheck", "mypy", id="mypy-names-its-files"),
        pytest.param(
            {"manage.py": "x", "Makefile": "test:\n\tpython manage.py test\n"},
            "test",
            "python manage.py test",
            id="django",
        ),
        pytest.param({}, "build", "pipx run build", id="build"),
        pytest.param({"uv.lock": ""}, "build", "uv build", id="uv-build"),
    ],
)
def test_commands(files, kind, run):
    assert component(PYTHON, files).command(kind) == run


def test_a_tool_of_the_hooks_runs_at_the_hooks_version():
    files = hooks("astral-sh/ruff-pre-commit", "v0.9.2", "ruff", "ruff-format")
    install = component(PYTHON, files).command("install")
    assert install == "python -m pip install -e .\npython -m pip install ruff==0.9.2"
    locked = component(PYTHON, files, {"uv.lock": ""})
    assert locked.command("format") == "uv run --with ruff==0.9.2 ruff format --check ."


def test_the_repository_own_paths_are_used():
    files = {
        "mypy.ini": "[mypy]\n",
        "shop/api/a.py": "",
        "Makefile": "t:\n\tmypy shop/api; mypy $(rm -rf /)\n",
    }
    assert component(PYTHON, files).command("typecheck") == "mypy shop/api"


def test_a_uv_workspace_is_one_component():
    files = {
        "pyproject.toml": '[project]\nname = "all"\n[tool.uv.workspace]\nmembers = ["packages/*"]\n',
        "packages/one/pyproject.toml": '[project]\nname = "one"\n',
        "packages/one/src/one.py": "",
        "apart/pyproject.toml": '[project]\nname = "apart"\n',
        "apart/apart.py": "",
    }
    found = stacks(PYTHON, files).components
    assert [(one.path, one.members) for one in found] == [(".", ("packages/one",)), ("apart", ())]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"requirements.txt": "mkdocs\n"}, id="documentation-only"),
        pytest.param({"docs/requirements.txt": "sphinx\n", "docs/conf.py": ""}, id="docs"),
        pytest.param({"examples/app/pyproject.toml": "[project]\n", "examples/app/a.py": ""}, id="example"),
        pytest.param({"tests/fixtures/p/setup.py": "", "tests/fixtures/p/a.py": ""}, id="fixture"),
        pytest.param({"third_party/p/setup.py": "", "third_party/p/a.py": ""}, id="vendored"),
        pytest.param({"scripts/requirements.txt": "x\n", "scripts/a.py": ""}, id="scripts"),
        pytest.param({"node_modules/gyp/setup.py": "", "node_modules/gyp/a.py": ""}, id="node-modules"),
    ],
)
def test_what_is_not_the_project(files):
    assert [one.stack for one in stacks(NODE, files).components] == ["node"]


def test_services_are_those_that_are_used_and_run():
    files = {"requirements.txt": "psycopg[binary]\nredis\npymongo\n"}
    ci = {
        ".github/workflows/ci.yml": "jobs:\n  t:\n    services:\n      db:\n        image: postgis/postgis:16\n"
    }
    compose = {"compose.yml": "services:\n  cache:\n    image: redis:7\n"}
    claims = {one.name: one.evidence for one in component(PYTHON, files, ci, compose).services}
    assert claims["postgres"] == ("requirements.txt:1", ".github/workflows/ci.yml:5")
    assert claims["redis"] == ("requirements.txt:2", "compose.yml:3")
    assert set(claims) == {"postgres", "redis"}


def test_extension_modules_in_c():
    files = {
        "setup.py": 'setup(ext_modules=[Extension("shop.fast", ["shop/fast.c"])])\n',
        "shop/fast.c": "int x;\n",
    }
    assert column("languages", PYTHON, files) == {"python", "c"}


def test_a_module_named_setup_is_no_manifest():
    files = {
        "pyproject.toml": "[project]\nname = 'a'\n",
        "a/plan/setup.py": "def setup_steps(): ...\n",
        "a/b.py": "",
    }
    assert [part.path for part in stacks(files).components] == ["."]
    packaged = {"setup.py": "from setuptools import setup\n\nsetup(name='a')\n", "a/__init__.py": ""}
    assert [part.path for part in stacks(packaged).components] == ["."]
