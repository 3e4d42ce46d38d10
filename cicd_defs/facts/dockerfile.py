"""What a Dockerfile takes from its build context, and which folder of the tree can be that context.

A tolerant reader: what it does not understand asks for nothing.
Format: https://docs.docker.com/reference/dockerfile/
"""

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath

from cicd_defs.facts.globs import pattern_of
from cicd_defs.facts.stacks import ImageSource
from cicd_defs.facts.survey import Survey

Need = tuple[str, ...]
"""Sources of which one at least has to be there."""

SIDE_FOLDERS = frozenset({"docker", ".docker", "build", "container", "containers", ".devcontainer", "deploy"})
"""Folders that hold Dockerfiles and not what they build."""

MOST_LINES = 3000
MOST_NEEDS = 200
LONGEST_INSTRUCTION = 20_000
_REMOTE = re.compile(r"(https?|ftp|git|ssh)://|git@")
_HEREDOC = re.compile(r"<<-?([\"']?)([A-Za-z_]\w*)\1")
_FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?\s*")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::[-+]([^}]*))?\})")
_DEFAULT = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*'|\S*)")
_WILDCARD = re.compile(r"[*?\[]")
_CLASS = re.compile(r"\[[^\]/]*\]")


@dataclass
class _Stage:
    """One `FROM` and what follows: the stages it builds on, and what it takes from the context."""

    name: str
    uses: list[str]
    needs: list[Need] = field(default_factory=list)


def usual_context(path: str) -> str:
    """The build context by custom: the Dockerfile's folder, or the one above where Dockerfiles are kept apart."""
    folder = dirname(path)
    while folder.rpartition("/")[2].lower() in SIDE_FOLDERS:
        folder = dirname(folder)
    return folder or "."


def image_source(survey: Survey, path: str) -> ImageSource:
    """A Dockerfile with the nearest folder that has all it copies: the usual one, else its own, else one above."""
    needs = context_needs(survey.text(path))
    lacking: dict[str, tuple[str, ...]] = {}
    for folder in _candidates(path):
        lacking[folder] = tuple(" or ".join(need) for need in needs if not _is_met(survey, folder, need))
        if not lacking[folder]:
            return ImageSource(dockerfile=path, context=folder)
    return ImageSource(dockerfile=path, missing=min(lacking.values(), key=len))


def _candidates(path: str) -> Iterable[str]:
    folder = dirname(path)
    found = [usual_context(path), folder or "."]
    while folder:
        folder = dirname(folder)
        found.append(folder or ".")
    return dict.fromkeys(found)


def context_needs(text: str) -> tuple[Need, ...]:
    """What the last stage of a Dockerfile, and those it is made of, take from the build context."""
    stages = _stages(text)
    needs = [need for stage in _reached(stages) for need in stage.needs]
    return tuple(dict.fromkeys(needs))[:MOST_NEEDS]


def _reached(stages: list[_Stage]) -> list[_Stage]:
    """The stages that a build of the last one goes through; a builder leaves the others out."""
    numbers = {name: number for number, stage in enumerate(stages) for name in (str(number), stage.name)}
    todo, reached = [len(stages) - 1] if stages else [], set[int]()
    while todo:
        number = todo.pop()
        if number not in reached:
            reached.add(number)
            todo += [numbers[name] for name in stages[number].uses if name in numbers]
    return [stage for number, stage in enumerate(stages) if number in reached]


def _stages(text: str) -> list[_Stage]:
    stages: list[_Stage] = []
    defaults: dict[str, str] = {}
    for word, rest in _instructions(text):
        if word in ("ARG", "ENV"):
            defaults |= {name: value.strip("\"'") for name, value in _DEFAULT.findall(rest)}
        elif word == "FROM":
            stages.append(_stage(_filled(rest, defaults)))
        elif stages and word in ("COPY", "ADD", "RUN"):
            _read(stages[-1], word, _filled(rest, defaults))
    return stages


def _stage(rest: str) -> _Stage:
    words = [word for word in rest.lower().split() if not word.startswith("--")]
    return _Stage(name=words[2] if words[1:2] == ["as"] and words[2:] else "", uses=words[:1])


def _read(stage: _Stage, word: str, rest: str) -> None:
    """Note what one instruction takes, and from where."""
    flags, operands = _flags(rest)
    if word == "RUN":
        for value in (value for name, value in flags if name == "mount"):
            _read_mount(stage, value)
        return
    if origin := dict(flags).get("from"):
        stage.uses.append(origin.lower())
    elif "<<" not in operands:
        stage.needs += _needs(_sources(operands))


def _read_mount(stage: _Stage, value: str) -> None:
    options = {name: part for name, _, part in (option.partition("=") for option in value.split(","))}
    if origin := options.get("from"):
        stage.uses.append(origin.lower())
    elif options.get("type", "bind") == "bind":
        stage.needs += _needs([options.get("source") or options.get("src") or "."])


def _flags(rest: str) -> tuple[list[tuple[str, str]], str]:
    flags = []
    while found := _FLAG.match(rest):
        flags.append((found[1], (found[2] or "").strip("\"'")))
        rest = rest[found.end() :]
    return flags, rest


def _sources(operands: str) -> list[str]:
    """All but the last operand, which is where they go; in the JSON form, too."""
    try:
        words = json.loads(operands) if operands.startswith("[") else shlex.split(operands)
    except (ValueError, RecursionError):
        words = operands.split()
    sources = [word for word in words[:-1] if isinstance(word, str)] if isinstance(words, list) else []
    return [source for source in sources if not _REMOTE.match(source)]


def _needs(sources: list[str]) -> Iterator[Need]:
    """Each plain source; of globs one, where nothing else is copied: `package.json yarn.lock*` can do without."""
    inside = [normpath("/" + source).lstrip("/") or "." for source in sources]
    plain = [source for source in inside if not _WILDCARD.search(source)]
    yield from ((source,) for source in plain)
    if inside and not plain:
        yield tuple(dict.fromkeys(inside))


def _filled(text: str, defaults: dict[str, str]) -> str:
    """A text with the defaults of its variables; one without a default may stand for any path."""
    return _VARIABLE.sub(lambda found: defaults.get(found[1] or found[2]) or found[3] or "**", text)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction with what follows it, on one line; comments and the bodies of heredocs are left out."""
    lines = [line.strip() for line in text.splitlines()[:MOST_LINES]]
    whole, number = "", 0
    while number < len(lines):
        line, number = lines[number], number + 1
        if not line or line.startswith("#"):
            continue
        whole += line
        if whole.endswith("\\"):
            whole = whole[:-1] + " "
            continue
        word, _, rest = whole[:LONGEST_INSTRUCTION].replace("\t", " ").partition(" ")
        whole = ""
        for found in _HEREDOC.finditer(rest):
            if found[2] in lines[number:]:
                number = lines.index(found[2], number) + 1
        yield word.upper(), rest.strip()


def _is_met(survey: Survey, context: str, need: Need) -> bool:
    return any(_is_there(survey, context, source) for source in need)


def _is_there(survey: Survey, context: str, source: str) -> bool:
    if not _WILDCARD.search(source):
        path = normpath(join(context, source))
        return path == "." or survey.has(path) or path in survey.folders
    start = 0 if context == "." else len(context) + 1
    pattern = pattern_of(_CLASS.sub("?", source))
    fixed = context[:start] + "/" * bool(start) + _WILDCARD.split(source)[0]
    return any(
        pattern.fullmatch(path[start:])
        for paths in (survey.paths, survey.folders)
        for path in paths
        if path.startswith(fixed)
    )
