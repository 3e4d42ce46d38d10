import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import cicd_defs.adapters.git
from cicd_defs.adapters.git import (
    LARGEST_FILE,
    Git,
    GitError,
    branch_of,
    commit_of,
    head_of,
    local_tree,
    run_git,
    tree_at,
)
from cicd_defs.adapters.git.stale import size_on_disk
from tests.resources.repository import committed, git, repository, write

FILES = {"README.md": "# Shop\n", "src/app.py": "print('ä')\n", "data.bin": b"\x00\xff\n\r", "empty": ""}


@pytest.fixture
def mirrors(tmp_path):
    return Git(tmp_path / "mirrors")


def test_a_mirror_holds_the_files_of_the_branch(tmp_path, mirrors):
    source = repository(tmp_path / "source", FILES)
    git_dir = mirrors.mirror(source, "main")
    commit = mirrors.commit(git_dir, "main")
    tree = mirrors.tree_at(git_dir, commit)
    assert commit == git(source, "rev-parse", "HEAD")
    assert tree.paths == tuple(sorted(FILES))
    assert {path: tree.read(path) for path in tree.paths} == {
        path: text if isinstance(text, bytes) else text.encode() for path, text in FILES.items()
    }
    assert tree.read("nothing") is None


def test_a_mirror_follows_its_source_also_backwards(tmp_path, mirrors):
    source = repository(tmp_path / "source", FILES)
    first = git(source, "rev-parse", "HEAD")
    committed(source, {"new.py": "1"})
    git_dir = mirrors.mirror(source, "main")
    assert "new.py" in mirrors.tree_at(git_dir, mirrors.commit(git_dir, "main")).paths
    git(source, "reset", "--quiet", "--hard", first)
    assert mirrors.mirror(source, "main") == git_dir
    assert mirrors.commit(git_dir, "main") == first


def test_a_bare_repository_on_this_machine_is_mirrored_like_a_remote_one(tmp_path, mirrors):
    source = repository(tmp_path / "source", FILES)
    git(tmp_path, "clone", "--quiet", "--bare", str(source), "bare.git")
    git_dir = mirrors.mirror(tmp_path / "bare.git", "main")
    assert mirrors.tree_at(git_dir, mirrors.commit(git_dir, "main")).paths == tuple(sorted(FILES))


def test_a_tree_leaves_out_links_submodules_and_what_is_not_utf8(tmp_path, mirrors):
    source = repository(tmp_path / "source", {"a.py": "1", "with space/und\nline": "2"})
    (source / "link").symlink_to("/etc/passwd")
    with Path(os.fsdecode(bytes(source) + b"/not-\xff-utf8")).open("w") as file:
        file.write("3")
    commit = git(source, "rev-parse", "HEAD")
    git(source, "update-index", "--add", "--cacheinfo", f"160000,{commit},submodule")
    committed(source, {})
    git_dir = mirrors.mirror(source, "main")
    assert mirrors.tree_at(git_dir, mirrors.commit(git_dir, "main")).paths == ("a.py", "with space/und\nline")


def test_a_large_file_is_listed_and_not_read(tmp_path, mirrors):
    source = repository(tmp_path / "source", {"large": b"x" * (LARGEST_FILE + 1), "small": "s"})
    git_dir = mirrors.mirror(source, "main")
    for tree in (mirrors.tree_at(git_dir, mirrors.commit(git_dir, "main")), local_tree(source)):
        assert tree.paths == ("large", "small")
        assert tree.read("large") is None
        assert tree.read("small") == b"s"


def test_no_process_is_left_when_a_tree_is_done_with(tmp_path):
    source = repository(tmp_path / "source", FILES)
    tree = tree_at(source / ".git", git(source, "rev-parse", "HEAD"))
    assert tree.read("README.md") == b"# Shop\n"
    process = tree.read.__self__._process
    assert process.poll() is None
    del tree
    assert process.poll() is not None


def test_a_work_tree_gives_tracked_and_new_files_and_no_ignored_ones(tmp_path):
    place = repository(tmp_path / "work", {**FILES, ".gitignore": "*.log\nbuild/\n", "venv/kept.py": "1"})
    write(place, {"new.py": "1", "noise.log": "x", "build/out": "x", "node_modules/left/index.js": "x"})
    (place / "empty").unlink()
    expected = {*FILES, ".gitignore", "venv/kept.py", "new.py"} - {"empty"}
    assert set(local_tree(place).paths) == expected


def test_a_folder_of_a_work_tree_gives_its_own_files(tmp_path):
    place = repository(
        tmp_path / "work", {"examples/shop/a.py": "1", "other.py": "2", ".gitignore": "scratch\n"}
    )
    write(place, {"scratch/plain.py": "3", "examples/shop/.venv/x": "4"})
    assert local_tree(place / "examples/shop").paths == ("a.py",)
    assert local_tree(place / "scratch").paths == ("plain.py",)
    assert head_of(place / "examples/shop") is None


def test_a_plain_folder_gives_all_but_what_tools_fill(tmp_path):
    write(
        tmp_path,
        {"a.py": "1", "b/c.py": "2", "node_modules/x.js": "3", ".venv/y.py": "4", "b/.git/config": "5"},
    )
    tree = local_tree(tmp_path)
    assert tree.paths == ("a.py", "b/c.py")
    assert tree.read("b/c.py") == b"2"


def _without_head(place: Path) -> None:
    (place / ".git/HEAD").unlink()


def _with_a_broken_index(place: Path) -> None:
    (place / ".git/index").write_bytes(b"DIRC rubbish")


def _with_an_empty_git(place: Path) -> None:
    (place / ".git").rename(place.with_name("moved"))
    (place / ".git").mkdir()


def _with_a_link_to_nothing(place: Path) -> None:
    (place / ".git").rename(place.with_name("moved"))
    (place / ".git").symlink_to(place / "nowhere")


def _with_settings_that_nobody_reads(place: Path) -> None:
    (place / ".git/config").write_text("[core\n")


BROKEN = [
    _without_head,
    _with_a_broken_index,
    _with_an_empty_git,
    _with_a_link_to_nothing,
    _with_settings_that_nobody_reads,
]


@pytest.mark.parametrize("around", [False, True], ids=["alone", "inside-another"])
@pytest.mark.parametrize("spoil", BROKEN)
def test_a_broken_work_tree_is_told_and_not_read_as_a_folder(spoil, around, tmp_path):
    if around:
        repository(tmp_path, {"outer.py": "1"})
    place = repository(tmp_path / "work", {"a.py": "1", ".gitignore": ".env\n"})
    write(place, {".env": "TOKEN=x"})
    assert local_tree(place).paths == (".gitignore", "a.py")
    spoil(place)
    with pytest.raises(GitError, match=r"`\.git` that git cannot read: .*Repair or clone it again"):
        local_tree(place)


def test_a_work_tree_where_all_is_ignored_is_empty(tmp_path):
    place = write(tmp_path / "work", {".env": "TOKEN=x"})
    git(place, "init", "--quiet")
    write(place, {".git/info/exclude": "*\n"})
    assert local_tree(place).paths == ()
    assert head_of(place) is None
    assert branch_of(place) is None


@pytest.mark.parametrize("content", ["", "rubbish\n", f"{'1' * 40}\n"])
def test_a_broken_branch_is_not_taken_for_one_without_commits(content, tmp_path):
    place = repository(tmp_path, FILES)
    assert branch_of(place) == "main"
    (place / ".git/refs/heads/main").write_text(content)
    with pytest.raises(GitError, match="that git cannot read"):
        head_of(place)


def test_a_lost_commit_is_not_taken_for_none(tmp_path):
    place = repository(tmp_path, FILES)
    git(place, "checkout", "--quiet", "--detach")
    assert head_of(place) == git(place, "rev-parse", "HEAD")
    assert branch_of(place) is None
    (place / ".git/HEAD").write_text("1" * 40 + "\n")
    with pytest.raises(GitError, match="that git cannot read"):
        head_of(place)


def test_what_is_not_a_folder_is_told(tmp_path):
    with pytest.raises(GitError, match="is not a folder"):
        local_tree(tmp_path / "nowhere")


HOSTILE_ADDRESSES = [
    "ext::sh -c 'touch {mark}'",
    "fd::17",
    "file://{source}",
    "--upload-pack=touch {mark}",
    "--config=core.sshCommand=touch {mark}",
    "-c",
    "ssh://-oProxyCommand=touch%20{mark}/x",
    "ssh://git@example.com/acme/shop",
    "git@github.com:acme/shop",
    "http://example.com/acme/shop",
    "https://user:secret@example.com/acme/shop",
    "https://-oProxyCommand=x/acme",
    "https://example.com/acme/shop\n--upload-pack=touch {mark}",
    "https://example.com/a/../../b",
    "acme/--upload-pack=touch",
    "acme/..",
    "acme/shop/more",
    "{source}",
    "",
]


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_an_address_that_could_be_more_than_one_never_reaches_git(address, tmp_path, mirrors, monkeypatch):
    source, mark = repository(tmp_path / "source", FILES), tmp_path / "mark"
    monkeypatch.setattr(
        cicd_defs.adapters.git, "run_git", lambda *a, **k: pytest.fail(f"git was asked for {a}")
    )
    with pytest.raises(GitError, match="not an address") as refused:
        mirrors.mirror(address.format(mark=mark, source=source), "main")
    assert "secret" not in str(refused.value)
    assert not mark.exists()


@pytest.mark.parametrize(
    "branch",
    [
        "--upload-pack=touch x",
        "main:refs/heads/evil",
        "+main",
        "a..b",
        "a/../b",
        "",
        "x.lock",
        "a b",
        "main\n",
        "@{-1}",
    ],
)
def test_a_branch_that_could_be_more_than_one_never_reaches_git(branch, tmp_path, mirrors, monkeypatch):
    monkeypatch.setattr(
        cicd_defs.adapters.git, "run_git", lambda *a, **k: pytest.fail(f"git was asked for {a}")
    )
    with pytest.raises(GitError, match="not the name of a branch"):
        mirrors.mirror("acme/shop", branch)


@pytest.mark.parametrize("commit", ["HEAD", "--help", "main", "abc", "0" * 39, "0" * 41])
def test_only_a_whole_id_names_a_commit(commit, tmp_path):
    with pytest.raises(GitError, match="not the full id"):
        tree_at(repository(tmp_path, FILES) / ".git", commit)


def test_no_protocol_is_open_but_the_one_asked_for(tmp_path):
    source, mark = repository(tmp_path / "source", FILES), tmp_path / "mark"
    ext = f"ext::touch {mark}"
    with pytest.raises(GitError, match="not allowed"):
        run_git("ls-remote", ext, protocol="https", work_tree=source)
    with pytest.raises(GitError, match="not allowed"):
        run_git("ls-remote", f"file://{source}", protocol="https", work_tree=source)
    assert not mark.exists()
    with pytest.raises(GitError):  # the positive control: opened, it runs
        run_git("ls-remote", ext, protocol="ext", work_tree=source)
    assert mark.exists()


def _marking(place: Path, mark: Path) -> str:
    """A program that leaves a mark."""
    script = place / "mark.sh"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    return str(script)


def _with_fsmonitor(place: Path, program: str) -> None:
    git(place, "config", "core.fsmonitor", program)


def _with_a_filter(place: Path, program: str) -> None:
    git(place, "config", "filter.x.clean", program)
    write(place, {".gitattributes": "* filter=x\n"})
    (place / "README.md").write_text("changed")


def _with_hooks(place: Path, program: str) -> None:
    for hook in ("post-index-change", "reference-transaction", "pre-commit", "post-checkout"):
        target = place / ".git/hooks" / hook
        target.parent.mkdir(exist_ok=True)
        target.write_text(Path(program).read_text())
        target.chmod(0o755)


HOSTILE_TREES = [
    pytest.param(_with_fsmonitor, ("status",), id="fsmonitor"),
    pytest.param(_with_a_filter, ("add", "--all"), id="filter"),
    pytest.param(_with_hooks, ("commit", "--allow-empty", "-m", "x"), id="hooks"),
]


@pytest.mark.parametrize(("plant", "control"), HOSTILE_TREES)
def test_what_a_repository_wants_run_is_not_run(plant, control, tmp_path, mirrors):
    place, mark = repository(tmp_path / "work", FILES), tmp_path / "mark"
    plant(place, _marking(tmp_path, mark))
    assert set(FILES) <= set(local_tree(place).paths)
    assert head_of(place) == commit_of(place / ".git", "HEAD")
    git_dir = mirrors.mirror(place, "main")
    mirrors.tree_at(git_dir, mirrors.commit(git_dir, "main")).read("README.md")
    assert not mark.exists()
    git(place, *control)  # the positive control: plain git does run it
    assert mark.exists()


def test_a_bare_repository_hidden_in_a_folder_is_not_taken_for_one(tmp_path):
    place, mark = write(tmp_path / "work", {"sub/a.py": "1"}), tmp_path / "mark"
    bare = place / "sub"
    git(bare, "init", "--quiet", "--bare", ".")
    git(bare, "config", "core.bare", "false")
    git(bare, "config", "core.worktree", ".")
    git(bare, "config", "core.fsmonitor", _marking(tmp_path, mark))
    assert "a.py" in local_tree(bare).paths
    assert not mark.exists()
    git(bare, "status")
    assert mark.exists()


def test_the_environment_of_the_caller_does_not_reach_git(tmp_path, monkeypatch):
    place, mark = repository(tmp_path / "work", FILES), tmp_path / "mark"
    write(tmp_path, {"config": f"[core]\n\tfsmonitor = {_marking(tmp_path, mark)}\n"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    assert set(local_tree(place).paths) == set(FILES)
    assert not mark.exists()
    assert not (tmp_path / "trace").exists()


def test_a_link_is_not_followed_also_when_it_comes_later(tmp_path):
    secret = write(tmp_path / "outside", {"secret": "s", "folder/secret": "s"})
    place = write(tmp_path / "work", {"a.py": "1", "folder/secret": "2"})
    (place / "link").symlink_to(secret / "secret")
    (place / "linked").symlink_to(secret)
    tree = local_tree(place)
    assert tree.paths == ("a.py", "folder/secret")
    (place / "a.py").unlink()
    (place / "a.py").symlink_to(secret / "secret")
    (place / "folder/secret").unlink()
    (place / "folder").rmdir()
    (place / "folder").symlink_to(secret / "folder")
    assert [tree.read(path) for path in ("a.py", "folder/secret", "link", "../outside/secret")] == [None] * 4


def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    tree = local_tree(tmp_path)
    assert tree.paths == ()
    assert tree.read("pipe") is None


def test_git_that_takes_too_long_is_stopped_with_all_that_it_started(tmp_path, monkeypatch):
    write(tmp_path, {"git": f"#!/bin/sh\nsleep 300 & echo $! >{tmp_path}/child\nwait\n"})
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setattr(cicd_defs.adapters.git, "_git", lambda: str(tmp_path / "git"))
    begun = time.monotonic()
    with pytest.raises(GitError, match="took longer than 3 seconds"):
        run_git("status", seconds=3)
    assert time.monotonic() - begun < 200
    child = int((tmp_path / "child").read_text())
    assert not _lives(child)


def _lives(pid: int) -> bool:
    for _ in range(600):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.1)
    return True


LOCKS = ("shallow", "packed-refs", "config", "HEAD", "index", "refs/heads/main", "refs/heads/a/b")


def test_locks_that_a_killed_fetch_left_break_nothing(tmp_path, mirrors):
    source = repository(tmp_path / "source", FILES)
    git_dir = mirrors.mirror(source, "main")
    committed(source, {"new.py": "1"})
    write(git_dir, {f"{name}.lock": "" for name in LOCKS})
    with pytest.raises(subprocess.CalledProcessError):  # the positive control: git alone gives up
        git(git_dir, "fetch", "--depth=1", str(source), "+main:main")
    mirrors.mirror(source, "main")
    assert mirrors.commit(git_dir, "main") == git(source, "rev-parse", "HEAD")
    assert not list(git_dir.rglob("*.lock"))


@pytest.mark.parametrize(("patience", "left"), [(2.0, []), (0.0, ["shallow.lock"])], ids=["asked", "killed"])
def test_a_fetch_that_takes_too_long_can_be_repeated(patience, left, tmp_path, mirrors, monkeypatch):
    source = repository(tmp_path / "source", FILES)
    git_dir = mirrors.mirror(source, "main")
    committed(source, {"new.py": "1"})
    blob = git(source, "rev-parse", "HEAD:new.py")
    content = source / f".git/objects/{blob[:2]}/{blob[2:]}"
    kept = content.rename(tmp_path / "kept")
    os.mkfifo(content)  # the other side begins to answer, and never ends
    with monkeypatch.context() as hurried:
        hurried.setattr(cicd_defs.adapters.git, "SECONDS_REMOTE", 1.0)
        hurried.setattr(cicd_defs.adapters.git, "SECONDS_TO_TIDY", patience)
        if not patience:
            hurried.setattr(signal, "SIGTERM", signal.SIGKILL)
        with pytest.raises(GitError, match="git fetch took longer than 1 seconds"):
            mirrors.mirror(source, "main")
    assert [path.name for path in git_dir.rglob("*.lock")] == left
    kept.replace(content)
    mirrors.mirror(source, "main")
    assert mirrors.commit(git_dir, "main") == git(source, "rev-parse", "HEAD")


@pytest.mark.parametrize("limit", [60_000, 10**9], ids=["kept-small", "control"])
def test_a_mirror_of_a_changing_repository_stays_bounded(limit, tmp_path, mirrors, monkeypatch):
    monkeypatch.setattr(cicd_defs.adapters.git, "GROWTH_LEFT_ALONE", limit)
    source = repository(tmp_path / "source", {"data.bin": os.urandom(50_000), "a.py": "1"})
    sizes = []
    for _ in range(8):
        committed(source, {"data.bin": os.urandom(50_000)})
        git_dir = mirrors.mirror(source, "main")
        sizes.append(size_on_disk(git_dir))
    assert max(sizes) <= 2 * sizes[0] + limit
    assert (sizes[-1] > 6 * sizes[0]) == (limit == 10**9)
    tree = mirrors.tree_at(git_dir, mirrors.commit(git_dir, "main"))
    assert tree.read("data.bin") == (source / "data.bin").read_bytes()
    assert git(git_dir, "fsck", "--strict", "--no-dangling") == ""
    grafts = (git_dir / "shallow").read_text().split()
    assert git(source, "rev-parse", "HEAD") in grafts
    assert len(grafts) <= (4 if limit == 60_000 else 8)


def test_what_a_killed_fetch_has_written_does_not_stay_for_ever(tmp_path, mirrors, monkeypatch):
    monkeypatch.setattr(cicd_defs.adapters.git, "GROWTH_LEFT_ALONE", 0)
    git_dir = mirrors.mirror(repository(tmp_path / "source", FILES), "main")
    write(git_dir, {"objects/pack/tmp_pack_Killed": b"x" * 500_000})
    mirrors.mirror(tmp_path / "source", "main")
    assert not (git_dir / "objects/pack/tmp_pack_Killed").exists()


def test_git_that_writes_too_much_is_stopped(tmp_path):
    source = repository(tmp_path / "source", {f"{number}.bin": os.urandom(50_000) for number in range(5)})
    git_dir = tmp_path / "mirror.git"
    run_git("init", "--quiet", "--bare", "--template=", str(git_dir))
    fetch = ("fetch", "--depth=1", "--end-of-options", str(source), "+refs/heads/main:refs/heads/main")
    with pytest.raises(GitError, match=r"needs more than 0\.0625 MiB"):
        run_git(*fetch, git_dir=git_dir, protocol="file", largest=64 * 1024)
    run_git(*fetch, git_dir=git_dir, protocol="file")


def test_errors_say_what_to_do_next(tmp_path, mirrors):
    source = repository(tmp_path / "source", FILES)
    with pytest.raises(GitError, match="under `branch` in the project file"):
        mirrors.mirror(source, "missing")
    with pytest.raises(GitError, match="git fetch"):
        mirrors.mirror(tmp_path / "nowhere", "main")
