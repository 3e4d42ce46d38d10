"""Programs that look for vulnerabilities, secrets and dangerous code. Who cannot be asked is not taken for content.

A program is shown copies of the files that it needs, in a folder of its own: never a repository's configuration of it,
and never a file that it would run. It gets an environment of its own, and no secret.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from cicd_defs.facts import scans_code, scans_images, scans_secrets
from cicd_defs.facts.manifests import read_json
from cicd_defs.facts.scans import ScanFinding, Scanned, ToolRun, UnreadableAnswer, in_short
from cicd_defs.facts.scans_code import config_of, judged_files, read_bandit
from cicd_defs.facts.scans_dependencies import READERS, Answer, npm_complaint
from cicd_defs.facts.scans_images import dockerfiles_of, read_trivy
from cicd_defs.facts.scans_locks import (
    CARGO,
    GO,
    NPM,
    PIP_AUDIT,
    Lock,
    ignored_advisories,
    locks_of,
    python_pins,
    unlocked,
    unread_locks,
)
from cicd_defs.facts.scans_secrets import (
    FolderSecrets,
    Known,
    only_in_history,
    read_baseline,
    read_secrets,
    remembered,
    secret_findings,
    unknown,
)
from cicd_defs.facts.survey import folder_of, join, name_of
from cicd_defs.facts.tree import Tree
from resources.bounded import LARGEST_ANSWER, Ended, Stopped, run_bounded
from resources.histories import History, Version

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of files that one program is shown at most."""

LARGEST_DATABASE = 4 * 1024**3
"""Bytes of a file that a program may write which fetches a database of vulnerabilities."""

SECRET_SCAN = Path(__file__).with_name("secret_scan.py")

_NEEDS = (
    *("name", "version", "dependencies", "devDependencies", "optionalDependencies", "peerDependencies"),
    *("peerDependenciesMeta", "bundleDependencies", "overrides", "workspaces"),
)
_PASSED_ON = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR")
_USER_IN_ADDRESS = re.compile(r"(?<=//)[^/@\s]*@")
_SCRATCH = re.compile(r"[^\s'\"]*/cicd-scan-\w+/?")
_INSTALL = {
    NPM: ("npm", "it comes with Node.js"),
    CARGO: ("cargo-audit", "`cargo install cargo-audit`"),
    GO: ("govulncheck", "`go install golang.org/x/vuln/cmd/govulncheck`, beside Go itself"),
    scans_images.TOOL: ("trivy", "see https://trivy.dev"),
}
"""Tool to its program, and to where that comes from."""


class ScanTools(Protocol):
    """Who knows what is wrong with dependencies, files, code and images. None of them raises."""

    def dependencies(self, tree: Tree) -> Scanned:
        """What is known of the versions that lock files name."""

    def secrets(self, tree: Tree, history: History | Unavailable, earlier: Sequence[ScanFinding]) -> Scanned:
        """Secrets in the files, and in what earlier commits had. `earlier`: what the scan before knew."""

    def code(self, tree: Tree) -> Scanned:
        """Dangerous patterns in the code."""

    def image(self, tree: Tree, images: Sequence[str]) -> Scanned:
        """What is wrong with Dockerfiles, and with what is in these images."""


class Unavailable(NamedTuple):
    """Something that a scan needs and that is not to be had, and why."""

    reason: str


class Program(NamedTuple):
    """A program and how its command begins; the exit statuses that are well, and whether it asks others."""

    name: str
    words: tuple[str, ...]
    well: tuple[int, ...] = (0, 1)
    online: bool = False
    fetches: bool = False


class NoAnswer(Exception):
    """A program gave no answer: why."""


class LocalTools:
    """The programs of this machine.

    `environ` is the environment to take proxy and certificate settings from. `programs` names some by their paths;
    `osv` and `npm_registry` are addresses to ask in place of the usual ones.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        programs: Mapping[str, Path] | None = None,
        osv: str | None = None,
        npm_registry: str | None = None,
    ) -> None:
        self._environ = {name: value for name, value in (environ or {}).items() if name in _PASSED_ON}
        self._programs = dict(programs or {})
        self._osv, self._npm_registry = osv, npm_registry

    def dependencies(self, tree: Tree) -> Scanned:
        """Each lock file by the tool of its stack. A manifest without a lock file is not evaluated."""
        answers, notes = [], []
        for lock in locks_of(tree):
            answer, note = self._lock(tree, lock)
            answers.append(answer)
            notes += [note] if note else []
        runs = [answer.run for answer in answers]
        runs += _unlocked_runs(tree)
        unread = unread_locks(tree)
        runs += [_not_run("dependencies", path, "no tool here reads this lock file") for path in unread]
        return Scanned(
            runs=tuple(runs),
            findings=tuple(finding for answer in answers for finding in answer.findings),
            notes=tuple(notes),
        )

    def _lock(self, tree: Tree, lock: Lock) -> tuple[Answer, str]:
        """What the tool of one lock file says, and what else is to be told of it."""
        asks: dict[str, Callable[[Tree, str], tuple[Answer, str]]] = {
            PIP_AUDIT: self._pip_audit,
            NPM: self._npm_audit,
            CARGO: self._cargo_audit,
            GO: self._govulncheck,
        }
        try:
            return asks[lock.tool](tree, lock.path)
        except NoAnswer as reason:
            return Answer(run=_not_run(lock.tool, lock.path, str(reason))), ""

    def _pip_audit(self, tree: Tree, path: str) -> tuple[Answer, str]:
        """Nothing is resolved, downloaded or built: pip-audit is shown names and versions, and asks about them."""
        pins = python_pins(path, _text(tree, path))
        if not pins.readable:
            raise NoAnswer("it cannot be read as a lock file")
        if pins.loose and not pins.pins:
            raise NoAnswer("it pins no versions, so nobody knows which ones are used")
        if not pins.pins:
            return Answer(run=ToolRun(tool=PIP_AUDIT, target=path, looked_at="0 packages")), ""
        answers = []
        with _scratch() as folder:
            for pinned in pins.rounds:
                text = "".join(f"{name}=={version}\n" for name, version in pinned)
                (folder / "requirements.txt").write_text(text)
                options = ["--requirement=requirements.txt", "--no-deps", "--disable-pip", "--format=json"]
                options += ["--progress-spinner=off", "--vulnerability-service=osv", "--timeout=15"]
                options += [
                    f"--cache-dir={folder / 'cache'}",
                    *([f"--osv-url={self._osv}"] if self._osv else []),
                ]
                ended = self._run(_module("pip_audit")._replace(online=True), options, folder)
                answers.append(_read(PIP_AUDIT, ended, path))
        loose = f"{path}: not looked up, because not pinned: {', '.join(pins.loose)}" if pins.loose else ""
        return _together(answers), in_short(loose)

    def _npm_audit(self, tree: Tree, path: str) -> tuple[Answer, str]:
        """npm sees the lock file and its manifest: no `.npmrc`, no scripts, and nothing to install."""
        program, manifest = self._program(NPM), join(folder_of(path), "package.json")
        with _scratch() as folder:
            shown = {name_of(path): _text(tree, path), "package.json": _needs(tree.text(manifest) or "")}
            for name, text in shown.items():
                (folder / name).write_text(text)
            options = ["--json", "--package-lock-only", "--ignore-scripts", "--no-update-notifier"]
            options += [
                "--no-fund",
                "--fetch-retries=1",
                "--fetch-timeout=30000",
                f"--cache={folder / '.npm'}",
            ]
            options += [f"--registry={self._npm_registry}"] if self._npm_registry else []
            ended = self._run(program, ["audit", *options], folder)
            complaint = npm_complaint(ended.answer)
            if complaint:
                raise NoAnswer(self._plain(f"npm could not look anything up: {complaint}"))
            return _read(NPM, ended, path), ""

    def _cargo_audit(self, tree: Tree, path: str) -> tuple[Answer, str]:
        program = self._program(CARGO)
        ignored = ignored_advisories(tree.text(join(folder_of(path), ".cargo/audit.toml")) or "")
        with _scratch() as folder:
            (folder / "Cargo.lock").write_text(_text(tree, path))
            options = ["--json", "--file=Cargo.lock", f"--db={folder / 'advisories'}"]
            options += [word for one in ignored for word in ("--ignore", one)]
            ended = self._run(program, ["audit", *options], folder)
            note = f"{path}: `.cargo/audit.toml` waves through {', '.join(ignored)}" if ignored else ""
            return _read(CARGO, ended, path), in_short(note)

    def _govulncheck(self, tree: Tree, path: str) -> tuple[Answer, str]:
        """By modules alone: to look into packages would build the repository's code."""
        program = self._program(GO)
        with _scratch() as folder:
            for name in ("go.mod", "go.sum"):
                text = tree.text(join(folder_of(path), name))
                if text is not None:
                    (folder / name).write_text(text)
            ended = self._run(program._replace(well=(0,)), ["-json", "-scan=module"], folder)
            return _read(GO, ended, path), ""

    def secrets(self, tree: Tree, history: History | Unavailable, earlier: Sequence[ScanFinding]) -> Scanned:
        """detect-secrets over the files, then over what earlier commits had in them."""
        known = read_baseline(tree.text(scans_secrets.BASELINE))
        paths = [path for path in tree.paths if path != scans_secrets.BASELINE]
        try:
            with _scratch() as folder:
                left = _lay_out(folder / "files", tree, paths)
                [files] = self._secrets_in(folder, [folder / "files"], known)
        except NoAnswer as reason:
            return Scanned(runs=(_not_run(scans_secrets.TOOL, scans_secrets.TARGET, str(reason)),))
        passed, run = self._passed(history, known)
        kept = history.kept if isinstance(history, History) else frozenset()
        today = unknown(files.found, known)
        gone = (*remembered(earlier, files, known, kept), *only_in_history(passed, files, known))
        first = {(secret.file, *secret.same): (secret, commit) for secret, commit in reversed(gone)}
        return Scanned(
            runs=(
                ToolRun(
                    tool=scans_secrets.TOOL,
                    target=scans_secrets.TARGET,
                    looked_at=f"{len(paths) - len(left)} files",
                    unread=files.unread,
                ),
                run,
            ),
            findings=secret_findings([*((secret, "") for secret in today), *first.values()]),
            suppressed=len(files.allowed) + len(files.found) - len(today),
            notes=(*known.notes, *_left_out(left)),
        )

    def _passed(
        self, history: History | Unavailable, known: Known
    ) -> tuple[list[tuple[scans_secrets.Secret, str]], ToolRun]:
        """The secrets of earlier commits, each with the commit that had it, and how that went."""
        tool, target = f"{scans_secrets.TOOL} of the history", scans_secrets.TARGET
        if isinstance(history, Unavailable):
            return [], _not_run(tool, target, history.reason)
        layers = _layers([one for one in history.versions if one.path != scans_secrets.BASELINE])
        try:
            with _scratch() as folder:
                places = [folder / str(number) for number in range(len(layers))]
                for place, layer in zip(places, layers, strict=True):
                    held = {path: version.content for path, version in layer.items()}
                    _lay_out(place, Tree(tuple(held), held.get), list(held))
                answers = self._secrets_in(folder, places, known) if layers else ()
        except NoAnswer as reason:
            return [], _not_run(tool, target, str(reason))
        found = [
            (secret, layer[secret.file].commit)
            for layer, answer in zip(layers, answers, strict=True)
            for secret in answer.found
        ]
        return found, ToolRun(tool=tool, target=target, looked_at=history.told)

    def _secrets_in(self, scratch: Path, places: Sequence[Path], known: Known) -> tuple[FolderSecrets, ...]:
        asked = {"folders": [str(place) for place in places], "filters": list(known.filters)}
        program = Program(scans_secrets.TOOL, (sys.executable, "-I", str(SECRET_SCAN)), (0,))
        ended = self._run(program, [], scratch, json.dumps(asked).encode())
        try:
            return read_secrets(ended.answer)
        except UnreadableAnswer as error:
            raise NoAnswer(f"detect-secrets failed: {error}") from error

    def code(self, tree: Tree) -> Scanned:
        """bandit over the project's own Python code. Code of other languages is not looked at."""
        config = config_of(tree)
        paths = judged_files(tree, config)
        if not paths:
            return Scanned(notes=("there is no Python code to look at",))
        try:
            with _scratch() as folder:
                left = _lay_out(folder / "files", tree, paths)
                options = ["--quiet", "--recursive", "--format=json"]
                options += [f"--skip={','.join(config.skips)}"] if config.skips else []
                options += [f"--tests={','.join(config.tests)}"] if config.tests else []
                ended = self._run(_module("bandit"), [*options, "."], folder / "files")
                shown = {path: tree.text(path) or "" for path in paths}
                scanned = read_bandit(ended.answer, shown)
        except (NoAnswer, UnreadableAnswer) as reason:
            told = f"bandit failed: {reason}" if isinstance(reason, UnreadableAnswer) else str(reason)
            return Scanned(runs=(_not_run(scans_code.TOOL, scans_code.TARGET, told),))
        notes = [*([config.note] if config.note else []), *_left_out(left)]
        return scanned.model_copy(update={"notes": tuple(notes)})

    def image(self, tree: Tree, images: Sequence[str]) -> Scanned:
        """trivy over the Dockerfiles, and over images that have been pushed."""
        dockerfiles = dockerfiles_of(tree)
        asks = [*([(scans_images.FILES, None)] if dockerfiles else []), *((name, name) for name in images)]
        if not asks:
            return Scanned(notes=("there is no Dockerfile and no image to look at",))
        runs: list[ToolRun] = []
        findings: list[ScanFinding] = []
        for target, image in asks:
            try:
                found = self._trivy(tree, target, dockerfiles, image)
            except NoAnswer as reason:
                runs.append(_not_run(scans_images.TOOL, target, str(reason)))
                continue
            looked_at = "what is installed in it" if image else f"{len(dockerfiles)} Dockerfiles"
            runs.append(ToolRun(tool=scans_images.TOOL, target=target, looked_at=looked_at))
            findings += found
        return Scanned(runs=tuple(runs), findings=tuple(findings))

    def _trivy(
        self, tree: Tree, target: str, dockerfiles: Sequence[str], image: str | None
    ) -> tuple[ScanFinding, ...]:
        program = self._program(scans_images.TOOL)
        with _scratch() as folder:
            shown = [scans_images.IGNORED] if scans_images.IGNORED in tree.paths else []
            _lay_out(folder / "files", tree, [*shown, *(() if image else dockerfiles)])
            common = ["--format=json", "--quiet", f"--cache-dir={folder / 'cache'}"]
            if image:
                words = ["image", *common, "--scanners=vuln", "--image-src=remote", "--", image]
            else:
                # The checks that are part of trivy: nothing has to be fetched for them.
                words = ["config", *common, "--skip-check-update", "."]
            ended = self._run(program._replace(well=(0,)), words, folder / "files")
            try:
                return read_trivy(ended.answer, target)
            except UnreadableAnswer as error:
                raise NoAnswer(f"trivy failed: {error}") from error

    def _program(self, tool: str) -> Program:
        name, source = _INSTALL[tool]
        found = self._programs.get(name) or shutil.which(name)
        if found is None:
            raise NoAnswer(f"{name} is not installed: {source}")
        return Program(name, (str(found),), online=True, fetches=True)

    def _run(self, program: Program, words: Sequence[str], folder: Path, asked: bytes = b"") -> Ended:
        """Run a program and return what it says. Raises `NoAnswer` where it does not end well."""
        largest = LARGEST_DATABASE if program.fetches else LARGEST_ANSWER
        try:
            ended = run_bounded(
                [*program.words, *words], folder, self._environment(folder, program), asked, largest
            )
        except Stopped as stopped:
            raise NoAnswer(self._plain(f"{program.name} {stopped}")) from stopped
        if ended.code not in program.well or not ended.answer.strip():
            how = f"signal {-ended.code}" if ended.code < 0 else f"exit code {ended.code}"
            raise NoAnswer(self._plain(f"{program.name} failed ({how}): {_last_words(ended.complaint)}"))
        return ended

    def _environment(self, folder: Path, program: Program) -> dict[str, str]:
        """The whole environment of a program: nothing of ours but, for one that asks others, the way to them."""
        env = {
            "HOME": str(folder),
            "PATH": os.pathsep.join(
                [str(Path(program.words[0]).parent), "/usr/local/bin", "/usr/bin", "/bin"]
            ),
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "GOTOOLCHAIN": "local",  # a repository must not choose the compiler that is fetched and run
            "GOFLAGS": "-mod=mod",
            "GOWORK": "off",
            "GOVCS": "*:off",
            "CGO_ENABLED": "0",
        }
        certificates = self._environ.get("SSL_CERT_FILE")
        if program.online and certificates:
            env |= {"REQUESTS_CA_BUNDLE": certificates, "NODE_EXTRA_CA_CERTS": certificates}
        return env | (self._environ if program.online else {})

    def _plain(self, text: str) -> str:
        """A reason as people are told it: without folders of this machine, and without what may be a password."""
        text = _SCRATCH.sub("", text)
        for name in ("HTTPS_PROXY", "https_proxy"):
            text = text.replace(self._environ.get(name) or "\0", "the proxy")
        return in_short(_USER_IN_ADDRESS.sub("***@", text)).rstrip(".")


def _not_run(tool: str, target: str, reason: str) -> ToolRun:
    return ToolRun(tool=tool, target=target, reason=reason)


def _unlocked_runs(tree: Tree) -> Iterator[ToolRun]:
    """One gap for each tool that would read a lock file, were there one; a workspace has very many manifests."""
    found = unlocked(tree)
    for tool in dict.fromkeys(one.tool for one in found):
        first, *others = [one.path for one in found if one.tool == tool]
        more = in_short(f"; nor for {', '.join(others)}") if others else ""
        yield _not_run(tool, first, f"no lock file says which versions are used{more}")


def _module(name: str) -> Program:
    """A module of this Python as a program; `-I`: nothing of the folder or of the environment is imported."""
    return Program(name.replace("_", "-"), (sys.executable, "-I", "-m", name))


def _read(tool: str, ended: Ended, target: str) -> Answer:
    try:
        return READERS[tool](ended.answer, target)
    except UnreadableAnswer as error:
        said = f"; it says: {_last_words(ended.complaint)}" if ended.complaint.strip() else ""
        raise NoAnswer(in_short(f"{tool} failed: {error}{said}")) from error


def _together(answers: Sequence[Answer]) -> Answer:
    """Several answers about one lock file as one."""
    first, *others = answers
    if not others:
        return first
    unread = tuple(one for answer in answers for one in answer.run.unread)
    count = sum(int(answer.run.looked_at.split()[0]) for answer in answers)
    run = first.run.model_copy(update={"unread": unread, "looked_at": f"{count} packages"})
    return Answer(run=run, findings=tuple(finding for answer in answers for finding in answer.findings))


def _last_words(complaint: str) -> str:
    """The last line of what a program complains of: of a Python trace, what it ends with."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _needs(manifest: str) -> str:
    """What a `package.json` needs, and nothing of what else it tells npm to do or to be."""
    told = read_json(manifest)
    return json.dumps({key: told[key] for key in _NEEDS if key in told})


def _text(tree: Tree, path: str) -> str:
    text = tree.text(path)
    if text is None:
        raise NoAnswer("the file is too large to be read")
    return text


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cicd-scan-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


def _lay_out(folder: Path, tree: Tree, paths: Iterable[str]) -> list[str]:
    """Copy some files of a tree into a folder; returns those that were left out: too large, too many, or misnamed."""
    folder.mkdir()
    left, room = [], MOST_BYTES
    for path in paths:
        data = tree.read(path) if _is_plain(path) else None
        if data is None or len(data) > room:
            left.append(path)
            continue
        room -= len(data)
        try:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        except (OSError, ValueError):
            left.append(path)
    return left


def _is_plain(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.startswith("/") and ".." not in parts and ".git" not in parts


def _left_out(paths: Sequence[str]) -> tuple[str, ...]:
    """What was not shown to a program, in a sentence."""
    if not paths:
        return ()
    return (in_short(f"{len(paths)} files are too large to be looked at: {', '.join(paths[:10])}"),)


def _layers(versions: Sequence[Version]) -> list[dict[str, Version]]:
    """Versions of files as trees: in each a path stands once, and no file is another one's folder."""
    layers: list[dict[str, Version]] = []
    folders: list[set[str]] = []
    for version in versions:
        above = {str(one) for one in PurePosixPath(version.path).parents}
        fits = (
            number
            for number, layer in enumerate(layers)
            if version.path not in layer and version.path not in folders[number] and above.isdisjoint(layer)
        )
        number = next(fits, len(layers))
        if number == len(layers):
            layers.append({})
            folders.append(set())
        layers[number][version.path] = version
        folders[number] |= above
    return layers
