"""Check who pays what of a pool, by the split that its plan names: worked out again by other ways than it was made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from math import comb, factorial
from typing import Final, NamedTuple

from wis_engine.errors import PlanError
from wis_engine.matching.plan import PlanPool
from wis_engine.matching.problem import Need, Offer
from wis_engine.matching.reading import Reading
from wis_engine.matching.rules import Rule
from wis_engine.matching.split import Split
from wis_engine.values import Cents

EVERY_PART_MAX: Final = 12


class _Payer(NamedTuple):
    """One member: alone, by size of the group, by list, and its bounds (`most` None is no bound)."""

    alone: Cents
    heads: dict[int, Cents]
    listed: Cents
    least: Cents
    most: Cents | None


def listed_shares(pool: PlanPool) -> dict[str, Cents]:
    """Own price and equal part of the opening of each member; the first by id bear what does not divide."""
    size = len(pool.members)
    return {
        member.need: member.price_cents + (pool.opening_cents + size - 1 - place) // size
        for place, member in enumerate(sorted(pool.members, key=lambda member: member.need))
    }


class PoolShares:
    """The shares of one pool beside what they must be."""

    def __init__(
        self, reading: Reading, pool: PlanPool, offers: Sequence[Offer], granted: Mapping[str, Counter[str]]
    ) -> None:
        self.reading, self.pool, self.offers = reading, pool, offers
        self.size = len(pool.members)
        self.least = max(offer.group_min for offer in offers)
        marks = {tier.people_from for offer in offers for tier in offer.tiers}
        self.marks = sorted({self.least} | {mark for mark in marks if self.least <= mark <= self.size})
        listed = listed_shares(pool)
        self.payers = [
            self._payer(reading.needs[member.need], listed[member.need], granted[member.need])
            for member in pool.members
        ]

    def _payer(self, need: Need, listed: Cents, granted: Counter[str]) -> _Payer:
        reading = self.reading
        heads = {
            mark: sum(reading.head_price(need, offer, mark, step)[0] for step, offer in enumerate(self.offers))
            for mark in self.marks
        }
        least = granted.total()
        for budget in reading.payers_of(need):
            while granted[budget.id] > least * budget.share_percent // 100:
                least = max(least + 1, granted[budget.id] * 100 // budget.share_percent)
        most = None if need.price_limit_cents is None else need.price_limit_cents + granted.total()
        return _Payer(reading.alone_price(need, self.offers), heads, listed, least, most)

    def check(self, split: Split) -> None:
        """Raise `PlanError` when a share is not what the split gives, or `core` says what is not so."""
        pool, expected = self.pool, self._expected(split)
        for member, cents in zip(pool.members, expected, strict=True):
            if member.share_cents != cents:
                raise PlanError(Rule.SHARES, f"pool {pool.id}: the share of {member.need} is {cents} cents")
        if pool.core is self._some_part_leaves(expected):
            raise PlanError(Rule.SHARES, f"pool {pool.id}: a part would pay less by itself, or none would")

    def _expected(self, split: Split) -> list[Cents]:
        payers, total = self.payers, sum(payer.listed for payer in self.payers)
        if split is Split.EQUAL or self.size == 1:
            return [payer.listed for payer in payers]
        caps = [
            max(payer.least, payer.alone if payer.most is None else min(payer.alone, payer.most)) for payer in payers
        ]
        excess = total - sum(caps)
        if excess > 0:
            tops = [cap + excess if payer.most is None else payer.most for payer, cap in zip(payers, caps, strict=True)]
            rows = [(Fraction(cap), 1, cap, top) for cap, top in zip(caps, tops, strict=True)]
        elif split is Split.PROPORTIONAL:
            rows = [(Fraction(0), one.alone, one.least, cap) for one, cap in zip(payers, caps, strict=True)]
        else:
            brought = self._brought()
            rows = [(one.alone - part, 1, one.least, cap) for one, part, cap in zip(payers, brought, caps, strict=True)]
        return _cents(_levelled(rows, total), total)

    def _mark(self, size: int) -> int | None:
        return max((mark for mark in self.marks if mark <= size), default=None)

    def _saving(self, part: Sequence[_Payer]) -> int:
        """What some members save together; below zero when they would pay more than alone."""
        mark = self._mark(len(part))
        if mark is None:
            return 0
        return sum(one.alone - one.heads[mark] for one in part) - sum(offer.opening_cents for offer in self.offers)

    def _brought(self) -> list[Fraction]:
        if self.size <= EVERY_PART_MAX:
            return self._by_potential()
        return [self._by_size(one) for one in self.payers]

    def _by_potential(self) -> list[Fraction]:
        """Find the value by the potential of the game.

        Source: Hart and Mas-Colell, «Potential, value, and consistency», 1989.
        """
        everybody = (1 << self.size) - 1

        @cache
        def potential(part: int) -> int:
            members = [place for place in range(self.size) if part >> place & 1]
            if not members:
                return 0
            saving = max(0, self._saving([self.payers[place] for place in members]))
            return factorial(len(members) - 1) * saving + sum(potential(part & ~(1 << place)) for place in members)

        whole = potential(everybody)
        return [
            Fraction(whole - self.size * potential(everybody & ~(1 << place)), factorial(self.size))
            for place in range(self.size)
        ]

    def _by_size(self, one: _Payer) -> Fraction:
        """Average, over the sizes at which it could come, of what one adds to the mean part of the others."""
        others, total = self.size - 1, Fraction(0)
        opening = sum(offer.opening_cents for offer in self.offers)
        for size in range(self.size):
            after, before = self._mark(size + 1), self._mark(size)
            part = Fraction(comb(others - 1, size - 1), comb(others, size)) if size else Fraction(0)
            if after is not None:
                total += one.alone - one.heads[after] - opening
                total += part * self._sums[after] - part * (one.alone - one.heads[after])
            if before is not None:
                total -= part * (self._sums[before] - one.alone + one.heads[before]) - opening
        return total / self.size

    @cached_property
    def _sums(self) -> dict[int, int]:
        return {mark: sum(one.alone - one.heads[mark] for one in self.payers) for mark in self.marks}

    def _some_part_leaves(self, shares: Sequence[Cents]) -> bool:
        """Say whether one alone, or some at the same offers, would pay less than their shares."""
        opening = sum(offer.opening_cents for offer in self.offers)
        paying = list(zip(self.payers, shares, strict=True))
        if any(share > one.alone for one, share in paying):
            return True
        for mark, following in pairwise([*self.marks, self.size + 1]):
            total = 0
            for size, more in enumerate(sorted((one.heads[mark] - share for one, share in paying)), start=1):
                total += more
                if mark <= size < following and total + opening < 0:
                    return True
        return False


_Row = tuple[Fraction, int, Cents, Cents]


def _levelled(rows: Sequence[_Row], total: Cents) -> list[Fraction]:
    """Bring rows to one level between their bounds: the side that is more out of bounds is set, then the rest again."""
    settled: dict[int, Fraction] = {}
    while True:
        free = [place for place in range(len(rows)) if place not in settled]
        slope = sum(rows[place][1] for place in free)
        rest = total - sum(settled.values()) - sum(rows[place][0] for place in free)
        level = Fraction(rest) / slope if slope else Fraction(0)
        wanted = {place: rows[place][0] + level * rows[place][1] for place in free}
        over = {place: Fraction(rows[place][3]) for place in free if wanted[place] > rows[place][3]}
        under = {place: Fraction(rows[place][2]) for place in free if wanted[place] < rows[place][2]}
        if not over and not under:
            settled.update(wanted)
            return [settled[place] for place in range(len(rows))]
        above = sum(wanted[place] - bound for place, bound in over.items())
        below = sum(bound - wanted[place] for place, bound in under.items())
        settled.update(over if above > below else under if below > above else over | under)


def _cents(exact: Sequence[Fraction], total: Cents) -> list[Cents]:
    """Whole cents that make the total; who is rounded down by most gets one more, the first by id at a tie."""
    down = [part // 1 for part in exact]
    missing = total - sum(down)
    more = set(sorted(range(len(exact)), key=lambda place: (down[place] - exact[place], place))[:missing])
    return [cents + (place in more) for place, cents in enumerate(down)]
