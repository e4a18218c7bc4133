"""How many, counted from the facts: the indicators of the project card.

An indicator counts facts by when they happened (`occurred_at`), says the log
position that it was read at, its target or that there is none, and the ids it
counted, so that every number leads back to its facts.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from wis_engine.facts import (
    DeliveryConfirmed,
    Event,
    FirmJoined,
    MeetingHeld,
    PersonEnrolled,
    PersonLeft,
    ProjectPlanned,
    Recorded,
    ServiceBooked,
)
from wis_engine.network.parties import FirmStatus, MeetingKind
from wis_engine.values import Period

READS: Final[tuple[type[Event], ...]] = (
    *(ProjectPlanned, FirmJoined, PersonEnrolled, PersonLeft, MeetingHeld, ServiceBooked, DeliveryConfirmed),
)


@attrs.frozen(kw_only=True)
class Indicator:
    """One figure of the project, and what it was counted from.

    `target` is None when the card gives none; `note` says what the figure
    alone does not.
    """

    id: str
    title: str
    value: int
    unit: str
    scope: str
    period: Period
    position: int
    target: int | None
    ids: tuple[str, ...]
    note: str = ""


def indicators(records: Iterable[Recorded], period: Period, *, position: int, zone: str) -> tuple[Indicator, ...]:
    """Count I1.1, I2.1 and I4.2e over a period of local dates.

    Parameters
    ----------
    records
        Recorded facts up to `position`; others than `READS` are passed over.
    zone
        Time zone that turns the instant of a fact into its local date.
    """
    local = ZoneInfo(zone)
    story = [(one.occurred_at.astimezone(local).date(), one.fact) for one in records if one.fact is not None]
    targets = {
        target.indicator: target.value
        for _, fact in story
        if isinstance(fact, ProjectPlanned)
        for target in fact.targets
    }

    boards = _boards(story, period)
    found = (
        ("I1.1", "Recipients enrolled", "persons", "partner firms", _recipients(story, period), ""),
        ("I2.1", "Steering boards", "meetings", "project", boards, _held(boards, period)),
        ("I4.2e", "Accesses", "accesses", "project", _accesses(story, period), _ACCESS_RULE),
    )
    return tuple(
        Indicator(
            id=name,
            title=title,
            value=len(ids),
            unit=unit,
            scope=scope,
            period=period,
            position=position,
            target=targets.get(name),
            ids=tuple(sorted(ids)),
            note=note,
        )
        for name, title, unit, scope, ids, note in found
    )


_ACCESS_RULE: Final = "a need served in one pool, with a confirmed delivery; named by its first engagement"
Story = list[tuple[dt.date, Event]]


def _recipients(story: Story, period: Period) -> set[str]:
    """Find the persons enrolled, at some moment of the period, through a partner firm."""
    partners: set[str] = set()
    since: dict[tuple[str, str], dt.date] = {}
    found: set[str] = set()

    def over(person: str, firm: str, until: dt.date) -> None:
        began = since.pop((person, firm))
        if firm in partners and began < period.end and until >= period.start:
            found.add(person)

    for day, fact in story:
        match fact:
            case FirmJoined():
                if fact.status is FirmStatus.PARTNER:
                    partners.add(fact.firm)
            case PersonEnrolled():
                since[fact.person, fact.firm] = day
            case PersonLeft():
                over(fact.person, fact.firm, day)
    for person, firm in list(since):
        over(person, firm, dt.date.max)
    return found


def _boards(story: Story, period: Period) -> dict[str, tuple[dt.date, MeetingHeld]]:
    """Find the steering boards of the period, each with its date."""
    return {
        fact.meeting: (day, fact)
        for day, fact in story
        if isinstance(fact, MeetingHeld) and fact.kind is MeetingKind.STEERING_BOARD and day in period
    }


def _held(boards: dict[str, tuple[dt.date, MeetingHeld]], period: Period) -> str:
    """Say in which quarters boards were held, how long and by how many."""
    quarters = _quarters({day for day, _ in boards.values()}, period)
    if not boards:
        return quarters
    minutes = sum(board.minutes for _, board in boards.values())
    present = sorted({board.partners_present for _, board in boards.values()})
    partners = " to ".join(str(count) for count in dict.fromkeys((present[0], present[-1])))
    return f"{quarters}; {minutes} minutes in all, partners present: {partners}"


def _quarters(days: set[dt.date], period: Period) -> str:
    """Say how many of the quarters that lie whole in the period had their board."""
    quarters = {(day.year, (day.month - 1) // 3) for day in days}
    starts = [
        dt.date(year, month, 1) for year in range(period.start.year, period.end.year + 1) for month in (1, 4, 7, 10)
    ]
    whole = [
        (start.year, (start.month - 1) // 3)
        for start, end in zip(starts, [*starts[1:], dt.date(period.end.year + 1, 1, 1)], strict=True)
        if start >= period.start and end <= period.end
    ]
    return f"{len(quarters.intersection(whole))} of {len(whole)} quarters with a board"


def _accesses(story: Story, period: Period) -> set[str]:
    """Find the needs of which a delivery was confirmed in the period, once in each pool.

    A need may be booked in one piece or session by session, and a chain is
    booked step by step: the bookings of one need in one pool are one access,
    named by the first of them to be confirmed.
    """
    served: dict[str, tuple[str, str]] = {}
    first: dict[tuple[str, str], str] = {}
    for day, fact in story:
        match fact:
            case ServiceBooked():
                served[fact.engagement] = fact.need, fact.pool
            case DeliveryConfirmed():
                if day in period:
                    first.setdefault(served[fact.engagement], fact.engagement)
    return set(first.values())
