"""One small change to a problem, as a value: what somebody could do, in the problem's own units."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import count, islice
from typing import Final, TypeVar

import attrs
from attrs import field, frozen
from attrs import validators as v

from wis_engine.errors import Malformed
from wis_engine.matching.problem import Budget, Need, Offer, Problem
from wis_engine.matching.words import words
from wis_engine.shapes import exactly, natural
from wis_engine.values import AgeBand, Cents, Metres, Minutes, WeekSlots

T = TypeVar("T", Need, Offer, Budget)
_ID_KEPT: Final = 48


class Remedy(StrEnum):
    """What changes: nothing, the need, who asks, or an offer or a budget; the order is that of preference.

    Time and company cost a household nothing and come first, then its money
    and its way; after them what somebody else has to change.
    """

    NOTHING = "nothing"
    SLOTS = "slots"
    MEMBERS = "members"
    COMPANY = "company"
    CHANNEL = "channel"
    LANGUAGE = "language"
    REACH = "reach"
    LIMIT = "limit"
    CAPACITY = "capacity"
    AT_ONCE = "at-once"
    OFFER_REACH = "offer-reach"
    OFFER_ZONE = "offer-zone"
    OFFER_AGES = "offer-ages"
    BUDGET = "budget"
    SUPPLIER = "supplier"


@frozen(kw_only=True)
class Change:
    """One change; which fields count depends on the remedy, the others keep their defaults.

    Attributes
    ----------
    need
        The need that changes; with `members`, the one that others are alike.
    offer
        The offer that changes; with `supplier`, the one that the new one is like.
    slots
        Half-hours that the need is free at as well; with `members`, when the
        pool meets that they would be in, which is told and changes nothing.
    zone
        Of the offer's new zone or of the new supplier; with `members`, told.
    people
        How many more families; the size of group that is accepted.
    sessions
        How many more at once.
    """

    remedy: Remedy = field(validator=exactly(Remedy))
    need: str = ""
    offer: str = ""
    budget: str = ""
    service: str = ""
    slots: WeekSlots | None = field(default=None, validator=v.optional(exactly(WeekSlots)))
    zone: int | None = None
    people: int = field(default=0, validator=natural)
    sessions: int = field(default=0, validator=natural)
    minutes: Minutes = field(default=0, validator=natural)
    metres: Metres = field(default=0, validator=natural)
    cents: Cents = field(default=0, validator=natural)
    age_band: AgeBand | None = None

    def applied(self, problem: Problem) -> Problem:
        """Make the changed problem.

        Raises
        ------
        Malformed
            What is to change is not in the problem, or has nothing to change.
        """
        if self.remedy is Remedy.NOTHING:
            return problem
        if self.remedy is Remedy.MEMBERS:
            return self._with_members(problem, _one(problem.needs, self.need))
        if self.remedy is Remedy.SUPPLIER:
            return self._with_supplier(problem)
        if self.remedy is Remedy.BUDGET:
            budget = _one(problem.budgets, self.budget)
            more = attrs.evolve(budget, cap_cents=budget.cap_cents + self.cents)
            return attrs.evolve(problem, budgets=_replaced(problem.budgets, more))
        if self.offer:
            return attrs.evolve(
                problem, offers=_replaced(problem.offers, self._offer(_one(problem.offers, self.offer)))
            )
        return attrs.evolve(problem, needs=_replaced(problem.needs, self._need(_one(problem.needs, self.need))))

    def _need(self, need: Need) -> Need:
        match self.remedy:
            case Remedy.SLOTS if self.slots is not None:
                return attrs.evolve(need, slots=need.slots | self.slots)
            case Remedy.COMPANY:
                return attrs.evolve(need, group_max=self.people)
            case Remedy.CHANNEL:
                return attrs.evolve(need, channel=None)
            case Remedy.LANGUAGE:
                return attrs.evolve(need, language=None)
            case Remedy.REACH if need.radius_m is not None:
                return attrs.evolve(need, radius_m=need.radius_m + self.metres)
            case Remedy.LIMIT if need.price_limit_cents is not None:
                return attrs.evolve(need, price_limit_cents=need.price_limit_cents + self.cents)
        raise Malformed(f"need {need.id}: nothing to change by «{self.remedy}»")

    def _offer(self, offer: Offer) -> Offer:
        match self.remedy:
            case Remedy.CAPACITY:
                return attrs.evolve(offer, capacity_minutes=offer.capacity_minutes + self.minutes)
            case Remedy.AT_ONCE if offer.capacity_per_slot is not None:
                return attrs.evolve(offer, capacity_per_slot=offer.capacity_per_slot + self.sessions)
            case Remedy.OFFER_REACH if offer.radius_m is not None:
                return attrs.evolve(offer, radius_m=offer.radius_m + self.metres)
            case Remedy.OFFER_ZONE if self.zone is not None:
                return attrs.evolve(offer, zones=offer.zones | {self.zone})
            case Remedy.OFFER_AGES if self.age_band is not None:
                return attrs.evolve(offer, age_bands=offer.age_bands | {self.age_band})
        raise Malformed(f"offer {offer.id}: nothing to change by «{self.remedy}»")

    def _with_members(self, problem: Problem, need: Need) -> Problem:
        """Add families that ask for the same; nobody knows who they are."""
        names = _fresh((one.id for one in problem.needs), f"{need.id[:_ID_KEPT]}.more", self.people)
        alike = [attrs.evolve(need, id=name, household="", firm="", beneficiary="") for name in names]
        options = problem.options
        if options is not None:
            theirs = [one for one in options if one.need == need.id]
            options += tuple(attrs.evolve(one, need=name) for name in names for one in theirs)
        return attrs.evolve(problem, needs=(*problem.needs, *alike), options=options)

    def _with_supplier(self, problem: Problem) -> Problem:
        """Add an offer like one that there is, in one zone, with all its minutes still to give."""
        like = _one(problem.offers, self.offer)
        (name,) = _fresh((one.id for one in problem.offers), f"{like.id[:_ID_KEPT]}.more", 1)
        zones = frozenset() if self.zone is None else frozenset((self.zone,))
        more = attrs.evolve(like, id=name, supplier=name, zones=zones, place=None, radius_m=None)
        options = problem.options
        if options is not None:
            options += tuple(attrs.evolve(one, offer=name) for one in options if one.offer == like.id)
        return attrs.evolve(problem, offers=(*problem.offers, more), options=options)

    def text(self, language: str = "it", *, named: bool = False) -> str:
        """Say the change as a clause that follows «if», in «it» or «en».

        A need that changes is «it», the one that is spoken of, unless `named`.
        """
        say = words(language)
        people = self.people + self.sessions
        key = f"change.{self.remedy}"
        if self.remedy in (Remedy.MEMBERS, Remedy.AT_ONCE):
            key += ".one" if people == 1 else ".many"
        # At any hour of the week is said by saying no hour.
        week = "" if self.slots is None or self.slots == WeekSlots.ALWAYS else say.week(self.slots)
        when = say("change.when", slots=week) if week and self.remedy is Remedy.MEMBERS else ""
        where = "" if self.zone is None else say("change.where", zone=self.zone)
        suffix = "_named" if named else ""
        return say(
            key,
            subject=say(f"change.subject{suffix}", need=self.need),
            owner=say(f"change.owner{suffix}", need=self.need),
            offer=self.offer,
            budget=self.budget,
            n=say.number(people),
            money=say.money(self.cents),
            time=say.time(self.minutes),
            metres=say.number(self.metres),
            slots=week,
            what=(self.service or say("change.same", need=self.need)) + when + where,
            zone=self.zone,
            where=where,
        )


def _one(things: Sequence[T], name: str) -> T:
    found = next((thing for thing in things if thing.id == name), None)
    if found is None:
        raise Malformed("a change names what is not in the problem")
    return found


def _replaced(things: Sequence[T], new: T) -> tuple[T, ...]:
    return tuple(new if thing.id == new.id else thing for thing in things)


def _fresh(taken: Iterable[str], stem: str, wanted: int) -> list[str]:
    """Make ids that nothing has yet."""
    known = frozenset(taken)
    return list(islice((name for number in count(1) if (name := f"{stem}-{number}") not in known), wanted))
