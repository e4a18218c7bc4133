"""`optimal` beside the truth for small problems, and its bounds above it."""

from hypothesis import given, settings
from problems import problems

from wis_engine.matching import solve

# Each example solves a problem several times: a part of the profile's number is enough for a run.
FEW = settings().max_examples // 2


def rank(plan):
    covered, household, public = (level.value for level in plan.certificate.levels)
    return -covered, household, public


@settings(max_examples=FEW)
@given(problems())
def test_optimal_is_between_greedy_and_exact_and_its_bounds_hold(problem):
    best = solve(problem, "exact")
    plan, greedy = (solve(problem, strategy, effort=20) for strategy in ("optimal", "greedy"))
    assert rank(plan) <= rank(greedy)
    covered, household, public = plan.certificate.levels
    if best.certificate.enumerated:
        assert rank(best) <= rank(plan)
        assert covered.bound >= -rank(best)[0]
        if covered.value == -rank(best)[0]:
            assert household.bound <= rank(best)[1]
            assert public.bound <= rank(plan)[2]
