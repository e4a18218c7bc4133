"""Put pools together: the best ones first, then whoever can still be placed.

Deterministic: nothing here is drawn, and ties go to the smaller id.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from operator import le
from typing import Final, NamedTuple

from wis_engine.matching.chains import chains_of
from wis_engine.matching.gathering import Pool, Shape
from wis_engine.matching.options import Family, Ground, Kind
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import ANY_WEEK, PRIORITIES, Need, span_slots
from wis_engine.matching.weeks import Wanted, patterns, runs
from wis_engine.values import Cents, Period

Score = tuple[int, ...]
Ranking = Callable[[Draft, Pool], Score]
PATTERNS_MAX: Final = 400
_SCALE: Final = 1_000_000


class Rules(NamedTuple):
    """How a strategy pools: who may be together, how many at most, which pool comes first."""

    together: Callable[[Need], str]
    group_max: int | None
    ranking: Ranking


def cheapest_first(_draft: Draft, pool: Pool) -> Score:
    """Rank a pool by what it costs for what it covers; the larger first at a tie."""
    return pool.price_cents * _SCALE // _worth(_draft, pool), -len(pool.members)


def largest_first(draft: Draft, pool: Pool) -> Score:
    """Rank a pool by what it covers; the cheaper first at a tie."""
    return -_worth(draft, pool), pool.price_cents


def _worth(draft: Draft, pool: Pool) -> int:
    return sum(draft.ground.value[need] for need in pool.members)


class Server(NamedTuple):
    """One offer, or one chain, that may serve needs of one kind, and where a session may begin."""

    offers: tuple[str, ...]
    offsets: tuple[int, ...]
    starts: int


class Servers:
    """Which offers or chains may serve, by need."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._of_need: dict[str, tuple[Server, ...]] = {}
        self._most: dict[tuple[str, ...], int] = {}

    def of_need(self, need: str) -> tuple[Server, ...]:
        """Offers or chains that one need may use."""
        if need not in self._of_need:
            self._of_need[need] = self.of_needs((need,))
        return self._of_need[need]

    def most(self, offers: tuple[str, ...], group_max: int | None) -> int:
        """Largest pool of some offers, and of a strategy that sets a limit."""
        if offers not in self._most:
            limits = [self.ground.offers[offer].group_max for offer in offers]
            known = [limit for limit in limits if limit is not None]
            self._most[offers] = min(known, default=max(1, len(self.ground.needs)))
        return self._most[offers] if group_max is None else min(self._most[offers], group_max)

    def of_needs(self, needs: Iterable[str]) -> tuple[Server, ...]:
        """Offers or chains that some of these needs, all of one family, may use; sorted."""
        listed = [self.ground.needs[need] for need in needs]
        kind = self.ground.kinds[listed[0].id]
        by_step = self.ground.offers_by_step(listed)
        if kind.steps:
            return tuple(Server(*chain) for chain in chains_of(self.ground, kind.steps, by_step).chains)
        if not self.ground.timed:
            return tuple(Server((offer,), (0,), 0) for offer in by_step[0])
        offers = self.ground.offers
        return tuple(Server((offer,), (0,), runs(offers[offer].slots.bits, kind.half_hours)) for offer in by_step[0])

    def patterns_of(self, server: Server, need: Need) -> Iterator[int]:
        """Weekly patterns on which one need has all its sessions with a server; one empty one without times."""
        if not self.ground.timed:
            return iter((0,))
        period = self.period_of(server, need)
        if period is None:
            return iter(())
        kind = self.ground.kind(need, server.offers)
        wanted = Wanted(_span(server, kind), kind.pace, self.ground.week_counts(period), need.sessions)
        return patterns(self.need_starts(server, need), wanted, PATTERNS_MAX)

    def period_of(self, server: Server, need: Need) -> Period | None:
        """Dates on which a server and a need are both there."""
        offered = self.ground.offered(server.offers)
        return None if offered is None else self.ground.both(offered, self.ground.need_periods[need.id])

    def need_starts(self, server: Server, need: Need) -> int:
        """Where a session of one need may begin with a server."""
        if not self.ground.timed:
            return 0
        return runs(need.slots.bits, _span(server, self.ground.kinds[need.id])) & server.starts


def _span(server: Server, kind: Kind) -> int:
    return span_slots(kind.steps, server.offsets) if kind.steps else kind.half_hours


class Pair:
    """Needs that may be together, with one server: its patterns and who may come to each."""

    def __init__(self, servers: Servers, kind: Kind, needs: Sequence[str], server: Server) -> None:
        ground = servers.ground
        self.kind, self.server, self.needs = kind, server, needs
        self.least = max(ground.offers[offer].group_min for offer in server.offers)
        self.minutes = [
            tuple(
                ways[offer].minutes
                for offer, ways in zip(server.offers, ground.steps_of(ground.needs[need]), strict=True)
            )
            for need in needs
        ]
        self.coming: dict[int, int] = {}
        by_start: dict[int, int] = {}
        for place, need in enumerate(self.needs):
            mask = servers.need_starts(server, ground.needs[need])
            while mask:
                low = mask & -mask
                by_start[low] = by_start.get(low, 0) | 1 << place
                mask ^= low
        if not ground.timed:
            self.coming[0] = (1 << len(self.needs)) - 1
        elif kind.pace.weekly == 1:
            self.coming = by_start
        elif by_start:
            self._combine(servers, by_start)
        self.priorities = [0] * PRIORITIES
        for place, need in enumerate(self.needs):
            self.priorities[ground.needs[need].priority] |= 1 << place

    def _combine(self, servers: Servers, by_start: dict[int, int]) -> None:
        ground, starts = servers.ground, sum(by_start)
        period = ground.offered(self.server.offers)
        if period is None or period is ANY_WEEK:
            period = ground.need_periods[self.needs[0]]
        wanted = Wanted(_span(self.server, self.kind), self.kind.pace, ground.week_counts(period))
        for pattern in patterns(starts & self.server.starts, wanted, PATTERNS_MAX):
            everyone, mask = -1, pattern
            while mask:
                low = mask & -mask
                everyone &= by_start[low]
                mask ^= low
            if everyone:
                self.coming[pattern] = everyone

    def best(self, draft: Draft, weights: Sequence[int], most: int) -> Pool | None:
        """Find the pool on the pattern to which most can come; patterns that fail are dropped for good."""
        free = self._free(draft)
        for pattern, who in self._fullest(free, weights, most) if free else ():
            candidates = [need for place, need in enumerate(self.needs) if who >> place & 1]
            shape = Shape(self.kind, self.server.offers, self.server.offsets, pattern)
            pool = draft.gather(shape, candidates, most)
            if pool is not None:
                return pool
            del self.coming[pattern]
        return None

    def _free(self, draft: Draft) -> int:
        """Which of the needs are in no pool yet, if the minutes left are enough for the smallest group of them."""
        left = [draft.left[offer] for offer in self.server.offers]
        free = [
            place
            for place, need in enumerate(self.needs)
            if need not in draft.pool_of and all(map(le, self.minutes[place], left))
        ]
        if len(free) < self.least:
            return 0
        for used, room in zip(zip(*(self.minutes[place] for place in free), strict=True), left, strict=False):
            if sum(sorted(used)[: self.least]) > room:
                return 0
        return sum(1 << place for place in free)

    def _fullest(self, free: int, weights: Sequence[int], most: int) -> list[tuple[int, int]]:
        """Rank patterns by what the best who can come are worth, each with who can come."""
        ranked: list[tuple[int, int, int, int]] = []
        for number, (pattern, coming) in enumerate(self.coming.items()):
            who = coming & free
            worth, room = 0, most
            for priority in reversed(range(PRIORITIES)):
                count = min(room, (who & self.priorities[priority]).bit_count())
                worth, room = worth + count * weights[priority], room - count
            if worth:
                ranked.append((-worth, number, pattern, who))
        return [(pattern, who) for _, _, pattern, who in sorted(ranked)]


Shares = Mapping[str, Mapping[str, float]]
"""For each need, the offers that prices favour for it, and how much."""


def construct(
    draft: Draft, servers: Servers, rules: Rules, shares: Shares | None = None, among: Sequence[str] | None = None
) -> Draft:
    """Open the best pools of the needs that are free first, then place those that are left.

    A pair of alike needs and a server waits in a queue with its best pool.
    When it comes to the front the pool is made again from the needs still
    free; it is opened if it still stands before the next, else it queues anew.
    With `shares` the pools are made of needs that prices favour for an offer,
    the most favoured first. With `among` no other needs are looked at.
    """
    weights = draft.ground.problem.priority_weights
    names = draft.ground.ranked if among is None else among
    pairs = _pairs(draft, servers, rules, shares, names)
    queue: list[tuple[Score, int]] = []
    for number, pair in enumerate(pairs):
        pool = pair.best(draft, weights, servers.most(pair.server.offers, rules.group_max))
        if pool is not None:
            queue.append((rules.ranking(draft, pool), number))
    heapify(queue)
    while queue:
        _, number = heappop(queue)
        pair = pairs[number]
        most = servers.most(pair.server.offers, rules.group_max)
        pool = pair.best(draft, weights, most)
        if pool is None:
            continue
        score = rules.ranking(draft, pool)
        if queue and (score, number) > queue[0]:
            heappush(queue, (score, number))
            continue
        if draft.open(pool.shape, pool.members) is not None:
            heappush(queue, (score, number))
    place_rest(draft, servers, rules, names)
    return draft


def _pairs(draft: Draft, servers: Servers, rules: Rules, shares: Shares | None, names: Sequence[str]) -> list[Pair]:
    ground = draft.ground
    groups: dict[tuple[Family, str], list[str]] = {}
    for name in sorted(names, key=lambda need: _order(ground, need)):
        need = ground.needs[name]
        if name not in draft.pool_of and all(ground.steps_of(need)):
            groups.setdefault((ground.kinds[name].family, rules.together(need)), []).append(name)
    return [
        Pair(servers, kind, coming, server)
        for needs in groups.values()
        if len(needs) > 1
        for server in servers.of_needs(needs)
        for kind, alike in ground.alike(needs, server.offers)
        if len(coming := alike if shares is None else _favoured(alike, server.offers, shares)) > 1
    ]


def _favoured(needs: Sequence[str], offers: Sequence[str], shares: Shares) -> list[str]:
    """Needs that prices favour for all of some offers, the most favoured first."""
    listed = [
        (-min(shares[need][offer] for offer in offers), place, need)
        for place, need in enumerate(needs)
        if all(offer in shares.get(need, {}) for offer in offers)
    ]
    return [need for _, _, need in sorted(listed)]


def _order(ground: Ground, name: str) -> tuple[int, int, str]:
    """Who comes first into a pool: the higher priority, then who has fewer ways, then the id."""
    need = ground.needs[name]
    return -need.priority, sum(len(ways) for ways in ground.steps_of(need)), name


def place_rest(draft: Draft, servers: Servers, rules: Rules, names: Sequence[str]) -> None:
    """Give every need that is left a place in a pool or, where one is enough, a pool of its own."""
    for need in sorted(names, key=lambda name: _order(draft.ground, name)):
        if need not in draft.pool_of:
            place(draft, servers, rules, need)


def place(
    draft: Draft,
    servers: Servers,
    rules: Rules,
    name: str,
    *,
    avoid: int | None = None,
    only: frozenset[str] | None = None,
) -> bool:
    """Put one need where it adds least to what everybody pays; say whether there was a place.

    `avoid` is the number of a pool it must not join; with `only`, nothing is
    tried but pools and servers that have one of these offers.
    """
    ground = draft.ground
    need = ground.needs[name]
    if not all(ground.steps_of(need)):
        return False
    places = _pools_for(draft, servers, rules, need) + _servers_for(draft, servers, need)
    for _, number, server in sorted(places, key=lambda one: one[:2]):
        offers = draft.pools[number].shape.offers if server is None else server.offers
        if number == avoid or (only is not None and only.isdisjoint(offers)):
            continue
        if _open_alone(draft, servers, server, need) if server else draft.join(number, name):
            return True
    return False


Place = tuple[Cents, int, Server | None]
"""What a need would add, roughly; the number of the pool to join, or of the server to be alone with."""


def _pools_for(draft: Draft, servers: Servers, rules: Rules, need: Need) -> list[Place]:
    ground, together = draft.ground, rules.together(need)
    found: list[Place] = []
    for number in draft.near(need):
        pool = draft.pools[number]
        if (
            draft.may_join(number, need)
            and len(pool.members) < servers.most(pool.shape.offers, rules.group_max)
            and rules.together(ground.needs[pool.members[0]]) == together
        ):
            found.append((_alone(ground, need, pool.shape.offers, opening=False), number, None))
    return found


def _servers_for(draft: Draft, servers: Servers, need: Need) -> list[Place]:
    ground = draft.ground
    return [
        (_alone(ground, need, server.offers, opening=True), number, server)
        for number, server in enumerate(servers.of_need(need.id), start=draft.next_number)
        if all(ground.offers[offer].group_min == 1 for offer in server.offers)
    ]


def _alone(ground: Ground, need: Need, offers: Sequence[str], *, opening: bool) -> Cents:
    total = sum(ways[offer].price_cents for ways, offer in zip(ground.steps_of(need), offers, strict=True))
    return total + sum(ground.offers[offer].opening_cents for offer in offers) * opening


def _open_alone(draft: Draft, servers: Servers, server: Server, need: Need) -> bool:
    ground = draft.ground
    ways = [steps[offer] for steps, offer in zip(ground.steps_of(need), server.offers, strict=True)]
    if any(way.minutes > draft.left[offer] for way, offer in zip(ways, server.offers, strict=True)):
        return False
    kind = ground.kind(need, server.offers)
    return draft.open_alone(Shape(kind, server.offers, server.offsets, 0), servers.patterns_of(server, need), need.id)
