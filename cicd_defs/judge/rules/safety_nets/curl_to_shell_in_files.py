"""A Dockerfile, or a script that a workflow calls, runs what it downloads without a check.

**Why it matters** Whoever can change what stands at that address, today or later, runs their code in the build, and
puts it into the image. A download that breaks off is run as far as it came.
**How to fix** Copy the program out of an image with a digest, or install a package with a version. Else download a
release of a known version, and check it before it is run: `ADD --checksum=sha256:…`, or `sha256sum --check`.
**Example** `RUN curl -LsSf https://astral.sh/uv/install.sh | sh` becomes
`COPY --from=ghcr.io/astral-sh/uv:0.9.0@sha256:… /uv /bin/`.
"""

import re
from collections.abc import Iterator
from posixpath import join, normpath

from cicd_defs.facts.findings import Family, Severity
from cicd_defs.facts.instructions import instructions_of, is_dockerfile
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import read_script
from cicd_defs.facts.source import Source
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.judge.commands.downloads import first_line, left_by, runs_one_of, unchecked_in
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.SAFETY_NETS, Severity.MEDIUM, subject="repository")

_CHECKED = regex(r"--checksum=")
_IN_BRACKETS = regex(r"\[\s*\"(?:/(?:usr/)?bin/)?(?:ba|da|z|a)?sh\",\s*\"-\w*c\",\s*\"([^\"\\\\]*)\"\s*]")
_SHELLS = {"sh", "bash", "zsh", "dash", "source", "."}


def find(repository: Repository) -> Iterator[Found]:
    """Downloads that an image's build runs, or a script that a workflow calls."""
    for path in repository.tree.paths:
        if is_dockerfile(path) and (source := repository.source(path)):
            yield from _in_dockerfile(source)
    for path in dict.fromkeys(_called(repository)):
        if source := repository.source(path):
            script = read_script(source.text)
            for found in unchecked_in(script):
                yield _found(source, found.start, found.end)


def _in_dockerfile(source: Source) -> Iterator[Found]:
    kept: frozenset[str] = frozenset()
    for instruction in instructions_of(source):
        if instruction.word == "FROM":
            kept = frozenset()
        elif instruction.word == "ADD" and not _CHECKED.search(
            source.text[instruction.start : instruction.end]
        ):
            kept |= _added(instruction.text)
        elif instruction.script is not None:
            begin, script = instruction.script
            for found in (*unchecked_in(script), *runs_one_of(script, kept)):
                yield _found(source, begin + found.start, begin + found.end)
            kept = left_by(script, kept)
        elif instruction.word == "RUN" and _list_downloads(instruction.text.strip()):
            yield _found(source, instruction.start, instruction.end)


def _list_downloads(text: str) -> bool:
    """Whether a shell that is called by a list runs what it downloads."""
    inner = _IN_BRACKETS.fullmatch(text)
    return inner is not None and any(True for _ in unchecked_in(read_script(inner[1], errexit=False)))


def _added(text: str) -> frozenset[str]:
    """The file that an ADD puts somewhere from an address."""
    words = text.split()
    if len(words) != 2 or not words[0].startswith(("http://", "https://")):
        return frozenset()
    name = words[0].partition("?")[0].rpartition("/")[2]
    return frozenset({f"{words[1]}{name}" if words[1].endswith("/") else words[1], name})


def _found(source: Source, start: int, end: int) -> Found:
    quoted = first_line(source.text, start, end)
    return Found(source, start, end, f"`{quoted}` runs what it downloads, and nothing checks it")


def _called(repository: Repository) -> Iterator[str]:
    """The repository's own shell scripts that a workflow runs."""
    for workflow in repository.workflows:
        for step in workflow.steps:
            for command in step.commands:
                for word in command.words[:3]:
                    path = _path(step, word)
                    shell = command.name in _SHELLS or word == command.words[0]
                    if (
                        path in repository.paths
                        and (shell or path.endswith(".sh"))
                        and _is_shell(repository, path)
                    ):
                        yield path


def _path(step: WrittenStep, word: str) -> str:
    plain = word.strip("\"'").removeprefix("$GITHUB_WORKSPACE/")
    return normpath(join(step.directory, plain)) if re.fullmatch(r"[\w./-]+", plain) else ""


def _is_shell(repository: Repository, path: str) -> bool:
    source = repository.source(path)
    if source is None:
        return False
    return path.endswith((".sh", ".bash")) or bool(
        re.match(r"#!\S*(?:/|env )\s*(?:ba|z|da)?sh\b", source.text)
    )
