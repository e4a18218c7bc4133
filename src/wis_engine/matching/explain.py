"""Why: what a served need got, and what stood in the way of the others."""

from typing import Final

from attrs import field, frozen

from wis_engine.matching.rules import Unserved
from wis_engine.shapes import checked_id, natural
from wis_engine.values import Cents, PriceTier


@frozen(kw_only=True)
class Fallen:
    """How many offers fell at one filter."""

    stage: Unserved
    offers: int = field(validator=natural)


@frozen(kw_only=True)
class Explanation:
    """What became of one need, as data and, by `str()`, as a sentence.

    Attributes
    ----------
    reasons
        Of a need that is not served, one of four things:

        - the filter that the offers came to that came farthest, where no offer
          passes all of them (`fallen` then counts where each fell), or `chain`
          where offers pass for every step and none join;
        - the fewest of `capacity`, `budget`, `group` and `overlap` that must be
          lifted together for it to find a place, all other pools as they are;
          of several sets of one size the first in this order, so that it is a
          remedy and need not be the only one;
        - `price` without `fallen`, where it finds none though all are lifted:
          no group brings its place down to its limit;
        - `strategy`, where nothing need be lifted.
    fallen
        How many offers fell at each filter, those at which none fell left out;
        for a need with steps, those of its first step that no offer can serve.
    short_by
        With the reason `group`, and only then: how many more alike needs would
        make a pool, 1 or more.
    """

    need: str = field(validator=checked_id)
    served: bool
    reasons: tuple[Unserved, ...] = ()
    fallen: tuple[Fallen, ...] = ()
    short_by: int = 0
    pool: str = ""
    offers: tuple[str, ...] = ()
    people: int = 0
    share_cents: Cents = 0
    household_cents: Cents = 0
    saving_cents: Cents = 0
    grants_cents: Cents = 0
    tiers: tuple[PriceTier, ...] = ()

    def __str__(self) -> str:
        """One plain sentence, without anything personal."""
        return self._served() if self.served else self._unserved()

    def _served(self) -> str:
        company = "alone" if self.people == 1 else f"with {self.people - 1} more"
        saving = f", {euro(self.saving_cents)} less than alone" if self.saving_cents > 0 else ""
        grants = f", of which public money pays {euro(self.grants_cents)}" if self.grants_cents else ""
        return (
            f"Need {self.need} is served {company} by {' then '.join(self.offers)}: "
            f"its place costs {euro(self.share_cents)}{saving}{grants}."
        )

    def _unserved(self) -> str:
        if self.fallen or Unserved.SERVICE in self.reasons:
            counts = ", ".join(f"{one.offers} {_STAGE_WORDS[one.stage]}" for one in self.fallen)
            return f"Need {self.need} is not served: no offer passes the filters ({counts or 'there is no offer'})."
        words = " and ".join(self._because(reason) for reason in self.reasons)
        return f"Need {self.need} is not served: {words}."

    def _because(self, reason: Unserved) -> str:
        if reason is Unserved.GROUP and self.short_by:
            return f"a group is short by {self.short_by}"
        return _REASON_WORDS[reason]


_STAGE_WORDS: Final = {
    Unserved.SERVICE: "of another service",
    Unserved.PERIOD: "on other dates",
    Unserved.DISTANCE: "too far",
    Unserved.TIME: "at other times",
    Unserved.PRICE: "over its limit even with public money",
    Unserved.ELIGIBILITY: "for others",
    Unserved.CHAIN: "that join in no chain",
}
_REASON_WORDS: Final = {
    Unserved.CAPACITY: "the offers that could serve it are full",
    Unserved.BUDGET: "the budgets that could bring it down to its limit are spent",
    Unserved.GROUP: "a group is too small",
    Unserved.OVERLAP: "its beneficiary is elsewhere at those times",
    Unserved.PRICE: "its place stays over its limit in every group that could be",
    Unserved.STRATEGY: "it could be, but the strategy does not pool it",
}


def euro(cents: Cents) -> str:
    """Write an amount for people: «12.50 EUR»."""
    return f"{cents // 100}.{cents % 100:02d} EUR"
