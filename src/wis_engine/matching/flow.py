"""The best plan where nothing is pooled, and the prices that prove it.

Needs enter one after the other, the most valuable first. Each goes where it is
cheapest, and when that offer is full it sends somebody on, who may send
somebody on, along the cheapest way to a free place or out of the plan. Ways are
looked for among offers, not among needs: between two full offers only the
member counts that moves at least cost, and a heap keeps it. Prices of full
offers rise just enough that everybody stays where it is best off; in the end
they prove that nothing is better. Source: successive shortest paths with
potentials; Tomizawa, «On some techniques useful for solution of transportation
network problems», 1971, on the graph of offers alone.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from math import lcm
from typing import ClassVar, Final, NamedTuple

from attrs import frozen

from wis_engine.errors import StrategyError
from wis_engine.matching.options import ground_of
from wis_engine.matching.plan import Proposal
from wis_engine.matching.problem import Problem
from wis_engine.matching.proof import SCALE, OfferPrice, Proof, Rate
from wis_engine.matching.singles import Singles, singles_of
from wis_engine.shapes import INTEGER_BITS

OUT: Final = -1


class Transport(NamedTuple):
    """Where each row goes (`OUT` is nowhere), and the price of a place in each column."""

    column: list[int]
    prices: list[int]


def transport(
    starts: Sequence[int], columns: Sequence[int], costs: Sequence[int], worth: Sequence[int], quotas: Sequence[int]
) -> Transport:
    """Send each row to one column or nowhere, so that worth less cost is highest.

    Parameters
    ----------
    starts
        Where the ways of each row begin in `columns` and `costs`; one more than rows.
    columns, costs
        A way: to which column, at what cost. Whole numbers of any size, 0 or more.
    worth
        What it is worth that a row goes anywhere.
    quotas
        How many rows a column takes.

    Returns
    -------
    Prices are 0 where a place is free, and at these prices no row would gain
    by going elsewhere: together a proof that nothing is better.

    Notes
    -----
    About one search a row, each over the full columns that it can reach.
    Deterministic: rows of equal worth enter in order, of equal ways the one to
    the first column is taken.
    """
    search = _Search(starts, columns, costs, worth, quotas)
    for row in sorted(range(len(worth)), key=lambda row: -worth[row]):
        search.enter(row)
    return Transport(search.at, search.price[:-1])


class _Search:
    """The state of `transport`: who is where, at what prices, and what each move would cost.

    The last entry of lists of columns is «nowhere», which is free and never
    full. A full column keeps, for each other column, its members on a heap by
    what the move costs them, prices apart: one number for each, the cost and
    then the row in so many bits. Who has left is taken off when it comes to the
    top; `tops` has the costs of the tops, which are always true.
    """

    def __init__(
        self,
        starts: Sequence[int],
        columns: Sequence[int],
        costs: Sequence[int],
        worth: Sequence[int],
        quotas: Sequence[int],
    ) -> None:
        self.starts, self.columns, self.costs, self.worth = starts, columns, costs, worth
        self.room = [*quotas, len(worth) + 1]
        self.price = [0] * len(self.room)
        self.at = [OUT] * len(worth)
        self.bits = max(1, len(worth)).bit_length()
        self.mask = (1 << self.bits) - 1
        self.members: list[list[int]] = [[] for _ in quotas]
        self.heaps: list[dict[int, list[int]]] = [{} for _ in quotas]
        self.tops: list[dict[int, int] | None] = [None] * len(quotas)
        # Of one search: how far each column is, by which column it is reached, and the nearest end.
        self.never = 1 + 2 * max(worth, default=0)
        self.far = [self.never] * len(self.room)
        self.came = [OUT] * len(self.room)
        self.queue: list[tuple[int, int]] = []
        self.nearest, self.end, self.last = 0, OUT, OUT
        for column, room in enumerate(quotas):
            if not room:
                self._fill(column)

    def enter(self, row: int) -> None:
        """Bring in one row."""
        price, costs, columns = self.price, self.costs, self.columns
        best, target = self.worth[row], OUT
        for way in range(self.starts[row], self.starts[row + 1]):
            asked = costs[way] + price[columns[way]]
            if asked < best:
                best, target = asked, columns[way]
        if target == OUT or self.room[target]:
            self._put(row, target)
        else:
            self._search(row, best)

    def _search(self, row: int, base: int) -> None:
        """Find the cheapest way in for a row whose best column is full; raise prices, and move everybody on the way."""
        far, queue, done = self.far, self.queue, []
        self._set_out(row, base)
        while queue and queue[0][0] < self.nearest:
            reached, column = heappop(queue)
            if reached == far[column]:
                done.append(column)
                self._go_on(column, reached)
        for column in done:
            self.price[column] += self.nearest - far[column]
            far[column] = self.never
        for _, column in queue:
            far[column] = self.never
        queue.clear()
        self._move(row)

    def _set_out(self, row: int, base: int) -> None:
        """Reach the columns of a row: how far one is, is what it asks above the least that is asked."""
        room, far, queue = self.room, self.far, self.queue
        nearest, end = self.worth[row] - base, OUT
        for way in range(self.starts[row], self.starts[row + 1]):
            column = self.columns[way]
            step = self.costs[way] + self.price[column] - base
            if step < nearest:
                if room[column]:
                    nearest, end = step, column
                else:
                    far[column], self.came[column] = step, OUT
                    queue.append((step, column))
        heapify(queue)
        self.nearest, self.end, self.last = nearest, end, OUT

    def _go_on(self, column: int, reached: int) -> None:
        """Reach, from one full column, those to which a member would move."""
        price, room, far, came, queue = self.price, self.room, self.far, self.came, self.queue
        nearest, own = self.nearest, reached - price[column]
        limit = nearest - own
        moves = self.tops[column]
        assert moves is not None
        for other, cost in moves.items():
            step = cost + price[other]
            if step >= limit:
                continue
            step += own
            if step >= far[other]:
                continue
            if room[other]:
                nearest, limit = step, step - own
                self.end, self.last = other, column
            else:
                far[other], came[other] = step, column
                heappush(queue, (step, other))
        self.nearest = nearest

    def _move(self, row: int) -> None:
        """Move the cheapest member of each column on the way to the next, and the row that enters to the first."""
        target, column, movers = self.end, self.last, []
        while column != OUT:
            movers.append((self.heaps[column][target][0] & self.mask, column, target))
            target, column = column, self.came[column]
        for mover, before, after in movers:
            self._leave(mover, before)
            self._put(mover, after)
        self._put(row, target)

    def _put(self, row: int, column: int) -> None:
        self.at[row] = column
        if column == OUT:
            return
        if self.tops[column] is not None:
            # Somebody else leaves this full column.
            self._push(row, column)
            return
        self.members[column].append(row)
        self.room[column] -= 1
        if not self.room[column]:
            self._fill(column)

    def _fill(self, column: int) -> None:
        """Keep from now on who of a full column would move at least cost."""
        heaps, bits = self.heaps[column], self.bits
        for row in self.members[column]:
            others, costs = self._ways(row)
            own = costs[others.index(column)]
            for other, cost in zip(others, costs, strict=True):
                heaps.setdefault(other, []).append((cost - own) << bits | row)
        heaps.pop(column, None)
        for heap in heaps.values():
            heapify(heap)
        self.tops[column] = {other: heap[0] >> bits for other, heap in heaps.items()}
        self.members[column] = []

    def _ways(self, row: int) -> tuple[list[int], list[int]]:
        """Columns that a row may be in, and what it costs there; nowhere is one, at its worth."""
        first, end = self.starts[row], self.starts[row + 1]
        return [OUT, *self.columns[first:end]], [self.worth[row], *self.costs[first:end]]

    def _push(self, row: int, column: int) -> None:
        heaps, tops, bits = self.heaps[column], self.tops[column], self.bits
        assert tops is not None
        others, costs = self._ways(row)
        own = costs[others.index(column)]
        for other, cost in zip(others, costs, strict=True):
            if other == column:
                continue
            more = cost - own
            heap = heaps.get(other)
            if heap is None:
                heaps[other] = [more << bits | row]
                tops[other] = more
            else:
                heappush(heap, more << bits | row)
                if more < tops.get(other, more + 1):
                    tops[other] = more

    def _leave(self, row: int, column: int) -> None:
        """Take a row off the tops of the column that it leaves, and with it whoever left before and comes up."""
        self.at[row] = OUT
        heaps, tops, at, mask = self.heaps[column], self.tops[column], self.at, self.mask
        assert tops is not None
        for other in self._ways(row)[0]:
            heap = heaps.get(other)
            if not heap or heap[0] & mask != row:
                continue
            while heap and at[heap[0] & mask] != column:
                heappop(heap)
            if heap:
                tops[other] = heap[0] >> self.bits
            else:
                del tops[other]


@frozen(kw_only=True)
class Flow:
    """The best plan where every need is served by itself, with prices that prove it.

    Takes problems in which only minutes are scarce, and in which it is known
    how many needs an offer takes; any other is refused with `StrategyError`,
    which names what stands against it. Best on every level: covered minutes,
    then what households pay, then public money. Looks at everything, whatever
    the `effort`.
    """

    name: ClassVar[str] = "flow"

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose the best plan; neither seed nor effort is used."""
        del seed, effort
        singles = singles_of(ground_of(problem), self.name)
        company = min(singles.shared, default=None)
        if company is not None:
            raise StrategyError(
                f"flow serves needs one by one; at offer {company} a price or a place depends on company"
            )
        network = _Network(singles)
        found = transport(network.starts, network.columns, network.costs, network.worth, network.quotas)
        chosen = {
            need.id: network.names[column]
            for need, column in zip(problem.needs, found.column, strict=True)
            if column != OUT
        }
        return Proposal(placements=singles.placements(chosen), proofs=network.proofs(found))


class _Network:
    """Singles as rows and columns: cents of households and of the public in one number, worth above both."""

    def __init__(self, singles: Singles) -> None:
        problem = singles.ground.problem
        quotas = singles.quotas()
        offers = [offer.id for offer in problem.offers]
        # What takes no minutes has a column of its own that is never full.
        self.names = offers * 2
        place = {offer: number for number, offer in enumerate(offers)}
        self.quotas = [quotas.get(offer, 0) for offer in offers] + [len(problem.needs)] * len(offers)
        ways = [singles.of[need.id] for need in problem.needs]
        # Units so large that no price, a sum of differences of costs, is nearer to another.
        self.public = 1 + 2 * sum(max((way.public_cents for way in row), default=0) for row in ways)
        self.starts, self.columns, self.costs = [0], [], []
        self.minutes: dict[int, int] = {}
        total = 0
        for row in ways:
            dearest = 0
            for way in row:
                column = place[way.offer] if way.minutes else place[way.offer] + len(offers)
                cost = way.household_cents * self.public + way.public_cents
                self.columns.append(column)
                self.costs.append(cost)
                self.minutes[column] = min(way.minutes, self.minutes.get(column, way.minutes))
                dearest = max(dearest, cost)
            total += dearest
            self.starts.append(len(self.columns))
        self.unit = 1 + 2 * total
        self.values = [problem.value(need) for need in problem.needs]
        self.worth = [self.unit * value for value in self.values]

    def proofs(self, found: Transport) -> tuple[Proof, ...]:
        """Split prices by level, first covered minutes, then cents; of all cents only where none are public."""
        values, cents = {}, {}
        for column, price in enumerate(found.prices):
            if price:
                value, rest = _nearest(price, self.unit)
                values[column], cents[column] = value, _nearest(rest, self.public)[0]
        covered = Proof(offers=self._priced({column: value * SCALE for column, value in values.items()}))
        rate = self._rate(found, values, cents)
        units = lcm(*(self.minutes[column] for column in values))
        prices = {column: (value * rate + cents[column]) * units for column, value in values.items()}
        if max([rate * units, *prices.values()]).bit_length() > INTEGER_BITS:
            return (covered,)
        household = Proof(rate=Rate(cents=rate * units, units=units), offers=self._priced(prices))
        if self.public > 1:
            return covered, household
        return covered, household, household

    def _priced(self, prices: dict[int, int]) -> tuple[OfferPrice, ...]:
        """Price a minute so that a place costs its price or, where minutes do not divide it, hardly more."""
        return tuple(
            OfferPrice(offer=self.names[column], prices=(-(-price // self.minutes[column]),))
            for column, price in sorted(prices.items())
            if price > 0
        )

    def _rate(self, found: Transport, values: dict[int, int], cents: dict[int, int]) -> int:
        """Find the least number of cents for a unit of worth at which nobody would rather cover less."""
        rate = max((-(cents[column] // value) for column, value in values.items() if value), default=0)
        for row, value in enumerate(self.values):
            ways = [(0, 0)]
            at = 0
            for way in range(self.starts[row], self.starts[row + 1]):
                column = self.columns[way]
                if column == found.column[row]:
                    at = len(ways)
                cost = self.costs[way] // self.public
                ways.append((values.get(column, 0) - value, cost + cents.get(column, 0)))
            worth, cost = ways[at]
            for other, asked in ways:
                if other > worth and asked < cost:
                    rate = max(rate, -((asked - cost) // (other - worth)))
        return max(1, rate)


def _nearest(number: int, unit: int) -> tuple[int, int]:
    """Divide to the nearest; the rest may be below zero."""
    whole = (2 * number + unit) // (2 * unit)
    return whole, number - whole * unit
