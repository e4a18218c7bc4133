"""Bounds worked out again from prices, in integers.

The rules of a problem are split between two sides. A need asks for one place
(of each step) at most, and households for no more public money than there is.
An offer has so many minutes, takes groups of some size and costs what it
costs. Each place has a price: needs buy where they gain most, offers sell what
earns them most, and the two sides need not agree. In a plan they do agree, and
what one pays the other gets: so the two sides together gain no less than any
plan is worth, whatever the prices are.

On the levels of cents `rate` says what a unit of covered minutes is worth.
Every plan that covers as much is paid that much for it, and gains no more than
the two sides do: the rest is the least that it costs.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np

from wis_engine.matching.places import Book, Place, Size
from wis_engine.matching.problem import PERCENT, Need, Offer
from wis_engine.matching.proof import SCALE, OfferPrice, Proof
from wis_engine.values import Cents

PURSE_STEPS: Final = 2_048
COVERED: Final = "covered_minutes"
HOUSEHOLD: Final = "household_cents"
PUBLIC: Final = "public_cents"


class Ask(NamedTuple):
    """A place for sale: what is paid, what it costs in each range of sizes, and least with part of an opening."""

    place: Place
    pays: int
    costs: tuple[int | None, ...]
    least: int


def stands(book: Book, proof: Proof) -> bool:
    """Say whether a proof prices what there is to price, and each need's places all of them."""
    return (
        proof.spent_percent <= PERCENT
        and all(one.offer in book.sizes and not (one.rooms and book.rooms[one.offer] is None) for one in proof.offers)
        and all(
            one.need in book.steps and len(one.prices) == sum(map(len, book.steps[one.need])) for one in proof.needs
        )
        and {one.budget for one in proof.budgets} <= {one.id for one in book.reading.problem.budgets}
    )


# Remembered, since a plan is certified and then checked with the same prices.
@lru_cache(maxsize=4)
def covered_bound(book: Book, proof: Proof) -> int:
    """Work out what no plan covers more than."""
    caps = {budget.id: budget.cap_cents for budget in book.reading.problem.budgets}
    held = sum(one.price * caps[one.budget] for one in proof.budgets)
    return (_gains(book, proof, COVERED) + held) // SCALE


def cents_bound(book: Book, proof: Proof, level: str, covered: int) -> Cents:
    """Work out what every plan that covers this much costs at least: households, or them and the public."""
    units = proof.rate.units
    # Without public money what households pay is all that is paid.
    paid = proof.rate.cents * covered - _cents_gains(book, proof, level if book.reading.problem.budgets else PUBLIC)
    if level == HOUSEHOLD:
        caps = sum(budget.cap_cents for budget in book.reading.problem.budgets)
        paid -= -(-caps * units * proof.spent_percent // PERCENT)
    return max(0, -(-paid // units))


@lru_cache(maxsize=4)
def _cents_gains(book: Book, proof: Proof, level: str) -> int:
    return _gains(book, proof, level)


def _gains(book: Book, proof: Proof, level: str) -> int:
    """Add up what both sides gain."""
    problem = book.reading.problem
    costs = _Costs(book, proof, level)
    prices = {one.offer: one for one in proof.offers}
    paid = {one.need: one.prices for one in proof.needs}
    asks: dict[str, list[Ask]] = {offer.id: [] for offer in problem.offers}
    plain, asked = _plain(book, proof), set()
    buyers = _Buyers(book, proof, level)
    for need in problem.needs:
        steps = book.steps.get(need.id)
        if not steps:
            continue
        bids: list[list[int]] = []
        places: list[Place] = []
        given, at = paid.get(need.id), 0
        for step in steps:
            bids.append([])
            for place in step:
                heads, least = costs.of(need, place)
                if least is not None:
                    pays = given[at] if given else least + _priced(place, prices.get(place.offer))
                    if place.offer in plain:
                        asked.add(place.offer)
                    else:
                        asks[place.offer].append(Ask(place, pays, heads, least))
                    bids[-1].append(pays)
                    places.append(place)
                at += 1
        if all(bids):
            buyers.add(need, bids, places)
    return buyers.gain() + sum(
        _sold(book, costs, offer, prices.get(offer.id), None if offer.id in asked else asks[offer.id])
        for offer in problem.offers
    )


def _sold(book: Book, costs: "_Costs", offer: Offer, price: OfferPrice | None, asks: Sequence[Ask] | None) -> int:
    """Find what an offer gains; one without a list of its places gains what its minutes are priced at."""
    grid, rooms = (price.prices, price.rooms) if price else ((0,), False)
    left = (book.rooms[offer.id] or 0) if rooms else book.reading.left[offer.id]
    if asks is None:
        return grid[0] * left
    return _Seller(book, costs, offer, asks).gain(grid, left, rooms=rooms) if asks else 0


def _plain(book: Book, proof: Proof) -> frozenset[str]:
    """Offers whose places earn just what their minutes are priced at, since that and their cost is what is paid."""
    if proof.needs:
        return frozenset()
    grids = {one.offer for one in proof.offers if len(one.prices) > 1}
    return frozenset(
        offer.id
        for offer in book.reading.problem.offers
        if offer.group_min == 1 and not offer.opening_cents and len(book.sizes[offer.id]) == 1 and offer.id not in grids
    )


def _priced(place: Place, price: OfferPrice | None) -> int:
    return 0 if price is None else price.prices[0] * _taken(place, price.rooms)


def _taken(place: Place, rooms: bool) -> int:  # noqa: FBT001 - which of two
    return place.rooms if rooms else place.minutes


class _Costs:
    """What places cost on one level, in its units; no more than they do."""

    def __init__(self, book: Book, proof: Proof, level: str) -> None:
        self.book = book
        self.level = level
        self.units = 0 if level == COVERED else proof.rate.units
        self.spent = proof.spent_percent if level == HOUSEHOLD else PERCENT
        self.percent = {
            need.id: min(PERCENT, sum(budget.share_percent for budget in book.reading.payers_of(need)))
            for need in book.reading.problem.needs
        }

    def of(self, need: Need, place: Place) -> tuple[tuple[int | None, ...], int | None]:
        """Cost of a place in each range of sizes, and the least of them with part of an opening."""
        if place.heads == (0,) or (not self.units and None not in place.heads):
            return (0,) * len(place.heads), 0
        heads = tuple([None if head is None else self._head(need, head) for head in place.heads])
        offer = self.book.reading.offers[place.offer]
        if len(heads) == 1 and not offer.opening_cents:
            return heads, heads[0]
        least: int | None = None
        for cost, size in zip(heads, self.book.sizes[place.offer], strict=True):
            if cost is not None:
                whole = cost + self._part(need, offer, self.book.most(need, offer, size))
                least = whole if least is None else min(least, whole)
        return heads, least

    def opening(self, offer: Offer, people: int, percent: int) -> int:
        """Cost of opening a pool of so many, of whose shares budgets may pay so many percent."""
        if not self.units:
            return 0
        own = offer.opening_cents
        if percent and self.spent < PERCENT:
            own = max(0, own * (PERCENT - percent) // PERCENT - people)
        return self.units * (self.spent * offer.opening_cents + (PERCENT - self.spent) * own) // PERCENT

    def _head(self, need: Need, head: Cents) -> int:
        if not self.units or self.spent == PERCENT:
            return self.units * head
        if need.steps:
            floor = head * (PERCENT - self.percent[need.id]) // PERCENT
        else:
            floor = self.book.reading.household_floor(need, head)
        return self.units * (self.spent * head + (PERCENT - self.spent) * floor) // PERCENT

    def _part(self, need: Need, offer: Offer, people: int) -> int:
        """Least part of an opening that one member bears in a pool of so many at most."""
        if not self.units or not offer.opening_cents:
            return 0
        percent = self.percent[need.id]
        own = self.units * offer.opening_cents // people
        if percent and self.spent < PERCENT:
            floor = self.units * (offer.opening_cents // people * (PERCENT - percent) // PERCENT)
            return (self.spent * own + (PERCENT - self.spent) * floor) // PERCENT
        return own


class _Seller:
    """One offer: the most that its places earn above what they cost and what their minutes are priced at."""

    def __init__(self, book: Book, costs: _Costs, offer: Offer, asks: Sequence[Ask]) -> None:
        self.costs = costs
        self.offer = offer
        self.asks = asks
        self.sizes = book.sizes[offer.id]
        self.percent = max(costs.percent[ask.place.need] for ask in asks)
        needs = book.reading.needs
        untimed = book.reading.problem.options is not None
        limited = any(needs[ask.place.need].group_max is not None for ask in asks)
        self.single = untimed and costs.units > 0
        self.several = not (untimed and offer.group_max is None and not limited and self._never_dearer())

    def _never_dearer(self) -> bool:
        """Say whether no place costs more in a larger pool."""
        return len(self.sizes) == 1 or all(
            later is not None and earlier >= later
            for ask in self.asks
            for earlier, later in zip(ask.costs, ask.costs[1:], strict=False)
            if earlier is not None
        )

    def gain(self, grid: Sequence[int], left: int, *, rooms: bool) -> int:
        """Find what the offer gains at the price that proves most; nothing where no pool can be."""
        gains = []
        for price in grid:
            found = self._earnings([ask.pays - price * _taken(ask.place, rooms) for ask in self.asks])
            gains.append(price * left + max(found) if found else 0)
        return max(0, min(gains))

    def _earnings(self, nets: list[int]) -> list[int]:
        """List what the best pools of each kind earn, or more."""
        least, found = self.offer.group_min, []
        if not self.single or self.several:
            spread = [net - ask.least for net, ask in zip(nets, self.asks, strict=True)]
            found = _top(spread, 2 * least if self.single else least)
        if not self.single:
            return found
        for at, size in enumerate(self.sizes):
            costs = [ask.costs[at] for ask in self.asks]
            earned = [net - cost for net, cost in zip(nets, costs, strict=True) if cost is not None]
            found += self._one_pool(sorted(earned, reverse=True), size)
        return found

    def _one_pool(self, earned: list[int], size: Size) -> list[int]:
        """Find what one pool earns whose size is in a range; nothing where there are too few."""
        sums = list(accumulate(earned))[size.least - 1 : size.most]
        if not self.offer.opening_cents:
            return [max(sums)] if sums else []
        pools = enumerate(sums, start=size.least)
        return (
            [max(total - self.costs.opening(self.offer, people, self.percent) for people, total in pools)]
            if sums
            else []
        )


def _top(earned: list[int], least: int) -> list[int]:
    """Add up all that earn something, and of the others as many as there must be; nothing where there are too few."""
    if len(earned) < least:
        return []
    gaining = [one for one in earned if one > 0]
    short = least - len(gaining)
    rest = sorted((one for one in earned if one <= 0), reverse=True)[:short] if short > 0 else []
    return [sum(gaining) + sum(rest)]


Bids = Sequence[Sequence[int]]
"""For each step of a need, what it pays for each place."""


class _Buyers:
    """The needs: each buys one place (of each step) or none, and a household draws on no more than its budgets."""

    def __init__(self, book: Book, proof: Proof, level: str) -> None:
        self.book = book
        self.level = level
        self.worth = SCALE if level == COVERED else proof.rate.cents
        self.prices = {one.budget: one.price for one in proof.budgets}
        self.drawn = {
            (budget.id, one.household): one.cents for budget in book.reading.problem.budgets for one in budget.drawn
        }
        self.total = 0
        self.purses: dict[str, list[tuple[Need, list[tuple[int, Cents]]]]] = {}

    def add(self, need: Need, bids: Bids, places: Sequence[Place]) -> None:
        """Let one need buy, or wait for its household; `places` are those of all steps."""
        value = self.worth * self.book.reading.problem.value(need)
        if self.level != COVERED or need.price_limit_cents is None or need.steps:
            self.total += max(0, value - sum(map(min, bids)))
            return
        budgets = self.book.reading.payers_of(need)
        cent = min((self.prices.get(budget.id, 0) for budget in budgets), default=0)
        gains = []
        for pays, place in zip(bids[0], places, strict=True):
            due = self.book.due(need, place)
            gains.append((value - pays - cent * due, due))
        self.purses.setdefault(need.household or f"need {need.id}", []).append((need, gains))

    def gain(self) -> int:
        """Add up what all needs gain."""
        return self.total + sum(self._of_purse(members) for members in self.purses.values())

    def _of_purse(self, members: Sequence[tuple[Need, list[tuple[int, Cents]]]]) -> int:
        """Find what the needs of one household gain with the public money that it may draw."""
        free = sum(max(0, *(gain for gain, _ in gains)) for _, gains in members)
        cap = self._cap(members[0][0].household, [need for need, _ in members])
        if sum(max(due for _, due in gains) for _, gains in members) <= cap:
            return free
        # Both are rounded down: what fits before fits after.
        unit = cap // PURSE_STEPS + 1
        steps = cap // unit
        best = np.zeros(steps + 1, dtype=np.int64)
        for _, gains in members:
            before = best
            best = before.copy()
            for gain, due in gains:
                cost = due // unit
                if gain > 0 and cost <= steps:
                    np.maximum(best[cost:], before[: steps + 1 - cost] + gain, out=best[cost:])
        return int(best[-1])

    def _cap(self, household: str, needs: Sequence[Need]) -> Cents:
        """Most public money that the needs of one household may draw."""
        budgets = {budget.id: budget for need in needs for budget in self.book.reading.payers_of(need)}
        total = 0
        for budget in budgets.values():
            ceiling = budget.household_cap_cents
            if ceiling is not None:
                ceiling = max(0, ceiling - self.drawn.get((budget.id, household), 0))
            total += budget.cap_cents if ceiling is None else min(budget.cap_cents, ceiling)
        return total
