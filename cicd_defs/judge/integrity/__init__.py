"""Does a change weaken what it is checked by? Tests that go, checks that are edited, links that lead out."""

from cicd_defs.judge.integrity.gate import gate_integrity, integrity_verdict

__all__ = ["gate_integrity", "integrity_verdict"]
