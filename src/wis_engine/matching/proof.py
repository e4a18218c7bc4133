"""Prices that prove a bound: what a certificate holds and a strategy may hand over.

The rules of a problem are split in two. A need asks for at most one place, and
households for no more public money than there is. An offer has so many minutes,
takes groups of some size and costs what it costs. Each place that an offer
could give a need has a price: the need's side buys places where it gains most,
the offer's side sells them where it earns most, and the two need not agree.
What both sides gain together is no less than what any plan is worth, whatever
the prices are: in a plan they do agree, and what one pays the other gets.

`Rate` tells how many cents a unit of covered minutes is worth on the levels of
cents: a plan that covers as much pays at least that much for it, less what
the two sides gain.
"""

from typing import Final

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.matching.collect import as_tuple
from wis_engine.shapes import checked_id, natural, positive, tuple_of
from wis_engine.values import Cents

SCALE: Final = 1_000
GRID_MAX: Final = 8


@frozen(kw_only=True)
class Rate:
    """Cents that so many units of level 1 are worth."""

    cents: Cents = field(default=0, validator=natural)
    units: int = field(default=1, validator=positive)


@frozen(kw_only=True)
class OfferPrice:
    """Prices of one minute of an offer, of which the one that proves most counts.

    Parameters
    ----------
    rooms
        The price is for a half-hour of a person in a room of an offer whose
        sessions at once and size of a group are limited, instead of a minute.
    """

    offer: str = field(validator=checked_id)
    prices: tuple[int, ...] = field(converter=as_tuple, validator=tuple_of(natural))
    rooms: bool = False

    def __attrs_post_init__(self) -> None:
        """Refuse no price and too many."""
        if not 0 < len(self.prices) <= GRID_MAX:
            raise Malformed(f"offer {self.offer}: from one to {GRID_MAX} prices")


@frozen(kw_only=True)
class NeedPrices:
    """What one need pays for its place: one price for each offer that passes the filters.

    In the order of the ids of the offers; for a need with steps, those of its
    first step come first.
    """

    need: str = field(validator=checked_id)
    prices: tuple[int, ...] = field(converter=as_tuple, validator=tuple_of(natural))


@frozen(kw_only=True)
class BudgetPrice:
    """Price of one cent of a budget."""

    budget: str = field(validator=checked_id)
    price: int = field(validator=natural)


@frozen(kw_only=True)
class Proof:
    """Prices that prove the bound of one level. Any prices of 0 or more prove one.

    Prices are in thousandths of a unit on the level of covered minutes, and in
    cents by `rate.units` on the others.

    Parameters
    ----------
    offers
        An offer that is not named has the price 0.
    needs
        A need that is not named pays each offer what its minutes and its place
        cost there at least.
    budgets
        A budget that is not named has the price 0. They count on the level of
        covered minutes.
    spent_percent
        On the level of what households pay: which part of the bound takes all
        budgets as spent; the other part counts for each need what they may pay
        of it.
    """

    rate: Rate = Rate()
    offers: tuple[OfferPrice, ...] = field(default=(), converter=as_tuple)
    needs: tuple[NeedPrices, ...] = field(default=(), converter=as_tuple)
    budgets: tuple[BudgetPrice, ...] = field(default=(), converter=as_tuple)
    spent_percent: int = field(default=0, validator=natural)

    def __attrs_post_init__(self) -> None:
        """Refuse the same thing priced twice."""
        for things in (
            [one.offer for one in self.offers],
            [one.need for one in self.needs],
            [one.budget for one in self.budgets],
        ):
            if len(set(things)) != len(things):
                raise Malformed("a proof prices one thing twice")
