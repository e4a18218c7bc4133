import datetime as dt

import pytest

from wis_engine.community import Community
from wis_engine.facts import MeetingHeld
from wis_engine.network import ledger
from wis_engine.network.parties import FirmStatus, MeetingKind
from wis_engine.simulation import card


@pytest.fixture(scope="module")
def network():
    community = Community.open("memory:", clock=lambda: dt.datetime(2023, 3, 1, tzinfo=dt.UTC))
    for act in card.opening():
        community.record(*act.facts, at=act.at, actor=act.actor)
    return community.network


def test_an_empty_community_admits_every_fact_of_the_opening(network):
    assert network.position == sum(len(act.facts) for act in card.opening())
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
    for acts in (card.opening(), card.calendar()):
        assert [act.at for act in acts] == sorted(act.at for act in acts)
        assert all(act.facts for act in acts)


def test_the_calendar_holds_four_boards():
    facts = [fact for act in card.calendar() for fact in act.facts if isinstance(fact, MeetingHeld)]
    assert sum(fact.kind is MeetingKind.STEERING_BOARD for fact in facts) == 4


def test_an_instant_is_on_the_wall_clock_of_milano():
    assert card.instant(dt.date(2023, 1, 10), "09:00").hour == 8
    assert card.instant(dt.date(2023, 7, 10), "09:00").hour == 7
