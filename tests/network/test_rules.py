"""What the funder asks: each rule measured, with its margin."""

import datetime as dt

import pytest
from stories import (
    action,
    cost,
    firm,
    grant,
    group,
    network_of,
    partner,
    partner_firm,
    project,
    refusal,
    voucher,
)

from wis_engine.facts import PartnerWithdrawn
from wis_engine.facts.needs import Reason as NeedReason
from wis_engine.facts.needs import has_active_recipient
from wis_engine.network.parties import FirmStatus, FundingRules
from wis_engine.network.partners import PartnerKind
from wis_engine.network.rules import Rule, months_later, rule_checks

PLANNED = [project("ruled", rules=FundingRules()), action("A.1", project="ruled"), action("F.1", project="ruled")]
PARTNERS = [
    partner("lead", project="ruled", lead=True),
    partner("city", project="ruled", kind=PartnerKind.PUBLIC_BODY),
    partner_firm("pf1", "f1", project="ruled"),
    partner_firm("pf3", "f3", project="ruled"),
]
GRANTED = grant(project="ruled", contribution_cents=70_000, cofinancing_cents=30_000)


def measured(*history):
    checks = rule_checks(network_of(*PLANNED, *history), "ruled")
    return {check.rule: (check.measured, check.limit, check.margin, check.unit) for check in checks}


def test_a_project_without_rules_is_not_measured():
    assert rule_checks(network_of(), "wis") == ()


def test_before_the_grant_its_money_is_not_measured():
    assert set(measured()) == {
        *(Rule.PARTNERS, Rule.SMALL_FIRMS, Rule.PUBLIC_BODIES, Rule.OTHER_AREAS),
        *(Rule.DURATION, Rule.WORKING_GROUPS),
    }


def test_every_rule_is_measured_once_all_is_known():
    found = measured(*PARTNERS, GRANTED, cost(action="F.1", net_cents=10_000), group(project="ruled", area="F"))
    assert found == {
        Rule.PARTNERS: (4, 4, 0, "partners"),
        Rule.SMALL_FIRMS: (2, 2, 0, "firms"),
        Rule.PUBLIC_BODIES: (1, 1, 0, "bodies"),
        Rule.OTHER_AREAS: (1, 1, 0, "areas"),
        Rule.DURATION: (365, 365, 0, "days"),
        Rule.WORKING_GROUPS: (1, 2, -1, "groups"),
        Rule.CONTRIBUTION_RATE: (70_000, 70_000, 0, "cents"),
        Rule.CONTRIBUTION_CAP: (70_000, 5_000_000, 4_930_000, "cents"),
        Rule.COFINANCING_RATE: (30_000, 30_000, 0, "cents"),
        Rule.GOODS_CAP: (10_000, 10_500, 500, "cents"),
    }


def test_a_partner_that_leaves_turns_a_margin_and_refuses_nothing():
    found = measured(*PARTNERS, GRANTED, PartnerWithdrawn(partner="pf3"))
    assert (found[Rule.PARTNERS][2], found[Rule.SMALL_FIRMS][2]) == (-1, -1)


@pytest.mark.parametrize("registered", [True, False])
def test_a_firm_counts_when_a_chamber_of_commerce_knows_it(registered):
    found = measured(partner_firm("pf1", "f1", project="ruled", chamber_registered=registered))
    assert found[Rule.SMALL_FIRMS][0] == registered


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ((2022, 7, 14), 12, (2023, 7, 14)),
        ((2024, 2, 29), 12, (2025, 2, 28)),
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2026, 1, 31), -2, (2025, 11, 30)),
        ((2026, 12, 5), 1, (2027, 1, 5)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_there_is(day, months, later):
    assert months_later(dt.date(*day), months) == dt.date(*later)


@pytest.mark.parametrize(("entrepreneurs", "served"), [(True, True), (False, False)])
def test_whether_entrepreneurs_are_recipients_is_a_switch(entrepreneurs, served):
    network = network_of(project("second", rules=FundingRules(entrepreneurs=entrepreneurs)))
    assert has_active_recipient(network, "h2") is served
    assert has_active_recipient(network, "h1")
    assert (refusal(network, voucher(household="h2")) == NeedReason.NO_ACTIVE_RECIPIENT) is not served


def test_the_firms_of_the_partners_are_firms_of_the_community():
    network = network_of(*PLANNED, firm("f9", status=FirmStatus.PARTNER), partner_firm("pf9", "f9", project="ruled"))
    assert network.partners["pf9"].firm in network.firms
