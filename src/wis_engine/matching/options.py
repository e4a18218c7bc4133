"""The ways to serve each need, found by filters or given.

The filters come in the order service, period, distance, time, price and
eligibility; an offer falls at the first it does not pass, and how many fell
where is kept for each need. A `Ground` is a problem made ready for the
strategies: nothing in it is a decision.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import attrs

from wis_engine.matching.money import (
    alone_cents,
    budgets_for,
    least_head_cents,
    least_household_cents,
)
from wis_engine.matching.problem import ANY_WEEK, Budget, Need, Offer, Option, Problem, Step
from wis_engine.matching.rules import Unserved
from wis_engine.matching.weeks import EVEN, WEEKDAYS, Counts, Pace, dates_in, most_dates, pace_of, runs
from wis_engine.territory import distance_m
from wis_engine.values import (
    Cents,
    Metres,
    Minutes,
    Period,
    Point,
    WeekSlots,
    occurrences,
    slots_for,
)

Family = tuple[str, tuple[Step, ...], int]
"""What needs must have alike whatever their dates: service, steps, half-hours of a session."""


class Kind(NamedTuple):
    """What needs must have alike to be served together: their family, and how often they meet.

    `half_hours` is the length of a session; of a composite need, of its steps
    without waits.
    """

    service: str
    steps: tuple[Step, ...]
    half_hours: int
    pace: Pace

    @property
    def family(self) -> Family:
        """The kind, dates apart."""
        return self[:3]


class Way(NamedTuple):
    """One offer for one need (or one step of it): capacity used, price alone, where a session may begin."""

    minutes: Minutes
    price_cents: Cents
    starts: int


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
        For each plain need, the offers that fell at the price alone.
    fallen
        For each need, how many offers fell at each filter. For a composite
        need these are the offers of its first step that no offer can serve, or
        of all its steps together.
    """

    def __init__(self, problem: Problem, before: "Ground | None" = None) -> None:
        """Make a problem ready; what is as it was `before`, in a problem with the same rules, is taken from there."""
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
        self._periods: dict[Period, Period] = {ANY_WEEK: ANY_WEEK}
        self._both: dict[tuple[Period, Period], Period | None] = {}
        self._week_counts: dict[Period, Counts] = {ANY_WEEK: EVEN}
        self._kinds: dict[tuple[str, Period], Kind] = {}
        self.need_periods = {need.id: self._period(need) for need in problem.needs}
        self.offer_periods = {offer.id: self._period(offer) for offer in problem.offers}
        self.kinds = {need.id: self._kind(need, self.need_periods[need.id]) for need in problem.needs}
        self.ways: dict[str, dict[str, Way]] = {}
        self.step_ways: dict[str, tuple[dict[str, Way], ...]] = {}
        self.dear: dict[str, dict[str, Way]] = {need.id: {} for need in problem.needs}
        self.fallen: dict[str, dict[Unserved, int]] = {}
        self._by_service: dict[str, list[Offer]] = {}
        for offer in problem.offers:
            self._by_service.setdefault(offer.service, []).append(offer)
        self.dates = lru_cache(maxsize=16384)(self._dates)
        self.offered = lru_cache(maxsize=16384)(self._offered)
        self.distance = lru_cache(maxsize=262144)(_distance_m)
        if problem.options is None:
            known = {} if before is None else self._known(before)
            for need in problem.needs:
                if known.get(need.id) is None:
                    self._find(need)
                else:
                    self._take_over(need, known[need.id])
        else:
            self._take(problem.options)

    def _known(self, before: "Ground") -> "dict[str, Ground]":
        """Needs that have the same ways as in a problem before."""
        mine, theirs = self.problem, before.problem
        if theirs.options is not None or theirs.closed_days != mine.closed_days:
            return {}
        others = {offer.service for offer in mine.offers if not _passes_alike(before.offers.get(offer.id), offer)}
        others |= {offer.service for offer in theirs.offers if offer.id not in self.offers}
        same = [need for need in mine.needs if before.needs.get(need.id) == need]
        # Needs of one service have the same budgets: those of one of them are enough.
        one_of = {need.service: need.id for need in same}
        others |= {service for service, one in one_of.items() if before.budgets[one] != self.budgets[one]}
        return {
            need.id: before
            for need in same
            if need.service not in others and others.isdisjoint(step.service for step in need.steps)
        }

    def _take_over(self, need: Need, before: "Ground") -> None:
        """Take what was found for a need in a problem before; offers of other services are not as many any more."""
        self.ways[need.id], self.dear[need.id] = before.ways[need.id], before.dear[need.id]
        self.fallen[need.id] = dict(before.fallen[need.id])
        self.fallen[need.id][Unserved.SERVICE] += len(self.offers) - len(before.offers)
        if need.steps:
            self.step_ways[need.id] = before.step_ways[need.id]

    def _take(self, options: Iterable[Option]) -> None:
        """Take the options that are given; one for a group larger than the need wants is for others."""
        for need in self.problem.needs:
            self.ways[need.id] = {}
            self.fallen[need.id] = {Unserved.SERVICE: len(self.offers), Unserved.ELIGIBILITY: 0}
        for option in options:
            need, offer = self.needs[option.need], self.offers[option.offer]
            self.fallen[need.id][Unserved.SERVICE] -= 1
            if _fits_group(need, offer):
                self.ways[need.id][offer.id] = Way(option.minutes, option.price_cents, 0)
            else:
                self.fallen[need.id][Unserved.ELIGIBILITY] += 1

    def _kind(self, need: Need, period: Period) -> Kind:
        if not self.timed:
            return Kind("", (), 0, Pace(0, apart=True))
        lengths = [slots_for(step.minutes) for step in need.steps] or [slots_for(need.session_minutes)]
        half_hours = sum(lengths)
        starts = runs(need.slots.bits, half_hours)
        return Kind(
            need.service, need.steps, half_hours, pace_of(starts, half_hours, self.week_counts(period), need.sessions)
        )

    def kind(self, need: Need, offers: Sequence[str]) -> Kind:
        """Kind of a need with some offers: one without dates meets as often as the dates of the offers ask for."""
        period = self.need_periods[need.id] if self.timed else None
        if period is not ANY_WEEK:
            return self.kinds[need.id]
        period = self.offered(tuple(offers)) or ANY_WEEK
        kind = self._kinds.get((need.id, period))
        if kind is None:
            kind = self._kinds[need.id, period] = self._kind(need, period)
        return kind

    def _period(self, thing: Need | Offer) -> Period:
        """Dates of a need or an offer, `ANY_WEEK` when it has none; one object for equal ones."""
        period = thing.period or ANY_WEEK
        return self._periods.setdefault(period, period)

    def both(self, a: Period, b: Period) -> Period | None:
        """Dates in both of two periods of this problem; what has none meets any."""
        if a is b or b is ANY_WEEK:
            return a
        if a is ANY_WEEK:
            return b
        key = a, b
        if key not in self._both:
            shared = a & b
            self._both[key] = shared and self._periods.setdefault(shared, shared)
        return self._both[key]

    def _offered(self, offers: tuple[str, ...]) -> Period | None:
        """Dates on which all of some offers are there."""
        period: Period | None = ANY_WEEK
        for offer in offers:
            period = None if period is None else self.both(period, self.offer_periods[offer])
        return period

    def week_counts(self, period: Period) -> Counts:
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
        return dates_in(starts, self.week_counts(period))

    def _dates(self, starts: int, period: Period, sessions: int) -> tuple[tuple[int, int], ...]:
        found = occurrences(WeekSlots(starts), 1, period, sessions, self.problem.closed_days)
        return tuple((occurrence.day.toordinal(), occurrence.start_slot) for occurrence in found)

    def steps_of(self, need: Need) -> tuple[dict[str, Way], ...]:
        """Ways of a need step by step; a plain need has one step."""
        return self.step_ways[need.id] if need.steps else (self.ways[need.id],)

    def serves(self, offers: Sequence[str], need: Need) -> bool:
        """Say whether some offers, one a step, are ways to serve a need."""
        return all(offer in ways for offer, ways in zip(offers, self.steps_of(need), strict=True))

    def offers_by_step(self, needs: Sequence[Need]) -> tuple[tuple[str, ...], ...]:
        """Offers that serve some of the needs of one family, step by step, sorted."""
        return tuple(tuple(sorted(set().union(*ways))) for ways in zip(*map(self.steps_of, needs), strict=True))

    def alike(self, needs: Iterable[str], offers: Sequence[str]) -> list[tuple[Kind, list[str]]]:
        """Split the needs of one family that some offers serve into those that may be together, in order."""
        groups: dict[Kind, list[str]] = {}
        for name in needs:
            need = self.needs[name]
            if self.serves(offers, need):
                groups.setdefault(self.kind(need, offers), []).append(name)
        return list(groups.items())

    def _find(self, need: Need) -> None:
        if not need.steps:
            ways, dear, fallen = self._filter(need, need.service, need.minutes, need.session_minutes)
            self.ways[need.id], self.dear[need.id], self.fallen[need.id] = ways, dear, fallen
            return
        steps = [self._filter(need, step.service, step.minutes * need.sessions, step.minutes) for step in need.steps]
        self.ways[need.id] = {}
        self.step_ways[need.id] = tuple(ways for ways, _, _ in steps)
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
        if not self._has_pattern(need, offer, starts, slots, period):
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

    def _has_pattern(self, need: Need, offer: Offer, starts: int, slots: int, period: Period) -> bool:
        """Say whether some pattern has dates enough.

        How often a chain meets that takes its dates from its offers is not
        known from one of them: then any number of sessions a week will do.
        """
        counts = self.week_counts(period)
        if need.steps and self.need_periods[need.id] is ANY_WEEK:
            return max(most_dates(starts, slots, counts, apart=False)) >= need.sessions
        pace = self.kind(need, (offer.id,)).pace
        found = most_dates(starts, slots, counts, apart=pace.apart)
        return 0 < pace.weekly < len(found) and found[pace.weekly] >= need.sessions


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
        and _fits_group(need, offer)
    )


def _passes_alike(before: Offer | None, now: Offer) -> bool:
    """Say whether the filters see no difference: how much of an offer there is they do not ask."""
    return before is now or (
        before is not None
        and attrs.evolve(before, capacity_minutes=now.capacity_minutes, capacity_per_slot=now.capacity_per_slot) == now
    )


def _fits_group(need: Need, offer: Offer) -> bool:
    return need.group_max is None or need.group_max >= offer.group_min


_RECENT: Final[dict[str, Ground]] = {}
_RECENT_MAX: Final = 2


def ground_of(problem: Problem, before: str = "") -> Ground:
    """Make a problem ready once, however many strategies then look at it.

    `before` is the digest of a problem that it came of: where that was made
    ready a short while ago, this one takes less time. Nothing else changes.
    """
    ground = _RECENT.pop(problem.digest, None) or Ground(problem, _RECENT.get(before))
    _RECENT[problem.digest] = ground
    for digest in list(_RECENT)[:-_RECENT_MAX]:
        _RECENT.pop(digest, None)
    return ground
