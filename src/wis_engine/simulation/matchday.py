"""The day on which the desk matches: what waits is asked again, matched, engaged, and told why not."""

import datetime as dt
from collections.abc import Iterator
from typing import Final, Protocol

from attrs import frozen

from wis_engine.community import Community
from wis_engine.facts import Event, NeedRevised, NeedUnmet, NeedWithdrawn
from wis_engine.facts.needs import UnmetReason
from wis_engine.matching import Plan, Strategy
from wis_engine.matching.rules import Unserved
from wis_engine.network.promises import Need, NeedState
from wis_engine.simulation.agenda import Agenda
from wis_engine.simulation.arrivals import next_month
from wis_engine.simulation.demand import asked_in
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.scenario import Scenario
from wis_engine.values import NeedId, Period, PoolId

_DAY: Final = dt.timedelta(days=1)
WHY: Final = {
    Unserved.SERVICE: UnmetReason.NO_SUPPLY,
    Unserved.CHAIN: UnmetReason.NO_SUPPLY,
    Unserved.PERIOD: UnmetReason.TIME,
    Unserved.TIME: UnmetReason.TIME,
    Unserved.OVERLAP: UnmetReason.TIME,
    Unserved.DISTANCE: UnmetReason.PLACE,
    Unserved.PRICE: UnmetReason.PRICE,
    Unserved.ELIGIBILITY: UnmetReason.ELIGIBILITY,
    Unserved.CAPACITY: UnmetReason.CAPACITY,
    Unserved.BUDGET: UnmetReason.BUDGET,
    Unserved.GROUP: UnmetReason.NO_QUORUM,
}
"""What the desk writes for each explanation of the matcher; for the one left out it waits."""


class Record(Protocol):
    """Writes what the desk decides, at an hour of the day («17:00»)."""

    def facts(self, facts: list[Event], clock: str, cause: str | None = None) -> None:
        """Record facts, in as many batches as it takes."""

    def plan(self, plan: Plan, clock: str) -> None:
        """Adopt a plan."""


@frozen(kw_only=True)
class MatchDay:
    """What came of one match: who was there, what came in since the last, what was served and at what price.

    Whole numbers but for the day; `price_cents` is what the pools of the day
    cost, `alone_cents` what their members would have paid alone,
    `grants_cents` the public money among it, `minutes` what was promised,
    `together` the needs in pools of two and more, `position` where the log
    stood when all was told.
    """

    day: dt.date
    firms: int
    households: int
    declared: int
    waiting: int
    served: int
    together: int
    pools: int
    chained: int
    closed_unmet: int
    minutes: int
    price_cents: int
    alone_cents: int
    grants_cents: int
    position: int

    def __str__(self) -> str:
        """One line of progress."""
        return (
            f"{self.day:%Y-%m-%d}  firms {self.firms:6}, needs declared {self.declared:6}, waiting {self.waiting:6},"
            f" served {self.served:6}; pools {self.pools:6}; facts {self.position:8}"
        )


def match_days(scenario: Scenario) -> Iterator[dt.date]:
    """Days on which a scenario's desk matches: every so many, or the last of each month."""
    every, period = scenario.matching.every_days, scenario.period
    day = period.start + every * _DAY if every else next_month(period.start) - _DAY
    while day in period:
        yield day
        day = day + every * _DAY if every else next_month(day + _DAY) - _DAY


class Desk:
    """The desk that matches, in one community.

    Attributes
    ----------
    declared
        The day on which each need was declared, of those that wait or are
        promised, and of all since the last match.
    """

    def __init__(
        self, community: Community, scenario: Scenario, draws: Draws, strategy: str | Strategy, agenda: Agenda
    ) -> None:
        self.declared: dict[NeedId, dt.date] = {}
        self._community, self._strategy, self._agenda = community, strategy, agenda
        self._draws, self._luck, self._matching = draws, scenario.luck, scenario.matching
        self._days = tuple(match_days(scenario))

    def meet(self, day: dt.date, record: Record) -> MatchDay:
        """Match what is open, adopt the plan, engage what it promised, and tell the others why not."""
        community, network = self._community, self._community.network
        record.facts(list(self._renewed(day)), "17:00")
        waiting = len(network.opened("need"))
        brief = self._matching.brief
        plan = community.match(
            self._strategy,
            seed=self._draws.seed,
            effort=self._matching.effort,
            certified=not brief,
            explained=self._asking(day) if brief else None,
        )
        cause = plan.id if plan.pools else None
        if plan.pools:
            record.plan(plan, "17:30")
            pools = [PoolId(pool.id) for pool in plan.pools]
            record.facts(list(self._agenda.engage(network, pools, day)), "18:00", cause)
        told = list(self._told(plan, day))
        record.facts(told, "18:30", cause)
        before = max((one for one in self._days if one < day), default=dt.date.min)
        declared = sum(one > before for one in self.declared.values())
        self._forget()
        members = [member for pool in plan.pools for member in pool.members]
        return MatchDay(
            day=day,
            firms=sum(firm.member for firm in network.firms.values()),
            households=len(network.households),
            declared=declared,
            waiting=waiting,
            served=len(members),
            together=sum(len(pool.members) for pool in plan.pools if len(pool.members) > 1),
            pools=len(plan.pools),
            chained=sum(pool.chain is not None for pool in plan.pools),
            closed_unmet=sum(isinstance(fact, NeedUnmet) for fact in told),
            minutes=sum(network.needs[NeedId(member.need)].left_minutes for member in members),
            price_cents=sum(pool.price_cents for pool in plan.pools),
            alone_cents=sum(member.alone_cents for member in members),
            grants_cents=sum(member.share_cents - member.household_cents for member in members),
            position=community.position,
        )

    def _forget(self) -> None:
        """Keep only the needs that may wait again."""
        needs, alive = self._community.network.needs, (NeedState.OPEN, NeedState.POOLED)
        self.declared = {need: day for need, day in self.declared.items() if needs[need].state in alive}

    def _renewed(self, day: dt.date) -> Iterator[Event]:
        """Ask again, from tomorrow on, for what an earlier match left open; close what has no time left.

        A household that was served but for a missed session lets it go.
        """
        network = self._community.network
        for need in map(network.needs.__getitem__, map(NeedId, network.opened("need"))):
            if need.period.start > day:
                continue
            rest = Period(day + _DAY, need.period.end) if day + _DAY < need.period.end else None
            minutes, asked = need.session_minutes, need.sessions
            sessions = asked_in(rest, need.slots, minutes, asked, network.closed_days) if rest else 0
            if need.delivered:
                yield NeedWithdrawn(need=need.id)
            elif rest and sessions:
                yield shortened(need, rest, sessions)
            else:
                yield NeedUnmet(need=need.id, reason=UnmetReason.TIME)

    def _told(self, plan: Plan, day: dt.date) -> Iterator[Event]:
        """Close each need that the plan leaves out with its reason, unless another match may serve it."""
        for explanation in plan.unmatched:
            need = self._community.network.needs[NeedId(explanation.need)]
            reason = WHY.get(explanation.reasons[0]) if explanation.reasons else None
            if reason is None:
                continue
            if self._is_last(need, day):
                yield NeedUnmet(need=need.id, reason=reason)
            elif reason is UnmetReason.PRICE and need.price_limit_cents and self._raises(need.id):
                limit_cents = need.price_limit_cents * (100 + self._luck.raised_by_percent) // 100
                yield NeedRevised(need=need.id, household=need.household, price_limit_cents=limit_cents)

    def _asking(self, day: dt.date) -> Iterator[NeedId]:
        """Needs that would be told why, were they left out."""
        needs = self._community.network.needs
        for need in map(needs.__getitem__, map(NeedId, self._community.network.opened("need"))):
            if self._is_last(need, day) or (need.price_limit_cents and self._raises(need.id)):
                yield need.id

    def _is_last(self, need: Need, day: dt.date) -> bool:
        """Say whether no later match may serve a need."""
        after = next((one for one in self._days if one > day), dt.date.max)
        left_days = (need.period.end - after).days
        return left_days < self._matching.wait_days or self._tries(need.id, day) >= self._matching.tries

    def _tries(self, need: NeedId, day: dt.date) -> int:
        declared = self.declared.get(need, dt.date.min)
        return sum(declared <= one <= day for one in self._days)

    def _raises(self, need: NeedId) -> bool:
        """Draw whether a household is ready to pay more."""
        return self._draws.chance(self._luck.raised_percent * 10_000, "raised_percent", need)


def shortened(need: Need, rest: Period, sessions: int) -> NeedRevised:
    """Ask for as many sessions as the days that are left have room for, at the same price for each."""
    limit_cents = need.price_limit_cents
    return NeedRevised(
        need=need.id,
        household=need.household,
        period=rest,
        sessions=sessions,
        minutes=need.session_minutes * sessions,
        price_limit_cents=None if limit_cents is None else limit_cents * sessions // need.sessions,
    )
