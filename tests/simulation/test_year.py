from collections import Counter

import pytest
from lived import SEED, UNTOLD, lived

from wis_engine.community import Community
from wis_engine.facts import EVENTS, NeedDeclared, PlanAdopted, ServiceBooked, VoucherIssued
from wis_engine.network.promises import NeedState
from wis_engine.simulation.card import period
from wis_engine.simulation.year import SimulatedClock, live


@pytest.fixture(scope="module")
def community():
    return lived().community


@pytest.fixture(scope="module")
def told(community):
    return list(community.events())


def brief(seed, strategy="by_firm", intensity_percent=10):
    clock = SimulatedClock()
    community = Community.open("memory:", clock=clock)
    live(community, seed=seed, intensity_percent=intensity_percent, strategy=strategy, clock=clock)
    return community


def test_nothing_is_broken_at_the_end(community):
    assert community.network.check() == ()


def test_every_kind_of_fact_happens(told):
    """But those of the chapters that the simulated year does not tell."""
    assert {one.fact.name for one in told} == {event.name for event in EVENTS} - UNTOLD


def test_every_actor_and_the_project_are_marked_as_simulated(community, told):
    assert all(one.actor.startswith("simulated-") for one in told)
    assert all(project.simulated for project in community.network.projects.values())


def test_targets_stand_beside_figures(community):
    figures = {one.id: one for one in community.indicators(period())}
    assert (figures["I1.1"].value, figures["I1.1"].target) == (22, 22)
    assert (figures["I2.1"].value, figures["I2.1"].target) == (4, 4)
    assert figures["I4.2e"].target == 80
    assert 40 <= figures["I4.2e"].value <= 160


def test_time_never_goes_backwards(told):
    assert [one.occurred_at for one in told] == sorted(one.occurred_at for one in told)
    assert [one.recorded_at for one in told] == sorted(one.recorded_at for one in told)


def test_facts_are_recorded_when_they_are_said_to_have_happened(told):
    late = [one for one in told if one.recorded_at > one.occurred_at]
    # What expires is due at midnight and recorded in the morning.
    assert {one.fact.name for one in late} <= {"need-expired", "voucher-expired", "pool-dissolved"}


def test_what_is_over_is_settled(community):
    network = community.network
    assert not network.opened("need")
    assert not network.opened("pool")
    assert not network.opened("voucher")
    assert not any(engagement.open for engagement in network.engagements.values())


def test_the_months_add_up(community, told):
    months = lived().year.months
    assert lived().reported == months
    assert len(months) == 12
    names = Counter(one.fact.name for one in told)
    assert sum(month.declared for month in months) == names["need-declared"]
    assert sum(month.pools for month in months) == names["pool-formed"]
    assert str(months[-1]).startswith("2023-12")


def test_needs_end_in_more_than_one_way(community):
    states = Counter(need.state for need in community.network.needs.values())
    assert states[NeedState.MET] > states[NeedState.UNMET] > 0
    assert any(len(pool.members) > 2 for pool in community.network.pools.values())
    assert community.network.chains


def test_what_a_plan_granted_is_what_its_vouchers_say(told):
    causes = {one.cause for one in told if isinstance(one.fact, VoucherIssued | ServiceBooked)}
    assert causes == {one.fact.plan for one in told if isinstance(one.fact, PlanAdopted)}


def test_the_last_plan_answers_its_problem():
    year = lived().year
    assert year.plan.problem == year.problem.digest
    year.plan.check(year.problem)


def test_the_year_replays(community):
    assert community.branch().network.digest() == community.network.digest()


def test_the_same_seed_lives_the_same_year():
    first, again, other = brief(1), brief(1), brief(2)
    assert first.network.digest() == again.network.digest()
    assert list(first.events()) == list(again.events())
    assert first.network.digest() != other.network.digest()


def test_another_strategy_meets_the_same_needs():
    by_firm, by_zone = (
        [one.fact for one in brief(3, strategy).events(types=[NeedDeclared])] for strategy in ("by_firm", "by_zone")
    )
    assert by_firm == by_zone


def test_the_seed_is_the_one_asked_for():
    assert lived().year.seed == SEED
