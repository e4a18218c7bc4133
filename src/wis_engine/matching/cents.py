"""Search prices that prove how little all shares together can cost.

The level below covered minutes: plans that cover as much as one in hand. Needs
are paid a rate for each unit they cover, buy the place where most is left of
it, and offers sell what earns them most above what it costs. Prices move as
they do in `prices`; the rate rises while too little is covered.
"""

from typing import Final

import attrs
import numpy as np

from wis_engine.matching.bounds import HOUSEHOLD, cents_bound
from wis_engine.matching.places import Book
from wis_engine.matching.prices import LEAN, MEMORY, Found
from wis_engine.matching.problem import PERCENT, Offer
from wis_engine.matching.proof import NeedPrices, OfferPrice, Proof, Rate
from wis_engine.matching.stalls import Floats, Numbers, Stalls, chosen_rows

UNITS: Final = 100_000
STEP_FIRST: Final = 0.3
STEP_LAST: Final = 0.0005
COARSE_FIRST: Final = 1.0
COARSE_LAST: Final = 0.002
RATE_START: Final = 1.5
EVERYBODY: Final = 16.0
_TINY: Final = 1e-9
_ENDLESS: Final = 1e15


class Counters:
    """Ways in which offers sell: in one pool of a range of sizes, or in any number of pools.

    An offer with explicit options sells in one pool, whose opening it pays
    once; where there are times, each member bears its part of one.
    """

    def __init__(self, stalls: Stalls) -> None:
        book = stalls.book
        heads = stalls.heads()
        single = book.reading.problem.options is not None
        rows: list[Numbers] = []
        costs: list[Floats] = []
        self.offer: list[int] = []
        self.opening: list[float] = []
        self.least: list[int] = []
        self.most: list[float] = []
        order = np.argsort(stalls.offer, kind="stable")
        ends = np.searchsorted(stalls.offer[order], np.arange(len(stalls.offers) + 1))
        for number, offer in enumerate(stalls.offers):
            mine = order[ends[number] : ends[number + 1]]
            sizes = book.sizes[offer.id]
            ways = [heads[mine, at] for at in range(len(sizes))]
            if not single:
                ways = [np.min([way + self._part(book, offer, at) for at, way in enumerate(ways)], axis=0)]
            for at, way in enumerate(ways):
                live = np.isfinite(way)
                if live.any():
                    rows.append(mine[live])
                    costs.append(way[live])
                    self.offer.append(number)
                    self.opening.append(float(offer.opening_cents) if single else 0.0)
                    self.least.append(sizes[at].least if single else offer.group_min)
                    self.most.append(float(sizes[at].most) if single else _ENDLESS)
        self.row = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
        self.cost = np.concatenate(costs) if costs else np.zeros(0)
        self.counter = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
        self.starts = np.searchsorted(self.counter, np.arange(len(rows)))
        self.order = np.arange(len(self.row))
        self.minutes = np.maximum(stalls.minutes[self.row], _TINY)
        self.room = stalls.left[np.array(self.offer, dtype=np.int64)].astype(float)
        self.opening_of_offer = np.array([float(offer.opening_cents * single) for offer in stalls.offers])
        self.stalls = stalls

    def _part(self, book: Book, offer: Offer, at: int) -> float:
        size = book.sizes[offer.id][at]
        return offer.opening_cents / max(1, min(size.most, book.wanted.get(offer.id, 1)))

    def sell(self, paid: Floats) -> tuple[float, Floats, Floats]:
        """Let each offer sell at its best counter; say what they gain, what they sold, what a minute is worth."""
        stalls = self.stalls
        sold, minute = np.zeros(len(paid)), np.zeros(len(stalls.offers))
        if not len(self.row):
            return 0.0, sold, minute
        net = paid[self.row] - self.cost
        rate = net / self.minutes
        top = float(np.abs(rate).max()) + 1.0
        keys = self.counter * (3.0 * top) - rate
        self.order = self.order[np.argsort(keys[self.order], kind="stable")]
        order = self.order
        whose, minutes = self.counter[order], self.minutes[order]
        before = np.cumsum(minutes) - minutes
        before -= before[self.starts][whose]
        rank = np.arange(len(order)) - self.starts[whose]
        least, most = np.array(self.least)[whose], np.array(self.most)[whose]
        part = np.clip((self.room[whose] - before) / minutes, 0.0, 1.0)
        part[((net[order] <= 0) & (rank >= least)) | (rank >= most)] = 0.0
        gained = np.bincount(whose, weights=part * net[order], minlength=len(self.starts)) - np.array(self.opening)
        offers = np.array(self.offer)
        best = np.full(len(stalls.offers), -np.inf)
        np.maximum.at(best, offers, gained)
        _, first = np.unique(np.where(gained >= best[offers], offers, len(stalls.offers)), return_index=True)
        live = np.zeros(len(offers), dtype=bool)
        live[first] = gained[first] >= best[offers[first]]
        # An offer that sells nothing has a price of its minutes too, or its proof would promise all of them.
        rest = np.flatnonzero(live[whose] & (part < 1) & (net[order] > 0) & (rank < most))
        np.maximum.at(minute, offers[whose[rest]], rate[order[rest]])
        mine = (live & (gained > 0))[whose]
        np.add.at(sold, self.row[order[mine]], part[mine])
        return float(best[best > 0].sum()), sold, minute


class CentsSearch:
    """Prices for what all shares together cost, among plans that cover so much."""

    def __init__(self, stalls: Stalls) -> None:
        self.stalls = stalls
        self.counters = Counters(stalls)
        self.cheapest = np.full(len(stalls), np.inf)
        np.minimum.at(self.cheapest, self.counters.row, self.counters.cost)
        self.worth = stalls.value.astype(float)

    def _whole(self, costs: Floats) -> tuple[Floats, Numbers]:
        least, rows = chosen_rows(costs, self.stalls.first, self.stalls.part)
        whole: Floats = np.bincount(self.stalls.part_need, weights=least, minlength=len(self.worth)).astype(float)
        return whole, rows

    def _start(self, rounds: int, rate: float, scale: float) -> Floats:
        """Search prices of minutes alone: cheap, and a good start.

        Minutes of an offer that pays its opening once start at what each must
        bring for that.
        """
        stalls, usable = self.stalls, np.isfinite(self.cheapest)
        minutes = np.maximum(stalls.minutes, _TINY)
        unit = scale / max(1.0, float(np.median(minutes)))
        opening = self.counters.opening_of_offer
        price, lean = opening / np.maximum(1, stalls.left), np.zeros(len(stalls.left))
        best, best_price = -np.inf, price
        for number in range(rounds):
            paid = np.where(usable, self.cheapest + price[stalls.offer] * stalls.minutes, _ENDLESS)
            whole, rows = self._whole(paid)
            wins = whole < rate * self.worth
            earned = price * stalls.left - opening
            bound = -float((rate * self.worth - whole)[wins].sum() + earned[earned > 0].sum())
            if bound > best:
                best, best_price = bound, price
            rows = rows[wins[stalls.part_need]]
            used = np.bincount(stalls.offer[rows], weights=minutes[rows], minlength=len(price))
            step = COARSE_FIRST * (COARSE_LAST / COARSE_FIRST) ** (number / max(1, rounds - 1))
            room = stalls.left * (earned >= 0)
            lean = LEAN * lean + (1 - LEAN) * np.clip((used - room) / np.maximum(1, stalls.left), -1, 1)
            price = np.maximum(0.0, price + step * unit * lean)
        return np.where(usable, self.cheapest + best_price[stalls.offer] * stalls.minutes, _ENDLESS)

    def run(self, rounds: int, covered: int) -> tuple[Found, float]:
        """Search for a count of rounds; give what was found, and the rate."""
        stalls, usable = self.stalls, np.isfinite(self.cheapest)
        paid = np.where(usable, self.cheapest, _ENDLESS)
        whole, _ = self._whole(paid)
        served = whole < _ENDLESS
        each = whole[served] / self.worth[served]
        rate = RATE_START * float(each.max()) if len(each) else 0.0
        if covered >= int(self.worth[served].sum()) and served.any():
            # Everybody is to be served: what one pays for that is never too much.
            dearest = np.maximum.reduceat(np.where(usable, paid, 0.0), self.stalls.first)
            rate = EVERYBODY * float((dearest / self.worth[self.stalls.part_need]).max())
        scale = float(np.median(paid[usable])) if usable.any() else 0.0
        paid = self._start(2 * rounds, rate, scale)
        lean, lean_rate = np.zeros(len(paid)), 0.0
        bought_mean, sold_mean = np.zeros(len(paid)), np.zeros(len(paid))
        best, best_rate = Found(-np.inf, paid, np.zeros(len(stalls.offers)), np.zeros(0), paid, paid), 0.0
        for number in range(rounds):
            whole, rows = self._whole(paid)
            wins = whole < rate * self.worth
            bought = np.zeros(len(paid))
            bought[rows[wins[stalls.part_need]]] = 1.0
            more, sold, minute = self.counters.sell(paid)
            bound = rate * covered - float((rate * self.worth - whole)[wins].sum()) - more
            bought_mean += (1 - MEMORY) * (bought - bought_mean)
            sold_mean += (1 - MEMORY) * (sold - sold_mean)
            if bound > best.bound:
                best, best_rate = Found(bound, paid.copy(), minute, np.zeros(0), bought, sold), rate
            step = STEP_FIRST * (STEP_LAST / STEP_FIRST) ** (number / max(1, rounds - 1))
            lean = LEAN * lean + (1 - LEAN) * (bought - sold)
            paid = np.where(usable, np.maximum(0.0, paid + step * scale * lean), _ENDLESS)
            short = 1.0 - float(self.worth[wins].sum()) / max(1, covered)
            lean_rate = LEAN * lean_rate + (1 - LEAN) * short
            rate = max(0.0, rate * (1.0 + step * float(np.clip(10 * lean_rate, -1, 1))))
        return best._replace(bought=bought_mean, sold=sold_mean), best_rate

    def household(self, total: Proof, covered: int) -> Proof:
        """Turn a proof about all shares into one about what households pay of them: the better of two ways."""
        ways = (total, attrs.evolve(total, spent_percent=PERCENT))
        return max(ways, key=lambda proof: cents_bound(self.stalls.book, proof, HOUSEHOLD, covered))

    def proof(self, found: Found, rate: float) -> Proof:
        """Round what was found to prices that prove something."""
        stalls = self.stalls
        paid = np.rint(np.where(np.isfinite(self.cheapest), found.paid, 0.0) * UNITS).astype(np.int64)
        ends = np.searchsorted(stalls.need, np.arange(len(stalls.needs) + 1))
        minutes = np.rint(found.minute * UNITS).astype(np.int64).tolist()
        return Proof(
            rate=Rate(cents=round(rate * UNITS), units=UNITS),
            offers=tuple(
                OfferPrice(offer=offer.id, prices=(price, 0) if price else (0,))
                for offer, price in zip(stalls.offers, minutes, strict=True)
            ),
            needs=tuple(
                NeedPrices(need=need.id, prices=tuple(paid[start:end].tolist()))
                for need, start, end in zip(stalls.needs, ends[:-1], ends[1:], strict=True)
            ),
        )
