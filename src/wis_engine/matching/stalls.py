"""The places of a problem as columns of numbers, for the search of prices.

One row for each place that could be given. Rows of one need stand together,
step after step, as they do in a proof. Nothing here is part of a proof: the
prices that come of it are tried by `bounds`.
"""

import numpy as np
import numpy.typing as npt

from wis_engine.matching.places import Book, Place
from wis_engine.values import Cents

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


class Stalls:
    """Columns over all places, grouped by step of a need and by offer.

    Attributes
    ----------
    need, part, offer
        Which need (in the order of the problem, those that nobody could serve
        left out), which step of which need, which offer.
    minutes, due
        What a place takes of its offer, and of the purse of its household.
    value
        Weighted minutes of each need.
    first
        For each step, its first row.
    usable
        Whether a place could be paid for at all.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        problem = book.reading.problem
        self.needs = [need for need in problem.needs if need.id in book.steps]
        self.offers = list(problem.offers)
        index = {offer.id: number for number, offer in enumerate(self.offers)}
        rows: list[tuple[int, int, int, int, Cents]] = []
        self.places: list[Place] = []
        first: list[int] = []
        for number, need in enumerate(self.needs):
            for step in book.steps[need.id]:
                first.append(len(rows))
                for place in step:
                    self.places.append(place)
                    rows.append((number, len(first) - 1, index[place.offer], place.minutes, book.due(need, place)))
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        self.need, self.part, self.offer, self.minutes, self.due = (np.ascontiguousarray(column) for column in table.T)
        self.first = np.array(first, dtype=np.int64)
        self.value = np.array([problem.value(need) for need in self.needs], dtype=np.int64)
        self.left = np.array([book.reading.left[offer.id] for offer in self.offers], dtype=np.int64)
        self.usable = np.array([any(head is not None for head in place.heads) for place in self.places], dtype=bool)
        self.part_need = self.need[self.first] if first else self.first
        self.plain = all(not need.steps for need in self.needs)

    def __len__(self) -> int:
        return len(self.places)

    def heads(self) -> Floats:
        """Price per head of each place in each range of sizes of its offer; infinite where there is none."""
        widest = max((len(sizes) for sizes in self.book.sizes.values()), default=1)
        table = np.full((len(self.places), widest), np.inf)
        for row, place in enumerate(self.places):
            for at, head in enumerate(place.heads):
                if head is not None:
                    table[row, at] = head
        return table

    def purses(self) -> list[tuple[Cents, list[int]]]:
        """Households whose public money may not do for all: what they may draw, and their needs."""
        book = self.book
        drawn = {
            (budget.id, one.household): one.cents for budget in book.reading.problem.budgets for one in budget.drawn
        }
        most = np.zeros(len(self.needs), dtype=np.int64)
        np.maximum.at(most, self.need, self.due)
        members: dict[str, list[int]] = {}
        for number in np.flatnonzero(most):
            need = self.needs[number]
            members.setdefault(need.household or f"need {need.id}", []).append(int(number))
        found = []
        for name, numbers in members.items():
            budgets = {budget for number in numbers for budget in book.reading.payers_of(self.needs[number])}
            cap = 0
            for budget in budgets:
                ceiling = budget.household_cap_cents
                mine = budget.cap_cents if ceiling is None else max(0, ceiling - drawn.get((budget.id, name), 0))
                cap += min(budget.cap_cents, mine)
            if int(most[numbers].sum()) > cap:
                found.append((cap, numbers))
        return found


def chosen_rows(costs: Floats, first: Numbers, part: Numbers) -> tuple[Floats, Numbers]:
    """Least cost of each step, and the row that has it, the first at a tie."""
    least = np.minimum.reduceat(costs, first)
    rows = np.flatnonzero(costs <= least[part])
    _, at = np.unique(part[rows], return_index=True)
    return least, rows[at]
