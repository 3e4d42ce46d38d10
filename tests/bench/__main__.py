"""`python -m tests.bench`: all benchmarks, or those named: rooms, location, audit, line."""

import sys

from tests.bench import HEADER
from tests.bench.audit import main as audit
from tests.bench.line import main as line
from tests.bench.location import main as location
from tests.bench.rooms import cold_measures, compile_measures, start_measures


def rooms() -> None:
    print(HEADER)
    for measure in (*compile_measures(), *start_measures(), *cold_measures()):
        print(measure)


ALL = {"rooms": rooms, "location": location, "audit": audit, "line": line}

if __name__ == "__main__":
    for name in sys.argv[1:] or ALL:
        print(f"\n{name}")
        ALL[name]()
