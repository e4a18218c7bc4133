"""Write an aggregation strategy of your own, and hold it against others on the same needs.

The strategy pools needs of one service within one municipio: wider than a
zone, narrower than the whole town. The comparison is in pairs: with one seed
every strategy meets the same needs, byte for byte, so that what differs is the
strategy. Everything is simulated.
"""

import datetime as dt

import attrs

from wis_engine.matching import Need, Problem, Proposal
from wis_engine.matching.making import made
from wis_engine.matching.options import ground_of
from wis_engine.matching.proposing import proposal_of
from wis_engine.simulation import Scenario, compare, ensemble
from wis_engine.territory import municipio_of


@attrs.frozen(kw_only=True)
class ByMunicipio:
    """Pool needs of one service within one municipio."""

    name = "by_municipio"

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:  # noqa: ARG002 - it draws nothing
        """Propose."""
        return proposal_of(made(ground_of(problem), self.together, None, effort))

    def together(self, need: Need) -> str:
        """Name the municipio within which a need may be pooled."""
        return str(need.zone and municipio_of(need.zone))


def town() -> Scenario:
    """A hundred firms in ten zones of municipi 5 and 6, all members, with needs of one session."""
    district = Scenario.district()
    return attrs.evolve(
        district,
        name="town",
        firms=attrs.evolve(
            district.firms, count=100, members_at_start=100, zones=(38, 39, 40, 41, 42, 44, 45, 46, 47, 51)
        ),
        demand=attrs.evolve(
            district.demand,
            kinds=tuple(one for one in district.demand.kinds if not one.steps),
            sessions_max=1,
            weekdays_max=1,
        ),
        supply=attrs.evolve(
            district.supply, kinds=tuple(attrs.evolve(one, firms_each=50) for one in district.supply.kinds)
        ),
        matching=attrs.evolve(district.matching, effort=0),
    )


def main() -> None:
    """Live up to the second match with six seeds under each strategy, and print what the pairs say."""
    autumn = dt.datetime(2025, 10, 31, tzinfo=dt.UTC)
    runs = ensemble(town(), seeds=range(6), strategies=["by_firm", "by_zone", ByMunicipio()], until=autumn)
    print(f"{len(runs)} runs, {sum(runs['needs']) // len(runs)} needs each on average")
    print(compare(runs, measures=["coverage_ppm", "saving_ppm", "pool_size_milli", "walk_m_median"]))


if __name__ == "__main__":
    main()
