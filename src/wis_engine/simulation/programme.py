"""What is known beforehand of the pilot year: how it opens, and what the project does on which day.

Nothing is drawn here. Meetings and visitors stand in `wis_card.toml`, all the
rest, which is simulated, in `wis_programme.toml`. Acts come in order of time.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from wis_engine.facts import (
    CampaignLaunched,
    CampaignReached,
    ConsultationHeld,
    FirmApproached,
    FirmLeft,
    FirmSheetCompleted,
    MeetingHeld,
    NetworkAgreementJoined,
    NetworkAgreementLeft,
    NetworkAgreementSigned,
    PartnerWithdrawn,
    PaternityLeavePlanned,
    PaternityLeaveTaken,
    ProductReleased,
    WorkingGroupFormed,
)
from wis_engine.network.guidance import CampaignFocus, ConsultationMode, ConsultationTopic, ProductKind
from wis_engine.network.parties import FirmStage, FirmStatus, MeetingKind
from wis_engine.network.partners import NetworkAgreementKind
from wis_engine.simulation.card import (
    DESK,
    LEAD,
    Act,
    Table,
    firm_joined,
    instant,
    partner_admitted,
    period,
    project_id,
    signed,
    table,
)
from wis_engine.simulation.supply import changes, offered
from wis_engine.territory import closed_days
from wis_engine.values import (
    CampaignId,
    ConsultationId,
    FirmId,
    GroupId,
    HouseholdId,
    LeaveId,
    MeetingId,
    NetworkAgreementId,
    PartnerId,
    Period,
    PersonId,
    ProductId,
)

_MEETING_MINUTES: Final = 120
_NETWORK: Final = NetworkAgreementId("network-agreement")
_SATURDAY: Final = 5
_SHEET_MONTH: Final = 3
"""Sheets of a year are completed in this month of the next, or when the firm signs."""


def opening() -> tuple[Act, ...]:
    """From the plan of the project to the last agreement: everything before the first need."""
    return _in_order([*signed(), *_groups(), *offered()])


def calendar() -> tuple[Act, ...]:
    """What is known beforehand of the year itself."""
    acts = [*_meetings(), *changes(), *_partners(), *_firms(), *_sheets(), *_agreement()]
    return _in_order([*acts, *_campaign(), *_products(), *_advice(), *_births()])


def _in_order(acts: Iterable[Act]) -> tuple[Act, ...]:
    return tuple(sorted(acts, key=lambda act: act.at))


# How the project governs itself


def _groups() -> Iterator[Act]:
    """Form one working group for each area in which the card has meetings, led by who holds it."""
    card = table("card")
    leads = {row["title"]: PartnerId(row["id"]) for row in card["partners"]}
    formed = tuple(
        WorkingGroupFormed(
            group=_group(row["area"]), project=project_id(), area=row["area"], lead=leads[row["held_by"]]
        )
        for row in card["meetings"]
        if "area" in row
    )
    yield Act(at=instant(table("programme")["programme"]["groups_formed"], "12:00"), actor=LEAD, facts=formed)


def _group(area: str) -> GroupId:
    return GroupId(f"group-{area}")


def _meetings() -> Iterator[Act]:
    card = table("card")
    for row in card["meetings"]:
        kind = MeetingKind(row["kind"])
        area = row.get("area")
        for number, day in enumerate(row["dates"], start=1):
            held = MeetingHeld(
                meeting=MeetingId(f"{kind}{f'-{area}' if area else ''}-{number}"),
                project=project_id(),
                kind=kind,
                minutes=_MEETING_MINUTES,
                partners_present=len(card["partners"]),
                group=_group(area) if area else None,
            )
            yield Act(at=instant(day, "15:00"), actor=LEAD, facts=(held,))


def _partners() -> Iterator[Act]:
    for row in table("programme")["guests"]:
        admitted = partner_admitted(row)
        yield Act(at=instant(row["admitted"], "12:00"), actor=LEAD, facts=(admitted,))
        withdrawn = PartnerWithdrawn(partner=admitted.partner, reason=row["reason"])
        yield Act(at=instant(row["withdrawn"], "12:00"), actor=LEAD, facts=(withdrawn,))


# Firms on their way


def _firms() -> Iterator[Act]:
    """Let firms come nearer by stages, and some of them look in for a while."""
    for row in table("programme")["approached"]:
        for stage in (FirmStage.CONTACTED, FirmStage.SENSITISED, FirmStage.INTERESTED):
            if stage in row:
                step = FirmApproached(firm=FirmId(row["firm"]), title=row["title"], stage=stage)
                yield Act(at=instant(row[stage], "10:00"), actor=LEAD, facts=(step,))
    for row in table("card")["visitors"]:
        joined = firm_joined(row, FirmStatus.MEMBER)
        yield Act(at=instant(row["joined"], "12:00"), actor=LEAD, facts=(joined,))
        bound = NetworkAgreementJoined(network_agreement=_NETWORK, firm=joined.firm)
        yield Act(at=instant(row["bound"], "14:00"), actor=LEAD, facts=(bound,))
        left = (
            NetworkAgreementLeft(network_agreement=_NETWORK, firm=joined.firm),
            FirmLeft(firm=joined.firm, reason=row["reason"]),
        )
        yield Act(at=instant(row["left"], "12:00"), actor=LEAD, facts=left)


def _sheets() -> Iterator[Act]:
    form_date: dt.date = table("card")["project"]["form_date"]
    for row in table("programme")["sheets"]:
        for year, awu_hundredths, turnover_cents, balance_cents in row["years"]:
            sheet = FirmSheetCompleted(
                firm=FirmId(row["firm"]),
                year=year,
                awu_hundredths=awu_hundredths,
                turnover_cents=turnover_cents,
                balance_cents=balance_cents,
            )
            completed = max(form_date, dt.date(year + 1, _SHEET_MONTH, 1))
            yield Act(at=instant(completed, "14:00"), actor=LEAD, facts=(sheet,))


def _agreement() -> Iterator[Act]:
    """Bind the firms of the partnership by the network agreement that the card names among its instruments."""
    firms = tuple(FirmId(row["id"]) for row in table("card")["firms"])
    agreed = NetworkAgreementSigned(network_agreement=_NETWORK, kind=NetworkAgreementKind.AGREEMENT, firms=firms)
    yield Act(at=instant(table("programme")["programme"]["agreement_signed"], "12:00"), actor=LEAD, facts=(agreed,))


# What the project tells and hands over


def _campaign() -> Iterator[Act]:
    row = table("programme")["campaign"]
    campaign = CampaignId(row["id"])
    launched = CampaignLaunched(
        campaign=campaign, project=project_id(), title=row["title"], focus=CampaignFocus(row["focus"])
    )
    yield Act(at=instant(row["launched"], "12:00"), actor=LEAD, facts=(launched,))
    for day, people, fathers in row["reached"]:
        reached = CampaignReached(campaign=campaign, people=people, fathers=fathers)
        yield Act(at=instant(day, "14:00"), actor=LEAD, facts=(reached,))


def _products() -> Iterator[Act]:
    for row in table("programme")["products"]:
        released = ProductReleased(
            product=ProductId(row["id"]),
            project=project_id(),
            kind=ProductKind(row["kind"]),
            release=row["release"],
            items=tuple(row["items"]),
        )
        yield Act(at=instant(row["day"], "14:00"), actor=LEAD, facts=(released,))


# The welfare manager in the firms, and fathers


def _advice() -> Iterator[Act]:
    for row in table("programme")["visits"]:
        for number, day in enumerate(row["dates"], start=1):
            held = ConsultationHeld(
                consultation=ConsultationId(f"advice-{row['firm']}-{number}"),
                firm=FirmId(row["firm"]),
                mode=ConsultationMode(row["mode"]),
                topic=ConsultationTopic.SERVICES,
                minutes=row["minutes"],
            )
            yield Act(at=instant(day, "10:00"), actor=DESK, facts=(held,))


def _births() -> Iterator[Act]:
    for row in table("programme")["births"]:
        household = HouseholdId(row["household"])
        leave = LeaveId(f"leave-{household}")
        advised = ConsultationHeld(
            consultation=ConsultationId(f"advice-{household}-birth"),
            household=household,
            mode=ConsultationMode.REMOTE,
            topic=ConsultationTopic.PATERNITY,
            minutes=row["minutes"],
        )
        yield Act(at=instant(row["advised"], "10:00"), actor=DESK, facts=(advised,))
        days = _working_days(row, row["days"])
        planned = PaternityLeavePlanned(
            leave=leave, household=household, father=PersonId(row["father"]), birth=row["birth"], days=days
        )
        yield Act(at=instant(row["planned"], "10:00"), actor=DESK, facts=(planned,))
        taken = PaternityLeaveTaken(leave=leave, household=household, days=days[: row["taken_days"]])
        yield Act(at=instant(days[-1], "14:00"), actor=DESK, facts=(taken,))


def _working_days(row: Table, count: int) -> tuple[dt.date, ...]:
    """List the first working days of a leave."""
    return working_days(Period(row["first"], period().end))[:count]


def working_days(during: Period) -> tuple[dt.date, ...]:
    """List the days of a period from Monday to Friday that are no holidays."""
    closed = closed_days(during)
    every = (during.start + dt.timedelta(days=number) for number in range(during.days))
    return tuple(day for day in every if day.weekday() < _SATURDAY and day not in closed)
