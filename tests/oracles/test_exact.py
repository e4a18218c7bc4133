"""The exact strategy against every plan, and the others against it."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from problems import explicit_problems, problems, timed_problems

from wis_engine.errors import PlanError, StrategyError
from wis_engine.matching import Exact, Need, Placement, Problem, Proposal, solve
from wis_engine.values import WeekSlots

# Each example solves a problem several times: a part of the profile's number is enough for a run.
FEW = settings().max_examples // 2


def rank(plan):
    covered, household, public = (level.value for level in plan.certificate.levels)
    return -covered, household, public


def partitions(needs):
    """All ways to leave some needs out and split the others into groups."""
    if not needs:
        yield []
        return
    first, rest = needs[0], needs[1:]
    for others in partitions(rest):
        yield others
        yield [[first], *others]
        for place, group in enumerate(others):
            yield [*others[:place], [first, *group], *others[place + 1 :]]


def all_starts(problem, needs):
    """Every set of starts that a plain need may have in a week."""
    if problem.options is not None:
        return [None]
    slots = list(needs[0].slots)
    return [
        WeekSlots(sum(1 << slot for slot in chosen))
        for weekly in range(1, needs[0].sessions + 1)
        for chosen in combinations(slots, weekly)
    ]


def proposals(problem):
    for groups in partitions([need for need in problem.needs if not need.steps]):
        choices = [
            [
                Placement(needs=[need.id for need in group], offers=[offer.id], starts=starts)
                for offer in problem.offers
                for starts in all_starts(problem, group)
            ]
            for group in groups
        ]
        for placements in product(*choices):
            yield Proposal(placements=placements)


def legal(problem, proposal):
    try:
        return solve(problem, lambda _, *, seed, effort: proposal)
    except PlanError:
        return None


def assert_nothing_is_better(problem):
    best = solve(problem, "exact")
    assert best.certificate.enumerated
    value = {need.id: problem.value(need) for need in problem.needs}
    for proposal in proposals(problem):
        # What covers less is worse whatever it costs; it need not be worked out.
        if sum(value[need] for one in proposal.placements for need in one.needs) >= -rank(best)[0]:
            plan = legal(problem, proposal)
            assert plan is None or rank(plan) >= rank(best)


@settings(max_examples=FEW)
@given(explicit_problems(needs_max=4, offers_max=2))
def test_no_plan_of_given_options_is_better_than_exact(problem):
    assert_nothing_is_better(problem)


@settings(max_examples=FEW // 2)
@given(timed_problems(needs_max=2, offers_max=2, composite=False))
def test_no_plan_in_time_and_place_is_better_than_exact(problem):
    assert_nothing_is_better(problem)


@settings(max_examples=FEW)
@given(problems())
def test_no_heuristic_is_better_than_exact_nor_any_plan_than_its_bound(problem):
    best = solve(problem, "exact")
    for strategy in ("by_firm", "by_zone", "greedy"):
        plan = solve(problem, strategy)
        if best.certificate.enumerated:
            assert rank(best) <= rank(plan)
        covered, household, public = plan.certificate.levels
        assert covered.value <= covered.bound
        assert household.value >= household.bound
        assert public.value >= public.bound


@settings(max_examples=FEW)
@given(problems())
def test_greedy_is_never_worse_than_pooling_by_firm_or_zone(problem):
    greedy = rank(solve(problem, "greedy"))
    assert greedy <= rank(solve(problem, "by_firm"))
    assert greedy <= rank(solve(problem, "by_zone"))


def test_exact_refuses_more_needs_than_it_takes():
    problem = Problem(needs=[Need(id=f"n{k}", minutes=1) for k in range(3)], offers=[])
    with pytest.raises(StrategyError):
        solve(problem, Exact(needs_max=2))
    assert solve(problem, Exact(needs_max=3)).certificate.enumerated


def test_without_effort_exact_says_that_it_did_not_finish(rich):
    plan = solve(rich, "exact", effort=0)
    assert not plan.certificate.enumerated
    assert not plan.pools
