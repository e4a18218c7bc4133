"""Which supplier a survey speaks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import agreement, network_of, survey

from wis_engine.network.choice import choices, ranked
from wis_engine.network.guidance import Survey, SurveyCriterion


def surveyed(name, quality, price):
    criteria = (SurveyCriterion(criterion="staff", score_percent=quality),)
    return Survey(id=name, supplier=f"s-{name}", service="errands", criteria=criteria, price_cents=price)


def test_criteria_weigh_what_they_say_and_the_mean_is_rounded_down():
    criteria = (
        SurveyCriterion(criterion="staff", weight=2, score_percent=80),
        SurveyCriterion(criterion="place", score_percent=51),
    )
    assert Survey(id="x", supplier="s", service="errands", criteria=criteria, price_cents=1).quality_percent == 70


@pytest.mark.parametrize(
    ("surveys", "order"),
    [
        ([], []),
        ([surveyed("a", 80, 2_000)], ["a"]),
        ([surveyed("a", 80, 2_000), surveyed("b", 80, 1_999)], ["b", "a"]),
        ([surveyed("a", 80, 2_000), surveyed("b", 81, 2_000)], ["b", "a"]),
        ([surveyed("b", 40, 1_000), surveyed("a", 80, 2_000)], ["a", "b"]),
        ([surveyed("a", 90, 3_000), surveyed("b", 70, 2_000), surveyed("c", 0, 1)], ["b", "a", "c"]),
    ],
)
def test_the_first_gives_most_quality_for_the_euro(surveys, order):
    assert [one.id for one in ranked(surveys)] == order


@given(
    found=st.lists(st.tuples(st.integers(0, 100), st.integers(1, 5_000)), max_size=5),
    shuffled=st.randoms(use_true_random=False),
)
def test_the_order_does_not_depend_on_the_order_of_asking(found, shuffled):
    surveys = [surveyed(f"x{number}", *one) for number, one in enumerate(found)]
    other = list(surveys)
    shuffled.shuffle(other)
    assert ranked(surveys) == ranked(other)


def test_a_choice_is_explained_by_what_was_compared():
    network = network_of(
        survey("sv1", supplier="s1"),
        survey("sv2", supplier="s2", price_cents=1_600),
        agreement("a9", "hw", supplier="s1", surveys=("sv1", "sv2"), reason="near"),
    )
    first, second = choices(network, "a9")
    assert (first.supplier, first.place, first.price_cents, first.chosen) == ("s2", 1, 1_600, False)
    assert (second.supplier, second.place, second.quality_percent, second.chosen) == ("s1", 2, 80, True)
    assert choices(network, "a1") == ()
