"""Every place that an offer could give to a need, with what it takes and costs: what bounds are worked out from.

Read from `reading` alone, without the code that makes plans.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from wis_engine.matching.problem import Need, Offer, Problem
from wis_engine.matching.reading import Reading, reading_of
from wis_engine.matching.reading_week import DAY, half_hours
from wis_engine.values import Cents, Minutes

NO_LIMIT: Final = 1 << 60


class Size(NamedTuple):
    """Sizes of a pool of one offer in which the price per head is the same; `most` may be beyond all needs."""

    least: int
    most: int


class Place(NamedTuple):
    """A place that one offer could give to one need, or to one step of it.

    `heads` has the price per head for each range of sizes, None where the
    household could not pay it.
    """

    need: str
    offer: str
    minutes: Minutes
    rooms: int
    heads: tuple[Cents | None, ...]


class Book:
    """Every place that could be given, with what it takes and costs.

    Attributes
    ----------
    steps
        For each need that some offer could serve, the places of each step.
    wanted
        For each offer, how many places it could give.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.sizes = {offer.id: _sizes(offer) for offer in reading.problem.offers}
        self.rooms = {offer.id: self._rooms(offer) for offer in reading.problem.offers}
        wanted: dict[str, int] = {}
        for uses in reading.uses.values():
            if uses and all(uses):
                for step in uses:
                    for offer, _ in step:
                        wanted[offer] = wanted.get(offer, 0) + 1
        self.wanted = wanted
        self.steps: dict[str, tuple[tuple[Place, ...], ...]] = {}
        for need in reading.problem.needs:
            uses = reading.uses[need.id]
            if uses and all(uses):
                self.steps[need.id] = tuple([self._places(need, at, step) for at, step in enumerate(uses)])

    def _rooms(self, offer: Offer) -> int | None:
        """Half-hours of people that an offer has room for in its dates; None where nothing limits them."""
        if offer.capacity_per_slot is None or offer.group_max is None or offer.period is None:
            return None
        if self.reading.problem.options is not None:
            return None
        weekdays = self.reading.weekdays(offer.period)
        open_slots = sum(
            (offer.slots.bits >> (day * DAY) & ((1 << DAY) - 1)).bit_count() * dates
            for day, dates in enumerate(weekdays)
        )
        return open_slots * offer.capacity_per_slot * offer.group_max

    def most(self, need: Need, offer: Offer, size: Size) -> int:
        """Largest group of one offer, in a range of sizes, that a need could be in."""
        limits = [size.most, self.wanted[offer.id], offer.group_max, need.group_max]
        return min(limit for limit in limits if limit is not None)

    def _places(self, need: Need, step: int, uses: tuple[tuple[str, Minutes], ...]) -> tuple[Place, ...]:
        length = need.steps[step].minutes if need.steps else need.session_minutes
        rooms = need.sessions * half_hours(length)
        limit = None if need.steps else need.price_limit_cents
        return tuple(
            [Place(need.id, offer, minutes, rooms, self._heads(need, step, offer, limit)) for offer, minutes in uses]
        )

    def _heads(self, need: Need, step: int, offer_id: str, limit: Cents | None) -> tuple[Cents | None, ...]:
        """Price per head in each range of sizes, None where it is more than the limit or the range is not reached."""
        reading = self.reading
        offer, sizes = reading.offers[offer_id], self.sizes[offer_id]
        if limit is None and len(sizes) == 1 and sizes[0].least == 1:
            return (reading.head_price(need, offer, 1, step)[0],)
        heads: list[Cents | None] = []
        for size in sizes:
            price: Cents | None = None
            if size.least == 1 or self.most(need, offer, size) >= size.least:
                price = reading.head_price(need, offer, size.least, step)[0]
                if limit is not None:
                    opening = offer.opening_cents and offer.opening_cents // self.most(need, offer, size)
                    price = None if reading.household_floor(need, price + opening) > limit else price
            heads.append(price)
        return tuple(heads)

    def due(self, need: Need, place: Place) -> Cents:
        """Least public money that brings a place down to the limit of its need, in the best group that could be."""
        if need.price_limit_cents is None or need.steps:
            return 0
        offer = self.reading.offers[place.offer]
        shares = [
            head + offer.opening_cents // self.most(need, offer, size)
            for head, size in zip(place.heads, self.sizes[place.offer], strict=True)
            if head is not None
        ]
        return max(0, min(shares, default=0) - need.price_limit_cents)


def _sizes(offer: Offer) -> tuple[Size, ...]:
    """Ranges of the size of a pool in which no price per head changes."""
    froms = sorted({offer.group_min, *(tier.people_from for tier in offer.tiers if tier.people_from > offer.group_min)})
    most = NO_LIMIT if offer.group_max is None else offer.group_max
    ends = [*(start - 1 for start in froms[1:]), most]
    return tuple(Size(start, min(end, most)) for start, end in zip(froms, ends, strict=True) if start <= most)


@lru_cache(maxsize=2)
def book_of(problem: Problem) -> Book:
    """Write the places of a problem down once."""
    return Book(reading_of(problem))
