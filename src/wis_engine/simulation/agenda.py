"""What the desk of a simulated community has promised, by the day on which it is due.

From an adopted plan to the last payment. It turns what is due into facts and
writes nothing itself. All that it knows stands in the network or is drawn
under the name of a need, so that a run can be taken up again wherever its log
ends: `Agenda.take_up` finds what is still due.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import Final

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
from wis_engine.facts.needs import has_active_recipient
from wis_engine.network import Network, timetable
from wis_engine.network.promises import Engagement, NeedState, Pool, PoolMember, SessionState, Voucher
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.scenario import Luck
from wis_engine.values import Cents, EngagementId, NeedId, Period, PoolId, VoucherId, split_cents

SETTLE_DAYS: Final = 31
"""Days after a pool's last in which its vouchers are still good."""
CLOSE_DAYS: Final = 5
"""Days after the last session on which a service is paid and judged; every confirmation has come by then."""
_SESSIONS_MIN: Final = 3
"""Nobody gives up a service of fewer sessions half way."""
_PERCENT: Final = 10_000
_DAY: Final = dt.timedelta(days=1)


class Due(Enum):
    """What may be due on a day, by the hour at which the desk sees to it."""

    MORNING = "09:00"
    """Confirmations that came, services that are over."""
    WITHDRAWN = "15:45"
    GIVEN_UP = "16:15"
    DELIVERED = "23:00"


Note = Callable[[dt.date, Due], None]
"""Told once for each day and hour at which something becomes due."""


class Agenda:
    """What is due on which day.

    Parameters
    ----------
    note
        Called when something is due at a day and hour at which nothing was.
    """

    def __init__(self, draws: Draws, luck: Luck, note: Note) -> None:
        self._draws, self._luck, self._note = draws, luck, note
        self._sessions: dict[dt.date, list[tuple[int, EngagementId, int]]] = defaultdict(list)
        self._confirmations: dict[dt.date, list[tuple[EngagementId, int]]] = defaultdict(list)
        self._closings: dict[dt.date, list[tuple[PoolId, NeedId]]] = defaultdict(list)
        self._renouncing: dict[dt.date, list[NeedId]] = defaultdict(list)
        self._withdrawals: dict[dt.date, list[NeedId]] = defaultdict(list)
        self._noted: set[tuple[dt.date, Due]] = set()

    def _due(self, day: dt.date, due: Due) -> dt.date:
        if (day, due) not in self._noted:
            self._noted.add((day, due))
            self._note(day, due)
        return day

    def _happens(self, percent: int, stream: str, *about: str | int) -> bool:
        return self._draws.chance(percent * _PERCENT, stream, *about)

    # Needs that change their mind

    def declared(self, need: NeedId, day: dt.date) -> None:
        """Note when a need that was declared on a day is withdrawn again, if it is."""
        if self._happens(self._luck.withdrawn_percent, "withdrawn_percent", need):
            after = self._draws.between(*self._luck.withdrawn_after_days, "withdrawn_after_days", need)
            self._withdrawals[self._due(day + after * _DAY, Due.WITHDRAWN)].append(need)

    def withdrawn(self, network: Network, day: dt.date) -> list[Event]:
        """Withdraw the needs whose households changed their mind, as long as nothing was promised."""
        return [NeedWithdrawn(need=need) for need in sorted(self._withdrawals.pop(day, [])) if network.needs[need].open]

    # From the plan

    def engage(self, network: Network, pools: Iterable[PoolId], day: dt.date) -> Iterator[Event]:
        """Issue the vouchers that pools promised, and book their sessions."""
        for name in pools:
            pool = network.pools[name]
            for place, member in enumerate(pool.members):
                yield from _issued(network, pool, member, place, day)
                yield from self._booked(network, pool, member, place)

    def _booked(self, network: Network, pool: Pool, member: PoolMember, place: int) -> Iterator[Event]:
        """Book a member with the offer of each step."""
        parts = _parts(network, pool, member)
        for number, dated in enumerate(timetable.sessions_of(network, pool)):
            name = EngagementId(f"eng-{pool.id}-{place}-{number}")
            booked = ServiceBooked(
                engagement=name,
                pool=pool.id,
                need=member.need,
                step=number,
                occurrences=dated[: member.sessions],
                price_cents=parts[number],
            )
            for session, occurrence in enumerate(booked.occurrences):
                self._sessions[self._due(occurrence.day, Due.DELIVERED)].append((occurrence.start_slot, name, session))
            yield booked
        self._note_end(pool.id, member.need, [one.day for one in booked.occurrences])

    def _note_end(self, pool: PoolId, need: NeedId, days: list[dt.date]) -> None:
        """Note when a service is closed, and when its household gives it up, if it does."""
        self._closings[self._due(days[-1] + CLOSE_DAYS * _DAY, Due.MORNING)].append((pool, need))
        if self._gives_up(need, days):
            self._renouncing[self._due(_half_way(days), Due.GIVEN_UP)].append(need)

    def _gives_up(self, need: NeedId, days: list[dt.date]) -> bool:
        return len(days) >= _SESSIONS_MIN and self._happens(self._luck.given_up_percent, "given_up_percent", need)

    # Day by day

    def delivered(self, network: Network, day: dt.date) -> list[Event]:
        """Say which of the day's sessions took place, in order of the clock."""
        facts: list[Event] = []
        for _, name, session in sorted(self._sessions.pop(day, [])):
            engagement = network.engagements[name]
            missed = self._happens(self._luck.missed_percent, "missed_percent", engagement.need, day.isoformat())
            if engagement.states[session] is SessionState.BOOKED and not missed:
                minutes = engagement.occurrences[session].minutes
                facts.append(ServiceDelivered(engagement=name, session=session, minutes=minutes))
                self._note_confirmation(engagement, session, day)
        return facts

    def _note_confirmation(self, engagement: Engagement, session: int, day: dt.date) -> None:
        about = (engagement.need, engagement.step, day.isoformat())
        if self._happens(self._luck.confirmed_percent, "confirmed_percent", *about):
            after = self._draws.between(*self._luck.confirmed_after_days, "confirmed_after_days", *about)
            self._confirmations[self._due(day + after * _DAY, Due.MORNING)].append((engagement.id, session))

    def confirmed(self, day: dt.date) -> list[Event]:
        """Say which deliveries were confirmed."""
        waiting = sorted(self._confirmations.pop(day, []))
        return [DeliveryConfirmed(engagement=name, session=session) for name, session in waiting]

    def closed(self, network: Network, day: dt.date) -> list[Event]:
        """Close the services that are over: cancel what was missed, pay what was confirmed, ask for a judgement."""
        closings = sorted(self._closings.pop(day, []))
        return [fact for pool, need in closings for fact in self._close(network, network.pools[pool], need, day)]

    def _close(self, network: Network, pool: Pool, need: NeedId, day: dt.date) -> Iterator[Event]:
        engagements = timetable.engagements_of(network, pool, need)
        vouchers = [
            voucher
            for name in network.links.targets(pool.id, "grants")
            if (voucher := network.vouchers[VoucherId(name)]).need == need and voucher.open
        ]
        left_cents = {one.id: one.left_cents for one in vouchers}
        for engagement in engagements:
            if engagement.open:
                yield ServiceCancelled(engagement=engagement.id, reason=CancelReason.HOUSEHOLD)
            for paying, cents in _payments(engagement, engagements, vouchers):
                left_cents[paying] -= cents
                yield VoucherRedeemed(voucher=paying, engagement=engagement.id, amount_cents=cents)
            judged = self._happens(self._luck.judged_percent, "judged_percent", need, engagement.step)
            if judged and engagement.confirmed and engagement.score is None:
                score = 1 + self._draws.pick(self._luck.scores, "scores", need, engagement.step)
                yield SatisfactionRecorded(engagement=engagement.id, score=score)
        if any(left_cents.values()) and self._was_given_up(network, engagements, need, day):
            for name, cents in left_cents.items():
                if cents:
                    yield VoucherCancelled(voucher=name, reason="the household gave the service up")

    def _was_given_up(self, network: Network, engagements: list[Engagement], need: NeedId, day: dt.date) -> bool:
        if not has_active_recipient(network, network.needs[need].household):
            return True
        days = [occurrence.day for occurrence in engagements[-1].occurrences]
        return self._gives_up(need, days) and _half_way(days) <= day

    # What is given up

    def renouncing(self, day: dt.date) -> list[NeedId]:
        """Needs whose households give the service up today."""
        return sorted(self._renouncing.pop(day, []))

    # Taken up where a log ends

    def take_up(self, network: Network) -> None:
        """Note what the network has booked and not closed; what was due before is for the caller to pass over."""
        for name in sorted(network.engagements):
            engagement = network.engagements[name]
            for session, (occurrence, state) in enumerate(zip(engagement.occurrences, engagement.states, strict=True)):
                if state is SessionState.BOOKED:
                    day = self._due(occurrence.day, Due.DELIVERED)
                    self._sessions[day].append((occurrence.start_slot, name, session))
                elif state is SessionState.DELIVERED:
                    self._note_confirmation(engagement, session, occurrence.day)
            pool = network.pools[engagement.pool]
            if engagement.step + 1 == len(pool.steps):
                days = [occurrence.day for occurrence in engagement.occurrences]
                self._note_end(engagement.pool, engagement.need, days)


def give_up(network: Network, need: NeedId, reason: LeavingReason) -> list[Event]:
    """Cancel what waits for a need and let it leave its pool, as far as the smallest group allows.

    A need that has to stay keeps its place until its pool is over.
    """
    if network.needs[need].state is not NeedState.POOLED:
        return []
    [name] = network.links.targets(need, "joins")
    pool = network.pools[PoolId(name)]
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


def _half_way(days: list[dt.date]) -> dt.date:
    return days[len(days) // 2]


def _issued(network: Network, pool: Pool, member: PoolMember, place: int, day: dt.date) -> Iterator[Event]:
    """Issue one voucher for each fund that a pool promised of."""
    for number, grant in enumerate(member.grants):
        yield VoucherIssued(
            voucher=VoucherId(f"voucher-{pool.id}-{place}-{number}"),
            fund=grant.fund,
            household=network.needs[member.need].household,
            need=member.need,
            face_cents=grant.cents,
            valid=Period(day, pool.period.end + SETTLE_DAYS * _DAY),
        )


def _parts(network: Network, pool: Pool, member: PoolMember) -> list[Cents]:
    """Divide a member's share among the steps, as their offers' prices are."""
    if len(pool.steps) == 1:
        return [member.share_cents]
    prices = {}
    for number, step in enumerate(pool.steps):
        offer = network.offers[step.offer]
        minutes = timetable.promised_minutes(pool, step, member)
        own_cents = offer.price_per_head(len(pool.members), minutes) or 0
        prices[str(number)] = own_cents + offer.opening_cents // len(pool.members)
    parts = split_cents(member.share_cents, prices)
    return [parts[str(number)] for number in range(len(pool.steps))]


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
