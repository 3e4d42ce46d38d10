"""From an event to a merge: receive, evaluate, report, decide, merge."""
