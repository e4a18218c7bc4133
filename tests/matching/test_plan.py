import os
import subprocess
import sys

import pytest
from hypothesis import given
from problems import problems

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import Need, Offer, Option, Placement, Plan, Problem, Proposal, solve
from wis_engine.plain import canonical, dump, load
from wis_engine.values import WeekSlots

STRATEGIES = ("by_firm", "by_zone", "greedy", "exact")


@given(problems())
def test_every_strategy_gives_a_plan_that_passes_the_check_and_survives_json(problem):
    for strategy in STRATEGIES:
        plan = solve(problem, strategy)
        plan.check(problem)
        back = Plan.from_dict(load(dump(plan.to_dict())))
        assert back == plan
        back.check(problem)


@given(problems())
def test_money_balances_to_the_cent_and_everybody_is_accounted_for(problem):
    plan = solve(problem, "greedy")
    for pool in plan.pools:
        assert sum(pool.shares.values()) == pool.price_cents
        for member in pool.members:
            assert member.share_cents == member.household_cents + sum(grant.cents for grant in member.grants)
        openings = pool.price_cents - sum(member.price_cents for member in pool.members)
        assert openings == pool.opening_cents
    _, household, public = plan.certificate.levels
    assert household.value + public.value == sum(pool.price_cents for pool in plan.pools)
    assert sorted([*plan.covered, *(one.need for one in plan.unmatched)]) == [need.id for need in problem.needs]


def test_ids_follow_from_the_digest(rich_plan):
    assert rich_plan.id == rich_plan.digest[:12]
    assert [pool.id for pool in rich_plan.pools] == [f"{rich_plan.id}-{number}" for number in (1, 2, 3)]
    assert [chain.id for chain in rich_plan.chains] == [f"{rich_plan.id}-4"]
    assert rich_plan.pools[1].chain == f"{rich_plan.id}-4"


def test_a_pool_knows_its_dated_sessions(rich_plan, rich_problem):
    pool = rich_plan.pools[0]
    dated = pool.occurrences(rich_problem.closed_days)
    assert len(dated) == pool.sessions == 4
    assert all(one.minutes == 60 and one.day in pool.period for one in dated)


def test_a_group_saves_and_the_plan_says_how_much(rich_plan):
    for member in rich_plan.pools[0].members:
        assert member.price_cents == 3_200
        assert member.alone_cents == 5_000
        assert member.saving_cents == 5_000 - member.share_cents > 0
        assert member.tiers[0].people_from == 3


def test_a_pool_of_explicit_options_has_shares_to_the_cent():
    problem = Problem(
        needs=[Need(id=f"n{k}", minutes=35) for k in range(3)],
        offers=[Offer(id="o1", capacity_minutes=105, opening_cents=100)],
        options=[Option(need=f"n{k}", offer="o1", minutes=35, price_cents=1_200) for k in range(3)],
    )
    (pool,) = solve(problem, "greedy").pools
    assert (pool.offer, pool.needs, pool.price_cents) == ("o1", ("n0", "n1", "n2"), 3_700)
    assert pool.shares == {"n0": 1_234, "n1": 1_233, "n2": 1_233}
    assert pool.occurrences() == ()


PAIR = Problem(
    needs=[Need(id="a", minutes=60), Need(id="b", minutes=60)],
    offers=[Offer(id="o", capacity_minutes=60, slots=WeekSlots.parse("mon 16:00-18:00"))],
)
START = WeekSlots.parse("mon 16:00-16:30")


@pytest.mark.parametrize(
    ("placements", "rule"),
    [
        ([Placement(needs=("a", "b"), offers=("o",), starts=START)], "capacity"),
        ([Placement(needs=("a", "a"), offers=("o",), starts=START)], "needs"),
        ([Placement(needs=("a",), offers=("o",), starts=START)] * 2, "needs"),
        ([Placement(needs=(), offers=("o",), starts=START)], "needs"),
        ([Placement(needs=("c",), offers=("o",), starts=START)], "needs"),
        ([Placement(needs=("a",), offers=("p",), starts=START)], "option"),
        ([Placement(needs=("a",), offers=(), starts=START)], "option"),
        ([Placement(needs=("a",), offers=("o", "o"), offsets=(0, 2), starts=START)], "chain"),
        ([Placement(needs=("a",), offers=("o",))], "time"),
        ([Placement(needs=("a",), offers=("o",), starts=WeekSlots.parse("mon 17:30-18:00"))], "time"),
        ([Placement(needs=("a",), offers=("o",), starts=WeekSlots.NEVER)], "time"),
    ],
)
def test_a_proposal_that_breaks_a_rule_is_refused(placements, rule):
    with pytest.raises(PlanError) as caught:
        solve(PAIR, lambda problem, *, seed, effort: Proposal(placements=placements))
    assert str(caught.value.rule) == rule


def test_a_strategy_of_ones_own_is_checked_priced_and_explained():
    placements = [Placement(needs=["b"], offers=["o"], starts=START)]
    plan = solve(PAIR, lambda problem, *, seed, effort: Proposal(placements=placements), seed=7)
    assert plan.seed == 7
    assert plan.pools[0].shares == {"b": 0}
    assert str(plan.explain("a")) == "Need a is not served: the offers that could serve it are full."


@pytest.mark.parametrize(
    "changes",
    [
        {"starts": 5},
        {"needs": None},
        {"needs": "a"},
        {"needs": [1]},
        {"offers": 3},
        {"offsets": None},
        {"offsets": (1.5,)},
        {"offsets": (-1,)},
        {"offsets": (False,)},
    ],
)
def test_a_placement_that_is_none_is_malformed(changes):
    with pytest.raises(Malformed):
        Placement(**{"needs": ["a"], "offers": ["o"]} | changes)


@pytest.mark.parametrize("changes", [{"placements": None}, {"placements": [3]}, {"complete": 1}])
def test_a_proposal_that_is_none_is_malformed(changes):
    with pytest.raises(Malformed):
        Proposal(**{"placements": []} | changes)


def test_what_is_no_problem_is_malformed():
    with pytest.raises(Malformed):
        solve(None)
    with pytest.raises(Malformed):
        solve(PAIR).check(None)


@pytest.mark.parametrize("bad", [{"seed": -1}, {"effort": 1.5}, {"seed": True}, {"seed": 2**63}])
def test_seed_and_effort_are_whole_numbers(bad):
    with pytest.raises(Malformed):
        solve(PAIR, "greedy", **bad)


@pytest.mark.parametrize("data", [None, {}, {"pools": 3}])
def test_data_that_is_no_plan_is_malformed(data):
    with pytest.raises(Malformed):
        Plan.from_dict(data)


SCRIPT = """
import sys
from wis_engine.matching import Problem, solve
from wis_engine.plain import canonical, load
problem = Problem.from_dict(load(sys.stdin.buffer.read()))
for strategy in ("by_firm", "by_zone", "greedy", "exact"):
    sys.stdout.buffer.write(canonical(solve(problem, strategy)))
"""


def test_the_bytes_are_the_same_under_another_hash_seed(rich_problem):
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=canonical(rich_problem),
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = b"".join(canonical(solve(rich_problem, strategy)) for strategy in STRATEGIES)
    assert outputs == {here}
