"""When pools meet, and whom and what that keeps busy."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import (
    AFTER_ALL,
    CHAIN,
    MONDAY_16,
    MONDAYS,
    booked,
    cancelled,
    chain,
    chain_pool,
    delivered,
    matched,
    member,
    need,
    network_of,
    offer,
    plan,
    pool,
    project,
    step,
)
from strategies import occurrences

from wis_engine.facts import OfferRevised, PoolDissolved
from wis_engine.facts.matches import LeavingReason
from wis_engine.network import timetable
from wis_engine.values import SLOTS_A_DAY, Occurrence, Period, Redacted, WeekSlots

DISSOLVED = PoolDissolved(pool="pool-1", reason=LeavingReason.SUPPLIER)
NIGHT = Occurrence(dt.date(2026, 3, 2), 46, 120)


def days(occurrences):
    return [(one.day.day, one.start_slot) for one in occurrences]


def test_sessions_are_the_first_of_the_pattern_in_the_period():
    network = network_of(*matched())
    assert timetable.sessions_of(network, network.pools["pool-1"]) == (MONDAYS,)


def test_closed_days_are_passed_over():
    closed = frozenset({MONDAYS[1].day})
    network = network_of(project("second", closed_days=closed), *matched())
    (dated,) = timetable.sessions_of(network, network.pools["pool-1"])
    assert days(dated) == [(2, 32), (16, 32), (23, 32), (30, 32)]


def test_the_steps_of_a_chain_follow_at_their_offsets():
    network = network_of(plan(), chain(), chain_pool())
    rides, lessons = timetable.sessions_of(network, network.pools["pool-2"])
    assert days(rides) == [(3, 31), (10, 31), (17, 31), (24, 31)]
    assert days(lessons) == [(3, 32), (10, 32), (17, 32), (24, 32)]
    assert {one.minutes for one in rides} == {30}
    assert {one.minutes for one in lessons} == {90}
    assert [one.offset_slots for one in CHAIN] == [0, 1]


def test_several_starts_a_week_are_taken_in_order():
    starts = WeekSlots(MONDAY_16.bits | WeekSlots.at(3, 32).bits)
    network = network_of(plan(), pool(starts=starts))
    (dated,) = timetable.sessions_of(network, network.pools["pool-1"])
    assert days(dated) == [(2, 32), (5, 32), (9, 32), (12, 32)]


def test_the_longest_promise_says_how_many_sessions_a_pool_has():
    short = need("n9", "h2", beneficiary="sister", sessions=2, minutes=180)
    members = (member("n1", 9_000), member("n9", 4_500, sessions=2, minutes=180))
    network = network_of(plan(), short, pool(members=members, price_cents=13_500))
    formed = network.pools["pool-1"]
    assert len(timetable.sessions_of(network, formed)[0]) == 4
    assert timetable.promised_to(network, formed, "n9") == list(MONDAYS[:2])
    assert timetable.promised_to(network, formed, "n1") == list(MONDAYS)
    assert timetable.promised_to(network, formed, "n4") == []


def test_minutes_promised_and_not_used():
    served = [booked(occurrences=MONDAYS[:2]), AFTER_ALL, delivered(), delivered(session=1, minutes=60)]
    network = network_of(*matched(), *served)
    one, two = network.pools["pool-1"], network.pools["pool-2"]
    assert timetable.promised_minutes(one, one.steps[0], one.members[0]) == 360
    assert timetable.unused_minutes(network, one, 0, one.members[0]) == 180
    assert timetable.unused_minutes(network, one, 0, one.members[1]) == 360
    assert timetable.promised_minutes(two, two.steps[0], two.members[0]) == 120
    assert timetable.unused_minutes(network, two, 1, two.members[0]) == 360


def test_engagements_of_a_need_are_those_in_the_pool():
    first = [plan(), pool("pool-1", member("n1", 12_000)), booked(), cancelled(), DISSOLVED]
    again = [pool("pool-2", member("n1", 12_000)), booked("e2", pool="pool-2")]
    network = network_of(*first, *again)
    found = timetable.engagements_of(network, network.pools["pool-2"], "n1")
    assert [one.id for one in found] == ["e2"]


def test_an_offer_is_busy_with_what_its_open_pools_promised_and_with_what_was_delivered():
    first = [plan(), pool("pool-1", member("n1", 12_000)), booked(), AFTER_ALL, delivered(), cancelled(), DISSOLVED]
    network = network_of(*first, pool("pool-2", member("n2", 12_000), starts=WeekSlots.at(4, 32)))
    busy = timetable.sessions_at(network, "hw")
    assert {(name, one.day.day) for name, one in busy} == {
        ("pool-1", 2),
        *(("pool-2", day) for day in (6, 13, 20, 27)),
    }
    assert timetable.sessions_at(network, "hw", Period.parse("2026-06-01/2026-06-02")) == set()
    assert timetable.sessions_at(network, "hw", Period.parse("2026-04-01/2026-04-02")) == busy


def test_how_many_sessions_were_promised_at_once():
    two = [plan(), OfferRevised(offer="hw", capacity_per_slot=2), pool("pool-1", member("n1", 12_000))]
    network = network_of(*two)
    assert timetable.most_promised_at_once(network, "hw") == 1
    network = network_of(*two, pool("pool-2", member("n2", 12_000), starts=WeekSlots.at(0, 34)))
    assert timetable.most_promised_at_once(network, "hw") == 2
    assert timetable.most_promised_at_once(network, "ride") == 0


def night_pools(second_start):
    """Let one offer, one session at a time, serve n8 from Monday 23:00 to 01:00 and n9 later in the night."""
    anytime = {"slots": WeekSlots.ALWAYS, "sessions": 1, "minutes": 120, "price_limit_cents": None}
    late = pool(
        "late",
        member("n8", 4_000, sessions=1, minutes=120),
        steps=(step("o9", minutes=120),),
        starts=WeekSlots.at(0, 46),
        period=Period.parse("2026-03-02/2026-03-03"),
    )
    early = pool(
        "early",
        member("n9", 4_000, sessions=1, minutes=120),
        steps=(step("o9", minutes=120),),
        starts=WeekSlots.at(1, second_start),
        period=Period.parse("2026-03-03/2026-03-04"),
    )
    nights = [offer("o9", slots=WeekSlots.ALWAYS), need("n8", "h1", **anytime), need("n9", "h2", **anytime)]
    return network_of(plan(), *nights, late), early


@pytest.mark.parametrize(("start", "free"), [(0, False), (1, False), (2, True)])
def test_a_session_past_midnight_keeps_its_offer_busy_on_the_next_day(start, free):
    network, early = night_pools(start)
    over = timetable.overbooked(network, early._pool())
    assert (over is None) is free


def test_a_session_past_midnight_takes_half_hours_of_two_days():
    assert list(timetable.taken([NIGHT])) == [(dt.date(2026, 3, 2), 3 << 46), (dt.date(2026, 3, 3), 3)]
    morning = Occurrence(dt.date(2026, 3, 3), 1, 30)
    assert timetable.first_meeting([morning], [NIGHT]) == morning
    assert timetable.first_meeting([Occurrence(dt.date(2026, 3, 3), 2, 30)], [NIGHT]) is None


SESSIONS = st.lists(occurrences(first=dt.date(2026, 3, 2), last=dt.date(2026, 3, 4)), max_size=8)


def half_hours(session):
    """List the half-hours of a session one by one, as moments."""
    begin = session.day.toordinal() * SLOTS_A_DAY + session.start_slot
    return set(range(begin, begin - (-session.minutes // 30)))


@given(sessions=SESSIONS, others=SESSIONS)
def test_the_first_meeting_is_that_of_brute_force(sessions, others):
    taken = set().union(*map(half_hours, others))
    expected = next((one for one in sessions if half_hours(one) & taken), None)
    assert timetable.first_meeting(sessions, others) == expected


@given(sessions=SESSIONS)
def test_what_sessions_take_is_what_brute_force_counts(sessions):
    moments = [
        (day.toordinal() * SLOTS_A_DAY + slot)
        for day, mask in timetable.taken(sessions)
        for slot in range(SLOTS_A_DAY)
        if mask >> slot & 1
    ]
    assert sorted(moments) == sorted(moment for session in sessions for moment in half_hours(session))


@given(masks=st.lists(st.integers(0, (1 << 12) - 1), max_size=8), within=st.integers(0, (1 << 12) - 1))
def test_most_at_once_is_what_brute_force_counts(masks, within):
    counts = [sum(mask >> slot & 1 for mask in masks) for slot in range(12) if within >> slot & 1]
    assert timetable.most_at_once(masks, within) == max(counts, default=0)


def test_who_is_not_known_clashes_with_nobody():
    network = network_of(*matched(), need("n9", "h1"))
    formed = pool("pool-9", member("n9", 12_000))._pool()
    again = network.needs["n9"]
    assert timetable.clash(network, again, formed) == ("n1", MONDAYS[0])
    assert timetable.clash(network, again.replace(beneficiary=Redacted("beneficiary", "h1")), formed) is None
    assert timetable.clash(network, again.replace(beneficiary="sister"), formed) is None
