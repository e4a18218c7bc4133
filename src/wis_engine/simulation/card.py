"""The pilot as it stands on paper: the project card, read and turned into facts.

Nothing is drawn here. The card gives the project and what the funder asks, its
partners and their staff, its actions, firms and people.
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
    Event,
    FirmJoined,
    GrantAwarded,
    HouseholdFormed,
    PartnerAdmitted,
    PersonEnrolled,
    ProjectPlanned,
    StaffAssigned,
)
from wis_engine.facts.project import FundLine
from wis_engine.network.parties import (
    CostClass,
    FirmStatus,
    FundingRules,
    FundSource,
    Gender,
    Member,
    PlannedCost,
    Recipient,
    Role,
    Target,
)
from wis_engine.network.partners import PartnerKind, StaffRole
from wis_engine.territory import closed_days
from wis_engine.values import (
    ActionCode,
    AgeBand,
    FirmId,
    FundId,
    HouseholdId,
    MemberId,
    PartnerId,
    Period,
    PersonId,
    ProjectId,
    StaffId,
)

ZONE: Final = "Europe/Rome"
LEAD: Final = "simulated-lead"
DESK: Final = "simulated-welfare-manager"
_INDICATORS: Final = {"recipients": "I1.1", "accesses": "I4.2e", "boards": "I2.1"}

Table = dict[str, Any]


@frozen(kw_only=True)
class Act:
    """Facts that happen together: when, who says so, what."""

    at: dt.datetime
    actor: str
    facts: tuple[Event, ...]


@cache
def table(name: str) -> Table:
    """Read one of the packaged tables: `card`, `programme`, `supply` or `demand`."""
    text = resources.files("wis_engine").joinpath(f"data/wis_{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def instant(day: dt.date, clock: str) -> dt.datetime:
    """Turn a date and a wall clock («09:00») of Milano into an instant."""
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=ZoneInfo(ZONE)).astimezone(dt.UTC)


def period() -> Period:
    """When the project runs."""
    return Period.parse(table("card")["project"]["period"])


def project_id() -> ProjectId:
    """Name the project."""
    return ProjectId(table("card")["project"]["id"])


def signed() -> Iterator[Act]:
    """From the plan of the project to the people enrolled: what the card itself says."""
    card = table("card")
    day = card["project"]["form_date"]
    yield Act(at=instant(day, "12:00"), actor=LEAD, facts=(_planned(card), *_actions(card)))
    firms = [firm_joined(row, FirmStatus(row["status"])) for row in card["firms"]]
    partners = [partner_admitted(row) for row in card["partners"]]
    yield Act(at=instant(day, "12:30"), actor=LEAD, facts=(*firms, *partners))
    yield Act(at=instant(card["opening"]["awarded"], "12:00"), actor=LEAD, facts=(_granted(card),))
    yield Act(at=period_start("09:00"), actor=LEAD, facts=tuple(_staff(card)))
    yield Act(at=instant(card["opening"]["enrolled"], "10:00"), actor=DESK, facts=(*_people(card), *_households(card)))


def period_start(clock: str) -> dt.datetime:
    """An hour of the project's first day."""
    return instant(period().start, clock)


def _planned(card: Table) -> ProjectPlanned:
    row, costs = card["project"], card["costs"]
    return ProjectPlanned(
        project=project_id(),
        title=row["title"],
        period=period(),
        lead=row["lead"],
        public_body=row["public_body"],
        targets=tuple(Target(indicator=_INDICATORS[name], value=value) for name, value in row["targets"].items()),
        closed_days=closed_days(period()),
        simulated=True,
        rules=FundingRules(**card["rules"]),
        planned_costs=(
            PlannedCost(cost_classes=frozenset({CostClass.PERSONNEL}), cents=costs["personnel_cents"]),
            PlannedCost(cost_classes=frozenset({CostClass.SERVICES, CostClass.GOODS}), cents=costs["other_cents"]),
        ),
    )


def _actions(card: Table) -> Iterator[ActionPlanned]:
    for row in card["actions"]:
        yield ActionPlanned(
            project=project_id(),
            action=ActionCode(row["code"]),
            title=row["title"],
            phase=row["phase"],
            period=Period.parse(row["period"]),
            budget_cents=row["budget_cents"],
            staff_minutes=row["staff_minutes"],
        )


def firm_joined(row: Table, status: FirmStatus) -> FirmJoined:
    """Let a firm of a table join."""
    return FirmJoined(
        firm=FirmId(row["id"]),
        title=row["title"],
        status=status,
        persons=row["persons"],
        ateco=row["ateco"],
        nil=row["nil"],
    )


def partner_admitted(row: Table) -> PartnerAdmitted:
    """Admit a partner of a table; all of them sit in Milano, and its firms are in the register of the Chamber."""
    firm = FirmId(row["firm"]) if "firm" in row else None
    region = table("card")["rules"]["region"]
    return PartnerAdmitted(
        partner=PartnerId(row["id"]),
        project=project_id(),
        title=row["title"],
        kind=PartnerKind(row["kind"]),
        lead=row.get("lead", False),
        firm=firm,
        chamber_registered=firm is not None,
        legal_seat=region,
        sites=frozenset({region}),
    )


def _granted(card: Table) -> GrantAwarded:
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
    return GrantAwarded(project=project_id(), funds=lines, **card["grant"])


def _staff(card: Table) -> Iterator[StaffAssigned]:
    for name, row in card["staff"].items():
        yield StaffAssigned(staff=StaffId(name), partner=PartnerId(row["partner"]), role=StaffRole(row["role"]))


def _people(card: Table) -> Iterator[PersonEnrolled]:
    for person, firm, role, gender in card["population"]["people"]:
        yield PersonEnrolled(person=PersonId(person), firm=FirmId(firm), role=Role(role), gender=Gender(gender))


def _households(card: Table) -> Iterator[HouseholdFormed]:
    known = {
        person: Recipient(role=Role(role), gender=Gender(gender))
        for person, _, role, gender in card["population"]["people"]
    }
    for row in card["households"]:
        # In an order that does not say which holder is which.
        recipients = sorted((known[person] for person in row["holders"]), key=lambda one: (one.role, one.gender))
        yield HouseholdFormed(
            household=HouseholdId(row["id"]),
            holders=tuple(PersonId(person) for person in row["holders"]),
            members=tuple(Member(id=name, age_band=band) for name, band in members_of(row)),
            nil=row["nil"],
            recipients=tuple(recipients),
        )


def members_of(household: Table) -> tuple[tuple[MemberId, AgeBand], ...]:
    """Everyone of a household of the card: member n of household h is `h-n`."""
    numbered = enumerate(household["members"], start=1)
    return tuple((MemberId(f"{household['id']}-{number}"), AgeBand(band)) for number, band in numbered)
