"""Free a few offers of a draft, and place those concerned as well as can be.

The pools of the freed offers are dissolved. Their members, needs that are left
out and, from other pools, needs that draw on the same purses may go to any
place of these offers, stay where they are, or stay out. An integer programme
decides; the draft tries what it says, and takes it back unless it is better.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from wis_engine.matching.construct import Pair, place
from wis_engine.matching.gathering import Shape, own_cents
from wis_engine.matching.money import due_cents, most_granted_cents, payer
from wis_engine.matching.problem import Need
from wis_engine.matching.programme import Programme
from wis_engine.matching.scene import Scene
from wis_engine.matching.weeks import bits_of
from wis_engine.values import Cents

COVERED_GAP: Final = 0.005
CENTS_GAP: Final = 0.001
NEEDS_MAX: Final = 400
MATES_MAX: Final = 40
JOIN_MAX: Final = 80
PATTERNS_MAX: Final = 12
COPIES_MAX: Final = 3
FULL_PERCENT: Final = 75
ENOUGH: Final = 0.5
CERTAIN: Final = 2.0
SURE: Final = 0.9
BONUS: Final = 0.004


class Aim(NamedTuple):
    """What a programme is after.

    Attributes
    ----------
    unit, cent
        What a unit of covered minutes is worth, and what a cent costs.
    least
        How much more must be covered than now; None is any.
    favour
        Which part of the worth of a place rests on how prices favour it.
    """

    unit: float
    cent: float
    least: int | None = None
    favour: float = 0.0


class Limits(NamedTuple):
    """How large a programme may be, and how long it is searched."""

    nodes: int
    columns: int


SMALL: Final = Limits(nodes=1, columns=1_500)


def improve(scene: Scene, offers: Sequence[str], purses: Sequence[str], aim: Aim, limits: Limits = SMALL) -> bool:
    """Free some offers and some purses of a draft; say whether it became better."""
    draft = scene.draft
    before = -draft.value, draft.price_cents
    draft.begin()
    block = Neighbourhood(scene, frozenset(offers), purses, aim, limits)
    block.build({})
    if scene.ground.timed:
        block.build(block.sizes())
    block.apply(block.programme.solve(limits.nodes, COVERED_GAP if aim.least else CENTS_GAP))
    if (-draft.value, draft.price_cents) < before:
        draft.keep()
        return True
    draft.undo()
    return False


Entries = list[tuple[int, float]]
"""Columns of a row, with what they count in it."""
Expected = dict[Shape, int]
"""Pools that are open whoever comes, with how many will."""


class _Stand(NamedTuple):
    """A pool that could be opened."""

    shape: Shape
    least: int
    most: int
    people: int


class Neighbourhood:
    """One neighbourhood: its programme, and what its columns stand for."""

    def __init__(self, scene: Scene, offers: frozenset[str], purses: Sequence[str], aim: Aim, limits: Limits) -> None:
        self.scene = scene
        self.limits = limits
        self.draft = scene.draft
        self.ground = scene.ground
        self.offers = offers
        self.aim = aim
        self.held = 0
        self.was: dict[str, tuple[str, ...]] = {}
        self.patterns: set[tuple[tuple[str, ...], int]] = set()
        freed = self._dissolve()
        self.freed_value = self.held
        self.needs = freed + self._outsiders(NEEDS_MAX - len(freed))
        self.mates = self._mates(purses)
        if not self.ground.timed:
            self.mates += self._movers()
        self.needs += self.mates
        self.doubtful: set[Shape] = set()

    def build(self, expected: Expected) -> None:
        """Write the programme; `expected` names the pools that are open, with their sizes, or is empty for any."""
        self.programme = Programme()
        self.expected = expected
        self.opens: dict[int, tuple[str, Shape, int]] = {}
        self.joins: dict[int, tuple[str, int]] = {}
        self.stays: dict[int, tuple[str, int]] = {}
        self.of_need: dict[str, list[int]] = defaultdict(list)
        self.minutes: dict[str, Entries] = defaultdict(list)
        self.dues: dict[str, Entries] = defaultdict(list)
        self.times: dict[tuple[str, int], Entries] = defaultdict(list)
        self.rooms: dict[tuple[str, int], Entries] = defaultdict(list)
        self.came: dict[str, float] = defaultdict(float)
        self.held = self.freed_value
        self.opened = 0
        for pair in self._pairs():
            self._stands(pair, self.needs)
        self._pools()
        self._limit()

    def sizes(self) -> Expected:
        """Choose the pools to open by how many would come to each, were halves of people allowed; with their sizes."""
        coming: dict[tuple[Shape, int], float] = defaultdict(float)
        for (_, shape, opened), share in zip(
            self.opens.values(), self.programme.relaxed(list(self.opens)), strict=True
        ):
            coming[shape, opened] += share
        chosen: Expected = {}
        for (shape, _), people in coming.items():
            least = max(self.ground.offers[offer].group_min for offer in shape.offers)
            if people >= least * ENOUGH or (shape.offers, shape.starts) in self.patterns:
                chosen[shape] = max(least, int(people * SURE))
                if people < least * CERTAIN:
                    self.doubtful.add(shape)
        return chosen

    def _dissolve(self) -> list[str]:
        draft, freed = self.draft, []
        for number in sorted(draft.pools):
            shape = draft.pools[number].shape
            if not self.offers.isdisjoint(shape.offers):
                self.patterns.add((shape.offers, shape.starts))
                for need in draft.close(number):
                    freed.append(need)
                    self.was[need] = shape.offers
                    self.held += self.ground.value[need]
        return freed

    def _outsiders(self, most: int) -> list[str]:
        """Needs left out that these offers could serve, those first that prices favour most."""
        weight: dict[str, float] = defaultdict(float)
        for offer in sorted(self.offers):
            for need in self.scene.wanted[offer]:
                if need not in self.draft.pool_of and need not in self.was:
                    weight[need] += self.scene.shares[need][offer] * self.ground.value[need]
        return sorted(weight, key=lambda need: (-weight[need], need))[: max(0, most)]

    def _mates(self, purses: Sequence[str]) -> list[str]:
        """Other needs that draw on some purses."""
        known = set(self.needs)
        found = [mate for name in purses for mate in self.scene.mates[name] if mate not in known]
        return found[:MATES_MAX]

    def _movers(self) -> list[str]:
        """Needs in pools of other offers that prices favour for these, those most favoured first."""
        known = {*self.needs, *self.mates}
        weight: dict[str, float] = defaultdict(float)
        for offer in sorted(self.offers):
            for need in self.scene.wanted[offer]:
                if need in self.draft.pool_of and need not in known:
                    weight[need] += self.scene.shares[need][offer]
        return sorted(weight, key=lambda need: (-weight[need], need))[:MATES_MAX]

    def _pairs(self) -> list[Pair]:
        found = {id(pair): pair for offer in sorted(self.offers) for pair in self.scene.pairs_of[offer]}
        return list(found.values())

    def _stands(self, pair: Pair, needs: Sequence[str]) -> None:
        """Add the pools that one server could have with the needs that are free to come."""
        spots, offers = self.scene.spots[id(pair)], pair.server.offers
        who = 0
        for need in needs:
            spot = spots.get(need)
            if spot is not None and (self.was.get(need) == offers or self._favours(need, offers)):
                who |= 1 << spot
        if not who:
            return
        if self.ground.timed:
            self._fixed(pair, who)
            return
        ranked = sorted(
            (
                ((offers, pattern) not in self.patterns, -(coming & who).bit_count(), at, pattern)
                for at, (pattern, coming) in enumerate(pair.coming.items())
                if coming & who
            ),
        )[:PATTERNS_MAX]
        for _, _, _, pattern in ranked:
            come = [pair.needs[spot] for spot in bits_of(pair.coming[pattern] & who)]
            shape = Shape(pair.kind, offers, pair.server.offsets, pattern)
            if self.draft.has_room(shape):
                self._sizes(shape, come)

    def _fixed(self, pair: Pair, who: int) -> None:
        """Add a few pools that are open whoever comes: those there are and, where cents do not count, others.

        That a pool is too small is left to the draft: with columns for whether
        a pool is open, programmes take twenty times as long.
        """
        offers = pair.server.offers
        most = self.scene.servers.most(offers, None)
        ranked = []
        for pattern, coming in pair.coming.items():
            shape = Shape(pair.kind, offers, pair.server.offsets, pattern)
            count = (coming & who).bit_count()
            if count >= pair.least and (not self.expected or shape in self.expected):
                ranked.append(((offers, pattern) not in self.patterns, -count, pattern, shape))
        taken: dict[tuple[str, int], int] = defaultdict(int)
        for rank, (_, count, pattern, shape) in enumerate(sorted(ranked)[:PATTERNS_MAX]):
            # Several pools at one time, where nothing asks for a size of each, count as a large one.
            rooms = min((limit for _, _, limit in self._cells(shape)), default=-count)
            copies = max(1, min(rooms, -(count // most))) if pair.least == 1 else 1
            if self.draft.has_room(shape) and self._fits(shape, taken, copies):
                come = [pair.needs[spot] for spot in bits_of(pair.coming[pattern] & who)]
                size = self.expected.get(shape, max(pair.least, min(most, -count) // 2))
                stand = _Stand(shape, pair.least, most * copies, min(size, most))
                self._open(stand, come, fixed=shape not in self.doubtful, bonus=1.0 - BONUS * rank)

    def _fits(self, shape: Shape, taken: dict[tuple[str, int], int], copies: int) -> bool:
        """Count the rooms of a shape if they are still free."""
        cells = self._cells(shape)
        if any(taken[offer, slot] + copies > limit for offer, slot, limit in cells):
            return False
        for offer, slot, _ in cells:
            taken[offer, slot] += copies
        return True

    def _favours(self, need: str, offers: Iterable[str]) -> bool:
        shares = self.scene.shares.get(need, {})
        return all(offer in shares for offer in offers)

    def _sizes(self, shape: Shape, come: list[str]) -> None:
        """Add one shape in each range of sizes in which the price per head is the same."""
        ground = self.ground
        offers = [ground.offers[offer] for offer in shape.offers]
        least = max(offer.group_min for offer in offers)
        most = min(self.scene.servers.most(shape.offers, None), len(come))
        froms = sorted({least, *(tier.people_from for offer in offers for tier in offer.tiers)})
        froms = [size for size in froms if least <= size <= most]
        single = any(offer.capacity_per_slot == 1 for offer in offers) and ground.timed
        copies = 1 if single or all(offer.group_max is None for offer in offers) else -(-len(come) // most)
        for _ in range(min(COPIES_MAX, copies) if most else 0):
            opened = []
            for at, size in enumerate(froms):
                end = froms[at + 1] - 1 if at + 1 < len(froms) else most
                opened.append((self._open(_Stand(shape, size, end, max(size, end * FULL_PERCENT // 100)), come), 1.0))
            if len(opened) > 1:
                self.programme.row(opened, high=1.0)

    def _open(self, stand: _Stand, come: list[str], *, fixed: bool = False, bonus: float = 1.0) -> int:
        """Add one pool that could be opened; give its column."""
        ground, shape, programme = self.ground, stand.shape, self.programme
        opening = sum(ground.offers[offer].opening_cents for offer in shape.offers)
        self.opened += 1
        column = -self.opened if fixed else programme.column(self.aim.cent * opening)
        members: Entries = []
        for name in come:
            price = self._price(name, stand)
            if price is None or len(programme.costs) >= self.limits.columns:
                continue
            need, (own, due) = ground.needs[name], price
            place_ = programme.column(self.aim.cent * own - bonus * self._worth(name, shape))
            members.append((place_, 1.0))
            self.opens[place_] = name, shape, column
            self._use(need, shape, place_, due)
            if not fixed and need.group_max is not None and need.group_max < stand.most:
                self._small(members, place_, need.group_max, stand.most)
        if fixed:
            least = stand.least if self.expected else 0
            if len(members) > stand.most or least > 1:
                programme.row(members, low=float(min(least, len(members))), high=float(stand.most))
            return column
        programme.row([*members, (column, -float(stand.most))], high=0.0)
        programme.row([*members, (column, -float(stand.least))], low=0.0)
        self._tie(members, column, shape)
        for offer, slot, _ in self._cells(shape):
            self.rooms[offer, slot].append((column, 1.0))
        return column

    def _tie(self, members: Entries, column: int, shape: Shape) -> None:
        """Say again that only an open pool has minutes and places: in halves of pools it would not follow."""
        ground = self.ground
        for offer in shape.offers:
            used = [(place_, float(ground.ways[self.opens[place_][0]][offer].minutes)) for place_, _ in members]
            self.programme.row([*used, (column, -float(self.draft.left[offer]))], high=0.0)
        if self.aim.cent and any(ground.offers[offer].opening_cents for offer in shape.offers):
            for member in members:
                self.programme.row([member, (column, -1.0)], high=0.0)

    def _price(self, name: str, stand: _Stand) -> tuple[Cents, Cents] | None:
        """Price of a need in a pool, and the public money it takes there; nothing where it cannot be in it."""
        ground, shape = self.ground, stand.shape
        need = ground.needs[name]
        own = own_cents(ground, need, shape, stand.people)
        share = own + sum(ground.offers[offer].opening_cents for offer in shape.offers) // stand.people
        due = due_cents(need, share)
        if due > most_granted_cents(ground.budgets[name], share):
            return None
        if need.group_max is not None and need.group_max < stand.least:
            return None
        if need.beneficiary and ground.timed and not self.draft.has_time(shape, need):
            return None
        return own, due

    def _cells(self, shape: Shape) -> list[tuple[str, int, int]]:
        """Half-hours of the week that a shape takes of offers with a limit of sessions at once, and that limit."""
        if not self.ground.timed:
            return []
        return [
            (offer.id, slot, offer.capacity_per_slot)
            for offer, offset, slots in self.draft.places(shape)
            if offer.capacity_per_slot is not None
            for start in bits_of(shape.starts)
            for slot in range(start + offset, start + offset + slots)
        ]

    def _worth(self, name: str, shape: Shape) -> float:
        """What a place for a need is worth: more where prices favour it, if that is the aim."""
        worth = self.aim.unit * self.ground.value[name]
        if self.aim.favour:
            shares = self.scene.shares.get(name, {})
            worth *= 1.0 - self.aim.favour + self.aim.favour * min(shares.get(offer, 0.0) for offer in shape.offers)
        return worth

    def _small(self, members: Entries, column: int, most: int, beyond: int) -> None:
        """Keep a pool small for one member that wants it so; members added later are left to the draft."""
        rest = [(other, 1.0) for other, _ in members if other != column]
        self.programme.row([*rest, (column, float(beyond - most + 1))], high=float(beyond))

    def _use(self, need: Need, shape: Shape, column: int, due: Cents) -> None:
        self.of_need[need.id].append(column)
        for ways, offer in zip(self.ground.steps_of(need), shape.offers, strict=True):
            self.minutes[offer].append((column, float(ways[offer].minutes)))
        if need.id in self.scene.mates[payer(need)]:
            self.dues[payer(need)].append((column, float(due)))
        if need.beneficiary and self.ground.timed:
            for start in bits_of(shape.starts):
                for slot in range(start, start + shape.span):
                    self.times[need.beneficiary, slot].append((column, 1.0))

    def _pools(self) -> None:
        """Add for each need that is free where it could stay, and which pools of other offers it could join."""
        draft = self.draft
        by_offer: dict[str, list[int]] = defaultdict(list)
        for number in sorted(draft.pools):
            by_offer[draft.pools[number].shape.offers[0]].append(number)
        staying: dict[int, Entries] = defaultdict(list)
        coming: dict[int, Entries] = defaultdict(list)
        for name in self.needs if len(self.needs) <= JOIN_MAX else self.mates:
            now = draft.pool_of.get(name)
            if now is not None:
                staying[now].append((self._stay(name, now), 1.0))
                self.held += self.ground.value[name]
            if len(self.programme.costs) < self.limits.columns:
                for number in self._open_to(name, by_offer):
                    if number != now and (column := self._join(name, number)) is not None:
                        coming[number].append((column, 1.0))
        for number in sorted(staying.keys() | coming.keys()):
            pool = draft.pools[number]
            fixed = len(pool.members) - len(staying[number])
            most = min(
                [self.scene.servers.most(pool.shape.offers, None)]
                + [limit for member in pool.members if (limit := self.ground.needs[member].group_max) is not None]
            )
            least = max(1, self._least_now(pool.shape, len(pool.members)))
            self.programme.row([*staying[number], *coming[number]], low=float(least - fixed), high=float(most - fixed))

    def _open_to(self, name: str, by_offer: dict[str, list[int]]) -> list[int]:
        """Numbers of the pools that a need could join, of the offers that prices favour for it."""
        need = self.ground.needs[name]
        return [
            number
            for offer in sorted(self.scene.shares.get(name, {}))
            for number in by_offer.get(offer, ())
            if self.draft.may_be_in(number, need)
        ]

    def _stay(self, name: str, number: int) -> int:
        pool = self.draft.pools[number]
        share = pool.shares[pool.members.index(name)]
        need = self.ground.needs[name]
        column = self.programme.column(self.aim.cent * share - self.aim.unit * self.ground.value[name])
        self.stays[column] = name, number
        self._use(need, pool.shape, column, due_cents(need, share))
        for ways, offer in zip(self.ground.steps_of(need), pool.shape.offers, strict=True):
            self.came[offer] += ways[offer].minutes
        return column

    def _join(self, name: str, number: int) -> int | None:
        """Add that a need joins a pool; nothing where it could not pay for it."""
        ground, pool = self.ground, self.draft.pools[number]
        need, people = ground.needs[name], len(pool.members)
        if need.group_max is not None and need.group_max <= people:
            return None
        share = own_cents(ground, need, pool.shape, people)
        share += sum(ground.offers[offer].opening_cents for offer in pool.shape.offers) // people
        if due_cents(need, share) > most_granted_cents(ground.budgets[name], share):
            return None
        column = self.programme.column(self.aim.cent * share - self.aim.unit * ground.value[name])
        self.joins[column] = name, number
        self._use(need, pool.shape, column, due_cents(need, share))
        return column

    def _least_now(self, shape: Shape, people: int) -> int:
        """Smallest size at which a pool keeps its prices."""
        offers = [self.ground.offers[offer] for offer in shape.offers]
        return max(
            [offer.group_min for offer in offers]
            + [tier.people_from for offer in offers for tier in offer.tiers if tier.people_from <= people]
        )

    def _limit(self) -> None:
        """Add what limits needs, minutes, rooms, people and purses."""
        draft, programme, ground = self.draft, self.programme, self.ground
        for columns in self.of_need.values():
            programme.row([(column, 1.0) for column in columns], high=1.0)
        for offer, used in self.minutes.items():
            programme.row(used, high=draft.left[offer] + self.came[offer])
        for (offer, _), opened in self.rooms.items():
            limit = ground.offers[offer].capacity_per_slot
            if limit is not None and len(opened) > limit:
                programme.row(opened, high=float(limit))
        for taken in self.times.values():
            if len(taken) > 1:
                programme.row(taken, high=1.0)
        for name, dues in self.dues.items():
            fixed = sum(
                draft.due(mate) for mate in self.scene.mates[name] if mate in draft.pool_of and mate not in self.of_need
            )
            left = self.scene.cap(name) - fixed
            if sum(due for _, due in dues) > left:
                programme.row(dues, high=float(max(0, left)))
        if self.aim.least is not None:
            kept = [(column, float(ground.value[name])) for name, columns in self.of_need.items() for column in columns]
            programme.row(kept, low=float(self.held + self.aim.least))

    def apply(self, columns: Sequence[int]) -> None:
        """Do in the draft what the programme says, as far as it goes."""
        draft = self.draft
        staying = {self.stays[column][0] for column in columns if column in self.stays}
        for name, number in self.stays.values():
            if name not in staying:
                draft.leave(number, name)
        pools: dict[int, tuple[Shape, list[str]]] = {}
        for column in columns:
            if column in self.opens:
                name, shape, opened = self.opens[column]
                pools.setdefault(opened, (shape, []))[1].append(name)
        placed: list[str] = []
        for shape, members in pools.values():
            ready = [name for name in members if name not in draft.pool_of]
            ready.sort(key=self._rank)
            self._form(shape, ready)
            placed += ready
        for name, number in sorted(self.joins[column] for column in columns if column in self.joins):
            placed.append(name)
            if name not in draft.pool_of and number in draft.pools:
                draft.join(number, name)
        for name in sorted((name for name in placed if name not in draft.pool_of), key=self._rank):
            place(draft, self.scene.servers, self.scene.rules, name)

    def _form(self, shape: Shape, ready: list[str]) -> None:
        """Open pools of one shape for those who are ready, as long as there are any."""
        draft, most = self.draft, self.scene.servers.most(shape.offers, None)
        while ready:
            pool = draft.gather(shape, ready, min(most, len(ready)))
            if pool is None or draft.open(pool.shape, pool.members) is None:
                return
            ready = [name for name in ready if name not in draft.pool_of]

    def _rank(self, name: str) -> tuple[int, int]:
        return -self.ground.value[name], self.ground.rank[name]
