import json

import pytest

from tests.facts.trees import NODE, PYTHON, column, component, hooks, stacks, workflow


def package(**keys: object) -> dict[str, str]:
    """A `package.json`, one key a line."""
    return {"package.json": json.dumps(keys, indent=2)}


@pytest.mark.parametrize(
    ("files", "manager"),
    [
        pytest.param({}, "npm", id="nothing-said"),
        pytest.param({"package-lock.json": ""}, "npm", id="npm-lock"),
        pytest.param({"pnpm-lock.yaml": ""}, "pnpm", id="pnpm-lock"),
        pytest.param({"yarn.lock": ""}, "yarn", id="yarn-lock"),
        pytest.param({"bun.lockb": ""}, "bun", id="bun-lock"),
        pytest.param(package(scripts={"a": "b"}, packageManager="pnpm@9.1.0"), "pnpm", id="package-manager"),
        pytest.param(workflow("pnpm install", "npm install -g x"), "npm", id="undecided"),
        pytest.param(workflow("yarn install"), "yarn", id="ci"),
    ],
)
def test_package_manager(files, manager):
    assert column("package_managers", NODE, files) == {manager}


@pytest.mark.parametrize(
    ("kind", "files", "names"),
    [
        pytest.param("test_runners", package(scripts={"test": "vitest run"}), {"vitest"}, id="vitest"),
        pytest.param("test_runners", package(devDependencies={"jest": "1"}), {"jest"}, id="jest"),
        pytest.param(
            "test_runners", package(devDependencies={"@types/jest": "1"}), set(), id="types-of-jest"
        ),
        pytest.param("test_runners", package(scripts={"test": "c8 mocha"}), {"mocha"}, id="mocha-in-c8"),
        pytest.param(
            "test_runners", package(scripts={"test": "node --test test/"}), {"node-test"}, id="node-test"
        ),
        pytest.param("test_runners", package(scripts={"test": "tsx --test"}), {"node-test"}, id="tsx-test"),
        pytest.param("test_runners", package(scripts={"test": "bun test"}), {"bun-test"}, id="bun-test"),
        pytest.param(
            "test_runners", package(scripts={"test": "bun run test:ci"}), set(), id="bun-runs-a-script"
        ),
        pytest.param(
            "test_runners", package(scripts={"test": "deno test -A"}), {"deno-test"}, id="deno-test"
        ),
        pytest.param(
            "test_runners", package(devDependencies={"playwright": "1"}), set(), id="playwright-library"
        ),
        pytest.param("test_runners", {"playwright.config.ts": ""}, {"playwright"}, id="playwright"),
        pytest.param("test_runners", {"cypress.config.js": ""}, {"cypress"}, id="cypress"),
        pytest.param("test_runners", package(scripts={"a": "b"}, ava={"files": []}), {"ava"}, id="ava-key"),
        pytest.param("test_runners", {"karma.conf.js": ""}, {"karma"}, id="karma"),
        pytest.param(
            "test_runners",
            {"test/a.test.js": "import t from 'node:test';\n"},
            {"node-test"},
            id="node-import",
        ),
        pytest.param("linters", {"eslint.config.mjs": ""}, {"eslint"}, id="eslint"),
        pytest.param("linters", package(devDependencies={"eslint-plugin-x": "1"}), set(), id="plugin-only"),
        pytest.param("linters", {"biome.json": "{}"}, {"biome"}, id="biome"),
        pytest.param(
            "linters", package(scripts={"lint": "oxlint && oxfmt --check"}), {"oxlint", "oxfmt"}, id="ox"
        ),
        pytest.param(
            "linters",
            package(scripts={"a": "b"}, prettier="@acme/prettier-config"),
            {"prettier"},
            id="prettier-key",
        ),
        pytest.param("linters", {"tslint.json": "{}"}, set(), id="tslint-left-behind"),
        pytest.param("type_checkers", package(scripts={"types": "vue-tsc --noEmit"}), {"tsc"}, id="vue-tsc"),
        pytest.param("type_checkers", package(devDependencies={"tsd": "1"}), {"tsd"}, id="tsd"),
        pytest.param("type_checkers", package(devDependencies={"tstyche": "1"}), {"tstyche"}, id="tstyche"),
        pytest.param("type_checkers", package(scripts={"t": "dtslint types"}), {"dtslint"}, id="dtslint"),
        pytest.param(
            "type_checkers", package(devDependencies={"typescript": "5"}), set(), id="compiler-alone"
        ),
    ],
)
def test_tools(kind, files, names):
    assert column(kind, NODE, files) == names


TYPESCRIPT = {"tsconfig.json": "{ // comments\n}\n", "lib/index.js": "", "lib/other.js": ""} | {
    f"src/{name}.ts": "export {}\n" for name in "abcdefghijklmnop"
}


def test_the_compiler_checks_types_where_typescript_is_the_language():
    found = component(TYPESCRIPT, package(devDependencies={"typescript": "5"}))
    assert [one.name for one in found.languages] == ["typescript"]
    assert [one.name for one in found.type_checkers] == ["tsc"]
    assert found.command("typecheck") == "npx tsc --noEmit"


@pytest.mark.parametrize(
    ("files", "languages"),
    [
        pytest.param({}, {"javascript"}, id="javascript"),
        pytest.param({"index.d.ts": "export {}\n"}, {"javascript", "typescript"}, id="declarations"),
        pytest.param(
            {"dist/a.ts": "x", "test/a.ts": "x", "examples/a.ts": "x"}, {"javascript"}, id="not-its-own"
        ),
        pytest.param({f"web/{n}.min.js": "x" for n in range(9)}, {"javascript"}, id="minified"),
    ],
)
def test_languages(files, languages):
    assert column("languages", NODE, files) == languages


@pytest.mark.parametrize(
    ("keys", "files", "versions"),
    [
        pytest.param({"engines": {"node": ">=18"}}, {}, ("22", "24", "26"), id="open"),
        pytest.param({"engines": {"node": "^20.19.0 || >=24.0.0"}}, {}, ("24", "26"), id="alternatives"),
        pytest.param({"engines": {"node": ">=22 <25"}}, {}, ("22", "24"), id="bounded"),
        pytest.param({"engines": {"node": "18.x"}}, {}, ("18",), id="one"),
        pytest.param({"engines": {"node": "latest"}}, {}, (), id="nonsense"),
        pytest.param(
            {"private": True, "engines": {"node": ">=18"}}, {".nvmrc": "v22.4.0\n"}, ("22",), id="pinned"
        ),
        pytest.param({}, {".node-version": "24\n"}, ("24",), id="node-version"),
        pytest.param({"volta": {"node": "22.1.0"}}, {}, ("22",), id="volta"),
        pytest.param({}, {}, (), id="silent"),
    ],
)
def test_versions(keys, files, versions):
    assert component(NODE, package(scripts={"a": "b"}, **keys), files).versions == versions


@pytest.mark.parametrize(
    ("scripts", "files", "kind", "run"),
    [
        pytest.param({}, {"package-lock.json": ""}, "install", "npm ci", id="npm"),
        pytest.param({}, {"pnpm-lock.yaml": ""}, "install", "pnpm install --frozen-lockfile", id="pnpm"),
        pytest.param({}, {"yarn.lock": ""}, "install", "yarn install --frozen-lockfile", id="yarn-classic"),
        pytest.param(
            {}, {"yarn.lock": "", ".yarnrc.yml": ""}, "install", "yarn install --immutable", id="yarn-berry"
        ),
        pytest.param({}, {"bun.lock": ""}, "install", "bun install --frozen-lockfile", id="bun"),
        pytest.param({"lint": "eslint ."}, {}, "lint", "npm run lint", id="script"),
        pytest.param(
            {"lint": "eslint --fix ."},
            {"bun.lock": ""},
            "lint",
            "npx --yes --package eslint -- eslint .",
            id="fixing",
        ),
        pytest.param(
            {"test": 'echo "Error: no test specified" && exit 1'}, {}, "test", None, id="placeholder"
        ),
        pytest.param({"test": "jest"}, {}, "test", "npm test", id="test"),
        pytest.param(
            {"test": "jest --watch", "test:ci": "jest"},
            {"yarn.lock": ""},
            "test",
            "yarn run test:ci",
            id="watch",
        ),
        pytest.param(
            {"format": "prettier --write ."},
            {},
            "format",
            "npx --yes --package prettier -- prettier --check .",
            id="writing",
        ),
        pytest.param({"format": "prettier --check ."}, {}, "format", "npm run format", id="checking"),
        pytest.param({"type-check": "tsc"}, {}, "typecheck", "npm run type-check", id="type-check"),
        pytest.param({"check": "echo hello"}, {}, "typecheck", None, id="another-check"),
        pytest.param({"build": "vite build"}, {"pnpm-lock.yaml": ""}, "build", "pnpm run build", id="build"),
    ],
)
def test_commands(scripts, files, kind, run):
    assert component(NODE, package(scripts={"a": "b"} | scripts), files).command(kind) == run


@pytest.mark.parametrize(
    ("files", "run"),
    [
        pytest.param({"package-lock.json": ""}, "npm run test --workspaces --if-present", id="npm"),
        pytest.param({"pnpm-lock.yaml": ""}, "pnpm --recursive --if-present run test", id="pnpm"),
        pytest.param({"bun.lock": ""}, "bun run --filter '*' test", id="bun"),
        pytest.param(
            {"yarn.lock": "", ".yarnrc.yml": ""}, "yarn workspaces foreach --all run test", id="yarn"
        ),
    ],
)
def test_a_workspace_is_one_component(files, run):
    members = {
        "packages/a/package.json": '{\n  "scripts": {\n    "test": "vitest run"\n  }\n}',
        "packages/a/src/a.ts": "",
        "examples/b/package.json": '{"scripts": {"test": "jest"}}',
    }
    found = stacks(package(workspaces=["packages/*", "examples/*"]), members, files).components
    assert [(one.path, one.members) for one in found] == [(".", ("packages/a",))]
    assert found[0].command("test") == run
    assert [(one.name, one.evidence) for one in found[0].test_runners] == [
        ("vitest", ("packages/a/package.json:3",))
    ]


def test_a_nested_manifest_with_a_lock_file_is_a_component_of_its_own():
    files = {"web/package.json": '{"scripts": {"a": "b"}}', "web/yarn.lock": "", "web/a.ts": ""}
    assert [(one.name, one.path) for one in stacks(NODE, files).components] == [("node", "."), ("web", "web")]


def test_prettier_in_a_python_project_formats_no_code():
    assert column(
        "linters", PYTHON, {".prettierrc": "{}"}, hooks("x/mirrors-prettier", "v3", "prettier")
    ) == {"pre-commit"}


def test_comments_in_package_json_are_forgiven():
    text = '{\n  // the runner\n  "devDependencies": {"vitest": "1",},\n  "homepage": "https://a.b/c",\n}\n'
    assert component(NODE, {"package.json": text}).test_runners[0].evidence == ("package.json:3",)


@pytest.mark.parametrize(
    ("files", "classic"),
    [
        pytest.param({"yarn.lock": "# yarn lockfile v1\n"}, True, id="lock-file"),
        pytest.param({"yarn.lock": "__metadata:\n  version: 8\n"}, False, id="later-lock-file"),
        pytest.param({"yarn.lock": "", ".yarnrc.yml": ""}, False, id="later-settings"),
        pytest.param(
            {"yarn.lock": "", "package.json": '{"scripts": {"a": "b"}, "packageManager": "yarn@4.1.0"}'},
            False,
            id="declared",
        ),
        pytest.param(
            {"yarn.lock": "", "package.json": '{"scripts": {"a": "b"}, "packageManager": "yarn@1.22.22"}'},
            True,
            id="declared-classic",
        ),
        pytest.param({"package-lock.json": ""}, False, id="npm"),
    ],
)
def test_classic_yarn(files, classic):
    assert component(NODE, files).classic_yarn is classic
