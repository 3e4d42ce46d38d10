"""The manual of the audit's rules, from their docstrings: for the terminal, and as pages."""

from cicd_defs.judge.rule import Rule
from cicd_defs.judge.rules import all_rules, rules_by_name


def overview_of_rules() -> str:
    """All rules by family, a line each."""
    width = max(len(rule.name) for rule in all_rules())
    lines: list[str] = []
    for family in dict.fromkeys(rule.about.family for rule in all_rules()):
        lines.append(f"\n{family.value}")
        for rule in all_rules():
            if rule.about.family is family:
                strict = "  (strict)" if rule.about.strict else ""
                lines.append(f"  {rule.name:<{width}}  {rule.summary}{strict}")
    return "\n".join(lines).strip("\n")


def manual_of(name: str) -> str | None:
    """All about one rule; None where there is none of this name."""
    rule = rules_by_name().get(name)
    return f"{rule.name}\n{'=' * len(rule.name)}\n{rule.manual}\n\n{_facts(rule)}" if rule else None


def _facts(rule: Rule) -> str:
    about = rule.about
    profile = "the strict profile only" if about.strict else "the default profile"
    return (
        f"Family: {about.family.value}. Severity: {about.severity.word}. Confidence: {about.confidence.value}."
        f" In {profile}.\nSilence one finding by `# cicd: ignore[{rule.name}] why`, the rule by `audit.ignore`."
    )


def rules_page() -> str:
    """All manuals as one page of Markdown."""
    lines = ["# Rules of the audit", "", "Written from the rules' own docstrings.", ""]
    for family in dict.fromkeys(rule.about.family for rule in all_rules()):
        lines += [f"## {family.value[0].upper()}{family.value[1:]}", ""]
        for rule in (rule for rule in all_rules() if rule.about.family is family):
            lines += [f"### {rule.name}", "", rule.manual, "", _facts(rule), ""]
    return "\n".join(lines)
