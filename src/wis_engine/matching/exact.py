"""Look at every plan: the truth for small problems, and the oracle of the tests."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import ClassVar, Final, NamedTuple

from attrs import field, frozen

from wis_engine.errors import StrategyError
from wis_engine.matching.chains import Joined, joined
from wis_engine.matching.gathering import Pool, Shape
from wis_engine.matching.money import least_household_cents
from wis_engine.matching.options import Family, Ground, Kind, ground_of
from wis_engine.matching.plan import Proposal
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Problem
from wis_engine.matching.progress import Watch
from wis_engine.matching.proposing import written
from wis_engine.matching.rules import Rule
from wis_engine.matching.weeks import WEEKDAYS, Wanted, day_of, patterns, runs
from wis_engine.shapes import positive
from wis_engine.values import Cents

PATTERNS_MAX: Final = 5_000
NODES_A_STEP: Final = 20


class _Column(NamedTuple):
    """A pool that could be: what it covers and the least its households could pay."""

    pool: Pool
    value: int
    floor_cents: Cents


class _Best(NamedTuple):
    """A plan with its rank: uncovered value, household cents, public cents, pools; the lower the better."""

    rank: tuple[int, Cents, Cents, int]
    pools: tuple[Pool, ...]


@frozen(kw_only=True)
class Exact:
    """Branch and bound over all pools that could be.

    Every set of needs that one offer or chain can serve together is a column;
    a plan picks columns that share no need. Columns that begin at different
    times count as one where time can make no difference. `effort` counts
    scores of steps, for listing the columns and again for branching; when they
    are spent the best plan so far is proposed and not called complete.

    Parameters
    ----------
    needs_max
        A problem with more needs is refused with `StrategyError`.
    """

    name: ClassVar[str] = "exact"

    needs_max: int = field(default=16, validator=positive)

    def __call__(self, problem: Problem, *, seed: int, effort: int, watch: Watch | None = None) -> Proposal:
        """Propose the best plan; the seed is not used."""
        del seed
        if len(problem.needs) > self.needs_max:
            raise StrategyError(f"exact takes up to {self.needs_max} needs; here are {len(problem.needs)}")
        search = _Search(ground_of(problem), effort * NODES_A_STEP, watch)
        search.run()
        return written(search.ground, search.best.pools, complete=search.complete)


class _Search:
    def __init__(self, ground: Ground, steps: int, watch: Watch | None) -> None:
        self.ground = ground
        self.steps = self.left = steps
        self.watch = watch
        self.complete = True
        # Public money depends on everybody together: it is looked at when a plan is whole.
        self.draft = Draft(ground, lifted=frozenset((Rule.BUDGET,)))
        self.best = _Best((0, 0, 0, 0), ())
        self.order = ground.ranked
        people = Counter(need.beneficiary for need in ground.problem.needs)
        for commitment in ground.problem.commitments:
            people.update(commitment.beneficiaries)
        self.contested = {need.id for need in ground.problem.needs if need.beneficiary and people[need.beneficiary] > 1}
        self.columns: dict[str, list[_Column]] = {need: [] for need in self.order}
        self.most: dict[str, int] = {}
        self.floor: dict[str, Cents] = {}
        self.price: dict[str, Cents] = {}
        self.caps = sum(budget.cap_cents for budget in ground.problem.budgets)

    def spend(self) -> bool:
        """Take one step; say whether there was one left."""
        self.left -= 1
        # Columns are no plan: there is something to tell of once a plan was whole.
        if self.watch is not None and self.best.pools and self.left >= 0 and not self.left % NODES_A_STEP:
            best = partial(written, self.ground, self.best.pools, complete=False)
            if self.watch.tell(-self.best.rank[0], best):
                self.left = -1
        if self.left < 0:
            self.complete = False
        return self.left >= 0

    def run(self) -> None:
        """List the columns, then branch."""
        self._list_columns()
        for need in self.order:
            mine = [c for columns in self.columns.values() for c in columns if need in c.pool.members]
            self.most[need] = self.ground.value[need] if mine else 0
            self.floor[need] = min((self._floor(c.pool, need) for c in mine), default=0)
            self.price[need] = min((c.pool.shares[c.pool.members.index(need)] for c in mine), default=0)
        for columns in self.columns.values():
            columns.sort(
                key=lambda c: (-c.value, c.floor_cents, c.pool.members, c.pool.shape.offers, c.pool.shape.starts)
            )
        self.left = self.steps
        self._branch(0, 0)

    def _floor(self, pool: Pool, need: str) -> Cents:
        share = pool.shares[pool.members.index(need)]
        return least_household_cents(self.ground.budgets[need], share)

    def _list_columns(self) -> None:
        families: dict[Family, list[str]] = {}
        for name in self.order:
            if all(self.ground.steps_of(self.ground.needs[name])):
                families.setdefault(self.ground.kinds[name].family, []).append(name)
        for needs in families.values():
            for server in self._servers(needs):
                for kind, alike in self.ground.alike(needs, server.offers):
                    for shape, coming in self._shapes(kind, server, alike):
                        self._list_pools(shape, coming)

    def _servers(self, needs: list[str]) -> Sequence[Joined]:
        """Every offer or chain that serves one of some needs of a family."""
        ground = self.ground
        by_step = ground.offers_by_step([ground.needs[name] for name in needs])
        kind = ground.kinds[needs[0]]
        if kind.steps:
            made = joined(ground, kind.steps, by_step, keep=None, limit=self.left)
            self.complete &= made.complete
            return made.chains
        slots = {offer: ground.offers[offer].slots.bits for offer in by_step[0]}
        return [
            Joined((offer,), (0,), runs(slots[offer], kind.half_hours) if ground.timed else 0) for offer in by_step[0]
        ]

    def _shapes(self, kind: Kind, server: Joined, needs: list[str]) -> Iterator[tuple[Shape, tuple[str, ...]]]:
        """Shapes of one server with who could come; of shapes that nothing tells apart, the first."""
        offers, offsets, starts = server
        limited = any(self.ground.offers[offer].capacity_per_slot is not None for offer in offers)
        seen: set[object] = set()
        for pattern in self._patterns(kind, offsets, starts):
            shape = Shape(kind, offers, offsets, pattern)
            coming = tuple(name for name in needs if self._comes(name, shape))
            days = tuple(day_of(pattern, day).bit_count() for day in range(WEEKDAYS))
            key = pattern if limited or not self.contested.isdisjoint(coming) else (days, coming)
            if coming and key not in seen:
                seen.add(key)
                yield shape, coming

    def _patterns(self, kind: Kind, offsets: tuple[int, ...], starts: int) -> Iterator[int]:
        if not self.ground.timed:
            yield 0
            return
        wanted = Wanted(Shape(kind, (), offsets, 0).span, kind.pace)
        for count, pattern in enumerate(patterns(starts, wanted, PATTERNS_MAX + 1)):
            if count == PATTERNS_MAX or not self.spend():
                self.complete = False
                return
            yield pattern
        # Several sessions a day are packed in some ways only.
        self.complete &= kind.pace.apart

    def _comes(self, name: str, shape: Shape) -> bool:
        """Say whether a need that the offers serve is free at the starts."""
        return not self.ground.timed or not shape.starts & ~runs(self.ground.needs[name].slots.bits, shape.span)

    def _list_pools(self, shape: Shape, coming: tuple[str, ...]) -> None:
        """List every set of the needs that could be a pool of this shape."""
        limits = [self.ground.offers[offer].group_max for offer in shape.offers]
        most = min([limit for limit in limits if limit is not None], default=len(coming))
        least = max(self.ground.offers[offer].group_min for offer in shape.offers)
        for size in range(least, min(most, len(coming)) + 1):
            for members in combinations(coming, size):
                if not self.spend():
                    return
                pool = self.draft.assess(shape, members)
                if pool is not None:
                    value = sum(self.ground.value[member] for member in members)
                    floor = sum(self._floor(pool, member) for member in members)
                    self.columns[members[0]].append(_Column(pool, value, floor))

    def _branch(self, place: int, floor: Cents) -> None:
        """Decide the next need: one of the pools in which it comes first, or none."""
        if not self.spend():
            return
        draft = self.draft
        while place < len(self.order) and self.order[place] in draft.pool_of:
            place += 1
        rest = [need for need in self.order[place:] if need not in draft.pool_of and self.most[need]]
        if self._cannot_be_better(rest, floor):
            return
        if place == len(self.order):
            self._arrive()
            return
        for column in self.columns[self.order[place]]:
            if any(member in draft.pool_of for member in column.pool.members):
                continue
            number = draft.open(column.pool.shape, column.pool.members)
            if number is not None:
                self._branch(place + 1, floor + column.floor_cents)
                draft.close(number)
        self._skip(place, floor)

    def _cannot_be_better(self, rest: list[str], floor: Cents) -> bool:
        """Compare the best that may still come of this branch, level after level, with the best so far."""
        value = self.draft.value + sum(self.most[need] for need in rest)
        price = self.draft.price_cents + sum(self.price[need] for need in rest)
        household = max(floor + sum(self.floor[need] for need in rest), price - self.caps)
        pools = len(self.draft.pools) + bool(rest)
        return (-value, household, price - household, pools) >= self.best.rank

    def _skip(self, place: int, floor: Cents) -> None:
        """Leave a need out; no later pool can hold it, for it comes first in its pools."""
        name = self.order[place]
        kept, self.most[name] = self.most[name], 0
        self._branch(place + 1, floor)
        self.most[name] = kept

    def _arrive(self) -> None:
        if self.draft.short_of_money():
            return
        rank = self.draft.objective()
        if rank < self.best.rank:
            self.best = _Best(rank, tuple(pool for _, pool in sorted(self.draft.pools.items())))
