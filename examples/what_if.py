"""What if: the same winter again, with one thing changed, and what followed from it.

A community is lived once. On a morning in December its busiest supplier
leaves; or three firms join; or the round of public money that January brings
is a tenth of what was promised. Each time the rest of the year is lived again
with everything else held equal: the same people come with the same needs.
Everything is simulated.
"""

import datetime as dt
from collections import Counter

import attrs

from wis_engine.simulation import Ensemble, Run, Scenario, compare, firms_join, simulate, supplier_leaves, what_if

MORNING = dt.datetime(2025, 12, 15, 12, tzinfo=dt.UTC)
SPRING = dt.datetime(2026, 3, 8, tzinfo=dt.UTC)


def village(january_percent: int = 100) -> Scenario:
    """Sixty firms, half of them members; money for child and elder care in September, for errands in January."""
    district = Scenario.district()
    (first,) = district.rounds
    care, errands = first.lines
    errands = attrs.evolve(errands, amount_cents=errands.amount_cents // 20 * january_percent // 100)
    return attrs.evolve(
        district,
        name="village",
        firms=attrs.evolve(district.firms, count=60, members_at_start=30),
        demand=attrs.evolve(district.demand, sessions_max=1, weekdays_max=1, intensity_percent=60),
        rounds=(
            attrs.evolve(first, lines=(care,)),
            attrs.evolve(first, day=dt.date(2026, 1, 12), lines=(errands,)),
        ),
        matching=attrs.evolve(district.matching, effort=0),
    )


def busiest(run: Run) -> str:
    """Find the supplier with most sessions after that morning."""
    network = run.community.network
    sessions = Counter[str]()
    for one in network.engagements.values():
        sessions[network.offers[one.offer].supplier] += sum(at.day >= MORNING.date() for at in one.occurrences)
    return min(sessions, key=lambda name: (-sessions[name], name))


def main() -> None:
    """Tell one change in full, and all three over some seeds."""
    runs = [simulate(village(), seed=seed, until=SPRING) for seed in range(4)]
    changed = {
        "as it was": runs,
        "a supplier leaves": [what_if(run, at=MORNING, change=supplier_leaves(busiest(run))).other for run in runs],
        "three firms join": [what_if(run, at=MORNING, change=firms_join(3)).other for run in runs],
        "January is cut": [what_if(run, at=MORNING, scenario=village(january_percent=10)).other for run in runs],
    }
    told = compare(Ensemble.of(changed), by="scenario", measures=["needs", "served", "coverage_ppm", "granted_cents"])
    print(told)
    print("\nThree firms join, seed 0:")
    print(what_if(runs[0], at=MORNING, change=firms_join(3)).divergence())


if __name__ == "__main__":
    main()
