"""A session that meets at another time: what it leaves, and why it is refused."""

import datetime as dt

import pytest
from stories import (
    AFTER_FIRST,
    LESSONS,
    MARCH,
    MONDAYS,
    RIDES,
    booked,
    cancelled,
    chain,
    chain_pool,
    delivered,
    instant,
    matched,
    member,
    missed,
    need,
    network_of,
    offer,
    plan,
    pool,
    project,
    rescheduled,
    step,
    why_refused,
)

from wis_engine.errors import Malformed
from wis_engine.facts import OfferRevised, PoolDissolved
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.moving import Reason
from wis_engine.network import timetable
from wis_engine.values import Occurrence, WeekSlots

POOLED = [plan(), pool()]
CHAINED = [plan(), chain(), chain_pool()]
WEDNESDAY, SATURDAY = dt.date(2026, 3, 11), dt.date(2026, 3, 14)
MOVED = Occurrence(WEDNESDAY, 32, 90)
BUSY = [
    *POOLED,
    need("n9", "h4"),
    pool("pool-9", member("n9", 12_000), starts=WeekSlots.at(2, 33)),
]
KID_BUSY = [
    *POOLED,
    need("n9", "h1"),
    offer("o9", supplier="s2"),
    pool("pool-9", member("n9", 12_000), steps=(step("o9"),), starts=WeekSlots.at(2, 33)),
]
DISSOLVED = PoolDissolved(pool="pool-1", reason=LeavingReason.SUPPLIER)
PAIRS = [
    (Reason.POOL_NOT_FORMED, [*POOLED, DISSOLVED, rescheduled()], [*POOLED, rescheduled()]),
    (Reason.NO_SUCH_SESSION, [*POOLED, rescheduled(session=4)], [*POOLED, rescheduled(session=3)]),
    (
        Reason.SESSION_NOT_WAITING,
        [*POOLED, booked(), instant("2026-03-02 15:00"), delivered(), rescheduled(session=0)],
        [*POOLED, booked(), instant("2026-03-02 15:00"), rescheduled(session=0)],
    ),
    (
        Reason.SESSION_NOT_WAITING,
        [*POOLED, booked(), instant("2026-03-02 15:00"), missed(), rescheduled(session=0)],
        [*POOLED, booked(), instant("2026-03-02 15:00"), cancelled(), rescheduled(session=0)],
    ),
    (
        Reason.ALREADY_PAST,
        [*POOLED, AFTER_FIRST, rescheduled(day=dt.date(2026, 3, 2), start_slot=35)],
        [*POOLED, AFTER_FIRST, rescheduled(day=dt.date(2026, 3, 3), start_slot=35)],
    ),
    (
        Reason.OUTSIDE_PERIOD,
        [*POOLED, rescheduled(day=dt.date(2026, 4, 1))],
        [*POOLED, rescheduled(day=dt.date(2026, 3, 31))],
    ),
    (
        Reason.CLOSED_DAY,
        [project("second", closed_days=frozenset({WEDNESDAY})), *POOLED, rescheduled()],
        [project("second", closed_days=frozenset({SATURDAY})), *POOLED, rescheduled()],
    ),
    (Reason.OUTSIDE_SLOTS, [*POOLED, rescheduled(day=SATURDAY)], [*POOLED, rescheduled()]),
    (Reason.OUTSIDE_SLOTS, [*POOLED, rescheduled(start_slot=36)], [*POOLED, rescheduled(start_slot=35)]),
    (
        Reason.OUTSIDE_SLOTS,
        [*CHAINED, rescheduled("pool-2", start_slot=35)],
        [*CHAINED, rescheduled("pool-2", start_slot=34)],
    ),
    (Reason.OVERBOOKED, [*BUSY, rescheduled()], [*BUSY, rescheduled(day=dt.date(2026, 3, 12))]),
    (
        Reason.OVERBOOKED,
        [*BUSY, rescheduled()],
        [*BUSY, OfferRevised(offer="hw", capacity_per_slot=2), rescheduled()],
    ),
    (Reason.IN_TWO_PLACES, [*KID_BUSY, rescheduled()], [*KID_BUSY, rescheduled(day=dt.date(2026, 3, 12))]),
    (
        Reason.IN_TWO_PLACES,
        [*POOLED, rescheduled(day=dt.date(2026, 3, 16), start_slot=33)],
        [*POOLED, rescheduled(day=dt.date(2026, 3, 16), start_slot=35)],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_a_session_moves_for_everybody_who_shares_it():
    network = network_of(*POOLED, booked(), booked("e2", need="n2", occurrences=MONDAYS[1:3]), rescheduled())
    assert timetable.sessions_of(network, network.pools["pool-1"]) == ((MONDAYS[0], MOVED, *MONDAYS[2:]),)
    assert network.engagements["e1"].occurrences == (MONDAYS[0], MOVED, *MONDAYS[2:])
    assert network.engagements["e2"].occurrences == (MOVED, MONDAYS[2])
    assert network.check() == ()


def test_what_was_not_booked_is_booked_at_the_new_time_and_no_more_at_the_old():
    moved = [*POOLED, rescheduled()]
    assert why_refused(*moved, booked(occurrences=(MONDAYS[0], MOVED))) is None
    assert why_refused(*moved, booked(occurrences=MONDAYS[:2])) == "not-promised"


def test_every_step_of_a_chain_moves_with_the_first():
    rides = booked("ride-1", pool="pool-2", need="n4", occurrences=RIDES, price_cents=4_000)
    lessons = booked("lesson-1", pool="pool-2", need="n4", step=1, occurrences=LESSONS, price_cents=12_000)
    network = network_of(*CHAINED, rides, lessons, rescheduled("pool-2", start_slot=30))
    assert network.engagements["ride-1"].occurrences[1] == Occurrence(WEDNESDAY, 30, 30)
    assert network.engagements["lesson-1"].occurrences[1] == Occurrence(WEDNESDAY, 31, 90)
    assert network.check() == ()


def test_a_session_moves_by_half_an_hour_and_back_again():
    network = network_of(*POOLED, booked(), rescheduled(day=MONDAYS[1].day, start_slot=33))
    assert network.engagements["e1"].occurrences[1] == Occurrence(MONDAYS[1].day, 33, 90)
    back = network_of(
        *POOLED,
        booked(),
        rescheduled(day=MONDAYS[1].day, start_slot=33),
        rescheduled(day=MONDAYS[1].day, start_slot=32),
    )
    assert back.engagements["e1"].occurrences == MONDAYS
    assert len(back.pools["pool-1"].moves) == 1


def test_a_session_that_waits_still_moves_when_its_time_is_past():
    assert why_refused(*POOLED, booked(), AFTER_FIRST, rescheduled(session=0)) is None


def test_a_session_that_was_cancelled_stays_where_it_was():
    network = network_of(*POOLED, booked(), cancelled(), rescheduled())
    assert network.engagements["e1"].occurrences == MONDAYS
    assert why_refused(*POOLED, booked(), cancelled(), rescheduled(), booked("e2", occurrences=(MOVED,))) is None


def test_a_chain_is_not_moved_past_midnight():
    late = [
        *(OfferRevised(offer=name, slots=WeekSlots.ALWAYS) for name in ("ride", "hw")),
        *CHAINED,
    ]
    assert why_refused(*late, rescheduled("pool-2", start_slot=46)) is None
    assert why_refused(*late, rescheduled("pool-2", start_slot=47)) is Reason.OUTSIDE_SLOTS


def test_what_moved_is_delivered_at_its_new_time():
    told = [*matched(), booked(), rescheduled()]
    assert why_refused(*told, instant("2026-03-11 14:59"), delivered(session=1)) == "before-its-time"
    assert why_refused(*told, instant("2026-03-11 15:00"), delivered(session=1)) is None


@pytest.mark.parametrize("changes", [{"start_slot": 48}, {"day": MARCH}, {"session": -1}])
def test_a_fact_of_another_shape_is_malformed(changes):
    with pytest.raises(Malformed):
        rescheduled(**changes)
