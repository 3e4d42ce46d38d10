"""Fixes of Dockerfiles that change a word or two of an instruction, by hadolint's rule.

Rules: https://github.com/hadolint/hadolint/wiki
"""

import json
import re
import shlex
from collections.abc import Callable, Iterator

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.instructions import Instruction, instructions_of
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command

LISTS = "rm -rf /var/lib/apt/lists/*"
_OF_INSTALLS = (
    ("-y", {"-y", "--yes", "--assume-yes", "-qq"}),
    ("--no-install-recommends", {"--no-install-recommends"}),
)

Fixer = Callable[[Instruction], Fix | None]

_TOOLS = {"sudo", "env", "command", "exec"}
_NOT_PLAIN = regex(r"[$`&|;<>(){}*?~!#\\\n]|\b(?:exec|cd|export)\b")
_INSTALLS = regex(r"\bapt(?:-get)?\b[^\n;&|]*\binstall\b")
_UPDATES = regex(r"\bapt(?:-get)?\b[^\n;&|]*\bupdate\b")
_ARCHIVE_OR_URL = regex(r"(?i)\S+\.(?:tar|t?gz|tgz|bz2|xz|zst)\b|\b(?:https?|git|ftp)://|git@")


def _commands(instruction: Instruction) -> Iterator[tuple[int, Command]]:
    """The commands of a RUN, each with where its script begins."""
    if instruction.script is not None:
        begin, script = instruction.script
        for command in script.commands:
            yield begin, command


def _words(command: Command) -> list[tuple[str, tuple[int, int]]]:
    """A command's words and places, without what only starts it."""
    words = list(zip(command.words, command.spans, strict=True))
    while words and words[0][0] in _TOOLS:
        words = words[1:]
    return words


def behind(programs: str, subcommands: str, flag: str, title: str, safe: bool) -> Fixer:
    """A flag behind the subcommand of every command that lacks it: `pip install` to `pip install --no-cache-dir`."""
    program, wanted, names = re.compile(programs), re.compile(subcommands), set(flag.split("|"))

    def fix(instruction: Instruction) -> Fix | None:
        edits: list[Edit] = []
        for begin, command in _commands(instruction):
            words = _words(command)
            if not words or not program.fullmatch(words[0][0].rpartition("/")[2]) or command.depth:
                continue
            if any(_has(word, names) for word, _ in words[1:]):
                continue
            found = next((span for word, span in words[1:] if wanted.fullmatch(word)), None)
            if found:
                at = begin + found[1]
                edits.append(Edit(instruction.source.path, at, at, " " + flag.partition("|")[0]))
        return Fix(title, tuple(edits), safe) if edits else None

    return fix


def _has(word: str, names: set[str]) -> bool:
    short = {name[1] for name in names if re.fullmatch(r"-\w", name)}
    joined = re.fullmatch(r"-([a-zA-Z]+)", word)
    return word.partition("=")[0] in names or bool(joined and short & set(joined[1]))


def at_end(installs: str, clean: str, title: str) -> Fixer:
    """A command at the end of a RUN that takes away what its installs left."""
    wanted = re.compile(installs)

    def fix(instruction: Instruction) -> Fix | None:
        text = instruction.text
        if not wanted.search(text) or text.lstrip().startswith("<<") or instruction.script is None:
            return None
        if clean == LISTS and _needed_later(instruction):
            return None
        _, script = instruction.script
        if not script.statements or re.search(r"(?:^|[\s;])(?:fi|done|esac|})\s*$|\|\||[^&]&\s*$|<<", text):
            return None
        end = instruction.body + len(text.rstrip())
        newline = instruction.source.newline
        joined = f" \\{newline}    && {clean}" if "\n" in text else f" && {clean}"
        return Fix(title, (Edit(instruction.source.path, end, end, joined),))

    return fix


def _needed_later(instruction: Instruction) -> bool:
    """Whether a later RUN installs from the lists of this one."""
    return any(
        later.start > instruction.start and _INSTALLS.search(later.text) and not _UPDATES.search(later.text)
        for later in instructions_of(instruction.source)
    )


def copied(instruction: Instruction) -> Fix | None:
    """`ADD` as `COPY`, which fetches and unpacks nothing."""
    if instruction.word != "ADD" or _ARCHIVE_OR_URL.search(instruction.text):
        return None
    written = instruction.source.text[instruction.start : instruction.start + 3]
    word = "copy" if written.islower() else "COPY"
    edit = Edit(instruction.source.path, instruction.start, instruction.start + 3, word)
    return Fix("Copy it", (edit,), safe=True)


def as_list(instruction: Instruction) -> Fix | None:
    """A command as a list, so that it gets the signals that are meant for it; none where it needs a shell."""
    text = instruction.text.strip()
    if instruction.word not in {"CMD", "ENTRYPOINT"} or instruction.in_brackets or _NOT_PLAIN.search(text):
        return None
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    if not words or re.match(r"\w+=", words[0]):
        return None
    end = instruction.body + len(instruction.text.rstrip())
    edit = Edit(instruction.source.path, instruction.body, end, json.dumps(words, ensure_ascii=False))
    return Fix("Write the command as a list", (edit,))


def apt_get(instruction: Instruction) -> Fix | None:
    """`apt` as `apt-get`, whose words do not change, and an install in full."""
    edits: list[Edit] = []
    path = instruction.source.path
    for begin, command in _commands(instruction):
        words = _words(command)
        if not words or words[0][0] != "apt" or not _is_same(words[1:]):
            continue
        edits.append(Edit(path, begin + words[0][1][0], begin + words[0][1][1], "apt-get"))
        install = next((span for word, span in words[1:] if word == "install"), None)
        flags = [
            flag
            for flag, names in _OF_INSTALLS
            if install and not any(_has(word, names) for word, _ in words[1:])
        ]
        if install and flags:
            edits.append(Edit(path, begin + install[1], begin + install[1], " " + " ".join(flags)))
    if not edits:
        return None
    cleaned = None if LISTS in instruction.text else at_end(_INSTALLS.pattern, LISTS, "")(instruction)
    return Fix("Call `apt-get`", (*edits, *(cleaned.edits if cleaned else ())))


def _is_same(words: list[tuple[str, tuple[int, int]]]) -> bool:
    same = {"install", "update", "upgrade", "remove", "purge", "autoremove", "clean", "autoclean"}
    return any(word in same for word, _ in words)


def labelled(instruction: Instruction) -> Fix | None:
    """`MAINTAINER` as a label."""
    if instruction.word != "MAINTAINER":
        return None
    who = instruction.text.strip().strip("\"'").replace("\\", "\\\\").replace('"', '\\"')
    end = instruction.body + len(instruction.text.rstrip())
    edit = Edit(instruction.source.path, instruction.start, end, f'LABEL maintainer="{who}"')
    return Fix("Say it by a label", (edit,), safe=True)


def pipefail(instruction: Instruction) -> Fix | None:
    """The failure of a pipeline's first command counts. The image has to have bash."""
    if instruction.word != "RUN":
        return None
    newline = instruction.source.newline
    line = f'SHELL ["/bin/bash", "-o", "pipefail", "-c"]{newline}'
    begin = instruction.source.line_start(instruction.start)
    return Fix(
        "Let a pipeline fail by any of its commands", (Edit(instruction.source.path, begin, begin, line),)
    )


APT, APK, DNF = r"apt-get", r"apk", r"(?:micro)?dnf"

FIXERS: dict[str, Fixer] = {
    "DL3009": at_end(r"\bapt-get\b[^\n;&|]*\binstall\b", LISTS, "Take the package lists away again"),
    "DL3014": behind(APT, "install", "-y|--yes|--assume-yes|-qq", "Ask no questions", safe=True),
    "DL3015": behind(APT, "install", "--no-install-recommends", "Install only what is named", safe=False),
    "DL3019": behind(APK, "add", "--no-cache", "Keep no index of packages", safe=True),
    "DL3020": copied,
    "DL3025": as_list,
    "DL3027": apt_get,
    "DL3030": behind("yum", "(?:local|group|re)?install", "-y|--assumeyes", "Ask no questions", safe=True),
    "DL3032": at_end(r"\byum\b[^\n;&|]*\binstall\b", "yum clean all", "Take yum's cache away again"),
    "DL3034": behind(
        "zypper", "(?:in|install|rm|remove|patch|dup)", "-y|--non-interactive", "Ask no questions", safe=True
    ),
    "DL3036": at_end(
        r"\bzypper\b[^\n;&|]*\b(?:in|install)\b", "zypper clean", "Take zypper's cache away again"
    ),
    "DL3038": behind(DNF, "(?:group)?install", "-y|--assumeyes", "Ask no questions", safe=True),
    "DL3040": at_end(r"\bdnf\b[^\n;&|]*\binstall\b", "dnf clean all", "Take dnf's cache away again"),
    "DL3042": behind(
        r"(?:pip[\d.]*|python[\d.]*)", "install", "--no-cache-dir", "Keep no cache of packages", safe=True
    ),
    "DL3060": at_end(r"\byarn\b[^\n;&|]*\binstall\b", "yarn cache clean", "Take yarn's cache away again"),
    "DL4000": labelled,
    "DL4006": pipefail,
}
"""hadolint's rule, and what mends it."""
