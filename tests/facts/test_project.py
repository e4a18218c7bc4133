"""The life of a project: what its facts leave, and why they are refused."""

import datetime as dt

import pytest
from stories import action, fund_line, go_on, grant, matched, network_of, project, why_refused

from wis_engine.facts.project import Reason
from wis_engine.network import ledger
from wis_engine.network.parties import FundSource
from wis_engine.values import Period

SECOND = [project("second"), action("F.1", project="second", budget_cents=120_000)]
COFINANCED = FundSource.COFINANCING
PAIRS = [
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
