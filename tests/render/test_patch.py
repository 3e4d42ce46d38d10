"""Patches are git's: `git apply` and `git am` take them, whatever the file and its name hold."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cicd_defs.plan.improvement import Proposed
from cicd_defs.render.patch import file_patch
from cicd_defs.render.series import as_mail

WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
NAMES = (
    "ci.yml",
    ".github/workflows/ci.yml",
    "with a blank/two  blanks.yml",
    'quo"te\\back.yml',
    "tab\tnew\nline.yml",
    "größe/日本.yml",
    " begins and ends ",
    "a/b b/a",
)
TEXTS = {
    "one line": ("a\n", "b\n"),
    "many": ("".join(f"{n}\n" for n in range(30)), "".join(f"{n}\n" for n in range(30) if n % 7)),
    "no end": ("a\nb", "a\nc"),
    "an end comes": ("a\nb", "a\nb\n"),
    "an end goes": ("a\nb\n", "a\nb"),
    "crlf": ("a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n"),
    "crlf becomes lf": ("a\r\nb\r\n", "a\nb\r\n"),
    "lone returns": ("a\rb\nc\r", "a\rb\nd\r"),
    "a bom": ("\ufeffa\n", "\ufeffb\n"),
    "other line ends": ("a\u2028b\x0bc\x0cd\x85e\n", "a\u2028b\x0bc\x0cd\x85f\n"),
    "letters": ("größe 日本 🎈\n", "größer 日本 🎈\n"),
    "like a mail": ("From me\n-- \n---\nx\n", "From you\n-- \n---\ny\ndiff --git a/x b/x\n"),
    "a long line": ("x" * 10_000 + "\n", "x" * 5_000 + "y" + "x" * 5_000 + "\n"),
    "emptied": ("a\n", ""),
    "filled": ("", "a\n"),
    "new": (None, "a\nb\n"),
    "new and crlf": (None, "a\r\nb"),
    "new and empty": (None, ""),
    "deleted": ("a\nb", None),
    "deleted and empty": ("", None),
}


def git(folder: Path, *arguments: str, given: bytes | None = None) -> None:
    told = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    who = {
        f"GIT_{role}_{part}": "t@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=given, env=told | who, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def put(folder: Path, path: str, text: str | None) -> None:
    if text is not None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())


def read(folder: Path, path: str) -> str | None:
    return (folder / path).read_bytes().decode() if (folder / path).exists() else None


@pytest.mark.parametrize("name", TEXTS)
def test_git_apply_takes_it(tmp_path, name):
    before, after = TEXTS[name]
    for path in NAMES:
        put(tmp_path, path, before)
    patch = "".join(file_patch(path, before, after) for path in NAMES)
    git(tmp_path, "apply", "-", given=patch.encode())
    assert [read(tmp_path, path) for path in NAMES] == [after] * len(NAMES)


def mail(patch: str, files: tuple[str, ...]) -> bytes:
    one = Proposed(
        number=1,
        slug="let-checks-fail",
        phase=1,
        title="ci: Let every check fail",
        scope="Größer.",
        risk="low",
        why_risk="none",
        depends_on=(),
        files=files,
        mends=(),
        verify=("Look.",),
        minutes=0.0,
        patch=patch,
    )
    return as_mail(one, 1, "Zoë Ü <zoe@example.com>", WHEN).encode()


def test_git_am_takes_all_of_them_at_once(tmp_path):
    git(tmp_path, "init", "-q")
    pairs = {f"{number}/{name}": texts for number, texts in enumerate(TEXTS.values()) for name in NAMES[:6]}
    put(tmp_path, "there", "x")
    for path, (before, _) in pairs.items():
        put(tmp_path, path, before)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "before")
    patch = "".join(file_patch(path, *texts) for path, texts in pairs.items())
    git(tmp_path, "am", "-q", "-", given=mail(patch, tuple(pairs)))
    assert {path: read(tmp_path, path) for path in pairs} == {
        path: after for path, (_, after) in pairs.items()
    }
    said = subprocess.run(
        ["git", "-C", tmp_path, "log", "-1", "--format=%an|%ae|%s|%b"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.startswith("Zoë Ü|zoe@example.com|ci: Let every check fail|Größer.")


def test_nothing_changed_is_no_patch():
    assert file_patch("a", "x", "x") == ""
    assert file_patch("a", None, None) == ""


lines = st.lists(st.sampled_from(["a", "b", "", "\r", "-- ", "From x", "+", "\t", "ü"]), max_size=12)


@settings(max_examples=15)
@given(st.lists(st.tuples(lines, lines, st.booleans(), st.booleans()), min_size=1, max_size=8))
def test_any_change_of_lines_is_taken(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("any")
    pairs = {
        f"f {number}": ("\n".join(old) + "\n" * first, "\n".join(new) + "\n" * second)
        for number, (old, new, first, second) in enumerate(changes)
    }
    for path, (before, _) in pairs.items():
        put(folder, path, before)
    patch = "".join(file_patch(path, *texts) for path, texts in pairs.items())
    if patch:
        git(folder, "apply", "-", given=patch.encode())
    assert {path: read(folder, path) for path in pairs} == {path: after for path, (_, after) in pairs.items()}
