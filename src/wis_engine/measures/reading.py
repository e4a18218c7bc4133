"""What the measures know of a community: one pass over its log, beside its network."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from attrs import Factory, define, frozen

from wis_engine import territory
from wis_engine.community import Community
from wis_engine.facts import (
    Event,
    GrantAwarded,
    NeedDeclared,
    NeedExpired,
    NeedUnmet,
    NoShowRecorded,
    OfferWithdrawn,
    PersonEnrolled,
    PoolDissolved,
    PoolFormed,
    PoolMemberLeft,
    ServiceCancelled,
    ServiceRescheduled,
)
from wis_engine.facts.matches import LeavingReason
from wis_engine.network import Network
from wis_engine.network.promises import Engagement, NeedState, PoolMember, SessionState
from wis_engine.values import (
    ActionCode,
    FirmId,
    HouseholdId,
    NeedId,
    OfferId,
    Period,
    PersonId,
    Place,
    PoolId,
    is_redacted,
)

BY_HOUSEHOLD: Final = LeavingReason.HOUSEHOLD.value
BY_DESK: Final = "desk"


@frozen
class Formed:
    """A pool as it was formed, and on which day."""

    fact: PoolFormed
    day: dt.date

    @property
    def together(self) -> bool:
        """Whether several needs were joined."""
        return len(self.fact.members) > 1


@frozen
class Broken:
    """Something promised that did not come about as promised: what, by whom, for which need, of how many sessions."""

    what: str
    by: str
    need: NeedId
    sessions: int
    day: dt.date


@define(kw_only=True)
class Fate:
    """What became of one need."""

    fact: NeedDeclared
    declared: dt.date
    promises: list[tuple[Formed, PoolMember]] = Factory(list)
    engagements: list[Engagement] = Factory(list)
    left_by: str | None = None
    closed: dt.date | None = None
    unmet_reason: str | None = None

    @property
    def last(self) -> tuple[Formed, PoolMember] | None:
        """The last promise that it had."""
        return self.promises[-1] if self.promises else None

    @property
    def promised(self) -> dt.date | None:
        """The day of its first promise."""
        return self.promises[0][0].day if self.promises else None

    def sessions(self) -> list[tuple[dt.date, int]]:
        """Day and minutes of what took place, in order."""
        return sorted(
            (occurrence.day, minutes)
            for one in self.engagements
            for occurrence, state, minutes in zip(one.occurrences, one.states, one.delivered_minutes, strict=True)
            if state.took_place
        )


class Reading:
    """One pass over the log of a community, with what the measures ask of it.

    Attributes
    ----------
    fates
        What became of each need, by id.
    pools
        Each pool as it was formed, in order.
    broken
        What was promised and not kept, in order.
    withdrawn
        The day on which an offer was withdrawn.
    granted
        Cents of each action by day, as they were awarded.
    today
        The local date at which the community stands.
    """

    def __init__(self, community: Community) -> None:
        with community.still() as network:
            self.network: Network = network
            self.community = community
            self.today = network.latest.astimezone(network.zone_info).date()
            self.fates: dict[NeedId, Fate] = {}
            self.pools: list[Formed] = []
            self.broken: list[Broken] = []
            self.withdrawn: dict[OfferId, dt.date] = {}
            self.granted: Counter[tuple[dt.date, ActionCode]] = Counter()
            self.first: dt.date | None = None
            self._firms: dict[PersonId, FirmId] = {}
            self._formed: dict[PoolId, Formed] = {}
            self._in: dict[NeedId, PoolId] = {}
            handlers = self._handlers()
            for one in community.events(types=list(handlers)):
                if one.fact is None:
                    continue  # an old fact that says nothing any more
                day = one.occurred_at.astimezone(network.zone_info).date()
                handlers[type(one.fact)](one.fact, day)
            for engagement in sorted(network.engagements.values(), key=lambda one: one.id):
                self.fates[engagement.need].engagements.append(engagement)

    def _handlers(self) -> dict[type[Event], Callable[[Any, dt.date], None]]:
        return {
            GrantAwarded: self._awarded,
            PersonEnrolled: self._enrolled,
            NeedDeclared: self._declared,
            NeedUnmet: self._unmet,
            NeedExpired: self._expired,
            PoolFormed: self._pooled,
            PoolMemberLeft: self._left,
            PoolDissolved: self._dissolved,
            OfferWithdrawn: self._withdrawn,
            ServiceCancelled: self._cancelled,
            NoShowRecorded: self._missed,
            ServiceRescheduled: self._moved,
        }

    # What is asked

    @property
    def whole(self) -> Period:
        """From the first need or money up to today."""
        first = self.first or self.today
        return Period(min(first, self.today), self.today + dt.timedelta(days=1))

    def firm_of(self, household: HouseholdId) -> FirmId | None:
        """Name the firm through which somebody of a household was enrolled first; None when it is not known any more.

        Who holds a household is personal: an erased household belongs to none.
        """
        holders = self.network.links.sources(household, "lives_in")
        return min((self._firms[PersonId(one)] for one in holders if PersonId(one) in self._firms), default=None)

    def walk_m(self, fate: Fate) -> int | None:
        """Metres to the farthest supplier that the household goes to, between the middles of the zones."""
        if fate.last is None or is_redacted(fate.fact.nil):
            return None
        home = territory.zone(fate.fact.nil).centroid
        offers = [self.network.offers[step.offer] for step in fate.last[0].fact.steps]
        away = [
            territory.distance_m(home, territory.zone(one.nil).centroid)
            for one in offers
            if one.place is Place.SUPPLIER
        ]
        return max(away, default=None)

    # How it is filled

    def _begin(self, day: dt.date) -> None:
        self.first = day if self.first is None else min(self.first, day)

    def _awarded(self, fact: GrantAwarded, day: dt.date) -> None:
        self._begin(day)
        for line in fact.funds:
            self.granted[day, line.action] += line.amount_cents

    def _enrolled(self, fact: PersonEnrolled, _day: dt.date) -> None:
        self._firms.setdefault(fact.person, fact.firm)

    def _declared(self, fact: NeedDeclared, day: dt.date) -> None:
        self._begin(day)
        self.fates[fact.need] = Fate(fact=fact, declared=day)

    def _unmet(self, fact: NeedUnmet, day: dt.date) -> None:
        fate = self.fates[fact.need]
        fate.closed, fate.unmet_reason = day, fact.reason.value

    def _expired(self, fact: NeedExpired, day: dt.date) -> None:
        self.fates[fact.need].closed = day

    def _pooled(self, fact: PoolFormed, day: dt.date) -> None:
        formed = Formed(fact, day)
        self.pools.append(formed)
        self._formed[fact.pool] = formed
        for member in fact.members:
            self.fates[member.need].promises.append((formed, member))
            self._in[member.need] = fact.pool

    def _left(self, fact: PoolMemberLeft, day: dt.date) -> None:
        self._leave(fact.need, fact.reason, day)

    def _dissolved(self, fact: PoolDissolved, day: dt.date) -> None:
        for member in self._formed[fact.pool].fact.members:
            met = self.network.needs[member.need].state is NeedState.MET and self._is_last(member.need, fact.pool)
            if self._in.get(member.need) == fact.pool and not met:
                self._leave(member.need, fact.reason, day)

    def _is_last(self, need: NeedId, pool: PoolId) -> bool:
        last = self.fates[need].last
        return last is not None and last[0].fact.pool == pool

    def _leave(self, need: NeedId, reason: LeavingReason, day: dt.date) -> None:
        """Let a need be without a promise; where its time was over anyhow, nothing was broken."""
        self._in.pop(need, None)
        if reason is not LeavingReason.PERIOD_OVER:
            self.fates[need].left_by = reason.value
            self.broken.append(Broken("left", reason.value, need, 0, day))

    def _withdrawn(self, fact: OfferWithdrawn, day: dt.date) -> None:
        self.withdrawn[fact.offer] = day

    def _cancelled(self, fact: ServiceCancelled, day: dt.date) -> None:
        engagement = self.network.engagements[fact.engagement]
        sessions = engagement.states.count(SessionState.CANCELLED)
        self.broken.append(Broken("cancelled", fact.reason.value, engagement.need, sessions, day))

    def _missed(self, fact: NoShowRecorded, day: dt.date) -> None:
        need = self.network.engagements[fact.engagement].need
        self.broken.append(Broken("missed", fact.by.value, need, 1, day))

    def _moved(self, fact: ServiceRescheduled, day: dt.date) -> None:
        for member in self._formed[fact.pool].fact.members:
            if self._in.get(member.need) == fact.pool:
                self.broken.append(Broken("moved", BY_DESK, member.need, 1, day))
