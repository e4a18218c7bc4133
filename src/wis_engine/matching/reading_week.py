"""The rules of the week, read a second time: when sessions may begin, and how many dates they get."""

import datetime as dt
from functools import lru_cache
from typing import Final

from wis_engine.matching.problem import ANY_WEEK
from wis_engine.values import Minutes, Period, WeekSlots

DAY: Final = 48
WEEK: Final = 7


@lru_cache(maxsize=65536)
def begins(bits: int, slots: int) -> int:
    """Half-hours of a mask at which a session of so many half-hours may begin."""
    return WeekSlots(bits).starts(slots).bits


def half_hours(minutes: Minutes) -> int:
    """Half-hours that minutes take, the last one begun counted whole."""
    return (minutes + 29) // 30


def weekdays_in(period: Period, closed: frozenset[dt.date]) -> tuple[int, ...]:
    """How many open Mondays, Tuesdays and so on a period has; one of each where nothing has a date."""
    if period == ANY_WEEK:
        return (1,) * WEEK
    open_days = [0] * WEEK
    for weekday in range(WEEK):
        first = period.start + dt.timedelta(days=(weekday - period.start.weekday()) % WEEK)
        open_days[weekday] = ((period.end - first).days + WEEK - 1) // WEEK
    for day in closed:
        if day in period:
            open_days[day.weekday()] -= 1
    return tuple(open_days)


@lru_cache(maxsize=65536)
def most_sessions(mask: int, slots: int, weekdays: tuple[int, ...], *, one_a_day: bool) -> dict[int, int]:
    """For each number of sessions a week that finds room, the most dates it has.

    Goes through the week from its beginning: what a session adds is open to
    others once it has ended, or on the next day when there is one a day.
    """
    starts = [slot for slot in range(DAY * WEEK) if mask >> slot & 1]
    if one_a_day and all(slot % DAY + slots <= DAY for slot in starts):
        by_day = sorted((weekdays[day] for day in {slot // DAY for slot in starts}), reverse=True)
        return {number: sum(by_day[:number]) for number in range(len(by_day) + 1)}
    best = {0: 0}
    waiting: list[tuple[int, dict[int, int]]] = []
    for slot in [*starts, DAY * WEEK * 2]:
        while waiting and waiting[0][0] <= slot:
            _, done = waiting.pop(0)
            for number, dates in done.items():
                best[number] = max(dates, best.get(number, 0))
        day = slot // DAY
        if day < WEEK:
            open_from = max(slot + slots, (day + 1) * DAY) if one_a_day else slot + slots
            waiting.append((open_from, {number + 1: dates + weekdays[day] for number, dates in best.items()}))
    return best


def pace(mask: int, slots: int, weekdays: tuple[int, ...], sessions: int) -> tuple[int, bool]:
    """Fewest sessions a week with dates enough, and whether one a day suffices; 0 when no number does."""
    for one_a_day in (True, False):
        found = most_sessions(mask, slots, weekdays, one_a_day=one_a_day)
        enough = [number for number, dates in found.items() if dates >= sessions]
        if enough:
            return min(enough), one_a_day
    return 0, True
