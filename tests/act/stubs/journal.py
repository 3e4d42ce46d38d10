"""What every stub shares: it writes down that it was called, and does what it is told to do at that call.

The journal is `calls.jsonl` in ACT_HOME, a line a call in the order of the calls. What to do at which call stands in
`rules.json` beside it; see `Rule` in tests/act/rules.py.
"""

import fcntl
import json
import os
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

HOME = Path(os.environ["ACT_HOME"])


def write_down(words: Sequence[str], **told: Any) -> dict[str, Any] | None:
    """Write the call down and return the rule that holds for it, if there is one."""
    with (HOME / "calls.jsonl").open("a+") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        journal.seek(0)
        earlier = [json.loads(line)["words"] for line in journal]
        call = {"words": list(words), "job": os.environ["GITHUB_JOB"], **told}
        journal.write(json.dumps(call) + "\n")
    written = HOME / "rules.json"
    rules = json.loads(written.read_text()) if written.exists() else []
    return next((rule for rule in rules if _holds(rule, words, earlier)), None)


def _holds(rule: dict[str, Any], words: Sequence[str], earlier: Sequence[Sequence[str]]) -> bool:
    if not _speaks_of(rule["words"], words):
        return False
    turn = 1 + sum(_speaks_of(rule["words"], each) for each in earlier)
    return rule["turn"] in (None, turn)


def _speaks_of(patterns: Sequence[str], words: Sequence[str]) -> bool:
    """Whether the patterns fit words of the call, in this order; the first has to be the program or action itself."""
    if not fnmatchcase(words[0], patterns[0]):
        return False
    left = iter(words[1:])
    return all(any(fnmatchcase(word, pattern) for word in left) for pattern in patterns[1:])


def obey(rule: dict[str, Any] | None) -> None:
    """Say what the rule says and end the program as it says; nothing without a rule."""
    if rule is None:
        return
    print(rule["says"], end="")
    if rule["status"]:
        print(f"told to fail: {rule['words']}", file=sys.stderr)
    sys.exit(rule["status"])
