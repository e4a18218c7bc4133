"""The rules of a problem, read a second time.

What `check` and the certificate rest on. Nothing here comes from the modules
that find options, build pools or price them: two readings of one rule that
agree are worth more than one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from wis_engine.matching.problem import ANY_WEEK, Budget, Need, Offer, Option, Problem
from wis_engine.matching.reading_week import begins, half_hours, most_sessions, pace, weekdays_in
from wis_engine.matching.rules import Rule, Unserved
from wis_engine.territory import distance_m
from wis_engine.values import Cents, Minutes, Period, PriceTier

Uses = tuple[tuple[tuple[str, Minutes], ...], ...]
FILTERS: Final = (
    Unserved.SERVICE,
    Unserved.PERIOD,
    Unserved.DISTANCE,
    Unserved.TIME,
    Unserved.PRICE,
    Unserved.ELIGIBILITY,
)


class Reading:
    """A problem with what follows from it for one need and one offer at a time.

    Attributes
    ----------
    left
        Minutes of each offer that no commitment has taken.
    uses
        For each need and step, which offers could serve it and with how many
        minutes.
    fallen
        For each need and step, how many offers fall at each filter.
    least_price, least_household
        For each need that can be served at all, the least it could cost, and
        the least its household could pay with all the public money it may draw.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.needs = {need.id: need for need in problem.needs}
        self.offers = {offer.id: offer for offer in problem.offers}
        self.options = {(option.need, option.offer): option for option in problem.options or ()}
        self.left = {offer.id: offer.capacity_minutes for offer in problem.offers}
        for commitment in problem.commitments:
            if commitment.offer in self.left:
                self.left[commitment.offer] = max(0, self.left[commitment.offer] - commitment.minutes)
        self.uses: dict[str, Uses] = {}
        self.fallen: dict[str, tuple[Counter[Unserved], ...]] = {}
        self.least_price: dict[str, Cents] = {}
        self.least_household: dict[str, Cents] = {}
        self._least_alone: dict[str, Cents] = {}
        self._payers: dict[str, list[Budget]] = {}
        self._weekdays: dict[Period, tuple[int, ...]] = {}
        self._by_service: dict[str, list[Offer]] = {}
        self._options_of: dict[str, list[Option]] = {}
        for offer in problem.offers:
            self._by_service.setdefault(offer.service, []).append(offer)
        for option in problem.options or ():
            self._options_of.setdefault(option.need, []).append(option)
        read = self._read if problem.options is None else self._read_given
        for need in problem.needs:
            read(need)

    def period_of(self, things: Iterable[Need | Offer]) -> Period | None:
        """Dates on which all of some needs and offers are there; None when there are none."""
        return _common(frozenset(thing.period for thing in things))

    def weekdays(self, period: Period) -> tuple[int, ...]:
        """How many open days of each weekday a period has."""
        if period not in self._weekdays:
            self._weekdays[period] = weekdays_in(period, self.problem.closed_days)
        return self._weekdays[period]

    def pace(self, need: Need, offers: Sequence[Offer]) -> tuple[int, bool]:
        """How often a need meets: in its own dates, or those of its offers, or in one week; and if one a day."""
        period = need.period if _has_dates(need) else self.period_of(offers)
        slots = sum(half_hours(step.minutes) for step in need.steps) or half_hours(need.session_minutes)
        return pace(begins(need.slots.bits, slots), slots, self.weekdays(period or ANY_WEEK), need.sessions)

    def minutes_of(self, need: Need, offer: Offer, step: int = 0) -> Minutes:
        """Capacity that a need takes of an offer."""
        if self.problem.options is not None:
            return self.options[need.id, offer.id].minutes
        return need.steps[step].minutes * need.sessions if need.steps else need.minutes

    def pair_fault(self, need: Need, offer: Offer, step: int = 0) -> Rule | None:
        """Say which rule keeps an offer from serving a need (or one step of it), times of day apart."""
        if self.problem.options is not None:
            return None if (need.id, offer.id) in self.options else Rule.OPTION
        if offer.service != _service(need, step) or not _suits(need, offer):
            return Rule.OPTION
        if self.period_of((need, offer)) is None:
            return Rule.PERIOD
        return None if _is_near(need, offer) else Rule.PLACE

    def stage(self, need: Need, offer: Offer, step: int = 0) -> Unserved | None:
        """Name the first filter after the service at which an offer falls; given options meet the last alone."""
        if self.problem.options is not None:
            return Unserved.ELIGIBILITY if _too_small(need, offer) else None
        period = self.period_of((need, offer))
        if period is None:
            return Unserved.PERIOD
        if not _is_near(need, offer):
            return Unserved.DISTANCE
        if not self._finds_dates(need, offer, step, period):
            return Unserved.TIME
        limit = need.price_limit_cents
        if limit is not None and self.household_floor(need, self._least_head(need, offer, step)) > limit:
            return Unserved.PRICE
        return None if _suits(need, offer) and not _too_small(need, offer) else Unserved.ELIGIBILITY

    def alone_price(self, need: Need, offers: Sequence[Offer]) -> Cents:
        """Price of the cheapest way to be served alone; for a chain, or where there is none, of these offers."""
        own = [self.head_price(need, offer, 1, step)[0] + offer.opening_cents for step, offer in enumerate(offers)]
        return self._least_alone.get(need.id, sum(own))

    def payers_of(self, need: Need) -> list[Budget]:
        """Budgets that may pay for a need, in the order in which they are drawn on."""
        if need.service not in self._payers:
            named = [budget for budget in self.problem.budgets if need.service in budget.services]
            named.sort(key=lambda budget: (len(budget.services), budget.id))
            general = [budget for budget in self.problem.budgets if not budget.services]
            self._payers[need.service] = named + sorted(general, key=lambda budget: budget.id)
        return self._payers[need.service]

    def head_price(self, need: Need, offer: Offer, people: int, step: int = 0) -> tuple[Cents, PriceTier | None]:
        """Price of one person in a group of `people` at one offer, and the tier it comes from."""
        if not offer.tiers:
            return (0 if self.problem.options is None else self.options[need.id, offer.id].price_cents), None
        quantity = self.minutes_of(need, offer, step) if need.steps else need.minutes
        unit = offer.unit_minutes
        reached = [
            tier
            for tier in offer.tiers
            if people >= tier.people_from and (quantity >= tier.units_from * unit if unit else tier.units_from < 2)  # noqa: PLR2004 - the whole need is one unit
        ]
        if reached:
            tier = max(reached, key=lambda tier: (tier.people_from, tier.units_from))
            return _of_tier(tier, quantity, unit), tier
        if self.problem.options is not None:
            return self.options[need.id, offer.id].price_cents, None
        at_one = [
            tier
            for tier in offer.tiers
            if tier.people_from == 1 and (quantity >= tier.units_from * unit if unit else tier.units_from < 2)  # noqa: PLR2004 - the whole need is one unit
        ]
        tier = max(at_one) if at_one else min(offer.tiers)
        return _of_tier(tier, quantity, unit), None

    def household_floor(self, need: Need, share_cents: Cents) -> Cents:
        """Least that a household pays of at least this share, roundings in its favour."""
        percent, caps = 0, 0
        for budget in self.payers_of(need):
            percent += budget.share_percent
            caps += min(
                budget.cap_cents,
                budget.cap_cents if budget.household_cap_cents is None else budget.household_cap_cents,
            )
        by_percent = share_cents - share_cents * min(100, percent) // 100
        return max(0, by_percent, share_cents - caps)

    def _read(self, need: Need) -> None:
        steps, falls, price = [], [], 0
        for step in range(max(1, len(need.steps))):
            found, candidates = [], self._by_service.get(_service(need, step), [])
            fallen = Counter({Unserved.SERVICE: len(self.problem.offers) - len(candidates)})
            for offer in candidates:
                stage = self.stage(need, offer, step)
                self._note_alone(need, offer, stage)
                if stage is not None:
                    fallen[stage] += 1
                else:
                    found.append(offer)
            steps.append(tuple((offer.id, self.minutes_of(need, offer, step)) for offer in found))
            falls.append(fallen)
            price += min((self._least_head(need, offer, step) for offer in found), default=0)
        self.uses[need.id], self.fallen[need.id] = tuple(steps), tuple(falls)
        if all(steps):
            self.least_price[need.id] = price
            self.least_household[need.id] = self.household_floor(need, price)

    def _read_given(self, need: Need) -> None:
        """Read the options of one need: they meet no filter but the size of groups, and may yet be over the limit."""
        limit, found, listed = need.price_limit_cents, [], self._options_of.get(need.id, [])
        small, least = 0, None
        for option in listed:
            offer = self.offers[option.offer]
            if _too_small(need, offer):
                small += 1
                continue
            self._note_alone(need, offer, None)
            cents = self._least_head(need, offer, 0)
            if limit is None or self.household_floor(need, cents) <= limit:
                found.append((option.offer, option.minutes))
                least = cents if least is None else min(least, cents)
        fallen = {Unserved.SERVICE: len(self.problem.offers) - len(listed), Unserved.ELIGIBILITY: small}
        self.uses[need.id], self.fallen[need.id] = (tuple(found),), (Counter(fallen),)
        if least is not None:
            self.least_price[need.id] = least
            self.least_household[need.id] = self.household_floor(need, least)

    def _note_alone(self, need: Need, offer: Offer, stage: Unserved | None) -> None:
        """Keep the cheapest of the offers that take one person alone and pass all filters but the price."""
        passed = stage is None or (stage is Unserved.PRICE and _suits(need, offer) and not _too_small(need, offer))
        if passed and offer.group_min == 1 and not need.steps:
            cents = self.head_price(need, offer, 1)[0] + offer.opening_cents
            self._least_alone[need.id] = min(cents, self._least_alone.get(need.id, cents))

    def _finds_dates(self, need: Need, offer: Offer, step: int, period: Period) -> bool:
        """Say whether sessions as often as the need has them get enough dates at an offer.

        A chain that takes its dates from its offers may meet as often as it must.
        """
        slots = half_hours(need.steps[step].minutes if need.steps else need.session_minutes)
        mask = begins(need.slots.bits, slots) & begins(offer.slots.bits, slots)
        weekdays = self.weekdays(period)
        if need.steps and not _has_dates(need):
            return max(most_sessions(mask, slots, weekdays, one_a_day=False).values()) >= need.sessions
        weekly, one_a_day = self.pace(need, (offer,))
        return weekly > 0 and most_sessions(mask, slots, weekdays, one_a_day=one_a_day).get(weekly, 0) >= need.sessions

    def _least_head(self, need: Need, offer: Offer, step: int) -> Cents:
        """Lowest price per head over all sizes a pool of this offer with this need may have."""
        if not offer.tiers:
            return self.head_price(need, offer, 1, step)[0]
        top = min((most for most in (offer.group_max, need.group_max) if most is not None), default=None)
        sizes = [offer.group_min, *(tier.people_from for tier in offer.tiers)]
        possible = [size for size in sizes if size >= offer.group_min and (top is None or size <= top)]
        return min(self.head_price(need, offer, size, step)[0] for size in possible or [offer.group_min])


def _service(need: Need, step: int) -> str:
    return need.steps[step].service if need.steps else need.service


def _has_dates(need: Need) -> bool:
    return need.period not in (None, ANY_WEEK)


@lru_cache(maxsize=4096)
def _common(periods: frozenset[Period | None]) -> Period | None:
    dated = [period for period in periods if period is not None and period != ANY_WEEK]
    start = max((period.start for period in dated), default=ANY_WEEK.start)
    end = min((period.end for period in dated), default=ANY_WEEK.end)
    return Period(start, end) if start < end else None


def _too_small(need: Need, offer: Offer) -> bool:
    return need.group_max is not None and need.group_max < offer.group_min


def _suits(need: Need, offer: Offer) -> bool:
    """Say whether an offer is on the channel of a need, for the age and in the language."""
    return (
        (need.channel is None or offer.channel is need.channel)
        and not (offer.age_bands and need.age_band not in offer.age_bands)
        and not (need.language is not None and offer.languages and need.language not in offer.languages)
    )


def _is_near(need: Need, offer: Offer) -> bool:
    if offer.zones and need.zone not in offer.zones:
        return False
    if need.place is None or offer.place is None:
        return True
    way = distance_m(need.place, offer.place)
    travels = not offer.mobile and need.radius_m is not None and way > need.radius_m
    return not travels and (offer.radius_m is None or way <= offer.radius_m)


def _of_tier(tier: PriceTier, quantity: Minutes, unit: Minutes) -> Cents:
    return (tier.price_cents * quantity + unit - 1) // unit if unit else tier.price_cents


@lru_cache(maxsize=2)
def reading_of(problem: Problem) -> Reading:
    """Read a problem once for its plans."""
    return Reading(problem)
