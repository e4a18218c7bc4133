"""The life of a cost: what it takes of its action, its source and the goods, and why it is refused."""

import datetime as dt

import pytest
from stories import action, cost, fund_line, grant, network_of, partner, project, why_refused

from wis_engine.errors import Malformed
from wis_engine.facts import CostReversed, PartnerWithdrawn
from wis_engine.facts.costs import Reason
from wis_engine.facts.partners import Reason as PartnerReason
from wis_engine.network import ledger
from wis_engine.network.parties import CostClass, FundingRules, FundSource

OURS = [partner()]
SERVICES, COFINANCED = CostClass.SERVICES, FundSource.COFINANCING
UNGRANTED = [project("second"), action("F.1", project="second"), partner(project="second")]
NO_ONE_ASKED = FundingRules(partners_min=0, small_firms_min=0, public_bodies_min=0)
RULED = [
    project("second", rules=NO_ONE_ASKED),
    action("F.1", project="second", budget_cents=200_000),
    partner("other", project="second"),
    grant(project="second", contribution_cents=70_000, cofinancing_cents=30_000),
]


def theirs(name="k1", **changes):
    return cost(name, **{"action": "F.1", "partner": "other"} | changes)


PAIRS = [
    (Reason.OTHER_PROJECT, [*RULED, cost(partner="other")], [*RULED, *OURS, cost()]),
    (
        Reason.NOT_YET_GRANTED,
        [*UNGRANTED, cost(action="F.1")],
        [*UNGRANTED, grant(project="second"), cost(action="F.1")],
    ),
    (
        Reason.NOT_YET_PAID,
        [*OURS, cost(paid_on=dt.date(2026, 3, 2))],
        [*OURS, cost(paid_on=dt.date(2026, 3, 1))],
    ),
    (
        Reason.OVER_ACTION_BUDGET,
        [*OURS, cost(action="C.1", net_cents=30_001)],
        [*OURS, cost(action="C.1", net_cents=30_000)],
    ),
    (Reason.OVER_SOURCE, [*OURS, cost(net_cents=50_001)], [*OURS, cost(net_cents=50_000)]),
    (
        Reason.OVER_SOURCE,
        [*OURS, cost(net_cents=10_001, source=COFINANCED)],
        [*OURS, cost(net_cents=10_000, source=COFINANCED)],
    ),
    (Reason.OVER_GOODS_CAP, [*RULED, theirs(net_cents=10_501)], [*RULED, theirs(net_cents=10_500)]),
    (
        Reason.OVER_GOODS_CAP,
        [*RULED, theirs(), theirs("k2", net_cents=501)],
        [*RULED, theirs(), theirs("k2", net_cents=501, cost_class=SERVICES)],
    ),
    (
        Reason.OVER_GOODS_CAP,
        [*RULED, theirs(), theirs("k2", net_cents=501)],
        [*RULED, theirs(), CostReversed(cost="k1"), theirs("k2", net_cents=501)],
    ),
    (
        Reason.ALREADY_REVERSED,
        [*OURS, cost(), CostReversed(cost="k1"), CostReversed(cost="k1")],
        [*OURS, cost(), CostReversed(cost="k1")],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_a_partner_that_has_withdrawn_spends_nothing():
    assert why_refused(*OURS, PartnerWithdrawn(partner="lead"), cost()) is PartnerReason.PARTNER_WITHDRAWN


def test_goods_without_rules_cost_what_the_action_bears():
    assert why_refused(*OURS, cost(net_cents=50_000)) is None


@pytest.mark.parametrize("granted_cents", [70_000, 40_000])
def test_the_cap_of_goods_follows_what_was_granted(granted_cents):
    given = [*RULED[:3], grant(project="second", contribution_cents=granted_cents, cofinancing_cents=30_000)]
    most = granted_cents * 15 // 100
    assert network_of(*given).projects["second"].goods_cap_cents == most
    assert why_refused(*given, theirs(net_cents=most)) is None
    assert why_refused(*given, theirs(net_cents=most + 1)) is Reason.OVER_GOODS_CAP


def test_a_cost_is_counted_net_wherever_it_counts_and_given_back():
    network = network_of(*OURS, cost(), cost("k2", cost_class=SERVICES, source=COFINANCED, net_cents=4_000))
    action_b, planned = network.actions["B.1"], network.projects["wis"]
    assert (action_b.costs_cents, action_b.lines_cents, action_b.left_cents) == (14_000, 100_000, 86_000)
    assert (planned.contribution_used_cents, planned.cofinancing_used_cents) == (110_000, 54_000)
    assert planned.goods_cents == 10_000
    assert network.accounts[ledger.account_of("lead")].credits_posted_cents == 14_000
    assert network.links.targets("B.1", "bears") == network.links.targets("lead", "spends") == ["k1", "k2"]
    assert network.check() == ()
    again = network_of(*OURS, cost(), CostReversed(cost="k1"))
    assert again.costs["k1"].reversed
    assert (again.actions["B.1"].costs_cents, again.projects["wis"].goods_cents) == (0, 0)
    assert again.accounts[ledger.account_of("lead")].credits_posted_cents == 0
    assert again.check() == ()


def test_fund_lines_and_costs_share_a_budget():
    second = [project("second"), action("F.1", project="second", budget_cents=1_000), partner(project="second")]
    line = fund_line("x", action="F.1", amount_cents=600)
    given = [*second, grant(line, project="second")]
    assert why_refused(*given, cost(action="F.1", net_cents=401)) is Reason.OVER_ACTION_BUDGET
    assert why_refused(*given, cost(action="F.1", net_cents=400)) is None


@pytest.mark.parametrize(
    "changes", [{"net_cents": 0}, {"vat_cents": -1}, {"cost_class": "goods"}, {"source": "own"}, {"paid_on": "today"}]
)
def test_a_fact_of_another_shape_is_malformed(changes):
    with pytest.raises(Malformed):
        cost(**changes)
