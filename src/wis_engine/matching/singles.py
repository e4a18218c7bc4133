"""Problems in which every need is served by itself: who could go where, and at what price.

Most rules speak of company: a group that must be reached, a price by size, an
opening that is shared, sessions at once, one person in two places, a budget
that may run out. Where none of them can bite, what one need costs at one offer
does not depend on any other need, and only minutes are scarce. `singles_of`
says so, or names the rule that stands against it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from wis_engine.errors import StrategyError
from wis_engine.matching.construct import Server, Servers
from wis_engine.matching.money import Purse, due_cents, grant_rest, head_cents, payer
from wis_engine.matching.options import Ground
from wis_engine.matching.plan import Placement
from wis_engine.matching.problem import Need, Offer
from wis_engine.matching.weeks import runs
from wis_engine.values import Cents, Minutes, WeekSlots


class Single(NamedTuple):
    """One need alone with one offer: minutes it takes, what its household and the public pay."""

    offer: str
    minutes: Minutes
    household_cents: Cents
    public_cents: Cents


class Singles:
    """A problem in which needs do not touch each other but for minutes.

    Attributes
    ----------
    of
        For each need, the offers that would serve it alone within its limit, by id.
    left
        Minutes of each offer that nothing has taken.
    shared
        Offers at which company changes a price or is asked for.
    """

    def __init__(self, ground: Ground, of: dict[str, tuple[Single, ...]], shared: frozenset[str]) -> None:
        self.ground = ground
        self.of = of
        self.shared = shared
        self.left = {offer.id: offer.capacity_minutes for offer in ground.problem.offers}
        for commitment in ground.problem.commitments:
            if commitment.offer in self.left:
                self.left[commitment.offer] = max(0, self.left[commitment.offer] - commitment.minutes)

    def quotas(self) -> dict[str, int]:
        """Say how many needs each offer takes that cost it minutes.

        Raises
        ------
        StrategyError
            At some offer it depends on which needs they are.
        """
        asked: dict[str, list[Minutes]] = {}
        for singles in self.of.values():
            for single in singles:
                if single.minutes:
                    asked.setdefault(single.offer, []).append(single.minutes)
        found = {}
        for offer, minutes in sorted(asked.items()):
            minutes.sort()
            room = self.left[offer]
            quota = _how_many(minutes, room)
            if _how_many(minutes[::-1], room) != quota:
                raise StrategyError(f"offer {offer}: how many needs it takes depends on which; their minutes differ")
            found[offer] = quota
        return found

    def placements(self, chosen: dict[str, str]) -> tuple[Placement, ...]:
        """Place each need with its offer: alone, or, where nothing has a time and company is free, in one pool."""
        if self.ground.timed:
            return tuple(self._timed(need, offer) for need, offer in sorted(chosen.items()))
        by_offer: dict[str, list[str]] = {}
        for need, offer in sorted(chosen.items()):
            by_offer.setdefault(offer, []).append(need)
        return tuple(
            Placement(needs=members, offers=(offer,))
            for offer, needs in sorted(by_offer.items())
            for members in self._pools(self.ground.offers[offer], needs)
        )

    def _timed(self, need: str, offer: str) -> Placement:
        ground = self.ground
        kind = ground.kind(ground.needs[need], (offer,))
        server = Server((offer,), (0,), runs(ground.offers[offer].slots.bits, kind.half_hours))
        starts = next(Servers(ground).patterns_of(server, ground.needs[need]))
        return Placement(needs=(need,), offers=(offer,), starts=WeekSlots(starts))

    def _pools(self, offer: Offer, needs: list[str]) -> Iterable[list[str]]:
        """Split the needs of one offer into the fewest pools that nobody finds too large."""
        most = 1 if offer.id in self.shared else len(needs) if offer.group_max is None else offer.group_max
        limits = {need: self.ground.needs[need].group_max or len(needs) for need in needs}
        queue = sorted(needs, key=lambda need: (limits[need], need))
        while queue:
            size = min(most, limits[queue[0]])
            yield queue[:size]
            queue = queue[size:]


def _how_many(minutes: list[Minutes], room: Minutes) -> int:
    """Count how many fit, in the order given."""
    for place, one in enumerate(minutes):
        room -= one
        if room < 0:
            return place
    return len(minutes)


def singles_of(ground: Ground, strategy: str) -> Singles:
    """Find what each need would pay alone at each offer.

    Parameters
    ----------
    strategy
        Who asks, for the message.

    Raises
    ------
    StrategyError
        A need with steps; a beneficiary with two needs or with commitments; an
        offer with few sessions at once; a budget that may run out.
    """
    problem = ground.problem
    for need in problem.needs:
        if need.steps:
            raise StrategyError(f"{strategy} serves needs one by one; need {need.id} is a chain")
    if ground.timed:
        _refuse_two_places(ground, strategy)
    of: dict[str, tuple[Single, ...]] = {}
    purses: dict[tuple[str, str], list[Cents]] = {}
    for need in problem.needs:
        drawn: Counter[str] = Counter()
        of[need.id] = tuple(_singles(ground, need, drawn))
        for budget, most in drawn.items():
            purses.setdefault((budget, payer(need)), []).append(most)
    _refuse_scarce_money(ground, strategy, purses)
    used = {single.offer for singles in of.values() for single in singles}
    for offer in sorted(used):
        if ground.timed and ground.offers[offer].capacity_per_slot is not None:
            raise StrategyError(f"{strategy} counts minutes; offer {offer} also counts sessions at once")
    return Singles(ground, of, _shared(ground))


def _refuse_two_places(ground: Ground, strategy: str) -> None:
    people = Counter(need.beneficiary for need in ground.problem.needs if ground.ways[need.id])
    busy = {person for commitment in ground.problem.commitments for person in commitment.beneficiaries}
    for need in ground.problem.needs:
        person = need.beneficiary
        if person and ground.ways[need.id] and (people[person] > 1 or person in busy):
            raise StrategyError(f"{strategy} looks at one need at a time; {person} has more than need {need.id}")


def _refuse_scarce_money(ground: Ground, strategy: str, purses: dict[tuple[str, str], list[Cents]]) -> None:
    """Refuse budgets of which one need may take what another then misses."""
    wanted: Counter[str] = Counter()
    for (name, _), most in purses.items():
        wanted[name] += sum(most)
    for budget in ground.problem.budgets:
        held = {one.household: one.cents for one in budget.drawn}
        short = wanted[budget.id] > budget.cap_cents
        if budget.household_cap_cents is not None:
            short = short or any(
                sum(most) > max(0, budget.household_cap_cents - held.get(household, 0))
                for (name, household), most in purses.items()
                if name == budget.id and len(most) > 1
            )
        if short:
            raise StrategyError(f"{strategy} takes public money as given; budget {budget.id} may run out")


def _singles(ground: Ground, need: Need, drawn: Counter[str]) -> Iterable[Single]:
    """List the offers that serve a need alone, and note the most that it may draw from each budget."""
    budgets = {need.id: ground.budgets[need.id]}
    for name, way in sorted(ground.ways[need.id].items()):
        offer = ground.offers[name]
        if offer.group_min > 1:
            continue
        share = head_cents(offer, 1, need.minutes, way.price_cents) + offer.opening_cents
        public = 0
        if budgets[need.id]:
            purse = Purse(budgets)
            if purse.draw(need, share, due_cents(need, share)):
                continue
            grant_rest(purse, [(need, share)])
            granted = purse.grants[need.id]
            public = sum(granted.values())
            for budget, cents in granted.items():
                drawn[budget] = max(drawn[budget], cents)
        elif due_cents(need, share):
            continue
        yield Single(name, way.minutes, share - public, public)


def _shared(ground: Ground) -> frozenset[str]:
    """Offers at which two or more needs would pay something else than each alone, or at which they must be more."""
    company: Counter[str] = Counter()
    for need in ground.problem.needs:
        if need.group_max != 1:
            company.update(ground.ways[need.id].keys())
    found = set()
    for name in company:
        offer = ground.offers[name]
        most = company[offer.id] if offer.group_max is None else min(offer.group_max, company[offer.id])
        priced = offer.opening_cents or any(1 < tier.people_from <= most for tier in offer.tiers)
        if offer.group_min > 1 or (most > 1 and priced):
            found.add(offer.id)
    return frozenset(found)
