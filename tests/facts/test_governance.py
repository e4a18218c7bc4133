"""The meetings of a project."""

import pytest
from stories import MARCH, action, group, instant, meeting, network_of, partner, pilot, project, report, why_refused

from wis_engine.errors import Malformed
from wis_engine.facts import PartnerWithdrawn
from wis_engine.facts.governance import Reason
from wis_engine.facts.partners import Reason as PartnerReason
from wis_engine.network.parties import MeetingKind
from wis_engine.network.partners import Figure

LED = [partner()]
SECOND = [project("second"), action("F.1", project="second")]
OTHERS = [*SECOND, partner("other", project="second")]
IN_GROUP = {"kind": MeetingKind.WORKING_GROUP, "group": "g1"}
PAIRS = [
    (Reason.OTHER_PROJECT, [*OTHERS, group(lead="other")], [*OTHERS, *LED, group(lead="lead")]),
    (
        Reason.OTHER_PROJECT,
        [*OTHERS, *LED, group(), meeting(project="second", **IN_GROUP)],
        [*OTHERS, *LED, group(), meeting(project="wis", **IN_GROUP)],
    ),
    (Reason.NO_SUCH_AREA, [*LED, group(area="F")], [*LED, action("F.1"), group(area="F")]),
    (Reason.NO_SUCH_AREA, [*SECOND, *LED, group(area="F")], [*SECOND, *LED, group(area="C")]),
    (Reason.AREA_TAKEN, [*LED, group(), group("g2")], [*LED, group(), group("g2", area="C")]),
    (Reason.FUTURE_POSITION, [report(position=len(pilot()) + 1)], [report(position=len(pilot()))]),
    (
        Reason.OUTSIDE_PROJECT,
        [instant("2026-12-31 23:00"), meeting()],
        [instant("2026-12-31 22:59"), meeting()],
    ),
    (Reason.OUTSIDE_PROJECT, [instant("2025-12-31 22:59"), meeting()], [instant("2025-12-31 23:00"), meeting()]),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


@pytest.mark.parametrize("kind", list(MeetingKind))
def test_a_meeting_was_held(kind):
    network = network_of(meeting(kind=kind))
    assert network.meetings["m1"].meeting_kind is kind


def test_a_working_group_meets():
    network = network_of(*LED, group(), meeting(**IN_GROUP))
    assert network.links.targets("wis", "gathers") == network.links.targets("lead", "heads") == ["g1"]
    assert network.links.targets("g1", "meets") == ["m1"]
    assert network.working_groups["g1"].area == "B"


def test_a_partner_that_has_withdrawn_leads_no_group():
    assert why_refused(*LED, PartnerWithdrawn(partner="lead"), group()) is PartnerReason.PARTNER_WITHDRAWN


def test_a_report_keeps_its_figures_and_where_it_was_read():
    network = network_of(report())
    issued = network.reports["r1"]
    assert (issued.period, issued.read_at, issued.figures) == (MARCH, 3, (Figure(indicator="I1.1", value=5),))


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (meeting, {"minutes": 0}),
        (meeting, {"kind": "monitoring"}),
        (meeting, {"group": "g1"}),
        (group, {"area": "H"}),
        (report, {"figures": ()}),
        (report, {"figures": (Figure(indicator="I1.1", value=5), Figure(indicator="I1.1", value=6))}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)
