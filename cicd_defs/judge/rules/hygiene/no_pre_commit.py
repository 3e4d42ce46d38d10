"""Nothing checks a commit before it is made: the repository has no hooks.

**Why it matters** A missing blank or a wrong import order is found minutes later by CI, costs a run and a second push,
and in a review somebody's attention.
**How to fix** Write a `.pre-commit-config.yaml` with the fast checks that CI runs, and run `pre-commit install` once.
lefthook, husky, prek, simple-git-hooks and a folder of git's own hooks are as good.
**Example** A `.pre-commit-config.yaml` with the project's formatter and linter.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Edit, Family, Fix, Severity
from cicd_defs.facts.source import Source
from cicd_defs.facts.survey import name_of
from cicd_defs.judge.hooks import QUICK, commands_of_ci, program_of
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.HYGIENE, Severity.LOW, subject="repository", strict=True)

CONFIG = ".pre-commit-config.yaml"
_HOOKS = re.compile(
    r"\.pre-commit-config\.ya?ml|prek\.toml|\.?lefthook(?:-local)?\.(?:ya?ml|toml|json)|\.overcommit\.yml|\.hooks/.+"
    r"|\.husky/.+|\.git-?hooks/.+|git-?hooks/.+|(?:scripts|tools|hack|contrib)/(?:git-?)?hooks/.+|\.huskyrc(?:\..+)?"
    r"|\.?captainhook\.json|grumphp\.ya?ml|\.simple-git-hooks\.\w+|simple-git-hooks\.\w+|\.?hk\.pkl|cog\.toml"
    r"|(?:scripts|tools|hack)/pre-(?:commit|push)(?:\.\w+)?|\.lintstagedrc(?:\..+)?|lint-staged\.config\.\w+"
)
_IN_MANIFEST = re.compile(
    r"husky|simple-git-hooks|lefthook|lint-staged|\"pre-commit\"|yorkie|ghooks|nano-staged|core\.hooksPath"
    r"|cargo-husky|git-build-hook|gitHooks|git-code-format|spotlessInstallGitPrePushHook|installGitHooks|\[tool\.prek"
)
_MANIFESTS = frozenset(
    {"package.json", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "Makefile", "composer.json"}
)


def find(repository: Repository) -> Iterator[Found]:
    """The file that is not there, in a repository that CI checks."""
    if any(map(_HOOKS.fullmatch, repository.tree.paths)) or not repository.workflows:
        return
    for path in repository.tree.paths:
        if name_of(path) in _MANIFESTS and path.count("/") <= 2:
            source = repository.source(path)
            if source and _IN_MANIFEST.search(source.text):
                return
    # Hooks that leave out the linters of CI would be no better than none.
    linters = any(program_of(command) in QUICK for _, command in commands_of_ci(repository))
    text = repository.offered.get(CONFIG) or ("" if linters else _WRITTEN)
    fix = Fix(f"Write {CONFIG}", (Edit(CONFIG, 0, 0, text),)) if text else None
    message = f"there is no `{CONFIG}` and no other hook: nothing checks a commit before CI does"
    yield Found(Source(CONFIG, ""), 0, 0, message, fix)


_WRITTEN = """\
repos:
  - repo: https://github.com/pre-commit/pre-commit-hooks
    rev: "3e8a8703264a2f4a69428a0aa4dcb512790b2c8c" # frozen: v6.0.0
    hooks:
      - id: check-added-large-files
      - id: check-merge-conflict
      - id: end-of-file-fixer
      - id: trailing-whitespace
"""
