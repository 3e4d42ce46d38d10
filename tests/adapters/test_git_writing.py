"""The bare repository side of git: differences, merges, patches, branches."""

import subprocess
import threading
from pathlib import Path

import pytest

from cicd_defs.adapters.git import GitError
from cicd_defs.adapters.git.writing import (
    GitRepositories,
    branches_of,
    is_branch_name,
    make_bare,
    move_branch,
    tip_of,
)
from cicd_defs.facts.changes.refusals import PatchRefused
from cicd_defs.flows.protocols import Repositories
from tests.resources.repository import committed, git, repository, write

FILES = {"app.py": "one\ntwo\nthree\n", "docs/guide.md": "text\n"}
GIT: Repositories = GitRepositories()


@pytest.fixture
def work(tmp_path):
    """A work tree on main whose `.git` stands for the bare repository."""
    return repository(tmp_path / "work", FILES)


def tip(work: Path) -> str:
    return git(work, "rev-parse", "HEAD")


def branch(work: Path, name: str, files: dict, base: str = "main") -> str:
    git(work, "checkout", "--quiet", "-B", name, base)
    commit = tip(committed(work, files))
    git(work, "checkout", "--quiet", "main")
    return commit


def of(work: Path) -> str:
    return str(work / ".git")


def patch_of(work: Path, *arguments: str) -> str:
    return git(work, "diff", "--cached", "--binary", *arguments) + "\n"


def test_a_diff_is_against_the_merge_base(work):
    head = branch(work, "change", {"app.py": "one\n2\nthree\n"})
    base = tip(committed(work, {"other.py": "main moved on\n"}))
    diff = GIT.diff(of(work), base, head)
    assert [(file.path, file.status, file.added_lines, file.removed_lines) for file in diff.files] == [
        ("app.py", "modified", 1, 1)
    ]
    assert [(line.number, line.text) for line in diff.files[0].added] == [(2, "2")]


def test_a_diff_without_a_common_history_is_against_the_base_itself(work):
    base = tip(work)
    git(work, "checkout", "--quiet", "--orphan", "alone")
    head = tip(committed(work, {"app.py": "new\n"}))
    assert GIT.diff(of(work), base, head).paths == ("app.py",)
    assert GIT.merge_result(of(work), base, head) is None


def test_nothing_that_a_repository_configures_changes_a_diff(work):
    write(work, {".gitattributes": "*.py diff=evil -text\n*.md binary\n"})
    base = tip(committed(work, {}))
    head = branch(work, "change", {"app.py": "one\n", "docs/guide.md": "other\n"})
    plain = GIT.diff(of(work), base, head)
    for name, value in (
        ("diff.evil.textconv", "false"),
        ("diff.external", "false"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.orderFile", "/nonexistent"),
        ("color.ui", "always"),
        ("core.quotePath", "false"),
        ("i18n.commitEncoding", "ISO-8859-1"),
        ("merge.renames", "false"),
    ):
        git(work, "config", name, value)
    assert GIT.diff(of(work), base, head) == plain


def test_a_diff_that_is_too_large_lists_its_files(work, monkeypatch):
    monkeypatch.setattr("cicd_defs.adapters.git.writing.LARGEST_DIFF", 64 * 1024)
    head = branch(work, "change", {"large.txt": "x" * 99 + "\n" + "line\n" * 30_000})
    (file,) = GIT.diff(of(work), tip(work), head).files
    assert (file.cut, file.added, file.added_lines) == (True, (), 30_001)


def test_the_same_two_commits_merge_to_the_same_commit(work, tmp_path):
    head = branch(work, "change", {"new.py": "1\n"})
    base = tip(committed(work, {"other.py": "2\n"}))
    before = branches_of(work / ".git")
    first = GIT.merge_result(of(work), base, head)
    git(tmp_path, "clone", "--quiet", "--mirror", of(work), "copy.git")
    git(tmp_path / "copy.git", "config", "i18n.commitEncoding", "ISO-8859-1")
    assert GIT.merge_result(str(tmp_path / "copy.git"), base, head) == first
    assert first is not None
    assert git(work, "log", "-1", "--format=%P", first) == f"{base} {head}"
    assert {"new.py", "other.py"} <= set(GIT.tree(of(work), first).paths)
    assert branches_of(work / ".git") == before


def test_a_conflict_has_no_merge_and_an_unknown_commit_is_an_error(work):
    head = branch(work, "change", {"app.py": "mine\n"})
    base = tip(committed(work, {"app.py": "theirs\n"}))
    assert GIT.merge_result(of(work), base, head) is None
    for wrong in ("f" * 40, "main", "--all", ""):
        with pytest.raises(GitError):
            GIT.merge_result(of(work), base, wrong)


def test_contains_and_tip(work):
    first = tip(work)
    head = branch(work, "feature/a", {"a": "1"})
    assert GIT.tip(of(work), "feature/a") == head
    assert GIT.contains(of(work), head, first)
    assert GIT.contains(of(work), first, first)
    assert not GIT.contains(of(work), first, head)


@pytest.mark.parametrize(
    "name", ["nothing", "-d", "", "..", "main~1", "main^{commit}", "@{-1}", "main\n", "a b", "x/.y", "HEAD"]
)
def test_what_is_no_branch_has_no_tip_and_is_not_moved(work, name):
    assert GIT.tip(of(work), name) is None
    if name != "nothing":
        assert not is_branch_name(name)
        with pytest.raises(GitError):
            move_branch(work / ".git", name, tip(work), None)


def test_a_name_that_ends_like_a_description_is_not_read_as_a_commit(work):
    assert GIT.tip(of(work), f"main-1-g{tip(work)[:12]}") is None


def test_a_branch_moves_only_from_where_it_is_expected(work):
    place, first = work / ".git", tip(work)
    head = branch(work, "change", {"a": "1"})
    assert move_branch(place, "new", first, None)
    assert not move_branch(place, "new", head, None)
    assert not move_branch(place, "new", first, head)
    assert move_branch(place, "new", head, first)
    assert tip_of(place, "new") == head
    with pytest.raises(GitError, match="has no commit"):
        move_branch(place, "new", "e" * 40, head)
    assert not move_branch(place, "new", None, first)
    assert move_branch(place, "new", None, head)
    assert tip_of(place, "new") is None


def test_of_many_who_move_a_branch_from_one_commit_one_does(work):
    place, first = work / ".git", tip(work)
    heads = [branch(work, f"b{n}", {"a": str(n)}) for n in range(6)]
    done: list[bool] = []
    threads = [
        threading.Thread(target=lambda c=commit: done.append(move_branch(place, "goal", c, first)))
        for commit in heads
    ]
    assert move_branch(place, "goal", first, None)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 5 + [True]


def test_a_patch_becomes_a_commit_and_the_same_patch_the_same_commit(work):
    base = tip(work)
    write(work, {"app.py": "one\n2\nthree\n", "new ü.py": "x\n", "data.bin": bytes(range(256))})
    git(work, "add", "--all")
    patch = patch_of(work)
    made = GIT.commit_patch(of(work), base, patch, "Do it\n\nWell.", "Ada <ada@example.com>")
    assert GIT.commit_patch(of(work), base, patch, "Do it\n\nWell.", "Ada <ada@example.com>") == made
    assert (
        git(work, "log", "-1", "--format=%P|%an|%ae|%cn|%B", made)
        == f"{base}|Ada|ada@example.com|cicd-defs|Do it\n\nWell."
    )
    tree = GIT.tree(of(work), made)
    assert tree.read("data.bin") == bytes(range(256))
    assert tree.text("new ü.py") == "x\n"
    assert tip(work) == base


@pytest.mark.parametrize(
    ("author", "name", "mail"),
    [
        ("ada", "ada", "ada@localhost"),
        ("<>", "nobody", "nobody@localhost"),
        ("Eve\n<a@b> extra <c@d>", "Eve a@b extra c@d", "Eve-a-b-extra-c-d@localhost"),
        ("", "nobody", "nobody@localhost"),
    ],
)
def test_any_author_is_written_on_one_line(work, author, name, mail):
    write(work, {"app.py": "2\n"})
    git(work, "add", "--all")
    made = GIT.commit_patch(of(work), tip(work), patch_of(work), "m", author)
    assert git(work, "log", "-1", "--format=%an|%ae", made) == f"{name}|{mail}"


NEW = (
    "diff --git a/{0} b/{0}\nnew file mode {1}\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+{2}\n"
    "\\ No newline at end of file\n"
)
PLAIN = "--- {0}\n+++ {0}\n@@ -0,0 +1 @@\n+x\n"


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("no patch at all\n", "does not apply"),
        ("--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@\n-other\n+x\n", "does not apply"),
        (NEW.format(".git/hooks/pre-commit", 100755, "x"), "does not apply|belongs to git"),
        (NEW.format("sub/.GIT/config", 100644, "x"), "does not apply|belongs to git"),
        (NEW.format("git~1/config", 100644, "x"), "does not apply|belongs to git"),
        (NEW.format(".gitmodules", 100644, "x"), "submodule"),
        (NEW.format("../out", 100644, "x"), "outside"),
        (NEW.format("docs/../../out", 100644, "x"), "outside"),
        (PLAIN.format("/etc/passwd"), "outside"),
        (PLAIN.format('"/etc/passwd"'), "outside"),
        ("diff --git a/app.py b/app.py\nrename from app.py\nrename to ../out\n", "outside"),
        (NEW.format("link", 120000, "/etc/passwd"), "link"),
        (NEW.format("link", 120000, "../x"), "link"),
        (NEW.format("docs/link", 120000, "../../x"), "link"),
        (NEW.format("docs/link", 120000, "docs/../../x"), "link"),
        (NEW.format("sub", 160000, "Subproject commit " + "1" * 40), "submodule|does not apply"),
    ],
)
def test_patches_that_are_refused(work, patch, says):
    with pytest.raises(PatchRefused, match=says):
        GIT.commit_patch(of(work), tip(work), patch, "m", "eve")


def test_a_change_that_changes_nothing_is_refused(work):
    patch = "--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,3 @@\n-one\n+one\n two\n three\n"
    with pytest.raises(PatchRefused, match="nothing"):
        GIT.commit_patch(of(work), tip(work), patch, "m", "eve")


@pytest.mark.parametrize(
    "patch",
    [
        NEW.format("link", 120000, "docs/guide.md"),
        NEW.format("docs/link", 120000, "../app.py"),
        NEW.format("docs/link", 120000, "./guide.md"),
        "--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,3 @@\n one\n-two\n+-- /etc/../passwd\n three\n",
        "--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,3 @@\n one\n-two\n+++ /etc/passwd\n three\n",
    ],
)
def test_patches_that_only_look_like_it_are_taken(work, patch):
    assert GIT.contains(of(work), GIT.commit_patch(of(work), tip(work), patch, "m", "eve"), tip(work))


def test_a_bare_copy_has_the_main_branch_only(work, tmp_path):
    branch(work, "other", {"x": "1"})
    write(work, {"app.py": "not committed\n"})
    make_bare(work, tmp_path / "owner" / "copy.git")
    copy = tmp_path / "owner" / "copy.git"
    assert branches_of(copy) == {"main": tip(work)}
    assert git(copy, "symbolic-ref", "HEAD") == "refs/heads/main"
    make_bare(copy, tmp_path / "again.git")
    assert branches_of(tmp_path / "again.git") == {"main": tip(work)}
    with pytest.raises(GitError, match="there already"):
        make_bare(work, copy)
    with pytest.raises(GitError):
        make_bare(work, tmp_path / "third.git", "nothing")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.git", "owner", "work"]


def test_a_folder_that_is_no_repository_becomes_one_with_a_single_commit(tmp_path):
    source = write(tmp_path / "plain", {**FILES, ".gitignore": "*.log\n", "x.log": "no"})
    for name in ("a.git", "b.git"):
        make_bare(source, tmp_path / name)
    first, second = (branches_of(tmp_path / name)["main"] for name in ("a.git", "b.git"))
    assert first == second
    assert GIT.tree(str(tmp_path / "a.git"), first).paths == (".gitignore", "app.py", "docs/guide.md")
    assert not (source / ".git").exists()


def test_a_hook_of_the_repository_does_not_run(work, tmp_path):
    bare = tmp_path / "bare.git"
    make_bare(work, bare)
    (bare / "hooks").mkdir()
    hook = bare / "hooks" / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    commit = branches_of(bare)["main"]
    assert move_branch(bare, "new", commit, None)
    assert not (tmp_path / "ran").exists()
    subprocess.run(["git", "--git-dir", str(bare), "update-ref", "refs/heads/x", commit], check=True)
    assert (tmp_path / "ran").exists()
