"""Where sessions may begin in a week, and how often they must: read twice, and held against every choice."""

import datetime as dt
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.matching.reading_week import most_sessions, pace, weekdays_in
from wis_engine.matching.weeks import EVEN, Pace, Wanted, dates_in, most_dates, pace_of, patterns
from wis_engine.values import Period, WeekSlots, occurrences

MARCH = Period.parse("2026-03-02/2026-03-30")


def bits(text):
    return WeekSlots.parse(text).bits


def texts(starts, wanted, limit=100):
    return [str(WeekSlots(one)) for one in patterns(starts, wanted, limit)]


def test_patterns_lie_on_distinct_days_at_one_clock_first():
    wanted = Wanted(1, Pace(2, apart=True))
    assert texts(bits("mon 16:00-17:00, wed 16:30-17:30"), wanted) == [
        "mon 16:30-17:00, wed 16:30-17:00",
        "mon 16:00-16:30, wed 16:30-17:00",
        "mon 16:00-16:30, wed 17:00-17:30",
        "mon 16:30-17:00, wed 17:00-17:30",
    ]


def test_days_with_more_dates_come_first_and_those_with_too_few_not_at_all():
    starts = bits("mon-wed 16:00-16:30")
    counts = (3, 4, 4, 0, 0, 0, 0)
    assert texts(starts, Wanted(1, Pace(1, apart=True), counts)) == [
        "tue 16:00-16:30",
        "wed 16:00-16:30",
        "mon 16:00-16:30",
    ]
    assert len(texts(starts, Wanted(1, Pace(1, apart=True), counts, 4))) == 2
    assert texts(starts, Wanted(1, Pace(2, apart=True), counts, 8)) == ["tue 16:00-16:30, wed 16:00-16:30"]


def test_several_a_day_are_packed_without_overlap():
    for pattern in patterns(WeekSlots.ALWAYS.starts(2).bits, Wanted(2, Pace(8, apart=False)), 10):
        assert WeekSlots(pattern).spread(2).bits.bit_count() == 16


def test_sessions_over_midnight_do_not_overlap_either():
    starts = WeekSlots.parse("mon 22:00-24:00, tue 00:00-02:00").starts(4).bits
    assert texts(starts, Wanted(4, Pace(2, apart=True))) == ["mon 22:00-22:30, tue 00:00-00:30"]


def test_a_week_in_which_most_choices_overlap_still_gives_the_one_that_does_not():
    """Two nights in a row from any half-hour on: only the first and the last are far enough apart."""
    starts = bits("mon 08:00-24:00, tue 00:00-08:30, wed 00:00-01:00")
    found = list(patterns(starts, Wanted(33, Pace(3, apart=True)), 1))
    assert [dates_in(one, EVEN) for one in found] == [3]


WEEKS = st.lists(st.integers(0, 335), max_size=7, unique=True).map(lambda slots: sum(1 << slot for slot in slots))
COUNTS = st.tuples(*[st.integers(0, 4)] * 7)


def legal(chosen, length, apart):
    days = [slot // 48 for slot in chosen]
    return all(b - a >= length for a, b in pairwise(chosen)) and not (apart and len(set(days)) < len(days))


@given(WEEKS, st.sampled_from([1, 2, 30, 60]), COUNTS, st.booleans(), st.integers(1, 12))
def test_both_readings_know_the_most_dates_that_any_choice_has(starts, length, counts, apart, sessions):
    slots = [slot for slot in range(336) if starts >> slot & 1]
    by_number = {}
    for number in range(len(slots) + 1):
        dates = [
            sum(counts[slot // 48] for slot in chosen)
            for chosen in combinations(slots, number)
            if legal(chosen, length, apart)
        ]
        if dates:
            by_number[number] = max(dates)
    assert dict(enumerate(most_dates(starts, length, counts, apart=apart))) == by_number
    assert most_sessions(starts, length, counts, one_a_day=apart) == by_number
    found = pace_of(starts, length, counts, sessions)
    assert found == pace(starts, length, counts, sessions)
    if found.weekly:
        assert any(dates_in(one, counts) >= sessions for one in patterns(starts, Wanted(length, found, counts), 2_000))
        assert all(
            dates_in(one, counts) >= sessions for one in patterns(starts, Wanted(length, found, counts, sessions), 9)
        )


@given(st.integers(0, 400), st.integers(1, 60), st.sets(st.integers(0, 450), max_size=5))
def test_weekdays_are_counted_without_closed_days(first, days, closed):
    start = dt.date(2026, 1, 1) + dt.timedelta(days=first)
    period = Period(start, start + dt.timedelta(days=days))
    shut = frozenset(dt.date(2026, 1, 1) + dt.timedelta(days=day) for day in closed)
    counted = weekdays_in(period, shut)
    for day in range(7):
        assert counted[day] == len(occurrences(WeekSlots.at(day, 0), 30, period, 10**6, shut))


@pytest.mark.parametrize(
    ("slots", "sessions", "period", "expected"),
    [
        ("mon 16:00-18:00", 4, "2026-03-02/2026-03-30", (1, True)),
        ("mon 16:00-18:00", 4, "2026-03-05/2026-04-01", (1, True)),
        ("mon 16:00-18:00", 3, "2026-03-02/2026-03-17", (1, True)),
        ("mon-fri 16:00-18:00", 8, "2026-03-02/2026-03-30", (2, True)),
        ("mon 16:00-18:00", 5, "2026-03-02/2026-03-30", (2, False)),
        ("mon 16:00-17:00", 5, "2026-03-02/2026-03-30", (0, True)),
        ("mon-sun 12:00-14:00", 14, "2026-03-02/2026-03-09", (14, False)),
    ],
)
def test_a_need_meets_as_seldom_as_its_dates_allow(slots, sessions, period, expected):
    counts = weekdays_in(Period.parse(period), frozenset())
    assert pace_of(WeekSlots.parse(slots).starts(2).bits, 2, counts, sessions) == expected
