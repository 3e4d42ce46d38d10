"""What the audit finds about itself and about what people tell it, with the manual of each."""

UNREADABLE, CRASHED = "unreadable-file", "rule-failed"
BAD_SUPPRESSION, UNUSED_SUPPRESSION = "bad-suppression", "unused-suppression"

ALWAYS_HEARD = frozenset({UNREADABLE, CRASHED, BAD_SUPPRESSION})
"""These cannot be turned off, and no comment silences them."""

MANUALS: dict[str, str] = {
    UNREADABLE: (
        "A file cannot be read, so nothing in it was audited.\n\n"
        "**Why it matters** What was not looked at is not in order: GitHub, too, may refuse the file.\n"
        "**How to fix** The message says where reading ended: mistakes of YAML, bytes that are no UTF-8, a file that "
        "is too large (1 MiB), nested too deeply (100 levels) or has too many nodes (200,000), or may not be read.\n"
        "**Example** `run: [a` becomes `run: a`."
    ),
    CRASHED: (
        "A rule failed on a file; all other rules were asked.\n\n"
        "**Why it matters** What that rule would have found there is not known.\n"
        "**How to fix** Report it with the file. Until then the rule can be left out with `--ignore`.\n"
        "**Example** `cicd audit --ignore full-clone`."
    ),
    BAD_SUPPRESSION: (
        "A comment that is to silence a finding names no rule, one that is not there, or gives no reason.\n\n"
        "**Why it matters** Whoever reads it later cannot tell whether it still holds; so it silences nothing.\n"
        "**How to fix** Name the rules in brackets and say why.\n"
        "**Example** `# cicd: ignore` becomes `# cicd: ignore[or-true] the report is read by the next step`."
    ),
    UNUSED_SUPPRESSION: (
        "A comment silences a rule that finds nothing there.\n\n"
        "**Why it matters** It stays when the line below it changes, and then hides what nobody has looked at.\n"
        "**How to fix** Take the comment away, or the rule out of its brackets.\n"
        "**Example** `pytest  # cicd: ignore[or-true] slow` becomes `pytest`."
    ),
}
