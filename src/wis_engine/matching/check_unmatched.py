"""What a plan says of the needs that it leaves out, held against the problem."""

from typing import Final, NoReturn

from wis_engine.errors import PlanError
from wis_engine.matching.explain import Explanation
from wis_engine.matching.problem import Need
from wis_engine.matching.reading import FILTERS, Reading
from wis_engine.matching.rules import Rule, Unserved

_IN_THE_WAY: Final = (Unserved.CAPACITY, Unserved.BUDGET, Unserved.GROUP, Unserved.OVERLAP)


def check_unmatched(explanation: Explanation, reading: Reading) -> None:
    """Raise `PlanError` when an explanation says something of its need that the problem alone refutes.

    That a filter stops all offers, and how many fell at each, is counted again.
    What stands in the way of a need that passes them rests on the whole plan
    and on tries: here it is only held against what the need asks for.
    """
    need = reading.needs[explanation.need]
    plain = Explanation(
        need=explanation.need,
        served=False,
        reasons=explanation.reasons,
        fallen=explanation.fallen,
        short_by=explanation.short_by,
    )
    if explanation != plain:
        _fail(need, "it is left out, and said to have got something")
    if not (explanation.reasons or explanation.fallen or explanation.short_by):
        return  # nobody asked why
    told = {one.stage: one.offers for one in explanation.fallen}
    reasons, counts = _filtered(need, reading, explanation.reasons)
    if len(told) != len(explanation.fallen) or list(told.items()) != counts:
        _fail(need, "the offers that fell at each filter are others")
    if reasons is not None and (explanation.reasons != reasons or explanation.short_by):
        _fail(need, f"the filter nobody passes is «{reasons[0]}»")
    if reasons is None:
        _check_in_the_way(need, reading, explanation)


Counts = list[tuple[Unserved, int]]


def _filtered(need: Need, reading: Reading, said: tuple[Unserved, ...]) -> tuple[tuple[Unserved, ...] | None, Counts]:
    """Say which filter stops all offers, with counts; None when some pass them all."""
    everybody = len(reading.problem.offers)
    steps = reading.fallen[need.id]
    blocked = next((fallen for fallen in steps if fallen.total() == everybody), None)
    if blocked is not None:
        counts = [(stage, blocked[stage]) for stage in FILTERS if blocked[stage]]
        return (counts[-1][0] if counts else Unserved.SERVICE,), counts
    if said != (Unserved.CHAIN,) or not need.steps:
        return None, []
    services = {step.service for step in need.steps}
    counts = [(stage, sum(fallen[stage] for fallen in steps)) for stage in FILTERS[1:]]
    counts.insert(0, (Unserved.SERVICE, sum(offer.service not in services for offer in reading.problem.offers)))
    counts.append((Unserved.CHAIN, sum(everybody - fallen.total() for fallen in steps)))
    return said, [(stage, count) for stage, count in counts if count]


def _check_in_the_way(need: Need, reading: Reading, said: Explanation) -> None:
    reasons = said.reasons
    in_order = tuple(reason for reason in _IN_THE_WAY if reason in reasons)
    if reasons not in ((Unserved.PRICE,), (Unserved.STRATEGY,)) and (not reasons or reasons != in_order):
        _fail(need, "its reasons are not the rules that could stand in its way")
    if (said.short_by > 0) is not (Unserved.GROUP in reasons):
        _fail(need, "a group is short of somebody when, and only when, it is too small")
    if need.price_limit_cents is None and not {Unserved.PRICE, Unserved.BUDGET}.isdisjoint(reasons):
        _fail(need, "it has no limit that a price could be over")
    if Unserved.BUDGET in reasons and not reading.payers_of(need):
        _fail(need, "no budget pays for its service")
    if Unserved.OVERLAP in reasons and not need.beneficiary:
        _fail(need, "nobody knows who it is for")


def _fail(need: Need, what: str) -> NoReturn:
    raise PlanError(Rule.NEEDS, f"{need.id} is left out: {what}")
