"""The ways to serve each need, found by filters or given.

The filters come in the order service, period, distance, time, price and
eligibility; an offer falls at the first it does not pass, and how many fell
where is kept for each need. A `Ground` is a problem made ready for the
strategies: nothing in it is a decision.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, islice, product
from typing import Final, NamedTuple

from wis_engine.matching.money import (
    alone_cents,
    budgets_for,
    least_head_cents,
    least_household_cents,
)
from wis_engine.matching.problem import Budget, Need, Offer, Problem, Step
from wis_engine.matching.rules import Unserved
from wis_engine.territory import distance_m
from wis_engine.values import (
    SLOTS_A_DAY,
    SLOTS_A_WEEK,
    Cents,
    Metres,
    Minutes,
    Period,
    Point,
    WeekSlots,
    occurrences,
    slots_for,
)

WEEKDAYS: Final = 7
_DAY: Final = (1 << SLOTS_A_DAY) - 1


class Kind(NamedTuple):
    """What needs must have alike to be served together: service or steps, half-hours, sessions a week."""

    service: str
    steps: tuple[Step, ...]
    slots: int
    weekly: int


class Way(NamedTuple):
    """One offer for one need (or one step of it): capacity used, price alone, where a session may begin."""

    minutes: Minutes
    price_cents: Cents
    starts: int


@lru_cache(maxsize=65536)
def runs(bits: int, slots: int) -> int:
    """Half-hours from which `slots` marked ones follow in a row, as a bare mask."""
    return WeekSlots(bits).starts(slots).bits


def bits_of(mask: int) -> Iterator[int]:
    """Numbers of the marked bits, in order."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def patterns(starts: int, slots: int, weekly: int, limit: int) -> Iterator[int]:
    """List up to `limit` ways to place `weekly` sessions on the half-hours where one may begin.

    Up to seven a week lie on distinct days: first those at one clock time on
    every day, then the mixed ones. More than seven are packed one after the
    other from each possible first start.
    """
    if weekly == 1:
        found: Iterator[int] = (1 << slot for slot in bits_of(starts))
    elif weekly <= WEEKDAYS:
        found = _on_distinct_days(starts, weekly)
    else:
        found = _packed(starts, slots, weekly)
    return islice(found, limit)


def _on_distinct_days(starts: int, weekly: int) -> Iterator[int]:
    rows = [(starts >> (day * SLOTS_A_DAY)) & _DAY for day in range(WEEKDAYS)]
    for clock in range(SLOTS_A_DAY):
        days = [day for day in range(WEEKDAYS) if rows[day] >> clock & 1]
        for chosen in combinations(days, weekly):
            yield sum(1 << (day * SLOTS_A_DAY + clock) for day in chosen)
    for chosen in combinations([day for day in range(WEEKDAYS) if rows[day]], weekly):
        for clocks in product(*(tuple(bits_of(rows[day])) for day in chosen)):
            if len(set(clocks)) > 1:
                yield sum(1 << (day * SLOTS_A_DAY + clock) for day, clock in zip(chosen, clocks, strict=True))


def _packed(starts: int, slots: int, weekly: int) -> Iterator[int]:
    listed = tuple(bits_of(starts))
    for first in range(len(listed)):
        mask, free, placed = 0, 0, 0
        for slot in listed[first:]:
            if slot >= free and placed < weekly:
                mask, free, placed = mask | 1 << slot, slot + slots, placed + 1
        if placed == weekly:
            yield mask


class Ground:
    """A problem made ready: ways of each need, what fell where, who may be together.

    Attributes
    ----------
    ranked
        Ids of needs in the order of grants: priority falling, then id.
    ways
        For each plain need, its offers and how each would serve it.
    step_ways
        For each composite need, the same for each step.
    dear
        For each need and step, the offers that fell at the price alone.
    fallen
        For each need, how many offers fell at each filter. For a composite
        need these are the offers of its first step that no offer can serve, or
        of all its steps together.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.timed = problem.options is None
        self.needs = {need.id: need for need in problem.needs}
        self.offers = {offer.id: offer for offer in problem.offers}
        self.ranked = tuple(need.id for need in sorted(problem.needs, key=lambda need: (-need.priority, need.id)))
        self.rank = {need: place for place, need in enumerate(self.ranked)}
        self.value = {need.id: problem.value(need) for need in problem.needs}
        by_service: dict[str, tuple[Budget, ...]] = {}
        self.budgets = {
            need.id: by_service.setdefault(need.service, budgets_for(problem, need)) for need in problem.needs
        }
        self.kinds = {need.id: self._kind(need) for need in problem.needs}
        self._periods: dict[Period, Period] = {}
        self.need_periods = {need.id: self._period(need) for need in problem.needs}
        self.offer_periods = {offer.id: self._period(offer) for offer in problem.offers}
        self.ways: dict[str, dict[str, Way]] = {}
        self.step_ways: dict[str, tuple[dict[str, Way], ...]] = {}
        self.dear: dict[str, tuple[dict[str, Way], ...]] = {need.id: ({},) for need in problem.needs}
        self.fallen: dict[str, dict[Unserved, int]] = {}
        self._week_counts: dict[Period, tuple[int, ...]] = {}
        self._by_service: dict[str, list[Offer]] = {}
        for offer in problem.offers:
            self._by_service.setdefault(offer.service, []).append(offer)
        self.dates = lru_cache(maxsize=16384)(self._dates)
        self.distance = lru_cache(maxsize=262144)(_distance_m)
        if problem.options is None:
            for need in problem.needs:
                self._find(need)
        else:
            self.ways = {need.id: {} for need in problem.needs}
            for option in problem.options:
                self.ways[option.need][option.offer] = Way(option.minutes, option.price_cents, 0)
            self.fallen = {
                need: {Unserved.SERVICE: len(problem.offers) - len(ways)} for need, ways in self.ways.items()
            }

    def _kind(self, need: Need) -> Kind:
        if not self.timed:
            return Kind("", (), 0, 0)
        return Kind(need.service, need.steps, slots_for(need.session_minutes), self.problem.weekly_sessions(need))

    def _period(self, thing: Need | Offer) -> Period:
        """Dates of a need or an offer: its own, else the horizon; one object for equal ones."""
        period = thing.period or self.problem.horizon
        return self._periods.setdefault(period, period)

    def both(self, a: Period, b: Period) -> Period | None:
        """Dates in both of two periods of this problem."""
        if a is b:
            return a
        shared = a & b
        return shared and self._periods.setdefault(shared, shared)

    def week_counts(self, period: Period) -> tuple[int, ...]:
        """How often each weekday occurs in a period, closed days out."""
        counts = self._week_counts.get(period)
        if counts is None:
            weeks, rest = divmod(period.days, WEEKDAYS)
            first = period.start.weekday()
            listed = [weeks + ((day - first) % WEEKDAYS < rest) for day in range(WEEKDAYS)]
            for day in self.problem.closed_days:
                listed[day.weekday()] -= day in period
            counts = self._week_counts[period] = tuple(listed)
        return counts

    def count(self, starts: int, period: Period) -> int:
        """How many dated sessions a weekly pattern has in a period."""
        counts = self.week_counts(period)
        return sum(((starts >> (day * SLOTS_A_DAY)) & _DAY).bit_count() * counts[day] for day in range(WEEKDAYS))

    def _dates(self, starts: int, period: Period) -> tuple[tuple[int, int], ...]:
        found = occurrences(WeekSlots(starts), 1, period, period.days * SLOTS_A_WEEK, self.problem.closed_days)
        return tuple((occurrence.day.toordinal(), occurrence.start_slot) for occurrence in found)

    def steps_of(self, need: Need) -> tuple[dict[str, Way], ...]:
        """Ways of a need step by step; a plain need has one step."""
        return self.step_ways[need.id] if need.steps else (self.ways[need.id],)

    def _find(self, need: Need) -> None:
        if not need.steps:
            ways, dear, fallen = self._filter(need, need.service, need.minutes, need.session_minutes)
            self.ways[need.id], self.dear[need.id], self.fallen[need.id] = ways, (dear,), fallen
            return
        steps = [self._filter(need, step.service, step.minutes * need.sessions, step.minutes) for step in need.steps]
        self.ways[need.id] = {}
        self.step_ways[need.id] = tuple(ways for ways, _, _ in steps)
        self.dear[need.id] = tuple(dear for _, dear, _ in steps)
        blocking = next((fallen for ways, _, fallen in steps if not ways), None)
        if blocking is None:
            blocking = {stage: sum(fallen[stage] for _, _, fallen in steps) for stage in STAGES}
            services = {step.service for step in need.steps}
            blocking[Unserved.SERVICE] = sum(offer.service not in services for offer in self.problem.offers)
        self.fallen[need.id] = blocking

    def _filter(
        self, need: Need, service: str, minutes: Minutes, session_minutes: Minutes
    ) -> tuple[dict[str, Way], dict[str, Way], dict[Unserved, int]]:
        candidates = self._by_service.get(service, [])
        ways: dict[str, Way] = {}
        dear: dict[str, Way] = {}
        fallen = dict.fromkeys(STAGES, 0)
        fallen[Unserved.SERVICE] = len(self.problem.offers) - len(candidates)
        for offer in candidates:
            way = self._reached(need, offer, minutes, session_minutes)
            if not isinstance(way, Way):
                fallen[way] += 1
            elif not self._affordable(need, offer, way):
                fallen[Unserved.PRICE] += 1
                if _eligible(need, offer):
                    dear[offer.id] = way
            elif not _eligible(need, offer):
                fallen[Unserved.ELIGIBILITY] += 1
            else:
                ways[offer.id] = way
        return ways, dear, fallen

    def _reached(self, need: Need, offer: Offer, minutes: Minutes, session_minutes: Minutes) -> Way | Unserved:
        """Pass the filters of dates, distance and time, or name the first that stops."""
        period = self.both(self.need_periods[need.id], self.offer_periods[offer.id])
        if period is None:
            return Unserved.PERIOD
        if not self._near(need, offer):
            return Unserved.DISTANCE
        slots = slots_for(session_minutes)
        starts = runs(need.slots.bits, slots) & runs(offer.slots.bits, slots)
        if not self._has_pattern(starts, slots, need, period):
            return Unserved.TIME
        return Way(minutes, alone_cents(offer, minutes), starts)

    def _affordable(self, need: Need, offer: Offer, way: Way) -> bool:
        limit = need.price_limit_cents
        if limit is None:
            return True
        least = least_head_cents(offer, way.minutes, way.price_cents, need.group_max)
        return least_household_cents(self.budgets[need.id], least) <= limit

    def _near(self, need: Need, offer: Offer) -> bool:
        if offer.zones and need.zone not in offer.zones:
            return False
        if need.place is None or offer.place is None:
            return True
        reach = [offer.radius_m] if offer.mobile else [offer.radius_m, need.radius_m]
        return all(radius is None or self.distance(need.place, offer.place) <= radius for radius in reach)

    def _has_pattern(self, starts: int, slots: int, need: Need, period: Period) -> bool:
        weekly = self.kinds[need.id].weekly
        counts = self.week_counts(period)
        if weekly <= WEEKDAYS:
            days = sorted(
                (counts[day] for day in range(WEEKDAYS) if (starts >> (day * SLOTS_A_DAY)) & _DAY), reverse=True
            )
            return len(days) >= weekly and sum(days[:weekly]) >= need.sessions
        return any(
            self.count(pattern, period) >= need.sessions for pattern in patterns(starts, slots, weekly, SLOTS_A_WEEK)
        )


STAGES: Final = (
    Unserved.SERVICE,
    Unserved.PERIOD,
    Unserved.DISTANCE,
    Unserved.TIME,
    Unserved.PRICE,
    Unserved.ELIGIBILITY,
)


def _distance_m(a: Point, b: Point) -> Metres:
    return distance_m(a, b)


def _eligible(need: Need, offer: Offer) -> bool:
    return (
        need.channel in (None, offer.channel)
        and (not offer.age_bands or need.age_band in offer.age_bands)
        and (need.language is None or not offer.languages or need.language in offer.languages)
        and (need.group_max is None or need.group_max >= offer.group_min)
    )


@lru_cache(maxsize=2)
def ground_of(problem: Problem) -> Ground:
    """Make a problem ready once, however many strategies then look at it."""
    return Ground(problem)
