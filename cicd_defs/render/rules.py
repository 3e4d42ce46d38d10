"""The manual of the audit's rules, from their docstrings: for the terminal, and as a page of Markdown."""

import re
from collections.abc import Iterable

from cicd_defs.facts.findings import Family
from cicd_defs.judge.adopted import hadolint
from cicd_defs.judge.adopted.hadolint_manuals import MANUALS as HADOLINT_MANUALS
from cicd_defs.judge.engine import ALWAYS_HEARD, MANUALS
from cicd_defs.judge.rule import Rule
from cicd_defs.judge.rules import all_rules, rules_by_name
from cicd_defs.judge.rules_known import adopted_manuals, finder_of

_BOLD = re.compile(r"^(?=\*\*(?:Why it matters|How to fix|Example)\*\*)", re.MULTILINE)
_STRESSED = re.compile(r"(?<![\w*`/])\*(\w+)\*(?![\w*`/])")
HADOLINT = "https://github.com/hadolint/hadolint/wiki"


def overview_of_rules() -> str:
    """All rules by family, a line each; then what zizmor finds, hadolint, and the audit about itself."""
    adopted = adopted_manuals()
    width = max(map(len, (*rules_by_name(), *adopted, *MANUALS)))
    lines: list[str] = []
    for family in _families():
        lines.append(f"\n{family.value}")
        for rule in _of(family):
            strict = "  (strict)" if rule.about.strict else ""
            lines.append(f"  {rule.name:<{width}}  {rule.summary}{strict}")
    for title, manuals in (("found by zizmor", adopted), (Family.ENGINE.value, MANUALS)):
        lines.append(f"\n{title}")
        lines += [f"  {name:<{width}}  {_first(manuals[name])}" for name in manuals]
    lines.append("\nfound by hadolint")
    lines.append(f"  {'DL…, SC…':<{width}}  {HADOLINT}")
    return "\n".join(lines).strip("\n")


def manual_of(name: str) -> str | None:
    """All about one rule; None where there is none of this name."""
    finder = finder_of(name)
    if finder is None:
        return None
    if finder == "cicd":
        rule = rules_by_name()[name]
        return _titled(name, f"{rule.manual}\n\n{_facts(rule)}")
    if finder == "hadolint":
        return _titled(name, f"{hadolint.manual(name)}\n\n{_silence(name)}")
    if finder == "zizmor":
        return _titled(name, f"{adopted_manuals()[name]}\n\n{_silence(name)}")
    always = (
        "It is always heard." if name in ALWAYS_HEARD else f"In the strict profile only.\n{_silence(name)}"
    )
    return _titled(name, f"{MANUALS[name]}\n\nFamily: {Family.ENGINE.value}. {always}")


def _titled(name: str, text: str) -> str:
    return f"{name}\n{'=' * len(name)}\n{text}"


def _facts(rule: Rule) -> str:
    about = rule.about
    profile = "the strict profile only" if about.strict else "the default profile"
    return (
        f"Family: {about.family.value}. Severity: {about.severity.word}. Confidence: {about.confidence.value}."
        f" In {profile}.\n{_silence(rule.name)}"
    )


def _silence(name: str) -> str:
    return f"Silence one finding by `# cicd: ignore[{name}] why`, the rule by `audit.ignore`."


def _families() -> Iterable[Family]:
    return dict.fromkeys(rule.about.family for rule in all_rules())


def _of(family: Family) -> Iterable[Rule]:
    return (rule for rule in all_rules() if rule.about.family is family)


def _first(manual: str) -> str:
    return manual.partition("\n")[0]


def rules_page() -> str:
    """All manuals as one page of Markdown."""
    parts = [
        "# Rules of the audit",
        "Written from the rules' own docstrings by `make generate`. `cicd explain RULE` prints each.",
    ]
    for family in _families():
        parts.append(f"## {_capital(family.value)}")
        for rule in _of(family):
            about = rule.about
            strict = ", strict profile" if about.strict else ""
            weight = f"Severity {about.severity.word}, confidence {about.confidence.value}{strict}."
            parts += [f"### {rule.name}", *_paragraphs(rule.manual), weight]
    parts += [
        f"## {_capital(Family.ENGINE.value)}",
        "What the audit finds about the files it reads, and about what people tell it.",
    ]
    for name, manual in MANUALS.items():
        parts += [f"### {name}", *_paragraphs(manual)]
    parts += [
        "## Found by zizmor",
        "Findings of [zizmor](https://docs.zizmor.sh/audits/) join ours, under its names.",
    ]
    for name, manual in adopted_manuals().items():
        parts += [f"### {name}", *_paragraphs(manual)]
    parts += [
        "## Found by hadolint",
        f"Findings of [hadolint]({HADOLINT}) join ours: `DL` and `SC` with four digits. Here are those "
        "that can speak in the default profile.",
    ]
    for name, manual in HADOLINT_MANUALS.items():
        parts += [f"### {name}", *_paragraphs(manual)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _paragraphs(manual: str) -> Iterable[str]:
    """A manual with each of its parts as a paragraph of its own, and `_` around a stressed word, as prettier has it."""
    return (_STRESSED.sub(r"_\1_", part.strip()) for part in _BOLD.split(manual) if part.strip())


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
