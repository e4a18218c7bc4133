import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.errors import Malformed, PrivacyError
from wis_engine.matching.money import head_cents
from wis_engine.matching.problem import Offer
from wis_engine.shapes import is_id
from wis_engine.values import (
    SLOTS_A_WEEK,
    Occurrence,
    Period,
    PriceTier,
    Redacted,
    WeekSlots,
    new_id,
    occurrences,
    price_per_head,
    split_cents,
)

masks = st.integers(0, (1 << SLOTS_A_WEEK) - 1).map(WeekSlots)
tiers = st.lists(
    st.builds(
        PriceTier,
        people_from=st.integers(1, 4),
        units_from=st.integers(0, 4),
        price_cents=st.integers(0, 10_000),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda tier: (tier.people_from, tier.units_from),
).map(tuple)


@given(masks)
def test_a_week_reads_back_from_its_text(week):
    assert WeekSlots.parse(str(week)) == week


@given(masks, st.integers(1, 60))
def test_a_session_begins_where_all_its_half_hours_are_marked(week, slots):
    marked = set(week)
    assert set(week.starts(slots)) == {s for s in marked if all(s + k in marked for k in range(slots))}


def test_the_week_does_not_wrap():
    late = WeekSlots.parse("sun 23:00-24:00") | WeekSlots.parse("mon 00:00-01:00")
    assert not late.fits(90)
    assert late.fits(60)


@pytest.mark.parametrize(
    "text", ["", "mon", "mon 16:00-15:00", "mon 16:15-17:00", "tue-mon 08:00-09:00", "mon 23:00-25:00", "16:00-17:00"]
)
def test_no_week(text):
    with pytest.raises(Malformed):
        WeekSlots.parse(text)


@pytest.mark.parametrize("bits", [-1, 1 << SLOTS_A_WEEK, True, 1.0])
def test_no_mask(bits):
    with pytest.raises(Malformed):
        WeekSlots(bits)


@pytest.mark.parametrize(
    "text", ["", "2026-01-01", "2026-01-02/2026-01-01", "2026-01-01/2026-01-01", "2026-01-01/2200-01-01", "x/y"]
)
def test_no_period(text):
    with pytest.raises(Malformed):
        Period.parse(text)


@pytest.mark.parametrize("kind", [WeekSlots, Period])
@pytest.mark.parametrize("value", [5, None, b"always", ["always"], b"2026-01-01/2026-01-02"])
def test_weeks_and_periods_are_read_from_texts_alone(kind, value):
    with pytest.raises(Malformed):
        kind.parse(value)


@pytest.mark.parametrize("day", [dt.date.max, "2026-01-01", 5])
def test_no_day_that_another_follows(day):
    with pytest.raises(Malformed):
        Period.day(day)
    assert Period.day(dt.date(2026, 1, 1)).days == 1


def test_a_period_is_of_dates_that_are_not_instants():
    with pytest.raises(Malformed):
        Period(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.date(2026, 1, 2))


@given(
    masks.filter(lambda week: len(week) < 40),
    st.dates(dt.date(2026, 1, 1), dt.date(2026, 2, 1)),
    st.integers(1, 60),
    st.integers(1, 30),
    st.frozensets(st.dates(dt.date(2026, 1, 1), dt.date(2026, 4, 1)), max_size=10),
)
def test_dated_sessions_are_those_of_the_pattern_day_by_day(week, start, days, sessions, closed):
    period = Period(start, start + dt.timedelta(days=days))
    by_hand = [
        Occurrence(day, slot % 48, 30)
        for day in (start + dt.timedelta(days=n) for n in range(days))
        if day not in closed
        for slot in week
        if slot // 48 == day.weekday()
    ]
    assert list(occurrences(week, 30, period, sessions, closed)) == by_hand[:sessions]


@given(st.integers(0, 10**9), st.dictionaries(st.text("abc", min_size=1), st.integers(0, 1000), min_size=1))
def test_a_split_loses_no_cent_and_is_within_one_of_its_part(total, weights):
    parts = split_cents(total, weights)
    whole = sum(weights.values())
    assert sum(parts.values()) == total
    if whole:
        assert all(abs(parts[name] * whole - total * weight) < whole for name, weight in weights.items())


def test_nobody_to_split_among():
    with pytest.raises(Malformed):
        split_cents(100, {})


@given(tiers, st.integers(1, 6), st.integers(1, 400), st.sampled_from([0, 30, 60]))
def test_network_and_matcher_read_one_price_list_alike(tiers, people, minutes, unit_minutes):
    ours = price_per_head(tiers, people, minutes, unit_minutes)
    offer = Offer(id="o", capacity_minutes=1, tiers=tiers, unit_minutes=unit_minutes)
    assert head_cents(offer, people, minutes, alone_cents=-1) == (-1 if ours is None else ours)


def test_ids():
    assert is_id(new_id("need"))
    assert new_id("need") != new_id("need")
    assert not any(map(is_id, ["", "a b", "è", "x" * 65, None, 5]))
    with pytest.raises(Malformed):
        new_id("no kind")


def test_what_redaction_leaves_says_nothing_and_computes_nothing():
    gone = Redacted("slots", "home")
    assert (repr(gone), bool(gone), gone == Redacted("slots", "home"), gone == "slots") == (
        "<redacted>",
        False,
        True,
        False,
    )
    assert len({gone, Redacted("slots", "home")}) == 1
    for compute in (lambda: gone + 1, lambda: gone < 1, lambda: f"{gone:>5}", lambda: len(gone), lambda: list(gone)):
        with pytest.raises(PrivacyError):
            compute()
