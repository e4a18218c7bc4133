"""What is proved about a plan: for each level a value, a bound, and their gap.

The bounds rest on prices that are stored with them. Anybody can work a bound
out again from the prices and the problem alone, in integers, and any prices
of 0 or more give a valid one: whoever found them need not be trusted. The
rules come from `reading`, which shares no code with the solvers.

Level 1, covered minutes. Each minute of an offer gets a price. A need is worth
at most its value less what its minutes would cost at the cheapest offer, and
never less than nothing; the minutes that are left in the offers are worth their
price. No plan covers more than the sum.

Levels 2 and 3, cents that households and the public pay. A rate says how many
cents a unit of level 1 is worth. Every plan that covers as much as this one pays
at least that much for it, less what the needs that cost less than the rate save.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import field, frozen

from wis_engine.matching.problem import Problem
from wis_engine.matching.reading import Reading, reading_of
from wis_engine.shapes import checked_id, natural, positive
from wis_engine.values import Cents

SCALE: Final = 1_000
ROUNDS_MAX: Final = 12
ROUND_WORK: Final = 12_000_000
COVERED: Final = "covered_minutes"
HOUSEHOLD: Final = "household_cents"
PUBLIC: Final = "public_cents"
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
class MinutePrice:
    """Price of one minute of an offer, in thousandths of a unit of level 1."""

    offer: str = field(validator=checked_id)
    price: int = field(validator=natural)


@frozen(kw_only=True)
class Rate:
    """Cents that so many units of level 1 are worth."""

    cents: Cents = field(default=0, validator=natural)
    units: int = field(default=1, validator=positive)


@frozen(kw_only=True)
class Certificate:
    """Levels with their bounds, and the prices that prove the bounds.

    Attributes
    ----------
    enumerated
        The strategy `exact` says that it looked at every plan. That is its
        word: the bounds do not rest on it.
    """

    levels: tuple[Level, ...]
    prices: tuple[MinutePrice, ...] = ()
    household_rate: Rate = Rate()
    total_rate: Rate = Rate()
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


def covered_bound(reading: Reading, prices: Iterable[MinutePrice]) -> int:
    """Work out the bound of level 1 that prices prove."""
    by_offer = {price.offer: price.price for price in prices}
    total = sum(by_offer.get(offer, 0) * left for offer, left in reading.left.items())
    for need in reading.problem.needs:
        steps = reading.uses[need.id]
        if steps and all(steps):
            cost = sum(min(by_offer.get(offer, 0) * minutes for offer, minutes in step) for step in steps)
            total += max(0, SCALE * reading.problem.value(need) - cost)
    return total // SCALE


def cents_bound(reading: Reading, least: dict[str, Cents], covered: int, rate: Rate) -> Cents:
    """Work out what every plan that covers this much pays at least, by a rate."""
    total = rate.cents * covered
    for need in reading.problem.needs:
        if need.id in least:
            total += min(0, rate.units * least[need.id] - rate.cents * reading.problem.value(need))
    return max(0, -(-total // rate.units))


def levels_of(
    reading: Reading, values: tuple[int, Cents, Cents], prices: Iterable[MinutePrice], household: Rate, total: Rate
) -> tuple[Level, ...]:
    """Put values beside the bounds that prices and rates prove."""
    covered, household_cents, public_cents = values
    all_cents = cents_bound(reading, reading.least_price, covered, total)
    return (
        Level(name=COVERED, value=covered, bound=covered_bound(reading, prices)),
        Level(
            name=HOUSEHOLD,
            value=household_cents,
            bound=cents_bound(reading, reading.least_household, covered, household),
        ),
        Level(name=PUBLIC, value=public_cents, bound=max(0, all_cents - household_cents)),
    )


def certify(problem: Problem, values: tuple[int, Cents, Cents], *, enumerated: bool) -> Certificate:
    """Find prices and rates for the values of a plan, and state what they prove."""
    reading = reading_of(problem)
    prices = _find_prices(reading)
    household = _find_rate(reading, reading.least_household, values[0])
    total = _find_rate(reading, reading.least_price, values[0])
    return Certificate(
        levels=levels_of(reading, values, prices, household, total),
        prices=prices,
        household_rate=household,
        total_rate=total,
        enumerated=enumerated,
    )


def is_proved(problem: Problem, values: tuple[int, Cents, Cents], certificate: Certificate) -> bool:
    """Say whether a certificate states these values and the bounds that its own prices prove."""
    stated = levels_of(
        reading_of(problem), values, certificate.prices, certificate.household_rate, certificate.total_rate
    )
    names = [price.offer for price in certificate.prices]
    known = {offer.id for offer in problem.offers}
    return certificate.levels == stated and len(set(names)) == len(names) and known.issuperset(names)


Row = tuple[int, tuple[tuple[tuple[str, int], ...], ...]]
"""One need: its value, and for each step the offers that could take it with their minutes."""
_Ask = tuple[int, int, int]
"""A row and a step that one offer could take, with the minutes that it would take."""


def _find_prices(reading: Reading) -> tuple[MinutePrice, ...]:
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
    return tuple(MinutePrice(offer=offer, price=price) for offer, price in sorted(best.items()) if price)


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
