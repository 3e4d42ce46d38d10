# ruff: noqa: E501 - a case is read line by line, as the file that it makes
"""What zizmor and hadolint find is mended as written here, the finding goes, and nothing else comes."""

from typing import NamedTuple

import pytest

from cicd_defs.cli.reading import tree_of
from cicd_defs.facts.findings import Finding
from cicd_defs.facts.tree import Tree
from cicd_defs.judge.adopted.zizmor import MENDED, manuals
from cicd_defs.judge.fixing import apply_edits, fix_all
from cicd_defs.judge.repository import Repository
from resources.judges import Judges

CHECKOUT = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
SCRIPT = "actions/github-script@60a0d83039c74a4aee543508d2ffcb1c3799cdea"
HEAD = """\
name: CI
on:
  push:
    branches: [main]
permissions: {}
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: false
jobs:
"""
JOB = HEAD + "  test:\n    name: Test\n    runs-on: ubuntu-24.04\n    steps:\n"


class Mended(NamedTuple):
    """What was found, in which text, and how the text reads then; None where there is no fix."""

    rule: str
    title: str
    before: str
    after: str | None
    path: str = ".github/workflows/ci.yml"


def step(rule: str, title: str, before: str, after: str | None) -> Mended:
    """A case of which only the job's steps differ."""
    return Mended(rule, title, JOB + before, None if after is None else JOB + after)


def script(title: str, before: str, after: str | None) -> Mended:
    """A case of which only a script of JavaScript differs."""

    def around(text: str) -> str:
        lines = text.replace("\n", "\n            ")
        return f"      - uses: {SCRIPT} # v7.0.1\n        with:\n          script: |\n            {lines}\n"

    return step("template-injection", f"JavaScript: {title}", around(before), after and around(after))


def docker(rule: str, title: str, before: str, after: str | None) -> Mended:
    head = 'FROM debian:12.1\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\n'
    return Mended(rule, title, head + before, None if after is None else head + after, "Dockerfile")


CASES = (
    step("unpinned-uses", "a tag", "      - uses: actions/setup-go@v5.5.0\n        with: {cache: false}\n",
         "      - uses: actions/setup-go@d35c59abb061a4a6fb18e82ac0862c26744d6ab5 # v5.5.0\n"
         "        with: {cache: false}\n"),
    step("unpinned-uses", "in quotes, with a comment of its own",
         '      - uses: "actions/setup-go@v5.5.0"  # Go\n',
         '      - uses: "actions/setup-go@d35c59abb061a4a6fb18e82ac0862c26744d6ab5"  # v5.5.0  # Go\n'),
    step("unpinned-uses", "in braces", "      - {uses: actions/setup-go@v5.5.0, with: {cache: false}}\n",
         "      - {uses: actions/setup-go@d35c59abb061a4a6fb18e82ac0862c26744d6ab5, with: {cache: false}}\n"),
    step("unpinned-uses", "a branch is not guessed", "      - uses: actions/setup-go@main\n", None),
    step("unpinned-uses", "an unknown action is not guessed", "      - uses: nobody/nothing@v1\n", None),
    step("unpinned-uses", "a toolchain becomes an input",
         "      - uses: dtolnay/rust-toolchain@nightly\n        with:\n          components: clippy\n",
         "      - uses: dtolnay/rust-toolchain@e97e2d8cc328f1b50210efc529dca0028893a2d9 # v1\n        with:\n"
         "          components: clippy\n          toolchain: nightly\n"),
    step("artipacked", "no token on the disk",
         f"      - uses: {CHECKOUT} # v4.2.2\n        with:\n          fetch-depth: 2  # two\n",
         f"      - uses: {CHECKOUT} # v4.2.2\n        with:\n          fetch-depth: 2  # two\n"
         "          persist-credentials: false\n"),
    step("artipacked", "a job that pushes", f"      - uses: {CHECKOUT} # v4.2.2\n      - run: git push\n", None),
    step("artipacked", "a token of its own is there to push with",
         f"      - uses: {CHECKOUT} # v4.2.2\n        with:\n          token: ${{{{ secrets.BOT || github.token }}}}\n      - uses: someone/latest-news@v1\n", None),
    step("artipacked", "a token of its own that nothing uses later",
         f"      - uses: {CHECKOUT} # v4.2.2\n        with:\n          token: ${{{{ secrets.BOT }}}}\n      - run: cargo fmt\n",
         f"      - uses: {CHECKOUT} # v4.2.2\n        with:\n          token: ${{{{ secrets.BOT }}}}\n          persist-credentials: false\n      - run: cargo fmt\n"),
    step("template-injection", "in double quotes, GitHub's own variable",
         '      - run: echo "${{ github.ref_name }}"\n', '      - run: echo "${GITHUB_REF_NAME}"\n'),
    step("template-injection", "a new variable before the script",
         '      - name: Tell\n        run: |\n          echo "at: ${{ github.event.head_commit.message }}" \'${{ github.event.head_commit.message }}\'\n',
         "      - name: Tell\n        env:\n          EVENT_HEAD_COMMIT_MESSAGE: ${{ github.event.head_commit.message }}\n"
         "        run: |\n          echo \"at: ${EVENT_HEAD_COMMIT_MESSAGE}\" \"${EVENT_HEAD_COMMIT_MESSAGE}\"\n"),
    step("template-injection", "a word stays what the shell cuts",
         "      - run: make ${{ github.event.inputs.args }}\n",
         "      - run: make ${EVENT_INPUTS_ARGS}\n        env:\n          EVENT_INPUTS_ARGS: ${{ github.event.inputs.args }}\n"),
    step("template-injection", "PowerShell",
         '      - shell: pwsh\n        run: Write-Output "at ${{ github.event.head_commit.message }}"\n',
         '      - shell: pwsh\n        env:\n          EVENT_HEAD_COMMIT_MESSAGE: ${{ github.event.head_commit.message }}\n'
         '        run: Write-Output "at ${env:EVENT_HEAD_COMMIT_MESSAGE}"\n'),
    step("template-injection", "in quotes of YAML", "      - run: \"echo '${{ github.ref_name }}'\"\n",
         "      - run: \"echo \\\"${GITHUB_REF_NAME}\\\"\"\n"),
    step("template-injection", "a variable behind a name",
         "      - name: Test\n        run: tox -e ${{ github.event.inputs.py }}\n",
         "      - name: Test\n        env:\n          EVENT_INPUTS_PY: ${{ github.event.inputs.py }}\n        run: tox -e ${EVENT_INPUTS_PY}\n"),
    Mended("template-injection", "a step of runners of all kinds gets bash",
           JOB.replace("ubuntu-24.04", "${{ matrix.os }}\n    strategy: {matrix: {os: [ubuntu-24.04, windows-2025], py: [a1, b2]}}")
           + "      - name: Test\n        run: tox -e ${{ matrix.py }}\n",
           JOB.replace("ubuntu-24.04", "${{ matrix.os }}\n    strategy: {matrix: {os: [ubuntu-24.04, windows-2025], py: [a1, b2]}}")
           + "      - name: Test\n        shell: bash\n        env:\n          MATRIX_PY: ${{ matrix.py }}\n        run: tox -e \"${MATRIX_PY}\"\n"),
    step("template-injection", "a command is not a variable", "      - run: ${{ github.event.inputs.command }}\n", None),
    step("template-injection", "a quoted here-document", "      - run: |\n          cat <<'END'\n"
         "          ${{ github.head_ref }}\n          END\n", None),
    step("template-injection", "words and strings are quoted as a whole",
         "      - name: Tag\n        run: |\n          git checkout -b up/${{ github.ref_name }}-x --at=${{ github.sha }}.1 '${{ github.ref }} of ${{ github.sha }}'\n",
         "      - name: Tag\n        run: |\n          git checkout -b \"up/${GITHUB_REF_NAME}-x\" --at=\"${GITHUB_SHA}.1\" \"${GITHUB_REF} of ${GITHUB_SHA}\"\n"),
    step("template-injection", "strings and words that mean more stay as they are",
         "      - name: Tag\n        run: |\n          tell '$A ${{ github.ref_name }}' *-${{ github.sha }} a-${{ github.event.inputs.args }}-{b,c}\n",
         "      - name: Tag\n        env:\n          EVENT_INPUTS_ARGS: ${{ github.event.inputs.args }}\n"
         "        run: |\n          tell '$A '\"${GITHUB_REF_NAME}\"'' *-\"${GITHUB_SHA}\" a-\"${EVENT_INPUTS_ARGS}\"-{b,c}\n"),
    step("template-injection", "another language", "      - shell: python\n        run: print('${{ github.head_ref }}')\n",
         None),
    step("template-injection", "a word of several values, of which one is reported",
         "      - run: ./tell ${{ github.event.inputs.tag || github.event.release.tag_name }}\n",
         "      - run: ./tell ${EVENT_INPUTS_TAG}\n        env:\n"
         "          EVENT_INPUTS_TAG: ${{ github.event.inputs.tag || github.event.release.tag_name }}\n"),
    Mended("template-injection", "a runner that is called after its system",
           JOB.replace("ubuntu-24.04", "${{ vars.LARGE_UBUNTU }}") + "      - run: |\n          cd ${{ env.FOLDER }}/core\n          make\n",
           JOB.replace("ubuntu-24.04", "${{ vars.LARGE_UBUNTU }}") + "      - run: |\n          cd \"${FOLDER}/core\"\n          make\n"),
    script("whole strings, a template and a comment",
           "const a = '${{ github.head_ref }}'\nlog(\"${{ github.head_ref }}\", `at ${{ github.head_ref }}: ${a}`) // ${{ github.head_ref }}",
           "const a = process.env.GITHUB_HEAD_REF\nlog(process.env.GITHUB_HEAD_REF, `at ${process.env.GITHUB_HEAD_REF}: ${a}`) // process.env.GITHUB_HEAD_REF"),
    script("a part of a string", "get('https://example.com/${{ github.head_ref }}/it\\'s')",
           "get(`https://example.com/${process.env.GITHUB_HEAD_REF}/it\\'s`)"),
    script("a part of a string with backticks", "const a = {body: 'see `${{ github.head_ref }}`'}",
           "const a = {body: 'see `' + process.env.GITHUB_HEAD_REF + '`'}"),
    script("a template in a template", "log(`a ${b({c: `'${{ github.head_ref }}`})} ${{ github.head_ref }}`)",
           "log(`a ${b({c: `'${process.env.GITHUB_HEAD_REF}`})} ${process.env.GITHUB_HEAD_REF}`)"),
    script("a slash that may be either", "if (a) /'/.test(b)\nlog('${{ github.head_ref }}')", None),
    script("behind a pattern", "const quotes = /['\"/]/g, half = b / 2\nlog('${{ github.head_ref }}')",
           "const quotes = /['\"/]/g, half = b / 2\nlog(process.env.GITHUB_HEAD_REF)"),
    script("code is not a value", "run.${{ github.head_ref }}()", None),
    script("words that are no JSON", "const a = ${{ github.head_ref }}", None),
    script("a key", "const a = {'${{ github.head_ref }}': 1}", None),
    script("a tagged template", "const a = tag`${{ github.head_ref }}`", None),
    script("a string that does not end", "const a = 'it\nlog('${{ github.head_ref }}')", None),
    step("template-injection", "JSON in JavaScript, behind a variable that is there",
         f"      - uses: {SCRIPT} # v7.0.1\n        env:\n          A: b\n        with:\n          script: |\n"
         "            const a = ${{ toJSON(github.event.inputs) }};\n",
         f"      - uses: {SCRIPT} # v7.0.1\n        env:\n          A: b\n          VALUE: ${{{{ toJSON(github.event.inputs) }}}}\n"
         "        with:\n          script: |\n            const a = JSON.parse(process.env.VALUE);\n"),
    step("self-repository", "which code is meant only people know", "      - uses: ./.github/actions/setup\n", None),
    step("superfluous-actions", "a toolchain",
         "      - uses: dtolnay/rust-toolchain@e97e2d8cc328f1b50210efc529dca0028893a2d9 # v1\n        with:\n"
         "          toolchain: stable\n          components: clippy, rustfmt\n",
         "      - run: |\n          rustup toolchain install stable --profile minimal --no-self-update"
         " --component clippy --component rustfmt\n          rustup default stable\n        shell: bash\n"),
    Mended("anonymous-definition", "a job keeps its key", HEAD + "  unit-tests:\n    runs-on: ubuntu-24.04\n    steps: []\n",
           HEAD + "  unit-tests:\n    name: unit-tests\n    runs-on: ubuntu-24.04\n    steps: []\n"),
    Mended("undocumented-permissions", "the whole block", JOB.replace(" {}", "\n  contents: read\n  issues: write\n  pages: write # site", 1) + "      - run: make\n",
           JOB.replace(" {}", "\n  contents: read\n  issues: write # label, close or comment on issues\n  pages: write # site", 1)
           + "      - run: make\n"),
    Mended("excessive-permissions", "none at all", JOB.replace("permissions: {}\n", "") + f"      - uses: {CHECKOUT}\n",
           JOB.replace("permissions: {}\n", "").replace("jobs:", "permissions:\n  contents: read\n\njobs:")
           + f"      - uses: {CHECKOUT}\n"),
    Mended("excessive-permissions", "with the lines above a right",
           JOB.replace("permissions: {}", "permissions:\n  # It tags.\n  # Always.\n  contents: write")
           + "      - run: ./tag.sh\n        env: {T: '${{ github.token }}'}\n",
           JOB.replace("04\n", "04\n    permissions:\n      # It tags.\n      # Always.\n      contents: write\n")
           + "      - run: ./tag.sh\n        env: {T: '${{ github.token }}'}\n"),
    Mended("excessive-permissions", "an action that comments gets the token by itself",
           JOB.replace("permissions: {}\n", "") + "      - uses: someone/comment-failure-action@v1\n", None),
    Mended("excessive-permissions", "an action that comments with a token of its own",
           JOB.replace("permissions: {}\n", "") + "      - uses: someone/comment-action@v1\n        with: {token: '${{ secrets.BOT }}'}\n",
           JOB.replace("permissions: {}\n", "").replace("jobs:", "permissions:\n  contents: read\n\njobs:")
           + "      - uses: someone/comment-action@v1\n        with: {token: '${{ secrets.BOT }}'}\n"),
    Mended("excessive-permissions", "above a job that is handed the token",
           JOB.replace("permissions: {}", "permissions:\n  contents: write # tags")
           + "      - run: ./tag.sh\n        env: {T: '${{ github.token }}'}\n",
           JOB.replace("04\n", "04\n    permissions:\n      contents: write # tags\n")
           + "      - run: ./tag.sh\n        env: {T: '${{ github.token }}'}\n"),
    Mended("concurrency-limits", "a group", "name: CI\non: [push, pull_request]\npermissions: {}\n# what we do\njobs:\n  a:\n    name: a\n    runs-on: ubuntu-24.04\n    steps: []\n",
           "name: CI\non: [push, pull_request]\npermissions: {}\nconcurrency:\n  group: ci-${{ github.event.pull_request.number || github.ref }}\n"
           "  cancel-in-progress: ${{ github.event_name == 'pull_request' }}\n\n# what we do\njobs:\n  a:\n    name: a\n    runs-on: ubuntu-24.04\n    steps: []\n"),
    Mended("dependabot-cooldown", "a week", "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule:\n      interval: daily\n",
           "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n    schedule:\n      interval: daily\n    cooldown:\n      default-days: 7\n",
           ".github/dependabot.yml"),
    Mended("secrets-outside-env", "an environment", JOB + "      - run: ./publish\n        env: {T: '${{ secrets.T }}'}\n",
           JOB.replace("04\n", "04\n    environment: ci\n") + "      - run: ./publish\n        env: {T: '${{ secrets.T }}'}\n"),
    Mended("secrets-outside-env", "an environment would be another identity",
           JOB.replace("04\n", "04\n    permissions: {id-token: write}\n") + "      - run: ./publish\n        env: {T: '${{ secrets.T }}'}\n", None),
    Mended("unsound-condition", "one expression", JOB + "      - run: 'true'\n        if: (${{ success() }} || ${{ failure() }})\n",
           JOB + "      - run: 'true'\n        if: (success() || failure())\n"),
    docker("DL3042", "every pip", "RUN pip install a==1 && \\\n    pip3 install b==2\n",
           "RUN pip install --no-cache-dir a==1 && \\\n    pip3 install --no-cache-dir b==2\n"),
    docker("DL3009", "the lists", "RUN apt-get update && apt-get install -y --no-install-recommends git\n",
           "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*\n"),
    docker("DL3015", "only what is named", "RUN apt-get update \\\n && apt-get install -y git \\\n && rm -rf /var/lib/apt/lists/*\n",
           "RUN apt-get update \\\n && apt-get install --no-install-recommends -y git \\\n && rm -rf /var/lib/apt/lists/*\n"),
    docker("DL3014", "no questions", "RUN apt-get update && apt-get install --no-install-recommends git && rm -rf /var/lib/apt/lists/*\n",
           "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*\n"),
    docker("DL3020", "copied", "ADD src /app/\n", "COPY src /app/\n"),
    docker("DL3025", "a list", 'CMD node "a b.js"  \n', 'CMD ["node", "a b.js"]  \n'),
    docker("DL3025", "what needs a shell", "CMD node $FILE\n", None),
    docker("DL4000", "a label", "MAINTAINER Ann <ann@example.com>\n", 'LABEL maintainer="Ann <ann@example.com>"\n'),
    docker("DL3003", "which folder is meant only people know", "RUN cd /srv && ls\n", None),
)  # fmt: skip


def judged(files: dict[str, str]) -> tuple[Finding, ...]:
    return Judges().judge(Repository(Tree.of(files))).findings


def path_of(case: Mended) -> str:
    number = CASES.index(case)
    return {
        ".github/workflows/ci.yml": f".github/workflows/{number}.yml",
        "Dockerfile": f"{number}/Dockerfile",
    }.get(case.path, case.path)


@pytest.fixture(scope="module")
def found() -> dict[Mended, list[Finding]]:
    """What was found in every case, all judged at once: each is a repository's folder of its own."""
    by_path = {path_of(case): case for case in CASES}
    findings = judged({path: case.before for path, case in by_path.items()})
    told: dict[Mended, list[Finding]] = {case: [] for case in CASES}
    for finding in findings:
        told[by_path[finding.file]].append(finding)
    return told


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.title}")
def test_a_finding_is_mended_as_written(case: Mended, found):
    findings = [one for one in found[case] if one.rule == case.rule]
    assert findings
    for finding in findings:
        if case.after is None:
            assert finding.fix is None
        else:
            assert finding.fix is not None
            mended = apply_edits(case.before, finding.fix.edits)
            assert mended.replace(f"group: {CASES.index(case)}-", "group: ci-") == case.after


@pytest.mark.parametrize("windows", [False, True], ids=["LF", "CRLF"])
def test_all_at_once_nothing_is_left_that_could_be_mended(windows):
    def text(number: int) -> str:
        return CASES[number].before.replace("\n", "\r\n") if windows else CASES[number].before

    files = {path_of(one): text(at) for at, one in enumerate(CASES) if "workflows" in one.path}
    judges = Judges()
    fixed = fix_all(
        files.get, lambda state: judges.judge(Repository(Tree.of({**files, **state}))).findings, unsafe=True
    )
    assert not fixed.refused
    assert not [one for one in fixed.left if one.fix]
    assert fixed.mended
    if windows:
        assert all(now.count("\n") == now.count("\r\n") for now in fixed.files.values())


def test_a_script_of_the_repository_that_pushes_keeps_what_it_pushes_with():
    text = (
        JOB.replace("permissions: {}\n", "")
        + f"      - uses: {CHECKOUT} # v4.2.2\n      - run: scripts/publish\n"
    )
    path = ".github/workflows/ci.yml"
    for script in ("git tag v1\ngit push --tags\n", "make site\n"):
        files = {
            path: text,
            "scripts/publish": script,
            "Makefile": "site: html\n\nhtml:\n\tmkdocs gh-deploy\n",
        }
        found = {one.rule: one for one in judged(files)}
        assert found["artipacked"].fix is None
        rights = found["excessive-permissions"].fix
        assert rights is not None
        assert "contents: write" in apply_edits(text, rights.edits)
    harmless = judged({path: text, "scripts/publish": "make dist\n"})
    assert {one.rule for one in harmless if one.fix} >= {"artipacked", "excessive-permissions"}


CALLING = "name: All\non: push\nconcurrency: all\njobs:\n  one:\n    name: One\n    uses: ./.github/workflows/one.yml\n"
CALLED = "name: One\non: workflow_call\njobs:\n  tell:\n    name: Tell\n    runs-on: ubuntu-24.04\n"


@pytest.mark.parametrize(
    ("job", "rights"),
    [
        pytest.param(
            "    steps:\n      - run: make\n", "permissions:\n  contents: read\n\njobs:", id="reads"
        ),
        pytest.param(
            "    permissions: {issues: write}\n    steps:\n      - run: ./tell\n",
            "    permissions:\n      contents: read\n      issues: write # label, close or comment on issues\n    uses:",
            id="is-given",
        ),
        pytest.param(
            "    steps:\n      - run: git push\n",
            "    permissions:\n      contents: write # push commits and tags, or publish releases\n    uses:",
            id="pushes",
        ),
        pytest.param(
            "    steps:\n      - run: echo \"$ALL\"\n        env: {ALL: '${{ toJson(github) }}'}\n",
            "permissions:\n  contents: read\n\njobs:",
            id="only-tells",
        ),
        pytest.param(
            "    steps:\n      - uses: docker/login-action@v3\n        with: {registry: ghcr.io, password: '${{ github.token }}'}\n",
            "    permissions:\n      contents: read\n      packages: write # publish packages and images\n    uses:",
            id="signs-in-to-publish",
        ),
        pytest.param(
            "    steps:\n      - run: echo \"$T\" > .netrc\n        env: {T: '${{ github.token }}'}\n",
            None,
            id="keeps-it",
        ),
        pytest.param(
            "    steps:\n      - run: ./tell\n        env: {T: '${{ github.token }}'}\n", None, id="not-known"
        ),
    ],
)
def test_a_job_that_calls_a_workflow_needs_what_that_needs(job, rights):
    files = {".github/workflows/all.yml": CALLING, ".github/workflows/one.yml": CALLED + job}
    found = [
        one
        for one in judged(files)
        if (one.rule, one.file) == ("excessive-permissions", ".github/workflows/all.yml")
    ]
    assert found
    for one in found:
        assert (
            (one.fix is None)
            if rights is None
            else (one.fix and rights in apply_edits(CALLING, one.fix.edits))
        )


def test_a_folder_is_no_script(tmp_path):
    text = JOB + f"      - uses: {CHECKOUT} # v4.2.2\n      - run: make -C scripts/publish\n"
    for path, written in (
        (".github/workflows/ci.yml", text),
        ("scripts/publish/Makefile", "all:\n\tgit push\n"),
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(written)
    found = Judges().judge(Repository(tree_of(tmp_path))).findings
    assert any(one.rule == "artipacked" for one in found)


def test_a_cache_that_somebody_asks_about_is_not_only_looked_up():
    releasing = JOB.replace("  push:\n    branches: [main]", "  release:\n    types: [published]")
    cache = "actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830"
    steps = f"      - uses: {cache} # v4.3.0\n        with: {{path: lib, key: lib}}\n      - run: twine upload dist/*\n"
    asked = steps.replace("      - uses", "      - id: held\n        uses").replace(
        "      - run: twine",
        "      - if: steps.held.outputs.cache-hit != 'true'\n        run: make lib\n      - run: twine",
    )
    for body, mended in ((steps, True), (asked, False)):
        [finding] = [
            one
            for one in judged({".github/workflows/a.yml": releasing + body})
            if one.rule == "cache-poisoning"
        ]
        assert bool(finding.fix) is mended


def test_secrets_are_named_where_the_called_workflow_declares_them():
    called = "on:\n  workflow_call:\n    secrets:\n      TOKEN: {required: true}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: ./a\n        env: {T: '${{ secrets.TOKEN }}'}\n"
    calling = (
        HEAD
        + "  call:\n    name: Call\n    uses: ./.github/workflows/called.yml\n    secrets: inherit # all\n"
    )
    paths = ".github/workflows/ci.yml", ".github/workflows/called.yml"
    [finding] = [
        one
        for one in judged(dict(zip(paths, (calling, called), strict=True)))
        if one.rule == "secrets-inherit"
    ]
    assert finding.fix is not None
    mended = apply_edits(calling, finding.fix.edits)
    assert "    secrets:\n      TOKEN: ${{ secrets.TOKEN }} # all\n" in mended
    undeclared = called.replace("secrets.TOKEN", "secrets.OTHER")
    [finding] = [
        one
        for one in judged(dict(zip(paths, (calling, undeclared), strict=True)))
        if one.rule == "secrets-inherit"
    ]
    assert finding.fix is None


DEPLOYING = JOB.replace("  push:\n    branches: [main]", "  release:\n    types: [published]")
CACHED = "      - uses: actions/setup-node@49933ea5288caeca8642d1e84afbd3f7d6820020 # v4.4.0\n        with: {cache: npm}\n"


@pytest.mark.parametrize(
    ("rule", "text", "strict"),
    [
        pytest.param(
            "artipacked", JOB + f"      - uses: {CHECKOUT} # v4.2.2\n", False, id="a token on the disk"
        ),
        pytest.param(
            "artipacked",
            JOB + f"      - uses: {CHECKOUT} # v4.2.2\n      - run: git push\n",
            True,
            id="a push",
        ),
        pytest.param(
            "artipacked",
            JOB
            + f"      - uses: {CHECKOUT} # v4.2.2\n      - run: |\n          git config user.name Bot\n          ./release.sh\n",
            True,
            id="a script that commits",
        ),
        pytest.param(
            "artipacked",
            JOB + f"      - uses: {CHECKOUT} # v4.2.2\n        with: {{persist-credentials: true}}\n",
            True,
            id="asked for by name",
        ),
        pytest.param(
            "artipacked",
            JOB + f"      - uses: {CHECKOUT} # v4.2.2\n      - uses: docker/build-push-action@v6\n",
            False,
            id="a push of an image",
        ),
        pytest.param(
            "cache-poisoning",
            DEPLOYING + CACHED + "      - run: npm publish\n",
            False,
            id="a cache of a release",
        ),
        pytest.param(
            "cache-poisoning",
            DEPLOYING + CACHED + "      - run: npm test\n",
            True,
            id="a cache of tests alone",
        ),
        pytest.param(
            "template-injection",
            JOB + "      - run: echo ${{ github.head_ref }}\n",
            False,
            id="a stranger's branch",
        ),
        pytest.param(
            "template-injection",
            JOB + "      - run: echo ${{ steps.a.outputs.b }}\n",
            True,
            id="a step's output",
        ),
        pytest.param(
            "dangerous-triggers",
            JOB.replace("push:\n    branches: [main]", "pull_request_target:") + "      - run: ./a\n",
            True,
            id="a trigger",
        ),
    ],
)
def test_what_is_meant_so_speaks_in_the_strict_profile_only(rule, text, strict):
    found = [one for one in judged({".github/workflows/ci.yml": text}) if one.rule == rule]
    assert found
    assert {one.strict for one in found} == {strict}


@pytest.mark.parametrize(
    ("rule", "path", "line", "strict"),
    [
        pytest.param("DL3020", "Dockerfile", "ADD a /b", False, id="a wrong instruction"),
        pytest.param("DL3020", "tests/image/Dockerfile", "ADD a /b", True, id="among tests"),
        pytest.param(
            "DL3013", "Dockerfile", "RUN pip install --no-cache-dir a", True, id="a package's version"
        ),
        pytest.param("DL3003", "Dockerfile", "RUN cd /srv && ls", True, id="style"),
        pytest.param("DL3025", "Dockerfile", "CMD run a", False, id="a shell for nothing"),
        pytest.param("DL3025", "Dockerfile", "CMD run $A", True, id="a shell that is needed"),
        pytest.param("DL3042", "Dockerfile", "RUN pip install a", False, id="a cache that is shipped"),
        pytest.param(
            "DL3042",
            "Dockerfile",
            "RUN pip install a\nFROM debian:12.1",
            True,
            id="a cache of a stage that is left",
        ),
        pytest.param(
            "DL3042",
            "Dockerfile",
            "FROM debian:12.1 AS a\nRUN pip install a\nFROM a",
            False,
            id="a stage that is built on",
        ),
        pytest.param(
            "DL3042",
            "Dockerfile",
            "FROM debian:12.1 AS a\nFROM a AS b\nRUN pip install a\nFROM a",
            True,
            id="a stage beside it",
        ),
    ],
)
def test_what_a_dockerfile_means_so_speaks_in_the_strict_profile_only(rule, path, line, strict):
    found = [one for one in judged({path: f"FROM debian:12.1\n{line}\n"}) if one.rule == rule]
    assert [one.strict for one in found] == [strict]


def test_every_audit_has_a_manual():
    for name, manual in manuals().items():
        assert manual.partition("\n")[0].endswith("."), name
        assert "**Why it matters**" in manual
        assert "**How to fix**" in manual
        assert f"#{name}" in manual
    assert len(MENDED) == len({module.__name__ for module in MENDED})
