"""What a plan could gain comes true: acted upon, exactly those needs are served and exactly so much is saved."""

import attrs
import pytest
from acting import matched_again
from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import (
    Budget,
    Change,
    Need,
    Offer,
    Option,
    Problem,
    Remedy,
    next_agreements,
    opportunities,
    solve,
)
from wis_engine.matching.gains import Acting
from wis_engine.matching.opportunities import ideas
from wis_engine.matching.standing import Standing
from wis_engine.values import PriceTier, WeekSlots

THURSDAY = WeekSlots.parse("thu 16:00-17:00")
HOUR = {"minutes": 60, "service": "homework", "slots": THURSDAY}


def held(problem, plan, gain, standing):
    """Hold a gain against the plan that its change leads to."""
    again = matched_again(gain.change.applied(problem), plan, standing.draft)
    paid = [{one.need: one.household_cents for pool in each.pools for one in pool.members} for each in (plan, again)]
    assert again.covered >= plan.covered
    assert {need.id for need in problem.needs} & (again.covered - plan.covered) >= set(gain.needs)
    assert sum(need.minutes for need in problem.needs if need.id in gain.needs) == gain.minutes
    assert sum(paid[0][need] - paid[1][need] for need in plan.covered) == gain.cents


@given(problems(), st.sampled_from(["by_firm", "by_zone", "greedy"]))
def test_acted_on_they_come_true(problem, strategy):
    plan = solve(problem, strategy)
    acting = Acting(Standing.of(problem, plan), plan)
    tried = {idea.change: acting.tried(*idea) for idea in ideas(acting, plan)}
    found = opportunities(problem, plan).found
    for gain in found:
        assert tried[gain.change].gain == gain
        assert gain.minutes or gain.cents > 0
        held(problem, plan, gain, tried[gain.change].standing)
        assert str(gain).startswith("If ")
        assert gain.text("it").startswith("Se ")
    assert list(found) == sorted(found, key=lambda gain: (-gain.minutes, -gain.cents, gain.rank))


@given(problems(), st.sampled_from(["by_firm", "greedy"]))
def test_agreements_come_true(problem, strategy):
    plan = solve(problem, strategy)
    acting = Acting(Standing.of(problem, plan), plan)
    for one in next_agreements(problem, plan):
        among = [need for need in acting.needs(acting.left_out) if need.zone == one.zone]
        assert set(one.gain.needs) <= {need.id for need in among}
        named = [need.id for need in among if one.service in {need.service, *(step.service for step in need.steps)}]
        tried = acting.tried(one.gain.change, named)
        assert tried.gain == one.gain
        held(problem, plan, one.gain, tried.standing)


@given(problems(needs_max=4))
def test_a_better_plan_comes_of_them(problem):
    plan = solve(problem, "exact")
    for gain in opportunities(problem, plan, 3).found:
        if gain.minutes and plan.certificate.enumerated:
            again = solve(gain.change.applied(problem), "exact", effort=5_000)
            if again.certificate.enumerated:
                assert again.certificate.levels[0].value > plan.certificate.levels[0].value


def test_one_more_family_unlocks_the_group_price_for_five():
    tiers = [PriceTier(price_cents=1_500), PriceTier(people_from=6, price_cents=1_000)]
    needs = [Need(id=f"n{k}", zone=12, household=f"h{k}", **HOUR) for k in range(5)]
    problem = Problem(needs=needs, offers=[Offer(id="o", service="homework", capacity_minutes=600, tiers=tiers)])
    (gain,) = opportunities(problem, solve(problem)).found
    assert (gain.needs, gain.minutes, gain.cents, gain.payers) == ((), 0, 2_500, 5)
    assert str(gain) == (
        "If 1 more family asked for homework, Thu 16:00-17:00, in zone 12, "
        "for 5 needs that are served already households would pay 25.00 EUR less in all."
    )
    assert gain.text("it") == (
        "Se 1 altra famiglia chiedesse homework, gio 16:00-17:00, nella zona 12, "
        "per 5 bisogni già serviti i nuclei pagherebbero in tutto 25,00 euro in meno."
    )


def test_one_more_family_makes_a_group_of_those_who_are_left_out():
    needs = [Need(id=f"n{k}", **HOUR) for k in range(4)]
    problem = Problem(needs=needs, offers=[Offer(id="o", service="homework", capacity_minutes=600, group_min=5)])
    (gain,) = opportunities(problem, solve(problem)).found
    assert gain.change.people == 1
    assert (gain.needs, gain.minutes) == (("n0", "n1", "n2", "n3"), 240)
    assert str(gain).endswith(", 4 more needs would be served (4 h).")
    assert gain.text("it").endswith(", sarebbero serviti 4 bisogni in più (4 h).")


def test_public_money_shared_by_more_is_said_as_a_loss_of_those_who_have_it():
    options = [Option(need=name, offer="o", minutes=60, price_cents=500) for name in ("m", "n")]
    problem = Problem(
        needs=[Need(id="m", minutes=60), Need(id="n", minutes=60, priority=1, price_limit_cents=100)],
        offers=[Offer(id="o", capacity_minutes=60, group_max=1)],
        options=options,
        budgets=[Budget(id="g", cap_cents=500)],
    )
    plan = solve(problem)
    assert plan.covered == {"n"}
    acting = Acting(Standing.of(problem, plan), plan)
    gain = acting.tried(Change(remedy=Remedy.CAPACITY, offer="o", minutes=60), ["m"]).gain
    assert (gain.needs, gain.cents) == (("m",), 0)


def test_the_most_minutes_come_first_and_the_limit_holds():
    needs = [Need(id=f"n{k}", minutes=60 * k, service=f"s{k}") for k in (1, 2, 3)]
    offers = [Offer(id=f"o{k}", service=f"s{k}", capacity_minutes=60 * k - 30) for k in (1, 2, 3)]
    problem = Problem(needs=needs, offers=offers)
    found = opportunities(problem, solve(problem)).found
    assert [gain.needs for gain in found] == [("n3",), ("n2",), ("n1",)]
    assert opportunities(problem, solve(problem), 2).found == found[:2]
    few = opportunities(problem, solve(problem), tries=1)
    assert (few.found, few.untried) == (found[2:], 2)


def test_the_next_agreement_is_where_it_serves_most():
    needs = [Need(id=f"n{k}", zone=1 if k < 3 else 2, **HOUR) for k in range(4)]
    offer = Offer(id="o", service="homework", capacity_minutes=60, group_max=1, slots=THURSDAY)
    problem = Problem(needs=[*needs, Need(id="x", minutes=60, service="nobody-has-it")], offers=[offer])
    plan = solve(problem)
    assert plan.covered == {"n0"}
    signed = next_agreements(problem, plan)
    assert [(one.service, one.zone, one.gain.change.remedy, one.gain.minutes) for one in signed] == [
        ("homework", 1, Remedy.CAPACITY, 60),
        ("homework", 2, Remedy.CAPACITY, 60),
        ("homework", 1, Remedy.SUPPLIER, 60),
        ("homework", 2, Remedy.SUPPLIER, 60),
    ]
    assert str(signed[2].gain) == (
        "If there were one more supplier like that of offer o, in zone 1, 1 more need would be served (1 h)."
    )
    assert signed[2].gain.text("it") == (
        "Se ci fosse un altro fornitore come quello dell’offerta o, nella zona 1, "
        "sarebbe servito 1 bisogno in più (1 h)."
    )
    assert next_agreements(problem, plan, 1) == signed[:1]


def test_what_a_place_can_be_had_for_as_things_are_is_no_gain():
    needs = [Need(id=f"n{k}", firm=f"f{k}", **HOUR) for k in range(2)]
    problem = Problem(needs=needs, offers=[Offer(id="o", service="homework", capacity_minutes=600, group_min=2)])
    assert opportunities(problem, solve(problem, "by_firm")).found == ()


@pytest.mark.parametrize("ask", [opportunities, next_agreements])
def test_numbers_and_plans_are_checked(ask):
    problem = Problem(needs=[Need(id="n", minutes=60)], offers=[])
    plan = solve(problem)
    for wrong in (-1, True, "2"):
        with pytest.raises(Malformed):
            ask(problem, plan, wrong)
        with pytest.raises(Malformed):
            ask(problem, plan, tries=wrong)
    with pytest.raises(Malformed):
        ask(plan, problem)
    with pytest.raises(PlanError):
        ask(attrs.evolve(problem, needs=()), plan)


def test_a_family_that_is_free_at_any_hour_is_told_without_hours():
    any_hour = Change(remedy=Remedy.MEMBERS, need="n", service="homework", slots=WeekSlots.ALWAYS, zone=3, people=1)
    assert any_hour.text("en") == "1 more family asked for homework, in zone 3"
    monday = attrs.evolve(any_hour, slots=WeekSlots.parse("mon 16:00-18:00"))
    assert monday.text("en") == "1 more family asked for homework, Mon 16:00-18:00, in zone 3"
