from collections import Counter

import pytest
from lived import SEED, lived

from wis_engine.community import Community
from wis_engine.facts import (
    EVENTS,
    DisputeResolved,
    MonitoringReportIssued,
    NeedDeclared,
    NoShowRecorded,
    PlanAdopted,
    RequestAnswered,
    ServiceBooked,
    ServiceDelivered,
    ServiceRescheduled,
    VoucherIssued,
)
from wis_engine.network import timetable
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
    assert {one.fact.name for one in told} == {event.name for event in EVENTS}


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


def test_every_figure_of_the_card_is_more_than_nothing(community):
    assert [one.id for one in community.indicators(period()) if not one.value] == []


def test_a_report_says_what_the_log_told_when_it_was_issued(community, told):
    issued = [one.fact for one in told if isinstance(one.fact, MonitoringReportIssued)]
    assert len(issued) == 5
    report = issued[1]
    known = {one.id: one.value for one in community.as_of(report.position).indicators(report.period)}
    assert {figure.indicator: figure.value for figure in report.figures} == {
        name: value for name, value in known.items() if name.startswith("I") and value is not None
    }
    assert issued[-1].period == period()


def test_every_service_is_requested_accepted_and_then_booked(community, told):
    accepted = set()
    for one in told:
        if isinstance(one.fact, RequestAnswered) and one.fact.accepted:
            accepted.add(community.network.requests[one.fact.request].need)
        if isinstance(one.fact, ServiceBooked):
            assert one.fact.need in accepted


def test_a_session_that_was_moved_is_held_at_its_new_time(community, told):
    network = community.network
    moved = [one for one in told if isinstance(one.fact, ServiceRescheduled)]
    assert moved
    for one in moved:
        days = [session.day for session in timetable.sessions_of(network, network.pools[one.fact.pool])[0]]
        assert days == sorted(days)
    ended = {
        (one.fact.engagement, one.fact.session): one.occurred_at.astimezone(network.zone_info).date()
        for one in told
        if isinstance(one.fact, ServiceDelivered | NoShowRecorded)
    }
    held = 0
    for name, engagement in network.engagements.items():
        for session, occurrence in enumerate(engagement.occurrences):
            if (name, session) in ended:
                assert ended[name, session] == occurrence.day
                held += any(one.fact.pool == engagement.pool and one.fact.day == occurrence.day for one in moved)
    assert held


def test_all_that_vouchers_paid_is_settled(community):
    vouchers = community.network.vouchers.values()
    assert sum(one.redeemed_cents for one in vouchers) == sum(one.settled_cents for one in vouchers) > 0


def test_disputes_end_both_ways_and_before_anything_is_paid(told):
    ends = Counter(one.fact.upheld for one in told if isinstance(one.fact, DisputeResolved))
    assert ends[True] > 0 < ends[False]


def test_money_and_hours_come_near_the_card_s(community):
    spent = sum(row["spent_cents"] for row in community.view("budget").records())
    assert 5_000_000 < spent < 6_980_000
    sheets = [one for one in community.network.timesheets.values() if not one.reversed]
    assert 2_100 * 60 < sum(one.minutes for one in sheets) <= 2_328 * 60
