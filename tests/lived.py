"""The pilot year, lived once for all the tests that look at it; they must leave it as it is."""

from functools import cache

import attrs

from wis_engine.community import Community
from wis_engine.report import Summary, summarise
from wis_engine.simulation.year import SimulatedClock, Year, live

SEED = 0


@attrs.frozen
class Lived:
    community: Community
    year: Year
    reported: tuple


@cache
def lived() -> Lived:
    clock = SimulatedClock()
    community = Community.open("memory:", clock=clock)
    reported = []
    year = live(community, seed=SEED, clock=clock, progress=reported.append)
    return Lived(community, year, tuple(reported))


@cache
def summary() -> Summary:
    return summarise(lived().community)
