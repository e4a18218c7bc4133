"""How large a firm is by the rules of the European Union: computed from its sheets, never declared.

Annex I of Regulation (EU) 651/2014: people in annual work units, and turnover
or balance sheet; the linked firms and the partner firms are added; a class is
won or lost when two years in a row say so.
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise
from typing import Final

import attrs
from attrs import field

from wis_engine.shapes import between, exactly, natural, tuple_of
from wis_engine.values import Cents


class FirmSize(StrEnum):
    """The classes, smallest first."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


_MILLION: Final = 100_000_000
_CEILINGS: Final = (
    (FirmSize.MICRO, 10, 2 * _MILLION, 2 * _MILLION),
    (FirmSize.SMALL, 50, 10 * _MILLION, 10 * _MILLION),
    (FirmSize.MEDIUM, 250, 50 * _MILLION, 43 * _MILLION),
)
"""Work units below this, and turnover or balance sheet up to that."""
_ORDER: Final = tuple(FirmSize)
_LINKED_PERCENT, _PARTNER_PERCENT = 50, 25


@attrs.frozen(kw_only=True, order=True)
class LinkedFirm:
    """A firm that holds this one, or is held by it: how much, and its own figures."""

    share_percent: int = field(validator=between(1, 100))
    awu_hundredths: int = field(validator=natural)
    turnover_cents: Cents = field(validator=natural)
    balance_cents: Cents = field(validator=natural)

    @property
    def part_percent(self) -> int:
        """How much of its figures is added: all when linked, its share when a partner, else nothing."""
        if self.share_percent > _LINKED_PERCENT:
            return 100
        return self.share_percent if self.share_percent >= _PARTNER_PERCENT else 0


@attrs.frozen(kw_only=True, order=True)
class Sheet:
    """What a firm is in one year."""

    year: int = field(validator=between(1970, 9997))
    awu_hundredths: int = field(validator=natural)
    turnover_cents: Cents = field(validator=natural)
    balance_cents: Cents = field(validator=natural)
    linked: tuple[LinkedFirm, ...] = field(default=(), validator=tuple_of(exactly(LinkedFirm)))

    @property
    def size(self) -> FirmSize:
        """The class that this year alone would give."""
        awu = self.awu_hundredths * 100 + sum(one.awu_hundredths * one.part_percent for one in self.linked)
        turnover = self.turnover_cents * 100 + sum(one.turnover_cents * one.part_percent for one in self.linked)
        balance = self.balance_cents * 100 + sum(one.balance_cents * one.part_percent for one in self.linked)
        for size, awu_max, turnover_max_cents, balance_max_cents in _CEILINGS:
            fits = turnover <= turnover_max_cents * 100 or balance <= balance_max_cents * 100
            if awu < awu_max * 100 * 100 and fits:
                return size
        return FirmSize.LARGE


def size_of(sheets: Iterable[Sheet]) -> FirmSize:
    """Class of a firm after its sheets, in order of their years: the first one's, until two years in a row differ."""
    yearly = [(sheet.year, _ORDER.index(sheet.size)) for sheet in sheets]
    place = yearly[0][1]
    for (year, before), (next_year, now) in pairwise(yearly):
        if next_year == year + 1:
            # The ceilings passed in both years are those of the class nearer to where it stood.
            place = max(place, min(before, now)) if now > place else min(place, max(before, now))
    return _ORDER[place]


def size_of_persons(persons: int | None) -> FirmSize | None:
    """Class of a firm of which no more is known than who works in it."""
    if persons is None:
        return None
    return next((size for size, awu_max, *_ in _CEILINGS if persons < awu_max), FirmSize.LARGE)
