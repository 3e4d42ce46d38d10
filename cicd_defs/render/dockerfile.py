"""Dockerfiles and .dockerignore files as text. Whatever Docker would evaluate in a value is escaped here.

Format: https://docs.docker.com/reference/dockerfile/ (in any engine with BuildKit; no syntax line, so that a build
fetches no other frontend).
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence

from cicd_defs.plan.containers import (
    Arg,
    Cmd,
    Copy,
    Dockerfile,
    Dockerignore,
    Env,
    Expose,
    HealthCheck,
    Instruction,
    Label,
    Run,
    SearchPath,
    Stage,
    User,
    Workdir,
)

_BREAK = re.compile(r"[\r\n\x00\u0085\u2028\u2029]")
_BARE = re.compile(r"[A-Za-z0-9_./:@+,=-]+")
_PIPE = re.compile(r"(?<![|>\\])\|(?!\|)")
_SHELL_LINE = re.compile(r"(?![\[#-])[^\r\n]*[^\\\r\n\s]")


def render_dockerfile(dockerfile: Dockerfile, header: Sequence[str]) -> str:
    """The text of a Dockerfile."""
    top = [f"# {line}".rstrip() for line in header]
    images = {base.name: base.image for base in dockerfile.bases}
    shells: dict[str, str] = {}
    stages: list[str] = []
    for stage in dockerfile.stages:
        image = images.get(stage.base, stage.base)
        shells[stage.name] = shells.get(stage.base) or ("ash" if "alpine" in image else "bash")
        stages += ["", *_stage(stage, image, shells[stage.name])]
    return "\n".join([*top, *stages]) + "\n"


def render_dockerignore(ignore: Dockerignore, header: Sequence[str]) -> str:
    """The text of a .dockerignore."""
    lines = [f"# {line}".rstrip() for line in header]
    for title, patterns in ignore.groups:
        lines += ["", f"# {_one_line(title)}", *map(_one_line, patterns)]
    return "\n".join(lines) + "\n"


def _stage(stage: Stage, image: str, shell: str) -> Iterator[str]:
    """A stage. `shell` is the one of its image that can tell when something fails before a pipe's last command."""
    yield f"# {_one_line(stage.about)}"
    # The image as it stands: Dependabot moves no image that is an argument's default.
    yield f"FROM {_bare(image)} AS {stage.name}"
    if any(isinstance(one, Arg) for one in stage.instructions):
        yield "# What was declared as an argument of the build is a variable of every command below it."
    strict = (f"/bin/{shell}", "-eo", "pipefail", "-c")
    piped = [isinstance(one, Run) and any(map(_PIPE.search, one.lines)) for one in stage.instructions]
    for position, instruction in enumerate(stage.instructions):
        if piped[position] and not any(piped[:position]):
            yield f"SHELL {_words(strict)}"
        if isinstance(instruction, Run):
            yield from _run(instruction, strict if piped[position] else ("/bin/sh", "-ec"))
        else:
            yield from _instruction(instruction)


def _instruction(one: Instruction) -> Iterator[str]:
    match one:
        case Arg():
            yield f"ARG {one.name}={_quoted(one.default)}"
        case Env():
            yield from _pairs("ENV", one.values)
        case Label():
            yield from _pairs("LABEL", one.values)
        case SearchPath():
            yield f'ENV PATH="{_escaped(one.folder)}:$PATH"'
        case Workdir():
            yield f"WORKDIR {_bare(one.path)}"
        case Copy():
            yield _copy(one)
        case User():
            yield f"USER {_bare(one.name)}"
        case Expose():
            yield f"EXPOSE {one.port}"
        case HealthCheck():
            times = (("interval", one.interval), ("timeout", one.timeout), ("start-period", one.start_period))
            flags = " ".join(f"--{name}={seconds}s" for name, seconds in times)
            yield f"HEALTHCHECK {flags} --retries={one.retries} \\"
            yield f"  CMD {_words(one.argv)}"
        case Cmd():
            yield f"CMD {_words(one.argv)}"


def _pairs(word: str, values: dict[str, str]) -> Iterator[str]:
    """Several variables in one instruction, a line each."""
    pairs = [f"{name}={_quoted(value)}" for name, value in values.items()]
    for position, pair in enumerate(pairs):
        begin = f"{word} " if position == 0 else " " * (len(word) + 1)
        yield f"{begin}{pair}" + (" \\" if position < len(pairs) - 1 else "")


def _copy(one: Copy) -> str:
    origin = f" --from={one.origin}" if one.origin else ""
    return f"COPY{origin} {' '.join(_bare(path) for path in (*one.sources, one.to))}"


def _run(one: Run, shell: Sequence[str]) -> Iterator[str]:
    """Plain commands as they stand; others as JSON, in which every character keeps its meaning."""
    parts = [f"--mount=type=cache,target={_bare(target)}" for target in one.caches]
    if all(map(_is_plain, one.lines)):
        parts += [line if position == 0 else f"&& {line}" for position, line in enumerate(one.lines)]
    else:
        parts.append(_words((*shell, "\n".join(one.lines))))
    for position, part in enumerate(parts):
        begin = "RUN " if position == 0 else "    "
        yield f"{begin}{part}" + (" \\" if position < len(parts) - 1 else "")


def _is_plain(line: str) -> bool:
    """Whether a line is one command that neither the Dockerfile nor `&&` around it reads in another way."""
    if not _SHELL_LINE.fullmatch(line) or not line.isprintable():
        return False
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError:
        return False
    return "#" not in line and not any(
        set(word) <= set("();<>|&") and word not in {">", ">>"} for word in words
    )


def _words(words: Sequence[str]) -> str:
    """The exec form: a JSON list, with escapes for whatever nobody can see."""
    return f"[{', '.join(_word(_without_nul(word)) for word in words)}]"


def _word(word: str) -> str:
    """A JSON string. hadolint takes no backslash right before a quote, so there it stands by its number."""
    text = json.dumps(word, ensure_ascii=not word.isprintable())
    if not re.search(r'\\("|$)', word):
        return text
    return re.sub(r"\\(u[0-9a-f]{4}|.)", lambda found: r"\u005c" if found[1] == "\\" else found[0], text)


def _without_nul(word: str) -> str:
    if "\0" in word:
        raise ValueError("a command holds a NUL byte, which no process can be given")
    return word


def _quoted(text: str) -> str:
    return text if _BARE.fullmatch(text) else f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return re.sub(r'([\\"$])', r"\\\1", _one_line(text))


def _bare(text: str) -> str:
    """A path or name that stands without quotes, because nothing in it could be taken for anything else."""
    if not _BARE.fullmatch(text):
        raise ValueError(f"{text!r} cannot stand in a Dockerfile as a path or name")
    return text


def _one_line(text: str) -> str:
    if _BREAK.search(text):
        raise ValueError(f"a line break in {text!r} would begin another instruction")
    return text
