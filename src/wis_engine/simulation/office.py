"""The office of the lead in a simulated year: hours by the month, costs by the quarter, papers that were wrong.

How hours and costs fall on people and actions stands in `wis_card.toml` and
`wis_programme.toml`; how much of it is spent, and which papers are wrong, is
drawn. Hours and costs are two ledgers here too: neither follows from the other.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterator

from attrs import evolve

from wis_engine.facts import CostIncurred, CostReversed, Event, StaffHoursLogged, StaffHoursReversed
from wis_engine.network.parties import CostClass, FundSource
from wis_engine.network.partners import Evidence
from wis_engine.network.rules import months_later
from wis_engine.simulation.card import LEAD, Act, instant, period, table
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.programme import working_days
from wis_engine.values import ActionCode, Cents, CostId, PartnerId, Period, StaffId, TimesheetId

_PERCENT = 10_000
_QUARTER_MONTHS = 3
_MENDED_DAY = 15
"""Day of the next month on which a wrong paper is put right."""


def evidence(name: str) -> Evidence:
    """Name a document that is made up, with the hash of what it would say."""
    return Evidence(ref=name, sha256=hashlib.sha256(f"simulated {name}".encode()).hexdigest())


def bookkeeping(draws: Draws) -> tuple[Act, ...]:
    """All hours and costs of the year, in order of time, and what was put right afterwards."""
    acts = [*_hours(draws), *_costs(draws)]
    return tuple(sorted(acts, key=lambda act: act.at))


def _months() -> list[Period]:
    """List the months of the project."""
    first, found = period().start, []
    while first < period().end:
        after = months_later(first, 1)
        found.append(Period(first, after))
        first = after
    return found


def _mended(month: Period) -> dt.datetime:
    return instant(month.end.replace(day=_MENDED_DAY), "14:00")


# Hours


def _hours(draws: Draws) -> Iterator[Act]:
    odds = table("programme")["hours"]
    for month in _months():
        logged: list[StaffHoursLogged] = []
        mended: list[Event] = []
        for staff, sheets in _parts(month).items():
            logged += _sheets(draws, staff, month, sheets)
        for one in logged:
            if draws.chance(odds["wrong_percent"] * _PERCENT, "wrong_hours", one.timesheet):
                mended.append(StaffHoursReversed(timesheet=one.timesheet, reason="written on the wrong form"))
                mended.append(_again(one))
        last = month.end - dt.timedelta(days=1)
        yield Act(at=instant(last, "15:10"), actor=LEAD, facts=tuple(logged))
        if mended:
            yield Act(at=_mended(month), actor=LEAD, facts=tuple(mended))


def _parts(month: Period) -> dict[str, list[tuple[str, int]]]:
    """Part the planned minutes of the month among the staff of each action, in sheets of a day each."""
    card, most = table("card"), table("programme")["hours"]["day_minutes_max"]
    parts: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for action in card["actions"]:
        runs = Period.parse(action["period"])
        months = sum(runs.covers(one) for one in _months())
        staff = [name for name, row in card["staff"].items() if action["code"] in row["actions"]]
        if not runs.covers(month):
            continue
        for name in staff:
            minutes = action["staff_minutes"] // (len(staff) * months)
            sheets = -(-minutes // most)
            parts[name] += [(action["code"], minutes // sheets)] * sheets
    return parts


def _sheets(draws: Draws, staff: str, month: Period, parts: list[tuple[str, int]]) -> Iterator[StaffHoursLogged]:
    """Write the sheets of one member of staff, on as many days of the month."""
    odds, days = table("programme")["hours"], working_days(month)
    first = draws.below(len(days), "hours_day", staff, month.start.isoformat())
    for number, (action, minutes) in enumerate(parts):
        name = f"hours-{staff}-{month.start:%Y-%m}-{number + 1}"
        yield StaffHoursLogged(
            timesheet=TimesheetId(name),
            staff=StaffId(staff),
            action=ActionCode(action),
            day=days[(first + number * len(days) // len(parts)) % len(days)],
            minutes=minutes * draws.between(*odds["percent"], "hours", name) // 100,
            evidence=evidence(name),
        )


def _again(sheet: StaffHoursLogged) -> StaffHoursLogged:
    name = f"{sheet.timesheet}-again"
    return evolve(sheet, timesheet=TimesheetId(name), evidence=evidence(name))


# Costs


def _costs(draws: Draws) -> Iterator[Act]:
    rules = table("programme")["costs"]
    ends = _months()[_QUARTER_MONTHS - 1 :: _QUARTER_MONTHS]
    for place, month in enumerate(ends):
        incurred = []
        for number, row in enumerate(rules["rows"], start=1):
            *_, cents = row
            part_cents = cents * (place + 1) // len(ends) - cents * place // len(ends)
            incurred.append(_cost(draws, f"cost-{number:02d}-{place + 1}", row, part_cents, month))
        mended: list[Event] = []
        for one in incurred:
            if draws.chance(rules["wrong_percent"] * _PERCENT, "wrong_cost", one.cost):
                mended.append(CostReversed(cost=one.cost, reason="the invoice was missing"))
                mended.append(_incurred_again(one))
        yield Act(at=instant(month.end - dt.timedelta(days=1), "15:20"), actor=LEAD, facts=tuple(incurred))
        if mended:
            yield Act(at=_mended(month), actor=LEAD, facts=tuple(mended))


def _cost(draws: Draws, name: str, row: list[str], planned_cents: Cents, month: Period) -> CostIncurred:
    """Incur one quarter of a row of the plan of costs."""
    action, partner, cost_class, source, _ = row
    rules = table("programme")["costs"]
    net_cents = planned_cents * draws.between(*rules["percent"], "cost", name) // 100
    sold = CostClass(cost_class) is not CostClass.PERSONNEL
    return CostIncurred(
        cost=CostId(name),
        action=ActionCode(action),
        partner=PartnerId(partner),
        cost_class=CostClass(cost_class),
        source=FundSource(source),
        net_cents=net_cents,
        vat_cents=net_cents * rules["vat_percent"] // 100 if sold else 0,
        paid_on=working_days(month)[-1],
        evidence=evidence(name),
    )


def _incurred_again(cost: CostIncurred) -> CostIncurred:
    name = f"{cost.cost}-again"
    return evolve(cost, cost=CostId(name), evidence=evidence(name))
