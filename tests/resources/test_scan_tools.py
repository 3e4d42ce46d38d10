"""The real programs on small repositories: bandit, detect-secrets, pip-audit and npm run here for real.

pip-audit and npm ask a server of this machine. cargo-audit, govulncheck and trivy are scripts that answer in the form
that their manuals give (see `tests/facts/test_scans_readers.py`); what they are shown and called with is real.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from cicd_defs.facts.scans import report_of
from cicd_defs.facts.tree import Tree
from resources import bounded, scan_tools
from resources.histories import History, Version
from resources.scan_tools import LocalTools, Unavailable
from tests.facts.test_scans_readers import CARGO_ANSWER, GO_ANSWER, TRIVY_CONFIG, TRIVY_IMAGE
from tests.resources.advisories import advisories

TOKEN = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"
OTHER = "ghp_" + "zyxwvutsrqponmlkjihgfedcba9876543210"
NO_HISTORY = History((), "no commits")
NPM = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")

SHELL = "import subprocess\n\n\ndef run(words):\n    subprocess.run(words, shell=True){}\n"


@pytest.fixture(scope="module")
def server():
    with advisories() as serving:
        yield serving


def asking(server):
    return LocalTools(osv=f"{server.address}/v1/query", npm_registry=f"{server.address}/")


def rules(scanned):
    return {(one.rule, one.file, one.line) for one in scanned.findings if one.rule != "B404"}


def reasons(scanned):
    return {run.target: run.reason for run in scanned.runs if run.reason}


def told(scanned):
    """All that is kept of a scan."""
    return report_of("code", None, "d", scanned, None).model_dump_json()


def test_bandit_finds_what_is_in_the_project_s_own_code():
    scanned = LocalTools().code(
        Tree.of(
            {
                "src/shop/run.py": SHELL.format(""),
                "src/shop/known.py": SHELL.format("  # nosec B602"),
                "src/shop/broken.py": "def (",
                "src/shop/login.py": "PASSWORD = 'correct-horse'\n",
                "tests/test_run.py": SHELL.format(""),
                "node_modules/x/run.py": SHELL.format(""),
            }
        )
    )
    assert rules(scanned) == {("B602", "src/shop/run.py", 5), ("B105", "src/shop/login.py", 1)}
    assert {one.severity for one in scanned.findings if one.rule == "B602"} == {"high"}
    assert scanned.suppressed == 1
    [run] = scanned.runs
    assert run.evaluated
    assert [(one.file, "syntax" in one.reason) for one in run.unread] == [("src/shop/broken.py", True)]
    assert "correct-horse" not in told(scanned)


def test_a_repository_s_configuration_of_bandit_leaves_out_and_does_nothing_else(tmp_path):
    evil = tmp_path / "written"
    ini = f"[bandit]\nskips = B602\noutput = {evil}\noutput-file = {evil}\ntargets = /etc\nformat = xml\n"
    files = {"run.py": SHELL.format(""), "old/run.py": SHELL.format("")}
    scanned = LocalTools().code(Tree.of({**files, ".bandit": ini}))
    assert rules(scanned) == set()
    assert scanned.notes == (".bandit leaves out the rules B602",)
    assert not evil.exists()
    project = '[tool.bandit]\nexclude_dirs = ["old"]\nskips = ["B404", "--output=x"]\n'
    scanned = LocalTools().code(Tree.of({**files, "pyproject.toml": project}))
    assert rules(scanned) == {("B602", "run.py", 5)}
    assert scanned.notes == ("pyproject.toml leaves out the rules B404, and the paths old",)


def test_a_module_of_the_repository_is_not_imported_in_place_of_a_scanner_s():
    evil = "raise SystemExit('the repository was run')\n"
    files = {"bandit/__init__.py": evil, "json.py": evil, "yaml.py": evil, "run.py": SHELL.format("")}
    scanned = LocalTools().code(Tree.of(files))
    assert ("B602", "run.py", 5) in rules(scanned)
    secrets = LocalTools().secrets(Tree.of({**files, "detect_secrets.py": evil}), NO_HISTORY, ())
    assert reasons(secrets) == {}


def test_no_python_is_nothing_to_look_at():
    scanned = LocalTools().code(Tree.of({"main.go": "package main"}))
    assert (scanned.runs, scanned.notes) == ((), ("there is no Python code to look at",))


SECRET_FILES = {
    "app.env": f"TOKEN={TOKEN}\n",
    "known.py": f'TOKEN = "{OTHER}"  # pragma: allowlist secret\n',
    "web.js": "let greeting = 'hello';\n",
}


def test_secrets_are_found_and_nothing_but_their_hash_is_kept():
    scanned = LocalTools().secrets(Tree.of(SECRET_FILES), NO_HISTORY, ())
    assert ("GitHub Token", "app.env", 1) in rules(scanned)
    assert {one.file for one in scanned.findings} == {"app.env"}
    assert scanned.suppressed >= 1
    assert all(one.subject.startswith("sha1:") for one in scanned.findings)
    for secret in (TOKEN, OTHER):
        assert secret not in told(scanned)
        assert secret[4:] not in told(scanned)


def baseline_of(scanned, **changes):
    results = {}
    for one in scanned.findings:
        entry = {
            "type": one.rule,
            "hashed_secret": one.subject.split()[0].removeprefix("sha1:"),
            "line_number": 9,
        }
        results.setdefault(one.file, []).append(entry | changes)
    return {"version": "1.5.0", "plugins_used": [], "filters_used": [], "results": results}


def test_two_secrets_of_one_kind_are_two_findings_also_when_they_begin_alike():
    """detect-secrets makes the hash of a GitHub token of its first letters, which all of them share."""
    past = Version("b.env", "a" * 40, f"TOKEN={OTHER}\n".encode())
    tree = Tree.of({"a.env": f"TOKEN={TOKEN}\n"})
    scanned = LocalTools().secrets(tree, History((past,), "one"), ())
    assert {one.file for one in scanned.findings if one.rule == "GitHub Token"} == {"a.env", "b.env"}


@pytest.mark.parametrize(
    ("changes", "stays"), [({}, False), ({"is_secret": False}, False), ({"is_secret": True}, True)]
)
def test_what_the_baseline_knows_is_no_finding_unless_it_says_that_it_is_a_secret(changes, stays):
    files = {"app.env": f"TOKEN={TOKEN}\n"}
    first = LocalTools().secrets(Tree.of(files), NO_HISTORY, ())
    known = json.dumps(baseline_of(first, **changes))
    scanned = LocalTools().secrets(Tree.of({**files, ".secrets.baseline": known}), NO_HISTORY, ())
    assert bool(scanned.findings) is stays


def test_plugins_and_filters_that_a_baseline_names_are_not_run(tmp_path):
    marker = tmp_path / "ran"
    evil = f"open({str(marker)!r}, 'w').write('x')\n"
    (tmp_path / "plugin.py").write_text(evil)
    place = f"file://{tmp_path / 'plugin.py'}"
    known = {
        "version": "1.5.0",
        "plugins_used": [{"name": "Evil", "path": place}],
        "filters_used": [
            {"path": f"{place}::keep"},
            {"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": [r"^docs/", "("]},
        ],
        "results": {},
    }
    files = {"plugin.py": evil, "a.env": f"TOKEN={TOKEN}\n", "docs/a.env": f"TOKEN={TOKEN}\n"}
    tree = Tree.of({**files, ".secrets.baseline": json.dumps(known)})
    scanned = LocalTools().secrets(tree, NO_HISTORY, ())
    assert {one.file for one in scanned.findings} == {"a.env"}
    assert not marker.exists()
    assert "names code of the repository" in scanned.notes[0]


def test_a_secret_that_was_added_and_removed_is_found_with_its_commit():
    first, second = "a" * 40, "b" * 40
    versions = (
        Version("app.env", first, f"# one\nTOKEN={TOKEN}\n".encode()),
        Version("app.env", second, f"# two\nTOKEN={TOKEN}\n".encode()),
        Version("app.env/x", second, f"TOKEN={OTHER}\n".encode()),
        Version(".secrets.baseline", second, json.dumps({"hashed_secret": "0123456789abcdef" * 2}).encode()),
    )
    tree = Tree.of({"app.env": "# three\n"})
    scanned = LocalTools().secrets(tree, History(versions, "two commits"), ())
    tokens = {(one.file, one.line, one.commit) for one in scanned.findings if one.rule == "GitHub Token"}
    assert tokens == {("app.env", 2, first), ("app.env/x", 1, second)}
    assert scanned.runs[1].looked_at == "two commits"
    again = LocalTools().secrets(tree, NO_HISTORY._replace(kept=frozenset({first})), scanned.findings)
    assert {one.commit for one in again.findings} == {first}
    assert {one.fingerprint for one in again.findings} < {one.fingerprint for one in scanned.findings}


def test_a_secret_that_stands_in_the_files_or_is_allowed_there_is_not_told_again_of_the_history():
    past = Version("old.env", "a" * 40, f"TOKEN={TOKEN}\n".encode())
    for now in (f"TOKEN={TOKEN}\n", f"TOKEN={TOKEN}  # pragma: allowlist secret\n"):
        scanned = LocalTools().secrets(Tree.of({"new.env": now}), History((past,), "one"), ())
        assert {one.file for one in scanned.findings} <= {"new.env"}


def test_a_history_that_is_not_to_be_had_is_told_and_the_files_are_looked_at():
    scanned = LocalTools().secrets(Tree.of({"a.env": f"TOKEN={TOKEN}\n"}), Unavailable("no network"), ())
    assert {one.file for one in scanned.findings} == {"a.env"}
    assert reasons(scanned) == {"repository": "no network"}


def test_pip_audit_asks_about_what_is_pinned_and_resolves_nothing(server):
    files = {
        "requirements.txt": "thin-tray==2.0.0 ; python_version > '3'\nthick-tray\n-e .\n-i http://127.0.0.1:9\n",
        "setup.py": "raise SystemExit('the repository was run')\n",
        "api/uv.lock": '[[package]]\nname = "thin-tray"\nversion = "2.0.1"\n\n'
        '[[package]]\nname = "thin-tray"\nversion = "2.0.0"\n',
    }
    scanned = asking(server).dependencies(Tree.of(files))
    assert {(one.rule, one.file, one.subject, one.fix) for one in scanned.findings} == {
        ("PYSEC-2026-1", "requirements.txt", "thin-tray 2.0.0", "2.0.1"),
        ("PYSEC-2026-1", "api/uv.lock", "thin-tray 2.0.0", "2.0.1"),
    }
    assert {one.severity for one in scanned.findings} == {"high"}  # none is given
    assert reasons(scanned) == {}
    assert scanned.notes == ("requirements.txt: not looked up, because not pinned: thick-tray",)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "uv.lock",
            'version = 1\n\n[[package]]\nname = "ours"\nversion = "1"\nsource = { editable = "." }\n',
        ),
        ("poetry.lock", 'package = []\n\n[metadata]\nlock-version = "2.1"\n'),
        ("requirements.txt", "# nothing\n-r other.txt\n"),
    ],
)
def test_a_lock_file_that_names_nothing_is_well(path, text):
    [run] = LocalTools(osv="http://127.0.0.1:9/").dependencies(Tree.of({path: text})).runs
    assert (run.reason, run.looked_at) == ("", "0 packages")


def test_who_cannot_be_reached_is_not_taken_for_content():
    tools = LocalTools({"HTTPS_PROXY": "http://u:canary@127.0.0.1:9"}, osv="https://127.0.0.1:9/v1/query")
    scanned = tools.dependencies(Tree.of({"requirements.txt": "thin-tray==2.0.0\n"}))
    assert scanned.findings == ()
    [reason] = reasons(scanned).values()
    assert reason.startswith("pip-audit failed")
    assert "127.0.0.1" in reason
    assert "canary" not in told(scanned)
    assert "cicd-scan-" not in told(scanned)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"requirements.txt": "flask\n"}, "it pins no versions"),
        ({"uv.lock": ""}, "it cannot be read as a lock file"),
        (
            {f"{name}/package.json": '{"dependencies": {"a": "1"}}' for name in "ab"},
            "no lock file says which versions are used; nor for b/package.json",
        ),
        ({"pyproject.toml": '[project]\ndependencies = ["flask"]\n'}, "no lock file"),
        ({"package.json": '{"dependencies": {"a": "1"}}'}, "no lock file"),
        ({"package.json": '{"dependencies": {"a": "1"}}', "yarn.lock": ""}, "no tool here reads"),
        ({"Cargo.lock": ""}, "cargo-audit is not installed"),
        ({"go.mod": ""}, "govulncheck is not installed"),
        ({"Dockerfile": "FROM a\n"}, "trivy is not installed"),
    ],
)
def test_what_nobody_can_look_at_is_said(files, reason, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    tools, tree = LocalTools(), Tree.of(files)
    scanned = tools.image(tree, ()) if "Dockerfile" in files else tools.dependencies(tree)
    [said] = reasons(scanned).values()
    assert said.startswith(reason)


PACKAGE_LOCK = json.dumps(
    {
        "name": "shop-web",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {
            "": {"name": "shop-web", "version": "1.0.0", "dependencies": {"left-basket": "^1.0.0"}},
            "node_modules/left-basket": {"version": "1.0.0", "dependencies": {"thin-tray": "^2.0.0"}},
            "node_modules/thin-tray": {"version": "2.0.0"},
        },
    }
)


@NPM
def test_npm_audit_sees_the_lock_file_and_runs_nothing(server, tmp_path):
    marker = tmp_path / "ran"
    scripts = dict.fromkeys(("preinstall", "install", "prepare", "preaudit", "audit"), f"touch {marker}")
    manifest = {
        "name": "shop-web",
        "version": "1.0.0",
        "dependencies": {"left-basket": "^1.0.0"},
        "scripts": scripts,
        "devEngines": {"packageManager": {"name": "yarn", "onFail": "error"}},
    }
    files = {
        "web/package.json": json.dumps(manifest),
        "web/package-lock.json": PACKAGE_LOCK,
        "web/.npmrc": f"registry=http://127.0.0.1:9/\nscript-shell={marker}\n",
    }
    scanned = asking(server).dependencies(Tree.of(files))
    [finding] = scanned.findings
    assert (finding.rule, finding.severity, finding.said) == ("GHSA-aaaa-bbbb-cccc", "medium", "moderate")
    assert (finding.file, finding.subject) == ("web/package-lock.json", "thin-tray <2.0.1")
    assert not marker.exists()
    assert reasons(scanned) == {}


@NPM
def test_npm_that_reaches_nobody_says_so():
    tools = LocalTools(npm_registry="http://127.0.0.1:9/")
    scanned = tools.dependencies(Tree.of({"package-lock.json": PACKAGE_LOCK}))
    [reason] = reasons(scanned).values()
    assert reason.startswith("npm could not look anything up")
    assert "ECONNREFUSED" in reason


def program(folder, name, answer="", code=0, before=""):
    """A program that keeps what it was called with and shown, and answers."""
    place = folder / name
    text = (
        f"#!{sys.executable}\nimport json, os, pathlib, sys\n{before}\n"
        f"seen = {{'words': sys.argv[1:], 'env': dict(os.environ), 'files': sorted("
        "str(p) for p in pathlib.Path('.').rglob('*') if p.is_file())}\n"
        f"pathlib.Path({str(folder / (name + '.seen'))!r}).write_text(json.dumps(seen))\n"
        f"sys.stdout.write({answer!r})\nsys.exit({code})\n"
    )
    place.write_text(text)
    place.chmod(0o755)
    return place


def seen(folder, name):
    return json.loads((folder / f"{name}.seen").read_text())


def test_cargo_audit_is_shown_the_lock_file_and_what_is_waved_through(tmp_path, monkeypatch):
    monkeypatch.setenv("CARGO_REGISTRY_TOKEN", "canary")
    audit = '[advisories]\nignore = ["RUSTSEC-2026-0002", "--db=x"]\n[database]\npath = "/evil"\n'
    files = {"Cargo.lock": "version = 3\n", "build.rs": "fn main() {}", ".cargo/audit.toml": audit}
    tools = LocalTools(os.environ, {"cargo-audit": program(tmp_path, "cargo-audit", CARGO_ANSWER, 1)})
    scanned = tools.dependencies(Tree.of(files))
    assert {one.rule for one in scanned.findings} == {"RUSTSEC-2026-0001", "RUSTSEC-2026-0009", "yanked"}
    called = seen(tmp_path, "cargo-audit")
    assert called["files"] == ["Cargo.lock"]
    assert called["words"][:3] == ["audit", "--json", "--file=Cargo.lock"]
    assert called["words"][-2:] == ["--ignore", "RUSTSEC-2026-0002"]
    assert "canary" not in json.dumps(called)
    assert scanned.notes == ("Cargo.lock: `.cargo/audit.toml` waves through RUSTSEC-2026-0002",)


def test_govulncheck_is_shown_no_code_and_chooses_no_compiler(tmp_path):
    tools = LocalTools(programs={"govulncheck": program(tmp_path, "govulncheck", GO_ANSWER)})
    files = {"go.mod": "module a\ntoolchain evil\n", "go.sum": "", "main.go": "package main", "go.work": "x"}
    scanned = tools.dependencies(Tree.of(files))
    assert {one.rule for one in scanned.findings} == {"GO-2026-0001"}
    called = seen(tmp_path, "govulncheck")
    assert called["files"] == ["go.mod", "go.sum"]
    assert called["words"] == ["-json", "-scan=module"]
    assert {called["env"][name] for name in ("GOTOOLCHAIN", "GOWORK", "CGO_ENABLED")} == {"local", "off", "0"}


def test_trivy_is_shown_dockerfiles_and_images(tmp_path):
    branch = f"answer = {TRIVY_IMAGE!r} if 'image' in sys.argv else {TRIVY_CONFIG!r}\nprint(answer)"
    tools = LocalTools(programs={"trivy": program(tmp_path, "trivy", before=branch)})
    files = {
        "api/Dockerfile": "FROM a\n",
        "trivy.yaml": "x: y",
        "tests/Dockerfile": "FROM a\n",
        ".trivyignore": "DS001\n",
    }
    scanned = tools.image(Tree.of(files), ("ghcr.io/acme/shop:main",))
    assert {(one.rule, one.target) for one in scanned.findings} == {
        ("DS-0002", "Dockerfiles"),
        ("CVE-2026-0003", "ghcr.io/acme/shop:main"),
    }
    assert reasons(scanned) == {}
    assert seen(tmp_path, "trivy")["words"][-2:] == ["--", "ghcr.io/acme/shop:main"]
    tools.image(Tree.of(files), ())
    assert seen(tmp_path, "trivy")["files"] == [".trivyignore", "api/Dockerfile"]


@pytest.mark.parametrize(
    ("answer", "code", "before", "reason"),
    [
        ("", 0, "", "cargo-audit failed (exit code 0): it said nothing"),
        ("{}", 2, "print('no database', file=sys.stderr)", "cargo-audit failed (exit code 2): no database"),
        ("{}", 1, "", "cargo audit failed: its answer cannot be read: KeyError"),
        ("[]", 0, "", "cargo audit failed: its answer cannot be read: TypeError"),
        ("rubbish", 0, "", "cargo audit failed: its answer cannot be read: JSONDecodeError"),
        ("", 0, "os.kill(os.getpid(), 11)", "cargo-audit failed (signal 11)"),
        ("", 0, "import time; time.sleep(60)", "cargo-audit took longer than 0.5 s and was stopped"),
        ("", 0, "sys.stdout.write('x' * 5000)", "cargo-audit answers with more than 4,000 bytes"),
    ],
)
def test_a_program_that_fails_is_not_taken_for_one_that_is_content(
    answer, code, before, reason, tmp_path, monkeypatch
):
    if "sleep" in before:
        monkeypatch.setattr(bounded, "SECONDS", 0.5)
    monkeypatch.setattr(bounded, "LARGEST_ANSWER", 4000)
    tools = LocalTools(programs={"cargo-audit": program(tmp_path, "cargo-audit", answer, code, before)})
    scanned = tools.dependencies(Tree.of({"Cargo.lock": "x"}))
    assert scanned.findings == ()
    assert reasons(scanned)["Cargo.lock"].startswith(reason)


def test_a_program_that_cannot_start_says_so(tmp_path):
    missing = tmp_path / "cargo-audit"
    scanned = LocalTools(programs={"cargo-audit": missing}).dependencies(Tree.of({"Cargo.lock": "x"}))
    assert "exit code 127" in reasons(scanned)["Cargo.lock"]


def test_a_program_gets_no_more_memory_than_it_may_have(tmp_path, monkeypatch):
    monkeypatch.setattr(bounded, "MOST_MEMORY", 200 * 1024**2)
    greedy = program(tmp_path, "cargo-audit", CARGO_ANSWER, before="held = bytearray(400 * 1024 ** 2)")
    scanned = LocalTools(programs={"cargo-audit": greedy}).dependencies(Tree.of({"Cargo.lock": "x"}))
    assert "MemoryError" in reasons(scanned)["Cargo.lock"]


def test_what_a_program_started_ends_with_it(tmp_path):
    mark = tmp_path / "child"
    before = (
        "import subprocess, time\n"
        f"child = subprocess.Popen(['sleep', '60'])\npathlib.Path({str(mark)!r}).write_text(str(child.pid))"
    )
    tools = LocalTools(programs={"cargo-audit": program(tmp_path, "cargo-audit", CARGO_ANSWER, 0, before)})
    tools.dependencies(Tree.of({"Cargo.lock": "x"}))
    child = Path(f"/proc/{mark.read_text()}/cmdline")
    until = time.monotonic() + 120
    while child.exists() and child.read_bytes() and time.monotonic() < until:
        time.sleep(0.01)  # it has been told to end
    assert not child.exists() or child.read_bytes() == b""


def test_a_path_leads_out_of_nothing(tmp_path):
    held = {"../evil.env": b"x", "/evil.env": b"x", "a/.git/config": b"x", "b.env": b"x"}
    left = scan_tools._lay_out(tmp_path / "files", Tree(tuple(held), held.get), list(held))
    assert sorted(left) == ["../evil.env", "/evil.env", "a/.git/config"]
    assert [path.name for path in tmp_path.rglob("*.env")] == ["b.env"]


def test_a_file_that_is_too_large_is_told(monkeypatch):
    monkeypatch.setattr(scan_tools, "MOST_BYTES", 100)
    scanned = LocalTools().secrets(Tree.of({"a.env": "x" * 101, "b.env": f"TOKEN={TOKEN}\n"}), NO_HISTORY, ())
    assert {one.file for one in scanned.findings} == {"b.env"}
    assert scanned.notes == ("1 files are too large to be looked at: a.env",)
