"""Phases 1 to 3 of the card: whom the project reached, how it governs itself, what the welfare manager did."""

import datetime as dt
from collections.abc import Callable, Iterable

import attrs

from wis_engine.network.guidance import ConsultationMode
from wis_engine.network.parties import FirmStage, FirmStatus, MeetingKind
from wis_engine.values import Period
from wis_engine.views.chronicle import Chronicle
from wis_engine.views.figures import Reading, Readings, Seen
from wis_engine.views.lines import ConsultationLine, Enrolment


def recipients(chronicle: Chronicle, period: Period) -> Readings:
    """I1.1: persons enrolled at some moment of the period through a partner firm; other reading: through any."""
    everyone = [one for one in chronicle.enrolments if one.during(period)]
    return (
        Reading(seen=_persons(one for one in everyone if one.partner)),
        Reading(name="all member firms", seen=_persons(everyone)),
    )


def _persons(enrolments: Iterable[Enrolment]) -> tuple[Seen, ...]:
    return tuple(
        Seen(
            id=one.person,
            facts=(one.first.position,),
            under=(("role", one.role.value), ("gender", one.gender.value if one.gender else "not declared")),
        )
        for one in enrolments
    )


def firms_sensitised(chronicle: Chronicle, period: Period) -> Readings:
    """I1.2a: firms that were sensitised in the period and are no partners."""
    return (Reading(seen=_sensitised(chronicle, period)),)


def _sensitised(chronicle: Chronicle, period: Period) -> tuple[Seen, ...]:
    return tuple(
        Seen(id=one.firm, facts=(one.at.position,))
        for one in chronicle.steps
        if one.stage is FirmStage.SENSITISED and one.firm not in chronicle.partners and one.at.day in period
    )


def firms_involved(chronicle: Chronicle, period: Period) -> Readings:
    """I1.2b: firms that joined as members in the period, or were advised in it, and are no partners."""
    return (Reading(seen=_involved(chronicle, period)),)


def _involved(chronicle: Chronicle, period: Period) -> tuple[Seen, ...]:
    joined = [
        Seen(id=one.firm, facts=(one.at.position,), under=(("how", "joined"),))
        for one in chronicle.steps
        if one.status is FirmStatus.MEMBER and one.firm not in chronicle.partners and one.at.day in period
    ]
    advised = [
        Seen(id=one.firm, facts=(one.at.position,), under=(("how", "advised"),))
        for one in chronicle.consultations.values()
        if one.firm is not None and one.firm not in chronicle.partners and one.at.day in period
    ]
    return (*joined, *advised)


def firms_won(chronicle: Chronicle, period: Period) -> Readings:
    """I1.2: firms both sensitised and involved in the period; other reading: one or the other."""
    sensitised, involved = _sensitised(chronicle, period), _involved(chronicle, period)
    both = {one.id for one in sensitised} & {one.id for one in involved}
    either = (*sensitised, *(attrs.evolve(one, under=()) for one in involved))
    return (
        Reading(seen=tuple(one for one in either if one.id in both)),
        Reading(name="one or the other", seen=either),
    )


def suppliers_reached(chronicle: Chronicle, period: Period) -> Readings:
    """I1.3: suppliers that signed, offered or delivered in the period."""
    seen = [
        *(
            Seen(id=one.supplier, facts=(one.at.position,), under=(("how", "offered"),))
            for one in chronicle.offers.values()
            if one.at.day in period
        ),
        *(
            Seen(id=one.supplier, facts=(one.at.position,), under=(("how", "signed"),))
            for one in chronicle.agreements.values()
            if one.at.day in period
        ),
        *(
            Seen(id=one.engagement.supplier, facts=(one.at.position,), under=(("how", "delivered"),))
            for one in chronicle.deliveries.values()
            if one.at.day in period
        ),
    ]
    return (Reading(seen=tuple(seen)),)


def meetings(kind: MeetingKind) -> Callable[[Chronicle, Period], Readings]:
    """I2.1 to I2.3: meetings of a kind held in the period, by area where a working group met."""

    def count(chronicle: Chronicle, period: Period) -> Readings:
        seen = tuple(
            Seen(id=name, facts=(one.at.position,), under=(("area", one.area),) if one.area else ())
            for name, one in chronicle.meetings.items()
            if one.kind is kind and one.at.day in period
        )
        return (Reading(seen=seen),)

    return count


def consultations(chronicle: Chronicle, period: Period) -> Readings:
    """I3.1: consultations in the period, by mode and topic; other reading: the minutes that they took."""
    held = [(name, one) for name, one in chronicle.consultations.items() if one.at.day in period]
    return (
        Reading(seen=tuple(_consultation(name, one) for name, one in held)),
        Reading(
            name="time",
            unit="minutes",
            adds=True,
            seen=tuple(Seen(id=name, facts=(one.at.position,), amount=one.minutes) for name, one in held),
        ),
    )


def _consultation(name: str, line: ConsultationLine) -> Seen:
    return Seen(id=name, facts=(line.at.position,), under=(("mode", line.mode.value), ("topic", line.topic.value)))


def consultations_in_firms(chronicle: Chronicle, period: Period) -> Readings:
    """I3.3: those consultations that were held on site with a firm; other reading: the firms."""
    held = [
        (name, one.firm, one)
        for name, one in chronicle.consultations.items()
        if one.mode is ConsultationMode.ON_SITE and one.firm is not None and one.at.day in period
    ]
    return (
        Reading(seen=tuple(Seen(id=name, facts=(one.at.position,)) for name, _, one in held)),
        Reading(
            name="firms", unit="firms", seen=tuple(Seen(id=firm, facts=(one.at.position,)) for _, firm, one in held)
        ),
    )


def personal_plans(chronicle: Chronicle, period: Period) -> Readings:
    """I3.2: plans approved in the period; beside them those only drafted in it, and those revised: no new plans."""
    plans = list(chronicle.plans.items())
    return (
        Reading(
            seen=tuple(
                Seen(id=name, facts=(one.drafted.position, one.approved.position))
                for name, one in plans
                if one.approved and one.approved.day in period
            )
        ),
        Reading(
            name="drafts",
            seen=tuple(
                Seen(id=name, facts=(one.drafted.position,))
                for name, one in plans
                if one.drafted.day in period and not (one.approved and one.approved.day < period.end)
            ),
        ),
        Reading(
            name="revised",
            seen=tuple(
                Seen(id=name, facts=(at.position,)) for name, one in plans for at in one.revised if at.day in period
            ),
        ),
    )


def board_note(chronicle: Chronicle, period: Period) -> str:
    """Say in which quarters boards were held, how long they were and how many partners sat there."""
    boards = [
        one for one in chronicle.meetings.values() if one.kind is MeetingKind.STEERING_BOARD and one.at.day in period
    ]
    quarters = _quarters({one.at.day for one in boards}, period)
    if not boards:
        return quarters
    minutes = sum(board.minutes for board in boards)
    present = sorted({board.partners_present for board in boards})
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
