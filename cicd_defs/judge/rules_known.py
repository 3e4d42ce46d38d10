"""The names that a finding can have: of our own rules, of the rules of the programs whose findings join ours, and of
what the audit finds about itself."""

from functools import cache
from typing import Literal

from cicd_defs.facts.patterns import regex
from cicd_defs.judge.closest import closest
from cicd_defs.judge.engine import ALWAYS_HEARD, MANUALS

_HADOLINT = regex(r"(?:DL|SC)\d{4}")

Finder = Literal["cicd", "the audit itself", "zizmor", "hadolint"]


@cache
def adopted_manuals() -> dict[str, str]:
    """The manuals of other programs' rules that have one here, by name."""
    from cicd_defs.judge.adopted.zizmor import manuals

    return manuals()


@cache
def _our_rules() -> frozenset[str]:
    """The names of our own rules, which are loaded for that."""
    from cicd_defs.judge.rules import rules_by_name

    return frozenset(rules_by_name())


def finder_of(name: str) -> Finder | None:
    """Who finds what has this name; None where nobody does."""
    if name in _our_rules():
        return "cicd"
    if name in MANUALS:
        return "the audit itself"
    if _HADOLINT.fullmatch(name):
        return "hadolint"
    return "zizmor" if name in adopted_manuals() else None


def is_rule(name: str) -> bool:
    """Whether a rule has this name."""
    return finder_of(name) is not None


def rule_names() -> tuple[str, ...]:
    """All names but those of hadolint's rules, which are `DL` or `SC` and four digits."""
    from cicd_defs.judge.rules import rules_by_name

    return (*rules_by_name(), *adopted_manuals(), *MANUALS)


def closest_rule(word: str) -> str | None:
    """The rule that was likely meant by an unknown word."""
    return closest(word.replace("_", "-"), rule_names())


def no_such_rule(name: str) -> str:
    """What is said of a name that no rule has."""
    meant = closest_rule(name)
    hint = f" Did you mean `{meant}`?" if meant else ""
    return f"There is no rule `{name}`.{hint} `cicd explain rules` lists them."


def not_to_be_turned_off(name: str) -> str:
    """Why a rule cannot be turned off; empty where it can."""
    return f"`{name}` cannot be turned off: `cicd explain {name}` says why." if name in ALWAYS_HEARD else ""
