"""The rules of a problem, read a second time.

What `check` and the certificate rest on. Nothing here comes from the modules
that find options, build pools or price them: two readings of one rule that
agree are worth more than one.
"""

from functools import lru_cache

from wis_engine.matching.problem import Need, Offer, Problem
from wis_engine.matching.rules import Rule
from wis_engine.territory import distance_m
from wis_engine.values import Cents, Minutes, Period, PriceTier, WeekSlots

Uses = tuple[tuple[tuple[str, Minutes], ...], ...]


@lru_cache(maxsize=65536)
def begins(bits: int, slots: int) -> int:
    """Half-hours of a mask at which a session of so many half-hours may begin."""
    return WeekSlots(bits).starts(slots).bits


def half_hours(minutes: Minutes) -> int:
    """Half-hours that minutes take, the last one begun counted whole."""
    return (minutes + 29) // 30


class Reading:
    """A problem with what follows from it for one need and one offer at a time.

    Attributes
    ----------
    left
        Minutes of each offer that no commitment has taken.
    uses
        For each need and step, which offers could serve it and with how many
        minutes. Times are looked at one session at a time.
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
        self.least_price: dict[str, Cents] = {}
        self.least_household: dict[str, Cents] = {}
        self._by_service: dict[str, list[Offer]] = {}
        self._options_of: dict[str, list[Offer]] = {}
        for offer in problem.offers:
            self._by_service.setdefault(offer.service, []).append(offer)
        for need_id, offer_id in sorted(self.options):
            self._options_of.setdefault(need_id, []).append(self.offers[offer_id])
        for need in problem.needs:
            self._read(need)

    def period_of(self, thing: Need | Offer) -> Period:
        """Dates of a need or an offer."""
        return self.problem.horizon if thing.period is None else thing.period

    def minutes_of(self, need: Need, offer: Offer, step: int = 0) -> Minutes:
        """Capacity that a need takes of an offer."""
        if self.problem.options is not None:
            return self.options[need.id, offer.id].minutes
        return need.steps[step].minutes * need.sessions if need.steps else need.minutes

    def pair_fault(self, need: Need, offer: Offer, step: int = 0) -> Rule | None:
        """Say which rule keeps an offer from serving a need (or one step of it), times of day apart."""
        if self.problem.options is not None:
            return None if (need.id, offer.id) in self.options else Rule.OPTION
        wanted = need.steps[step].service if need.steps else need.service
        suits = (
            offer.service == wanted
            and (need.channel is None or offer.channel is need.channel)
            and not (offer.age_bands and need.age_band not in offer.age_bands)
            and not (need.language is not None and offer.languages and need.language not in offer.languages)
        )
        if not suits:
            return Rule.OPTION
        if self.period_of(need) & self.period_of(offer) is None:
            return Rule.PERIOD
        return None if _is_near(need, offer) else Rule.PLACE

    def head_price(self, need: Need, offer: Offer, people: int, step: int = 0) -> tuple[Cents, PriceTier | None]:
        """Price of one person in a group of `people` at one offer, and the tier it comes from."""
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
        if not offer.tiers:
            return 0, None
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
        for budget in self.problem.budgets:
            if not budget.services or need.service in budget.services:
                percent += budget.share_percent
                caps += min(
                    budget.cap_cents,
                    budget.cap_cents if budget.household_cap_cents is None else budget.household_cap_cents,
                )
        by_percent = share_cents - share_cents * min(100, percent) // 100
        return max(0, by_percent, share_cents - caps)

    def _read(self, need: Need) -> None:
        steps, price = [], 0
        for step in range(max(1, len(need.steps))):
            found, least = [], None
            for offer in self._candidates(need, step):
                if self.pair_fault(need, offer, step) or not self._may_begin(need, offer, step):
                    continue
                if need.group_max is not None and need.group_max < offer.group_min:
                    continue
                cents = self._least_head(need, offer, step)
                if need.price_limit_cents is not None and self.household_floor(need, cents) > need.price_limit_cents:
                    continue
                found.append((offer.id, self.minutes_of(need, offer, step)))
                least = cents if least is None else min(least, cents)
            steps.append(tuple(found))
            price += least or 0
        self.uses[need.id] = tuple(steps)
        if all(steps):
            self.least_price[need.id] = price
            self.least_household[need.id] = self.household_floor(need, price)

    def _candidates(self, need: Need, step: int) -> list[Offer]:
        if self.problem.options is not None:
            return self._options_of.get(need.id, [])
        return self._by_service.get(need.steps[step].service if need.steps else need.service, [])

    def _may_begin(self, need: Need, offer: Offer, step: int) -> bool:
        if self.problem.options is not None:
            return True
        slots = half_hours(need.steps[step].minutes if need.steps else need.session_minutes)
        return bool(begins(need.slots.bits, slots) & begins(offer.slots.bits, slots))

    def _least_head(self, need: Need, offer: Offer, step: int) -> Cents:
        """Lowest price per head over all sizes a pool of this offer with this need may have."""
        top = min((most for most in (offer.group_max, need.group_max) if most is not None), default=None)
        sizes = [offer.group_min, *(tier.people_from for tier in offer.tiers)]
        possible = {size for size in sizes if size >= offer.group_min and (top is None or size <= top)}
        return min(self.head_price(need, offer, size, step)[0] for size in possible)


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
