"""What stands beside a plan for one need: where else it could be, and who has the place that it lacks."""

from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from typing import Final

from attrs import field, frozen

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching.explain import company
from wis_engine.matching.openings import Seat
from wis_engine.matching.plan import Plan
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Need, Problem
from wis_engine.matching.rules import Rule
from wis_engine.matching.standing import Standing
from wis_engine.matching.words import words
from wis_engine.shapes import checked_id
from wis_engine.values import Cents, WeekSlots

RIVALS_TRIED: Final = 100


@frozen(kw_only=True)
class Alternative:
    """The next best place of a need that is served, all other pools as they are.

    Attributes
    ----------
    more_cents
        How much more the place would cost than the one it has; below zero, less.
    parts
        The pool it is in would not stand without it: what is told is then a
        place for it in a plan without that pool.
    """

    need: str = field(validator=checked_id)
    offers: tuple[str, ...]
    people: int
    starts: WeekSlots | None = None
    share_cents: Cents
    household_cents: Cents
    more_cents: int
    parts: bool

    def __str__(self) -> str:
        """One plain sentence in English."""
        return self.text("en")

    def text(self, language: str = "it") -> str:
        """Say it in one sentence, in «it» or «en»; raise `Malformed` for another language."""
        say = words(language)
        key = "same" if not self.more_cents else "dearer" if self.more_cents > 0 else "cheaper"
        return say(
            "alternative.line",
            need=self.need,
            company=company(self.people, say),
            offers=say.then(self.offers),
            share=say.money(self.share_cents),
            more=say(f"alternative.{key}", money=say.money(abs(self.more_cents))),
            parts=say("alternative.parts") if self.parts else "",
        )


class Why(StrEnum):
    """Why somebody has a place before somebody else: the first level at which the plan would be worse the other way."""

    CLASS = "class"
    VALUE = "value"
    HOUSEHOLD = "household"
    PUBLIC = "public"
    ID = "id"
    STRATEGY = "strategy"


@frozen(kw_only=True)
class Rival:
    """Who has the place that a need could have, were it not for them, and why the plan keeps it so.

    Attributes
    ----------
    why
        `strategy` is said where the plan would be better the other way round.
    """

    need: str = field(validator=checked_id)
    taker: str = field(validator=checked_id)
    why: Why

    def __str__(self) -> str:
        """One plain sentence in English."""
        return self.text("en")

    def text(self, language: str = "it") -> str:
        """Say it in one sentence, in «it» or «en»; raise `Malformed` for another language."""
        say = words(language)
        return say("rival.line", need=self.need, taker=self.taker, why=say(f"rival.{self.why}"))


def next_best(problem: Problem, plan: Plan, need: str) -> Alternative | None:
    """Find the cheapest other place of a need that is served; None when it has none.

    Another place is in another pool, or in one that other offers could open: the
    same offers at other times are no alternative.

    Raises
    ------
    Malformed
        What is given is no problem, no plan, or the need is not served.
    PlanError
        The plan answers another problem, or has no such need.
    """
    standing = Standing.of(problem, plan)
    number = _placed(standing, need, served=True)
    old = standing.draft.pools[number]
    before = standing.outcome().pool_of[need]
    parts = not standing.draft.leave(number, need)
    if parts:
        standing.draft.close(number)
    seat = standing.cheapest(need, partial(_is_other, number, old.shape.offers))
    if seat is None:
        return None
    standing.openings.take(seat)
    after = standing.outcome()
    share = after.pool_of[need].shares[need]
    return Alternative(
        need=need,
        offers=seat.pool.shape.offers,
        people=len(seat.pool.members),
        starts=WeekSlots(seat.pool.shape.starts) if standing.ground.timed else None,
        share_cents=share,
        household_cents=after.household_cents[need],
        more_cents=share - before.shares[need],
        parts=parts,
    )


def rival_of(problem: Problem, plan: Plan, need: str) -> Rival | None:
    """Find one served need in whose stead a need that is left out could be served, and say why it is not.

    The one that has least reason to be there comes first: lowest class, then
    least covered, then last id. None when nobody alone makes way; a hundred at
    most are tried.

    Raises
    ------
    Malformed
        What is given is no problem, no plan, or the need is served.
    PlanError
        The plan answers another problem, or has no such need.
    """
    standing = Standing.of(problem, plan)
    _placed(standing, need, served=False)
    now = standing.draft.objective()
    for tried, taker in enumerate(_takers(standing, need)):
        if tried == RIVALS_TRIED:
            break
        other = Standing(standing.ground, standing.draft.copy(), standing.split)
        if not other.draft.leave(other.draft.pool_of[taker], taker):
            continue
        seat = next(
            (seat for seat in other.openings.seats(standing.ground.needs[need]) if taker not in seat.pool.members), None
        )
        if seat is not None:
            other.openings.take(seat)
            needs = standing.ground.needs
            return Rival(need=need, taker=taker, why=_why(now, other.draft, needs[taker], needs[need]))
    return None


def _is_other(number: int, offers: tuple[str, ...], seat: Seat) -> bool:
    return seat.joins != number and (seat.joins is not None or seat.pool.shape.offers != offers)


def _placed(standing: Standing, need: str, *, served: bool) -> int:
    if need not in standing.ground.needs:
        raise PlanError(Rule.NEEDS, f"no need {need} in this plan")
    number = standing.draft.pool_of.get(need)
    if (number is not None) is not served:
        raise Malformed(f"need {need} is {'not ' if served else ''}served")
    return -1 if number is None else number


def _takers(standing: Standing, need: str) -> Iterator[str]:
    """Served needs at offers that a need could use."""
    ground, draft = standing.ground, standing.draft
    mine = {offer for ways in ground.steps_of(ground.needs[need]) for offer in ways}
    found = [
        member for pool in draft.pools.values() if not mine.isdisjoint(pool.shape.offers) for member in pool.members
    ]
    yield from sorted(found, key=lambda name: (ground.needs[name].priority, ground.value[name], -ground.rank[name]))


def _why(now: tuple[int, Cents, Cents, int], other: Draft, taker: Need, need: Need) -> Why:
    """Compare the plan with the one in which the two have changed places."""
    then = other.objective()
    if then[:3] < now[:3]:
        return Why.STRATEGY
    if then[0] != now[0]:
        return Why.CLASS if taker.priority > need.priority else Why.VALUE
    if then[1] != now[1]:
        return Why.HOUSEHOLD
    if then[2] != now[2]:
        return Why.PUBLIC
    return Why.ID if taker.id < need.id else Why.STRATEGY
