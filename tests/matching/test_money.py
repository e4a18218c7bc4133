import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import budgets

from wis_engine.matching import Budget, Need, Offer, Option, Problem, solve
from wis_engine.matching.money import (
    head_cents,
    least_head_cents,
    least_household_cents,
    most_granted_cents,
    reached_tier,
)
from wis_engine.values import PriceTier

TIERS = [
    PriceTier(people_from=1, units_from=0, price_cents=1200),
    PriceTier(people_from=1, units_from=10, price_cents=1100),
    PriceTier(people_from=4, units_from=5, price_cents=900),
]


@pytest.mark.parametrize(
    ("people", "minutes", "price"), [(1, 60, 1200), (3, 599, 1200), (1, 600, 1100), (4, 60, 1200), (4, 300, 900)]
)
def test_the_highest_tier_with_both_thresholds_reached_holds(people, minutes, price):
    offer = Offer(id="o", capacity_minutes=1, tiers=TIERS, unit_minutes=60)
    assert reached_tier(offer, people, minutes).price_cents == price


def test_a_price_by_unit_is_rounded_up_to_the_cent():
    offer = Offer(id="o", capacity_minutes=1, tiers=[PriceTier(price_cents=100)], unit_minutes=60)
    assert head_cents(offer, 1, 61, 0) == 102
    assert head_cents(Offer(id="o", capacity_minutes=1), 1, 61, 7) == 7


def test_the_least_price_looks_at_every_size_a_pool_may_have():
    offer = Offer(id="o", capacity_minutes=1, tiers=TIERS, unit_minutes=60, group_max=6)
    assert least_head_cents(offer, 300, 0, None) == 4500
    assert least_head_cents(offer, 300, 0, 3) == 6000


@given(st.lists(budgets(0), max_size=3), st.integers(0, 2_000), st.integers(0, 50))
def test_the_least_a_household_pays_is_a_bound_and_never_falls(listed, share, more):
    floor = least_household_cents(listed, share)
    assert floor <= share - most_granted_cents(listed, share)
    assert floor <= least_household_cents(listed, share + more)


def grants(needs, money):
    options = [Option(need=need.id, offer="o", minutes=1, price_cents=1000) for need in needs]
    plan = solve(Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=99)], options=options, budgets=money))
    return {need: granted for pool in plan.pools for need, granted in pool.grants.items()}


def test_limits_are_reached_before_anyone_gets_more():
    needs = [Need(id="a", minutes=1, priority=3), Need(id="b", minutes=1, price_limit_cents=600)]
    assert grants(needs, [Budget(id="g", cap_cents=500, share_percent=50)]) == {"a": {"g": 100}, "b": {"g": 400}}


def test_the_higher_priority_then_the_smaller_id_draws_first():
    needs = [Need(id="a", minutes=1), Need(id="b", minutes=1, priority=1), Need(id="c", minutes=1)]
    assert grants(needs, [Budget(id="g", cap_cents=700, share_percent=50)]) == {
        "a": {"g": 200},
        "b": {"g": 500},
        "c": {},
    }


def test_budgets_pay_in_order_of_id_each_within_its_part_and_household():
    needs = [Need(id="a", minutes=1, household="h"), Need(id="b", minutes=1, household="h")]
    money = [
        Budget(id="g1", cap_cents=9_000, share_percent=30, household_cap_cents=400),
        Budget(id="g2", cap_cents=9_000, share_percent=80),
        Budget(id="g3", cap_cents=9_000, services=["other"]),
    ]
    assert grants(needs, money) == {"a": {"g1": 300, "g2": 700}, "b": {"g1": 100, "g2": 800}}
