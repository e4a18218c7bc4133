"""Blocking pairs of a plan, read from the plan and its problem alone.

Nothing here comes from the modules that make plans: prices, public money and
room are read again, so that the promise of `stable` can be doubted.
"""

from collections import Counter
from typing import Final

from attrs import frozen

from wis_engine.matching.plan import Plan
from wis_engine.matching.problem import Need, Offer, Problem
from wis_engine.matching.reading import Reading, reading_of
from wis_engine.matching.stable import Criterion, Stable
from wis_engine.territory import distance_m
from wis_engine.values import Cents, Minutes

_FAR: Final = 1 << 60
Rank = tuple[int, ...]


@frozen(kw_only=True)
class BlockingPair:
    """A need and an offer that would both rather have each other.

    Attributes
    ----------
    displaced
        Whom the offer would send away, the one it likes least first; nobody
        where it has room.
    """

    need: str
    offer: str
    displaced: tuple[str, ...] = ()


def blocking_pairs(problem: Problem, plan: Plan, strategy: Stable | None = None) -> tuple[BlockingPair, ...]:
    """List the pairs of need and offer that would rather have each other than what a plan gives them.

    A pair blocks when the need, alone with that offer and with the public
    money that it may draw, prefers it to what it has (or has nothing), and the
    offer has the minutes left, or would have them by sending away needs that it
    likes less. Any plan can be asked, whatever made it; groups, sessions at
    once and what budgets have left do not count here, and chains are left out.

    Parameters
    ----------
    strategy
        Whose order of preferences counts.

    Returns
    -------
    By need, then offer.
    """
    market = _Market(problem, plan, (strategy or Stable()).by)
    found = (market.pair(need, offer) for need in problem.needs if not need.steps for offer in market.offers_of(need))
    return tuple(pair for pair in found if pair is not None)


class _Market:
    def __init__(self, problem: Problem, plan: Plan, by: tuple[Criterion, ...]) -> None:
        self.reading: Reading = reading_of(problem)
        self.by = by
        self.has: dict[str, tuple[str, Cents]] = {}
        self.left = Counter(self.reading.left)
        self.members: dict[str, list[tuple[Rank, Need, Minutes]]] = {}
        chains = {chain.id: chain for chain in plan.chains}
        for pool in plan.pools:
            offers = [step.offer for step in chains[pool.chain].steps] if pool.chain else [pool.offer or ""]
            for member in pool.members:
                need = self.reading.needs[member.need]
                self.has[need.id] = (offers[0], member.household_cents)
                for step, name in enumerate(offers):
                    offer = self.reading.offers[name]
                    minutes = self.reading.minutes_of(need, offer, step)
                    self.left[name] -= minutes
                    self.members.setdefault(name, []).append((_rank(need, offer), need, minutes))
        for members in self.members.values():
            members.sort(key=lambda one: (one[0], one[1].id), reverse=True)

    def offers_of(self, need: Need) -> list[Offer]:
        """Offers that take one person alone and pass every filter for a need."""
        reading = self.reading
        return [
            offer
            for offer in reading.problem.offers
            if offer.group_min == 1
            and (offer.service == need.service or reading.problem.options is not None)
            and reading.pair_fault(need, offer) is None
            and reading.stage(need, offer) is None
        ]

    def pair(self, need: Need, offer: Offer) -> BlockingPair | None:
        """Say whether a need and an offer block."""
        reading = self.reading
        share = reading.head_price(need, offer, 1)[0] + offer.opening_cents
        household = _household_alone(reading, need, share)
        if household is None:
            return None
        mine = self.has.get(need.id)
        if mine is not None and (
            mine[0] == offer.id
            or self._liked(need, offer, household) >= self._liked(need, reading.offers[mine[0]], mine[1])
        ):
            return None
        missing, displaced = reading.minutes_of(need, offer) - self.left[offer.id], []
        for rank, member, minutes in self.members.get(offer.id, []):
            if missing <= 0 or (rank, member.id) < (_rank(need, offer), need.id):
                break
            if minutes:
                missing -= minutes
                displaced.append(member.id)
        return None if missing > 0 else BlockingPair(need=need.id, offer=offer.id, displaced=tuple(displaced))

    def _liked(self, need: Need, offer: Offer, household: Cents) -> tuple[tuple[int, ...], str]:
        seen = {
            Criterion.PRICE: household,
            Criterion.DISTANCE: _metres(need, offer),
            Criterion.QUALITY: -offer.quality_percent,
        }
        return tuple(seen[criterion] for criterion in self.by), offer.id


def _rank(need: Need, offer: Offer) -> Rank:
    """Place of a need in the list of an offer, the lower the better."""
    return -need.priority, _metres(need, offer)


def _metres(need: Need, offer: Offer) -> int:
    return _FAR if need.place is None or offer.place is None else distance_m(need.place, offer.place)


def _household_alone(reading: Reading, need: Need, share: Cents) -> Cents | None:
    """What a household pays of a share if nobody else draws on the budgets; None where that is over its limit."""
    granted: Counter[str] = Counter()
    for down_to in (share if need.price_limit_cents is None else need.price_limit_cents, 0):
        for budget in reading.payers_of(need):
            held = sum(one.cents for one in budget.drawn if need.household and one.household == need.household)
            ceiling = budget.cap_cents
            if budget.household_cap_cents is not None:
                ceiling = min(ceiling, max(0, budget.household_cap_cents - held))
            ceiling = min(ceiling, share * budget.share_percent // 100)
            granted[budget.id] += max(0, min(share - down_to - granted.total(), ceiling - granted[budget.id]))
    household = share - granted.total()
    return None if need.price_limit_cents is not None and household > need.price_limit_cents else household
