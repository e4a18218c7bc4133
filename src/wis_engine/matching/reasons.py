"""Find out what stands in the way of each need that a plan leaves out."""

from itertools import combinations
from typing import Final

from wis_engine.matching.construct import PATTERNS_MAX, Server, Servers
from wis_engine.matching.explain import Explanation, Fallen
from wis_engine.matching.options import STAGES
from wis_engine.matching.pools import Draft, Shape
from wis_engine.matching.problem import Need
from wis_engine.matching.rules import Rule, Unserved

BLOCKERS: Final = (
    (Unserved.CAPACITY, frozenset((Rule.CAPACITY, Rule.SESSIONS_AT_ONCE))),
    (Unserved.BUDGET, frozenset((Rule.BUDGET,))),
    (Unserved.GROUP, frozenset((Rule.GROUP,))),
    (Unserved.OVERLAP, frozenset((Rule.OVERLAP,))),
)


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

    def of_all(self) -> tuple[Explanation, ...]:
        """Explain every need that is left out, by id."""
        return tuple(self.of(need) for need in self.ground.problem.needs if need.id not in self.draft.pool_of)

    def of(self, need: Need) -> Explanation:
        """Explain one need that is left out."""
        fallen = dict(self.ground.fallen[need.id])
        if not all(self.ground.steps_of(need)):
            last = max((stage for stage in STAGES if fallen.get(stage)), key=STAGES.index, default=Unserved.SERVICE)
            return self._filtered(need, last, fallen)
        servers = self.servers.of_needs((need.id,))
        if not any(self._starts(server, need) for server in servers):
            fallen[Unserved.CHAIN] = sum(len(ways) for ways in self.ground.steps_of(need))
            return self._filtered(need, Unserved.CHAIN, fallen)
        for count in range(len(BLOCKERS) + 1):
            for chosen in combinations(BLOCKERS, count):
                lifted = frozenset[Rule]().union(*(rules for _, rules in chosen))
                short_by = self._short_by(need, servers, lifted)
                if short_by is not None:
                    reasons = tuple(reason for reason, _ in chosen) or (Unserved.STRATEGY,)
                    return Explanation(need=need.id, served=False, reasons=reasons, short_by=short_by)
        return self._filtered(need, Unserved.PRICE, fallen)

    def _filtered(self, need: Need, stage: Unserved, fallen: dict[Unserved, int]) -> Explanation:
        counts = tuple(
            Fallen(stage=one, offers=fallen[one]) for one in (*STAGES, Unserved.CHAIN) if fallen.get(one)
        )
        return Explanation(need=need.id, served=False, reasons=(stage,), fallen=counts)

    def _starts(self, server: Server, need: Need) -> bool:
        return not self.ground.timed or bool(self.servers.need_starts(server, need))

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
            draft.lifted = frozenset()

    def _may_join(self, need: Need) -> bool:
        draft = self.draft
        kind = self.ground.kinds[need.id]
        steps = self.ground.steps_of(need)
        for number in sorted(draft.of_kind.get(kind, ())):
            offers = draft.pools[number].shape.offers
            if not all(offer in ways for offer, ways in zip(offers, steps, strict=True)):
                continue
            draft.begin()
            joined = draft.join(number, need.id)
            draft.undo()
            if joined:
                return True
        return False

    def _may_open(self, need: Need, server: Server) -> int | None:
        """Try to open a pool for the need with others that are left out, as many as the group wants."""
        draft, ground = self.draft, self.ground
        kind = ground.kinds[need.id]
        wanted = max(ground.offers[offer].group_min for offer in server.offers)
        others = [
            name for name in ground.ranked
            if wanted > 1 and name != need.id and name not in draft.pool_of and ground.kinds[name] == kind
        ]
        best: int | None = None
        starts = self.servers.need_starts(server, need)
        for pattern in self.servers.patterns(server, kind, starts, PATTERNS_MAX):
            shape = Shape(kind, server.offers, server.offsets, pattern)
            if draft.assess(shape, (need.id,)) is None and draft.fault is not Rule.GROUP:
                continue
            pool = draft.gather(shape, (need.id, *others), wanted)
            if pool is None or need.id not in pool.members:
                continue
            short = max(0, wanted - len(pool.members))
            best = short if best is None else min(best, short)
            if best == 0:
                break
        return best
