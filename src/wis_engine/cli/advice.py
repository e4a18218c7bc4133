"""What could be done after a match: what would serve a need that is left out, and what would help the plan most.

Every change is tried on the problem before it is told. A try takes time linear
in the problem or a little more, so that fewer are made on a larger one; no clock is asked.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from wis_engine.interop.plan_tables import Form, Row
from wis_engine.matching import (
    Agreement,
    Gain,
    NearestMiss,
    Plan,
    Problem,
    nearest_miss,
    next_agreements,
    opportunities,
)
from wis_engine.matching.words import words

STEPS: Final = 6_000
"""How long to look when nothing else is asked for: some seconds for hundreds of needs, longer for more."""
LISTED: Final = 10
TRIES_MAX: Final = 200
GAINS_HEADER: Final = (
    *("rank", "remedy", "service", "zone", "more_needs", "more_minutes", "saving_eur", "needs", "sentence"),
)
_STEPS_A_GAIN: Final = 2
"""To hold a change against all rules, before it is listed, takes as long as looking so many needs through."""
_TRIES_A_MISS: Final = 3
"""So many changes of a whole plan are tried in the time in which one need is looked through."""


@attrs.frozen(kw_only=True)
class Advice:
    """What was found within a bound.

    Attributes
    ----------
    misses
        For each need that was looked through, what alone would serve it; None where nothing was found.
    gains, agreements
        Changes by which the whole plan gains most, and suppliers to look for, best first.
    left, untried
        Needs left out by the plan that were not looked through, and changes that were not tried; None is all of them.
    """

    misses: Mapping[str, NearestMiss | None]
    gains: tuple[Gain, ...]
    agreements: tuple[Agreement, ...]
    left: int
    untried: int | None

    def told(self, need: str, language: str) -> str:
        """Say what would serve a need; nothing for one that is served or was not looked through."""
        if need not in self.misses:
            return ""
        miss = self.misses[need]
        return words(language)("nearest.none", need=need) if miss is None else miss.text(language)

    def best(self) -> list[tuple[str, str, Gain]]:
        """List gains and agreements with the service and zone that they are for, best first, each change once."""
        found: dict[object, tuple[str, str, Gain]] = {}
        for one in self.agreements:
            zone = "" if one.zone is None else str(one.zone)
            found[one.gain.change] = one.service, zone, one.gain
        for gain in self.gains:
            service, zone, _ = found.get(gain.change, ("", "", None))
            found[gain.change] = service, zone, gain
        return sorted(found.values(), key=lambda one: one[2].rank)


def advise(problem: Problem, plan: Plan, steps: int) -> Advice:
    """Look for what would help, for so many steps: one for each need of the problem that a try has to go through.

    Raises
    ------
    PlanError
        The plan answers another problem.
    """
    size = max(1, len(problem.needs))
    looked = [one.need for one in plan.unmatched][: steps // size]
    left = len(plan.unmatched) - len(looked)
    if steps < size:
        return Advice(misses={}, gains=(), agreements=(), left=left, untried=None)
    tries = min(TRIES_MAX, steps * _TRIES_A_MISS // size)
    limit = min(LISTED, -(-steps // (_STEPS_A_GAIN * size)))
    found = opportunities(problem, plan, limit, tries=tries)
    return Advice(
        misses={need: nearest_miss(problem, plan, need) for need in looked},
        gains=found.found,
        agreements=_agreements(problem, plan, limit, tries),
        left=left,
        untried=found.untried,
    )


def _agreements(problem: Problem, plan: Plan, limit: int, tries: int) -> tuple[Agreement, ...]:
    """Rank suppliers to look for; none where there are more services and zones than tries."""
    needs = {need.id: need for need in problem.needs}
    short = [needs[one.need] for one in plan.unmatched]
    places = {(name, need.zone) for need in short for name in (need.service, *(step.service for step in need.steps))}
    each = tries // max(1, 2 * len(places))
    return next_agreements(problem, plan, limit, tries=each) if each else ()


def gain_rows(advice: Advice, form: Form, language: str) -> Iterable[Row]:
    """One row for each change by which the plan gains, best first."""
    for rank, (service, zone, gain) in enumerate(advice.best(), start=1):
        yield (
            *(rank, gain.change.remedy.value, service or gain.change.service, zone, len(gain.needs), gain.minutes),
            *(form.amount(gain.cents), " ".join(gain.needs), gain.text(language)),
        )
