"""Find out what stands in the way of each need that a plan leaves out."""

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from itertools import combinations
from typing import Final

import attrs

from wis_engine.matching.construct import Server, Servers
from wis_engine.matching.explain import Explanation, Fallen
from wis_engine.matching.gathering import Gathering, Shape
from wis_engine.matching.options import STAGES, Family
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Need
from wis_engine.matching.rules import Rule, Unserved

BLOCKERS: Final = (
    (Unserved.CAPACITY, frozenset((Rule.CAPACITY, Rule.SESSIONS_AT_ONCE))),
    (Unserved.BUDGET, frozenset((Rule.BUDGET,))),
    (Unserved.GROUP, frozenset((Rule.GROUP,))),
    (Unserved.OVERLAP, frozenset((Rule.OVERLAP,))),
)
EVERYTHING: Final = frozenset[Rule]().union(*(rules for _, rules in BLOCKERS))
PEOPLE_MAX: Final = 30
COMPANY_TRIES: Final = 4

Found = tuple[tuple[Unserved, ...], int]
"""What stands in the way, and how many people a group is short by."""


class Reasons:
    """Explains the needs that a finished draft leaves out, by trying.

    A reason is what has to be lifted for the need to find a place while all
    other pools stay as they are: alone if one is enough, else the fewest
    together. What is named can be acted on; it is not the only remedy. Needs
    that differ in nothing that counts have the same reasons, found once.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.ground = draft.ground
        self.servers = Servers(draft.ground)
        self._found: dict[Need, Found] = {}
        self._left: dict[Family, list[str]] = {}
        for name in self.ground.ranked:
            if name not in draft.pool_of:
                self._left.setdefault(self.ground.kinds[name].family, []).append(name)
        problem = self.ground.problem
        self._people = Counter(need.beneficiary for need in problem.needs)
        for commitment in problem.commitments:
            self._people.update(commitment.beneficiaries)

    def of_all(self) -> tuple[Explanation, ...]:
        """Explain every need that is left out, by id."""
        return tuple(self.of(need) for need in self.ground.problem.needs if need.id not in self.draft.pool_of)

    def of(self, need: Need) -> Explanation:
        """Explain one need that is left out."""
        fallen = dict(self.ground.fallen[need.id])
        if not all(self.ground.steps_of(need)):
            last = max((stage for stage in STAGES if fallen.get(stage)), key=STAGES.index, default=Unserved.SERVICE)
            return self._filtered(need, last, fallen)
        openings = [_Opening(self, need, server) for server in self.servers.of_need(need.id)]
        if need.steps and not any(opening.stands() for opening in openings):
            fallen[Unserved.CHAIN] = sum(len(ways) for ways in self.ground.steps_of(need))
            return self._filtered(need, Unserved.CHAIN, fallen)
        key = self._alike(need)
        found = self._found.get(key) or self._blockers(need, openings)
        self._found[key] = found
        reasons, short_by = found
        return Explanation(need=need.id, served=False, reasons=reasons, short_by=short_by)

    def _alike(self, need: Need) -> Need:
        """Drop from a need what makes no difference to why it is not served.

        Who asks counts where public money must bring a price down: it is given
        in an order, with ceilings by household. Which person it is counts
        where the same is asked for, or promised to, elsewhere.
        """
        if need.price_limit_cents is not None and self.ground.budgets[need.id]:
            return need
        beneficiary = need.beneficiary if self._people[need.beneficiary] > 1 else ""
        return attrs.evolve(need, id="any", household="", firm="", beneficiary=beneficiary)

    def _blockers(self, need: Need, openings: "list[_Opening]") -> Found:
        if self._short_by(need, openings, EVERYTHING) is None:
            return (Unserved.PRICE,), 0
        for count in range(len(BLOCKERS) + 1):
            for chosen in combinations(BLOCKERS, count):
                lifted = frozenset[Rule]().union(*(rules for _, rules in chosen))
                short_by = self._short_by(need, openings, lifted)
                if short_by is not None:
                    reasons = tuple(reason for reason, _ in chosen) or (Unserved.STRATEGY,)
                    assert (short_by > 0) is (Unserved.GROUP in reasons)
                    return reasons, short_by
        raise AssertionError("all blockers together were lifted above, and there was a place")

    def _filtered(self, need: Need, stage: Unserved, fallen: dict[Unserved, int]) -> Explanation:
        counts = tuple(Fallen(stage=one, offers=fallen[one]) for one in (*STAGES, Unserved.CHAIN) if fallen.get(one))
        return Explanation(need=need.id, served=False, reasons=(stage,), fallen=counts)

    def _short_by(self, need: Need, openings: "list[_Opening]", lifted: frozenset[Rule]) -> int | None:
        """Find a place with some rules lifted; say how many people it lacks, None when there is no place."""
        draft = self.draft
        draft.lifted = lifted
        try:
            if self._may_join(need):
                return 0
            found = [short for opening in openings if (short := opening.short_by()) is not None]
            return min(found, default=None)
        finally:
            draft.lifted, draft.people = frozenset(), 1

    def _may_join(self, need: Need) -> bool:
        draft = self.draft
        for number in sorted(draft.of_family.get(self.ground.kinds[need.id].family, ())):
            if draft.may_join(number, need):
                draft.begin()
                joined = draft.join(number, need.id)
                draft.undo()
                if joined:
                    return True
        return False

    def others(self, need: Need, server: Server) -> Iterator[str]:
        """Needs left out that the same server could serve together with this one, by rank."""
        ground = self.ground
        kind = ground.kind(need, server.offers)
        for name in self._left[kind.family]:
            other = ground.needs[name]
            if other is not need and ground.serves(server.offers, other) and ground.kind(other, server.offers) == kind:
                yield name


class _Opening:
    """A pool that one server could open for a need that is left out."""

    def __init__(self, reasons: Reasons, need: Need, server: Server) -> None:
        self.draft = reasons.draft
        self.reasons = reasons
        self.need = need
        self.server = server
        self.kind = self.draft.ground.kind(need, server.offers)
        self.offers = [self.draft.ground.offers[offer] for offer in server.offers]
        self.least = max(offer.group_min for offer in self.offers)

    @cached_property
    def patterns(self) -> list[int]:
        """When the need and the server can meet."""
        return list(self.reasons.servers.patterns_of(self.server, self.need))

    @cached_property
    def company(self) -> dict[int, tuple[str, ...]]:
        """Who else could come, for the few patterns that suit most others."""
        servers, needs = self.reasons.servers, self.draft.ground.needs
        free = [
            (name, servers.need_starts(self.server, needs[name]))
            for name in self.reasons.others(self.need, self.server)
        ]
        coming = {pattern: tuple(name for name, mask in free if not pattern & ~mask) for pattern in self.patterns}
        best = sorted(self.patterns, key=lambda pattern: (-len(coming[pattern]), pattern))[:COMPANY_TRIES]
        return {pattern: coming[pattern] for pattern in best}

    @cached_property
    def sizes(self) -> list[int]:
        """Sizes at which the pool, or the price of a place in it, may be another."""
        limits = [*(offer.group_max for offer in self.offers), self.need.group_max, max(self.least, PEOPLE_MAX)]
        most = min(limit for limit in limits if limit is not None)
        steps = {tier.people_from for offer in self.offers for tier in offer.tiers}
        opening = any(offer.opening_cents for offer in self.offers)
        sizes = range(self.least, most + 1) if opening else sorted({self.least, *steps})
        return [people for people in sizes if self.least <= people <= most]

    def stands(self) -> bool:
        """Say whether a pool could be: as many sessions as the need wants, for some size of group."""
        shapes = (self._shape(pattern) for pattern in self.patterns)
        return bool(self.sizes) and any(Gathering(self.draft.ground, shape).add(self.need) is None for shape in shapes)

    def short_by(self) -> int | None:
        """Say how many people the pool lacks; None when it would not stand with more either."""
        if not self._has_minutes(1):
            return None
        if Rule.GROUP not in self.draft.lifted:
            return 0 if any(self._together(people) for people in self._reached()) else None
        for people in self.sizes:
            if self._has_minutes(people):
                self.draft.people = people
                if self._together(1):
                    return people - max(1, self._together(people))
        return None

    def _reached(self) -> list[int]:
        """Sizes that those who are left out are enough for; beyond, a larger size is the same try."""
        if self.least == 1 and self.need.price_limit_cents is None:
            return [1]
        most = 1 + max(map(len, self.company.values()), default=0)
        return sorted({min(people, most) for people in self.sizes if most >= self.least})

    def _has_minutes(self, people: int) -> bool:
        """Say whether the offers have the minutes for so many alike needs."""
        if Rule.CAPACITY in self.draft.lifted:
            return True
        steps = self.draft.ground.steps_of(self.need)
        return all(
            people * ways[offer].minutes <= self.draft.left[offer]
            for offer, ways in zip(self.server.offers, steps, strict=True)
        )

    def _together(self, wanted: int) -> int:
        """Say how many, up to `wanted`, could be together with the need of those that are left out; 0 is nobody."""
        if wanted == 1:
            return int(any(self._gathered(pattern, (), 1) for pattern in self.patterns))
        return max((self._gathered(pattern, others, wanted) for pattern, others in self.company.items()), default=0)

    def _gathered(self, pattern: int, others: tuple[str, ...], wanted: int) -> int:
        pool = self.draft.gather(self._shape(pattern), (self.need.id, *others), wanted)
        return len(pool.members) if pool is not None and self.need.id in pool.members else 0

    def _shape(self, pattern: int) -> Shape:
        return Shape(self.kind, self.server.offers, self.server.offsets, pattern)
