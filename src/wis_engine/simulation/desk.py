"""The desk of the welfare manager in a simulated year: from a plan to what was delivered.

It keeps an agenda of what is due on which day and turns it into facts; it
writes nothing itself. Whether a session is missed, a delivery confirmed or a
service given up is drawn under the origin of the need, so that it does not
depend on what else happens.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from wis_engine.facts import (
    DeliveryConfirmed,
    DeliveryDisputed,
    DisputeResolved,
    Event,
    NeedWithdrawn,
    NoShowRecorded,
    PoolDissolved,
    PoolMemberLeft,
    RequestAnswered,
    ServiceBooked,
    ServiceCancelled,
    ServiceDelivered,
    ServiceRequested,
    ServiceRescheduled,
)
from wis_engine.facts.engagements import CancelReason, NoShowBy
from wis_engine.facts.matches import LeavingReason
from wis_engine.matching import Plan
from wis_engine.network import Network, timetable
from wis_engine.network.guidance import AccessMode
from wis_engine.network.promises import Engagement, NeedState, Pool, SessionState
from wis_engine.simulation.luck import Luck
from wis_engine.simulation.till import Till
from wis_engine.values import SLOTS_A_DAY, EngagementId, NeedId, PoolId, RequestId, split_cents

_CLOSE_DAYS: Final = 5
"""Days after the last session on which a service is paid and judged; every confirmation has come by then."""
_SESSIONS_MIN: Final = 3
"""Nobody gives up a service of fewer sessions half way, or puts one of them to another time."""
_OTHER_SLOTS: Final = (0, -1, 1, -2, 2)
"""Half-hours by which a session may begin earlier or later than planned, best first."""
_DAY: Final = dt.timedelta(days=1)


class Desk:
    """What is promised, by the day on which it is due."""

    def __init__(self, luck: Luck) -> None:
        self.luck = luck
        self.till = Till(luck)
        self._sessions: dict[dt.date, list[tuple[int, EngagementId, int]]] = defaultdict(list)
        self._confirmations: dict[dt.date, list[tuple[EngagementId, int]]] = defaultdict(list)
        self._disputes: dict[dt.date, list[tuple[EngagementId, int]]] = defaultdict(list)
        self._resolutions: dict[dt.date, list[tuple[EngagementId, int, bool]]] = defaultdict(list)
        self._closings: dict[dt.date, list[tuple[PoolId, NeedId]]] = defaultdict(list)
        self._renouncing: dict[dt.date, list[tuple[PoolId, NeedId]]] = defaultdict(list)
        self._moving: dict[dt.date, list[tuple[PoolId, int]]] = defaultdict(list)
        self._given_up: set[tuple[PoolId, NeedId]] = set()
        self._requested = 0
        self._booked = 0

    # From the plan

    def engage(self, network: Network, plan: Plan, day: dt.date) -> list[Event]:
        """Ask for what an adopted plan found, issue the vouchers that it grants, and book its sessions."""
        facts: list[Event] = []
        for planned in plan.pools:
            pool = network.pools[PoolId(planned.id)]
            for member in pool.members:
                facts += self._ask(network, pool, member.need)
                facts += self.till.issue(network, pool, member, day)
            for member in pool.members:
                facts += self._book(network, pool, member.need)
            self._note_move(network, pool)
        return facts

    def _ask(self, network: Network, pool: Pool, need: NeedId) -> Iterator[Event]:
        """Request the service of a member, by hand or digitally; a request that is rejected is made again."""
        channel = network.offers[pool.steps[0].offer].channel
        digital = self.luck.chance("digital_percent", self.luck.odds["digital_percent"][channel], need)
        rejected = self.luck.happens("rejected_percent", need)
        for accepted in (False, True) if rejected else (True,):
            self._requested += 1
            request = RequestId(f"request-{self._requested:04d}")
            mode = AccessMode.DIGITAL if digital else AccessMode.TRADITIONAL
            yield ServiceRequested(request=request, need=need, channel=channel, mode=mode)
            yield RequestAnswered(request=request, accepted=accepted)

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
        if len(days) >= _SESSIONS_MIN and self.luck.happens("given_up_percent", need):
            self._renouncing[days[len(days) // 2]].append((pool.id, need))

    # Day by day

    def delivered(self, network: Network, day: dt.date) -> list[Event]:
        """Say which of the day's sessions took place and who did not come, in order of the clock."""
        facts: list[Event] = []
        for start_slot, name, session in sorted(self._sessions.pop(day, [])):
            engagement = network.engagements[name]
            occurrence = engagement.occurrences[session]
            stands = (occurrence.day, occurrence.start_slot) == (day, start_slot)
            if not stands or engagement.states[session] is not SessionState.BOOKED:
                continue
            if self.luck.happens("missed_percent", engagement.need, day.isoformat()):
                facts.append(NoShowRecorded(engagement=name, session=session, by=self._missed_by(engagement, day)))
                continue
            facts.append(ServiceDelivered(engagement=name, session=session, minutes=occurrence.minutes))
            self._note_answer(engagement, session, day)
        return facts

    def _missed_by(self, engagement: Engagement, day: dt.date) -> NoShowBy:
        by_supplier = self.luck.happens("missed_by_supplier_percent", engagement.need, day.isoformat())
        return NoShowBy.SUPPLIER if by_supplier else NoShowBy.HOUSEHOLD

    def _note_answer(self, engagement: Engagement, session: int, day: dt.date) -> None:
        """Draw whether a delivery will be confirmed, disputed, or neither."""
        about = (engagement.need, engagement.step, day.isoformat())
        if self.luck.happens("confirmed_percent", *about):
            after = self.luck.between("confirmed_after_days", *about)
            self._confirmations[day + after * _DAY].append((engagement.id, session))
        elif self.luck.happens("disputed_percent", *about):
            self._disputes[day + _DAY].append((engagement.id, session))
            after = 1 + self.luck.between("resolved_after_days", *about)
            upheld = self.luck.happens("upheld_percent", *about)
            self._resolutions[day + after * _DAY].append((engagement.id, session, upheld))

    def answered(self, day: dt.date) -> list[Event]:
        """Say which deliveries were confirmed, which are disputed, and how disputes ended."""
        confirmed = sorted(self._confirmations.pop(day, []))
        disputed = sorted(self._disputes.pop(day, []))
        resolved = sorted(self._resolutions.pop(day, []))
        return [
            *(DeliveryConfirmed(engagement=name, session=session) for name, session in confirmed),
            *(DeliveryDisputed(engagement=name, session=session) for name, session in disputed),
            *(DisputeResolved(engagement=name, session=session, upheld=upheld) for name, session, upheld in resolved),
        ]

    def closed(self, network: Network, day: dt.date) -> list[Event]:
        """Close the services that are over: cancel what still waits, pay what was confirmed, ask for a judgement."""
        facts: list[Event] = []
        for name, need in sorted(set(self._closings.pop(day, []))):
            pool = network.pools[name]
            engagements = timetable.engagements_of(network, pool, need)
            facts += [
                ServiceCancelled(engagement=engagement.id, reason=CancelReason.HOUSEHOLD)
                for engagement in engagements
                if engagement.open
            ]
            facts += self.till.close(network, pool, engagements, day, given_up=(name, need) in self._given_up)
        return facts

    # What is put to another time

    def _note_move(self, network: Network, pool: Pool) -> None:
        """Draw whether a session in the middle of a pool will have to move, and note it for the day before."""
        sessions = timetable.sessions_of(network, pool)[0]
        first = min((member.need for member in pool.members), key=self.luck.origins.__getitem__)
        if len(sessions) >= _SESSIONS_MIN and self.luck.happens("moved_percent", first):
            session = len(sessions) // 3
            self._moving[sessions[session].day - _DAY].append((pool.id, session))

    def moving(self, network: Network, day: dt.date) -> Iterator[list[ServiceRescheduled]]:
        """For each session that cannot be held tomorrow, the times to try, nearest first, all before the next one."""
        for name, session in sorted(self._moving.pop(day, [])):
            pool = network.pools[name]
            if pool.open:
                planned, after = timetable.sessions_of(network, pool)[0][session : session + 2]
                yield [
                    ServiceRescheduled(pool=name, session=session, day=planned.day + later * _DAY, start_slot=slot)
                    for later in range((after.day - planned.day).days)
                    for slot in (planned.start_slot + slots for slots in _OTHER_SLOTS)
                    if (later or slot != planned.start_slot) and 0 <= slot < SLOTS_A_DAY
                ]

    def moved(self, network: Network, fact: ServiceRescheduled) -> None:
        """Note the new time of a session for whoever is booked."""
        pool = network.pools[fact.pool]
        dated = [step[fact.session] for step in timetable.sessions_of(network, pool)]
        for member in pool.members:
            for engagement in timetable.engagements_of(network, pool, member.need):
                for session, occurrence in enumerate(engagement.occurrences):
                    if occurrence in dated:
                        self._sessions[occurrence.day].append((occurrence.start_slot, engagement.id, session))

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
