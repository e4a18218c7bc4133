"""A draft as a proposal."""

from collections.abc import Callable, Iterable

from wis_engine.matching.gathering import Pool
from wis_engine.matching.options import Ground
from wis_engine.matching.plan import Placement, Proposal
from wis_engine.matching.pools import Draft
from wis_engine.matching.proof import Proof
from wis_engine.values import WeekSlots


def proposal_of(draft: Draft, *, complete: bool = False, proofs: Iterable[Proof] = ()) -> Proposal:
    """Turn a draft into a proposal."""
    return written(
        draft.ground, [draft.pools[number] for number in sorted(draft.pools)], complete=complete, proofs=proofs
    )


def kept(draft: Draft, proofs: Iterable[Proof] = ()) -> Callable[[], Proposal]:
    """Keep a draft as it is now, at little cost: what comes back makes a proposal of it."""
    pools = dict(draft.pools)
    return lambda: written(draft.ground, [pools[number] for number in sorted(pools)], proofs=proofs)


def written(ground: Ground, pools: Iterable[Pool], *, complete: bool = False, proofs: Iterable[Proof] = ()) -> Proposal:
    """Turn pools into a proposal."""
    return Proposal(
        placements=tuple(
            Placement(
                needs=pool.members,
                offers=pool.shape.offers,
                offsets=pool.shape.offsets,
                starts=WeekSlots(pool.shape.starts) if ground.timed else None,
            )
            for pool in pools
        ),
        complete=complete,
        proofs=proofs,
    )
