"""The pilot year, lived day by day through the public methods of a community.

Needs come in on their days, boards meet on theirs; when a month ends the open
needs are matched and the plan adopted; what was promised is booked, delivered,
confirmed, paid and judged; time runs out for the rest. Everything that
happens is a fact that the community admitted; only the luck is made up.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

from attrs import frozen

from wis_engine.community import Community
from wis_engine.errors import Refused
from wis_engine.facts import (
    ChainBroken,
    ConsentGiven,
    ConsentWithdrawn,
    Event,
    MonitoringReportIssued,
    NeedDeclared,
    NeedRevised,
    NeedUnmet,
    NeedWithdrawn,
    OfferWithdrawn,
    PersonLeft,
)
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.needs import UnmetReason, has_active_recipient, needs_consent
from wis_engine.matching import Plan, Problem
from wis_engine.matching.rules import Unserved
from wis_engine.network import Network
from wis_engine.network.parties import MeetingKind, Purpose
from wis_engine.network.partners import Figure
from wis_engine.network.promises import Need, NeedState
from wis_engine.simulation.card import DESK, LEAD, Act, instant, period, project_id, table
from wis_engine.simulation.demand import Wish, asked_in, calibrated_percent, wishes
from wis_engine.simulation.desk import Desk
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.guidance import Guidance
from wis_engine.simulation.luck import Luck
from wis_engine.simulation.office import bookkeeping
from wis_engine.simulation.programme import calendar, opening
from wis_engine.simulation.till import SETTLE_DAYS
from wis_engine.values import ChainId, FirmId, HouseholdId, NeedId, Period, PersonId, ReportId

_DAY: Final = dt.timedelta(days=1)
_TRIES: Final = 2
"""Matches that a need goes through before the desk closes it."""
_WAIT_DAYS: Final = 7
"""Fewer days than this after the next match are not worth waiting for."""
_WHY: Final = {
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


class SimulatedClock:
    """A clock that stands where the simulated year stands; give it to `Community.open`."""

    def __init__(self) -> None:
        self.now = instant(table("card")["project"]["form_date"], "00:00")

    def __call__(self) -> dt.datetime:
        """Say what time it is in the year."""
        return self.now


@frozen(kw_only=True)
class Month:
    """How a month ended: what came in, what the match made of it, where the log stands."""

    first: dt.date
    declared: int
    waiting: int
    served: int
    pools: int
    chains: int
    closed_unmet: int
    position: int

    def __str__(self) -> str:
        """One line of progress."""
        return (
            f"{self.first:%Y-%m}  needs declared {self.declared:3}, waiting {self.waiting:3}, served {self.served:3};"
            f" pools {self.pools:2}, chained {self.chains:2}; closed unmet {self.closed_unmet:2};"
            f" facts {self.position:5}"
        )


@frozen(kw_only=True)
class Year:
    """A year that was lived: how it was drawn, its months, the last plan adopted and what it answers."""

    seed: int
    intensity_percent: int
    strategy: str
    months: tuple[Month, ...]
    plan: Plan | None
    problem: Problem | None


def live(
    community: Community,
    *,
    seed: int,
    intensity_percent: int | None = None,
    strategy: str = "greedy",
    progress: Callable[[Month], None] | None = None,
    clock: SimulatedClock | None = None,
) -> Year:
    """Live the pilot year in an empty community, and the month in which its last bills are settled.

    Parameters
    ----------
    seed
        All the luck of the year; the same seed gives the same facts.
    intensity_percent
        How much of the rates of `wis_demand.toml`; the calibrated one that
        stands there when None.
    strategy
        Name of a matching strategy.
    progress
        Called when a month ends.
    clock
        The one that the community was opened with: it is set to the simulated
        instant, so that `recorded_at` repeats as well.
    """
    intensity = calibrated_percent() if intensity_percent is None else intensity_percent
    life = _Life(community, Draws(seed), intensity, strategy, clock or SimulatedClock())
    day = period().start
    while day <= period().end + SETTLE_DAYS * _DAY:
        life.day(day)
        if progress and (day + _DAY).day == 1 and day in period():
            progress(life.months[-1])
        day += _DAY
    return Year(
        seed=seed,
        intensity_percent=intensity,
        strategy=strategy,
        months=tuple(life.months),
        plan=life.plan,
        problem=life.problem,
    )


class _Life:
    """The year under way."""

    def __init__(
        self, community: Community, draws: Draws, intensity: int, strategy: str, clock: SimulatedClock
    ) -> None:
        self.community = community
        self.draws = draws
        self.strategy = strategy
        self.clock = clock
        self.luck = Luck(draws)
        self.desk = Desk(self.luck)
        self.guidance = Guidance(draws)
        self.odds: dict[str, Any] = self.luck.odds
        self.reports = report_days()
        self.acts = [*opening(), *calendar(), *bookkeeping(draws)]
        self.acts.sort(key=lambda act: act.at, reverse=True)
        self.wishes: dict[dt.date, list[Wish]] = defaultdict(list)
        for wish in wishes(draws, intensity_percent=intensity):
            self.wishes[wish.declared].append(wish)
        self.withdrawals: dict[dt.date, list[NeedId]] = defaultdict(list)
        self.tries: dict[NeedId, int] = defaultdict(int)
        self.reasons: dict[NeedId, UnmetReason] = {}
        self.declared = 0
        self.months: list[Month] = []
        self.plan: Plan | None = None
        self.problem: Problem | None = None
        first, last = self.odds["person_left"]
        self.leaving = first + draws.below((last - first).days, "leaving") * _DAY

    @property
    def network(self) -> Network:
        return self.community.network

    def record(self, facts: list[Event], at: dt.datetime, *, actor: str = DESK, cause: str | None = None) -> None:
        """Record a batch, unless nothing happened."""
        self.clock.now = at
        if facts:
            self.community.record(*facts, at=at, actor=actor, cause=cause)

    def day(self, day: dt.date) -> None:
        """Live one day, morning to night."""
        self.clock.now = instant(day, "08:00")
        self.community.advance(to=self.clock.now, actor=DESK)
        self.record(self.desk.answered(day), instant(day, "08:30"))
        due = [*self.desk.closed(self.network, day), *self.desk.till.settled(self.network, day)]
        self.record([*due, *self.guidance.due(day)], instant(day, "09:00"))
        self.moved(day)
        while self.acts and self.acts[-1].at < instant(day, "15:45"):
            self.act(self.acts.pop())
        self.record([*self.consents(day), *self.withdrawn(day)], instant(day, "15:45"))
        if day in self.reports:
            self.report(day)
        self.record(list(self.declarations(day)), instant(day, "16:00"))
        for need in self.desk.renouncing(day):
            given_up = self.desk.give_up(self.network, need, LeavingReason.HOUSEHOLD, day)
            self.record(given_up, instant(day, "16:15"))
        if day == self.leaving:
            self.person_leaves(day)
        if (day + _DAY).day == 1 and day in period():
            self.month_ends(day)
        self.record(self.desk.delivered(self.network, day), instant(day, "23:00"))

    def act(self, act: Act) -> None:
        """Record what stood in the calendar; an offer that ends breaks the chains that use it."""
        self.record(list(act.facts), act.at, actor=act.actor)
        for fact in act.facts:
            self.record(list(_broken(self.network, fact)), act.at + dt.timedelta(minutes=30), actor=act.actor)

    def moved(self, day: dt.date) -> None:
        """Put each session that cannot be held to the first time that everybody has free, if there is one."""
        for times in self.desk.moving(self.network, day):
            for fact in times:
                try:
                    self.record([fact], instant(day, "09:30"))
                except Refused:
                    continue
                self.desk.moved(self.network, fact)
                break

    def report(self, day: dt.date) -> None:
        """Report what the indicators say of the project up to yesterday, or of all of it once it is over."""
        project = period()
        reported = Period(project.start, min(day, project.end))
        figures = tuple(
            Figure(indicator=one.id, value=one.value)
            for one in self.community.indicators(reported)
            if one.phase and one.value is not None
        )
        issued = MonitoringReportIssued(
            report=ReportId(f"report-{self.reports.index(day) + 1}"),
            project=project_id(),
            period=reported,
            position=self.community.position,
            figures=figures,
        )
        self.record([issued], instant(day, "15:50"), actor=LEAD)

    # Needs come and go

    def declarations(self, day: dt.date) -> Iterator[Event]:
        """Declare the needs of the day, each after the consent that it takes."""
        asked: set[HouseholdId] = set()
        for wish in self.wishes.pop(day, []):
            household = self.network.households[wish.need.household]
            if not has_active_recipient(self.network, household.id):
                continue
            if _is_special(wish.need) and Purpose.SPECIAL_DATA not in household.consents and household.id not in asked:
                asked.add(household.id)
                yield ConsentGiven(household=household.id)
            self.declared += 1
            need = wish.named(f"need-{self.declared:04d}")
            self.luck.origins[need.need] = wish.origin
            self.guidance.declared(need.household, need.need, day)
            if self.draws.chance(self.odds["withdrawn_percent"] * 10_000, "withdrawn_percent", wish.origin):
                after = self.draws.between(*self.odds["withdrawn_after_days"], "withdrawn_after_days", wish.origin)
                self.withdrawals[day + after * _DAY].append(need.need)
            yield need

    def withdrawn(self, day: dt.date) -> Iterator[Event]:
        """Withdraw the needs whose households changed their mind, as long as nothing was promised."""
        for need in self.withdrawals.pop(day, []):
            if self.network.needs[need].open:
                yield NeedWithdrawn(need=need)

    def consents(self, day: dt.date) -> Iterator[Event]:
        """Let one household take its consent back, none that still waits for what it covers."""
        if day != self.odds["consent_withdrawn"]:
            return
        network = self.network
        busy = {
            need.household
            for need in network.needs.values()
            if need.state in (NeedState.OPEN, NeedState.POOLED) and _is_special(need)
        }
        free = sorted(one.id for one in network.households.values() if one.consents and one.id not in busy)
        if free:
            yield ConsentWithdrawn(household=free[self.draws.below(len(free), "consent_withdrawn")])

    def person_leaves(self, day: dt.date) -> None:
        """Let one person leave her firm; a household without anybody enrolled gives everything up first."""
        people: list[list[str]] = table("card")["population"]["people"]
        name, firm, *_ = people[self.draws.below(len(people), "person_left")]
        person = PersonId(name)
        network = self.network
        for household in network.links.targets(person, "lives_in"):
            others = set(network.links.sources(household, "lives_in")) - {person}
            if any(network.links.sources(other, "employs") for other in others):
                continue
            for need in map(NeedId, network.links.targets(household, "declares")):
                facts = self.desk.give_up(network, need, LeavingReason.RECIPIENT_LEFT, day)
                facts += [NeedWithdrawn(need=need)] if network.needs[need].open else []
                self.record(facts, instant(day, "16:30"))
        self.record([PersonLeft(person=person, firm=FirmId(firm))], instant(day, "16:45"))

    # The end of a month

    def month_ends(self, day: dt.date) -> None:
        """Match what is open, adopt the plan, engage what it promised, and tell the others why not."""
        declared = self.declared - sum(month.declared for month in self.months)
        self.record(list(self.renewed(day)), instant(day, "17:00"))
        self.clock.now = at = instant(day, "17:30")
        waiting = len(self.network.opened("need"))
        problem = self.community.problem()
        plan = self.community.match(self.strategy, seed=self.draws.seed)
        if plan.pools:
            self.community.adopt(plan, at=at, actor=DESK)
            self.plan, self.problem = plan, problem
            engaged = self.desk.engage(self.network, plan, day)
            self.record(engaged, instant(day, "18:00"), cause=plan.id)
        told = list(self.told(plan, day))
        self.record(told, instant(day, "18:30"), cause=plan.id if plan.pools else None)
        self.months.append(
            Month(
                first=day.replace(day=1),
                declared=declared,
                waiting=waiting,
                served=len(plan.covered),
                pools=len(plan.pools),
                chains=sum(pool.chain is not None for pool in plan.pools),
                closed_unmet=sum(isinstance(fact, NeedUnmet) for fact in told),
                position=self.community.position,
            )
        )

    def renewed(self, day: dt.date) -> Iterator[Event]:
        """Ask again, from tomorrow on, for what an earlier match left open; close what has no time left.

        A household that was served but for a missed session lets it go.
        """
        closed = self.network.closed_days
        for need in map(self.network.needs.__getitem__, map(NeedId, self.network.opened("need"))):
            if need.period.start > day:
                continue
            rest = Period(day + _DAY, need.period.end) if day + _DAY < need.period.end else None
            sessions = asked_in(rest, need.slots, need.session_minutes, need.sessions, closed) if rest else 0
            if need.delivered:
                yield NeedWithdrawn(need=need.id)
            elif rest and sessions:
                yield _shortened(need, rest, sessions)
            else:
                yield NeedUnmet(need=need.id, reason=self.reasons.get(need.id, UnmetReason.TIME))

    def told(self, plan: Plan, day: dt.date) -> Iterator[Event]:
        """Close each need that the plan leaves out with its reason, unless another match may serve it."""
        for explanation in plan.unmatched:
            need = self.network.needs[NeedId(explanation.need)]
            reason = _WHY.get(explanation.reasons[0])
            self.tries[need.id] += 1
            if reason is None:
                continue
            self.reasons[need.id] = reason
            after_next = (day + 32 * _DAY).replace(day=1)
            if self.tries[need.id] >= _TRIES or (need.period.end - after_next).days < _WAIT_DAYS:
                yield NeedUnmet(need=need.id, reason=reason)
            elif reason is UnmetReason.PRICE and need.price_limit_cents and self.raises(need):
                limit_cents = need.price_limit_cents * (100 + self.odds["raised_by_percent"]) // 100
                yield NeedRevised(need=need.id, household=need.household, price_limit_cents=limit_cents)

    def raises(self, need: Need) -> bool:
        """Draw whether a household is ready to pay more."""
        return self.draws.chance(self.odds["raised_percent"] * 10_000, "raised_percent", self.luck.origins[need.id])


def report_days() -> tuple[dt.date, ...]:
    """Days on which a monitoring report is issued: those of the meetings, and one when the project is over."""
    [dates] = [row["dates"] for row in table("card")["meetings"] if row["kind"] == MeetingKind.MONITORING]
    return (*dates, table("programme")["programme"]["final_report"])


def _broken(network: Network, fact: Event) -> Iterator[Event]:
    """Find the chains that an offer takes with it when it is withdrawn."""
    if isinstance(fact, OfferWithdrawn):
        for name in network.links.sources(fact.offer, "uses"):
            yield ChainBroken(chain=ChainId(name), offer=fact.offer)


def _is_special(need: Need | NeedDeclared) -> bool:
    """Say whether a need, or a step of it, falls under article 9 of the GDPR."""
    services = [step.service for step in need.steps] or [need.service]
    return any(needs_consent(service) for service in services)


def _shortened(need: Need, rest: Period, sessions: int) -> NeedRevised:
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
