import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import budgets

from wis_engine.matching import Budget, Drawn, Need, Offer, Option, Problem, solve
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


def test_budgets_alike_pay_in_order_of_id_each_within_its_part_and_household():
    needs = [Need(id="a", minutes=1, household="h"), Need(id="b", minutes=1, household="h")]
    money = [
        Budget(id="g1", cap_cents=9_000, share_percent=30, household_cap_cents=400),
        Budget(id="g2", cap_cents=9_000, share_percent=80),
        Budget(id="g3", cap_cents=9_000, services=["other"]),
    ]
    assert grants(needs, money) == {"a": {"g1": 300, "g2": 700}, "b": {"g1": 100, "g2": 800}}


@pytest.mark.parametrize("general", ["b1", "z1"])
def test_what_may_pay_for_little_is_spent_before_what_may_pay_for_much(general):
    needs = [Need(id=name, minutes=60, service=name, price_limit_cents=0) for name in ("a", "b")]
    money = [
        Budget(id=general, cap_cents=100),
        Budget(id="m1", cap_cents=100, services=["a", "c"]),
        Budget(id="m2", cap_cents=30, services=["a"]),
    ]
    tiers = [PriceTier(price_cents=100)]
    offers = [Offer(id=f"o{name}", service=name, capacity_minutes=60, tiers=tiers) for name in ("a", "b")]
    plan = solve(Problem(needs=needs, offers=offers, budgets=money), "exact")
    assert {need: granted for pool in plan.pools for need, granted in pool.grants.items()} == {
        "a": {"m1": 70, "m2": 30},
        "b": {general: 100},
    }


def test_a_need_without_household_shares_no_ceiling_with_the_household_of_its_name():
    needs = [Need(id="h1", minutes=1, price_limit_cents=900), Need(id="n2", minutes=1, household="h1")]
    money = [Budget(id="g", cap_cents=1_000, household_cap_cents=100)]
    assert grants(needs, money) == {"h1": {"g": 100}, "n2": {"g": 100}}
    held = [Budget(id="g", cap_cents=1_000, household_cap_cents=100, drawn=[Drawn(household="h1", cents=100)])]
    assert grants(needs, held) == {"h1": {"g": 100}, "n2": {}}
