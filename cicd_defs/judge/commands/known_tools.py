"""Programs whose purpose is known by their command line: one pattern a line, by kind, the first kind that fits counts.

A pattern is compared with a command without its wrappers (`uv run python -m pytest -q` is `pytest -q`), from its
beginning; no letter, digit, dot or dash may follow. The tools' own manuals are where the options come from.
A pattern is compiled when a command is met that begins as it does.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from cicd_defs.facts.beginnings import beginnings
from cicd_defs.plan.kinds import StepKind

_OPTIONS = (
    r"(?: (?:-\S+(?: (?!run\b)[./@]\S+)?"
    r"|--prefix \S+|--dir \S+|-C \S+|-F \S+|--filter \S+|workspace \S+|workspaces(?: foreach)?))*"
)
_SCRIPT = (
    rf"(?:(?:npm|pnpm|yarn|bun|deno|composer){_OPTIONS} (?:run|run-script|task){_OPTIONS}"
    rf"|(?:pnpm|yarn|bun|composer){_OPTIONS}(?! (?:ci|link|unlink|init|pack|publish|version|docs|dedupe|audit"
    rf"|why|list)(?:\s|$))"
    r"|(?:turbo|nx|lerna|wireit|lage|moon|ultra|wsrun)(?: (?:run|run-many|affected|exec|-t|--target|--targets"
    r"|-(?!t\b)\S+))*(?: --targets?=(?=\w)| )?)"
)
_TASK = (
    r"(?:make|gmake|mingw32-make|just|task|go-task|invoke|inv|rake|doit|mage|earthly|bazel|poe|pixi run|rye run"
    r"|moon run"
    r"|duty|nox -s|thx|cargo make|cargo xtask|hatch run|pdm run|mise run|mise)(?: (?:-\S+|\S+=\S*|-C \S+))*"
)
_ENV = r"(?:tox|nox)(?: (?!-e\b|-s\b|--session)\S+)* (?:-e|-s|--session|--sessions)[ =]?"
_PREFIX = (
    r"(?:(?!(?:build|install|setup|clean|prepare|generate|gen|deploy|publish|release|docs?|update|start|serve"
    r"|watch|bench"
    r"|bootstrap|init|fetch|pull|push|stop|down|up|create|delete)[:/_-])[A-Za-z0-9.]+[:/_-])*"
)
_NO_CHECK = (
    r"(?![\w.:/-]*[-_:.](?:deps?|dependencies|setup|install|clean|watch|env|data|images?|server|db|requirements"
    r"|build|init"
    r"|prepare|teardown|stop|start|down|up|publish)\b)"
)
_END = r"(?![\w.-])"


class Named(NamedTuple):
    """A script, a task or an environment that is called so: `npm run lint:js`, `make ci-lint`, `tox -e lint`."""

    words: str

    @property
    def pattern(self) -> str:
        """The whole as a regular expression."""
        called = rf"{_PREFIX}(?:{self.words})(?:[:/._-][\w.:-]*)?(?=[\s,]|$)"
        task = rf"(?:{_SCRIPT}|{_TASK})(?: |(?<==)){_NO_CHECK}{called}"
        return rf"{task}|{_ENV}(?:[\w.{{}}-]*[-_,])?(?:{self.words})(?![A-Za-z])"


def script_file(words: str) -> str:
    """A script of the repository that is called so: `run_tests.sh`."""
    return (
        r"(?:python\S* \S*?|node \S*?|ruby \S*?|pwsh \S*?)?"
        rf"(?:run[-_])?(?:{words})(?:[-_]\w+)?\.(?:sh|bash|py|js|mjs|rb|ps1)"
    )


_NPM = r"(?:npm|pnpm|yarn|bun)(?: (?:-\S+|--prefix \S+|--dir \S+|-C \S+|--filter \S+|-F \S+|workspace \S+))*"
_CARGO = r"cargo(?: (?:\+\S+|-\S+))*"
_MAVEN = r"(?:mvnw?|mvnd|mvn\.cmd|mvnw\.cmd)\b(?!.* -D(?:skipTests|maven\.test\.skip)(?!=false))"
_GRADLE = r"gradlew?(?:\.bat)?"
_NO_RUN = r"(?!.* (?:--version|--help|--list|--listenvs|--collect-only|--co|--fixtures|--markers)\b)"
_OF_NO_TEST = (
    r"(?!.* (?:-e|-s|--session|--sessions)[ =]?\S*"
    r"(?:docs?|build|release|deploy|publish|bump|changelog|dev|package|clean|report|man|generate\w*|update\S*"
    r"|zipapp)\b)"
)

SCAN = (
    r"bandit",
    r"safety (?:--\S+ )*(?:check|scan)",
    r"pip-audit",
    r"detect-secrets(?:-hook| scan| audit)?",
    r"gitleaks",
    r"trufflehog3?",
    r"git[- ]secrets",
    r"trivy(?! (?:plugin|version|clean|--version|server))",
    r"grype(?! (?:db|version))",
    r"snyk (?:test|code|container|iac)",
    r"semgrep(?! (?:login|--version))",
    r"opengrep",
    r"osv-scanner",
    r"checkov",
    r"tfsec",
    r"terrascan scan",
    r"kics scan",
    r"govulncheck",
    r"gosec",
    r"nancy",
    rf"{_CARGO} (?:audit|deny|vet|geiger)",
    r"cargo-(?:audit|deny|vet)",
    rf"{_NPM}(?: npm)? audit(?! (?:fix|signatures))",
    r"(?:npm|pnpm|yarn|bun)(?: -\S+)* audit signatures",
    r"(?:improved-yarn-audit|better-npm-audit|audit-ci|auditjs|yarn-audit-fix)",
    r"zizmor",
    r"poutine",
    r"kubesec",
    r"kube-(?:linter|score|bench|hunter)",
    r"polaris audit",
    r"bundle[r-]? ?(?:exec )?(?:bundle-)?audit",
    r"brakeman",
    r"composer audit",
    r"mix (?:deps\.audit|hex\.audit|sobelow)",
    r"dotnet list\b.* --vulnerable",
    r"docker scout",
    r"dockle",
    r"clair-scanner",
    r"retire",
    r"codeql database analyze",
    r"spotbugs",
    r"dependency-check(?:\.sh)?",
    rf"{_MAVEN}.*dependency-check",
    rf"{_GRADLE}\b.* \S*dependencyCheck\w*",
    r"reuse lint",
    r"(?:license-checker|license_finder|licensecheck|pip-licenses|licensed status|fossa test)",
    r"scorecard",
    r"whispers",
    r"ggshield",
    r"talisman",
    r"hawkeye scan",
    r"horusec start",
    r"njsscan",
    r"syft scan",
    r"zap-(?:baseline|full-scan|api-scan)(?:\.py)?",
    r"nuclei",
    r"conftest (?:test|verify)",
    r"opa (?:test|check)",
    script_file(r"(?:security|audit|scan)(?:[-_](?:check|scan))?"),
    Named(r"security|scan|audit|vuln\w*|bandit|safety|pip-audit|trivy|semgrep|licenses?-check"),
)
TYPECHECK = (
    r"mypy(?! --version)",
    r"dmypy (?:run|check)",
    r"stubtest",
    r"mypy\.stubtest",
    r"pyright",
    r"basedpyright",
    r"pyre(?:fly)? check",
    r"pytype",
    r"ty check",
    r"beartype",
    r"(?:tsc|tsgo)\b(?!.* --(?:version|init))",
    r"vue-tsc",
    r"svelte-check",
    r"astro check",
    r"attw",
    r"flow (?:check|status|ci)",
    r"tsd",
    r"tstyche",
    r"deno check",
    rf"{_CARGO} (?:hack\b.* )?check(?! --version)",
    r"psalm",
    r"phpstan",
    r"srb tc",
    r"steep check",
    r"sorbet",
    r"dialyzer",
    r"mix dialyzer",
    script_file(r"type[-_]?check|mypy|tsc"),
    Named(
        r"type-?_?checks?|types?|typing|tsc|mypy|pyright|check-types|ts-check|stubtest|ty|tsd|phpstan|psalm"
    ),
)
FORMAT = (
    r"black\b.* (?:--check|--diff)",
    r"ruff format\b.* (?:--check|--diff)",
    r"isort\b.* (?:--check|-c|--check-only|--diff)",
    r"autoflake\b.* (?:--check|-c|--check-diff|-cd)",
    r"docformatter\b.* (?:--check|-c)",
    r"pyupgrade",
    r"prettier\b.* (?:--check|-c|-l|--list-different)",
    r"prettierd\b.* --check",
    rf"{_CARGO} fmt\b.* --check",
    r"rustfmt\b.* --check",
    r"gofmt\b.* -[sldw]*[ld][sldw]*",
    r"(?:gofumpt|goimports|gci)\b.* (?:-[ld]|diff)",
    r"yapf\b.* (?:-d|--diff|-q|--quiet)",
    r"biome (?:ci|format)",
    r"dprint check",
    r"oxfmt\b.* --check",
    r"deno fmt\b.* --check",
    r"clang-format\b.* (?:--dry-run|-n|--Werror|-Werror)",
    r"(?:terraform|tofu) fmt\b.* -check",
    r"terragrunt hclfmt\b.* --terragrunt-check",
    r"packer fmt\b.* -check",
    r"nixfmt\b.* --check",
    r"alejandra\b.* (?:-c|--check)",
    r"shfmt\b.* (?:-d|--diff|-l)",
    r"taplo (?:fmt|format)\b.* --check",
    r"stylua\b.* --check",
    r"mdformat\b.* --check",
    r"ktfmt\b.* --dry-run",
    r"google-java-format\b.* --(?:dry-run|set-exit-if-changed)",
    r"dart format\b.* --set-exit-if-changed",
    r"mix format\b.* --check-formatted",
    r"dotnet format\b.* --verify-no-changes",
    r"(?:csharpier|dotnet csharpier)\b.* (?:--check|check)",
    r"swiftformat\b.* --lint",
    r"buf format\b.* --exit-code",
    r"php-cs-fixer\b.* --dry-run",
    r"pint\b.* --test",
    r"scalafmt\b.* (?:--check|--test|--list)",
    r"cmake-format\b.* --check",
    r"eclint check",
    r"editorconfig-checker",
    r"ec",
    r"pyproject-fmt\b.* --check",
    rf"{_GRADLE}\b.* \S*(?:spotlessCheck|ktlintCheck|ktfmtCheck|verifyGoogleJavaFormat)",
    rf"{_MAVEN}.*(?:spotless|fmt|formatter):(?:check|validate)",
    script_file(r"(?:format|fmt)[-_]check|check[-_](?:format\w*|fmt)"),
    Named(
        r"format[-:_]check|fmt[-:_]check|check[-:_]format\w*|check[-:_]fmt|prettier[-:_]check|prettier[-:_]ci"
        r"|black|isort"
    ),
)
LINT = (
    r"ruff(?: check)?(?! (?:format|clean|version|--version|rule|config|linter|server|analyze|help))",
    r"(?:flake8|pflake8|flakehell lint|flakeheaven lint)",
    r"pylint",
    r"pyflakes",
    r"pycodestyle",
    r"pydocstyle",
    r"prospector",
    r"vulture",
    r"radon",
    r"xenon",
    r"deptry",
    r"fawltydeps",
    r"interrogate",
    r"pydoclint",
    r"slotscheck",
    r"sp-repo-review|repo-review",
    r"validate-pyproject",
    r"eslint(?:_d)?(?! --(?:version|init|print-config))",
    r"(?:oxlint|tslint|jshint|jscs|jslint|quick-lint-js)",
    r"biome (?:lint|check)",
    r"deno lint",
    r"stylelint",
    r"htmlhint|htmltest|html-validate|html-proofer|htmlproofer",
    r"markdownlint(?:-cli2?)?|mdl|remark\b.* (?:--frail|-f)|rumdl|pymarkdown\b.* scan|textlint|alex|write-good",
    r"(?:golangci-lint|golangci-lint-v2)\b.*? run",
    r"go vet",
    r"go mod (?:verify|tidy\b.* -diff)",
    r"(?:staticcheck|revive|errcheck|golint|ineffassign|misspell|unparam|nilaway)",
    rf"{_CARGO} (?:hack\b.* )?clippy",
    rf"{_CARGO} (?:machete|udeps|shear|semver-checks|public-api|msrv verify|sort\b.* --check|spellcheck"
    rf"|rdme\b.* --check)",
    r"hadolint|dockerfilelint|dockerlint",
    r"(?:shellcheck|checkbashisms|bashate)",
    r"yamllint|yamale|kyaml",
    r"(?:actionlint|ghalint|action-validator|pinact\b.* --check)",
    r"check-jsonschema|jsonlint|ajv validate",
    r"ansible-lint|molecule (?:lint|syntax)",
    r"(?:pre-commit|prek)(?: -\S+)* run",
    r"lefthook run",
    r"lint-staged",
    r"(?:codespell|typos|typos-cli|cspell|aspell|pyspelling|spellchecker|scspell)",
    r"commitlint|gitlint|cz check|committed|conform enforce|cog check",
    r"(?:rubocop|standardrb|reek|erblint|haml-lint|slim-lint)",
    r"(?:ktlint|detekt)",
    r"checkstyle|pmd check|error-prone",
    r"(?:phpcs|phpmd|phan|phplint|php-parallel-lint|parallel-lint|rector\b.* --dry-run)",
    r"composer (?:validate|normalize\b.* --dry-run)",
    r"(?:swiftlint|swift-format lint)",
    r"(?:credo|mix credo|mix xref|mix compile\b.* --warnings-as-errors)",
    r"(?:hlint|stan|luacheck|selene|perlcritic|lintr|cppcheck|clang-tidy|run-clang-tidy(?:\.py)?|cpplint"
    r"|iwyu_tool\S*)",
    r"(?:cmake-lint|gersemi\b.* --check|vint|slither|solhint|forge lint|buildifier\b.* (?:-mode|--mode|-lint"
    r"|--lint)\S*)",
    r"helm lint|ct lint|chart-testing lint|helm-docs\b.* --dry-run",
    r"kubeconform|kubeval|kustomize build\b.*\| ?kubeconform|datree test|pluto detect\S*|kubectl\b.* --dry-run",
    r"(?:terraform|tofu) (?:-\S+ )*validate|tflint|terragrunt (?:run-all )?validate|packer validate",
    r"(?:cfn-lint|cfn_nag\w*|cdk-nag|sam validate|aws cloudformation validate-template)",
    r"buf (?:lint|breaking)|protolint|prototool lint|spectral lint|redocly lint|vacuum lint|openapi\S* validate\S*",
    r"sqlfluff (?:lint|parse)|squawk|djlint|curlylint|sqlcheck",
    r"xo|standard|ts-standard|semistandard|next lint|ng lint|vue-cli-service lint|react-scripts lint|nuxi lint",
    r"(?:import-linter|lint-imports|tach check|grimp)",
    r"(?:lychee|linkchecker|linkcheck|markdown-link-check|muffet|linkinator|broken-link-checker|blc|awesome_bot)",
    r"(?:vale|proselint|doc8|rstcheck|rst-lint|sphinx-lint|restructuredtext-lint|pydocstringformatter)",
    r"(?:knip|publint|depcheck|unimported|ts-prune|madge\b.* --circular|dependency-cruiser|depcruise|size-limit"
    r"|bundlesize)",
    r"(?:npm-package-json-lint|npmPkgJsonLint|sort-package-json\b.* --check|syncpack (?:lint|list-mismatches)"
    r"|manypkg check)",
    r"sherif|ls-lint|lockfile-lint|es-check|are-the-types-wrong|jsr publish\b.* --dry-run|api-extractor run",
    r"twine check",
    r"(?:check-manifest|check-wheel-contents|pyroma|abi3audit|validate-pyproject|build-and-inspect"
    r"|auditwheel show)",
    r"(?:pip|uv pip|poetry) check|poetry (?:lock --check|check)|uv lock\b.* --(?:check|locked)|pdm lock --check",
    r"python\S* (?:-\S+ )*setup\.py check|compileall",
    r"nbqa|nbstripout\b.* --verify|jupyter nbconvert\b.* --execute",
    r"(?:dotenv-linter|addlicense\b.* -check|license-eye header check|skywalking-eyes|gomodguard|depguard|arch-go)",
    r"dart analyze|flutter analyze|pana",
    rf"{_GRADLE}\b.* \S*(?:lint\w*|checkstyle\w*|detekt\w*|pmd\w*|spotbugs\w*|apiCheck|japicmp|javadoc)",
    rf"{_MAVEN}.*(?:checkstyle|pmd|spotbugs|enforcer|animal-sniffer|license):(?:check|enforce|check-file-header)",
    script_file(r"lint\w*|check[-_]?style|style|ruff|flake8|eslint|shellcheck"),
    Named(
        r"lints?|linters?|linting|eslint|ruff|flake8|pylint|clippy|style|styles|stylecheck|codestyle"
        r"|check-style|check-lint"
        r"|lint-check|pre-?commit|vet|golangci(?:-lint)?|shellcheck|codespell|spell(?:ing|check)?|rubocop"
        r"|checkstyle|stylelint"
        r"|quality|code-?quality|static(?:-?analysis)?|analy[sz]e|knip|cspell|hadolint|yamllint|links?"
        r"|check-links|linkcheck"
        r"|oxlint|biome|publint|sherif|docs-lint|manifest|check-manifest|pkg-lint"
    ),
)
E2E = (
    r"playwright test",
    r"cypress run",
    r"wdio",
    r"testcafe",
    r"detox test",
    r"nightwatch",
    r"codeceptjs run",
    r"protractor",
    r"maestro test",
    r"ng e2e",
    r"robot\b(?! )",
    r"start-server-and-test",
    r"lhci (?:autorun|assert)|lighthouse-ci|pa11y(?:-ci)?|axe\b.* --exit|backstop test|percy exec|chromatic",
    r"k6 run|artillery run|locust\b.* --headless|newman run|hurl\b.* --test|dredd|schemathesis|st run|karate"
    r"|tavern-ci",
    script_file(r"e2e(?:[-_]tests?)?|end[-_]to[-_]end"),
    Named(r"e2e|test-e2e|e2e-test\w*|end-to-end|playwright|cypress|smoke(?:-?tests?)?|acceptance\w*"),
)
TEST = (
    rf"pytest{_NO_RUN}",
    r"py\.test",
    r"unittest",
    r"(?:nose2|nosetests|green|ward|zope-testrunner|slipcover|testslide)",
    r"(?:stestr|ostestr|testr) run",
    r"(?:coverage run -m )?(?:pytest|unittest)",
    r"(?:python\S* )?\S*manage\.py test",
    r"django-admin test",
    r"python\S* (?:-\S+ )*(?:\S*/)?(?:setup\.py test|runtests\.py|run_tests?\.py|test\.py|-m test)",
    r"behave|lettuce|radish|robot \S|pabot|doctest|pytest-xdist|mutmut run|cosmic-ray",
    rf"tox\b{_NO_RUN}(?!.* (?:-l|-a|--notest|devenv|exec|config)\b){_OF_NO_TEST}",
    rf"nox\b{_NO_RUN}(?!.* (?:-l|--install-only)\b){_OF_NO_TEST}",
    r"trial \S",
    r"hatch (?:-\S+ )*test",
    r"(?:jest|react-scripts test|craco test|vue-cli-service test\S*)(?!.* --(?:version|listTests|clearCache))",
    r"vitest(?! --version| list)",
    r"(?:mocha|_mocha|cypress-mocha|ava|tape|uvu|jasmine|lab|qunit|mochapack|borp|poku|node-tap|zunit|brittle"
    r"|vest)",
    r"tap(?! )|tap run|tap \S+\.\w?[jt]s",
    r"karma (?:start|run)|ng test|web-test-runner|wtr|stryker run|size-limit",
    r"node (?:--\S+ )*--test|node --test|tsx (?:--\S+ )*--test",
    r"deno test",
    r"bun (?:run )?test",
    r"(?:c8|nyc) \S",
    rf"{_NPM} (?:run |run-script )?(?:test|t|tst|cit|it)(?! (?:version)\b)",
    r"(?:npm|pnpm|yarn)(?: -\S+)* run-?s? test\S*",
    r"(?:npm|pnpm|yarn) (?:install-test|install-ci-test)",
    r"(?:turbo|nx|lerna)(?: (?:run|run-many|affected|-\S+))* (?:-t |--target[= ]|--targets[= ])?\S*test\S*",
    r"go test(?!.* -run[ =]['\"]?\^?\$)",
    r"gotestsum|richgo test|gotest|ginkgo|gocheck",
    rf"{_CARGO} (?:hack\b.* )?(?:test|t|nextest run|llvm-cov|tarpaulin|miri test|mutants|careful test"
    rf"|bench\b.* --test)"
    r"(?!.* --no-run)(?! (?:show-env|report|clean))",
    r"(?:cross|wasm-pack|cargo-nextest|trybuild)(?: \+\S+| -\S+)* (?:test|nextest run)",
    rf"{_MAVEN}.* (?:\S+:)?(?:test|verify|install|integration-test|surefire:test|failsafe:\S+|deploy)",
    rf"{_GRADLE}\b(?!.* (?:-x|--exclude-task)[ =]:?(?:test|check))(?:.* |\s)\S*(?:[tT]est(?!Matrix|Classes)\w*"
    rf"|check|build|checkAll)",
    r"Invoke-Pester|dotnet (?:test|vstest)|vstest\.console\.exe|xunit\.console\S*|nunit3-console",
    r"(?:phpunit|pest|paratest|codecept run|behat|phpspec run|infection|simple-phpunit|kahlan|atoum)",
    r"php (?:artisan test|vendor/bin/(?:phpunit|pest|codecept|behat)|bin/phpunit)",
    r"(?:rspec|minitest|cucumber|cucumber-js|rails test\S*|bin/rails test|rake (?:test|spec)|parallel_(?:test"
    r"|rspec))",
    r"ruby (?:-I\S+ )+\S*test\S*",
    r"(?:ctest|meson test|ninja test|catch2|gtest\S*)(?! --show-only)",
    r"(?:bats|shunit2|shellspec|roundup|bash_unit|cram|prysk|lit|shelltest|terratest|goss validate|dgoss run"
    r"|cst test)",
    r"container-structure-test test|inspec exec|kitchen (?:test|verify)|molecule (?:test|verify|converge)"
    r"|testinfra",
    r"helm (?:unittest|test)|chainsaw test|kuttl test|kubectl kuttl test|ct (?:install|lint-and-install)",
    r"(?:sbt|sbtn|sbt-client)\b.* ['\"]?(?:\S*[/:; ])?\+?(?:\w*[tT]est(?:Only|Quick)?|scripted)|mill\b.*\.test"
    r"|scala-cli test",
    r"(?:swift|mix|flutter|dart|zig build|zig|lein|clj -[XM]\S*|stack|cabal|dune|opam exec -- dune|forge|anchor"
    r"|crystal"
    r"|spago|elm-test|gleam|v|nim|raku|prove|julia|shards|melos run) (?:-\S+ )*(?:test|runtest|eunit|spec)",
    r"(?:elm-test|prove|busted|xcodebuild\b.* test|fastlane (?:test|scan)|rebar3 (?:eunit|ct|proper)|make_test"
    r"|hardhat test)",
    r"truffle test|brownie test|ape test|nimble test|alr test|kaocha|lein midje|xctool test|espresso|bazel"
    r"(?:isk)? (?:-\S+ )*test"
    r"|bazel(?:isk)? (?:-\S+ )*coverage|buck2? test|pants(?: -\S+)* (?:test|lint|check)|please test|plz test",
    r"(?:terraform|tofu|promtool|amtool|vault|dagger|dbt|sqlmesh|tsqllint|dbt build|earthly) (?:-\S+ )*(?:test"
    r"|check)",
    r"great_expectations checkpoint run|soda scan|asv check|docker[- ]compose\b.* (?:run|exec)\b.* (?:tests?|sut)",
    r"test-?(?:runner|suite)|runtests|run[-_]?tests?",
    r"coverage (?:report|lcov|xml)\b.* --fail-under\S*|diff-cover|diff-quality|codecov-validate"
    r"|nyc check-coverage|c8 check-coverage",
    script_file(r"tests?(?:[-_]suite)?|unit[-_]?tests?|runtests|integration(?:[-_]tests?)?"),
    Named(
        r"tests?|testing|unit|units|unittests?|unit-?tests?|check|checks|check-?all|spec|specs|coverage|cover"
        r"|integration|verify"
        r"|py\d*|pypy\d*|pytest|jest|vitest|mocha|doctests?|ci|validate|ci-test|testall|all-tests|race"
        r"|regression|functional"
    ),
)
DEPLOY = (
    r"kubectl (?:-\S+ \S+ )*(?:apply|replace|set image|rollout restart|create|patch)(?!.*--dry-run)",
    r"oc (?:-\S+ \S+ )*(?:apply|rollout|start-build)",
    r"helm (?:-\S+ \S+ )*(?:upgrade|install)(?!.*--dry-run)",
    r"helmfile (?:-\S+ )*(?:apply|sync)",
    r"skaffold (?:run|deploy)",
    r"(?:terraform|tofu|terragrunt) (?:-\S+ |run-all )*apply",
    r"pulumi (?:-\S+ )*up",
    r"(?:cdk|sam|serverless|sls|flyctl|fly|netlify|firebase|copilot|amplify|sst|chalice|zappa|apex|up|kamal|eb"
    r"|nixops) deploy",
    r"vercel\b.* --prod",
    r"vercel deploy",
    r"wrangler (?:pages )?(?:deploy|publish)",
    r"heroku (?:container:release|deploy)",
    r"gcloud (?:app|run|functions|beta run) (?:deploy|services update)",
    r"az (?:webapp (?:deploy|up)|containerapp (?:up|update)|functionapp deploy\S*)",
    r"aws (?:ecs update-service|lambda update-function-code|s3 sync|deploy|cloudformation deploy"
    r"|apprunner start-deployment)",
    r"cap \S+ deploy",
    r"ansible-playbook(?!.* --(?:syntax-check|check))",
    r"argocd app (?:sync|set)",
    r"flux reconcile",
    r"docker stack deploy",
    r"dokku",
    r"(?:railway|render) (?:up|deploy\S*)",
    r"nomad job run",
    r"mkdocs gh-deploy|mike deploy|gh-pages|surge",
    Named(r"deploy\w*|rollout|gh-deploy"),
)
BUILD = (
    r"docker (?:buildx |image )?build",
    r"docker buildx bake",
    r"docker[- ]compose\b.* build",
    r"(?:podman|nerdctl|earthly|img) build",
    r"buildah (?:bud|build)",
    r"(?:kaniko|/kaniko/executor|pack build|ko build|jib|bake)",
    r"python\S* (?:-\S+ )*setup\.py (?:\S+ )*(?:build|sdist|bdist_wheel|bdist)",
    r"build(?= |$)",
    r"(?:hatch|poetry|uv|flit|pdm|rye|maturin|briefcase|conda|rattler-build|hatchling)(?: -\S+)* (?:build|package)",
    r"cibuildwheel(?!.* --print-build-identifiers)|pyinstaller|pyproject-build|conda[ -]build|sphinx-build"
    r"|mkdocs build|jupyter-book build|nbsite",
    rf"{_CARGO} (?:hack\b.* )?(?:build|rustc|doc|rustdoc|package|zigbuild|ndk|b|dist build)",
    rf"{_CARGO} (?:hack\b.* )?(?:test|nextest run)\b.* --no-run",
    r"(?:cross|wasm-pack|trunk|dx|tauri) (?:-\S+ |\+\S+ )*build",
    r"go (?:build|install \./\S*|generate)",
    r"(?:goreleaser|gox|xgo|ko)",
    r"(?:vite|next|nuxi?|nuxt|astro|gatsby|remix|ng|vue-cli-service|react-scripts|parcel|svelte-kit|expo|eas"
    r"|storybook|tsup"
    r"|docusaurus|vitepress|vuepress|eleventy|wrangler|quasar|ember|craco|turbo|preconstruct|unbuild|father"
    r"|lage|bun) build",
    r"(?:webpack|rollup|esbuild|tsup|rolldown|rspack|swc|babel|unbuild|tsdown|ncc build|electron-builder"
    r"|vsce package|ng-packagr)",
    r"(?:hugo|jekyll build|bundle exec jekyll|zola build|mdbook build|antora|asciidoctor|doxygen|typedoc|jsdoc)",
    rf"{_GRADLE}\b.* \S*(?:assemble\w*|jar|bootJar|shadowJar|installDist|classes|compile\w*|bootBuildImage|build)",
    r"mvnw?\b.* (?:package|compile|test-compile|install|verify)",
    r"dotnet (?:build|publish|pack)|msbuild|nuget pack",
    r"cmake --build|ninja|meson (?:compile|setup)|(?:make|gmake)(?: (?:-\S+|\S+=\S*))*$|bazel(?:isk)? "
    r"(?:-\S+ )*build|buck2? build|plz build",
    r"(?:sbt\b.* (?:compile|package|assembly|publishLocal|dist))|mill\b.*\.(?:compile|assembly)|swift build"
    r"|xcodebuild|mix compile"
    r"|(?:zig|stack|cabal|dune|lein|forge|nix|crystal|elm|gleam) (?:build|make|jar|uberjar)|nix-build"
    r"|flutter build|skaffold build",
    rf"{_ENV}\S*(?:docs?|build|package)",
    Named(r"build|builds|compile|bundle|dist|package|docs?|all|generate|gen|wheel|sdist|image|docker"),
)
INSTALL = (
    r"pip\d?(?:\.\d+)? (?:\S+ )*?(?:install|sync|download)",
    r"(?:install|sync)(?= |$)",
    r"pip-sync",
    r"ensurepip",
    r"uv (?:\S+ )*?(?:sync|pip install|pip sync|tool install|python install)",
    r"(?:poetry|pdm|pipenv|pixi|rye|conan|vcpkg|composer|bundle|bower|gem|luarocks|cpan|cpanm|nimble|opam"
    r"|shards|nuget|dotnet tool"
    r"|pipx|mise|asdf|sdkmanager|playwright|cypress|krew|arkade|mix local\.\S+|pre-commit|prek) (?:\S+ )*?"
    r"(?:install|sync|restore|get)",
    r"playwright install(?:-deps)?",
    r"hatch env create|hatch (?:-\S+ )*env",
    r"(?:conda|mamba|micromamba) (?:env )?(?:install|create|update)",
    r"(?:npm|pnpm)(?: -\S+(?: \S+)?)* (?:ci|i|install|clean-install|add)",
    r"yarn(?: install| --\S+|$| add)",
    r"bun (?:install|i|add)",
    r"deno (?:install|cache)",
    r"go (?:mod download|install|get|mod vendor)",
    rf"{_CARGO} (?:fetch|install|binstall|update)",
    r"(?:bundle|composer) (?:install|update)",
    r"mix deps\.get|dotnet restore|swift package resolve|pod install|flutter pub get|dart pub get|stack setup",
    r"(?:apt|apt-get|aptitude) (?:-\S+ )*(?:install|update|upgrade|build-dep)",
    r"(?:apk|yum|dnf|zypper|microdnf|pacman|port|choco|scoop|winget|snap|flatpak|nix-env|pkg) (?:-\S+ )*(?:add"
    r"|install|update|-S\S*|upgrade)",
    r"brew (?:install|update|bundle|tap|upgrade)",
    r"rustup",
    r"corepack (?:enable|prepare)",
    r"(?:nvm|pyenv|rbenv|fnm|volta|rvm|sdk) install",
    rf"{_MAVEN}.*dependency:(?:go-offline|resolve\S*)",
    Named(r"install|deps|bootstrap|setup|dependencies|dev-deps|init|prepare|ci-deps"),
)

TABLE: tuple[tuple[StepKind, tuple[str | Named, ...]], ...] = (
    (StepKind.SCAN, SCAN),
    (StepKind.TYPECHECK, TYPECHECK),
    (StepKind.FORMAT, FORMAT),
    (StepKind.LINT, LINT),
    (StepKind.E2E, E2E),
    (StepKind.TEST, TEST),
    (StepKind.DEPLOY, DEPLOY),
    (StepKind.BUILD, BUILD),
    (StepKind.INSTALL, INSTALL),
)
"""Kinds in the order in which they are asked: `make security-test` is a scan, `tox -e mypy` no test."""


def kind_of(command: str) -> StepKind | None:
    """What a command without its wrappers is for; None where no pattern fits."""
    by_letter = _by_letter()
    for kind, begun, pattern in by_letter.get(command[:1], by_letter[""]):
        if command.startswith(begun) and _fits(pattern, command):
            return kind
    return None


_Row = tuple[StepKind, tuple[str, ...], str | Named]


@cache
def _by_letter() -> dict[str, list[_Row]]:
    """The table's rows in their order, by the letter that a command begins with; `""` for all other letters."""
    rows = list(_rows())
    letters = {text[:1] for _, begun, _ in rows for text in begun} | {""}
    table: dict[str, list[_Row]] = {letter: [] for letter in letters}
    for row in rows:
        own = {text[:1] for text in row[1]}
        for letter in letters if "" in own else own:
            table[letter].append(row)
    return table


def _rows() -> Iterator[_Row]:
    called = beginnings(f"{_SCRIPT}|{_TASK}|{_ENV}")
    for kind, listed in TABLE:
        for pattern in listed:
            yield kind, beginnings(pattern) if isinstance(pattern, str) else called, pattern


def _fits(pattern: str | Named, command: str) -> bool:
    if isinstance(pattern, str):
        return _whole(pattern).match(command) is not None
    if not _compiled(pattern.words).search(command):  # which is compiled in a third of the time
        return False
    return _whole(pattern.pattern).match(command) is not None


@cache
def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern}){_END}")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
