"""Programs that are downloaded and run at once, without anybody looking at what came."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command, Script, masked

_DOWNLOADERS = {"curl", "wget", "wget2", "aria2c", "http", "https", "xh", "lynx", "axel"}
_NAMES = ("curl", "wget", "aria2c", "http", "xh ", "lynx", "axel")
"""One of these stands in every script that downloads."""
_SHELLS = {"sh", "bash", "zsh", "dash", "ash", "ksh", "fish"}
_LANGUAGES = {"python", "python2", "python3", "perl", "ruby", "node", "php", "pwsh", "deno", "bun", "py"}
_STARTERS = {
    "sudo",
    "doas",
    "env",
    "exec",
    "command",
    "time",
    "nice",
    "nohup",
    "timeout",
    "retry",
    "stdbuf",
    "busybox",
}
_WITH_VALUE = {"-u", "-g", "-p", "-h", "-C", "-n", "--user", "--group", "-k", "-s", "--signal", "-a"}
_CHECKS = regex(
    r"\b(?:sha\d+sum|shasum|md5sum|b2sum|cksum|gpgv?|cosign|minisign|signify|slsa-verifier|rhash|sha256|gh attestation"
    r"|openssl (?:dgst|sha\d+)|Get-FileHash|certutil -hashfile|--checksum|checksum)\b"
)
_LOCAL = regex(r"(?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?:[:/]|$)|file://")
_FETCHED = regex(r"(?:<<<|<\s*<\().{0,1000}\b(?:curl|wget)\b")
_PIPE = regex(r"(?:\s*\d*[<>]+&?\s*[^\s|]+)*(?:\s|\\\r?\n)*\|&?(?:\s|\\\r?\n)*(?:[({]\s*)*(?:\w+=\S*\s+)*")
_OF_POWERSHELL = regex(
    r"(?:\b(?:irm|iwr|curl|wget|invoke-(?:webrequest|restmethod))\b[^\n;]*?\|\s*(?:iex|invoke-expression)\b"
    r"|\b(?:iex|invoke-expression)\b[^\n]{0,40}?\b(?:irm|iwr|curl|wget|invoke-(?:webrequest|restmethod)|downloadstring)\b"
    r"|\bdownloadstring\s*\([^\n]*?\)[^\n]{0,20}\|\s*(?:iex|invoke-expression)\b"
    r"|\b(?:irm|iwr|invoke-(?:webrequest|restmethod))\b[^\n;]*?-outfile\s+[\"']?(?:\.[\\/])?(?P<saved>[\w-]+\.ps1)\b[^\n;]*"
    r"[;\n]\s*(?:&\s*)?(?:powershell[^\n;]*-file\s+)?[\"']?(?:\.[\\/])?(?P=saved)\b"
    r"|scriptblock\]::create\([^\n]{0,20}\b(?:irm|iwr|invoke-(?:webrequest|restmethod))\b)",
    re.IGNORECASE,
)
_WORDS_OF_POWERSHELL = regex(r"iex|invoke-expression|scriptblock|\.ps1", re.IGNORECASE)
_TO_SHELL = regex(
    r"\b(?:curl|wget)\s[^|;&\n]*?https?[^|;&\n]*\|\s*(?:sudo(?:\s+-\S+)*\s+)?(?:/(?:usr/)?bin/)?"
    r"(?:ba|z|da|k|a)?sh\b(?!\s+[^-\s|;&])"
)


class Unchecked(NamedTuple):
    """From where to where, in the script, something is downloaded and run, and by what."""

    start: int
    end: int
    by: str


def unchecked_in(script: Script) -> Iterator[Unchecked]:
    """Each place in a shell script where a download is run without a check."""
    text = script.text
    if not any(name in text for name in _NAMES):
        return
    seen: set[int] = set()
    for found in (*_piped(script), *_substituted(script), *_from_files(script), *_in_words(script)):
        if found.start not in seen:
            seen.add(found.start)
            yield found
    for found in unchecked_powershell(text):
        if found.start not in seen and script.text[found.start :].lower()[:4] not in {"curl", "wget"}:
            yield found


def unchecked_powershell(text: str) -> Iterator[Unchecked]:
    """The same of PowerShell: what is fetched goes to `iex`."""
    if _WORDS_OF_POWERSHELL.search(text):
        for found in _OF_POWERSHELL.finditer(text):
            line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
            if "#" not in line:
                yield Unchecked(found.start(), found.end(), "Invoke-Expression")


def _unwrapped(command: Command) -> tuple[str, ...]:
    """A command without `sudo` and its like, which only start it."""
    words = list(command.words)
    while words and words[0].rpartition("/")[2] in _STARTERS:
        words = words[1:]
        while words and (words[0].startswith("-") or "=" in words[0] or re.fullmatch(r"\d+[smh]?", words[0])):
            words = words[2:] if words[0] in _WITH_VALUE and len(words) > 1 else words[1:]
    return tuple(words)


def _started(command: Command) -> tuple[str, tuple[str, ...]]:
    """The program that a command starts, without its folder and the number of its version, and its arguments."""
    words = _unwrapped(command)
    name = words[0].rpartition("/")[2] if words else ""
    return re.sub(r"(?<=[a-z])[\d.]+$", "", name), words[1:]


def _downloads(command: Command) -> bool:
    name, arguments = _started(command)
    return name in _DOWNLOADERS and bool(arguments) and not any(map(_LOCAL.search, arguments))


def _runs_input(command: Command) -> str | None:
    """The interpreter that runs what it reads: `sh`, `bash -s -- -y`, `python3 -`; not one with a script of its own."""
    name, arguments = _started(command)
    if name in {"source", "."} and arguments[:1] in {("/dev/stdin",), ("-",)}:
        return name
    if name not in _SHELLS | _LANGUAGES:
        return None
    for argument in arguments:
        if argument in {"-", "/dev/stdin"} or (name in _SHELLS and re.fullmatch(r"-[a-z]*s[a-z]*", argument)):
            return name
        if re.fullmatch(r"-[a-zA-Z]*[cemnpr]", argument) and not _only_flags(name, argument):
            return None
        if argument == "--":
            return name
        if not argument.startswith(("-", "<", ">")):
            return None
    return name


def _only_flags(name: str, argument: str) -> bool:
    """Whether a word of letters is options of a shell, as `-ex`, and no script in `-c`."""
    return name in _SHELLS and "c" not in argument


def _piped(script: Script) -> Iterator[Unchecked]:
    """`curl … | sh`, also with something in between that lets through what it reads."""
    ordered = sorted(script.commands, key=lambda command: command.start)
    for at, command in enumerate(ordered):
        if not _downloads(command):
            continue
        last = command
        for following in ordered[at + 1 :]:
            if following.start < last.end:  # within its words
                continue
            if not _PIPE.fullmatch(script.text, last.end, following.start):
                break
            by = _runs_input(following)
            if by:
                yield Unchecked(command.start, following.end, by)
                break
            if following.name not in _PASSING:
                break
            last = following


_PASSING = {
    "tee",
    "sed",
    "tr",
    "gunzip",
    "gzip",
    "zcat",
    "xzcat",
    "cat",
    "awk",
    "grep",
    "head",
    "tail",
    "envsubst",
    "base64",
    "perl",
}


def _substituted(script: Script) -> Iterator[Unchecked]:
    """`bash <(curl …)`, `sh -c "$(curl …)"`, `eval "$(wget …)"`, `source <(curl …)`, `bash <<< "$(curl …)"`."""
    for command in script.commands:
        name, _ = _started(command)
        if name not in {*_SHELLS, *_LANGUAGES, "eval", "source", "."}:
            continue
        for word, (start, end) in zip(command.words[1:], command.spans[1:], strict=True):
            if re.match(r"[\"']?(?:<\(|\$\(|`)", word) and _downloads_within(script, start, end):
                yield Unchecked(command.start, command.end, name)
                break
        else:
            if any(_FETCHED.search(redirect) for redirect in command.redirects):
                yield Unchecked(command.start, command.end, name)


def _downloads_within(script: Script, start: int, end: int) -> bool:
    """Whether what is worked out in a word comes from a download as it is."""
    within = [one for one in script.commands if start <= one.start and one.end <= end and one.start > start]
    if within:
        return _downloads(within[0]) and all(one.name in _PASSING for one in within[1:])
    return bool(re.search(r"(?:\$\(|<\(|`)\s*(?:curl|wget)\b", script.text[start:end]))


def left_by(script: Script, kept: frozenset[str] = frozenset()) -> frozenset[str]:
    """The files that a script has downloaded and nothing has checked, and of those that were there before."""
    if not kept and not any(name in script.text for name in _NAMES):
        return kept
    left = set(kept)
    for command in script.commands:
        if _downloads(command):
            left.update(_targets(command))
        elif left and _CHECKS.search(command.text):
            left.clear()
    return frozenset(left)


def runs_one_of(script: Script, kept: frozenset[str]) -> Iterator[Unchecked]:
    """Where a script runs a file that an earlier one has downloaded."""
    left = set(kept)
    for command in script.commands:
        if _CHECKS.search(command.text) or not left:
            return
        if (ran := _ran(command)) and _file(ran[1]) in left:
            yield Unchecked(command.start, command.end, ran[0])


def _ran(command: Command) -> tuple[str, str] | None:
    """The program that a command starts, and the file that it runs; None where it runs none."""
    name, arguments = _started(command)
    runs = name in _SHELLS | _LANGUAGES or name in {"source", "."}
    program = next(iter(_unwrapped(command)), "")
    ran = next((word for word in arguments if not word.startswith("-")), "") if runs else program
    if (not runs and "/" not in ran) or re.search(r"-\w*c$", " ".join(arguments[:1])):
        return None
    return name, ran


def _from_files(script: Script) -> Iterator[Unchecked]:
    """`curl -o install.sh …` and then `sh install.sh`."""
    kept: dict[str, Command] = {}
    for command in script.commands:
        if _downloads(command):
            kept.update(dict.fromkeys(_targets(command), command))
            continue
        if kept and _CHECKS.search(command.text):
            kept.clear()
        if not kept:
            continue
        ran = _ran(command)
        by = kept.get(_file(ran[1])) if ran else None
        if ran and by is not None:
            yield Unchecked(command.start, command.end, ran[0])


def _targets(command: Command) -> Iterator[str]:
    """The files that a download is written to."""
    name, arguments = _started(command)
    told = False
    for at, word in enumerate(arguments):
        following = arguments[at + 1] if at + 1 < len(arguments) else ""
        attached = re.fullmatch(r"(?:--output|--output-document)=(.+)", word)
        if attached:
            told = True
            yield _file(attached[1])
        elif word in {"--output", "--output-document"} or re.fullmatch(
            r"-[a-zA-Z]*" + ("o" if name == "curl" else "O"), word
        ):
            told = True
            yield _file(following)
    for redirect in command.redirects:
        if found := re.fullmatch(r"1?>{1,2}\|?\s*(\S+)", redirect):
            told = True
            yield _file(found[1])
    by_name = name != "curl" or any(
        re.fullmatch(r"-[a-zA-Z]*O[a-zA-Z]*|--remote-name", word) for word in arguments
    )
    if not told and by_name:
        for word in arguments:
            if "://" in word:
                yield _file(word.strip("'\"").partition("?")[0].rpartition("/")[2])


def _file(word: str) -> str:
    return word.strip("'\"").removeprefix("./")


def _in_words(script: Script) -> Iterator[Unchecked]:
    """The same in a script that another shell is given, where something in it is worked out."""
    for command in script.commands:
        for word, (start, end) in zip(command.words, command.spans, strict=True):
            if word[:1] != '"' or "|" not in word or not re.search(r"\b(?:curl|wget)\b", word):
                continue
            at = command.words.index(word)
            called = at > 0 and re.fullmatch(r"-[a-z]*c", command.words[at - 1])
            if called and (found := _TO_SHELL.search(masked(script.text), start, end)):
                yield Unchecked(found.start(), found.end(), "sh")


def first_line(text: str, start: int, end: int) -> str:
    """What a finding quotes: its first line, not longer than a line."""
    line = text[start:end].split("\n", 1)[0].rstrip(" \\")
    return line if len(line) <= 100 else line[:97] + "…"
