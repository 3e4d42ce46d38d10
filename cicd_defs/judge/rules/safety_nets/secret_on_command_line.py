"""A secret is an argument of a program.

**Why it matters** Every process of the machine can read the arguments of every other one, `set -x` and many programs'
own messages print them, and an expression puts the secret into the script's file. GitHub hides it in logs only where it
stands there letter by letter.
**How to fix** Give it to the step under `env` and use the variable; better, let the program read it from its standard
input, as `docker login --password-stdin` does, or from the variable that it knows itself.
**Example** `docker login -u me -p ${{ secrets.TOKEN }}` becomes
`echo "$TOKEN" | docker login -u me --password-stdin`.
"""

import re
from collections.abc import Iterator

from cicd_defs.facts.findings import Family, Severity
from cicd_defs.facts.patterns import regex
from cicd_defs.facts.script import Command
from cicd_defs.facts.workflow import WrittenStep, WrittenWorkflow
from cicd_defs.facts.yaml_nodes import Scalar
from cicd_defs.judge.commands.handed_secrets import as_input, as_variable
from cicd_defs.judge.repository import Repository
from cicd_defs.judge.rule import About, Found

ABOUT = About(Family.SAFETY_NETS, Severity.MEDIUM)

_SECRET = regex(r"\$\{\{(?:[^'}]|'[^']*'|}(?!}))*\bsecrets\s*(?:\.|\[)(?:[^'}]|'[^']*'|}(?!}))*}}")
_VARIABLE = regex(r"\$(?:\{(\w+)[}:]|(\w+)|env:(\w+))")
_BUILTINS = frozenset(
    (
        *(
            "echo",
            "printf",
            "export",
            "read",
            "local",
            "declare",
            "typeset",
            "readonly",
            "set",
            "unset",
            "[",
            "[[",
            "test",
        ),
        *(
            ":",
            "true",
            "false",
            "source",
            ".",
            "eval",
            "case",
            "return",
            "exit",
            "shift",
            "trap",
            "let",
            "alias",
        ),
        *("Write-Host", "Write-Output", "Write-Error"),
    )
)
_LOGINS = regex(
    r"(?:docker|podman|nerdctl|buildah|skopeo|oras|crane|cosign|img|helm|az|gh|twine|sshpass|mysql|mysqldump|mysqladmin"
    r"|vault|argocd|quay|regctl|flux|jf|jfrog|oc|cf|ibmcloud|heroku|doctl|snyk|npm|yarn|pnpm|nuget|dotnet|poetry|mongosh"
    r"|redis-cli|rabbitmqctl|ldapsearch|smbclient|lftp|sqlcmd|sqlplus|keytool|openssl|gpg|zip|7z|unzip)"
)
_PASSWORD = regex(
    r"--?(?:p|P|pass|password|passphrase|passwd|registry-password|token-password)(?:[=:].*)?|-p.+"
)


def find(workflow: WrittenWorkflow, repository: Repository) -> Iterator[Found]:
    """Secrets among the words of a program, as an expression, or as a variable where a password is asked for."""
    if "secrets" not in workflow.source.text:
        return
    for step in workflow.steps:
        if step.run is None:
            continue
        if step.script is None:
            yield from _in_text(step)
            continue
        held = _variables(step)
        for command in step.commands:
            yield from _of_command(step, command, held)


def _variables(step: WrittenStep) -> frozenset[str]:
    """The variables of a step that hold a secret and nothing else."""
    found: set[str] = set()
    for node in (step.job.file.root, step.job.node, step.node):
        held = node.mapping("env")
        for key, value in held.pairs if held else ():
            if isinstance(value, Scalar) and _SECRET.search(value.text):
                found.add(key.text)
            else:
                found.discard(key.text)
    return frozenset(found)


def _of_command(step: WrittenStep, command: Command, held: frozenset[str]) -> Iterator[Found]:
    name = command.name
    if name in _BUILTINS or not command.words:
        return
    for at, (start, end) in enumerate(command.spans[1:], 1):
        assert step.run is not None
        written = step.run.text[start:end]
        expression = _SECRET.search(written)
        if expression:
            found = (start + expression.start(), start + expression.end())
            yield _found(step, command, found, at, expression[0], Severity.MEDIUM)
            continue
        variable = _password(command, at, written, held)
        if variable:
            yield _found(step, command, (start, end), at, f"${variable}", Severity.LOW)


def _password(command: Command, at: int, written: str, held: frozenset[str]) -> str | None:
    """The variable with a secret that a program gets as a password, where it could read it from elsewhere."""
    names = {name for found in _VARIABLE.finditer(written) for name in found.groups() if name} & held
    return sorted(names)[0] if names and _asks_for_password(command, at, written) else None


def _asks_for_password(command: Command, at: int, written: str) -> bool:
    """Whether a word is what a program is given as a password that it can read from elsewhere."""
    if not any(map(_LOGINS.fullmatch, (command.name, *command.plain.split()[:1]))):
        return False
    before = command.words[at - 1] if at > 1 else ""
    asked = _PASSWORD.match(written) if written.startswith("-") else _PASSWORD.fullmatch(before)
    return bool(asked) and not command.has("--password-stdin")


def _found(
    step: WrittenStep, command: Command, span: tuple[int, int], at: int, quoted: str, severity: Severity
) -> Found:
    assert step.run is not None
    start, end = step.place(*span)
    asked = _asks_for_password(command, at, step.run.text[slice(*command.spans[at])])
    return Found(
        step.source,
        start,
        end,
        f"`{quoted}` is an argument of `{command.name}`: every process can read it there",
        as_input(step, command, at) if asked else as_variable(step, *span),
        severity=severity,
    )


def _in_text(step: WrittenStep) -> Iterator[Found]:
    """In a shell that we do not read, each line that calls something with the secret as it is."""
    assert step.run is not None
    for found in _SECRET.finditer(step.run.text):
        line = step.run.text[step.run.text.rfind("\n", 0, found.start()) + 1 : found.start()]
        first = re.match(r"\s*(?:&\s+)?([\w./\\-]+)\s", line)
        called = first and first[1] not in _BUILTINS and not re.search(r"=\s*[\"']?$|[#|]", line)
        if called and first:
            start, end = step.place(found.start(), found.end())
            yield Found(
                step.source,
                start,
                end,
                f"`{found[0]}` is an argument of `{first[1]}`: every process can read it there",
            )
