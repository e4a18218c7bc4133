"""The life of a project: what its facts leave, and why they are refused."""

import datetime as dt

import pytest
from stories import (
    action,
    fund_line,
    go_on,
    grant,
    matched,
    network_of,
    partner,
    partner_firm,
    project,
    record,
    sheet,
    why_refused,
)

from wis_engine.errors import Malformed, Refused
from wis_engine.facts import PartnerWithdrawn
from wis_engine.facts.project import Reason
from wis_engine.network import ledger
from wis_engine.network.parties import CostClass, FundingRules, FundSource, PlannedCost
from wis_engine.network.partners import PartnerKind
from wis_engine.network.rules import Rule, rule_checks
from wis_engine.values import Period

SECOND = [project("second"), action("F.1", project="second", budget_cents=120_000)]
COFINANCED = FundSource.COFINANCING
RULES = FundingRules()
PUBLIC = PartnerKind.PUBLIC_BODY
WHOLE = [
    partner("lead", project="ruled", lead=True),
    partner("city", project="ruled", kind=PUBLIC),
    partner_firm("pf1", "f1", project="ruled"),
    partner_firm("pf3", "f3", project="ruled"),
]
FROM_JULY = dt.date(2026, 7, 14)


def ruled(*partners, actions=("A.1", "F.1"), **rules):
    """Plan a project with rules, admit its partners."""
    planned = project("ruled", rules=FundingRules(**rules))
    return [planned, *(action(name, project="ruled") for name in actions), *partners]


def asked(contribution_cents=48_800_00, cofinancing_cents=21_000_00):
    """Grant what the card asks for: it keeps two rules by 60 EUR."""
    return grant(project="ruled", contribution_cents=contribution_cents, cofinancing_cents=cofinancing_cents)


def lasting(end, **changes):
    return project("ruled", rules=RULES, period=Period(FROM_JULY, end), **changes)


PAIRS = [
    (Reason.TOO_LONG, [lasting(dt.date(2027, 7, 15))], [lasting(dt.date(2027, 7, 14))]),
    (Reason.TOO_FEW_PARTNERS, [*ruled(*WHOLE[1:]), asked()], [*ruled(*WHOLE), asked()]),
    (
        Reason.TOO_FEW_PARTNERS,
        [*ruled(*WHOLE), PartnerWithdrawn(partner="lead"), asked()],
        [*ruled(*WHOLE), asked()],
    ),
    (
        Reason.TOO_FEW_SMALL_FIRMS,
        [*ruled(*WHOLE[:3], partner_firm("pf3", "f3", project="ruled", chamber_registered=False)), asked()],
        [*ruled(*WHOLE[:3], partner_firm("pf3", "f3", project="ruled", chamber_registered=True)), asked()],
    ),
    (
        Reason.TOO_FEW_SMALL_FIRMS,
        [*ruled(*WHOLE), sheet("f3", awu_hundredths=5_000), asked()],
        [*ruled(*WHOLE), sheet("f3", awu_hundredths=4_999), asked()],
    ),
    (
        Reason.NO_PUBLIC_BODY,
        [*ruled(WHOLE[0], partner("city", project="ruled"), *WHOLE[2:]), asked()],
        [*ruled(*WHOLE), asked()],
    ),
    (Reason.NETWORK_AREA_ALONE, [*ruled(*WHOLE, actions=("A.1", "A.2")), asked()], [*ruled(*WHOLE), asked()]),
    (
        Reason.OVER_CONTRIBUTION_RATE,
        [*ruled(*WHOLE, cofinancing_min_percent=0), asked(48_860_01, 20_939_99)],
        [*ruled(*WHOLE, cofinancing_min_percent=0), asked(48_860_00, 20_940_00)],
    ),
    (
        Reason.OVER_CONTRIBUTION_CAP,
        [*ruled(*WHOLE), asked(50_000_01, 30_000_00)],
        [*ruled(*WHOLE), asked(50_000_00, 30_000_00)],
    ),
    (
        Reason.UNDER_COFINANCING_RATE,
        [*ruled(*WHOLE, contribution_max_percent=100), asked(48_860_01, 20_939_99)],
        [*ruled(*WHOLE, contribution_max_percent=100), asked(48_860_00, 20_940_00)],
    ),
    (
        Reason.OUTSIDE_PROJECT,
        [action("F.1", period=Period.parse("2026-12-01/2027-01-02"))],
        [action("F.1", period=Period.parse("2026-12-01/2027-01-01"))],
    ),
    (
        Reason.OUTSIDE_PROJECT,
        [*SECOND, grant(fund_line("f1-line", action="B.1"), project="second")],
        [*SECOND, grant(fund_line("f1-line", action="F.1"), project="second")],
    ),
    (Reason.ALREADY_GRANTED, [*SECOND, grant(project="wis")], [*SECOND, grant(project="second")]),
    (
        Reason.OVER_GRANT,
        [*SECOND, grant(fund_line("x", action="F.1", amount_cents=1001), project="second", contribution_cents=1000)],
        [*SECOND, grant(fund_line("x", action="F.1", amount_cents=1000), project="second", contribution_cents=1000)],
    ),
    (
        Reason.OVER_GRANT,
        [
            *SECOND,
            grant(
                fund_line("x", action="F.1", amount_cents=600, source=COFINANCED),
                fund_line("y", action="F.1", amount_cents=401, source=COFINANCED),
                project="second",
                cofinancing_cents=1000,
            ),
        ],
        [
            *SECOND,
            grant(
                fund_line("x", action="F.1", amount_cents=600, source=COFINANCED),
                fund_line("y", action="F.1", amount_cents=400, source=COFINANCED),
                project="second",
                cofinancing_cents=1000,
            ),
        ],
    ),
    (
        Reason.SESSIONS_PROMISED,
        [*matched(), project("second", closed_days=frozenset({dt.date(2026, 3, 23)}))],
        [*matched(), project("second", closed_days=frozenset({dt.date(2026, 3, 30)}))],
    ),
    (
        Reason.OVER_ACTION_BUDGET,
        [*SECOND, grant(fund_line("x", action="F.1", amount_cents=120_001), project="second")],
        [*SECOND, grant(fund_line("x", action="F.1", amount_cents=120_000), project="second")],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_a_project_is_planned():
    network = network_of(given=[project()])
    planned = network.projects["wis"]
    assert (planned.title, planned.contribution_cents) == ("WIS", None)
    assert network.closed_days == planned.closed_days
    assert network.kind("wis") == "project"


def test_closed_days_are_those_of_all_projects():
    network = network_of(project("second", closed_days=frozenset()))
    assert network.closed_days == network.projects["wis"].closed_days


def test_an_action_is_planned_in_its_project():
    network = network_of(given=[project(), action()])
    assert network.actions["B.1"].budget_cents == 200_000
    assert network.links.targets("wis", "plans") == ["B.1"]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_grant_fills_its_funds(count):
    lines = [fund_line(f"line-{number}", amount_cents=100 + number) for number in range(count)]
    network = network_of(given=[project(), action()])
    go_on(network, [grant(*lines)])
    assert network.projects["wis"].contribution_cents == 150_000
    assert network.projects["wis"].cofinancing_cents == 60_000
    assert network.links.targets("B.1", "funds") == [line.fund for line in lines]
    for line in lines:
        account = ledger.account_of(line.fund)
        assert ledger.free_cents(network.accounts[account]) == line.amount_cents
        assert network.links.targets(line.fund, "keeps") == [account]
    granted = sum(line.amount_cents for line in lines)
    assert sum(one.debits_posted_cents for one in network.accounts.values()) == granted
    assert network.check() == ()


def test_two_rules_of_the_card_hold_by_sixty_euros():
    network = network_of(*ruled(*WHOLE), asked())
    checks = {check.rule: check for check in rule_checks(network, "ruled")}
    assert checks[Rule.CONTRIBUTION_RATE].margin == checks[Rule.COFINANCING_RATE].margin == 60_00
    assert checks[Rule.CONTRIBUTION_CAP].margin == 1_200_00
    assert all(check.holds for check in checks.values() if check.rule is not Rule.WORKING_GROUPS)


def test_a_network_without_the_area_of_networks_needs_no_other():
    assert why_refused(*ruled(*WHOLE, actions=("F.1",)), asked()) is None


def test_a_refusal_says_by_how_much_a_rule_is_broken():
    network = network_of(*ruled(*WHOLE[1:]))
    with pytest.raises(Refused) as refused:
        record(network, asked())
    assert (refused.value.reason, refused.value.detail) == (Reason.TOO_FEW_PARTNERS, -1)


def test_without_rules_any_grant_goes():
    assert why_refused(*SECOND, grant(project="second", contribution_cents=10**9, cofinancing_cents=0)) is None


def test_what_the_card_plans_to_spend_is_kept_by_class():
    both = PlannedCost(cost_classes=frozenset({CostClass.GOODS, CostClass.SERVICES}), cents=30_500_00)
    assert network_of(project("ruled", planned_costs=(both,))).projects["ruled"].planned_costs == (both,)


@pytest.mark.parametrize(
    "rules", [{"region": "Lombardia"}, {"goods_max_percent": 101}, {"months_max": 0}, {"entrepreneurs": 1}]
)
def test_rules_of_another_shape_are_malformed(rules):
    with pytest.raises(Malformed):
        FundingRules(**rules)
