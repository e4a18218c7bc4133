"""What one change gains over a whole plan, found by acting on it."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.matching.changes import Change, Remedy
from wis_engine.matching.plan import Plan
from wis_engine.matching.problem import Need
from wis_engine.matching.rules import Unserved
from wis_engine.matching.standing import Outcome, Standing
from wis_engine.matching.words import Words, words
from wis_engine.values import Minutes

AMONG_MAX: Final = 100
_REMEDIES: Final = {remedy: place for place, remedy in enumerate(Remedy)}


@frozen(kw_only=True)
class Gain:
    """What a plan gains when one thing changes and nobody who is served loses the place.

    Attributes
    ----------
    needs
        Those left out by the plan that would be served, by id.
    minutes
        What they ask for in all.
    cents
        What households of needs that are served already would pay less in all;
        below zero where they would pay more, since public money is shared by more.
    payers
        How many of those needs would be paid differently.
    """

    change: Change
    needs: tuple[str, ...]
    minutes: Minutes
    cents: int
    payers: int = field(default=0)

    def __str__(self) -> str:
        """One plain sentence in English."""
        return self.text("en")

    def text(self, language: str = "it") -> str:
        """Say it in one sentence, in «it» or «en»; raise `Malformed` for another language."""
        say = words(language)
        return say(
            "opportunity.line", change=self.change.text(language, named=True), gain=say.both(list(self._gained(say)))
        )

    def _gained(self, say: Words) -> Iterable[str]:
        if self.needs:
            yield say.count("opportunity.needs", len(self.needs), time=say.time(self.minutes))
        if self.cents:
            key = "opportunity.less" if self.cents > 0 else "opportunity.more"
            yield say.count(key, self.payers, money=say.money(abs(self.cents)))

    @property
    def rank(self) -> tuple[object, ...]:
        """Order of gains: most minutes, then most cents, then the change that comes first in the order of remedies."""
        change = self.change
        slots = 0 if change.slots is None else change.slots.bits
        sizes = change.people, change.sessions, change.minutes, change.metres, change.cents
        place = -1 if change.zone is None else change.zone
        return (
            -self.minutes,
            -self.cents,
            _REMEDIES[change.remedy],
            sizes,
            change.need,
            change.offer,
            change.budget,
            place,
            slots,
        )


class Tried(NamedTuple):
    """A gain, and the pools that bring it."""

    gain: Gain
    standing: Standing


class Acting:
    """A plan on which changes are tried out, one beside the other."""

    def __init__(self, standing: Standing, plan: Plan) -> None:
        self.standing = standing
        self.before: Outcome = standing.outcome()
        # What a place can be had for as things are is gained by no change.
        free = {one.need for one in plan.unmatched if Unserved.STRATEGY in one.reasons}
        self.left_out = [name for name in standing.left_out if name not in free]

    def needs(self, names: Iterable[str]) -> list[Need]:
        """Needs by their ids."""
        return [self.standing.ground.needs[name] for name in names]

    def tried(self, change: Change, among: Sequence[str], joins: int | None = None) -> Tried | None:
        """Act on a change: place those who are new, then as many of `among` as find a place, first in rank first.

        Parameters
        ----------
        among
            Needs that are left out; the first hundred are looked at.
        joins
            The pool that new needs come into; None lets them go where it is cheapest.
        """
        try:
            standing = self.standing.changed(change)
        except Malformed:
            return None
        new = [name for name in standing.left_out if name not in self.standing.ground.needs]
        if joins is not None and not all(standing.draft.join(joins, name) for name in new):
            return None
        standing.place(among[:AMONG_MAX])
        gained = [name for name in among if name in standing.draft.pool_of]
        if not gained and joins is None:
            return None
        return Tried(self._gain(change, gained, standing.outcome()), standing)

    def _gain(self, change: Change, gained: Sequence[str], after: Outcome) -> Gain:
        paid = self.before.household_cents
        differing = [paid[name] - after.household_cents[name] for name in sorted(paid)]
        return Gain(
            change=change,
            needs=tuple(sorted(gained)),
            minutes=sum(need.minutes for need in self.needs(gained)),
            cents=sum(differing),
            payers=sum(cents != 0 for cents in differing),
        )


def confirmed(found: Iterable[Tried], limit: int) -> tuple[Gain, ...]:
    """Take the best gains, those that come to the same once, and hold the pools of each against the rules."""
    kept: list[Gain] = []
    seen: set[tuple[object, ...]] = set()
    for one in sorted(found, key=lambda tried: tried.gain.rank):
        key = one.gain.change.remedy, one.gain.needs, one.gain.cents
        if len(kept) < limit and key not in seen and one.standing.is_confirmed():
            seen.add(key)
            kept.append(one.gain)
    return tuple(kept)
