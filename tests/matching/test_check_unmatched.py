"""What is said of a need that is left out is held against the problem, whoever sealed the plan."""

import attrs
import pytest

from wis_engine.errors import PlanError
from wis_engine.matching import Explanation, Need, Offer, Option, Problem, Step, Unserved, solve
from wis_engine.matching.explain import Fallen
from wis_engine.values import PriceTier


def refusal(problem, need, **said):
    """The rule for which a plan is refused once it says something else of a need; None when it is taken."""
    plan = solve(problem, "exact")
    unmatched = tuple(
        attrs.evolve(one, **{"reasons": (), "fallen": (), "short_by": 0} | said) if one.need == need else one
        for one in plan.unmatched
    )
    assert need in {one.need for one in unmatched}
    try:
        attrs.evolve(plan, unmatched=unmatched).sealed().check(problem)
    except PlanError as error:
        return str(error.rule)
    return None


def fell(**counts):
    return tuple(Fallen(stage=Unserved(stage), offers=count) for stage, count in counts.items())


FILTERED = Problem(
    needs=[Need(id="n", minutes=60, service="s", zone=1)],
    offers=[
        Offer(id="o1", service="t", capacity_minutes=60),
        Offer(id="o2", service="s", capacity_minutes=60, zones=[2]),
    ],
)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"reasons": (Unserved.DISTANCE,), "fallen": fell(service=1, distance=1)}, None),
        ({"reasons": (Unserved.BUDGET,)}, "needs"),
        ({"reasons": (Unserved.CAPACITY,), "fallen": fell(service=1, distance=1)}, "needs"),
        ({"reasons": (Unserved.SERVICE,), "fallen": fell(service=1, distance=1)}, "needs"),
        ({"reasons": (Unserved.DISTANCE,), "fallen": fell(service=2)}, "needs"),
        ({"reasons": (Unserved.DISTANCE,), "fallen": fell(distance=1, service=1)}, "needs"),
        ({"reasons": (Unserved.DISTANCE,), "fallen": fell(service=1, distance=2)}, "needs"),
        ({"reasons": (Unserved.DISTANCE,), "fallen": fell(service=1, distance=1), "short_by": 1}, "needs"),
        ({"reasons": (Unserved.CHAIN,), "fallen": fell(service=1, distance=1)}, "needs"),
    ],
)
def test_the_filter_nobody_passes_is_counted_again(said, rule):
    assert refusal(FILTERED, "n", **said) == rule


@pytest.mark.parametrize(
    "got",
    [
        {"served": True, "pool": "p", "share_cents": 4, "people": 3},
        {"served": True},
        {"pool": "p"},
        {"people": 1},
        {"offers": ("o1",)},
        {"saving_cents": 9},
        {"tiers": (PriceTier(price_cents=1),)},
    ],
)
def test_a_need_left_out_got_nothing(got):
    true = {"reasons": (Unserved.DISTANCE,), "fallen": fell(service=1, distance=1)}
    assert refusal(FILTERED, "n", **true) is None
    assert refusal(FILTERED, "n", **true, **got) == "needs"


SHORT = Problem(
    needs=[Need(id="n", minutes=60), Need(id="p", minutes=60, price_limit_cents=5)],
    offers=[Offer(id="o", capacity_minutes=600, group_min=3)],
    options=[Option(need=need, offer="o", minutes=60, price_cents=1) for need in "np"],
)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"reasons": (Unserved.GROUP,), "short_by": 1}, None),
        ({"reasons": (Unserved.GROUP,)}, "needs"),
        ({"reasons": (Unserved.CAPACITY,), "short_by": 1}, "needs"),
        ({"reasons": (Unserved.GROUP, Unserved.CAPACITY), "short_by": 1}, "needs"),
        ({"reasons": (Unserved.GROUP, Unserved.GROUP), "short_by": 1}, "needs"),
        ({}, None),
        ({"short_by": 1}, "needs"),
        ({"reasons": (Unserved.SERVICE,)}, "needs"),
        ({"reasons": (Unserved.TIME,), "fallen": fell(time=1)}, "needs"),
        ({"reasons": (Unserved.PRICE,)}, "needs"),
        ({"reasons": (Unserved.BUDGET,)}, "needs"),
        ({"reasons": (Unserved.OVERLAP,)}, "needs"),
        ({"reasons": (Unserved.CHAIN,), "fallen": fell(chain=1)}, "needs"),
    ],
)
def test_what_stands_in_the_way_suits_what_the_need_asks_for(said, rule):
    assert refusal(SHORT, "n", **said) == rule


def test_a_budget_is_named_where_one_pays_for_the_service():
    assert refusal(SHORT, "p", reasons=(Unserved.BUDGET,)) == "needs"


def test_a_chain_that_does_not_join_is_counted_step_by_step():
    steps = [Step(service="a", minutes=30), Step(service="b", minutes=30)]
    offers = [
        Offer(id="o1", supplier="s", service="a", capacity_minutes=600),
        Offer(id="o2", supplier="s", service="b", capacity_minutes=600),
        Offer(id="o3", supplier="s", service="b", capacity_minutes=600, zones=[1]),
        Offer(id="o4", supplier="s", service="c", capacity_minutes=600),
    ]
    problem = Problem(needs=[Need(id="n", minutes=60, steps=steps)], offers=offers)
    true = fell(service=1, distance=1, chain=2)
    assert solve(problem, "exact").unmatched == (
        Explanation(need="n", served=False, reasons=(Unserved.CHAIN,), fallen=true),
    )
    assert refusal(problem, "n", reasons=(Unserved.CHAIN,), fallen=true) is None
    assert refusal(problem, "n", reasons=(Unserved.CHAIN,), fallen=fell(service=2, chain=2)) == "needs"
