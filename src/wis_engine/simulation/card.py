"""The pilot as it stands on paper: the packaged data, read and turned into facts.

Nothing is drawn here. The project card gives the project, its actions, firms
and people; the simulated supply gives suppliers, offers and agreements, and
what they change in the course of the year. Each function answers with acts in
order of time.
"""

import datetime as dt
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, Final
from zoneinfo import ZoneInfo

from attrs import frozen

from wis_engine.facts import (
    ActionPlanned,
    AgreementSigned,
    Event,
    FirmJoined,
    FirmLeft,
    GrantAwarded,
    HouseholdFormed,
    MeetingHeld,
    OfferRevised,
    OfferWithdrawn,
    PersonEnrolled,
    ProjectPlanned,
    SupplierOffered,
    SupplierRegistered,
)
from wis_engine.facts.project import FundLine
from wis_engine.network.parties import (
    FirmStatus,
    FundSource,
    Gender,
    MeetingKind,
    Member,
    Role,
    SupplierKind,
    Target,
)
from wis_engine.territory import closed_days
from wis_engine.values import (
    ActionCode,
    AgeBand,
    AgreementId,
    Channel,
    FirmId,
    FundId,
    HouseholdId,
    MeetingId,
    MemberId,
    OfferId,
    Period,
    PersonId,
    Place,
    PriceTier,
    ProjectId,
    ServiceCode,
    SupplierId,
    WeekSlots,
)

ZONE: Final = "Europe/Rome"
LEAD: Final = "simulated-lead"
DESK: Final = "simulated-welfare-manager"
_INDICATORS: Final = {"recipients": "I1.1", "accesses": "I4.2e", "boards": "I2.1"}
_MEETING_MINUTES: Final = 120

Table = dict[str, Any]


@frozen(kw_only=True)
class Act:
    """Facts that happen together: when, who says so, what."""

    at: dt.datetime
    actor: str
    facts: tuple[Event, ...]


@cache
def table(name: str) -> Table:
    """Read one of the packaged tables: `card`, `supply` or `demand`."""
    text = resources.files("wis_engine").joinpath(f"data/wis_{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def instant(day: dt.date, clock: str) -> dt.datetime:
    """Turn a date and a wall clock («09:00») of Milano into an instant."""
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=ZoneInfo(ZONE)).astimezone(dt.UTC)


def period() -> Period:
    """When the project runs."""
    return Period.parse(table("card")["project"]["period"])


def opening() -> tuple[Act, ...]:
    """From the plan of the project to the last agreement: everything before the first need."""
    acts = [*_project(), *_people(), *_supply()]
    return tuple(sorted(acts, key=lambda act: act.at))


def calendar() -> tuple[Act, ...]:
    """What is known beforehand of the year itself: meetings, changes of the supply, a firm that comes and goes."""
    acts = [*_meetings(), *_changes(), *_visits()]
    return tuple(sorted(acts, key=lambda act: act.at))


def _project() -> Iterator[Act]:
    card = table("card")
    row = card["project"]
    project = ProjectId(row["id"])
    targets = tuple(Target(indicator=_INDICATORS[name], value=value) for name, value in row["targets"].items())
    planned = ProjectPlanned(
        project=project,
        title=row["title"],
        period=period(),
        lead=row["lead"],
        public_body=row["public_body"],
        targets=targets,
        closed_days=closed_days(period()),
        simulated=True,
    )
    actions = [
        ActionPlanned(
            project=project,
            action=ActionCode(action["code"]),
            title=action["title"],
            phase=action["phase"],
            period=Period.parse(action["period"]),
            budget_cents=action["budget_cents"],
            staff_minutes=action["staff_minutes"],
        )
        for action in card["actions"]
    ]
    yield Act(at=instant(row["form_date"], "12:00"), actor=LEAD, facts=(planned, *actions))
    lines = tuple(
        FundLine(
            fund=FundId(fund["id"]),
            action=ActionCode(fund["action"]),
            source=FundSource(fund["source"]),
            amount_cents=fund["budget_cents"],
            share_percent=fund["share_percent"],
            household_cap_cents=fund["household_cap_cents"],
        )
        for fund in card["funds"]
    )
    grant = GrantAwarded(project=project, funds=lines, **card["grant"])
    yield Act(at=instant(card["opening"]["awarded"], "12:00"), actor=LEAD, facts=(grant,))


def _people() -> Iterator[Act]:
    card = table("card")
    firms = tuple(_joined(row, FirmStatus(row["status"])) for row in card["firms"])
    yield Act(at=instant(card["opening"]["joined"], "10:00"), actor=LEAD, facts=firms)
    people = [
        PersonEnrolled(person=PersonId(person), firm=FirmId(firm), role=Role(role), gender=Gender(gender))
        for person, firm, role, gender in card["population"]["people"]
    ]
    formed = [
        HouseholdFormed(
            household=HouseholdId(row["id"]),
            holders=tuple(PersonId(person) for person in row["holders"]),
            members=tuple(Member(id=name, age_band=band) for name, band in members_of(row)),
            nil=row["nil"],
        )
        for row in card["households"]
    ]
    yield Act(at=instant(card["opening"]["enrolled"], "10:00"), actor=DESK, facts=(*people, *formed))


def members_of(household: Table) -> tuple[tuple[MemberId, AgeBand], ...]:
    """Everyone of a household of the card: member n of household h is `h-n`."""
    numbered = enumerate(household["members"], start=1)
    return tuple((MemberId(f"{household['id']}-{number}"), AgeBand(band)) for number, band in numbered)


def _joined(row: Table, status: FirmStatus) -> FirmJoined:
    return FirmJoined(
        firm=FirmId(row["id"]),
        title=row["title"],
        status=status,
        persons=row["persons"],
        ateco=row["ateco"],
        nil=row["nil"],
    )


def _supply() -> Iterator[Act]:
    supply = table("supply")
    registered: list[Event] = []
    signed: list[Event] = []
    for row in supply["suppliers"]:
        supplier = SupplierId(row["id"])
        offered = [_offered(supplier, offer) for offer in row["offers"]]
        registered += [_registered(supplier, row), *offered]
        agreed = tuple(offer.offer for offer in offered if offer.channel is Channel.AGREEMENT)
        if agreed:
            agreement = AgreementId(f"agreement-{supplier.removeprefix('s-')}")
            terms = Period.parse(supply["supply"]["period"])
            signed.append(AgreementSigned(agreement=agreement, supplier=supplier, offers=agreed, period=terms))
    yield Act(at=instant(table("card")["opening"]["offered"], "10:00"), actor=DESK, facts=tuple(registered))
    yield Act(at=instant(supply["supply"]["signed"], "11:00"), actor=LEAD, facts=tuple(signed))


def _registered(supplier: SupplierId, row: Table) -> SupplierRegistered:
    firm = FirmId(row["firm"]) if "firm" in row else None
    return SupplierRegistered(supplier=supplier, title=row["title"], kind=SupplierKind(row["kind"]), firm=firm)


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


def _meetings() -> Iterator[Act]:
    card = table("card")
    partners = len(card["firms"]) + 2  # the lead and the public body sit with the firms
    for row in card["meetings"]:
        kind = MeetingKind(row["kind"])
        for number, day in enumerate(row["dates"], start=1):
            area = f"-{row['area']}" if "area" in row else ""
            held = MeetingHeld(
                meeting=MeetingId(f"{kind}{area}-{number}"),
                project=ProjectId(card["project"]["id"]),
                kind=kind,
                minutes=_MEETING_MINUTES,
                partners_present=partners,
            )
            yield Act(at=instant(day, "15:00"), actor=LEAD, facts=(held,))


def _changes() -> Iterator[Act]:
    for row in table("supply")["changes"]:
        yield Act(at=instant(row["day"], "11:00"), actor=DESK, facts=(_changed(row),))


def _changed(row: Table) -> OfferRevised | OfferWithdrawn:
    offer = OfferId(row["offer"])
    if row.get("withdrawn"):
        return OfferWithdrawn(offer=offer)
    return OfferRevised(
        offer=offer,
        tiers=_tiers(row["tiers"]) if "tiers" in row else None,
        capacity_minutes=row["capacity_hours"] * 60 if "capacity_hours" in row else None,
    )


def _visits() -> Iterator[Act]:
    for row in table("card")["visitors"]:
        joined = _joined(row, FirmStatus.MEMBER)
        yield Act(at=instant(row["joined"], "12:00"), actor=LEAD, facts=(joined,))
        left = FirmLeft(firm=joined.firm, reason=row["reason"])
        yield Act(at=instant(row["left"], "12:00"), actor=LEAD, facts=(left,))
