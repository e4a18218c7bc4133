"""Explain every need that a draft leaves out, in parts beside each other where somebody lends an executor."""

from collections.abc import Collection, Sequence
from concurrent.futures import Executor
from typing import Final

import attrs

from wis_engine.matching.drafting import drafted
from wis_engine.matching.explain import Explanation
from wis_engine.matching.options import ground_of
from wis_engine.matching.plan import Proposal
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Problem
from wis_engine.matching.reasons import Reasons

PART: Final = 250
"""Needs of one part: to make a process ready takes as long as some of them."""


def explanations(
    draft: Draft, proposal: Proposal, executor: Executor | None = None, asked: Collection[str] | None = None
) -> tuple[Explanation, ...]:
    """Explain the needs left out, by id; the same with an executor and without.

    Of those about whom nobody asked it is only said that they are left out.

    Raises
    ------
    Exception
        Whatever the executor itself raises.
    """
    every = [need.id for need in draft.ground.problem.needs if need.id not in draft.pool_of]
    if asked is None:
        return _found(draft, proposal, executor, every)
    found = _found(draft, proposal, executor, [need for need in every if need in asked])
    told = {one.need: one for one in found}
    return tuple(told.get(need) or Explanation(need=need, served=False) for need in every)


def _found(draft: Draft, proposal: Proposal, executor: Executor | None, left: Sequence[str]) -> tuple[Explanation, ...]:
    if executor is None or len(left) <= PART:
        reasons = Reasons(draft)
        return tuple(reasons.of(draft.ground.needs[need]) for need in left)
    bare = attrs.evolve(proposal, proofs=())
    parts = [left[start : start + PART] for start in range(0, len(left), PART)]
    running = [executor.submit(_part, draft.ground.problem, bare, part) for part in parts]
    return tuple(one for part in running for one in part.result())


def _part(problem: Problem, proposal: Proposal, needs: Sequence[str]) -> tuple[Explanation, ...]:
    """Explain some needs by a draft of one's own: to try changes it."""
    ground = ground_of(problem)
    reasons = Reasons(drafted(ground, proposal))
    return tuple(reasons.of(ground.needs[need]) for need in needs)
