"""The life of an offer: what its facts leave, and why they are refused."""

import datetime as dt

import pytest
from stories import (
    MARCH,
    YEAR,
    agreement,
    firm,
    member,
    need,
    network_of,
    offer,
    plan,
    pool,
    supplier,
    survey,
    why_refused,
)

from wis_engine.errors import Malformed
from wis_engine.facts import (
    AgreementEnded,
    AgreementSigned,
    FirmLeft,
    OfferRevised,
    OfferWithdrawn,
    PoolDissolved,
    SupplierReinstated,
    SupplierSuspended,
)
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.supply import Reason
from wis_engine.network.parties import SupplierKind
from wis_engine.values import AgeBand, Channel, Place, PriceTier, WeekSlots

PAIRED = (PriceTier(people_from=2, price_cents=900),)
ALONE = (PriceTier(price_cents=900),)
LARGE = (PriceTier(units_from=2, price_cents=900),)


def revised(name="hw", **changes):
    return OfferRevised(offer=name, **changes)


def two_at_once():
    """List how two pools of the same half-hours came to stand on one offer."""
    return [
        plan(),
        revised(capacity_per_slot=2),
        pool("pool-1", member("n1", 12_000)),
        pool("pool-2", member("n2", 12_000)),
    ]


SUSPENDED, REINSTATED = SupplierSuspended(supplier="s1"), SupplierReinstated(supplier="s1")
COMPARED = [survey("sv1", supplier="s1"), survey("sv2", supplier="s2", price_cents=1_999)]
OTHER_CARE = survey("sv3", supplier="s1", service="child_minding")


def signed(*surveys, **changes):
    return agreement("a9", "hw", supplier="s1", surveys=surveys, **changes)


def ended(day):
    return AgreementEnded(agreement="a1", on=day)


PAIRS = [
    (Reason.OTHER_SERVICE, [*COMPARED, OTHER_CARE, signed("sv1", "sv3")], [*COMPARED, OTHER_CARE, signed("sv1")]),
    (Reason.OTHER_SERVICE, [OTHER_CARE, signed("sv3")], [survey("sv3"), signed("sv3")]),
    (Reason.NOT_SURVEYED, [*COMPARED, signed("sv2")], [*COMPARED, signed("sv2", "sv1", reason="near")]),
    (Reason.CHOICE_UNEXPLAINED, [*COMPARED, signed("sv1", "sv2")], [*COMPARED, signed("sv1", "sv2", reason="near")]),
    (Reason.CHOICE_UNEXPLAINED, [*COMPARED, signed("sv1", "sv2")], [*COMPARED, signed("sv1")]),
    (Reason.NOT_IN_FORCE, [ended(dt.date(2026, 1, 1))], [ended(dt.date(2026, 1, 2))]),
    (Reason.NOT_IN_FORCE, [ended(dt.date(2027, 1, 1))], [ended(dt.date(2026, 12, 31))]),
    (Reason.ALREADY_SUSPENDED, [SUSPENDED, SUSPENDED], [SUSPENDED, REINSTATED, SUSPENDED]),
    (Reason.NOT_SUSPENDED, [REINSTATED], [SUSPENDED, REINSTATED]),
    (
        Reason.FIRM_NOT_MEMBER,
        [firm("f9"), FirmLeft(firm="f9"), supplier(firm="f9")],
        [firm("f9"), supplier(firm="f9")],
    ),
    (Reason.OFFER_WITHDRAWN, [OfferWithdrawn(offer="hw"), revised(opening_cents=1)], [revised(opening_cents=1)]),
    (Reason.OFFER_WITHDRAWN, [OfferWithdrawn(offer="hw"), OfferWithdrawn(offer="hw")], [OfferWithdrawn(offer="hw")]),
    (Reason.OFFER_WITHDRAWN, [OfferWithdrawn(offer="cm"), agreement("a9", "cm")], [agreement("a9", "cm")]),
    (Reason.OTHER_SUPPLIER, [agreement("a9", "cm", supplier="s1")], [agreement("a9", "cm", supplier="s2")]),
    (
        Reason.LESS_THAN_COMMITTED,
        [plan(), pool(), revised(capacity_minutes=1_079)],
        [plan(), pool(), revised(capacity_minutes=1_080)],
    ),
    (
        Reason.LESS_THAN_COMMITTED,
        [*two_at_once(), revised(capacity_per_slot=1)],
        [
            *two_at_once(),
            PoolDissolved(pool="pool-2", reason=LeavingReason.SUPPLIER),
            revised(capacity_per_slot=1),
        ],
    ),
    (Reason.SMALLEST_GROUP_UNPRICED, [revised(tiers=PAIRED)], [revised(tiers=ALONE)]),
    (Reason.SMALLEST_GROUP_UNPRICED, [revised(tiers=LARGE)], [revised(tiers=ALONE)]),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_suppliers_are_registered():
    network = network_of(supplier("s8", firm="f1", kind=SupplierKind.FIRM), supplier("s9"))
    assert network.suppliers["s8"].supplier_kind is SupplierKind.FIRM
    assert network.links.targets("f1", "acts_as") == ["s8"]
    assert network.links.sources("s9", "acts_as") == []


def test_an_offer_stands():
    network = network_of(offer("o9", languages=frozenset({"it"}), municipi=frozenset({1, 9})))
    standing = network.offers["o9"]
    assert (standing.committed_minutes, standing.withdrawn, standing.open) == (0, False, True)
    assert (standing.unit_minutes, standing.languages, standing.municipi) == (60, {"it"}, {1, 9})
    assert "o9" in network.links.targets("s1", "offers")
    assert network_of(offer("o9", unit_minutes=45)).offers["o9"].unit_minutes == 45


@pytest.mark.parametrize(("people", "price_cents"), [(1, 3_000), (2, 2_250), (3, 1_500), (4, 1_500)])
def test_an_offer_has_a_price_for_every_group(people, price_cents):
    assert network_of().offers["hw"].price_per_head(people, 90) == price_cents


def test_an_offer_is_revised_field_by_field():
    changes = {
        "slots": WeekSlots.parse("tue 15:00-18:00"),
        "period": MARCH,
        "capacity_minutes": 1,
        "capacity_per_slot": 3,
        "tiers": ALONE,
        "opening_cents": 0,
        "quality_percent": 0,
    }
    before = network_of().offers["hw"]
    for name, value in changes.items():
        assert network_of(revised(**{name: value})).offers["hw"] == before.replace(**{name: value})
    assert network_of(revised(**changes)).offers["hw"] == before.replace(**changes)


def test_a_pool_keeps_its_terms_when_its_offer_is_revised_or_withdrawn():
    before = network_of(plan(), pool())
    after = network_of(plan(), pool(), revised(tiers=ALONE, slots=WeekSlots.at(3, 30, 4)), OfferWithdrawn(offer="hw"))
    assert after.pools == before.pools
    assert after.check() == ()
    assert after.offers["hw"].committed_minutes == 1_080
    assert "hw" not in after.opened("offer")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_agreement_covers_offers(count):
    names = [f"x{number}" for number in range(count)]
    network = network_of(*(offer(name, supplier="s2") for name in names), agreement("a9", *names))
    assert network.links.targets("a9", "covers") == names
    assert "a9" in network.links.targets("s2", "signs")
    assert network.agreements["a9"].period == YEAR


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (supplier, {"kind": "firm"}),
        (supplier, {"title": "x" * 201}),
        (offer, {"service": "magic"}),
        (offer, {"place": "home"}),
        (offer, {"slots": WeekSlots.NEVER}),
        (offer, {"nil": -1}),
        (offer, {"radius_m": -1}),
        (offer, {"municipi": frozenset({10})}),
        (offer, {"municipi": (1,)}),
        (offer, {"capacity_minutes": 0}),
        (offer, {"capacity_per_slot": 0}),
        (offer, {"tiers": ()}),
        (offer, {"tiers": list(ALONE)}),
        (offer, {"tiers": ALONE * 2}),
        (offer, {"tiers": PAIRED}),
        (offer, {"tiers": LARGE}),
        (offer, {"tiers": (1,)}),
        (offer, {"opening_cents": -1}),
        (offer, {"group_min": 3, "group_max": 2}),
        (offer, {"quality_percent": 101}),
        (offer, {"channel": "wemi"}),
        (offer, {"age_bands": frozenset({"infant-0-2"})}),
        (offer, {"age_bands": [AgeBand.INFANT_0_2]}),
        (offer, {"languages": frozenset({"italian"})}),
        (revised, {"tiers": ()}),
        (revised, {"quality_percent": 101}),
        (revised, {"capacity_minutes": 0}),
        (agreement, {"supplier": "s1"}),
        (AgreementSigned, {"agreement": "a", "supplier": "s2", "offers": ("cm", "cm"), "period": YEAR}),
        (AgreementSigned, {"agreement": "a", "supplier": "s2", "offers": ["cm"], "period": YEAR}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)


def test_the_smallest_group_may_be_larger_than_one():
    paired = offer("o9", tiers=PAIRED, group_min=2, channel=Channel.WEMI, place=Place.REMOTE)
    assert network_of(paired, need()).offers["o9"].group_min == 2


def test_a_suspended_supplier_takes_no_part_with_any_offer_until_it_is_back():
    network = network_of(SUSPENDED, offer("o9", supplier="s1"))
    assert network.suppliers["s1"].suspended
    assert {name for name in network.offers if not network.offers[name].open} == {"hw", "o9"}
    back = network_of(SUSPENDED, offer("o9", supplier="s1"), REINSTATED)
    assert not back.suppliers["s1"].suspended
    assert set(back.opened("offer")) == set(back.offers)


def test_an_agreement_that_ended_holds_until_the_day_before():
    network = network_of(ended(dt.date(2026, 5, 1)))
    assert str(network.agreements["a1"].period) == "2026-01-01/2026-05-01"


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (survey, {"criteria": ()}),
        (survey, {"criteria": survey().criteria * 2}),
        (survey, {"price_cents": 0}),
        (survey, {"service": "unheard_of"}),
        (signed, {"reason": "x" * 201}),
    ],
)
def test_a_survey_or_a_choice_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)


def test_surveys_are_compared_once_each():
    with pytest.raises(Malformed):
        signed("sv1", "sv1")
