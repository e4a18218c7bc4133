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
from wis_engine.values import Cents, checked_id, natural, positive

SCALE: Final = 1_000
ROUNDS_MAX: Final = 60
ROUND_WORK: Final = 3_000_000
COVERED: Final = "covered_minutes"
HOUSEHOLD: Final = "household_cents"
PUBLIC: Final = "public_cents"
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
        The strategy says that it looked at every plan. That is its word: the
        bounds do not rest on it.
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


def _find_prices(reading: Reading) -> tuple[MinutePrice, ...]:
    """Raise the prices of offers that are asked for too much, in steps that shrink.

    A subgradient in integers with a fixed number of rounds; the best bound on
    the way is kept.
    """
    rows = [
        (SCALE * reading.problem.value(need), reading.uses[need.id])
        for need in reading.problem.needs
        if reading.uses[need.id] and all(reading.uses[need.id])
    ]
    work = 1 + sum(len(step) for _, steps in rows for step in steps)
    prices = dict.fromkeys(reading.left, 0)
    best, best_bound = dict(prices), _bound_and_load(reading, rows, prices)[0]
    rounds = min(ROUNDS_MAX, max(4, ROUND_WORK // work))
    for turn in range(rounds):
        _, load = _bound_and_load(reading, rows, prices)
        for offer, left in reading.left.items():
            excess = load.get(offer, 0) - left
            step = 4 * SCALE * excess // (left + load.get(offer, 0) + 1)
            prices[offer] = max(0, prices[offer] + step * (rounds - turn) // (rounds + turn * turn))
        bound = _bound_and_load(reading, rows, prices)[0]
        if bound < best_bound:
            best, best_bound = dict(prices), bound
    return tuple(MinutePrice(offer=offer, price=price) for offer, price in sorted(best.items()) if price)


def _bound_and_load(
    reading: Reading, rows: Sequence[tuple[int, Sequence[Sequence[tuple[str, int]]]]], prices: dict[str, int]
) -> tuple[int, dict[str, int]]:
    bound = sum(prices[offer] * left for offer, left in reading.left.items())
    load: dict[str, int] = {}
    for value, steps in rows:
        chosen = [min((prices[offer] * minutes, offer, minutes) for offer, minutes in step) for step in steps]
        worth = value - sum(cost for cost, _, _ in chosen)
        if worth > 0:
            bound += worth
            for _, offer, minutes in chosen:
                load[offer] = load.get(offer, 0) + minutes
    return bound, load


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
