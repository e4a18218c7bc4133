"""Needs and pools, measured: who was served, with how many others, how soon, at what price."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from wis_engine.facts import PoolFormed
from wis_engine.measures.reading import Fate, Formed, Reading
from wis_engine.measures.shares import ppm
from wis_engine.measures.table import Cell, Table
from wis_engine.network.promises import NeedState
from wis_engine.network.rules import months_later
from wis_engine.values import Period, is_redacted

NEEDS: Final = (
    *("need", "household", "firm", "size", "nil", "municipio", "action", "declared_day", "wanted_day"),
    *("asked_minutes", "promised_day", "served_day", "notice_days", "wait_days", "late_days"),
    *("pool", "pool_size", "chained", "price_cents", "alone_cents", "granted_cents", "saved_cents"),
    *("delivered_minutes", "walk_m", "outcome", "unmet_reason", "left_by"),
)
POOLS: Final = (
    *("pool", "formed_day", "members", "sessions", "steps", "suppliers", "chained"),
    *("price_cents", "alone_cents", "granted_cents", "saved_cents"),
)
MONTHS: Final = (
    *("month_day", "needs", "promised", "served", "together", "unmet", "asked_minutes", "delivered_minutes"),
    *("price_cents", "alone_cents", "granted_cents", "coverage_ppm", "saving_ppm"),
)


def needs(reading: Reading, fates: Sequence[Fate]) -> Table:
    """One row for each need, by id.

    `size` is the class of the firm, `nil` the zone of the need; both are empty
    where they are not known or were erased. Prices are those of the last
    promise; `wait_days` run from the day declared, `late_days` from the first
    day wanted, both to the first session that took place.
    """
    return Table.of("needs", NEEDS, (_need(reading, one) for one in fates))


def _need(reading: Reading, fate: Fate) -> tuple[Cell, ...]:
    fact, network = fate.fact, reading.network
    firm = reading.firm_of(fact.household)
    size = None if firm is None else network.firms[firm].size
    sessions = fate.sessions()
    served = sessions[0][0] if sessions else None
    return (
        *(fact.need, fact.household, firm, None if size is None else size.value),
        *(None if is_redacted(fact.nil) else fact.nil, fact.municipio, fact.action),
        *(fate.declared, fact.period.start, fact.minutes, fate.promised, served),
        *(_days(fate.declared, fate.promised), _days(fate.declared, served), _days(fact.period.start, served)),
        *_promise(fate),
        *(sum(minutes for _, minutes in sessions), reading.walk_m(fate)),
        *(network.needs[fact.need].state.value, fate.unmet_reason, fate.left_by),
    )


def _days(first: dt.date, last: dt.date | None) -> int | None:
    return None if last is None else (last - first).days


def _promise(fate: Fate) -> tuple[Cell, ...]:
    """Tell the last promise: pool, size, whether a chain, and the money."""
    if fate.last is None:
        return (None,) * 7
    formed, member = fate.last
    return (
        *(formed.fact.pool, len(formed.fact.members), int(formed.fact.chain is not None)),
        *(member.share_cents, member.alone_cents, member.granted_cents, member.alone_cents - member.share_cents),
    )


def pools(reading: Reading, formed: Sequence[Formed]) -> Table:
    """One row for each pool as it was formed, in order."""
    return Table.of("pools", POOLS, (_pool(reading, one.fact, one.day) for one in formed))


def _pool(reading: Reading, fact: PoolFormed, day: dt.date) -> tuple[Cell, ...]:
    suppliers = {reading.network.offers[step.offer].supplier for step in fact.steps}
    alone = sum(member.alone_cents for member in fact.members)
    return (
        *(fact.pool, day, len(fact.members), max(member.sessions for member in fact.members)),
        *(len(fact.steps), len(suppliers), int(fact.chain is not None)),
        *(fact.price_cents, alone, sum(member.granted_cents for member in fact.members), alone - fact.price_cents),
    )


def pool_sizes(fates: Sequence[Fate], formed: Sequence[Formed]) -> Table:
    """How many needs were promised in a pool of each size, and how many such pools were formed."""
    by_need = Counter(len(one.last[0].fact.members) for one in fates if one.last)
    by_pool = Counter(len(one.fact.members) for one in formed)
    rows = ((size, by_need[size], by_pool[size]) for size in sorted(by_need | by_pool))
    return Table.of("pool sizes", ("pool_size", "needs", "pools"), rows)


def waiting(fates: Sequence[Fate]) -> Table:
    """How many needs had their first session after so many days, and the share of those served by then."""
    waits = Counter((fate.sessions()[0][0] - fate.declared).days for fate in fates if fate.sessions())
    rows: list[tuple[int, int, int | None]] = []
    served = 0
    for days in sorted(waits):
        served += waits[days]
        rows.append((days, waits[days], ppm(served, waits.total())))
    return Table.of("waiting", ("wait_days", "needs", "served_ppm"), rows)


def months(reading: Reading, fates: Sequence[Fate], period: Period) -> Table:
    """Sum up from the beginning of a period to the end of each of its months, up to today; named by its first day."""
    happened: Counter[tuple[dt.date, str]] = Counter()
    for fate in fates:
        for day, name, amount in _happened(fate, reading):
            happened[day.replace(day=1), name] += amount
    rows: list[tuple[Cell, ...]] = []
    sums: Counter[str] = Counter()
    month, last = period.start.replace(day=1), min(period.end - dt.timedelta(days=1), reading.today)
    while month <= last:
        sums.update({name: amount for (when, name), amount in happened.items() if when == month})
        saved = sums["alone_cents"] - sums["price_cents"]
        shares = ppm(sums["served"], sums["needs"]), ppm(saved, sums["alone_cents"])
        rows.append((month, *(sums[name] for name in MONTHS[1:-2]), *shares))
        month = months_later(month, 1)
    return Table.of("months", MONTHS, rows)


def _happened(fate: Fate, reading: Reading) -> Iterator[tuple[dt.date, str, int]]:
    """Tell on which day a need counted for what."""
    yield fate.declared, "needs", 1
    yield fate.declared, "asked_minutes", fate.fact.minutes
    if fate.promised and fate.last:
        formed, member = fate.last
        yield fate.promised, "promised", 1
        yield formed.day, "together", int(formed.together)
        yield formed.day, "price_cents", member.share_cents
        yield formed.day, "alone_cents", member.alone_cents
        yield formed.day, "granted_cents", member.granted_cents
    sessions = fate.sessions()
    for day, minutes in sessions:
        yield day, "delivered_minutes", minutes
    if sessions:
        yield sessions[0][0], "served", 1
    elif fate.closed and is_unmet(reading, fate):
        yield fate.closed, "unmet", 1


def is_unmet(reading: Reading, fate: Fate) -> bool:
    """Say whether a need was closed with nothing delivered, other than by its household."""
    closed = reading.network.needs[fate.fact.need].state in (NeedState.UNMET, NeedState.EXPIRED)
    return closed and not fate.sessions()
