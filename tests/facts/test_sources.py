import pytest

from cicd_defs.facts.sources import Role, nearest_roles, role_of


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("src/app.py", Role.PROJECT),
        ("packages/a/lib/a.js", Role.PROJECT),
        ("src/main/java/com/example/demo/test/App.java", Role.PROJECT),
        ("shop/tools/importer.py", Role.PROJECT),
        ("tools/release.py", Role.AUXILIARY),
        (".ci/run.sh", Role.AUXILIARY),
        ("buildSrc/src/main/kotlin/A.kt", Role.AUXILIARY),
        ("tests/test_a.py", Role.TEST),
        ("app/src/androidTest/java/A.java", Role.TEST),
        ("src/test/resources/Dockerfile", Role.FIXTURE),
        ("benches/a.rs", Role.BENCHMARK),
        ("docs/conf.py", Role.DOCS),
        ("tests/examples/a.py", Role.EXAMPLE),
        ("packages/create/template-react/package.json", Role.EXAMPLE),
        ("{{cookiecutter.name}}/setup.py", Role.EXAMPLE),
        ("pkg/testdata/a.go", Role.FIXTURE),
        ("examples/node_modules/a/index.js", Role.VENDORED),
        ("dist/bundle.js", Role.VENDORED),
    ],
)
def test_role(path, role):
    assert role_of(path) is role


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        (["a/go.mod", "examples/b/go.mod"], ("a/go.mod",)),
        (["examples/a/go.mod", "examples/b/go.mod"], ("examples/a/go.mod", "examples/b/go.mod")),
        (["docs/package.json", "examples/a/go.mod"], ("docs/package.json",)),
        (["testdata/go.mod"], ()),
        ([], ()),
    ],
)
def test_a_repository_of_examples_is_its_examples(paths, kept):
    assert nearest_roles(paths) == kept
