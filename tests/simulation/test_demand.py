import datetime as dt

import pytest

from wis_engine import catalogue
from wis_engine.simulation.card import period, table
from wis_engine.simulation.demand import asked_in, wishes
from wis_engine.simulation.draws import Draws
from wis_engine.values import Period, WeekSlots

WEEKDAYS = WeekSlots.parse("mon-fri 16:00-19:00")


@pytest.fixture(scope="module")
def drawn():
    return wishes(Draws(5), intensity_percent=100)


def test_the_same_seed_wishes_the_same(drawn):
    assert wishes(Draws(5), intensity_percent=100) == drawn
    assert wishes(Draws(6), intensity_percent=100) != drawn


def test_wishes_come_in_order_each_under_its_own_name(drawn):
    assert [wish.declared for wish in drawn] == sorted(wish.declared for wish in drawn)
    assert len({wish.origin for wish in drawn}) == len(drawn)


def test_more_intensity_brings_more_wishes(drawn):
    few = wishes(Draws(5), intensity_percent=20)
    assert 0 < len(few) * 2 < len(drawn)
    assert wishes(Draws(5), intensity_percent=0) == ()


def test_what_is_wished_lies_in_the_project_and_in_its_action(drawn):
    actions = {row["code"]: Period.parse(row["period"]) for row in table("card")["actions"]}
    for wish in drawn:
        assert period().covers(wish.need.period)
        assert actions[catalogue.service(wish.need.service).action].covers(wish.need.period)


def test_every_need_is_declared_before_the_match_before_its_first_day(drawn):
    for wish in drawn:
        assert table("card")["opening"]["offered"] <= wish.declared < wish.need.period.start.replace(day=1)


def test_colleagues_who_come_along_share_days_and_hours_only(drawn):
    together = [wish for wish in drawn if wish.origin.endswith("~")]
    assert together
    first = {wish.origin: wish.need for wish in drawn}
    for wish in together:
        with_whom = first.get(wish.origin.rstrip("~"))
        if with_whom:
            assert (wish.need.slots, wish.need.sessions) == (with_whom.slots, with_whom.sessions)
            assert wish.need.household != with_whom.household


def test_a_name_draws_the_other_luck_of_a_need():
    [wish, *_] = wishes(Draws(5), intensity_percent=100)
    named = wish.named("need-0001")
    assert named.need == "need-0001"
    assert (named.period, named.household) == (wish.need.period, wish.need.household)


@pytest.mark.parametrize(
    ("days", "sessions", "asked"),
    [
        (7, 3, 3),  # one week: as many as there are days
        (7, 9, 5),
        (14, 10, 10),  # two weeks without play
        (28, 8, 6),  # four weeks, one of play: twice a week
        (28, 2, 2),  # less than once a week
        (28, 30, 15),
    ],
)
def test_sessions_are_as_many_every_week(days, sessions, asked):
    start = dt.date(2023, 3, 6)
    when = Period(start, start + dt.timedelta(days=days))
    assert asked_in(when, WEEKDAYS, 90, sessions, frozenset()) == asked


def test_closed_days_take_their_room():
    monday = dt.date(2023, 3, 6)
    week = Period(monday, monday + dt.timedelta(days=7))
    assert asked_in(week, WeekSlots.parse("mon 16:00-19:00"), 90, 1, frozenset({monday})) == 0
