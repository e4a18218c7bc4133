"""Shapes of problems that no strategy was made for, with options that are given.

Every strategy either refuses with an error of ours or makes a plan that keeps
the rules, whose certificate no other plan contradicts, and that is the same
whatever order things come in.
"""

import contextlib
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wis_engine.errors import StrategyError
from wis_engine.matching import Budget, Need, Offer, Option, Plan, Problem, solve
from wis_engine.values import PriceTier

STRATEGIES = ("by_firm", "by_zone", "greedy", "stable", "flow", "exact", "optimal")
NUMBERS = st.integers
# Each example solves a problem a dozen times.
FEW = settings().max_examples // 16


@st.composite
def drawn(
    draw, *, needs=(2, 9), offers=(1, 4), minutes=(1, 25), prices=(0, 50), of_need=None, of_offer=None, ids="n{}"
):
    """Draw a problem whose needs, offers and options are of one shape."""
    many, few = draw(NUMBERS(*needs)), draw(NUMBERS(*offers))
    names = [ids.format(number) for number in range(many)]
    sellers = [ids.format(number).replace("n", "o") for number in range(few)]
    dense = draw(st.booleans())
    options = [
        Option(need=need, offer=offer, minutes=draw(NUMBERS(*minutes)), price_cents=draw(NUMBERS(*prices)))
        for need in names
        for offer in sellers
        if dense or draw(st.booleans())
    ]
    asked = Counter()
    for option in options:
        asked[option.offer] += option.minutes
    return Problem(
        needs=[Need(id=name, minutes=draw(NUMBERS(1, 3)), **(of_need(draw) if of_need else {})) for name in names],
        offers=[
            Offer(
                id=name,
                **({"capacity_minutes": asked[name] // few} | (of_offer(draw, asked[name]) if of_offer else {})),
            )
            for name in sellers
        ],
        options=options,
        budgets=[Budget(id="g", cap_cents=draw(NUMBERS(0, 60)), share_percent=50)] if of_need else [],
    )


def tiered(draw):
    froms = sorted(draw(st.sets(NUMBERS(1, 4), min_size=1, max_size=3)))
    prices = sorted((draw(NUMBERS(0, 60)) for _ in froms), reverse=draw(st.booleans()))
    return [PriceTier(people_from=people, price_cents=cents) for people, cents in zip(froms, prices, strict=True)]


SHAPES = {
    "very tight capacity": drawn(minutes=(20, 25), of_offer=lambda draw, asked: {"capacity_minutes": asked // 3}),
    "capacity that cannot be filled": drawn(
        minutes=(7, 7), of_offer=lambda draw, asked: {"capacity_minutes": 7 * draw(NUMBERS(0, 4)) + 6}
    ),
    "one offer": drawn(offers=(1, 1)),
    "one need": drawn(needs=(1, 1)),
    "prices of zero": drawn(prices=(0, 0)),
    "minutes of zero": drawn(minutes=(0, 1)),
    "equal prices": drawn(prices=(9, 9), minutes=(5, 5)),
    "many needs on two offers": drawn(needs=(20, 30), offers=(2, 2)),
    "openings alone": drawn(prices=(0, 0), of_offer=lambda draw, asked: {"opening_cents": draw(NUMBERS(0, 90))}),
    "openings and prices": drawn(
        of_offer=lambda draw, asked: {"opening_cents": draw(NUMBERS(0, 90)), "capacity_minutes": asked}
    ),
    "price limits": drawn(of_need=lambda draw: {"price_limit_cents": draw(NUMBERS(0, 40))}),
    "price limits of households": drawn(
        of_need=lambda draw: {"price_limit_cents": draw(NUMBERS(0, 40)), "household": draw(st.sampled_from("ab"))}
    ),
    "smallest groups": drawn(
        of_offer=lambda draw, asked: {"group_min": draw(NUMBERS(1, 4)), "capacity_minutes": asked, "opening_cents": 7}
    ),
    "largest groups": drawn(
        of_need=lambda draw: {"group_max": draw(NUMBERS(1, 3))},
        of_offer=lambda draw, asked: {"group_max": draw(NUMBERS(2, 4)), "group_min": 2, "capacity_minutes": asked},
    ),
    "tiers": drawn(of_offer=lambda draw, asked: {"tiers": tiered(draw), "capacity_minutes": asked // 2}),
    "priorities": drawn(of_need=lambda draw: {"priority": draw(NUMBERS(0, 3)), "firm": draw(st.sampled_from("fg"))}),
    "odd ids": drawn(ids="-n.{}_"),
    "ids like numbers": drawn(ids="{}"),
    "ids in both tables": drawn(ids="N{}"),
}


def turned(problem):
    """Give the same problem with everything in the opposite order."""
    return Problem(
        needs=problem.needs[::-1],
        offers=problem.offers[::-1],
        options=problem.options[::-1],
        budgets=problem.budgets[::-1],
    )


def plan_of(problem, strategy):
    with contextlib.suppress(StrategyError):
        return solve(problem, strategy, effort=6)
    return None


def require_room(plan, problem):
    """Count minutes again, with nothing of the library but what a pool says."""
    minutes = {(option.need, option.offer): option.minutes for option in problem.options}
    used = Counter()
    for pool in plan.pools:
        for need in pool.needs:
            used[pool.offer] += minutes[need, pool.offer]
    assert all(used[offer.id] <= offer.capacity_minutes for offer in problem.offers)
    assert sorted([*plan.covered, *(one.need for one in plan.unmatched)]) == [need.id for need in problem.needs]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_strategy_refuses_or_plans_and_no_certificate_is_contradicted(shape):
    @settings(max_examples=FEW)
    @given(SHAPES[shape])
    def holds(problem):
        assert Problem.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem
        plans = {}
        for strategy in STRATEGIES:
            plan = plan_of(problem, strategy)
            if plan is not None:
                plan.check(problem)
                require_room(plan, problem)
                assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
                plans[strategy] = [level.value for level in plan.certificate.levels], plan.certificate
        assert {"by_firm", "by_zone", "greedy", "optimal"} <= plans.keys()
        for (covered, household, public), _ in plans.values():
            for (least, _, _), certificate in plans.values():
                levels = certificate.levels
                assert covered <= levels[0].bound
                if covered >= least:
                    assert household >= levels[1].bound
                if covered >= least and household <= levels[1].value:
                    assert public >= levels[2].bound
        assert min(plans["optimal"], plans["greedy"], key=lambda one: (-one[0][0], *one[0][1:])) == plans["optimal"]

    holds()


@settings(max_examples=2 * FEW)
@given(st.one_of(*SHAPES.values()))
def test_the_same_plan_whatever_order_things_come_in(problem):
    for strategy in STRATEGIES:
        plan, again = plan_of(problem, strategy), plan_of(turned(problem), strategy)
        assert (plan is None) == (again is None)
        assert plan is None or json.dumps(again.to_dict()) == json.dumps(plan.to_dict())


def test_numbers_at_their_largest_and_nothing_at_all():
    most = 10**12
    needs = [Need(id="a", minutes=1), Need(id="b", minutes=1)]
    options = [Option(need=need, offer="o", minutes=most, price_cents=most) for need in ("a", "b")]
    problem = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=most)], options=options)
    empty = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=0)], options=[])
    for strategy in STRATEGIES:
        plan = solve(problem, strategy, effort=5)
        assert len(plan.covered) == 1
        assert plan.certificate.levels[0].bound >= 1
        assert not solve(empty, strategy, effort=5).covered
