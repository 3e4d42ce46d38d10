"""Defects planted at random places of real files. Each family's file has `PLANTERS`: a rule's name to its planters."""

from tests.judge.planting import cannot_fail, flaky_code, flow, hygiene, plain_bugs, safety_nets, work_twice
from tests.judge.planting.places import Planter

PLANTERS: dict[str, tuple[Planter, ...]] = {
    **cannot_fail.PLANTERS,
    **flaky_code.PLANTERS,
    **flow.PLANTERS,
    **hygiene.PLANTERS,
    **plain_bugs.PLANTERS,
    **safety_nets.PLANTERS,
    **work_twice.PLANTERS,
}
