"""Defects planted at random places of real files. Each family's file has `PLANTERS`: a rule's name to its planters."""

from tests.judge.planting import cannot_fail, hygiene
from tests.judge.planting.places import Planter

PLANTERS: dict[str, tuple[Planter, ...]] = {**cannot_fail.PLANTERS, **hygiene.PLANTERS}
