"""From a proposal to a draft: every pool opened under the rules, or the rule that one breaks."""

from wis_engine.errors import PlanError
from wis_engine.matching.chains import shape_fault
from wis_engine.matching.gathering import Shape
from wis_engine.matching.options import Ground
from wis_engine.matching.plan import Placement, Proposal
from wis_engine.matching.pools import Draft
from wis_engine.matching.rules import Rule


def drafted(ground: Ground, proposal: Proposal) -> Draft:
    """Open the pools of a proposal; raise `PlanError` where they break a rule."""
    draft = Draft(ground, lifted=frozenset((Rule.BUDGET,)))
    for placement in sorted(proposal.placements, key=_placement_key):
        shape = _shape(ground, placement)
        for need in placement.needs:
            if need in draft.pool_of or placement.needs.count(need) > 1:
                raise PlanError(Rule.NEEDS, f"{need} is placed twice")
        if draft.open(shape, placement.needs) is None:
            raise PlanError(draft.fault or Rule.GROUP, f"{', '.join(placement.needs)} with {', '.join(shape.offers)}")
    short = draft.short_of_money()
    if short:
        raise PlanError(Rule.BUDGET, f"no public money brings {short} down to its limit")
    draft.lifted = frozenset()
    return draft


def _placement_key(placement: Placement) -> tuple[object, ...]:
    starts = -1 if placement.starts is None else placement.starts.bits
    return sorted(placement.needs), placement.offers, placement.offsets, starts


def _shape(ground: Ground, placement: Placement) -> Shape:
    unknown = [need for need in placement.needs if need not in ground.needs]
    if unknown or not placement.needs:
        raise PlanError(Rule.NEEDS, f"no need {unknown[0]}" if unknown else "a pool without needs")
    if any(offer not in ground.offers for offer in placement.offers) or not placement.offers:
        raise PlanError(Rule.OPTION, f"no such offers: {', '.join(placement.offers)}")
    if (placement.starts is not None) != ground.timed:
        raise PlanError(Rule.TIME, "starts are given when, and only when, things have times")
    starts = 0 if placement.starts is None else placement.starts.bits
    kind = ground.kind(ground.needs[placement.needs[0]], placement.offers)
    shape = Shape(kind, tuple(placement.offers), tuple(placement.offsets), starts)
    fault = shape_fault(ground, shape)
    if fault:
        raise PlanError(fault, f"{', '.join(placement.needs)} with {', '.join(shape.offers)}")
    return shape
