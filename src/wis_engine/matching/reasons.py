"""Find out what stands in the way of each need that a plan leaves out."""

from itertools import combinations
from typing import Final

from wis_engine.matching.construct import PATTERNS_MAX, Server, Servers
from wis_engine.matching.explain import Explanation, Fallen
from wis_engine.matching.gathering import Gathering, Shape
from wis_engine.matching.options import STAGES, Kind
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Need
from wis_engine.matching.rules import Rule, Unserved

BLOCKERS: Final = (
    (Unserved.CAPACITY, frozenset((Rule.CAPACITY, Rule.SESSIONS_AT_ONCE))),
    (Unserved.BUDGET, frozenset((Rule.BUDGET,))),
    (Unserved.GROUP, frozenset((Rule.GROUP,))),
    (Unserved.OVERLAP, frozenset((Rule.OVERLAP,))),
)
PEOPLE_MAX: Final = 30
COMPANY_TRIES: Final = 4


class Reasons:
    """Explains the needs that a finished draft leaves out, by trying.

    A reason is what has to be lifted for the need to find a place while all
    other pools stay as they are: alone if one is enough, else the fewest
    together. What is named can be acted on; it is not the only remedy.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.ground = draft.ground
        self.servers = Servers(draft.ground)
        self._left: dict[Kind, list[str]] | None = None

    def of_all(self) -> tuple[Explanation, ...]:
        """Explain every need that is left out, by id."""
        return tuple(self.of(need) for need in self.ground.problem.needs if need.id not in self.draft.pool_of)

    def of(self, need: Need) -> Explanation:
        """Explain one need that is left out."""
        fallen = dict(self.ground.fallen[need.id])
        if not all(self.ground.steps_of(need)):
            last = max((stage for stage in STAGES if fallen.get(stage)), key=STAGES.index, default=Unserved.SERVICE)
            return self._filtered(need, last, fallen)
        servers = self.servers.of_need(need.id)
        if need.steps and not any(self._stands(server, need) for server in servers):
            fallen[Unserved.CHAIN] = sum(len(ways) for ways in self.ground.steps_of(need))
            return self._filtered(need, Unserved.CHAIN, fallen)
        if self._short_by(need, servers, frozenset().union(*(rules for _, rules in BLOCKERS))) is None:
            return Explanation(need=need.id, served=False, reasons=(Unserved.PRICE,))
        for count in range(len(BLOCKERS) + 1):
            for chosen in combinations(BLOCKERS, count):
                lifted = frozenset[Rule]().union(*(rules for _, rules in chosen))
                short_by = self._short_by(need, servers, lifted)
                if short_by is not None:
                    reasons = tuple(reason for reason, _ in chosen) or (Unserved.STRATEGY,)
                    return Explanation(need=need.id, served=False, reasons=reasons, short_by=short_by)
        raise AssertionError("all blockers together were lifted above, and there was a place")

    def _filtered(self, need: Need, stage: Unserved, fallen: dict[Unserved, int]) -> Explanation:
        counts = tuple(Fallen(stage=one, offers=fallen[one]) for one in (*STAGES, Unserved.CHAIN) if fallen.get(one))
        return Explanation(need=need.id, served=False, reasons=(stage,), fallen=counts)

    def _stands(self, server: Server, need: Need) -> bool:
        """Say whether a chain has as many sessions as the need wants, were nothing else promised."""
        kind = self.ground.kinds[need.id]
        shapes = (Shape(kind, server.offers, server.offsets, one) for one in self._patterns(need, server))
        return any(Gathering(self.ground, shape).add(need) is None for shape in shapes)

    def _short_by(self, need: Need, servers: tuple[Server, ...], lifted: frozenset[Rule]) -> int | None:
        """Find a place with some rules lifted; say how many people it lacks, None when there is no place."""
        draft = self.draft
        draft.lifted = lifted
        try:
            if self._may_join(need):
                return 0
            found = [short for server in servers if (short := self._may_open(need, server)) is not None]
            return min(found, default=None)
        finally:
            draft.lifted, draft.people = frozenset(), 1

    def _may_join(self, need: Need) -> bool:
        draft = self.draft
        for number in sorted(draft.of_kind.get(self.ground.kinds[need.id], ())):
            if draft.may_join(number, need):
                draft.begin()
                joined = draft.join(number, need.id)
                draft.undo()
                if joined:
                    return True
        return False

    def _may_open(self, need: Need, server: Server) -> int | None:
        """Say how many people a new pool of this server lacks; None when it would not stand with more either."""
        offers = [self.ground.offers[offer] for offer in server.offers]
        least = max(offer.group_min for offer in offers)
        patterns = self._patterns(need, server)
        if Rule.GROUP not in self.draft.lifted:
            return 0 if self._together(need, server, patterns, least) else None
        limits = [*(offer.group_max for offer in offers), need.group_max, max(least, PEOPLE_MAX)]
        most = min(limit for limit in limits if limit is not None)
        steps = {tier.people_from for offer in offers for tier in offer.tiers}
        sizes = range(least, most + 1) if any(offer.opening_cents for offer in offers) else sorted({least, *steps})
        for people in sizes:
            if least <= people <= most and self._has_minutes(need, server, people):
                self.draft.people = people
                if self._together(need, server, patterns, 1):
                    return people - max(1, self._together(need, server, patterns, people))
        return None

    def _has_minutes(self, need: Need, server: Server, people: int) -> bool:
        """Say whether the offers have the minutes for so many alike needs."""
        if Rule.CAPACITY in self.draft.lifted:
            return True
        steps = self.ground.steps_of(need)
        return all(
            people * ways[offer].minutes <= self.draft.left[offer]
            for offer, ways in zip(server.offers, steps, strict=True)
        )

    def _patterns(self, need: Need, server: Server) -> list[int]:
        starts = self.servers.need_starts(server, need)
        return list(self.servers.patterns(server, self.ground.kinds[need.id], starts, PATTERNS_MAX))

    def _together(self, need: Need, server: Server, patterns: list[int], wanted: int) -> int:
        """Say how many, up to `wanted`, could be together with the need of those that are left out; 0 is nobody.

        Where company is wanted the patterns that suit most others are tried,
        a few of them.
        """
        if wanted == 1:
            return int(any(self._gathers(need, server, pattern, (), 1) for pattern in patterns))
        others = self._others(need, server)
        free = {pattern: [name for name, mask in others if not pattern & ~mask] for pattern in patterns}
        best = 0
        for pattern in sorted(patterns, key=lambda pattern: (-len(free[pattern]), pattern))[:COMPANY_TRIES]:
            best = max(best, self._gathers(need, server, pattern, tuple(free[pattern]), wanted))
        return best

    def _gathers(self, need: Need, server: Server, pattern: int, others: tuple[str, ...], wanted: int) -> int:
        shape = Shape(self.ground.kinds[need.id], server.offers, server.offsets, pattern)
        pool = self.draft.gather(shape, (need.id, *others), wanted)
        return len(pool.members) if pool is not None and need.id in pool.members else 0

    def _others(self, need: Need, server: Server) -> list[tuple[str, int]]:
        """Needs left out that the same server could serve, with where their sessions may begin."""
        ground = self.ground
        if self._left is None:
            self._left = {}
            for name in ground.ranked:
                if name not in self.draft.pool_of:
                    self._left.setdefault(ground.kinds[name], []).append(name)
        return [
            (name, self.servers.need_starts(server, ground.needs[name]))
            for name in self._left.get(ground.kinds[need.id], ())
            if name != need.id
            and all(o in ways for o, ways in zip(server.offers, ground.steps_of(ground.needs[name]), strict=True))
        ]
