import pytest

from tests.facts.trees import GO, GRADLE, MAVEN, RUST, column, columns, component, stacks, workflow

GO_TEST = {"main_test.go": 'package main\n\nimport "testing"\n\nfunc TestMain(t *testing.T) {}\n'}
RUST_TEST = {"src/lib.rs": "fn a() {}\n\n#[cfg(test)]\nmod tests {}\n"}


@pytest.mark.parametrize(
    ("kind", "files", "names"),
    [
        pytest.param("languages", {}, {"go"}, id="language"),
        pytest.param("package_managers", {}, {"go-mod"}, id="go-mod"),
        pytest.param("test_runners", GO_TEST, {"go-test"}, id="go-test"),
        pytest.param(
            "test_runners", {"testdata/a_test.go": "func TestA(t *testing.T) {}"}, set(), id="test-data"
        ),
        pytest.param("linters", {".golangci.yml": ""}, {"golangci-lint"}, id="golangci-config"),
        pytest.param(
            "linters",
            {"Makefile": "lint:\n\t$(GOLANGCI_LINT) run\n"},
            {"golangci-lint"},
            id="golangci-variable",
        ),
        pytest.param("linters", {"Makefile": "vet:\n\tgo vet ./...\n"}, {"go-vet"}, id="vet"),
        pytest.param(
            "linters",
            {".golangci.yml": "", "Makefile": "vet:\n\tgo vet ./...\n"},
            {"golangci-lint"},
            id="vet-within",
        ),
        pytest.param(
            "linters",
            workflow("go run honnef.co/go/tools/cmd/staticcheck@latest ./..."),
            {"staticcheck"},
            id="run",
        ),
        pytest.param("linters", {"Makefile": "fmt:\n\tgofmt -l .\n"}, set(), id="gofmt-is-everywhere"),
    ],
)
def test_go(kind, files, names):
    assert column(kind, GO, files) == names


@pytest.mark.parametrize(
    ("files", "kind", "run"),
    [
        pytest.param({}, "lint", "go vet ./...", id="vet"),
        pytest.param(
            {".golangci.yml": 'version: "2"\n'},
            "lint",
            "go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.5.0 run ./...",
            id="golangci-2",
        ),
        pytest.param(
            {".golangci.yml": "run:\n  timeout: 1m\n"},
            "lint",
            "go run github.com/golangci/golangci-lint/cmd/golangci-lint@v1.64.8 run ./...",
            id="golangci-1",
        ),
        pytest.param(
            {
                ".github/workflows/l.yml": "- uses: golangci/golangci-lint-action@v8\n  with:\n    version: v2.1\n"
            },
            "lint",
            "go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.1 run ./...",
            id="golangci-at-ci-version",
        ),
        pytest.param(GO_TEST, "test", "go test ./...", id="test"),
        pytest.param({}, "test", None, id="no-tests"),
        pytest.param({}, "build", "go build ./...", id="build"),
    ],
)
def test_go_commands(files, kind, run):
    assert component(GO, files).command(kind) == run


@pytest.mark.parametrize(
    ("files", "version"),
    [
        pytest.param({}, "1.24", id="go-line"),
        pytest.param({"go.mod": "go 1.21\n\ntoolchain go1.25.3\n"}, "1.25", id="toolchain"),
        pytest.param({".go-version": "1.26.0\n"}, "1.26", id="go-version-file"),
    ],
)
def test_go_version(files, version):
    assert component(GO, files).versions == (version,)


def test_go_modules_are_components_but_tools_are_not():
    files = {
        "api/go.mod": "go 1.24\n", "api/a.go": "", "hack/tools/go.mod": "go 1.24\n", "hack/tools/t.go": "",
        "internal/tools/go.mod": "go 1.24\n", "internal/tools/t.go": "", "_x/go.mod": "go 1.1\n", "_x/t.go": "",
    }  # fmt: skip
    assert [
        one.path for one in stacks(GO, files, {"api/a_test.go": "func TestA(t *testing.T) {}"}).components
    ] == [".", "api"]


@pytest.mark.parametrize(
    ("kind", "files", "names"),
    [
        pytest.param("package_managers", {}, {"cargo"}, id="cargo"),
        pytest.param("test_runners", RUST_TEST, {"cargo-test"}, id="tests-in-source"),
        pytest.param("test_runners", workflow("cargo +nightly miri test"), {"miri"}, id="miri"),
        pytest.param("test_runners", workflow("cargo nextest run --workspace"), {"nextest"}, id="nextest"),
        pytest.param("test_runners", {".config/nextest.toml": ""}, {"nextest"}, id="nextest-config"),
        pytest.param("test_runners", workflow("cargo hack test"), {"cargo-test"}, id="hack"),
        pytest.param("linters", workflow("cargo clippy --all-targets"), {"clippy"}, id="clippy"),
        pytest.param("linters", {"rustfmt.toml": ""}, {"rustfmt"}, id="rustfmt"),
        pytest.param("linters", workflow("cargo fmt --version"), set(), id="only-its-version"),
    ],
)
def test_rust(kind, files, names):
    assert column(kind, RUST, files) == names


@pytest.mark.parametrize(
    ("files", "kind", "run"),
    [
        pytest.param(RUST_TEST, "test", "cargo test", id="test"),
        pytest.param(RUST_TEST | {"Cargo.lock": ""}, "test", "cargo test --locked", id="locked"),
        pytest.param(
            workflow("cargo test --all-features"), "test", "cargo test --all-features", id="features-as-in-ci"
        ),
        pytest.param(
            workflow("cargo clippy"), "lint", "cargo clippy --all-targets -- -D warnings", id="clippy"
        ),
        pytest.param(workflow("cargo fmt --check"), "format", "cargo fmt --all --check", id="fmt"),
        pytest.param({}, "lint", None, id="nothing-said"),
    ],
)
def test_rust_commands(files, kind, run):
    assert component(RUST, files).command(kind) == run


@pytest.mark.parametrize(
    ("files", "versions"),
    [
        pytest.param({}, ("stable",), id="stable"),
        pytest.param({"Cargo.toml": '[package]\nrust-version = "1.80"\n'}, ("1.80", "stable"), id="oldest"),
        pytest.param({"rust-toolchain.toml": '[toolchain]\nchannel = "1.90.0"\n'}, ("1.90.0",), id="pinned"),
        pytest.param({"rust-toolchain": "nightly-2026-01-02\n"}, ("nightly-2026-01-02",), id="old-form"),
        pytest.param({"rust-toolchain": "; rm -rf /\n"}, ("stable",), id="nonsense"),
    ],
)
def test_rust_versions(files, versions):
    assert component(RUST, files).versions == versions


def test_a_cargo_workspace_is_one_component():
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nexclude = ["apart"]\n',
        "crates/a/Cargo.toml": '[package]\nname = "a"\n', "crates/a/src/lib.rs": "",
        "apart/Cargo.toml": '[package]\nname = "apart"\n', "apart/src/lib.rs": "#[test]\nfn t() {}\n",
        "tests/cases/Cargo.toml": "[package]\n",
    }  # fmt: skip
    found = stacks(files).components
    assert [(one.path, one.members) for one in found] == [(".", ("crates/a",)), ("apart", ())]


@pytest.mark.parametrize(
    ("kind", "files", "names"),
    [
        pytest.param("languages", {}, {"java"}, id="java"),
        pytest.param("package_managers", {}, {"maven"}, id="maven"),
        pytest.param("package_managers", {"build.gradle": ""}, {"maven", "gradle"}, id="both"),
        pytest.param(
            "test_runners", {"pom.xml": "<artifactId>junit-jupiter</artifactId>\n"}, {"junit"}, id="junit"
        ),
        pytest.param(
            "test_runners",
            {"src/test/java/ATest.java": "import org.testng.A;\n"},
            {"testng"},
            id="testng-import",
        ),
        pytest.param(
            "linters",
            {"pom.xml": "<artifactId>maven-checkstyle-plugin</artifactId>\n"},
            {"checkstyle"},
            id="checkstyle",
        ),
        pytest.param(
            "linters",
            {"pom.xml": "<artifactId>spotless-maven-plugin</artifactId>\n"},
            {"spotless"},
            id="spotless",
        ),
        pytest.param("linters", {"src/test/resources/checkstyle.xml": ""}, set(), id="rules-as-test-data"),
        pytest.param("linters", {"config/checkstyle/checkstyle.xml": ""}, {"checkstyle"}, id="rules"),
    ],
)
def test_maven(kind, files, names):
    assert column(kind, MAVEN, files) == names


@pytest.mark.parametrize(
    ("layers", "kind", "run"),
    [
        pytest.param(
            [MAVEN], "build", "mvn --batch-mode --no-transfer-progress -DskipTests package", id="maven"
        ),
        pytest.param(
            [MAVEN, {"mvnw": ""}],
            "build",
            "./mvnw --batch-mode --no-transfer-progress -DskipTests package",
            id="wrapper",
        ),
        pytest.param([GRADLE, {"gradlew": ""}], "build", "./gradlew assemble", id="gradle"),
        pytest.param(
            [GRADLE, {"build.gradle.kts": 'plugins { id("com.diffplug.spotless") }'}],
            "format",
            "gradle spotlessCheck",
            id="spotless",
        ),
        pytest.param(
            [GRADLE, {"src/test/java/ATest.java": "import org.junit.Test;"}],
            "test",
            "gradle test",
            id="junit",
        ),
    ],
)
def test_java_commands(layers, kind, run):
    assert component(*layers).command(kind) == run


@pytest.mark.parametrize(
    ("files", "versions"),
    [
        pytest.param({"pom.xml": "<java.version>17</java.version>"}, ("17",), id="java-version"),
        pytest.param(
            {"pom.xml": "<maven.compiler.source>1.8</maven.compiler.source>"}, ("8",), id="old-form"
        ),
        pytest.param(
            {"build.gradle": "languageVersion = JavaLanguageVersion.of(21)"}, ("21",), id="toolchain"
        ),
        pytest.param(
            {".github/workflows/a.yml": "      java-version: ['21', '17']\n"}, ("17", "21"), id="ci"
        ),
        pytest.param({}, (), id="silent"),
    ],
)
def test_java_versions(files, versions):
    assert component(MAVEN, files).versions == versions


def test_kotlin_and_modules():
    files = {
        "settings.gradle.kts": 'include("app")\n', "app/build.gradle.kts": 'plugins { kotlin("jvm") }\n',
        "app/src/main/kotlin/A.kt": "class A\n", "app/src/test/kotlin/ATest.kt": "import kotlin.test.Test\n",
    }  # fmt: skip
    found = columns(GRADLE, files)
    assert found["languages"] == "java,kotlin"
    assert found["test_runners"] == "junit"
    assert component(GRADLE, files).members == ("app",)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(
            {"a/A.csproj": "Microsoft.NET.Test.Sdk", "a/A.cs": "x"},
            ("csharp", "nuget", "dotnet-test"),
            id="dotnet",
        ),
        pytest.param({"Gemfile": "gem 'rspec'\n", "lib/a.rb": "x"}, ("ruby", "bundler", "rspec"), id="ruby"),
        pytest.param(
            {"composer.json": '"phpunit/phpunit"', "a.php": "x"}, ("php", "composer", "phpunit"), id="php"
        ),
        pytest.param({"mix.exs": "defmodule A", "lib/a.ex": "x"}, ("elixir", "mix", "exunit"), id="elixir"),
        pytest.param({"CMakeLists.txt": "", "a.c": "x", "b.c": "x"}, ("c", "none", "none"), id="c"),
    ],
)
def test_other_languages_are_named(files, expected):
    found = columns(files)
    assert (found["languages"], found["package_managers"], found["test_runners"]) == expected
