"""What the indicators count, however the facts that they count were cut."""

import pytest
import stories
from stories import AFTER_ALL, APRIL, LESSONS, MONDAYS, RIDES, START, booked, confirmed, delivered, matched

from wis_engine.community import Community
from wis_engine.facts import Event
from wis_engine.values import Period

MARCH = Period.parse("2026-03-01/2026-04-01")
IN_APRIL = Period.parse("2026-04-01/2026-05-01")


def figures(*history, period=MARCH):
    """Live a history after the pilot, pooled by hand; count."""
    with Community.open("memory:", clock=lambda: START) as community:
        community.record(*stories.pilot(), *matched())
        now = START
        for one in history:
            if isinstance(one, Event):
                community.record(one, at=now)
            else:
                now = one
        return {one.id: one for one in community.indicators(period)}


def accesses(*history, period=MARCH):
    return figures(*history, period=period)["I4.2e"].ids


IN_ONE_PIECE = [booked("e1")]
BY_SESSION = [booked(f"e{n}", occurrences=(day,)) for n, day in enumerate(MONDAYS, start=1)]


@pytest.mark.parametrize(
    ("bookings", "sessions"),
    [(IN_ONE_PIECE, [("e1", n) for n in range(4)]), (BY_SESSION, [(f"e{n}", 0) for n in (1, 2, 3, 4)])],
)
def test_a_need_is_one_access_however_it_is_booked(bookings, sessions):
    made = [(delivered(*one), confirmed(*one)) for one in sessions]
    history = [*bookings, AFTER_ALL, *(fact for pair in made for fact in pair)]
    assert accesses(*history) == ("e1",)


def test_a_chain_is_one_access():
    steps = [
        booked("ride-1", pool="pool-2", need="n4", occurrences=RIDES, price_cents=4_000),
        booked("lesson-1", pool="pool-2", need="n4", step=1, occurrences=LESSONS, price_cents=12_000),
    ]
    made = [delivered("ride-1", 0, minutes=30), delivered("lesson-1", 0)]
    assert accesses(*steps, AFTER_ALL, *made, confirmed("ride-1"), confirmed("lesson-1")) == ("ride-1",)
    assert accesses(*steps, AFTER_ALL, *made, confirmed("lesson-1")) == ("lesson-1",)


def test_every_need_of_a_pool_is_an_access_of_its_own():
    bookings = [booked(f"e{n}", need=f"n{n}") for n in (1, 2, 3)]
    made = [delivered(f"e{n}") for n in (1, 2, 3)]
    assert accesses(*bookings, AFTER_ALL, *made, confirmed("e1"), confirmed("e3")) == ("e1", "e3")


def test_what_is_not_confirmed_is_no_access():
    assert accesses(booked("e1"), AFTER_ALL, delivered("e1")) == ()


def test_a_confirmation_counts_in_its_own_period():
    history = [booked("e1"), AFTER_ALL, delivered("e1", 0), delivered("e1", 1), confirmed("e1", 0)]
    later = [APRIL, confirmed("e1", 1)]
    assert accesses(*history) == ("e1",)
    assert accesses(*history, period=IN_APRIL) == ()
    assert accesses(*history, *later, period=IN_APRIL) == ("e1",)


def test_the_note_says_what_an_access_is():
    assert "a need served in one pool" in figures()["I4.2e"].note


def test_boards_say_their_quarters_how_long_they_were_and_how_many_sat_there():
    half = Period.parse("2026-01-01/2026-07-01")
    same = figures(stories.meeting("m1"), stories.meeting("m2"), period=half)["I2.1"]
    assert (same.value, same.ids) == (2, ("m1", "m2"))
    assert same.note == "1 of 2 quarters with a board; 240 minutes in all, partners present: 5"
    other = figures(stories.meeting("m1"), stories.meeting("m2", partners_present=3, minutes=90), period=half)["I2.1"]
    assert other.note == "1 of 2 quarters with a board; 210 minutes in all, partners present: 3 to 5"
    assert figures(period=half)["I2.1"].note == "0 of 2 quarters with a board"
