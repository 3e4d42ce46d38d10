"""Other ways to hand a secret to a program than on its command line."""

import re

from cicd_defs.facts.findings import Edit, Fix
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.quoting import Quoting, quotings
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenStep
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.edits import insert_pair

_SECRET = regex(r"\$\{\{\s*((?:secrets|github)\s*\.\s*\w+)\s*}}")
_FROM_INPUT = {"docker", "podman", "nerdctl", "buildah", "skopeo", "oras", "helm"}
_PASSWORD = regex(r"(?:-p|--password)(?:=(.+))?")


def as_input(step: WrittenStep, command: Command, at: int) -> Fix | None:
    """`docker login -p X` as `echo X | docker login --password-stdin`; None of a program that reads none."""
    if not _can_change(step):
        return None
    assert step.run is not None
    text = step.run.text
    if (
        command.words[0] not in _FROM_INPUT
        or "login" not in command.words[:3]
        or "|" in text[: command.start].split("\n")[-1]
    ):
        return None
    start, end = command.spans[at]
    own = _PASSWORD.fullmatch(command.words[at])
    before = _PASSWORD.fullmatch(command.words[at - 1])
    if own and own[1]:
        value = text[start:end].partition("=")[2]
    elif before and not before[1]:
        value, start = text[start:end], command.spans[at - 1][0]
    else:
        return None
    bare = value.strip("\"'")
    name, put = bare, None
    secret = _SECRET.fullmatch(bare)
    if secret:
        variable, put = _variable(step, secret[1])
        if put is None and variable is None:
            return None
        name = f"${{{variable}}}"
    if not re.fullmatch(r"\$\w+|\$\{\w+\}", name) or command.before or "<" in "".join(command.redirects):
        return None
    newline_free = [(command.start, command.start, f'echo "{name}" | '), (start, end, "--password-stdin")]
    edits = [_edit(step, begin, stop, new) for begin, stop, new in newline_free]
    return Fix("Let it read the password from its standard input", (*edits, *([put] if put else [])))


def as_variable(step: WrittenStep, start: int, end: int) -> Fix | None:
    """A variable in place of an expression. None where it is more than one secret, or stands where no variable can."""
    if not _can_change(step):
        return None
    assert step.run is not None
    found = _SECRET.fullmatch(step.run.text, start, end)
    if found is None:
        return None
    quoting = quotings(step.run.text, [(start, end)])[0]
    name, put = _variable(step, found[1])
    if name is None or step.script is None:
        return None
    texts = {
        Quoting.DOUBLE: f"${{{name}}}",
        Quoting.HEREDOC: f"${{{name}}}",
        Quoting.SINGLE: f"'\"${{{name}}}\"'",
        Quoting.WORD: f'"${{{name}}}"',
        Quoting.PART: f'"${{{name}}}"',
        Quoting.WHOLE: f'"${{{name}}}"',
    }
    if quoting not in texts:
        return None
    edit = _edit(step, start, end, texts[quoting])
    return Fix(f"Hand the secret over as `${name}`", (edit, *([put] if put else [])))


def _can_change(step: WrittenStep) -> bool:
    return step.can_be_edited and not step.node.aliased and not step.node.flow


def _edit(step: WrittenStep, start: int, end: int, text: str) -> Edit:
    assert step.run is not None
    begin, stop = step.place(start, end) if end > start else (step.place(start, start + 1)[0],) * 2
    if step.run.style == '"':
        text = text.replace('"', '\\"')
    elif step.run.style == "'":
        text = text.replace("'", "''")
    return Edit(step.source.path, begin, stop, text)


def _variable(step: WrittenStep, secret: str) -> tuple[str | None, Edit | None]:
    """The variable that holds a secret, and the edit that makes it where none does."""
    path = re.sub(r"\s", "", secret)
    name = path.rpartition(".")[2].upper()
    if path.lower() in {"secrets.github_token", "github.token"}:
        name = "GITHUB_TOKEN"
    for node in (step.node, step.job.node, step.job.file.root):
        held = node.mapping("env")
        for key, value in held.pairs if held else ():
            if isinstance(value, Scalar) and re.sub(r"\s", "", value.text) == "${{" + path + "}}":
                return key.text, None
            if key.text == name and node is step.node:
                return None, None
    held = step.node.mapping("env")
    line = f"{name}: ${{{{ {path} }}}}"
    if held is not None and held.pairs:
        return name, insert_pair(step.source, held, [line], after=held.pairs[-1][0].text)
    if "env" in step.node.by_key:
        return None, None
    first = step.node.pairs[0][0].text
    place = {"after": "run"} if first == "run" else {"before": "run"}
    put = insert_pair(step.source, step.node, ["env:", f"  {line}"], **place)
    return (name, put) if put else (None, None)
