"""How a plan is spread over firms, zones and households."""

from itertools import product

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import Need, Offer, Option, Problem, fairness, gini_ppm, solve


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_gini_is_the_mean_difference_over_twice_the_mean(values):
    differences = sum(abs(one - other) for one, other in product(values, values))
    expected = differences * 1_000_000 // (2 * len(values) * sum(values)) if any(values) else 0
    assert gini_ppm(values) == expected


def test_gini_of_nothing_is_nought():
    assert gini_ppm([]) == 0


@given(problems(), st.sampled_from(["by_firm", "greedy"]))
def test_every_way_to_group_adds_up_to_the_plan(problem, strategy):
    plan = solve(problem, strategy)
    members = [member for pool in plan.pools for member in pool.members]
    for measure in fairness(problem, plan, {"f1": "small", "f2": "micro"}).measures:
        shares = measure.shares
        assert sum(share.needs for share in shares) == len(problem.needs)
        assert sum(share.served for share in shares) == len(members)
        assert sum(share.minutes for share in shares) == sum(need.minutes for need in problem.needs)
        assert sum(share.saving_cents for share in shares) == sum(member.saving_cents for member in members)
        assert sum(share.household_cents for share in shares) == sum(member.household_cents for member in members)
        assert all(0 <= share.covered_minutes <= share.minutes for share in shares)
        assert 0 <= measure.coverage_gini_ppm < 1_000_000
        assert 0 <= measure.saving_gini_ppm < 1_000_000


def plain():
    needs = [
        Need(id="n1", minutes=60, firm="f1", household="h1", zone=10),
        Need(id="n2", minutes=60, firm="f2", household="h2", zone=9, priority=1),
        Need(id="n3", minutes=30, firm="f3", household="h2"),
    ]
    options = [Option(need=need.id, offer="o", minutes=60, price_cents=100) for need in needs]
    return Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=60)], options=options)


def test_size_classes_are_given_by_the_caller():
    problem = plain()
    measured = fairness(problem, solve(problem), {"f1": "micro", "f2": "small"})
    rows = [(share.group, share.needs, share.served, share.coverage_ppm) for share in measured["size"].shares]
    assert rows == [("", 1, 0, 0), ("micro", 1, 0, 0), ("small", 1, 1, 1_000_000)]
    assert measured["size"].coverage_gini_ppm == 500_000
    assert [measure.by for measure in measured.measures] == ["size", "firm", "zone", "household"]
    assert [measure.by for measure in fairness(problem, solve(problem)).measures] == ["firm", "zone", "household"]
    with pytest.raises(KeyError):
        fairness(problem, solve(problem))["size"]


def test_zones_stand_in_the_order_of_their_numbers():
    problem = plain()
    assert [share.group for share in fairness(problem, solve(problem))["zone"].shares] == ["", "9", "10"]


def test_rows_are_for_tables_and_drawn_without_harm():
    problem = plain()
    measured = fairness(problem, solve(problem), {"f1": "<b>", "f2": "small"})
    assert measured.records()[1] == {
        "by": "size",
        "group": "<b>",
        "needs": 1,
        "served": 0,
        "minutes": 60,
        "covered_minutes": 0,
        "coverage_ppm": 0,
        "saving_cents": 0,
        "household_cents": 0,
    }
    drawn = measured._repr_html_()
    assert drawn.count("<tr>") == 1 + len(measured.records())
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn


def test_a_plan_is_measured_on_its_own_problem():
    problem = plain()
    plan = solve(problem)
    with pytest.raises(PlanError):
        fairness(attrs.evolve(problem, offers=(), options=()), plan)
    with pytest.raises(Malformed):
        fairness(plan, problem)
