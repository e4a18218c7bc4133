"""Find out what stands in the way of each need that a plan leaves out."""

from collections import Counter
from itertools import combinations
from typing import Final

import attrs

from wis_engine.matching.explain import Explanation, Fallen
from wis_engine.matching.openings import Opening, Openings
from wis_engine.matching.options import STAGES
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
        self.openings = Openings(draft)
        self._found: dict[Need, Found] = {}
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
        openings = self.openings.of(need)
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

    def _blockers(self, need: Need, openings: list[Opening]) -> Found:
        if not self._is_possible(need, openings):
            return (Unserved.PRICE,), 0
        for count in range(len(BLOCKERS) + 1):
            for chosen in combinations(BLOCKERS, count):
                lifted = frozenset[Rule]().union(*(rules for _, rules in chosen))
                short_by = self._short_by(need, openings, lifted)
                if short_by is not None:
                    # A group of nobody more than there are: it could have been made, and was passed over.
                    named = (reason for reason, _ in chosen if short_by or reason is not Unserved.GROUP)
                    return tuple(named) or (Unserved.STRATEGY,), short_by
        raise AssertionError("all blockers together were lifted above, and there was a place")

    def _filtered(self, need: Need, stage: Unserved, fallen: dict[Unserved, int]) -> Explanation:
        counts = tuple(Fallen(stage=one, offers=fallen[one]) for one in (*STAGES, Unserved.CHAIN) if fallen.get(one))
        return Explanation(need=need.id, served=False, reasons=(stage,), fallen=counts)

    def _is_possible(self, need: Need, openings: list[Opening]) -> bool:
        """Say whether there is a place when everything is lifted that can be."""
        draft = self.draft
        draft.lifted = EVERYTHING
        try:
            return any(self.openings.joined(need)) or any(opening.smallest() is not None for opening in openings)
        finally:
            draft.lifted, draft.people = frozenset(), 1

    def _short_by(self, need: Need, openings: list[Opening], lifted: frozenset[Rule]) -> int | None:
        """Find a place with some rules lifted; say how many people it lacks, None when there is no place."""
        draft = self.draft
        draft.lifted = lifted
        try:
            if any(self.openings.joined(need)):
                return 0
            found = [short for opening in openings if (short := opening.short_by()) is not None]
            return min(found, default=None)
        finally:
            draft.lifted, draft.people = frozenset(), 1
