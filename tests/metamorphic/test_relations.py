"""What must not change, or may change in one way only, when a problem is changed."""

import datetime as dt
import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import problems, timed_problems

from wis_engine.matching import Budget, Need, Offer, Problem, solve
from wis_engine.plain import canonical
from wis_engine.values import Period, Point, PriceTier

STRATEGIES = ("by_firm", "by_zone", "greedy", "exact")
FAR_MICRODEGREES = 500_000
# Each example solves a problem several times: a part of the profile's number is enough for a run.
FEW = settings().max_examples // 2


def covered(problem, strategy="exact"):
    return solve(problem, strategy).certificate.levels[0].value


def groups(plan):
    return [(pool.needs, pool.offer, str(pool.starts)) for pool in plan.pools]


@settings(max_examples=FEW)
@given(problems(), st.integers(0, 99))
def test_the_order_of_the_input_changes_no_byte(problem, seed):
    def shuffled(things):
        listed = list(things)
        random.Random(seed).shuffle(listed)
        return listed

    other = Problem(
        needs=shuffled(problem.needs),
        offers=shuffled(problem.offers),
        options=None if problem.options is None else shuffled(problem.options),
        budgets=shuffled(problem.budgets),
        commitments=shuffled(problem.commitments),
        closed_days=problem.closed_days,
    )
    for strategy in STRATEGIES:
        assert canonical(solve(problem, strategy)) == canonical(solve(other, strategy))


@settings(max_examples=FEW)
@given(timed_problems())
def test_names_in_the_same_order_give_the_same_plan(problem):
    other = attrs.evolve(
        problem,
        needs=[attrs.evolve(need, id=f"need-{need.id}") for need in problem.needs],
        offers=[attrs.evolve(offer, id=f"z.{offer.id}") for offer in problem.offers],
        commitments=[
            attrs.evolve(one, offer=one.offer if one.offer == "gone" else f"z.{one.offer}")
            for one in problem.commitments
        ],
    )
    for strategy in STRATEGIES:
        plan, same = solve(problem, strategy), solve(other, strategy)
        assert [
            (tuple(f"need-{need}" for need in pool.needs), str(pool.starts), pool.price_cents) for pool in plan.pools
        ] == [(pool.needs, str(pool.starts), pool.price_cents) for pool in same.pools]


@settings(max_examples=FEW)
@given(timed_problems())
def test_other_names_give_the_same_value(problem):
    """Ties go by name, and public money at a tie of priority too: only what is covered without it is anonymous."""
    free = attrs.evolve(problem, budgets=[])
    names = {need.id: f"n{9 - int(need.id[1:])}" for need in free.needs}
    other = attrs.evolve(free, needs=[attrs.evolve(need, id=names[need.id]) for need in free.needs])
    mine, theirs = solve(free, "exact").certificate, solve(other, "exact").certificate
    if mine.enumerated and theirs.enumerated:
        assert [level.value for level in mine.levels] == [level.value for level in theirs.levels]


@settings(max_examples=FEW)
@given(timed_problems(needs_max=4, offers_max=2), st.data())
def test_more_never_covers_less(problem, data):
    change = data.draw(st.sampled_from(["capacity", "minimum", "limit", "budget", "offer", "need", "at once"]))
    extra = data.draw(timed_problems(needs_max=1, offers_max=1))
    match change:
        case "capacity":
            more = {"offers": [attrs.evolve(one, capacity_minutes=one.capacity_minutes + 60) for one in problem.offers]}
        case "at once":
            more = {"offers": [attrs.evolve(one, capacity_per_slot=None) for one in problem.offers]}
        case "minimum":
            more = {"offers": [attrs.evolve(one, group_min=1) for one in problem.offers]}
        case "limit":
            more = {"needs": [attrs.evolve(one, price_limit_cents=None) for one in problem.needs]}
        case "budget":
            more = {"budgets": [*problem.budgets, Budget(id="more", cap_cents=500)]}
        case "offer":
            more = {"offers": [*problem.offers, attrs.evolve(extra.offers[0], id="more")]}
        case "need":
            more = {"needs": [*problem.needs, attrs.evolve(extra.needs[0], id="nz", priority=0)]}
    after = attrs.evolve(problem, **more)
    mine, theirs = solve(problem, "exact").certificate, solve(after, "exact").certificate
    if mine.enumerated and theirs.enumerated:
        assert theirs.levels[0].value >= mine.levels[0].value


@settings(max_examples=FEW)
@given(timed_problems())
def test_a_need_that_is_not_covered_may_as_well_not_be_there(problem):
    plan = solve(problem, "exact")
    served = [need for need in problem.needs if need.id in plan.covered]
    if plan.certificate.enumerated:
        fewer = solve(attrs.evolve(problem, needs=served), "exact").certificate
        assert [level.value for level in fewer.levels] == [level.value for level in plan.certificate.levels]


@settings(max_examples=FEW)
@given(timed_problems(), st.integers(2, 5))
def test_all_money_times_a_number_gives_the_same_pools(problem, times):
    """Shares that divide evenly: openings and percentages round, so they stay out."""

    def scaled(cents):
        return None if cents is None else cents * times

    plain = attrs.evolve(
        problem,
        offers=[attrs.evolve(offer, opening_cents=0, unit_minutes=0) for offer in problem.offers],
        budgets=[attrs.evolve(budget, share_percent=100) for budget in problem.budgets],
    )
    dearer = attrs.evolve(
        plain,
        needs=[attrs.evolve(need, price_limit_cents=scaled(need.price_limit_cents)) for need in plain.needs],
        offers=[
            attrs.evolve(
                offer, tiers=[attrs.evolve(tier, price_cents=scaled(tier.price_cents)) for tier in offer.tiers]
            )
            for offer in plain.offers
        ],
        budgets=[
            attrs.evolve(
                budget, cap_cents=scaled(budget.cap_cents), household_cap_cents=scaled(budget.household_cap_cents)
            )
            for budget in plain.budgets
        ],
    )
    for strategy in STRATEGIES:
        mine, theirs = solve(plain, strategy), solve(dearer, strategy)
        assert groups(mine) == groups(theirs)
        assert [scaled(pool.price_cents) for pool in mine.pools] == [pool.price_cents for pool in theirs.pools]


def copy_far_away(problem):
    """Another town with the same needs and offers, where nobody of this one goes."""

    def moved(point):
        return Point(point.lat_microdegrees + FAR_MICRODEGREES, point.lon_microdegrees)

    here = Point(45_460_000, 9_190_000)
    town = attrs.evolve(
        problem,
        needs=[attrs.evolve(need, place=need.place or here) for need in problem.needs],
        offers=[
            attrs.evolve(offer, place=offer.place or here, radius_m=offer.radius_m or 5_000) for offer in problem.offers
        ],
        budgets=[],
    )
    far_needs = [
        attrs.evolve(
            need,
            id=f"far-{need.id}",
            place=moved(need.place),
            household=need.household and f"far-{need.household}",
            firm=need.firm and f"far-{need.firm}",
            beneficiary=need.beneficiary and f"far-{need.beneficiary}",
        )
        for need in town.needs
    ]
    far_offers = [
        attrs.evolve(
            offer,
            id=f"far-{offer.id}",
            place=moved(offer.place),
            supplier=offer.supplier and f"far-{offer.supplier}",
        )
        for offer in town.offers
    ]
    far_promises = [
        attrs.evolve(one, offer=f"far-{one.offer}", beneficiaries=frozenset(f"far-{who}" for who in one.beneficiaries))
        for one in town.commitments
    ]
    both = attrs.evolve(
        town,
        needs=[*town.needs, *far_needs],
        offers=[*town.offers, *far_offers],
        commitments=[*town.commitments, *far_promises],
    )
    return town, both


@settings(max_examples=FEW)
@given(timed_problems(), st.dates(dt.date(2025, 1, 1), dt.date(2027, 1, 1)), st.sampled_from(["need", "offer"]))
def test_a_date_on_a_thing_that_concerns_nobody_moves_nothing(problem, day, kind):
    far = {"id": "zz", "service": "far-away", "period": Period.day(day)}
    if kind == "need":
        other = attrs.evolve(problem, needs=[*problem.needs, Need(minutes=60, **far)])
    else:
        other = attrs.evolve(problem, offers=[*problem.offers, Offer(capacity_minutes=60, **far)])
    for strategy in STRATEGIES:
        mine, theirs = solve(problem, strategy), solve(other, strategy)
        assert [attrs.evolve(pool, id="", chain=None) for pool in mine.pools] == [
            attrs.evolve(pool, id="", chain=None) for pool in theirs.pools
        ]
        assert mine.covered == theirs.covered


@settings(max_examples=FEW)
@given(timed_problems(needs_max=3, offers_max=2))
def test_two_towns_cover_twice_as_much(problem):
    town, both = copy_far_away(problem)
    mine, double = solve(town, "exact").certificate, solve(both, "exact", effort=4_000).certificate
    if mine.enumerated and double.enumerated:
        assert [level.value for level in double.levels] == [2 * level.value for level in mine.levels]
    assert double.levels[0].bound >= 2 * mine.levels[0].value


def single(**offer):
    return Problem(
        needs=[Need(id=f"n{k}", minutes=60, price_limit_cents=100) for k in range(2)],
        offers=[Offer(id="o", **{"capacity_minutes": 600} | offer)],
        budgets=[Budget(id="g", cap_cents=0)],
    )


EDGES = {
    "nothing": Problem(needs=[], offers=[]),
    "no offers": Problem(needs=[Need(id="n", minutes=1)], offers=[]),
    "no needs": Problem(needs=[], offers=[Offer(id="o", capacity_minutes=1)]),
    "no options": Problem(needs=[Need(id="n", minutes=1)], offers=[Offer(id="o", capacity_minutes=1)], options=[]),
    "no capacity": single(capacity_minutes=0),
    "no money": single(tiers=[PriceTier(price_cents=101)]),
    "a minimum above all": single(group_min=9),
    "all is well": single(),
}


@pytest.mark.parametrize("problem", EDGES.values(), ids=EDGES.keys())
def test_at_the_edges_everything_is_explained(problem):
    for strategy in STRATEGIES:
        plan = solve(problem, strategy)
        assert {need.id for need in problem.needs} == plan.covered | {one.need for one in plan.unmatched}
        assert all(str(plan.explain(need.id)) for need in problem.needs)
        assert bool(plan.pools) is (problem is EDGES["all is well"])


@settings(max_examples=FEW)
@given(problems(), st.integers(0, 99))
def test_matched_again_the_order_of_the_input_changes_no_byte(problem, seed):
    rng = random.Random(seed)
    later = attrs.evolve(
        problem,
        needs=[attrs.evolve(need, minutes=need.minutes + 15 * rng.randrange(2)) for need in problem.needs],
        offers=[attrs.evolve(offer, capacity_minutes=offer.capacity_minutes // 2) for offer in problem.offers],
    )
    other = attrs.evolve(later, needs=later.needs[::-1], offers=later.offers[::-1], budgets=later.budgets[::-1])
    for strategy in STRATEGIES:
        before = solve(problem, strategy)
        assert canonical(solve(later, strategy, previous=before, move_minutes=0)) == canonical(
            solve(other, strategy, previous=before, move_minutes=0)
        )


@settings(max_examples=FEW)
@given(timed_problems())
def test_a_new_need_that_nobody_serves_changes_no_pool(problem):
    later = attrs.evolve(problem, needs=[*problem.needs, Need(id="z", minutes=60, service="nobody-has-it")])
    for strategy in ("by_firm", "by_zone", "greedy"):
        before = solve(problem, strategy)
        plan = solve(later, strategy, previous=before, move_minutes=0)
        assert groups(plan) == groups(before)
        assert plan.since.kept == len(before.pools)
