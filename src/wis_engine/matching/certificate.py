"""What is proved about a plan: for each level a value, a bound, and their gap.

The bounds rest on prices that are stored with them. Anybody can work a bound
out again from the prices and the problem alone, in integers, and any prices
of 0 or more give a valid one: whoever found them need not be trusted. The
rules come from `reading`, which shares no code with the solvers.

`bounds` says how. A strategy may hand over proofs with its proposal; for one
that does not, prices of minutes and a rate are found here, at little cost: each
need then pays what its minutes and its place cost at least.
"""

from collections.abc import Sequence
from typing import Final

import attrs
from attrs import field, frozen

from wis_engine.errors import PlanError
from wis_engine.matching.bounds import COVERED, HOUSEHOLD, PUBLIC, cents_bound, covered_bound, stands
from wis_engine.matching.places import Book, book_of
from wis_engine.matching.problem import PERCENT, Problem
from wis_engine.matching.proof import SCALE, OfferPrice, Proof, Rate
from wis_engine.matching.reading import Reading
from wis_engine.matching.rules import Rule
from wis_engine.shapes import natural
from wis_engine.values import Cents

ROUNDS_MAX: Final = 12
ROUND_WORK: Final = 12_000_000
LEVELS: Final = (COVERED, HOUSEHOLD, PUBLIC)
ENUMERATES: Final = "exact"
_MILLION: Final = 1_000_000


@frozen(kw_only=True)
class Level:
    """One level of the objective: what the plan reaches and what no plan can pass.

    `covered_minutes` is to be high and counts a minute with the weight of its
    priority; the two levels of cents are to be low, and their bounds speak of
    plans that reach the levels above at least as well as this one.
    """

    name: str
    value: int = field(validator=natural)
    bound: int = field(validator=natural)

    @property
    def gap(self) -> int:
        """Distance from the bound, in the unit of the level; 0 is proved optimal."""
        return abs(self.bound - self.value)

    @property
    def gap_ppm(self) -> int:
        """The gap in millionths of the larger of value and bound, rounded up."""
        return -(-self.gap * _MILLION // max(1, self.bound, self.value))


@frozen(kw_only=True)
class Certificate:
    """Levels with their bounds, and for each the prices that prove its bound.

    Attributes
    ----------
    proofs
        One for each level; that of the last is about what households and the
        public pay together. None where nobody asked for a proof: then the
        bounds are those that need none, every need served and nothing paid.
    enumerated
        The strategy `exact` says that it looked at every plan. That is its
        word: the bounds do not rest on it.
    """

    levels: tuple[Level, ...]
    proofs: tuple[Proof, ...] = ()
    enumerated: bool = False

    @property
    def open_level(self) -> Level | None:
        """The first level that its bound does not prove optimal; None when all are."""
        return next((level for level in self.levels if level.gap), None)

    @property
    def gap(self) -> int:
        """Gap of the first level not proved optimal, in its own unit; 0 when all are."""
        level = self.open_level
        return 0 if level is None else level.gap

    @property
    def gap_ppm(self) -> int:
        """The same in millionths."""
        level = self.open_level
        return 0 if level is None else level.gap_ppm


Values = tuple[int, Cents, Cents]
"""What a plan reaches: covered minutes by their weights, cents of households, cents of the public."""


def bound_of(book: Book, proof: Proof, level: str, values: Values) -> int:
    """Work out the bound of one level that a proof proves for plans that reach these values above it."""
    if level == COVERED:
        return covered_bound(book, proof)
    bound = cents_bound(book, proof, level, values[0])
    return bound if level == HOUSEHOLD else max(0, bound - values[1])


def certify(problem: Problem, values: Values, given: Sequence[Proof], *, enumerated: bool) -> Certificate:
    """State the bounds for the values of a plan, by the proofs that are given or, for levels without, by quick ones.

    Raises
    ------
    PlanError
        A proof that is given is about other needs, offers or budgets.
    """
    book = book_of(problem)
    if len(given) > len(LEVELS) or not all(stands(book, proof) for proof in given):
        raise PlanError(Rule.CERTIFICATE, "the proofs of the strategy are not about this problem")
    proofs = [*given, *_quick(book, values)[len(given) :]] if len(given) < len(LEVELS) else list(given)
    return Certificate(levels=_levels(book, values, proofs), proofs=tuple(proofs), enumerated=enumerated)


def uncertified(problem: Problem, values: Values) -> Certificate:
    """State bounds that need no proof: every need served, and nothing paid."""
    bounds = sum(map(problem.value, problem.needs)), 0, 0
    return Certificate(
        levels=tuple(
            Level(name=level, value=value, bound=bound)
            for level, value, bound in zip(LEVELS, values, bounds, strict=True)
        )
    )


def _levels(book: Book, values: Values, proofs: Sequence[Proof]) -> tuple[Level, ...]:
    return tuple(
        Level(name=level, value=value, bound=bound_of(book, proof, level, values))
        for level, value, proof in zip(LEVELS, values, proofs, strict=True)
    )


def is_proved(problem: Problem, values: Values, certificate: Certificate) -> bool:
    """Say whether a certificate states these values and the bounds that its own prices prove."""
    if not certificate.proofs:
        return certificate.levels == uncertified(problem, values).levels
    book = book_of(problem)
    if len(certificate.proofs) != len(LEVELS) or not all(stands(book, proof) for proof in certificate.proofs):
        return False
    return certificate.levels == _levels(book, values, certificate.proofs)


def _quick(book: Book, values: Values) -> list[Proof]:
    """Find prices of minutes and rates, and nothing that takes long."""
    reading = book.reading
    household = Proof(rate=_find_rate(reading, reading.least_household, values[0]))
    total = Proof(rate=_find_rate(reading, reading.least_price, values[0]))
    spent = attrs.evolve(total, spent_percent=PERCENT)
    least = max((household, spent), key=lambda proof: cents_bound(book, proof, HOUSEHOLD, values[0]))
    return [Proof(offers=_find_prices(reading)), least, total]


Row = tuple[int, tuple[tuple[tuple[str, int], ...], ...]]
"""One need: its value, and for each step the offers that could take it with their minutes."""
_Ask = tuple[int, int, int]
"""A row and a step that one offer could take, with the minutes that it would take."""


def _find_prices(reading: Reading) -> tuple[OfferPrice, ...]:
    """Find prices of scarce offers whose bound is low.

    Starts from one price for all scarce offers, the best of none and the weight
    of each priority; then sets one offer's price at a time to where its minutes
    just suffice, in a number of rounds that follows from the size.
    """
    rows: list[Row] = [
        (SCALE * reading.problem.value(need), reading.uses[need.id])
        for need in reading.problem.needs
        if reading.uses[need.id] and all(reading.uses[need.id])
    ]
    asking: dict[str, list[_Ask]] = {}
    for place, (_, steps) in enumerate(rows):
        for step, ways in enumerate(steps):
            for offer, minutes in ways:
                asking.setdefault(offer, []).append((place, step, minutes))
    wanted = {offer: sum(minutes for _, _, minutes in asks) for offer, asks in asking.items()}
    scarce = sorted(offer for offer in asking if wanted[offer] > reading.left[offer])
    starts = [
        {**dict.fromkeys(reading.left, 0), **dict.fromkeys(scarce, SCALE * weight)}
        for weight in (0, *reading.problem.priority_weights)
    ]
    best = min(starts, key=lambda prices: _bound(reading, rows, prices))
    best_bound = _bound(reading, rows, best)
    work = 1 + sum(len(rows[place][1][step]) for offer in scarce for place, step, _ in asking[offer])
    prices = dict(best)
    for _ in range(min(ROUNDS_MAX, ROUND_WORK // work)):
        for offer in scarce:
            prices[offer] = _clearing_price(reading, rows, prices, offer, asking[offer])
        bound = _bound(reading, rows, prices)
        if bound >= best_bound:
            break
        best, best_bound = dict(prices), bound
    return tuple(OfferPrice(offer=offer, prices=(price,)) for offer, price in sorted(best.items()) if price)


def _bound(reading: Reading, rows: Sequence[Row], prices: dict[str, int]) -> int:
    total = sum(prices[offer] * left for offer, left in reading.left.items())
    for value, steps in rows:
        total += max(0, value - sum(min(prices[offer] * minutes for offer, minutes in step) for step in steps))
    return total


def _clearing_price(
    reading: Reading, rows: Sequence[Row], prices: dict[str, int], offer: str, asks: Sequence[_Ask]
) -> int:
    """Find the lowest price at which no more minutes of one offer are wanted than it has, all others fixed."""
    leaving: list[tuple[int, int]] = []
    for place, at, minutes in asks:
        value, steps = rows[place]
        others = sum(min(prices[name] * minutes for name, minutes in step) for step in steps[:at] + steps[at + 1 :])
        elsewhere = min((prices[name] * used for name, used in steps[at] if name != offer), default=value)
        if minutes:
            leaving.append((min(value - others, elsewhere) // minutes, minutes))
    left = reading.left[offer]
    for price, minutes in sorted(leaving, reverse=True):
        left -= minutes
        if left < 0:
            return max(0, price)
    return 0


def _find_rate(reading: Reading, least: dict[str, Cents], covered: int) -> Rate:
    """Take the rate of the dearest need among the cheapest that cover this much."""
    needs = [need for need in reading.problem.needs if need.id in least]
    needs.sort(key=lambda need: (least[need.id] * _MILLION // reading.problem.value(need), need.id))
    reached = 0
    for need in needs:
        reached += reading.problem.value(need)
        if reached >= covered:
            return Rate(cents=least[need.id], units=reading.problem.value(need))
    return Rate()
