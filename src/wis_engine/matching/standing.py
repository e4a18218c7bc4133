"""A plan that stands, and what becomes of it when one thing changes.

What is promised to those who are served stays as it is; only needs that are
left out are placed, in the room that there is or that a change makes. So what
is said to be gained is gained without anybody losing a place, and is checked by
the rules as `check` reads them.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching.certificate import Certificate
from wis_engine.matching.changes import Change
from wis_engine.matching.check import check_pools
from wis_engine.matching.drafting import drafted
from wis_engine.matching.openings import Openings, Seat
from wis_engine.matching.options import Ground, ground_of
from wis_engine.matching.plan import Placement, Plan, PlanPool, Proposal
from wis_engine.matching.planning import pools_of
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Problem
from wis_engine.matching.reading import Reading
from wis_engine.matching.rules import Rule
from wis_engine.matching.split import Split
from wis_engine.values import Cents


class Outcome(NamedTuple):
    """What placing needs led to: the pools as a plan would have them, and what each served household pays."""

    pools: tuple[PlanPool, ...]
    household_cents: dict[str, Cents]

    @property
    def pool_of(self) -> dict[str, PlanPool]:
        """The pool of each need that is served."""
        return {need: pool for pool in self.pools for need in pool.needs}


class Standing:
    """The pools of a plan on the ground of a problem: its own, or one that a change makes of it."""

    def __init__(self, ground: Ground, draft: Draft, split: Split) -> None:
        self.ground = ground
        self.problem = ground.problem
        self.draft = draft
        self.split = split

    @classmethod
    def of(cls, problem: Problem, plan: Plan) -> "Standing":
        """Let a plan stand on its own problem.

        Raises
        ------
        Malformed
            What is given is no problem or no plan.
        PlanError
            The plan answers another problem, or breaks a rule of this one.
        """
        if type(problem) is not Problem or type(plan) is not Plan:
            raise Malformed("not a Problem and its Plan")
        if plan.problem != problem.digest:
            raise PlanError(Rule.PROBLEM, "the plan answers another problem")
        ground = ground_of(problem)
        return cls(ground, drafted(ground, Proposal(placements=tuple(placements_of(plan)))), plan.split)

    def changed(self, change: Change) -> "Standing":
        """Let the same pools stand on the problem that a change makes."""
        ground = Ground(change.applied(self.problem), self.ground)
        return Standing(ground, self.draft.copy(ground), self.split)

    @cached_property
    def openings(self) -> Openings:
        """Places for the needs that are left out."""
        return Openings(self.draft)

    @property
    def left_out(self) -> list[str]:
        """Needs without a place, first in rank first."""
        return [need for need in self.ground.ranked if need not in self.draft.pool_of]

    def seat(self, need: str) -> Seat | None:
        """Find the first place for a need; None when there is none."""
        return next(self.openings.seats(self.ground.needs[need]), None)

    def cheapest(self, need: str, allowed: Callable[[Seat], bool] | None = None) -> Seat | None:
        """Find the place with the smallest share, ties by size and offers; None when there is none that is allowed."""
        seats = self.openings.seats(self.ground.needs[need])
        if allowed is not None:
            seats = filter(allowed, seats)
        return min(seats, key=lambda seat: _cost(seat, need), default=None)

    def place(self, needs: Iterable[str]) -> None:
        """Give each of some needs the cheapest place that there is, one after the other."""
        for need in needs:
            if need not in self.draft.pool_of:
                seat = self.cheapest(need)
                if seat is not None:
                    self.openings.take(seat)

    def outcome(self) -> Outcome:
        """Write the pools as they are now, with what everybody pays."""
        _, pools = pools_of(self.draft, self.split)
        return Outcome(pools, {one.need: one.household_cents for pool in pools for one in pool.members})

    def is_confirmed(self) -> bool:
        """Say whether the pools as they are now keep every rule, read again from the problem."""
        chains, pools = pools_of(self.draft, self.split)
        plan = Plan(
            problem=self.problem.digest,
            strategy="",
            seed=0,
            effort=0,
            split=self.split,
            pools=pools,
            chains=chains,
            unmatched=(),
            certificate=Certificate(levels=()),
        )
        try:
            check_pools(plan, Reading(self.problem))
        except PlanError:
            return False
        return True


def _cost(seat: Seat, need: str) -> tuple[Cents, int, tuple[str, ...], tuple[int, ...], int, tuple[str, ...]]:
    pool = seat.pool
    share = pool.shares[pool.members.index(need)]
    return share, -len(pool.members), pool.shape.offers, pool.shape.offsets, pool.shape.starts, pool.members


def placements_of(plan: Plan) -> Iterator[Placement]:
    """Say the pools of a plan as a strategy would propose them."""
    chains = {chain.id: chain.steps for chain in plan.chains}
    for pool in plan.pools:
        links = () if pool.chain is None else chains.get(pool.chain, ())
        yield Placement(
            needs=pool.needs,
            offers=tuple(link.offer for link in links) or (pool.offer or "",),
            offsets=tuple(link.offset_slots for link in links) or (0,),
            starts=pool.starts,
        )
