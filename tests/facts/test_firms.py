"""The way of a firm into the network: what its facts leave, and why they are refused."""

import pytest
from stories import approached, firm, network_agreement, network_of, sheet, why_refused

from wis_engine.errors import Malformed
from wis_engine.facts import FirmLeft, NetworkAgreementJoined, NetworkAgreementLeft
from wis_engine.facts.firms import Reason
from wis_engine.facts.membership import Reason as MembershipReason
from wis_engine.network.parties import FirmStage, FirmStatus
from wis_engine.network.sizes import FirmSize, LinkedFirm

SENSITISED, INTERESTED = FirmStage.SENSITISED, FirmStage.INTERESTED
GONE = [firm("f9"), FirmLeft(firm="f9")]


def joins(name="f3", agreement="na1"):
    return NetworkAgreementJoined(network_agreement=agreement, firm=name)


def leaves(name="f3"):
    return NetworkAgreementLeft(network_agreement="na1", firm=name)


PAIRS = [
    (Reason.OTHER_STAGE, [approached(stage=SENSITISED)], [approached(), approached(stage=SENSITISED)]),
    (Reason.OTHER_STAGE, [approached(), approached()], [approached(), approached("f7")]),
    (
        Reason.OTHER_STAGE,
        [approached(), approached(stage=INTERESTED)],
        [approached(), approached(stage=SENSITISED), approached(stage=INTERESTED)],
    ),
    (Reason.OTHER_STAGE, [approached("f1")], [approached("f9")]),
    (Reason.YEAR_COMPLETED, [sheet(), sheet()], [sheet(), sheet(year=2024)]),
    (Reason.YEAR_NOT_BEGUN, [sheet(year=2027)], [sheet(year=2026)]),
    (Reason.FIRM_NOT_MEMBER, [*GONE, network_agreement("f1", "f9")], [firm("f9"), network_agreement("f1", "f9")]),
    (Reason.FIRM_NOT_MEMBER, [approached(), network_agreement("f1", "f8")], [network_agreement("f1", "f3")]),
    (Reason.FIRM_NOT_MEMBER, [*GONE, network_agreement(), joins("f9")], [firm("f9"), network_agreement(), joins("f9")]),
    (Reason.ALREADY_BOUND, [network_agreement(), joins("f2")], [network_agreement(), joins("f3")]),
    (Reason.NOT_BOUND, [network_agreement(), leaves("f3")], [network_agreement(), leaves("f2")]),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_a_firm_comes_nearer_step_by_step_and_joins_under_its_id():
    steps = [approached(), approached(stage=SENSITISED, title="New name"), approached(stage=INTERESTED)]
    for count, stage in enumerate((FirmStage.CONTACTED, SENSITISED, INTERESTED), 1):
        near = network_of(*steps[:count]).firms["f8"]
        assert (near.stage, near.member, near.status, near.size) == (stage, False, None, None)
    joined = network_of(*steps, firm("f8", title="Name", status=FirmStatus.MEMBER)).firms["f8"]
    assert (joined.stage, joined.member, joined.title) == (FirmStage.JOINED, True, "Name")


def test_a_firm_that_left_is_not_approached_but_comes_back():
    assert why_refused(*GONE, approached("f9")) is Reason.OTHER_STAGE
    assert why_refused(*GONE, firm("f9")) is None


@pytest.mark.parametrize(
    ("awu", "size", "reason"),
    [
        (999, FirmSize.MICRO, None),
        (4_999, FirmSize.SMALL, None),
        (5_000, FirmSize.MEDIUM, MembershipReason.FIRM_TOO_LARGE),
    ],
)
def test_sheets_decide_whether_a_firm_may_join(awu, size, reason):
    told = [approached(), sheet("f8", awu_hundredths=awu)]
    assert network_of(*told).firms["f8"].size is size
    assert why_refused(*told, firm("f8", persons=49)) is reason
    assert why_refused(*told, firm("f8", persons=99)) is reason


def test_sheets_stay_with_a_firm_and_are_kept_in_order():
    network = network_of(approached(), sheet("f8", 2025), sheet("f8", 2024), firm("f8"))
    assert [one.year for one in network.firms["f8"].sheets] == [2024, 2025]


def test_who_is_bound_by_a_network_agreement_is_in_the_links():
    network = network_of(network_agreement("f1", "f2"), joins("f3"), leaves("f1"))
    assert network.links.targets("na1", "binds") == ["f2", "f3"]
    gone = network_of(firm("f9"), network_agreement("f1", "f9"), FirmLeft(firm="f9"))
    assert gone.links.targets("na1", "binds") == ["f1"]


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (approached, {"stage": FirmStage.JOINED}),
        (approached, {"stage": "contacted"}),
        (sheet, {"awu_hundredths": -1}),
        (sheet, {"year": 26}),
        (network_agreement, {"firms": ("f1",)}),
        (network_agreement, {"firms": ("f1", "f1")}),
        (LinkedFirm, {"share_percent": 0, "awu_hundredths": 0, "turnover_cents": 0, "balance_cents": 0}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)
