"""The supply of the pilot: suppliers, their offers, how they were surveyed, what they change in the year.

Nothing is drawn here; all of it is simulated, and stands in `wis_supply.toml`.
"""

from collections import defaultdict
from collections.abc import Iterator

from wis_engine.facts import (
    AgreementEnded,
    AgreementSigned,
    OfferRevised,
    OfferWithdrawn,
    SupplierOffered,
    SupplierRegistered,
    SupplierReinstated,
    SupplierSurveyed,
    SupplierSuspended,
)
from wis_engine.network.choice import ranked
from wis_engine.network.guidance import Survey, SurveyCriterion
from wis_engine.network.parties import SupplierKind
from wis_engine.simulation.card import DESK, LEAD, Act, Table, instant, table
from wis_engine.values import (
    AgeBand,
    AgreementId,
    Channel,
    FirmId,
    OfferId,
    Period,
    Place,
    PriceTier,
    ServiceCode,
    SupplierId,
    SurveyId,
    WeekSlots,
)


def offered() -> Iterator[Act]:
    """Register suppliers and offers, survey them, and sign the agreements."""
    supply = table("supply")
    facts = [fact for row in supply["suppliers"] for fact in (_registered(row), *_offers(row))]
    yield Act(at=instant(table("card")["opening"]["offered"], "10:00"), actor=DESK, facts=tuple(facts))
    surveys = _surveys(supply)
    surveyed = [survey for _, service in sorted(surveys.items()) for survey in service]
    yield Act(at=instant(supply["supply"]["surveyed"], "10:00"), actor=DESK, facts=tuple(surveyed))
    agreements = tuple(_agreements(supply, surveys))
    yield Act(at=instant(supply["supply"]["signed"], "11:00"), actor=LEAD, facts=agreements)


def _registered(row: Table) -> SupplierRegistered:
    firm = FirmId(row["firm"]) if "firm" in row else None
    return SupplierRegistered(
        supplier=SupplierId(row["id"]), title=row["title"], kind=SupplierKind(row["kind"]), firm=firm
    )


def _offers(row: Table) -> Iterator[SupplierOffered]:
    for offer in row["offers"]:
        yield _offered(SupplierId(row["id"]), offer)


def _offered(supplier: SupplierId, row: Table) -> SupplierOffered:
    return SupplierOffered(
        offer=OfferId(row["id"]),
        supplier=supplier,
        service=ServiceCode(row["service"]),
        place=Place(row["place"]),
        slots=WeekSlots.parse(row["windows"]),
        period=Period.parse(row.get("period", table("supply")["supply"]["period"])),
        nil=row["nil"],
        radius_m=row.get("radius_m"),
        municipi=frozenset(row.get("municipi", ())),
        capacity_minutes=row["capacity_hours"] * 60,
        capacity_per_slot=row["sessions_at_once"],
        tiers=_tiers(row["tiers"]),
        opening_cents=row.get("opening_cents", 0),
        group_min=row["group_min"],
        group_max=row["group_max"],
        quality_percent=row["quality_percent"],
        channel=Channel(row["channel"]),
        age_bands=frozenset(AgeBand(band) for band in row.get("age_bands", ())),
        languages=frozenset(row.get("languages", ())),
    )


def _tiers(rows: list[list[int]]) -> tuple[PriceTier, ...]:
    return tuple(
        PriceTier(people_from=people, units_from=units, price_cents=price_cents) for people, units, price_cents in rows
    )


def _surveys(supply: Table) -> dict[str, list[SupplierSurveyed]]:
    """Survey everybody who offers a service for which an agreement is to be signed."""
    wanted = {row["offers"][0]["service"] for row in supply["suppliers"] if _agreed(row)}
    found: dict[str, list[SupplierSurveyed]] = defaultdict(list)
    for row in supply["suppliers"]:
        for offer in row["offers"]:
            if offer["service"] in wanted and offer["channel"] != Channel.PARTNER:
                found[offer["service"]].append(_surveyed(supply, row["id"], offer))
    return dict(found)


def _surveyed(supply: Table, supplier: str, offer: Table) -> SupplierSurveyed:
    criteria = tuple(
        SurveyCriterion(criterion=name, weight=weight, score_percent=offer["quality_percent"] + beside)
        for name, weight, beside in supply["supply"]["criteria"]
    )
    return SupplierSurveyed(
        survey=SurveyId(f"survey-{offer['id']}"),
        supplier=SupplierId(supplier),
        service=ServiceCode(offer["service"]),
        criteria=criteria,
        price_cents=offer["tiers"][0][2],
    )


def _agreed(row: Table) -> tuple[OfferId, ...]:
    return tuple(OfferId(offer["id"]) for offer in row["offers"] if offer["channel"] == Channel.AGREEMENT)


def _agreements(supply: Table, surveys: dict[str, list[SupplierSurveyed]]) -> Iterator[AgreementSigned]:
    for row in supply["suppliers"]:
        if offers := _agreed(row):
            compared = surveys[row["offers"][0]["service"]]
            best = ranked(_found(one) for one in compared)[0]
            yield AgreementSigned(
                agreement=AgreementId(f"agreement-{row['id'].removeprefix('s-')}"),
                supplier=SupplierId(row["id"]),
                offers=offers,
                period=Period.parse(supply["supply"]["period"]),
                surveys=tuple(one.survey for one in compared),
                reason="" if best.supplier == row["id"] else supply["supply"]["reason"],
            )


def _found(fact: SupplierSurveyed) -> Survey:
    """Tell what a survey will have found once it is recorded."""
    return Survey(
        id=fact.survey,
        supplier=fact.supplier,
        service=fact.service,
        criteria=fact.criteria,
        price_cents=fact.price_cents,
    )


def changes() -> Iterator[Act]:
    """What suppliers change in the course of the year: prices, hours, an offer, an agreement; who is suspended."""
    supply = table("supply")
    for row in supply["changes"]:
        yield Act(at=instant(row["day"], "11:00"), actor=DESK, facts=(_changed(row),))
    for row in supply["suspensions"]:
        supplier = SupplierId(row["supplier"])
        suspended = SupplierSuspended(supplier=supplier, reason=row["reason"])
        yield Act(at=instant(row["from"], "10:00"), actor=LEAD, facts=(suspended,))
        yield Act(at=instant(row["to"], "10:00"), actor=LEAD, facts=(SupplierReinstated(supplier=supplier),))
    for row in supply["endings"]:
        ended = AgreementEnded(agreement=AgreementId(row["agreement"]), on=row["on"])
        yield Act(at=instant(row["told"], "10:00"), actor=LEAD, facts=(ended,))


def _changed(row: Table) -> OfferRevised | OfferWithdrawn:
    offer = OfferId(row["offer"])
    if row.get("withdrawn"):
        return OfferWithdrawn(offer=offer)
    return OfferRevised(
        offer=offer,
        tiers=_tiers(row["tiers"]) if "tiers" in row else None,
        capacity_minutes=row["capacity_hours"] * 60 if "capacity_hours" in row else None,
    )
