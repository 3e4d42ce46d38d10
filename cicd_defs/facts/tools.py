"""The tools that detection knows: by which command, package, configuration file or table each shows itself.

One line a tool. `command` is matched at the start of an unwrapped command (see `invocations`); `packages` are names of
development dependencies; `configs` match a file's name; `tables` are tables of `pyproject.toml`, sections of
`setup.cfg` and `tox.ini`, or keys of `package.json`.
"""

import re
from dataclasses import dataclass
from typing import Literal

from cicd_defs.facts.stacks import StackName

ToolKind = Literal["test_runners", "linters", "formatters", "type_checkers", "coverage_tools"]


@dataclass(frozen=True)
class Tool:
    """How one tool is recognised."""

    name: str
    kind: ToolKind
    stack: StackName
    command: str
    packages: tuple[str, ...] = ()
    configs: str = ""
    tables: tuple[str, ...] = ()


PYTHON = (
    Tool(
        "pytest",
        "test_runners",
        "python",
        r"(pytest|py\.test)\b|hatch +(\S+ +)*test\b",
        ("pytest", "pytest-cov", "pytest-xdist", "pytest-django", "pytest-asyncio"),
        r"pytest\.(ini|toml)|\.pytest\.ini",
        ("tool.pytest", "tool:pytest", "pytest"),
    ),
    Tool(
        "unittest",
        "test_runners",
        "python",
        r"unittest\b|(python\S* +(-\S+ +)*)?\S*manage\.py +test\b|python\S* +\S*runtests\.py\b"
        r"|django-admin +test\b|stestr +run|zope-testrunner",
        ("stestr",),
        r"\.stestr\.conf",
    ),
    Tool("nose", "test_runners", "python", r"nosetests\b|nose2\b", ("nose2",)),
    Tool("behave", "test_runners", "python", r"behave\b", ("behave",)),
    Tool(
        "ruff",
        "linters",
        "python",
        r"ruff +(?!format\b)|ruff$|hatch +fmt\b|hook ruff(-check)?$|uses (astral-sh|chartboost)/ruff-action",
        ("ruff",),
        r"\.?ruff\.toml",
        ("tool.ruff",),
    ),
    Tool("ruff", "formatters", "python", r"ruff +format\b|hook ruff-format$", (), "", ("tool.ruff.format",)),
    Tool(
        "flake8",
        "linters",
        "python",
        r"flake8\b|hook flake8$|pflake8\b",
        ("flake8", "pyproject-flake8"),
        r"\.flake8",
        ("flake8", "tool.flake8"),
    ),
    Tool(
        "pylint",
        "linters",
        "python",
        r"pylint\b|hook pylint$",
        ("pylint",),
        r"\.?pylintrc|pylintrc\.toml",
        ("tool.pylint", "pylint"),
    ),
    Tool(
        "pycodestyle",
        "linters",
        "python",
        r"pycodestyle\b",
        ("pycodestyle",),
        "",
    ),
    Tool(
        "pydocstyle",
        "linters",
        "python",
        r"pydocstyle\b|hook pydocstyle$",
        (),
        r"\.pydocstyle",
    ),
    Tool(
        "black",
        "formatters",
        "python",
        r"black +\S|hook black(-jupyter)?$|uses psf/black",
        ("black",),
        "",
        ("tool.black",),
    ),
    Tool(
        "isort",
        "formatters",
        "python",
        r"isort\b|hook isort$|uses isort/isort-action",
        ("isort",),
        r"\.isort\.cfg",
        ("tool.isort", "isort"),
    ),
    Tool(
        "yapf",
        "formatters",
        "python",
        r"yapf\b|hook yapf$",
        ("yapf",),
        r"\.style\.yapf",
        ("tool.yapf", "yapf"),
    ),
    Tool("autopep8", "formatters", "python", r"autopep8\b|hook autopep8$", ("autopep8",)),
    Tool(
        "mypy",
        "type_checkers",
        "python",
        r"(d?mypy)\b|hook mypy$",
        ("mypy",),
        r"\.?mypy\.ini",
        ("tool.mypy", "mypy"),
    ),
    Tool(
        "pyright",
        "type_checkers",
        "python",
        r"pyright\b|hook pyright$|uses jakebailey/pyright-action",
        ("pyright",),
        r"pyrightconfig\.json",
        ("tool.pyright",),
    ),
    Tool(
        "basedpyright",
        "type_checkers",
        "python",
        r"basedpyright\b|hook basedpyright",
        ("basedpyright",),
        "",
        ("tool.basedpyright",),
    ),
    Tool(
        "pyrefly",
        "type_checkers",
        "python",
        r"pyrefly +\S|hook pyrefly",
        ("pyrefly",),
        r"pyrefly\.toml",
        ("tool.pyrefly",),
    ),
    Tool(
        "ty", "type_checkers", "python", r"ty +check\b|hook ty(-check)?$", ("ty",), r"ty\.toml", ("tool.ty",)
    ),
    Tool(
        "pytype",
        "type_checkers",
        "python",
        r"pytype\b|hook pytype$",
        ("pytype",),
        r"pytype\.(cfg|toml)",
        ("tool.pytype", "pytype"),
    ),
    Tool("pyre", "type_checkers", "python", r"pyre +check\b", ("pyre-check",), r"\.pyre_configuration"),
    Tool(
        "coverage",
        "coverage_tools",
        "python",
        r"coverage3? +(run|report|xml|combine|html)\b",
        ("coverage",),
        r"\.coveragerc(\.toml)?",
        ("tool.coverage", "coverage:run", "coverage:report"),
    ),
    Tool("pytest-cov", "coverage_tools", "python", r"pytest\b.* --cov\b", ("pytest-cov",)),
)

NODE = (
    Tool(
        "vitest",
        "test_runners",
        "node",
        r"vitest\b|vite +test\b",
        ("vitest",),
        r"vitest\.(config|workspace)\.[cm]?[jt]s",
    ),
    Tool(
        "jest",
        "test_runners",
        "node",
        r"(jest|ts-jest|jest-cli)\b|react-scripts +test\b|craco +test\b|vue-cli-service +test:unit\b",
        ("jest", "jest-cli", "@angular-builders/jest", "jest-preset-angular", "@jest/core"),
        r"jest\.config\.([cm]?[jt]s|json)",
        ("jest",),
    ),
    Tool(
        "mocha",
        "test_runners",
        "node",
        r"_?mocha\b(?!-)|electron-mocha\b|mochapack\b",
        ("mocha",),
        r"\.mocharc\.([cm]?js|json|jsonc|ya?ml)|mocha\.opts",
        ("mocha",),
    ),
    Tool("ava", "test_runners", "node", r"ava\b(?!-)", ("ava",), r"ava\.config\.[cm]?js", ("ava",)),
    Tool("tap", "test_runners", "node", r"tap\b(?!-)", ("tap",), r"\.taprc", ("tap",)),
    Tool("tape", "test_runners", "node", r"tape\b", ("tape",)),
    Tool(
        "node-test",
        "test_runners",
        "node",
        r"(node|tsx|ts-node|c8|glob)\b.* --test(?![\w-])|--test(?![\w-])|borp\b",
        ("borp",),
        r"\.borp\.ya?ml",
    ),
    Tool("jasmine", "test_runners", "node", r"jasmine\b(?!-)", ("jasmine",), r"jasmine\.(json|m?js)"),
    Tool("karma", "test_runners", "node", r"karma +start\b", ("karma",), r"karma\.conf\.[cm]?[jt]s"),
    Tool("qunit", "test_runners", "node", r"qunit\b|ember +test\b", ("qunit",)),
    Tool("uvu", "test_runners", "node", r"uvu\b", ("uvu",)),
    Tool(
        "web-test-runner",
        "test_runners",
        "node",
        r"(wtr|web-test-runner)\b",
        ("@web/test-runner",),
        r"web-test-runner\.config\.[cm]?js",
    ),
    Tool(
        "playwright",
        "test_runners",
        "node",
        r"playwright +test\b",
        ("@playwright/test",),
        r"playwright([.-][\w.-]+)?\.config\.[cm]?[jt]s|playwright\.config\.[cm]?[jt]s",
    ),
    Tool(
        "cypress",
        "test_runners",
        "node",
        r"cypress +(run|open)\b|uses cypress-io/github-action",
        ("cypress",),
        r"cypress\.(config\.[cm]?[jt]s|json)",
    ),
    Tool("testcafe", "test_runners", "node", r"testcafe\b", ("testcafe",)),
    Tool("webdriverio", "test_runners", "node", r"wdio\b", ("@wdio/cli",), r"wdio\.conf\.[cm]?[jt]s"),
    Tool("bun-test", "test_runners", "node", r"bun +(--[\w=.-]+ +)*test(?![:\w-])"),
    Tool("deno-test", "test_runners", "node", r"deno +test\b"),
    Tool(
        "eslint",
        "linters",
        "node",
        r"eslint\b(?!-)|hook eslint$|next +lint\b|vue-cli-service +lint\b",
        ("eslint",),
        r"\.eslintrc(\.([cm]?js|json|ya?ml))?|eslint\.config\.[cm]?[jt]s",
        ("eslintConfig",),
    ),
    Tool(
        "biome",
        "linters",
        "node",
        r"biome +(lint|check|ci)\b|hook biome-(check|lint|ci)|uses biomejs/",
        ("@biomejs/biome",),
        r"\.?biome\.jsonc?",
    ),
    Tool(
        "biome",
        "formatters",
        "node",
        r"biome +(format|check|ci)\b|hook biome-(format|check|ci)",
        ("@biomejs/biome",),
        r"\.?biome\.jsonc?",
    ),
    Tool(
        "oxlint",
        "linters",
        "node",
        r"oxlint\b|hook oxlint",
        ("oxlint",),
        r"\.?oxlintrc\.jsonc?|oxlint\.config\.[cm]?[jt]s",
    ),
    Tool("oxfmt", "formatters", "node", r"oxfmt\b", ("oxfmt",), r"\.?oxfmtrc\.jsonc?"),
    Tool("xo", "linters", "node", r"xo\b(?!-)", ("xo",), r"xo\.config\.[cm]?[jt]s", ("xo",)),
    Tool(
        "standard",
        "linters",
        "node",
        r"(ts-)?standard\b(?!-)",
        ("standard", "ts-standard"),
        "",
        ("standard",),
    ),
    Tool("tslint", "linters", "node", r"tslint\b", ("tslint",)),
    Tool("jshint", "linters", "node", r"jshint\b", ("jshint",)),
    Tool(
        "stylelint",
        "linters",
        "node",
        r"stylelint\b|hook stylelint$",
        ("stylelint",),
        r"\.stylelintrc(\..+)?|stylelint\.config\.[cm]?js",
        ("stylelint",),
    ),
    Tool(
        "prettier",
        "formatters",
        "node",
        r"prettier(d)?\b(?!-)|pretty-quick\b|hook prettier$",
        ("prettier",),
        r"\.prettierrc(\.([cm]?[jt]s|json5?|ya?ml|toml))?|prettier\.config\.[cm]?[jt]s",
        ("prettier",),
    ),
    Tool(
        "dprint",
        "formatters",
        "node",
        r"dprint +(check|fmt)\b|hook dprint|uses dprint/check",
        ("dprint",),
        r"\.?dprint\.jsonc?",
    ),
    Tool(
        "tsc",
        "type_checkers",
        "node",
        r"(tsc|tsgo|vue-tsc|vue-tsgo|svelte-check|astro +check|tspc|ttsc|glint|tsc-files)\b(?!-)",
        ("vue-tsc", "svelte-check"),
    ),
    Tool(
        "flow",
        "type_checkers",
        "node",
        r"flow(-bin)? +(check|status|focus-check)|flow$",
        ("flow-bin",),
        r"\.flowconfig",
    ),
    Tool("dtslint", "type_checkers", "node", r"dtslint\b", ("dtslint", "@definitelytyped/dtslint")),
    Tool("tsd", "type_checkers", "node", r"tsd\b(?!-)", ("tsd",), "", ("tsd",)),
    Tool("tstyche", "type_checkers", "node", r"tstyche\b", ("tstyche",), r"tstyche\.(config\.)?json"),
    Tool("c8", "coverage_tools", "node", r"c8\b", ("c8",), r"\.c8rc(\.json)?", ("c8",)),
    Tool("nyc", "coverage_tools", "node", r"nyc\b", ("nyc",), r"\.nycrc(\..+)?", ("nyc",)),
    Tool("istanbul", "coverage_tools", "node", r"istanbul\b", ("@vitest/coverage-istanbul",)),
    Tool("vitest-coverage", "coverage_tools", "node", r"vitest\b.* --coverage\b", ("@vitest/coverage-v8",)),
    Tool("jest-coverage", "coverage_tools", "node", r"jest\b.* --coverage\b"),
)

GO = (
    Tool(
        "golangci-lint",
        "linters",
        "go",
        r"golangci-lint\b(?! +(version|cache|linters|--version))|uses golangci/golangci-lint-action|hook golangci-lint",
        (),
        r"\.golangci\.(ya?ml|toml|json)",
    ),
    Tool("staticcheck", "linters", "go", r"staticcheck\b|uses dominikh/staticcheck-action"),
    Tool("revive", "linters", "go", r"revive\b|uses morphy2k/revive-action", (), r"revive\.toml"),
    Tool("golint", "linters", "go", r"golint\b"),
    Tool("go-vet", "linters", "go", r"go +vet\b|hook go-vet"),
    Tool("gofmt", "formatters", "go", r"gofmt\b|go +fmt\b|hook go-fmt"),
    Tool("gofumpt", "formatters", "go", r"gofumpt\b"),
    Tool("goimports", "formatters", "go", r"goimports\b|hook go-imports"),
    Tool("go-cover", "coverage_tools", "go", r"go +test\b.* -cover"),
)

RUST = (
    Tool(
        "cargo-test",
        "test_runners",
        "rust",
        r"(cargo|cross)(?! .*\b(miri|nextest)\b)( +\S+)* +(test|t)\b(?!-)",
    ),
    Tool("nextest", "test_runners", "rust", r"cargo( +\S+)* +nextest\b", (), r"nextest\.toml"),
    Tool("miri", "test_runners", "rust", r"cargo( +\S+)* +miri +(test|nextest|run|t)\b"),
    Tool(
        "clippy",
        "linters",
        "rust",
        r"cargo( +\S+)* +clippy\b(?! +--version)|uses (actions-rs/clippy|giraffate/clippy)|hook (clippy|cargo-clippy)$",
        (),
        r"\.?clippy\.toml",
    ),
    Tool(
        "rustfmt",
        "formatters",
        "rust",
        r"cargo( +\S+)* +fmt\b(?! +--version)|rustfmt\b(?! +--version)|hook (fmt|cargo-fmt|rustfmt)$"
        r"|uses (actions-rust-lang/rustfmt|mbrobbel/rustfmt-check)",
        (),
        r"\.?rustfmt\.toml",
    ),
    Tool("cargo-llvm-cov", "coverage_tools", "rust", r"cargo( +\S+)* +llvm-cov\b"),
    Tool("tarpaulin", "coverage_tools", "rust", r"cargo( +\S+)* +tarpaulin\b", (), r"\.?tarpaulin\.toml"),
    Tool("grcov", "coverage_tools", "rust", r"grcov\b"),
)

ALL = (*PYTHON, *NODE, *GO, *RUST)

# A line without one of these words starts none of the tools; most lines of a repository fail this one test.
MENTIONS = re.compile(
    r"pytest|py\.test|unittest|manage\.py|runtests|stestr|zope-testrunner|nose|behave|setup\.py|ruff|flake8|pylint"
    r"|pycodestyle|pydocstyle|black|isort|yapf|autopep8|mypy|pyright|pyrefly|\bty\b|pytype|pyre|coverage|tox|nox"
    r"|vitest|vite|jest|react-scripts|craco|vue-cli|mocha|\bava\b|\btap\b|tape|--test|borp|jasmine|karma|qunit|ember|uvu"
    r"|wtr|web-test-runner|playwright|cypress|testcafe|wdio|\bbun\b|deno|eslint|next lint|biome|oxlint|oxfmt|\bxo\b"
    r"|standard|tslint|jshint|stylelint|prettier|dprint|\btsc\b|tsgo|vue-tsc|svelte-check|astro check|flow|dtslint|tsd"
    r"|tstyche|\bc8\b|nyc|istanbul|ginkgo|gotestsum|golangci|GOLANGCI|staticcheck|revive|golint|go vet|gofmt|go fmt"
    r"|gofumpt|goimports|go test|cargo|cross|rustfmt|clippy|grcov|tarpaulin"
    r"|uv |poetry|hatch|pdm|pixi|pnpm|yarn|npm|pre-commit|prek|pip "
)
