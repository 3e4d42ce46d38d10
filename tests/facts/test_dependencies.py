"""Who builds on whom in one repository, and which files above a component concern it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.facts.detect import detect
from cicd_defs.facts.tree import Tree
from tests.facts.trees import GO, GRADLE, RUST, component, stacks


def below(folder: str, files: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{path}": text for path, text in files.items()}


def project(name: str, more: str = "") -> dict[str, str]:
    """A Python project with one package of that name."""
    text = f'[project]\nname = "{name}"\n[build-system]\nrequires = ["hatchling"]\n{more}'
    return {"pyproject.toml": text, f"src/{name}/__init__.py": "", f"src/{name}/main.py": "x = 1\n"}


def package(name: str, **more: str) -> dict[str, str]:
    lines = [f'  "name": "{name}",', '  "scripts": {"test": "node ."},', *more.values()]
    return {"package.json": "{\n" + "\n".join(lines).rstrip(",") + "\n}\n", "index.js": "x\n"}


def crate(name: str, more: str = "") -> dict[str, str]:
    return {**RUST, "Cargo.toml": f'[package]\nname = "{name}"\n[workspace]\n{more}'}


def module(name: str, more: str = "") -> dict[str, str]:
    return {**GO, "go.mod": f"module example.com/{name}\n\ngo 1.24\n{more}"}


def pom(artifact: str, more: str = "") -> dict[str, str]:
    text = (
        f"<project>\n<groupId>org.acme</groupId>\n<artifactId>{artifact}</artifactId>\n{more}\n</project>\n"
    )
    return {"pom.xml": text, "src/main/java/App.java": "class App {}\n"}


def dependency(artifact: str, group: str = "org.acme") -> str:
    inner = f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
    return f"<dependencies>\n<dependency>\n{inner}\n</dependency>\n</dependencies>"


PYTHON_LIB, NODE_LIB = below("libs/core", project("core")), below("libs/core", package("@acme/core"))
GO_LIB, RUST_LIB = below("libs/core", module("core")), below("libs/core", crate("core"))
JAVA_LIB = below("libs/core", pom("core"))
WORKSPACE = {"go.work": "go 1.24\n\nuse (\n\t./app // ours\n\t./libs/core\n)\n"}


def app(path: str, text: str, files: dict[str, str] | None = None) -> dict[str, str]:
    """The component `app`, with one more file."""
    return below("app", {**(project("app") if files is None else files), path: text})


def python_app(more: str) -> dict[str, str]:
    return below("app", project("app", more))


def node_app(key: str, dependency: str) -> dict[str, str]:
    return below("app", package("app", more=f'  "{key}": {{\n{dependency}}}'))


BUILDS_ON = {
    "uv source": (
        PYTHON_LIB,
        python_app('[tool.uv.sources]\ncore = { path = "../libs/core" }\n'),
        "app/pyproject.toml:6",
    ),
    "uv workspace": (
        PYTHON_LIB,
        python_app("[tool.uv.sources]\ncore = { workspace = true }\n"),
        "app/pyproject.toml:6",
    ),
    "poetry path": (
        PYTHON_LIB,
        python_app('[tool.poetry.group.dev.dependencies]\ncore = {path = "../libs/core", develop = true}\n'),
        "app/pyproject.toml:6",
    ),
    "requirement by file": (
        PYTHON_LIB,
        below(
            "app",
            {
                **project("app"),
                "pyproject.toml": '[project]\ndependencies = [\n"core @ file:../libs/core"]\n',
            },
        ),
        "app/pyproject.toml:3",
    ),
    "pdm": (
        PYTHON_LIB,
        python_app('[tool.pdm.dev-dependencies]\ndev = ["-e file:///${PROJECT_ROOT}/../libs/core"]\n'),
        "app/pyproject.toml:6",
    ),
    "editable": (
        PYTHON_LIB,
        app("requirements-dev.txt", "pytest\n-e ../libs/core[test]  # ours\n"),
        "app/requirements-dev.txt:2",
    ),
    "plain folder": (PYTHON_LIB, app("requirements.txt", "../libs/core\n"), "app/requirements.txt:1"),
    "pipfile": (
        PYTHON_LIB,
        app("Pipfile", '[packages]\ncore = {path = "../libs/core", editable = true}\n'),
        "app/Pipfile:2",
    ),
    "import": (
        PYTHON_LIB,
        app("src/app/use.py", "import os\n\nfrom core.main import x\n"),
        "app/src/app/use.py:3",
    ),
    "import in a test": (
        PYTHON_LIB,
        app("tests/test_use.py", "def test_x():\n    import os, core\n"),
        "app/tests/test_use.py:2",
    ),
    "import by path": (
        PYTHON_LIB,
        app("src/app/use.py", "from libs.core import main\n"),
        "app/src/app/use.py:1",
    ),
    "import of a namespace": (
        below("libs/core", {"pyproject.toml": '[project]\nname = "core"\n', "src/acme/core/__init__.py": ""}),
        app("src/acme/app/__init__.py", "from acme import core\n"),
        "app/src/acme/app/__init__.py:1",
    ),
    "node file": (
        NODE_LIB,
        node_app("dependencies", '"@acme/core": "file:../libs/core"'),
        "app/package.json:5",
    ),
    "node link": (
        NODE_LIB,
        node_app("devDependencies", '"other-name": "link:../libs/core"'),
        "app/package.json:5",
    ),
    "node workspace": (
        NODE_LIB,
        node_app("dependencies", '"@acme/core": "workspace:^"'),
        "app/package.json:5",
    ),
    "node private": (
        below("libs/core", package("@acme/core", p='  "private": true,')),
        node_app("peerDependencies", '"@acme/core": "*"'),
        "app/package.json:5",
    ),
    "node member of a workspace": (
        below(
            "libs",
            {
                "package.json": '{"workspaces": ["*"], "private": true}',
                **below("core", package("@acme/core")),
            },
        ),
        node_app("dependencies", '"@acme/core": "link:../libs/core"'),
        "app/package.json:5",
    ),
    "node import": (
        NODE_LIB,
        app(
            "src/a.ts",
            'import { a } from "b"\nimport { x } from "../../libs/core/index.js"\n',
            package("app"),
        ),
        "app/src/a.ts:2",
    ),
    "node require": (
        NODE_LIB,
        app("src/a.cjs", "const x = require('../../libs/core')\n", package("app")),
        "app/src/a.cjs:1",
    ),
    "tsconfig paths": (
        NODE_LIB,
        app(
            "tsconfig.json",
            '{"compilerOptions": {"paths": {\n"@core/*": ["../libs/core/*"]}}}',
            package("app"),
        ),
        "app/tsconfig.json:2",
    ),
    "tsconfig reference": (
        NODE_LIB,
        app("tsconfig.json", '{"references": [\n{"path": "../libs/core"}]}', package("app")),
        "app/tsconfig.json:2",
    ),
    "go replace": (
        GO_LIB,
        below("app", module("app", "\nreplace example.com/core => ../libs/core\n")),
        "app/go.mod:5",
    ),
    "go workspace": (
        {**GO_LIB, **WORKSPACE},
        app("a.go", 'package main\n\nimport (\n\tc "example.com/core/sub"\n)\n', module("app")),
        "app/a.go:4",
    ),
    "go requirement": (
        {**GO_LIB, **WORKSPACE},
        below("app", module("app", "\nrequire example.com/core v1.2.3\n")),
        "app/go.mod:5",
    ),
    "rust path": (
        RUST_LIB,
        below("app", crate("app", '[dependencies]\ncore = { path = "../libs/core" }\n')),
        "app/Cargo.toml:5",
    ),
    "rust on one platform": (
        RUST_LIB,
        below(
            "app", crate("app", "[target.'cfg(unix)'.dev-dependencies]\ncore = { path = '../libs/core' }\n")
        ),
        "app/Cargo.toml:5",
    ),
    "maven dependency": (JAVA_LIB, below("app", pom("app", dependency("core"))), "app/pom.xml:5"),
    "maven own group": (
        JAVA_LIB,
        below("app", pom("app", dependency("core", "${project.groupId}"))),
        "app/pom.xml:5",
    ),
    "maven parent": (
        JAVA_LIB,
        below("app", pom("app", "<parent><groupId>org.acme</groupId><artifactId>core</artifactId></parent>")),
        "app/pom.xml:4",
    ),
    "maven module": (
        JAVA_LIB,
        below("app", pom("app", "<modules>\n<module>../libs/core</module></modules>")),
        "app/pom.xml:5",
    ),
    "gradle included build": (
        below("libs/core", GRADLE),
        app("settings.gradle.kts", '\nincludeBuild("../libs/core")\n', GRADLE),
        "app/settings.gradle.kts:2",
    ),
    "gradle project elsewhere": (
        below("libs/core", GRADLE),
        app(
            "settings.gradle",
            "include ':core'\nproject(':core').projectDir = new File(settingsDir, '../libs/core')\n",
            GRADLE,
        ),
        "app/settings.gradle:2",
    ),
}


@pytest.mark.parametrize("name", BUILDS_ON)
def test_a_component_builds_on_another(name):
    library, uses, place = BUILDS_ON[name]
    found = {one.path: one for one in stacks(library, uses).components}
    home = "libs" if name == "node member of a workspace" else "libs/core"
    assert [(claim.name, claim.evidence[0]) for claim in found["app"].depends_on] == [
        (found[home].name, place)
    ]
    assert found[home].depends_on == ()


ON_ITS_OWN = {
    "import of its own": (PYTHON_LIB, app("src/core/__init__.py", "import core\n")),
    "import that two have": (
        {**PYTHON_LIB, **below("other", project("core"))},
        app("src/app/use.py", "import core\n"),
    ),
    "relative import": (PYTHON_LIB, app("src/app/use.py", "from .core import x\nfrom . import core\n")),
    "import in a text": (PYTHON_LIB, app("src/app/use.py", '"""\nimport core\n"""\n')),
    "import in what is no Python": (PYTHON_LIB, app("src/app/use.py", "import core\nprint 'a'\n")),
    "another's module of the same name": (
        below("libs/core", {"requirements.txt": "redis\n", "config.py": ""}),
        app("src/app/use.py", "import config\n"),
    ),
    "a folder that is not there": (
        PYTHON_LIB,
        app("requirements.txt", "-e ../libs/gone\n-e ../../libs/core\n"),
    ),
    "its own folder": (
        PYTHON_LIB,
        app("requirements.txt", "-e .[dev]\n-r requirements-dev.txt\n-e git+https://x/libs/core\n"),
    ),
    "a package from a registry": (
        NODE_LIB,
        below("app", package("app", d='  "dependencies": {"@acme/core": "^1.0.0"}')),
    ),
    "import inside": (NODE_LIB, app("src/a/b.js", "import x from '../c.js'\n", package("app"))),
    "a module from a registry": (
        GO_LIB,
        app("a.go", 'package main\n\nimport "example.com/core"\n', module("app")),
    ),
    "a module of a like name": (
        {**GO_LIB, **WORKSPACE},
        app("a.go", 'package main\n\nimport "example.com/core2/x"\n', module("app")),
    ),
    "a replacement in a comment": (
        GO_LIB,
        below("app", module("app", "\n// replace example.com/core => ../libs/core\n")),
    ),
    "an artefact of another group": (JAVA_LIB, below("app", pom("app", dependency("core", "org.other")))),
    "a dependency in a comment": (JAVA_LIB, below("app", pom("app", f"<!-- {dependency('core')} -->"))),
}


@pytest.mark.parametrize("name", ON_ITS_OWN)
def test_a_component_builds_on_no_other(name):
    assert component(*ON_ITS_OWN[name], path="app").depends_on == ()


@pytest.mark.parametrize("kind", ["import", "path"])
def test_components_may_build_on_each_other(kind):
    requirement = {"import": ("src/{}/use.py", "import {}\n"), "path": ("requirements.txt", "-e ../{}\n")}[
        kind
    ]
    files = {
        path: text
        for here, there in (("a", "b"), ("b", "a"))
        for path, text in below(
            here, {**project(here), requirement[0].format(here): requirement[1].format(there)}
        ).items()
    }
    found = {one.name: [claim.name for claim in one.depends_on] for one in stacks(files).components}
    assert found == {"a": ["b"], "b": ["a"]}


SHARED = {
    "tsconfig": (
        {"tsconfig.base.json": "{}"},
        app("tsconfig.json", '{\n"extends": "../tsconfig.base"}', package("app")),
        {"tsconfig.base.json": "app/tsconfig.json:2"},
    ),
    "requirements": (
        {"requirements.txt": "redis\n"},
        app("requirements.txt", "-r ../requirements.txt\n"),
        {"requirements.txt": "app/requirements.txt:1"},
    ),
    "constraints": (
        {"build/constraints.txt": "redis\n"},
        app("requirements.txt", "-c ../build/constraints.txt\n"),
        {"build/constraints.txt": "app/requirements.txt:1"},
    ),
    "sources of nobody": (
        {"shared/x.ts": ""},
        app("src/a.ts", "import x from '../../shared/x'\n", package("app")),
        {"shared": "app/src/a.ts:1"},
    ),
    "configuration above": (
        {"ruff.toml": "", ".nvmrc": "22", ".editorconfig": ""},
        app("a.py", ""),
        {"ruff.toml": "ruff.toml:1", ".editorconfig": ".editorconfig:1"},
    ),
    "tools above": (
        {"pyproject.toml": "[tool.black]\n[tool.ruff]\n"},
        app("a.py", ""),
        {"pyproject.toml": "pyproject.toml:2"},
    ),
    "workspace": (WORKSPACE, below("app", GO), {"go.work": "go.work:1"}),
    "toolchain": (
        {"rust-toolchain.toml": ""},
        below("app", RUST),
        {"rust-toolchain.toml": "rust-toolchain.toml:1"},
    ),
    "a crate of the workspace around": (
        {**RUST, "crates/x/Cargo.toml": '[package]\nname = "x"\n'},
        below("app", crate("app", '[dependencies]\nx = { path = "../crates/x" }\n')),
        {"crates/x": "app/Cargo.toml:5"},
    ),
}


@pytest.mark.parametrize("name", SHARED)
def test_files_outside_a_component_concern_it(name):
    above, files, expected = SHARED[name]
    found = component(above, files, path="app")
    assert {claim.name: claim.evidence[0] for claim in found.shared_files} == expected
    assert found.depends_on == ()


def test_what_stands_alone_at_the_top_is_not_read_for_imports():
    read: list[str] = []
    files = {**project("app"), "ruff.toml": "", **{f"src/app/m{n}.py": "import os\n" for n in range(50)}}
    tree = Tree.of(files)

    def reader(path: str) -> bytes | None:
        read.append(path)
        return tree.read(path)

    [found] = detect(Tree(tree.paths, reader)).components
    assert (found.depends_on, found.shared_files) == ((), ())


def test_of_many_sources_few_are_read():
    files = {
        f"part{number}/{path}": text
        for number in range(20)
        for path, text in {
            **project(f"p{number}"),
            **{f"src/p{number}/m{n}.py": f"import p{number + 1}\n" for n in range(200)},
        }.items()
    }
    read: list[str] = []
    tree = Tree.of(files)

    def reader(path: str) -> bytes | None:
        read.append(path)
        return tree.read(path)

    found = detect(Tree(tree.paths, reader)).components
    assert [len(one.depends_on) for one in found].count(1) == 19
    assert len([path for path in read if path.endswith(".py")]) < 3000


LINES = st.sampled_from(
    [
        "-e ../",
        "core @ file:../libs/core",
        "import core",
        "from core import (",
        "import \\",
        "\x00",
        "<dependency>",
        "<artifactId>core</artifactId>",
        "</dependency>",
        "<!--",
        "=>",
        "replace a => ../libs/core",
        "use (",
        "use ../..",
        "[tool.uv.sources]",
        'core = {path = "../libs/core"}',
        "path = []",
        "includeBuild('../../..')",
        '"\\d"',
        "((((",
        "import a." * 20,
    ]
)


@settings(max_examples=120, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "pyproject.toml",
                "requirements.txt",
                "go.mod",
                "pom.xml",
                "settings.gradle",
                "a.py",
                "a.go",
                "tsconfig.json",
                "Cargo.toml",
            ]
        ),
        st.lists(LINES, max_size=12).map("\n".join),
        max_size=5,
    ),
    st.lists(LINES, max_size=6).map("\n".join),
)
def test_hostile_manifests_never_raise(files, above):
    base = {
        **PYTHON_LIB,
        **below("libs/go", module("x")),
        **below("libs/java", pom("core")),
        "go.work": above,
    }
    tree = {**base, **below("app", {**project("app"), **GO, **files})}
    for one in stacks(tree).components:
        for claim in (*one.depends_on, *one.shared_files):
            for place in claim.evidence:
                path, line = re.fullmatch(r"(.*):(\d+)", place).groups()
                assert 1 <= int(line) <= tree[path].count("\n") + 1
