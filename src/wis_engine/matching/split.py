"""Who pays what of a shared service: equal, proportional, or by what each brings.

Public money looks at the list price: one's own price in the group with an equal
part of the opening. A split moves what neighbours pay each other's way and
nothing else: the price of the pool, the grants and whoever fits within a limit
stay as they are.
"""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from math import factorial
from typing import Final, NamedTuple

from wis_engine.values import Cents

EXACT_MAX: Final = 12


class Split(StrEnum):
    """How the price of a pool is shared.

    `EQUAL`: each pays its own price in the group and an equal part of the opening.
    `PROPORTIONAL`: all pay the same part of what they would pay alone.
    `SHAPLEY`: each saves what it brings, on average over every order in which
    the group could have come together; never more than it would pay alone.

    By the last two nobody pays more than alone where the group together does
    not; where it does, the excess is shared equally.
    """

    EQUAL = "equal"
    PROPORTIONAL = "proportional"
    SHAPLEY = "shapley"


class Seat(NamedTuple):
    """One member of a pool: what it would pay elsewhere, here, and between what bounds.

    Attributes
    ----------
    heads
        Its own price in a group, for each range of sizes.
    listed_cents
        Its own price and an equal part of the opening.
    least_cents
        The least share that carries its grants.
    most_cents
        The largest share within its limit; None is any.
    """

    alone_cents: Cents
    heads: tuple[Cents, ...]
    listed_cents: Cents
    least_cents: Cents = 0
    most_cents: Cents | None = None


class Bill(NamedTuple):
    """What a pool costs, in whatever size a part of it would come.

    Attributes
    ----------
    seats
        By id of the need.
    froms
        The sizes at which a range of `heads` begins; the first is the smallest group.
    """

    seats: tuple[Seat, ...]
    froms: tuple[int, ...]
    opening_cents: Cents

    @property
    def price_cents(self) -> Cents:
        """What all pay together."""
        return sum(seat.listed_cents for seat in self.seats)

    def range_of(self, people: int) -> int:
        """Range that a size lies in; below the smallest group there is none."""
        return sum(start <= people for start in self.froms) - 1


def shares_of(bill: Bill, split: Split) -> tuple[Cents, ...]:
    """Share the price of a pool out, to the cent.

    Returns
    -------
    One share for each seat, together the price. Cents that do not divide go to
    those who are owed the largest part of one, ties by id.

    Notes
    -----
    Nobody is taken above its limit or below what its grants ask for; nor above
    its price alone, while that leaves somebody to pay.
    """
    seats = bill.seats
    if split is Split.EQUAL or len(seats) == 1:
        return tuple(seat.listed_cents for seat in seats)
    price = bill.price_cents
    tops = [_top(seat) for seat in seats]
    if price > sum(tops):
        excess = price - sum(tops)
        most = [
            top + excess if seat.most_cents is None else seat.most_cents for seat, top in zip(seats, tops, strict=True)
        ]
        return _rounded(_filled([Fraction(top) for top in tops], [1] * len(seats), tops, most, price), price)
    least = [seat.least_cents for seat in seats]
    if split is Split.PROPORTIONAL:
        slopes, base = [seat.alone_cents for seat in seats], [Fraction(0)] * len(seats)
    else:
        slopes = [1] * len(seats)
        base = [seat.alone_cents - saved for seat, saved in zip(seats, savings_of(bill), strict=True)]
    return _rounded(_filled(base, slopes, least, tops, price), price)


def _top(seat: Seat) -> Cents:
    """The most that one should pay: its price alone, within its limit, but no less than its grants ask for."""
    top = seat.alone_cents if seat.most_cents is None else min(seat.alone_cents, seat.most_cents)
    return max(seat.least_cents, top)


def savings_of(bill: Bill) -> tuple[Fraction, ...]:
    """What each brings: the Shapley value of the saving.

    A part of the group saves what it would pay less at these offers, in its own
    size, than each alone. Up to `EXACT_MAX` members a part that would pay more
    stays away and saves nothing. Above, it is counted as if it came, and the
    average is worked out size by size without looking at every part.
    """
    return _exact_savings(bill) if len(bill.seats) <= EXACT_MAX else _average_savings(bill)


def _exact_savings(bill: Bill) -> tuple[Fraction, ...]:
    """Average over every part: 2^n of them. Source: Shapley, «A value for n-person games», 1953."""
    count = len(bill.seats)
    sums = []
    for place in range(len(bill.froms)):
        listed = [0]
        for seat in bill.seats:
            more = seat.alone_cents - seat.heads[place]
            listed += [total + more for total in listed]
        sums.append(listed)
    saved = [0] * (1 << count)
    for part in range(1, 1 << count):
        place = bill.range_of(part.bit_count())
        if place >= 0:
            saved[part] = max(0, sums[place][part] - bill.opening_cents)
    weights = [factorial(size) * factorial(count - size - 1) for size in range(count)]
    found = []
    for member in range(count):
        bit = 1 << member
        total = sum(
            weights[part.bit_count()] * (saved[part | bit] - saved[part])
            for part in range(1 << count)
            if not part & bit
        )
        found.append(Fraction(total, factorial(count)))
    return tuple(found)


def _average_savings(bill: Bill) -> tuple[Fraction, ...]:
    count, opening = len(bill.seats), bill.opening_cents
    others = count - 1
    gains = [[seat.alone_cents - head for head in seat.heads] for seat in bill.seats]
    sums = [sum(gain[place] for gain in gains) for place in range(len(bill.froms))]
    found = []
    for gain in gains:
        total = 0
        for size in range(bill.froms[0], count + 1):
            here, before = bill.range_of(size), bill.range_of(size - 1)
            total += others * (gain[here] - opening) + (size - 1) * (sums[here] - gain[here])
            if before >= 0 and size > 1:
                total -= (size - 1) * (sums[before] - gain[before]) - others * opening
        found.append(Fraction(total, count * others))
    return tuple(found)


def _filled(
    base: Sequence[Fraction], slopes: Sequence[int], least: Sequence[Cents], most: Sequence[Cents], total: Cents
) -> list[Fraction]:
    """Raise all from their base at their slopes, each between its bounds, until they make the total."""

    def at(level: Fraction) -> list[Fraction]:
        rows = zip(base, slopes, least, most, strict=True)
        return [min(Fraction(high), max(Fraction(low), start + level * slope)) for start, slope, low, high in rows]

    rows = [row for row in zip(base, slopes, least, most, strict=True) if row[1]]
    turns = sorted({(bound - start) / slope for start, slope, low, high in rows for bound in (low, high)})
    if not turns:
        return at(Fraction(0))
    low, high = 0, len(turns) - 1
    while low < high:
        middle = (low + high) // 2
        if sum(at(turns[middle])) < total:
            low = middle + 1
        else:
            high = middle
    after = turns[low]
    reached = sum(at(after))
    if reached == total or not low:
        return at(after)
    before = turns[low - 1]
    start = sum(at(before))
    return at(before + (after - before) * (total - start) / (reached - start))


def _rounded(exact: Sequence[Fraction], total: Cents) -> tuple[Cents, ...]:
    """Round to cents that make the total: down, and up for the largest remainders, ties in order."""
    cents = [part.numerator // part.denominator for part in exact]
    order = sorted(range(len(exact)), key=lambda place: (cents[place] - exact[place], place))
    for place in order[: total - sum(cents)]:
        cents[place] += 1
    assert sum(cents) == total
    return tuple(cents)


def in_core(bill: Bill, shares: Sequence[Cents]) -> bool:
    """Say whether no part of the group would pay less by itself: alone, or together at the same offers.

    Exact for any number of members: of the parts of one size that one gains
    most whose members pay most above their own price in it.
    """
    seats = bill.seats
    if any(share > seat.alone_cents for seat, share in zip(seats, shares, strict=True)):
        return False
    ends = (*(start - 1 for start in bill.froms[1:]), len(seats))
    for place, (start, end) in enumerate(zip(bill.froms, ends, strict=True)):
        above = sorted((share - seat.heads[place] for seat, share in zip(seats, shares, strict=True)), reverse=True)
        sums = list(accumulate(above))[start - 1 : end]
        if any(total > bill.opening_cents for total in sums):
            return False
    return True
