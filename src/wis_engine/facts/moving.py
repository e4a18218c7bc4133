"""A session of a pool that meets at another time: it moves for all who share it."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar

import attrs
from attrs import field

from wis_engine.errors import refuse
from wis_engine.facts.base import Event, id_field, known
from wis_engine.network import Network, timetable
from wis_engine.network.promises import Engagement, Move, Pool, PoolState, SessionState
from wis_engine.shapes import between, exactly, natural
from wis_engine.values import SLOT_MINUTES, SLOTS_A_DAY, Occurrence, PoolId, slots_for


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    POOL_NOT_FORMED = "pool-not-formed"
    NO_SUCH_SESSION = "no-such-session"
    SESSION_NOT_WAITING = "session-not-waiting"
    ALREADY_PAST = "already-past"
    OUTSIDE_PERIOD = "outside-period"
    CLOSED_DAY = "closed-day"
    OUTSIDE_SLOTS = "outside-slots"
    OVERBOOKED = "overbooked"
    IN_TWO_PLACES = "in-two-places"


@attrs.frozen(kw_only=True)
class ServiceRescheduled(Event):
    """One session of a pool was put to another time, for all its members and all its steps.

    `session` is its number in the pool, from 0; `day` and `start_slot` say
    when its first step begins.
    """

    name: ClassVar[str] = "service-rescheduled"

    pool: PoolId = id_field()
    session: int = field(validator=natural)
    day: dt.date = field(validator=exactly(dt.date))
    start_slot: int = field(validator=between(0, SLOTS_A_DAY - 1))

    def check(self, network: Network) -> None:
        """Refuse a time at which the pool's offers, its members or the calendar are not free."""
        pool = known(network.pools, self.pool)
        if pool.state is not PoolState.FORMED:
            refuse(Reason.POOL_NOT_FORMED, pool.state)
        dated = timetable.sessions_of(network, pool)
        if self.session >= len(dated[0]):
            refuse(Reason.NO_SUCH_SESSION, self.session)
        for engagement, number in _booked_as(network, pool, [step[self.session] for step in dated]):
            if engagement.states[number] not in (SessionState.BOOKED, SessionState.CANCELLED):
                refuse(Reason.SESSION_NOT_WAITING, engagement.states[number])
        if self.start_slot + pool.steps[-1].offset_slots >= SLOTS_A_DAY:
            refuse(Reason.OUTSIDE_SLOTS, "a step would begin on the next day")
        self._check_time(network, pool.moved(self._move()))

    def _check_time(self, network: Network, pool: Pool) -> None:
        sessions = [step[self.session] for step in timetable.sessions_of(network, pool)]
        if _begins(sessions[0]) < network.local_minute:
            refuse(Reason.ALREADY_PAST, sessions[0])
        if self.day not in pool.period:
            refuse(Reason.OUTSIDE_PERIOD, pool.period)
        if self.day in network.closed_days:
            refuse(Reason.CLOSED_DAY, self.day)
        for step, session in zip(pool.steps, sessions, strict=True):
            slot = self.day.weekday() * SLOTS_A_DAY + session.start_slot
            fitting = network.offers[step.offer].slots.starts(slots_for(step.minutes))
            if not fitting.bits >> slot & 1:
                refuse(Reason.OUTSIDE_SLOTS, step.offer)
        if over := timetable.overbooked(network, pool):
            refuse(Reason.OVERBOOKED, f"{over[0]} on {over[1]}")
        if timetable.overlaps_itself(network, pool):
            refuse(Reason.IN_TWO_PLACES, pool.id)
        for member in pool.members:
            if met := timetable.clash(network, network.needs[member.need], pool):
                refuse(Reason.IN_TWO_PLACES, f"{member.need} and {met[0]}")

    def apply(self, network: Network) -> None:
        """Let the pool, and whoever is booked, meet then."""
        pool = network.pools[self.pool]
        moved = pool.moved(self._move())
        both = zip(timetable.sessions_of(network, pool), timetable.sessions_of(network, moved), strict=True)
        for before, after in [(old[self.session], new[self.session]) for old, new in both]:
            for engagement, _ in _booked_as(network, pool, [before]):
                network.put(engagement.moved(before, after))
        network.put(moved)

    def _move(self) -> Move:
        return Move(session=self.session, day=self.day, start_slot=self.start_slot)


def _begins(session: Occurrence) -> tuple[dt.date, int]:
    return session.day, session.start_slot * SLOT_MINUTES


def _booked_as(network: Network, pool: Pool, sessions: list[Occurrence]) -> list[tuple[Engagement, int]]:
    """Find the engagements of a pool that are booked for one of some sessions, and its number in each."""
    return [
        (engagement, engagement.occurrences.index(session))
        for member in pool.members
        for engagement in timetable.engagements_of(network, pool, member.need)
        for session in sessions
        if session in engagement.occurrences
    ]
