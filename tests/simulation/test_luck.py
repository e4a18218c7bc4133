import pytest

from wis_engine.simulation.draws import Draws
from wis_engine.simulation.luck import Luck


@pytest.fixture
def luck():
    found = Luck(Draws(1))
    found.origins |= {"need-1": "homework.h01-3.2023-03-01.0", "need-2": "laundry.h04-1.2023-03-01.0"}
    return found


def test_luck_is_of_the_origin_and_not_of_the_id(luck):
    luck.origins["need-9"] = luck.origins["need-1"]
    days = [f"2023-03-{day:02d}" for day in range(1, 32)]
    assert [luck.happens("confirmed_percent", "need-1", day) for day in days] == [
        luck.happens("confirmed_percent", "need-9", day) for day in days
    ]
    assert luck.between("settled_after_days", "need-1") == luck.between("settled_after_days", "need-9")


@pytest.mark.parametrize(("percent", "expected"), [(0, set()), (100, {True})])
def test_odds_of_nothing_and_of_all(luck, percent, expected):
    drawn = {luck.chance("stream", percent, "need-1", number) for number in range(200)}
    assert drawn - {False} == expected
    assert (False in drawn) == (not percent)


def test_what_is_drawn_stays_between_the_least_and_the_most(luck):
    least, most = luck.odds["settled_after_days"]
    drawn = {luck.between("settled_after_days", "need-1", number) for number in range(300)}
    assert drawn == set(range(least, most + 1))
    scores = {luck.pick("scores", "need-2", number) for number in range(300)}
    assert scores == set(range(len(luck.odds["scores"])))
