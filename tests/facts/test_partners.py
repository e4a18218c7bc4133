"""The life of a partnership, its staff and their hours: what its facts leave, and why they are refused."""

import datetime as dt

import pytest
from stories import action, firm, hours, network_of, partner, partner_firm, project, staff, why_refused

from wis_engine.errors import Malformed
from wis_engine.facts import FirmLeft, PartnerWithdrawn, StaffHoursReversed
from wis_engine.facts.partners import Reason
from wis_engine.network.parties import FirmStatus, FundingRules
from wis_engine.network.partners import Evidence, PartnerKind

RULED = [project("ruled", rules=FundingRules())]
WITHDRAWN = PartnerWithdrawn(partner="lead")
STAFFED = [partner(), staff()]
LOGGED = [*STAFFED, hours(minutes=1_000)]
NOT_REGION, REGION = "IT-45", frozenset({"IT-25"})


def ruled_firm(**changes):
    return partner_firm(**{"project": "ruled", "legal_seat": NOT_REGION} | changes)


PAIRS = [
    (Reason.ALREADY_LED, [partner(lead=True), partner("p-2", lead=True)], [partner(lead=True), partner("p-2")]),
    (
        Reason.ALREADY_LED,
        [partner(lead=True), partner("p-2", lead=True)],
        [partner(lead=True), WITHDRAWN, partner("p-2", lead=True)],
    ),
    (Reason.NOT_A_PARTNER_FIRM, [partner_firm(firm="f2")], [partner_firm(firm="f1")]),
    (
        Reason.NOT_A_PARTNER_FIRM,
        [firm("f9", status=FirmStatus.PARTNER), FirmLeft(firm="f9"), partner_firm(firm="f9")],
        [firm("f9", status=FirmStatus.PARTNER), partner_firm(firm="f9")],
    ),
    (
        Reason.ALREADY_PARTNER,
        [partner_firm("pf1"), partner_firm("pf2", "f1")],
        [partner_firm("pf1"), partner_firm("pf2", "f3")],
    ),
    (Reason.SITE_OUTSIDE, [*RULED, ruled_firm()], [*RULED, ruled_firm(sites=REGION)]),
    (Reason.SITE_OUTSIDE, [*RULED, ruled_firm()], [*RULED, ruled_firm(legal_seat="IT-25")]),
    (Reason.SITE_OUTSIDE, [*RULED, ruled_firm()], [ruled_firm(project="wis")]),
    (
        Reason.LEAD_OUTSIDE,
        [*RULED, ruled_firm(lead=True, sites=REGION)],
        [*RULED, ruled_firm(lead=True, sites=REGION, legal_seat="IT-25")],
    ),
    (
        Reason.LEAD_OUTSIDE,
        [*RULED, ruled_firm(lead=True, legal_seat="IT-25")],
        [*RULED, ruled_firm(lead=False, legal_seat="IT-25")],
    ),
    (Reason.PARTNER_WITHDRAWN, [partner(), WITHDRAWN, WITHDRAWN], [partner(), WITHDRAWN]),
    (Reason.PARTNER_WITHDRAWN, [partner(), WITHDRAWN, staff()], [partner(), staff()]),
    (
        Reason.OTHER_PROJECT,
        [*STAFFED, project("second"), action("F.1", project="second"), hours(action="F.1")],
        [*STAFFED, project("second"), action("F.1", project="wis"), hours(action="F.1")],
    ),
    (
        Reason.OUTSIDE_ACTION,
        [*STAFFED, hours(day=dt.date(2025, 12, 31))],
        [*STAFFED, hours(day=dt.date(2026, 1, 1))],
    ),
    (Reason.OUTSIDE_ACTION, [*STAFFED, hours(day=dt.date(2026, 3, 2))], [*STAFFED, hours(day=dt.date(2026, 3, 1))]),
    (Reason.OVER_A_DAY, [*LOGGED, hours("t2", minutes=441)], [*LOGGED, hours("t2", minutes=440)]),
    (
        Reason.OVER_A_DAY,
        [*LOGGED, hours("t2", minutes=441)],
        [*LOGGED, hours("t2", minutes=441, day=dt.date(2026, 2, 26))],
    ),
    (
        Reason.OVER_A_DAY,
        [*LOGGED, hours("t2", minutes=441)],
        [*LOGGED, StaffHoursReversed(timesheet="t1"), hours("t2", minutes=441)],
    ),
    (
        Reason.OVER_A_DAY,
        [*LOGGED, hours("t2", minutes=441)],
        [*LOGGED, staff("other"), hours("t2", minutes=441, staff="other")],
    ),
    (
        Reason.ALREADY_REVERSED,
        [*LOGGED, StaffHoursReversed(timesheet="t1"), StaffHoursReversed(timesheet="t1")],
        [*LOGGED, StaffHoursReversed(timesheet="t1")],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_partners_are_admitted_with_what_they_are():
    network = network_of(partner(lead=True), partner("city", kind=PartnerKind.PUBLIC_BODY), partner_firm())
    assert network.links.targets("wis", "unites") == ["city", "lead", "pf1"]
    assert network.links.targets("f1", "partners") == ["pf1"]
    assert network.partners["pf1"].chamber_registered
    assert network.partners["lead"].lead


def test_time_is_logged_and_reversed_and_costs_nothing():
    network = network_of(*LOGGED, StaffHoursReversed(timesheet="t1"), hours("t2"))
    assert network.links.targets("wm", "logs") == ["t1", "t2"]
    assert [network.timesheets[name].reversed for name in ("t1", "t2")] == [True, False]
    assert network.timesheets["t2"].evidence.ref == "folder.17"
    assert network.actions["B.1"].costs_cents == 0
    assert network.check() == ()


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (partner, {"firm": "f1"}),
        (partner_firm, {"firm": None}),
        (partner_firm, {"sites": frozenset({"Lombardia"})}),
        (partner, {"legal_seat": "it-25"}),
        (staff, {"role": "welfare-manager"}),
        (hours, {"minutes": 0}),
        (hours, {"minutes": 1_441}),
        (hours, {"evidence": "folder.17"}),
        (Evidence, {"ref": "x", "sha256": "E" * 64}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)
