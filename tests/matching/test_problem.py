import attrs
import pytest
from hypothesis import given
from problems import problems

from wis_engine.errors import Malformed
from wis_engine.matching import Budget, Commitment, Need, Offer, Option, Plan, Problem, Step, solve
from wis_engine.matching.problem import TOTAL_MAX
from wis_engine.plain import dump, load
from wis_engine.values import PriceTier


@given(problems())
def test_a_problem_survives_json(problem):
    assert Problem.from_dict(load(dump(problem.to_dict()))) == problem


def test_a_list_is_taken_and_the_order_given_makes_no_difference():
    needs = [Need(id="b", minutes=30), Need(id="a", minutes=30)]
    offers = [Offer(id="y", capacity_minutes=1), Offer(id="x", capacity_minutes=1)]
    one, other = Problem(needs=needs, offers=offers), Problem(needs=needs[::-1], offers=offers[::-1])
    assert [need.id for need in one.needs] == ["a", "b"]
    assert one == other
    assert one.digest == other.digest
    assert one != Problem(needs=needs, offers=offers[:1])


MALFORMED = {
    "the same need twice": lambda: Problem(needs=[Need(id="a", minutes=1), Need(id="a", minutes=2)], offers=[]),
    "the same offer twice": lambda: Problem(needs=[], offers=[Offer(id="o", capacity_minutes=1)] * 2),
    "the same budget twice": lambda: Problem(needs=[], offers=[], budgets=[Budget(id="g", cap_cents=1)] * 2),
    "an option of unknown ids": lambda: Problem(
        needs=[], offers=[], options=[Option(need="n", offer="o", minutes=1, price_cents=1)]
    ),
    "an option that is none": lambda: Problem(needs=[Need(id="a", minutes=1)], offers=[], options=[object()]),
    "needs that are no collection": lambda: Problem(needs=3, offers=[]),
    "needs that are none": lambda: Problem(needs=["a"], offers=[]),
    "three weights": lambda: Problem(needs=[], offers=[], priority_weights=(1, 2, 3)),
    "a weight of nothing": lambda: Problem(needs=[], offers=[], priority_weights=(0, 1, 2, 3)),
    "a composite need with options": lambda: Problem(
        needs=[Need(id="a", minutes=1, steps=[Step(service="s", minutes=1), Step(service="t", minutes=1)])],
        offers=[],
        options=[],
    ),
    "no minutes": lambda: Need(id="a", minutes=0),
    "a blank in an id": lambda: Need(id="a b", minutes=1),
    "a priority too high": lambda: Need(id="a", minutes=1, priority=4),
    "a chain of one step": lambda: Need(id="a", minutes=1, steps=[Step(service="s", minutes=1)]),
    "slots that are none": lambda: Need(id="a", minutes=1, slots=3),
    "a household that is no id": lambda: Need(id="a", minutes=1, household="not an id"),
    "a group that cannot be": lambda: Offer(id="o", capacity_minutes=1, group_min=3, group_max=2),
    "a flag that is none": lambda: Offer(id="o", capacity_minutes=1, mobile=1),
    "zones in a text": lambda: Offer(id="o", capacity_minutes=1, zones="12"),
    "two tiers with the same thresholds": lambda: Offer(
        id="o", capacity_minutes=1, tiers=[PriceTier(price_cents=1), PriceTier(price_cents=2)]
    ),
    "a language that is no text of ours": lambda: Offer(id="o", capacity_minutes=1, languages={"\ud800"}),
    "a zone below nothing": lambda: Offer(id="o", capacity_minutes=1, zones={-1}),
    "a service that is no id": lambda: Budget(id="g", cap_cents=1, services={"a b"}),
    "services in a text": lambda: Budget(id="g", cap_cents=1, services="abc"),
    "somebody without a name": lambda: Commitment(offer="o", minutes=1, beneficiaries={""}),
    "zones that cannot be told apart": lambda: Offer(id="o", capacity_minutes=1, zones=[[]]),
    "more minutes than can be counted": lambda: Problem(
        needs=[Need(id=name, minutes=2**52, priority=2) for name in "ab"], offers=[]
    ),
    "dearer options than can be counted": lambda: Problem(
        needs=[Need(id="a", minutes=1)],
        offers=[Offer(id="o", capacity_minutes=1)],
        options=[Option(need="a", offer="o", minutes=1, price_cents=2**60)],
    ),
    "dearer tiers than can be counted": lambda: Problem(
        needs=[Need(id="a", minutes=2**30)],
        offers=[Offer(id="o", capacity_minutes=1, unit_minutes=60, tiers=[PriceTier(price_cents=2**40)])],
    ),
    "a weight beyond all": lambda: Problem(
        needs=[Need(id="a", minutes=1)], offers=[], priority_weights=(2**70, 1, 1, 1)
    ),
    "more than all of a price": lambda: Budget(id="g", cap_cents=1, share_percent=101),
}


@pytest.mark.parametrize("build", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_does_not_hang_together_is_malformed(build):
    with pytest.raises(Malformed):
        build()


@pytest.mark.parametrize("data", [None, [], {}, {"needs": {}, "offers": []}, {"needs": [{"id": 3}], "offers": []}])
def test_data_that_is_no_problem_is_malformed(data):
    with pytest.raises(Malformed):
        Problem.from_dict(data)


def test_a_session_is_an_equal_part_rounded_up_or_the_steps_together():
    assert Need(id="a", minutes=100, sessions=3).session_minutes == 34
    steps = [Step(service="s", minutes=20), Step(service="t", minutes=45)]
    assert Need(id="a", minutes=65, steps=steps).session_minutes == 65


def test_sums_at_the_limit_are_counted():
    needs = [Need(id=name, minutes=TOTAL_MAX // 2) for name in "ab"]
    offer = Offer(id="o", capacity_minutes=2**63 - 1, tiers=[PriceTier(price_cents=TOTAL_MAX // 3)])
    problem = Problem(needs=needs, offers=[offer])
    options = [Option(need=name, offer="o", minutes=1, price_cents=TOTAL_MAX // 3) for name in "ab"]
    plan = solve(attrs.evolve(problem, options=options), "greedy")
    assert Plan.from_dict(load(dump(plan.to_dict()))) == plan
    assert [level.value for level in plan.certificate.levels[:2]] == [TOTAL_MAX // 2 * 2, TOTAL_MAX // 3 * 2]
