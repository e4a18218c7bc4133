import datetime as dt

import pytest

from wis_engine.community import Community
from wis_engine.facts import HouseholdFormed, MeetingHeld, PaternityLeavePlanned
from wis_engine.network import ledger
from wis_engine.network.choice import choices
from wis_engine.network.parties import FirmStatus, MeetingKind
from wis_engine.network.rules import rule_checks
from wis_engine.network.sizes import FirmSize
from wis_engine.simulation import card, programme


@pytest.fixture(scope="module")
def network():
    community = Community.open("memory:", clock=lambda: dt.datetime(2023, 3, 1, tzinfo=dt.UTC))
    for act in programme.opening():
        community.record(*act.facts, at=act.at, actor=act.actor)
    return community.network


def test_an_empty_community_admits_every_fact_of_the_opening(network):
    assert network.position == sum(len(act.facts) for act in programme.opening())
    assert network.check() == ()


def test_the_people_are_the_card_s(network):
    assert len(network.persons) == 22
    assert len(network.firms) == 3
    assert all(firm.status is FirmStatus.PARTNER for firm in network.firms.values())
    holders = [person for household in network.households.values() for person in household.holders]
    assert sorted(holders) == sorted(network.persons)


def test_the_money_is_the_card_s(network):
    [project] = network.projects.values()
    assert project.contribution_cents + project.cofinancing_cents == 6_980_000
    assert sum(action.budget_cents for action in network.actions.values()) == 6_980_000
    lines = [ledger.free_cents(network.accounts[ledger.account_of(fund)]) for fund in network.funds]
    assert sum(lines) == sum(fund["budget_cents"] for fund in card.table("card")["funds"])


def test_targets_are_tied_to_indicators(network):
    [project] = network.projects.values()
    assert {target.indicator: target.value for target in project.targets} == {"I1.1": 22, "I4.2e": 80, "I2.1": 4}


def test_offers_on_the_channel_of_agreements_have_one(network):
    covered = {offer for agreement in network.agreements.values() for offer in agreement.offers}
    assert covered == {offer.id for offer in network.offers.values() if offer.channel == "agreement"}


def test_acts_come_in_order_of_time():
    for acts in (programme.opening(), programme.calendar()):
        assert [act.at for act in acts] == sorted(act.at for act in acts)
        assert all(act.facts for act in acts)


def test_the_calendar_holds_four_boards():
    facts = [fact for act in programme.calendar() for fact in act.facts if isinstance(fact, MeetingHeld)]
    assert sum(fact.kind is MeetingKind.STEERING_BOARD for fact in facts) == 4


def test_an_instant_is_on_the_wall_clock_of_milano():
    assert card.instant(dt.date(2023, 1, 10), "09:00").hour == 8
    assert card.instant(dt.date(2023, 7, 10), "09:00").hour == 7


def test_the_grant_keeps_to_the_rules_of_the_call_by_sixty_euro(network):
    margins = {check.rule: check.margin for check in rule_checks(network, card.project_id())}
    assert margins["contribution-rate"] == margins["cofinancing-rate"] == 6_000
    assert min(margins.values()) >= 0


def test_planned_costs_are_the_card_s(network):
    [project] = network.projects.values()
    assert {line.cents for line in project.planned_costs} == {3_930_000, 3_050_000}


def test_the_partners_are_the_five_of_the_card_and_one_leads(network):
    assert len(network.partners) == 5
    assert [one.title for one in network.partners.values() if one.lead] == ["IRENE ETS"]
    assert {network.firms[one.firm].size for one in network.partners.values() if one.firm} == {FirmSize.MICRO}


def test_a_household_says_who_holds_it_and_not_in_which_order(network):
    formed = [fact for act in programme.opening() for fact in act.facts if isinstance(fact, HouseholdFormed)]
    assert sum(len(fact.recipients) for fact in formed) == 22
    assert all(list(fact.recipients) == sorted(fact.recipients, key=lambda one: one.role) for fact in formed)


def test_each_agreement_is_explained_by_a_survey_of_its_service(network):
    assert len(network.agreements) == 11
    for agreement in network.agreements.values():
        compared = choices(network, agreement.id)
        [chosen] = [choice for choice in compared if choice.chosen]
        assert bool(agreement.reason) == (chosen.place > 1)
        assert chosen.quality_percent == network.offers[chosen.survey.removeprefix("survey-")].quality_percent
    assert {choice.place for one in network.agreements for choice in choices(network, one) if choice.chosen} == {1, 2}


def test_a_leave_is_of_working_days():
    [first, second] = [
        fact for act in programme.calendar() for fact in act.facts if isinstance(fact, PaternityLeavePlanned)
    ]
    # 2 June is a holiday, so that the tenth day after Monday 22 May is Monday 5 June.
    assert (first.days[0], first.days[-1], first.day_count) == (dt.date(2023, 5, 22), dt.date(2023, 6, 5), 10)
    assert second.days[-1] == dt.date(2023, 9, 8)
