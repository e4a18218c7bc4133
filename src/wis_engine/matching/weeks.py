"""Where in the week sessions may begin, and how many dates that gives.

A weekly pattern is a set of starts. Sessions lie on distinct days where the
days suffice for all of them, else several a day; two never overlap.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, combinations, islice, product
from typing import Final, NamedTuple

from wis_engine.values import SLOTS_A_DAY, WeekSlots

WEEKDAYS: Final = 7
EVEN: Final = (1,) * WEEKDAYS
_DAY: Final = (1 << SLOTS_A_DAY) - 1
_LOOKED_AT_A_PATTERN: Final = 8

Counts = tuple[int, ...]
"""How often each weekday occurs in a period, closed days out; Monday first."""


class Pace(NamedTuple):
    """How many sessions a week, and whether no two of them are on one day; 0 is «never enough»."""

    weekly: int
    apart: bool


@lru_cache(maxsize=65536)
def runs(bits: int, half_hours: int) -> int:
    """Half-hours from which so many marked ones follow in a row, as a bare mask."""
    return WeekSlots(bits).starts(half_hours).bits


def bits_of(mask: int) -> Iterator[int]:
    """Numbers of the marked bits, in order."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def day_of(mask: int, day: int) -> int:
    """Half-hours of one weekday, as a mask from its midnight."""
    return (mask >> (day * SLOTS_A_DAY)) & _DAY


def pace_of(starts: int, half_hours: int, counts: Counts, sessions: int) -> Pace:
    """Find the fewest sessions a week that reach `sessions` dates: one a day if that can be, else several."""
    for apart in (True, False):
        for weekly, dates in enumerate(most_dates(starts, half_hours, counts, apart=apart)):
            if dates >= sessions:
                return Pace(weekly, apart)
    return Pace(0, apart=True)


@lru_cache(maxsize=65536)
def most_dates(starts: int, half_hours: int, counts: Counts, *, apart: bool) -> tuple[int, ...]:
    """Say for 0, 1, 2 ... starts a week how many dates they have at most, as far as so many find room."""
    ends = [day_of(starts, day).bit_length() - 1 + half_hours for day in range(WEEKDAYS) if day_of(starts, day)]
    if apart and max(ends, default=0) <= SLOTS_A_DAY:
        found, listed = [0], sorted((counts[day] for day in range(WEEKDAYS) if day_of(starts, day)), reverse=True)
        for count in listed:
            found.append(found[-1] + count)
        return tuple(found)
    return tuple(dates for dates, _ in _fullest(starts, half_hours, counts, apart=apart))


def _fullest(starts: int, half_hours: int, counts: Counts, *, apart: bool) -> list[tuple[int, int]]:
    """For 0, 1, 2 ... starts, the most dates and a pattern that has them: from the last start back to the first."""
    listed = list(bits_of(starts))
    # At each place: the best that the starts from there on can do.
    best: list[list[tuple[int, int]]] = [[(0, 0)]]
    for place, slot in reversed(list(enumerate(listed))):
        free = slot + half_hours
        if apart:
            free = max(free, (slot // SLOTS_A_DAY + 1) * SLOTS_A_DAY)
        following = sum(other < free for other in listed[place : place + free - slot])
        after = best[len(listed) - place - following]
        count = counts[slot // SLOTS_A_DAY]
        taken = [(0, 0)] + [(dates + count, pattern | 1 << slot) for dates, pattern in after]
        left = best[-1]
        both = [max(one, other, key=_dates) for one, other in zip(taken, left, strict=False)]
        best.append(both + taken[len(both) :] + left[len(both) :])
    return best[-1]


def _dates(one: tuple[int, int]) -> int:
    return one[0]


class Wanted(NamedTuple):
    """What a pattern is for: the length of a session, the pace, and the dates there are.

    Patterns with fewer dates than `least` are of no use.
    """

    half_hours: int
    pace: Pace
    counts: Counts = EVEN
    least: int = 0


def patterns(starts: int, wanted: Wanted, limit: int) -> Iterator[int]:
    """List up to `limit` patterns on the half-hours where a session may begin.

    On distinct days: first those at one clock time on every day, then the
    mixed ones, days with more dates first. Several a day: packed one after the
    other from each possible first start. Where none of these will do, the one
    with the most dates.
    """
    weekly = wanted.pace.weekly
    if weekly < 1:
        found: Iterator[int] = iter(())
    elif wanted.pace.apart:
        found = _on_distinct_days(starts, wanted)
    else:
        found = _packed(starts, wanted)
    looked_at = islice(found, limit * _LOOKED_AT_A_PATTERN)
    listed = islice((one for one in looked_at if not _overlaps(one, wanted.half_hours)), limit)
    first = next(listed, None)
    return iter(_with_most_dates(starts, wanted)) if first is None else chain((first,), listed)


def _with_most_dates(starts: int, wanted: Wanted) -> list[int]:
    """Give the pattern with the most dates, for the rare week in which none that was looked at will do."""
    weekly, least = wanted.pace.weekly, max(1, wanted.least)
    found = _fullest(starts, wanted.half_hours, wanted.counts, apart=wanted.pace.apart)
    return [found[weekly][1]] if 0 < weekly < len(found) and found[weekly][0] >= least else []


def _overlaps(pattern: int, half_hours: int) -> bool:
    free = 0
    for slot in bits_of(pattern):
        if slot < free:
            return True
        free = slot + half_hours
    return False


def _on_distinct_days(starts: int, wanted: Wanted) -> Iterator[int]:
    rows = [day_of(starts, day) for day in range(WEEKDAYS)]
    dated = [
        (-sum(wanted.counts[day] for day in days), days)
        for days in combinations([day for day in range(WEEKDAYS) if rows[day]], wanted.pace.weekly)
    ]
    chosen = [days for dates, days in sorted(dated) if -dates >= wanted.least]
    for clock in range(SLOTS_A_DAY) if wanted.pace.weekly > 1 else ():
        for days in chosen:
            if all(rows[day] >> clock & 1 for day in days):
                yield sum(1 << (day * SLOTS_A_DAY + clock) for day in days)
    for days in chosen:
        for clocks in product(*(tuple(bits_of(rows[day])) for day in days)):
            if len(set(clocks)) > 1 or wanted.pace.weekly == 1:
                yield sum(1 << (day * SLOTS_A_DAY + clock) for day, clock in zip(days, clocks, strict=True))


def _packed(starts: int, wanted: Wanted) -> Iterator[int]:
    weekly, half_hours = wanted.pace.weekly, wanted.half_hours
    listed = tuple(bits_of(starts))
    for first in range(len(listed)):
        mask, free, placed = 0, 0, 0
        for slot in listed[first:]:
            if slot >= free and placed < weekly:
                mask, free, placed = mask | 1 << slot, slot + half_hours, placed + 1
        if placed == weekly and dates_in(mask, wanted.counts) >= wanted.least:
            yield mask


@lru_cache(maxsize=65536)
def dates_in(pattern: int, counts: Counts) -> int:
    """How many dates a weekly pattern has."""
    return sum(day_of(pattern, day).bit_count() * counts[day] for day in range(WEEKDAYS))
