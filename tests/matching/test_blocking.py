"""Blocking pairs: read from a plan whatever made it."""

import attrs
import pytest

from wis_engine.matching import (
    BlockingPair,
    Budget,
    Criterion,
    Need,
    Offer,
    Option,
    Placement,
    Problem,
    Proposal,
    Stable,
    blocking_pairs,
    solve,
)
from wis_engine.values import Point, PriceTier


def placed(**pairs):
    """A strategy that gives each need one offer, alone."""

    def strategy(problem, *, seed, effort):
        return Proposal(placements=[Placement(needs=[need], offers=[offer]) for need, offer in pairs.items()])

    return strategy


def priced(prices, capacity_minutes=60, priorities=(0, 0), **more):
    needs = [
        Need(id=f"n{row}", minutes=60, priority=priority, **more)
        for row, (_, priority) in enumerate(zip(prices, priorities, strict=True))
    ]
    offers = [Offer(id=f"o{at}", capacity_minutes=capacity_minutes) for at in range(len(prices[0]))]
    options = [
        Option(need=f"n{row}", offer=f"o{at}", minutes=60, price_cents=cents)
        for row, line in enumerate(prices)
        for at, cents in enumerate(line)
    ]
    return Problem(needs=needs, offers=offers, options=options)


def test_two_who_would_both_rather_have_each_other_block():
    problem = priced([[1, 2], [1, 2]], priorities=(0, 1))
    assert blocking_pairs(problem, solve(problem, placed(n0="o0", n1="o1"))) == (
        BlockingPair(need="n1", offer="o0", displaced=("n0",)),
    )
    assert blocking_pairs(problem, solve(problem, placed(n0="o1", n1="o0"))) == ()


def test_room_is_enough_to_block_and_so_is_having_nothing():
    problem = priced([[1, 2], [1, 2]], capacity_minutes=120)
    assert blocking_pairs(problem, solve(problem, placed(n0="o1"))) == (
        BlockingPair(need="n0", offer="o0"),
        BlockingPair(need="n1", offer="o0"),
        BlockingPair(need="n1", offer="o1"),
    )


def test_whoever_is_over_its_limit_alone_does_not_block_unless_public_money_helps():
    problem = priced([[900, 300], [1, 1]], price_limit_cents=400)
    plan = solve(problem, placed(n1="o1"))
    assert [pair.offer for pair in blocking_pairs(problem, plan) if pair.need == "n0"] == ["o1"]
    helped = attrs.evolve(problem, budgets=[Budget(id="g", cap_cents=900, share_percent=60)])
    plan = solve(helped, placed(n1="o1"))
    assert [pair.offer for pair in blocking_pairs(helped, plan) if pair.need == "n0"] == ["o0", "o1"]


def test_as_many_are_sent_away_as_it_takes_the_least_liked_first():
    needs = [
        Need(id=name, minutes=60, priority=priority) for name, priority in (("a", 0), ("b", 1), ("c", 2), ("d", 3))
    ]
    used = {"a": 30, "b": 30, "c": 50, "d": 10}
    options = [Option(need=name, offer="o", minutes=minutes, price_cents=1) for name, minutes in used.items()]
    problem = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=70)], options=options)
    plan = solve(problem, placed(a="o", b="o", d="o"))
    assert blocking_pairs(problem, plan) == (BlockingPair(need="c", offer="o", displaced=("a", "b")),)


def test_preferences_are_those_of_the_strategy_that_is_asked_about():
    here, there = Point(45_460_000, 9_190_000), Point(45_461_000, 9_190_000)
    offers = [
        Offer(id="cheap", service="s", capacity_minutes=60, place=there, tiers=[PriceTier(price_cents=1)]),
        Offer(id="near", service="s", capacity_minutes=60, place=here, tiers=[PriceTier(price_cents=2)]),
    ]
    problem = Problem(needs=[Need(id="n", minutes=60, service="s", place=here)], offers=offers)
    plan = solve(problem, "greedy")
    assert blocking_pairs(problem, plan) == ()
    nearest = Stable(by=[Criterion.DISTANCE])
    assert [pair.offer for pair in blocking_pairs(problem, plan, nearest)] == ["near"]


@pytest.mark.parametrize("strategy", ["exact", "flow"])
def test_cheapest_for_all_together_may_block(strategy):
    # Together 1 + 3 beats 2 + 9, but the second is liked better and would rather pay 2.
    problem = priced([[1, 9], [2, 3]], priorities=(0, 1))
    (pair,) = blocking_pairs(problem, solve(problem, strategy))
    assert (pair.need, pair.offer) == ("n1", "o0")
