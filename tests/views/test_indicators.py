"""What the indicators count, however the facts that they count were cut."""

import pytest
import stories
from stories import AFTER_ALL, APRIL, LESSONS, MONDAYS, RIDES, START, booked, confirmed, delivered, instant, matched
from telling import told

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import Event
from wis_engine.network.partners import Figure
from wis_engine.values import Period
from wis_engine.views.figures import DEFINITIONS
from wis_engine.views.indicators import Indicators

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


JUNE, JULY = instant("2026-06-15 09:00"), instant("2026-07-15 09:00")


class Clock:
    """Says when facts are recorded; when they happened is another matter."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


def test_figures_of_march_as_known_in_june_are_not_those_known_in_july():
    clock = Clock()
    with Community.open("memory:", clock=clock) as community:
        community.record(*stories.pilot(), *matched(), booked("e1"), booked("e2", need="n2"))
        clock.now = JUNE
        community.record(delivered("e1"), confirmed("e1"), delivered("e2"), stories.disputed("e2"), at=AFTER_ALL)
        june = community.position
        clock.now = JULY
        community.record(delivered("e1", 1), confirmed("e1", 1), at=AFTER_ALL)
        community.record(stories.resolved("e2", upheld=False), at=AFTER_ALL)
        known_now = {one.id: one for one in community.indicators(MARCH)}
        known_then = {one.id: one for one in community.as_of(JUNE).indicators(MARCH)}
        assert (known_then["I4.2e"].value, known_now["I4.2e"].value) == (1, 2)
        assert (known_then["I4.2a"].variant("sessions").value, known_now["I4.2a"].variant("sessions").value) == (2, 3)
        assert (known_then["I4.2e"].position, known_now["I4.2e"].position) == (june, community.position)
        assert known_then == {one.id: one for one in community.as_of(june).indicators(MARCH)}
        assert {one.value for one in community.as_of(START).indicators(MARCH) if one.id == "I4.2e"} == {0}
        assert all(
            one.value == 0 for one in community.indicators(Period.parse("2026-06-01/2026-08-01")) if one.id == "I4.2e"
        )


def test_there_is_a_figure_for_every_number_of_the_card_and_every_derived_one():
    found = figures()
    assert list(found) == list(DEFINITIONS)
    assert {one.period for one in found.values()} == {MARCH}
    assert [one.id for one in found.values() if one.target is not None] == ["I1.1"]


def test_records_are_rows_of_figures_and_of_their_variants():
    rows = told(Indicators, *stories.pilot()).records(MARCH)
    assert [row["indicator"] for row in rows if not row["variant"]] == list(DEFINITIONS)
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    (first, second, *_) = rows
    assert first == {
        "indicator": "I1.1",
        "phase": 1,
        "title": "Recipients enrolled",
        "split": "",
        "variant": "",
        "value": 3,
        "unit": "persons",
        "target": 22,
        "scope": "partner firms",
        "period": "2026-03-01/2026-04-01",
        "position": len(stories.pilot()),
    }
    assert (second["variant"], second["value"], second["target"]) == ("all member firms", 5, None)


def test_records_are_of_the_time_of_the_project_unless_told_otherwise():
    view = told(Indicators, *stories.pilot())
    assert view.period == stories.YEAR
    assert view.records() == view.records(stories.YEAR)
    assert Indicators().records() == []
    assert Indicators().period is None


def test_what_was_reported_stands_beside_what_is_known():
    told_of = (Figure(indicator="I1.1", value=3), Figure(indicator="I2.1", value=0), Figure(indicator="Z9", value=7))
    story = [stories.report(figures=told_of, position=20, period=MARCH), stories.meeting()]
    rows = told(Indicators, *stories.pilot(), *story).reported()
    assert [(row["indicator"], row["reported"], row["known"]) for row in rows] == [
        ("I1.1", 3, 3),
        ("I2.1", 0, 1),
        ("Z9", 7, None),
    ]
    assert {(row["report"], row["period"], row["position"]) for row in rows} == {("r1", str(MARCH), 20)}


def test_no_such_figure_is_malformed():
    with pytest.raises(Malformed, match=r"no indicator 'I9\.9'"):
        Indicators().one("I9.9", MARCH)
