"""The budget: planned, committed, spent; hours apart."""

import stories
from stories import cost, hours, partner, partner_firm, redeemed, staff, voucher
from telling import told

from wis_engine.facts import CostReversed, StaffHoursReversed, VoucherCancelled
from wis_engine.network.parties import CostClass, FundSource, PlannedCost
from wis_engine.network.partners import StaffRole
from wis_engine.views.budget import Budget

OTHER = frozenset({CostClass.SERVICES, CostClass.GOODS})
PLANNED = (
    PlannedCost(cost_classes=frozenset({CostClass.PERSONNEL}), cents=39_300),
    PlannedCost(cost_classes=OTHER, cents=30_500),
)
PARTNERS = [
    partner("lead"),
    partner_firm("pf1"),
    staff("wm"),
    staff("ref", partner="pf1", role=StaffRole.FIRM_REFERENT),
]


def budget(*story, planned=PLANNED):
    _, *others = stories.pilot()
    return told(Budget, stories.project(planned_costs=planned), *others, *PARTNERS, *story)


def of(rows, **wanted):
    return next(row for row in rows if wanted.items() <= row.items())


def test_an_action_is_a_line():
    story = [voucher("v1"), voucher("v2"), VoucherCancelled(voucher="v2"), redeemed(amount_cents=1_500), cost()]
    rows = budget(*story).records()
    assert [row["action"] for row in rows] == ["B.1", "C.1"]
    assert rows[0] == {
        "action": "B.1",
        "planned_cents": 200_000,
        "lines_cents": 100_000,
        "issued_cents": 12_000,
        "committed_cents": 4_500,
        "paid_cents": 1_500,
        "costs_cents": 10_000,
        "spent_cents": 11_500,
        "free_cents": 90_000,
    }
    assert rows[1]["spent_cents"] == 0


def test_a_cost_that_is_reversed_never_was():
    assert budget(cost(), CostReversed(cost="k1")).records() == budget().records()
    assert budget(cost("k1"), cost("k2"), CostReversed(cost="k1")).records() == budget(cost("k2")).records()


def test_costs_are_net_of_vat():
    assert budget(cost(net_cents=700, vat_cents=154)).records()[0]["costs_cents"] == 700


def test_classes_stay_together_as_they_were_planned_and_vouchers_buy_services():
    story = [cost("k1"), cost("k2", cost_class=CostClass.PERSONNEL, net_cents=5), voucher(), redeemed(amount_cents=900)]
    assert budget(*story).by_class() == [
        {"cost_classes": "goods, services", "planned_cents": 30_500, "spent_cents": 10_900},
        {"cost_classes": "personnel", "planned_cents": 39_300, "spent_cents": 5},
    ]


def test_a_class_without_a_plan_stands_alone():
    assert budget(cost(), planned=()).by_class() == [
        {"cost_classes": "goods", "planned_cents": None, "spent_cents": 10_000},
        {"cost_classes": "personnel", "planned_cents": None, "spent_cents": 0},
        {"cost_classes": "services", "planned_cents": None, "spent_cents": 0},
    ]


def test_lines_of_one_plan_for_the_same_classes_add_up():
    twice = budget(planned=(*PLANNED, PLANNED[1])).by_class()
    assert of(twice, cost_classes="goods, services")["planned_cents"] == 61_000


def test_a_partner_bears_costs_and_gives_time():
    story = [cost(), cost("k2", partner="pf1", net_cents=40), hours(), hours("t2", staff="ref", minutes=30)]
    assert budget(*story).by_partner() == [
        {"partner": "lead", "costs_cents": 10_000, "logged_minutes": 240},
        {"partner": "pf1", "costs_cents": 40, "logged_minutes": 30},
    ]


def test_a_source_gives_and_is_spent():
    story = [cost(source=FundSource.COFINANCING), voucher(), redeemed(amount_cents=900)]
    contribution, cofinancing = budget(*story).by_source()
    assert contribution == {
        "source": "contribution",
        "granted_cents": 150_000,
        "paid_cents": 900,
        "costs_cents": 0,
        "left_cents": 149_100,
    }
    assert (cofinancing["granted_cents"], cofinancing["costs_cents"], cofinancing["left_cents"]) == (
        60_000,
        10_000,
        50_000,
    )


def test_hours_are_a_ledger_of_their_own():
    story = [hours(), hours("t2", staff="ref", minutes=30), hours("t3", action="C.1"), hours("t4")]
    rows = budget(*story, StaffHoursReversed(timesheet="t4")).hours()
    assert rows == [
        {"action": "B.1", "role": "", "planned_minutes": 6_000, "logged_minutes": 270},
        {"action": "B.1", "role": "firm-referent", "planned_minutes": None, "logged_minutes": 30},
        {"action": "B.1", "role": "welfare-manager", "planned_minutes": None, "logged_minutes": 240},
        {"action": "C.1", "role": "", "planned_minutes": 6_000, "logged_minutes": 240},
        {"action": "C.1", "role": "welfare-manager", "planned_minutes": None, "logged_minutes": 240},
    ]
    assert budget(*story).records() == budget().records()
