"""The desk of the welfare manager in a simulated year: from a plan to the last payment.

It keeps an agenda of what is due on which day and turns it into facts; it
writes nothing itself. Whether a session is missed, a delivery confirmed or a
service given up is drawn under the origin of the need, so that it does not
depend on what else happens.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from wis_engine.facts import (
    DeliveryConfirmed,
    Event,
    NeedWithdrawn,
    PoolDissolved,
    PoolMemberLeft,
    SatisfactionRecorded,
    ServiceBooked,
    ServiceCancelled,
    ServiceDelivered,
    VoucherCancelled,
    VoucherIssued,
    VoucherRedeemed,
)
from wis_engine.facts.engagements import CancelReason
from wis_engine.facts.matches import LeavingReason
from wis_engine.matching import Plan
from wis_engine.network import Network, timetable
from wis_engine.network.promises import Engagement, NeedState, Pool, PoolMember, SessionState, Voucher
from wis_engine.simulation.card import table
from wis_engine.simulation.draws import Draws
from wis_engine.values import (
    Cents,
    EngagementId,
    NeedId,
    Period,
    PoolId,
    VoucherId,
    split_cents,
)

SETTLE_DAYS: Final = 31
"""Days after a pool's last in which its vouchers are still good."""
_CLOSE_DAYS: Final = 5
"""Days after the last session on which a service is paid and judged; every confirmation has come by then."""
_SESSIONS_MIN: Final = 3
"""Nobody gives up a service of fewer sessions half way."""
_PERCENT: Final = 10_000
_DAY: Final = dt.timedelta(days=1)


class Desk:
    """What is promised, by the day on which it is due."""

    def __init__(self, draws: Draws) -> None:
        self.draws = draws
        self.origins: dict[NeedId, str] = {}
        self._odds: dict[str, Any] = table("demand")["incidents"]
        self._sessions: dict[dt.date, list[tuple[int, EngagementId, int]]] = defaultdict(list)
        self._confirmations: dict[dt.date, list[tuple[EngagementId, int]]] = defaultdict(list)
        self._closings: dict[dt.date, list[tuple[PoolId, NeedId]]] = defaultdict(list)
        self._renouncing: dict[dt.date, list[tuple[PoolId, NeedId]]] = defaultdict(list)
        self._vouchers: dict[tuple[PoolId, NeedId], list[VoucherId]] = defaultdict(list)
        self._given_up: set[tuple[PoolId, NeedId]] = set()
        self._issued = 0
        self._booked = 0

    # From the plan

    def engage(self, network: Network, plan: Plan, day: dt.date) -> list[Event]:
        """Issue the vouchers that an adopted plan grants, and book its sessions."""
        facts: list[Event] = []
        for planned in plan.pools:
            pool = network.pools[PoolId(planned.id)]
            for member in pool.members:
                facts += self._issue(network, pool, member, day)
            for member in pool.members:
                facts += self._book(network, pool, member.need)
        return facts

    def _issue(self, network: Network, pool: Pool, member: PoolMember, day: dt.date) -> Iterator[Event]:
        """Issue one voucher for each fund that the pool promised of."""
        for grant in member.grants:
            self._issued += 1
            voucher = VoucherId(f"voucher-{self._issued:04d}")
            self._vouchers[pool.id, member.need].append(voucher)
            yield VoucherIssued(
                voucher=voucher,
                fund=grant.fund,
                household=network.needs[member.need].household,
                need=member.need,
                face_cents=grant.cents,
                valid=Period(day, pool.period.end + SETTLE_DAYS * _DAY),
            )

    def _book(self, network: Network, pool: Pool, need: NeedId) -> Iterator[Event]:
        """Book a member with the offer of each step, and note the days."""
        member = pool.member(need)
        assert member is not None, "the plan was adopted"
        prices = {}
        for number, step in enumerate(pool.steps):
            offer = network.offers[step.offer]
            minutes = timetable.promised_minutes(pool, step, member)
            own_cents = offer.price_per_head(len(pool.members), minutes) or 0
            prices[str(number)] = own_cents + offer.opening_cents // len(pool.members)
        parts = split_cents(member.share_cents, prices)
        for number, dated in enumerate(timetable.sessions_of(network, pool)):
            self._booked += 1
            engagement = EngagementId(f"eng-{self._booked:04d}")
            occurrences = dated[: member.sessions]
            for session, occurrence in enumerate(occurrences):
                self._sessions[occurrence.day].append((occurrence.start_slot, engagement, session))
            yield ServiceBooked(
                engagement=engagement,
                pool=pool.id,
                need=need,
                step=number,
                occurrences=occurrences,
                price_cents=parts[str(number)],
            )
        days = [occurrence.day for occurrence in occurrences]
        self._closings[days[-1] + _CLOSE_DAYS * _DAY].append((pool.id, need))
        if len(days) >= _SESSIONS_MIN and self._happens("given_up_percent", need):
            self._renouncing[days[len(days) // 2]].append((pool.id, need))

    def _happens(self, odds: str, need: NeedId, *about: str | int) -> bool:
        return self.draws.chance(self._odds[odds] * _PERCENT, odds, self.origins[need], *about)

    # Day by day

    def delivered(self, network: Network, day: dt.date) -> list[Event]:
        """Say which of the day's sessions took place, in order of the clock."""
        facts: list[Event] = []
        for _, name, session in sorted(self._sessions.pop(day, [])):
            engagement = network.engagements[name]
            missed = self._happens("missed_percent", engagement.need, day.isoformat())
            if engagement.states[session] is not SessionState.BOOKED or missed:
                continue
            minutes = engagement.occurrences[session].minutes
            facts.append(ServiceDelivered(engagement=name, session=session, minutes=minutes))
            if self._happens("confirmed_percent", engagement.need, engagement.step, day.isoformat()):
                least, most = self._odds["confirmed_after_days"]
                about = (self.origins[engagement.need], engagement.step, day.isoformat())
                after = self.draws.between(least, most, "confirmed_after_days", *about)
                self._confirmations[day + after * _DAY].append((name, session))
        return facts

    def confirmed(self, day: dt.date) -> list[Event]:
        """Say which deliveries were confirmed."""
        waiting = sorted(self._confirmations.pop(day, []))
        return [DeliveryConfirmed(engagement=name, session=session) for name, session in waiting]

    def closed(self, network: Network, day: dt.date) -> list[Event]:
        """Close the services that are over: cancel what was missed, pay what was confirmed, ask for a judgement."""
        facts: list[Event] = []
        for pool, need in sorted(set(self._closings.pop(day, []))):
            facts += self._close(network, network.pools[pool], need)
        return facts

    def _close(self, network: Network, pool: Pool, need: NeedId) -> Iterator[Event]:
        engagements = timetable.engagements_of(network, pool, need)
        vouchers = [network.vouchers[name] for name in self._vouchers.pop((pool.id, need), [])]
        left_cents = {voucher.id: voucher.left_cents for voucher in vouchers}
        for engagement in engagements:
            if engagement.open:
                yield ServiceCancelled(engagement=engagement.id, reason=CancelReason.HOUSEHOLD)
            for voucher, cents in _payments(engagement, engagements, vouchers):
                left_cents[voucher] -= cents
                yield VoucherRedeemed(voucher=voucher, engagement=engagement.id, amount_cents=cents)
            if engagement.confirmed and engagement.score is None and self._judged(engagement):
                score = 1 + self.draws.pick(self._odds["scores"], "scores", self.origins[need], engagement.step)
                yield SatisfactionRecorded(engagement=engagement.id, score=score)
        if (pool.id, need) in self._given_up:
            for name, cents in left_cents.items():
                if cents:
                    yield VoucherCancelled(voucher=name, reason="the household gave the service up")

    def _judged(self, engagement: Engagement) -> bool:
        return self._happens("judged_percent", engagement.need, engagement.step)

    # What is given up

    def renouncing(self, day: dt.date) -> list[NeedId]:
        """Needs whose households give the service up today."""
        return sorted(need for _, need in self._renouncing.pop(day, []))

    def give_up(self, network: Network, need: NeedId, reason: LeavingReason, day: dt.date) -> list[Event]:
        """Cancel what waits for a need and let it leave its pool, as far as the smallest group allows.

        A need that has to stay keeps its place until its pool is over.
        """
        if network.needs[need].state is not NeedState.POOLED:
            return []
        [name] = network.links.targets(need, "joins")
        pool = network.pools[PoolId(name)]
        self._given_up.add((pool.id, need))
        self._closings[day + _CLOSE_DAYS * _DAY].append((pool.id, need))
        facts: list[Event] = [
            ServiceCancelled(engagement=engagement.id, reason=CancelReason(reason.value))
            for engagement in timetable.engagements_of(network, pool, need)
            if engagement.open
        ]
        rest = len(pool.members) - 1
        if not rest:
            facts.append(PoolDissolved(pool=pool.id, reason=reason))
        elif all(rest >= network.offers[step.offer].group_min for step in pool.steps):
            facts.append(PoolMemberLeft(pool=pool.id, need=need, reason=reason))
        else:
            return facts
        return [*facts, NeedWithdrawn(need=need)]


def _payments(
    engagement: Engagement, engagements: list[Engagement], vouchers: list[Voucher]
) -> Iterator[tuple[VoucherId, Cents]]:
    """Say what each voucher pays of an engagement: its part of the face, for the sessions that were confirmed."""
    confirmed = engagement.states.count(SessionState.CONFIRMED)
    room_cents = engagement.price_cents - engagement.redeemed_cents
    prices = {one.id: one.price_cents for one in engagements}
    for voucher in vouchers:
        part_cents = split_cents(voucher.face_cents, prices)[engagement.id]
        cents = min(part_cents * confirmed // len(engagement.states), room_cents)
        if cents:
            room_cents -= cents
            yield voucher.id, cents
