"""What a pool costs, who pays it, and what public money adds.

Shares are exact to the cent. Grants depend on who is matched at which share
and on nothing else, so that anybody can work them out again.
"""

from collections.abc import Iterable, Mapping

from wis_engine.matching.problem import PERCENT, Budget, Need, Offer, Problem
from wis_engine.values import Cents, Minutes, PriceTier

Grants = dict[str, dict[str, Cents]]


def reached_tier(offer: Offer, people: int, minutes: Minutes) -> PriceTier | None:
    """Find the highest tier whose two thresholds a group and a quantity reach."""
    for tier in reversed(offer.tiers):
        if tier.people_from <= people and (
            tier.units_from * offer.unit_minutes <= minutes if offer.unit_minutes else tier.units_from <= 1
        ):
            return tier
    return None


def tier_cents(offer: Offer, tier: PriceTier, minutes: Minutes) -> Cents:
    """Price per head of a tier for a quantity, rounded up to the cent."""
    return -(-tier.price_cents * minutes // offer.unit_minutes) if offer.unit_minutes else tier.price_cents


def head_cents(offer: Offer, people: int, minutes: Minutes, alone_cents: Cents) -> Cents:
    """Price per head in a group; `alone_cents` where no tier is reached."""
    tier = reached_tier(offer, people, minutes) if offer.tiers else None
    return alone_cents if tier is None else tier_cents(offer, tier, minutes)


def alone_cents(offer: Offer, minutes: Minutes) -> Cents:
    """Price of one person without the opening: the tier at one, else the tier of the fewest people."""
    if not offer.tiers:
        return 0
    tier = reached_tier(offer, 1, minutes) or min(offer.tiers)
    return tier_cents(offer, tier, minutes)


def least_head_cents(offer: Offer, minutes: Minutes, alone: Cents, people_max: int | None) -> Cents:
    """Lowest price per head, without the opening, over every size a pool may have."""
    most = min((size for size in (offer.group_max, people_max) if size is not None), default=None)
    sizes = {offer.group_min} | {
        tier.people_from
        for tier in offer.tiers
        if tier.people_from > offer.group_min and (most is None or tier.people_from <= most)
    }
    return min(head_cents(offer, size, minutes, alone) for size in sizes)


def budgets_for(problem: Problem, need: Need) -> tuple[Budget, ...]:
    """Budgets that may pay for the service of a need, the narrowest first."""
    suited = (budget for budget in problem.budgets if not budget.services or need.service in budget.services)
    return tuple(sorted(suited, key=lambda budget: (not budget.services, len(budget.services), budget.id)))


def payer(need: Need) -> str:
    """Name who has one ceiling: the household; a need without one stands for itself, by a name that no id can be."""
    return need.household or f"need {need.id}"


def most_granted_cents(budgets: Iterable[Budget], share_cents: Cents) -> Cents:
    """The most these budgets could pay of one share if nobody else drew on them."""
    granted = 0
    for budget in budgets:
        granted += min(_ceiling(budget, share_cents), budget.cap_cents, share_cents - granted)
    return granted


def least_household_cents(budgets: Iterable[Budget], share_cents: Cents) -> Cents:
    """Say what a household pays at least of a share; never falls when the share rises.

    A lower bound: the budgets' parts are added before they are rounded.
    """
    listed = tuple(budgets)
    percent = min(PERCENT, sum(budget.share_percent for budget in listed))
    caps = sum(
        budget.cap_cents if budget.household_cap_cents is None else min(budget.cap_cents, budget.household_cap_cents)
        for budget in listed
    )
    return max(share_cents - share_cents * percent // PERCENT, share_cents - caps, 0)


def _ceiling(budget: Budget, share_cents: Cents) -> Cents:
    most = share_cents * budget.share_percent // PERCENT
    return most if budget.household_cap_cents is None else min(most, budget.household_cap_cents)


class Purse:
    """What is left in each budget, and what each household has had of it."""

    def __init__(self, budgets: Mapping[str, tuple[Budget, ...]]) -> None:
        self._budgets = budgets
        self._spent: dict[str, Cents] = {}
        # By id: a budget is slow to hash, and most needs name the same.
        every = {budget.id: budget for listed in budgets.values() for budget in listed}
        self._drawn = {(budget.id, one.household): one.cents for budget in every.values() for one in budget.drawn}
        self.grants: Grants = {}

    def draw(self, need: Need, share_cents: Cents, wanted_cents: Cents) -> Cents:
        """Grant up to `wanted_cents` towards a share, budgets in order; return what is missing."""
        had = self.grants.setdefault(need.id, {})
        household = payer(need)
        for budget in self._budgets[need.id]:
            if not wanted_cents:
                break
            left = budget.cap_cents - self._spent.get(budget.id, 0)
            ceiling = share_cents * budget.share_percent // PERCENT - had.get(budget.id, 0)
            amount = min(wanted_cents, left, ceiling)
            if budget.household_cap_cents is not None:
                amount = min(amount, budget.household_cap_cents - self._drawn.get((budget.id, household), 0))
            if amount > 0:
                had[budget.id] = had.get(budget.id, 0) + amount
                self._spent[budget.id] = self._spent.get(budget.id, 0) + amount
                self._drawn[budget.id, household] = self._drawn.get((budget.id, household), 0) + amount
                wanted_cents -= amount
        return wanted_cents


def due_cents(need: Need, share_cents: Cents) -> Cents:
    """What public money must pay before the household comes down to its limit."""
    return 0 if need.price_limit_cents is None else max(0, share_cents - need.price_limit_cents)


def missing_for_limits(purse: Purse, shares: Iterable[tuple[Need, Cents]]) -> str:
    """Draw what brings each household down to its limit; name the first need for which it is not there.

    `shares` come in the order of grants: priority falling, then id. An empty
    answer is «enough for all».
    """
    for need, share in shares:
        if purse.draw(need, share, due_cents(need, share)):
            return need.id
    return ""


def grant_rest(purse: Purse, shares: Iterable[tuple[Need, Cents]]) -> None:
    """Draw, after the limits, what the budgets may still pay of each share."""
    for need, share in shares:
        purse.draw(need, share, share - sum(purse.grants.get(need.id, {}).values()))
