"""What a search tells, and how it is stopped."""

from itertools import pairwise

import attrs
import pytest

from wis_engine.errors import StrategyError
from wis_engine.matching import Need, Offer, Placement, Plan, Problem, Proposal, solve
from wis_engine.values import PriceTier, WeekSlots

TELLING = ("by_firm", "by_zone", "greedy", "exact", "optimal")


@pytest.fixture
def problem():
    """Six needs and two offers, of which the cheaper is too small: there are moves to try."""
    tiers = [PriceTier(price_cents=100), PriceTier(people_from=3, price_cents=50)]
    return Problem(
        needs=[Need(id=f"n{k}", minutes=60, firm="f", zone=1) for k in range(6)],
        offers=[
            Offer(id="o1", capacity_minutes=180, tiers=tiers, group_max=3),
            Offer(id="o2", capacity_minutes=120, tiers=[PriceTier(price_cents=90)], group_max=2),
        ],
    )


def placed(*needs):
    monday = WeekSlots.parse("mon 10:00-10:30")
    return Proposal(placements=[Placement(needs=[need], offers=["o1"], starts=monday) for need in needs])


@pytest.mark.parametrize("strategy", TELLING)
def test_a_search_tells_step_after_step_and_nothing_changes_by_it(problem, strategy):
    told = []
    plan = solve(problem, strategy, effort=6, progress=told.append)
    assert [one.step for one in told] == list(range(1, len(told) + 1))
    assert told
    assert all(later.value >= one.value for one, later in pairwise(told))
    assert told[-1].effort == 6
    assert told[-1].bound >= plan.certificate.levels[0].value >= told[-1].value
    assert plan.stopped is None
    assert plan == solve(problem, strategy, effort=6)


def test_the_gap_is_the_part_of_the_bound_that_is_missing(problem):
    told = []

    def strategy(problem, *, seed, effort, watch):
        watch.tell(60, placed, bound=180)
        watch.tell(120, placed, bound=240)
        return placed("n0")

    solve(problem, strategy, progress=told.append)
    assert [(one.value, one.bound, one.gap_ppm) for one in told] == [(60, 180, 666_667), (120, 180, 333_334)]


def test_a_strategy_that_takes_no_watch_goes_on_working(problem):
    plan = solve(problem, lambda problem, *, seed, effort: placed("n3"), progress=pytest.fail)
    assert plan.covered == {"n3"}


@pytest.mark.parametrize("strategy", TELLING)
def test_a_listener_that_says_so_ends_the_search(problem, strategy):
    told = []

    def listener(progress):
        told.append(progress)
        return progress.step == 2

    plan = solve(problem, strategy, progress=listener)
    plan.check(problem)
    assert plan.stopped == 2
    assert len([one for one in told if one.step > 2]) <= 5  # each search that is still to come hears it at once
    assert plan.certificate.levels[0].value >= told[-1].value
    assert Plan.from_dict(plan.to_dict()) == plan
    assert plan.digest != attrs.evolve(plan, stopped=None).sealed().digest


@pytest.mark.parametrize("strategy", TELLING)
def test_ctrl_c_gives_the_best_so_far(problem, strategy):
    told = []

    def interrupt(progress):
        told.append(progress)
        if progress.step == 3:
            raise KeyboardInterrupt

    plan = solve(problem, strategy, progress=interrupt)
    plan.check(problem)
    assert plan.stopped == 3
    assert plan.certificate.levels[0].value == told[-1].value


def test_a_stopped_exact_search_is_not_said_to_have_looked_at_everything(problem):
    few = attrs.evolve(problem, needs=problem.needs[:3])
    assert solve(few, "exact", effort=10_000).certificate.enumerated
    assert not solve(few, "exact", effort=10_000, progress=lambda _: True).certificate.enumerated


def test_ctrl_c_before_there_is_anything_goes_through(problem):
    def strategy(problem, *, seed, effort, watch):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve(problem, strategy)


def test_ctrl_c_in_a_strategy_that_takes_no_watch_goes_through(problem):
    def strategy(problem, *, seed, effort):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve(problem, strategy)


def test_the_best_told_remains_though_a_worse_was_told_later(problem):
    def strategy(problem, *, seed, effort, watch):
        watch.tell(120, lambda: placed("n0", "n1"))
        watch.tell(60, lambda: placed("n2"))
        raise KeyboardInterrupt

    plan = solve(problem, strategy)
    assert (plan.covered, plan.stopped) == ({"n0", "n1"}, 2)


def test_what_the_listener_raises_is_the_callers(problem):
    def broken(_progress):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        solve(problem, "greedy", progress=broken)


def test_what_a_strategy_raises_is_still_a_strategy_error(problem):
    def strategy(problem, *, seed, effort, watch):
        raise ZeroDivisionError

    with pytest.raises(StrategyError, match="ZeroDivisionError"):
        solve(problem, strategy, progress=lambda _: None)
