"""How a component becomes a service: what its image installs, what it builds, and what it starts."""

import re
import shlex
from typing import Literal

from cicd_defs.facts.value import Value

Trait = Literal[
    "cgo",
    "development-server",
    "gradle-application",
    "installs-from-sources",
    "listed-dependencies",
    "packaged",
    "spring-boot",
    "vendored",
    "version-from-history",
    "wrapper",
]
"""What changes how an image of a component is made.

`cgo`: it needs a C compiler and its library. `development-server`: what starts it is not meant for production.
`gradle-application`: Gradle lays out its start script. `installs-from-sources`: its dependencies cannot be installed
before its sources are there. `listed-dependencies`: pyproject.toml lists what it needs at run time, and no program
computes it. `packaged`: pip can install it. `spring-boot`: its jar starts by itself. `vendored`: its dependencies are
in the repository. `version-from-history`: its version comes from git. `wrapper`: it brings its own Maven or Gradle.
"""


class Application(Value):
    """What is needed to make a component's image.

    `start` is the process, word by word; empty where nothing tells, with `evidence` as `file:line`. `port` is what it
    listens on by itself. `programs` are what its build can make, by name: Go's main packages, Cargo's packages,
    Python's console scripts. `manifests` are the files that decide which dependencies are installed, `requirements`
    those of pip for the run time, `for_tests` its others; `test_folders` hold tests alone; all are paths from the
    component's folder. `extras` and `groups` are what the tests need beyond that.
    """

    start: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    port: int | None = None
    programs: dict[str, str] = {}
    manifests: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    for_tests: tuple[str, ...] = ()
    test_folders: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    traits: tuple[Trait, ...] = ()

    def has(self, trait: Trait) -> bool:
        """Whether this is so."""
        return trait in self.traits


SHELL = "/bin/sh"
_NEEDS_SHELL = re.compile(r"[$`|&;<>()*?\[\]{}~#!\n\\]|^\s*\w+=")
_OPERATORS = re.compile(r"[|&;<>\n]|^\s*\w+=")
_ALONE = re.compile(r"^\s*(exec|cd|export|set|if|for|while|until|case|source|\.)\b")


def process_of(script: str) -> tuple[str, ...]:
    """The process that a command line starts: its words, or a shell where only a shell understands it.

    The shell makes way for one simple command, so that the command gets the signals.
    """
    line = script.strip()
    if not _NEEDS_SHELL.search(line) and not _ALONE.match(line):
        try:
            return tuple(shlex.split(line))
        except ValueError:
            return (SHELL, "-c", line)
    if "\n" in line:
        return (SHELL, "-ec", line)
    alone = not _OPERATORS.search(line) and not _ALONE.match(line)
    return (SHELL, "-c", f"exec {line}" if alone else line)
