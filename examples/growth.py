"""Grow a community from 3 to 3,000 firms, and see when pools start to pay.

The same autumn, lived in communities of ever more firms of one territory, with
as much supply to a firm. Pools pay when what their members pay together is
less than what each would pay alone; and when enough of those who wait find
others. Everything is simulated.
"""

import datetime as dt

import attrs

from wis_engine.simulation import Scenario, simulate

SIZES = (3, 10, 30, 100, 300, 1_000, 3_000)
UNTIL = dt.datetime(2025, 11, 2, tzinfo=dt.UTC)
"""Two matches: at the end of September and of October."""


def community_of(firms: int) -> Scenario:
    """Municipio 6 with so many firms, all members; a tenth of the needs, so that the largest is lived in seconds."""
    whole = Scenario.municipio()
    assert whole.firms is not None
    assert whole.people is not None
    return attrs.evolve(
        whole,
        firms=attrs.evolve(whole.firms, count=firms, members_at_start=firms),
        demand=attrs.evolve(
            whole.demand,
            kinds=tuple(kind for kind in whole.demand.kinds if not kind.steps),
            sessions_max=1,
            weekdays_max=1,
            intensity_percent=100,
        ),
        people=attrs.evolve(whole.people, take_up_percent=10),
        supply=attrs.evolve(
            whole.supply,
            kinds=tuple(
                attrs.evolve(kind, firms_each=1_000, capacity_hours=20_000, sessions_at_once=60)
                for kind in whole.supply.kinds
            ),
        ),
        matching=attrs.evolve(whole.matching, effort=0),
    )


def main() -> None:
    """Live each size and print a line of it."""
    print("firms  people   needs  served  together  saved of the price alone")
    for firms in SIZES:
        run = simulate(community_of(firms), seed=1, until=UNTIL)
        told = {name: sum(column) for name, column in run.columns().items()}
        people = len(run.community.network.persons)
        saved = 100 - 100 * told["price_cents"] // max(1, told["alone_cents"])
        served, together = (100 * told[name] // max(1, told["declared"]) for name in ("served", "together"))
        print(f"{firms:5}  {people:6}  {told['declared']:6}  {served:4} %    {together:4} %  {saved:3} %")


if __name__ == "__main__":
    main()
