"""Search prices that prove a low bound: a subgradient that leans on what it did before.

Each place that an offer could give a need has a price. In every round needs
buy at these prices and offers sell at them, each for itself; what is bought
and not sold gets dearer, what is sold and not bought gets cheaper. The step
falls by a fixed part from round to round, so that a search ends after a count
of rounds and knows nothing of any plan. Source: Held, Wolfe and Crowder,
«Validation of subgradient optimization», 1974; the deflection is Camerini's,
Fratta's and Maffioli's, 1975.

Floats are used here and nowhere else: `bounds` proves with the prices rounded.
"""

from typing import Final, NamedTuple

import numpy as np

from wis_engine.matching.proof import SCALE, BudgetPrice, NeedPrices, OfferPrice, Proof
from wis_engine.matching.stalls import Floats, Numbers, Stalls, chosen_rows

COARSE_FIRST: Final = 0.3
COARSE_LAST: Final = 0.003
STEP_FIRST: Final = 0.08
STEP_LAST: Final = 0.002
LEAN: Final = 0.8
MEMORY: Final = 0.99
PURSE_STEPS: Final = (64, 256)
PURSE_WORK: Final = 40_000
START: Final = 0.5
_TINY: Final = 1e-9
_ENDLESS: Final = 1e15


class Purses:
    """Households whose needs draw on one purse: what they buy together, worked out for all of them at once."""

    def __init__(self, stalls: Stalls) -> None:
        found = stalls.purses()
        self.count = len(found)
        self.steps = max(PURSE_STEPS[0], min(PURSE_STEPS[1], PURSE_WORK // max(1, len(found))))
        self.caps = np.array([cap for cap, _ in found], dtype=float)
        # Which purse a need draws on; one more than there are for those that draw on none that is short.
        self.of_need = np.full(len(stalls.needs), len(found), dtype=np.int64)
        self.tight = np.zeros(len(stalls.needs), dtype=bool)
        ends = np.searchsorted(stalls.need, np.arange(len(stalls.needs) + 1))
        widths = ends[1:] - ends[:-1]
        self.deep = max((len(numbers) for _, numbers in found), default=0)
        self.wide = max((int(widths[numbers].max()) for _, numbers in found), default=0)
        # For each purse, member and choice: the row, or -1.
        self.rows = np.full((self.count, self.deep, self.wide), -1, dtype=np.int64)
        self.members = np.full((self.count, self.deep), -1, dtype=np.int64)
        self.costs = np.full((self.count, self.deep, self.wide), self.steps + 1, dtype=np.int64)
        for purse, (cap, numbers) in enumerate(found):
            self.tight[numbers] = True
            self.of_need[numbers] = purse
            unit = max(1.0, cap / self.steps)
            steps = int(cap / unit)
            for at, number in enumerate(numbers):
                rows = np.arange(ends[number], ends[number + 1])
                self.members[purse, at] = number
                self.rows[purse, at, : len(rows)] = rows
                costs = np.rint(stalls.due[rows] / unit).astype(np.int64) + (self.steps - steps) * (
                    stalls.due[rows] > 0
                )
                self.costs[purse, at, : len(rows)] = np.where(stalls.due[rows] > cap, self.steps + 1, costs)

    def buy(self, gains: Floats, bought: Floats) -> float:
        """Mark the rows that gain most together, purse by purse; say what they gain."""
        if not self.count:
            return 0.0
        width = self.steps + 1
        spans = np.arange(width)
        best = np.zeros((self.count, width))
        taken = np.full((self.deep, self.count, width), -1, dtype=np.int16)
        for at in range(self.deep):
            before, now = best, best.copy()
            for choice in range(self.wide):
                rows = self.rows[:, at, choice]
                gain = np.where(rows >= 0, gains[rows], -1.0)
                live = np.flatnonzero((gain > 0) & (self.costs[:, at, choice] < width))
                if not len(live):
                    continue
                back = spans[None, :] - self.costs[live, at, choice][:, None]
                offered = np.where(back >= 0, before[live[:, None], np.maximum(back, 0)] + gain[live][:, None], -1.0)
                better = offered > now[live]
                now[live] = np.where(better, offered, now[live])
                taken[at, live] = np.where(better, choice, taken[at, live])
            best = now
        everyone, at_step = np.arange(self.count), np.full(self.count, self.steps)
        for at in reversed(range(self.deep)):
            choice = taken[at, everyone, at_step]
            live = np.flatnonzero(choice >= 0)
            bought[self.rows[live, at, choice[live]]] = 1.0
            at_step[live] -= self.costs[live, at, choice[live]]
        return float(best[:, -1].sum())


class Found(NamedTuple):
    """What a search found: prices of places, of minutes, of cents of budgets, and both sides' habits."""

    bound: float
    paid: Floats
    minute: Floats
    budget: Floats
    bought: Floats
    sold: Floats


class CoveredSearch:
    """Prices for the level of covered minutes."""

    def __init__(self, stalls: Stalls) -> None:
        self.stalls = stalls
        self.purses = Purses(stalls)
        self.worth = stalls.value.astype(float)
        self.minutes = np.maximum(stalls.minutes, _TINY)
        self.order = np.argsort(stalls.offer, kind="stable")
        self.ends = np.searchsorted(stalls.offer[self.order], np.arange(len(stalls.offers) + 1))
        self.budgets = stalls.book.reading.problem.budgets
        self.caps = np.array([budget.cap_cents for budget in self.budgets], dtype=float)
        self.payers = self._payers()

    def _payers(self) -> list[tuple[Numbers, Numbers]]:
        """Rows of needs with the same payers, beside those payers."""
        index = {budget.id: at for at, budget in enumerate(self.budgets)}
        groups: dict[tuple[int, ...], list[int]] = {}
        for number, need in enumerate(self.stalls.needs):
            if need.price_limit_cents is not None and not need.steps:
                payers = tuple(index[budget.id] for budget in self.stalls.book.reading.payers_of(need))
                groups.setdefault(payers, []).append(number)
        found = []
        for payers, numbers in sorted(groups.items()):
            among = np.zeros(len(self.stalls.needs), dtype=bool)
            among[numbers] = True
            if payers:
                found.append((np.flatnonzero(among[self.stalls.need]), np.array(payers, dtype=np.int64)))
        return found

    def buy(self, paid: Floats, budget: Floats) -> tuple[float, Floats, Floats]:
        """Let needs buy; say what they gain, what they bought and what of the budgets they used."""
        stalls = self.stalls
        costs = np.where(stalls.usable, paid, np.inf)
        for rows, payers in self.payers:
            costs[rows] += stalls.due[rows] * budget[payers].min()
        bought = np.zeros(len(paid))
        gains = np.where(self.purses.tight[stalls.need], self.worth[stalls.need] - costs, -1.0)
        total = self.purses.buy(gains, bought)
        least, rows = chosen_rows(costs, stalls.first, stalls.part)
        whole = np.bincount(stalls.part_need, weights=least, minlength=len(self.worth))
        served = (whole < self.worth) & ~self.purses.tight
        total += float((self.worth - whole)[served].sum())
        bought[rows[served[stalls.part_need]]] = 1.0
        used = np.zeros(len(self.caps))
        for rows_, payers in self.payers:
            used[payers[int(budget[payers].argmin())]] += float((bought[rows_] * stalls.due[rows_]).sum())
        return total, bought, used

    def sell(self, paid: Floats) -> tuple[float, Floats, Floats]:
        """Let offers sell what pays most for a minute; say what they gain, what they sold, what a minute is worth."""
        stalls = self.stalls
        rate = np.where(stalls.usable, paid / self.minutes, 0.0)
        # Nearly in order from the round before, which a stable sort is quick with.
        top = float(rate.max(initial=0.0)) + 1.0
        keys = stalls.offer * (2.0 * top) - rate
        self.order = self.order[np.argsort(keys[self.order], kind="stable")]
        minutes, ranked = self.minutes[self.order], rate[self.order]
        before = np.cumsum(minutes) - minutes
        starts = self.ends[:-1][self.ends[1:] > self.ends[:-1]]
        whose = stalls.offer[self.order]
        before -= np.repeat(before[starts], np.diff(np.append(starts, len(before))))
        part = np.clip((stalls.left[whose] - before) / minutes, 0.0, 1.0)
        part[ranked <= 0] = 0.0
        sold = np.zeros(len(paid))
        sold[self.order] = part
        minute = np.zeros(len(stalls.left))
        rest = np.flatnonzero((part < 1) & (ranked > 0))
        np.maximum.at(minute, whose[rest], ranked[rest])
        return float((part * ranked * minutes).sum()), sold, minute

    def start(self, rounds: int) -> Floats:
        """Search prices of minutes and of what purses hold, place by place the same: cheap, and a good start."""
        stalls = self.stalls
        worth = self.worth[stalls.need]
        each = worth / self.minutes
        purse = self.purses.of_need[stalls.need]
        caps = np.append(self.purses.caps, _ENDLESS)
        scale = float(np.median(each)) if len(each) else 0.0
        cent_scale = float(worth.mean()) / max(1.0, float(stalls.due.mean()))
        minute, cent = np.full(len(stalls.left), START * scale), np.zeros(len(caps))
        best, paid = np.inf, minute[stalls.offer] * self.minutes
        lean, lean_cent = np.zeros(len(minute)), np.zeros(len(caps))
        for number in range(rounds):
            costs = np.where(stalls.usable, minute[stalls.offer] * self.minutes, np.inf)
            least, rows = chosen_rows(costs + cent[purse] * stalls.due, stalls.first, stalls.part)
            whole = np.bincount(stalls.part_need, weights=least, minlength=len(self.worth))
            served = whole < self.worth
            rows = rows[served[stalls.part_need]]
            bound = float((self.worth - whole)[served].sum() + minute @ stalls.left + cent[:-1] @ caps[:-1])
            if bound < best:
                best, paid = bound, minute[stalls.offer] * self.minutes
            used = np.bincount(stalls.offer[rows], weights=self.minutes[rows], minlength=len(minute))
            drawn = np.bincount(purse[rows], weights=stalls.due[rows], minlength=len(caps))
            step = COARSE_FIRST * (COARSE_LAST / COARSE_FIRST) ** (number / max(1, rounds - 1))
            lean = LEAN * lean + (1 - LEAN) * np.clip((used - stalls.left) / np.maximum(1, stalls.left), -1, 1)
            lean_cent = LEAN * lean_cent + (1 - LEAN) * np.clip((drawn - caps) / np.maximum(1.0, caps), -1, 1)
            minute = np.maximum(0.0, minute + step * scale * lean)
            cent = np.maximum(0.0, cent + step * cent_scale * lean_cent)
            cent[-1] = 0.0
        return paid

    def run(self, rounds: int) -> Found:
        """Search for a count of rounds."""
        stalls = self.stalls
        worth = self.worth[stalls.need]
        paid, budget = np.minimum(worth, self.start(2 * rounds)), np.zeros(len(self.caps))
        lean, lean_budget = np.zeros(len(paid)), np.zeros(len(self.caps))
        bought_mean, sold_mean = np.zeros(len(paid)), np.zeros(len(paid))
        best: Found | None = None
        cent = float(worth.mean()) / max(1.0, float(stalls.due.mean())) if len(worth) else 0.0
        for number in range(rounds):
            gain, bought, used = self.buy(paid, budget)
            more, sold, minute = self.sell(paid)
            bound = gain + more + float((budget * self.caps).sum())
            bought_mean += (1 - MEMORY) * (bought - bought_mean)
            sold_mean += (1 - MEMORY) * (sold - sold_mean)
            if best is None or bound < best.bound:
                best = Found(bound, paid.copy(), minute, budget.copy(), bought_mean, sold_mean)
            step = STEP_FIRST * (STEP_LAST / STEP_FIRST) ** (number / max(1, rounds - 1))
            lean = LEAN * lean + (1 - LEAN) * (bought - sold)
            paid = np.clip(paid + step * worth * lean, 0.0, worth)
            if len(budget):
                lean_budget = LEAN * lean_budget + (1 - LEAN) * (used - self.caps) / np.maximum(1.0, self.caps)
                budget = np.maximum(0.0, budget + step * cent * lean_budget)
        assert best is not None
        return best._replace(bought=bought_mean, sold=sold_mean)

    def proof(self, found: Found) -> Proof:
        """Round what was found to prices that prove something."""
        stalls = self.stalls
        paid = np.rint(found.paid * SCALE).astype(np.int64)
        ends = np.searchsorted(stalls.need, np.arange(len(stalls.needs) + 1))
        return Proof(
            offers=tuple(
                OfferPrice(offer=offer.id, prices=(round(price * SCALE),))
                for offer, price in zip(stalls.offers, found.minute.tolist(), strict=True)
            ),
            needs=tuple(
                NeedPrices(need=need.id, prices=tuple(paid[start:end].tolist()))
                for need, start, end in zip(stalls.needs, ends[:-1], ends[1:], strict=True)
            ),
            budgets=tuple(
                BudgetPrice(budget=budget.id, price=round(price * SCALE))
                for budget, price in zip(self.budgets, found.budget.tolist(), strict=True)
            ),
        )
