"""A run lived again from one of its days, with something changed: what-if."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import attrs
from attrs import frozen

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import ChainBroken, Event, OfferWithdrawn
from wis_engine.log.limits import BATCH_EVENTS_MAX
from wis_engine.matching import Strategy
from wis_engine.measures import DEFINITIONS, Measures, Table
from wis_engine.network import Network
from wis_engine.simulation.clock import SimulatedClock, instant_at, minute_of
from wis_engine.simulation.divergence import Divergence, diverge
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.lots import Lots
from wis_engine.simulation.population import Population
from wis_engine.simulation.run import Run, simulate
from wis_engine.simulation.scenario import Scenario
from wis_engine.values import ChainId, OfferId

ACTOR: Final = "simulated-what-if"
_DAY: Final = dt.timedelta(days=1)

Change = Callable[[Network, Run], Iterable[Event]]
"""What changes, from the community as it stood that morning and the run: facts to record, in order."""


@frozen(kw_only=True)
class WhatIf:
    """Two runs with one past: as it was, and with a change.

    Attributes
    ----------
    day
        The local day before whose beginning the change happened.
    position
        The last fact of the shared past.
    changes
        Facts that were recorded to make the change.
    """

    day: dt.date
    position: int
    changes: int
    base: Run
    other: Run

    def divergence(self) -> Divergence:
        """Find where the two histories part, and what followed."""
        return diverge(self.base.community, self.other.community)

    def table(self) -> Table:
        """One row for each measure: as it was, changed, the difference; it is of one run and has no interval."""
        was, now = Measures(self.base.community), Measures(self.other.community)
        names = ("measure", "unit", "as_it_was", "changed", "difference")
        rows = (
            (one.name, one.unit, was[one.name], now[one.name], _less(now[one.name], was[one.name]))
            for one in DEFINITIONS.values()
        )
        return Table.of(f"what if, from {self.day}", names, rows)

    def _repr_html_(self) -> str:
        """Draw the measures for a notebook."""
        return self.table()._repr_html_()


def _less(value: int | None, other: int | None) -> int | None:
    return None if value is None or other is None else value - other


def what_if(
    run: Run,
    *,
    at: int | dt.datetime,
    change: Sequence[Event] | Change = (),
    scenario: Scenario | None = None,
    strategy: str | Strategy | None = None,
) -> WhatIf:
    """Live the rest of a run again with something changed, everything else held equal.

    What the change does not touch keeps its luck: the same people come with
    the same needs on the same days, and the same sessions are missed.

    Parameters
    ----------
    run
        As far as it was lived: the other is lived as far.
    at
        The change happens between two days: at the end of the day of the fact
        at this position, or at the beginning of the local day of this instant.
    change
        Facts to record then, or what finds them in the community as it stood:
        `supplier_leaves`, `firms_join`, or one's own.
    scenario, strategy
        Others than the run's from then on. What a scenario had before that
        day stands in the log and stays; its people must be the run's.

    Raises
    ------
    Malformed
        There is no such position, the instant is not aware or lies outside
        the run, or nothing is changed.
    Refused
        History makes a fact of the change impossible.

    Notes
    -----
    Costs the days after the change, not those before; the past is shared.
    """
    if not callable(change) and not change and scenario is None and strategy is None:
        raise Malformed("nothing is changed")
    day = _day(run, at)
    zone = run.community.network.zone_info
    midnight = instant_at(minute_of(day, "00:00"), zone)
    past = run.community.as_of(midnight)
    clock = SimulatedClock(midnight)
    world = past.branch(clock=clock)
    facts = list(change(world.network, run) if callable(change) else change)
    for first in range(0, len(facts), BATCH_EVENTS_MAX):
        world.record(*facts[first : first + BATCH_EVENTS_MAX], at=midnight, actor=ACTOR)
    lived = simulate(
        run.scenario if scenario is None else scenario,
        seed=run.seed,
        strategy=run.strategy if strategy is None else strategy,
        until=run.until,
        community=world,
        clock=clock,
    )
    before = tuple(one for one in run.days if one.day < day)
    return WhatIf(
        day=day,
        position=past.position,
        changes=len(facts),
        base=run,
        other=attrs.evolve(lived, days=(*before, *(one for one in lived.days if one.day >= day)), started=run.started),
    )


def _day(run: Run, at: int | dt.datetime) -> dt.date:
    """Find the day at whose beginning the change happens."""
    community: Community = run.community
    zone = community.network.zone_info
    if isinstance(at, dt.datetime):
        if at.utcoffset() is None:
            raise Malformed("at: not an aware instant")
        day = at.astimezone(zone).date()
    elif type(at) is int and at >= 0:
        found = next(community.events(after=at - 1, until=at), None) if at else None
        if at and found is None:
            raise Malformed(f"no position {at}: the log stands at {community.position}")
        # When it was recorded: that never goes back, and what expired is recorded later than it happened.
        day = run.scenario.period.start if found is None else found.recorded_at.astimezone(zone).date() + _DAY
    else:
        raise Malformed("at: neither a position nor an instant")
    if run.until is not None and run.until <= instant_at(minute_of(day, "00:00"), zone):
        raise Malformed("at: after the end of the run")
    return day


# Changes


def supplier_leaves(supplier: str) -> Change:
    """A supplier makes no new promises from that day on; what it has promised is still delivered."""

    def leave(network: Network, _run: Run) -> Iterator[Event]:
        if supplier not in network.suppliers:
            raise Malformed(f"no supplier {supplier!r}")
        for offer in map(OfferId, network.links.targets(supplier, "offers")):
            if not network.offers[offer].withdrawn:
                yield OfferWithdrawn(offer=offer)
                yield from (
                    ChainBroken(chain=ChainId(one), offer=offer) for one in network.links.sources(offer, "uses")
                )

    return leave


def firms_join(count: int) -> Change:
    """So many firms join that were not members yet, with their people: the first of the scenario's that are outside.

    Those that would have joined later anyhow do so earlier.
    """
    if type(count) is not int or count < 1:
        raise Malformed("count: not a whole number of 1 or more")

    def join(network: Network, run: Run) -> Iterator[Event]:
        firms, people = run.scenario.firms, run.scenario.people
        if firms is None or people is None:
            raise Malformed("firms_join: the scenario draws no firms")
        population = Population(Draws(run.seed), Lots(run.seed), firms, people)
        outside = [number for number, name in enumerate(population.names) if name not in network.firms][:count]
        if len(outside) < count:
            raise Malformed(f"firms_join: only {len(outside)} firms are outside")
        for number in outside:
            yield from population.joining(number)

    return join
