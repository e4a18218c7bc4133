"""A scenario of which a year is lived in a second or two, and runs that tests may share and must not change."""

import datetime as dt
from functools import cache

import attrs

from wis_engine.simulation import Run, Scenario, simulate

SEED = 3


@cache
def hamlet() -> Scenario:
    """Thirty firms, half of them members, that come with short needs of a few kinds."""
    district = Scenario.district()
    kinds = tuple(
        attrs.evolve(kind, weeks=(2, 3))
        for kind in district.demand.kinds
        if kind.kind in ("child-minding", "homework", "groceries", "errand", "elder-company", "school-afternoon")
    )
    served = {kind.service for kind in kinds}
    return attrs.evolve(
        district,
        name="hamlet",
        firms=attrs.evolve(district.firms, count=30, members_at_start=15),
        growth=attrs.evolve(district.growth, alone_ppm=100_000, heard_ppm=600_000, leaving_percent=40),
        demand=attrs.evolve(district.demand, kinds=kinds, sessions_max=3, weekdays_max=2, intensity_percent=150),
        supply=attrs.evolve(
            district.supply,
            kinds=tuple(kind for kind in district.supply.kinds if kind.service in served),
            leaving_percent=30,
        ),
        matching=attrs.evolve(district.matching, effort=0),
    )


@cache
def year(seed: int = SEED) -> Run:
    """Live a whole year of it."""
    return simulate(hamlet(), seed=seed)


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
