"""Suppliers, measured: how much of what they offered was used, by week, and whom they served."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from wis_engine.measures.reading import Fate, Reading
from wis_engine.measures.shares import ppm
from wis_engine.measures.table import Table
from wis_engine.network.parties import Offer
from wis_engine.network.promises import Engagement
from wis_engine.values import OfferId, Period, SupplierId

_DAY: Final = dt.timedelta(days=1)
SUPPLIERS: Final = ("supplier", "capacity_minutes", "promised_minutes", "delivered_minutes", "utilisation_ppm")
WEEKS: Final = ("supplier", "week_day", "capacity_minutes", "delivered_minutes", "utilisation_ppm")
FLOWS: Final = ("action", "how", "supplier", "needs", "minutes", "price_cents")


def suppliers(reading: Reading, period: Period) -> Table:
    """One row for each supplier, by id: capacity that stood in a period, what was promised and delivered of it.

    The capacity of an offer is spread evenly over the days of its period, and
    ends when it is withdrawn. Promised are booked sessions that stand or took place.
    """
    capacity, promised, delivered = Counter[SupplierId](), Counter[SupplierId](), Counter[SupplierId]()
    for offer in reading.network.offers.values():
        capacity[offer.supplier] += sum(minutes for _, minutes in _capacity(reading, offer, period))
    for engagement in reading.network.engagements.values():
        supplier = reading.network.offers[engagement.offer].supplier
        promised[supplier] += sum(one.minutes for one in engagement.unbroken() if one.day in period)
        delivered[supplier] += sum(minutes for _, minutes in _delivered(engagement, period))
    rows = (
        (name, capacity[name], promised[name], delivered[name], ppm(delivered[name], capacity[name]))
        for name in sorted(reading.network.suppliers)
    )
    return Table.of("suppliers", SUPPLIERS, rows)


def weeks(reading: Reading, period: Period) -> Table:
    """One row for each supplier and week in which it had capacity or delivered; a week is named by its Monday."""
    capacity, delivered = Counter[tuple[SupplierId, dt.date]](), Counter[tuple[SupplierId, dt.date]]()
    for offer in reading.network.offers.values():
        for monday, minutes in _capacity(reading, offer, period):
            capacity[offer.supplier, monday] += minutes
    for engagement in reading.network.engagements.values():
        supplier = reading.network.offers[engagement.offer].supplier
        for day, minutes in _delivered(engagement, period):
            delivered[supplier, _monday(day)] += minutes
    rows = (
        (*key, capacity[key], delivered[key], ppm(delivered[key], capacity[key]))
        for key in sorted(capacity.keys() | delivered.keys())
    )
    return Table.of("weeks", WEEKS, rows)


def _monday(day: dt.date) -> dt.date:
    return day - day.weekday() * _DAY


def stood(reading: Reading, offer: OfferId, period: Period) -> Period | None:
    """Say when in a period, up to today, an offer stood."""
    own = reading.network.offers[offer].period
    ends = [own.end, period.end, reading.today + _DAY]
    if offer in reading.withdrawn:
        ends.append(reading.withdrawn[offer])
    start, end = max(own.start, period.start), min(ends)
    return Period(start, end) if start < end else None


def _capacity(reading: Reading, offer: Offer, period: Period) -> Iterator[tuple[dt.date, int]]:
    """Spread the capacity of an offer over the weeks in which it stood; the minutes of all weeks add up to it."""
    there = stood(reading, offer.id, period)
    if there is None:
        return
    days = (offer.period.end - offer.period.start).days
    monday, day = _monday(there.start), there.start
    while day < there.end:
        after = min(monday + 7 * _DAY, there.end)
        before, until = ((one - offer.period.start).days for one in (day, after))
        yield monday, offer.capacity_minutes * until // days - offer.capacity_minutes * before // days
        monday, day = monday + 7 * _DAY, after


def _delivered(engagement: Engagement, period: Period) -> Iterator[tuple[dt.date, int]]:
    """Tell the days and minutes of the sessions that took place in a period."""
    told = zip(engagement.occurrences, engagement.states, engagement.delivered_minutes, strict=True)
    return ((one.day, minutes) for one, state, minutes in told if state.took_place and one.day in period)


def flows(reading: Reading, fates: Sequence[Fate]) -> Table:
    """From the action of a need, through how it was served, to the supplier: needs, minutes delivered, price booked."""
    found: dict[tuple[str, str, str], set[str]] = {}
    minutes, cents = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    how = {one.fact.pool: _how(one.fact.chain is not None, len(one.fact.members)) for one in reading.pools}
    for fate in fates:
        for one in fate.engagements:
            key = fate.fact.action, how[one.pool], reading.network.offers[one.offer].supplier
            found.setdefault(key, set()).add(one.need)
            minutes[key] += sum(one.delivered_minutes)
            cents[key] += one.price_cents
    return Table.of("flows", FLOWS, ((*key, len(found[key]), minutes[key], cents[key]) for key in sorted(found)))


def _how(chained: bool, members: int) -> str:  # noqa: FBT001 - what is said of a pool, in one place
    if chained:
        return "chain"
    return "pool" if members > 1 else "alone"
