"""How the network grew: how many there were of each kind at the end of every month."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from wis_engine.community import Community
from wis_engine.facts import (
    Event,
    FirmJoined,
    FirmLeft,
    HouseholdFormed,
    NeedDeclared,
    OfferWithdrawn,
    PersonEnrolled,
    PersonLeft,
    PoolFormed,
    SupplierOffered,
    SupplierRegistered,
)
from wis_engine.network.rules import months_later
from wis_engine.values import Period
from wis_engine.views import Indicators

MONTHS_MAX: Final = 36
"""Of a longer time, the last ones are told."""

_STEPS: Final[dict[type[Event], tuple[str, int]]] = {
    FirmJoined: ("firms", 1),
    FirmLeft: ("firms", -1),
    PersonEnrolled: ("people", 1),
    PersonLeft: ("people", -1),
    HouseholdFormed: ("households", 1),
    SupplierRegistered: ("suppliers", 1),
    SupplierOffered: ("offers", 1),
    OfferWithdrawn: ("offers", -1),
    NeedDeclared: ("needs", 1),
    PoolFormed: ("pools", 1),
}

COLUMNS: Final = (*dict.fromkeys(name for name, _ in _STEPS.values()), "relations", "accesses")
"""What is counted at the end of a month; accesses are those since the start of the period."""


@frozen(kw_only=True)
class MonthRow:
    """The network at the end of a month, in the order of `COLUMNS`."""

    first_day: dt.date
    counts: tuple[int, ...]

    @property
    def accesses(self) -> int:
        """Those from the start of the period to the end of the month."""
        return self.counts[COLUMNS.index("accesses")]


def growth(community: Community, period: Period) -> tuple[MonthRow, ...]:
    """Count at the end of each month of a period that has begun.

    What happened before the period is there from its first month on.

    Notes
    -----
    One pass over the log, and one over the links for each month.
    """
    network = community.network
    months = list(_months(period, network.today))
    if not months:
        return ()
    changes: dict[dt.date, Counter[str]] = {month: Counter() for month in months}
    positions: Counter[dt.date] = Counter()
    for recorded in community.events():
        day = recorded.occurred_at.astimezone(network.zone_info).date()
        month = max(day.replace(day=1), months[0])
        if month not in changes:
            continue
        positions[month] = max(positions[month], recorded.position)
        if recorded.fact is not None and type(recorded.fact) in _STEPS:
            name, step = _STEPS[type(recorded.fact)]
            changes[month][name] += step
    links = [(row[3], row[4]) for row in network.links.rows()]
    figures = community.view("indicators")
    assert isinstance(figures, Indicators)
    rows, position = [], 0
    counts: Counter[str] = Counter()
    for month in months:
        counts.update(changes[month])
        position = max(position, positions[month])
        counts["relations"] = sum(since <= position and (until is None or until > position) for since, until in links)
        until_then = Period(period.start, min(months_later(month, 1), period.end))
        counts["accesses"] = figures.one("I4.2e", until_then).value
        rows.append(MonthRow(first_day=month, counts=tuple(counts[name] for name in COLUMNS)))
    return tuple(rows)


def _months(period: Period, today: dt.date) -> Iterator[dt.date]:
    """First days of the months of a period that have begun, of the last ones when there are many."""
    last = min(period.end - dt.timedelta(days=1), today)
    first = max(period.start.replace(day=1), months_later(last.replace(day=1), 1 - MONTHS_MAX))
    while first <= last:
        yield first
        first = months_later(first, 1)
