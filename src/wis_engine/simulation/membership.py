"""Who might take part, as a scenario tells it: firms, people, households, how membership spreads."""

from typing import Final

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.shapes import between, exactly, matching, natural, positive, tuple_of
from wis_engine.simulation.shares import per_million, percent
from wis_engine.territory import NILS
from wis_engine.values import (
    AgeBand,
)

PERSONS_MAX: Final = 49
"""A small firm has fewer than 50 persons."""


@frozen(kw_only=True)
class Sector:
    """A class of activity (ATECO 2025) and how many of the firms are in it, as a weight."""

    ateco: str = field(validator=matching(r"[0-9]{2}(\.[0-9]{1,2}){0,2}"))
    weight: int = field(validator=positive)


@frozen(kw_only=True)
class Firms:
    """The firms that might take part, and how many do at the start.

    Sizes follow a discrete Pareto law: a firm has at least s persons as often
    as s to the power of minus `size_exponent_hundredths` / 100, between
    `persons_min` and `persons_max`. `zones` are the NIL of their seats, each as
    likely as it is often named.
    """

    count: int = field(validator=positive)
    members_at_start: int = field(validator=natural)
    size_exponent_hundredths: int = field(default=133, validator=between(1, 1_000))
    persons_min: int = field(default=3, validator=between(1, PERSONS_MAX))
    persons_max: int = field(default=PERSONS_MAX, validator=between(1, PERSONS_MAX))
    sectors: tuple[Sector, ...] = field(validator=tuple_of(exactly(Sector)))
    zones: tuple[int, ...] = field(validator=tuple_of(between(1, NILS)))

    def __attrs_post_init__(self) -> None:
        """Refuse more members than firms, sizes that cannot be, and firms without sector or zone."""
        if self.members_at_start > self.count:
            raise Malformed("Firms.members_at_start: more than there are firms")
        if self.persons_min > self.persons_max:
            raise Malformed("Firms.persons_min: above persons_max")
        if not self.sectors or not self.zones:
            raise Malformed("Firms: no sector, or no zone")


@frozen(kw_only=True)
class HouseholdKind:
    """A kind of household of somebody who enrols: who lives in it, the holder first, and its weight.

    A parent who is cared for elsewhere counts as a member, as in the pilot.
    """

    weight: int = field(validator=positive)
    members: tuple[AgeBand, ...] = field(validator=tuple_of(exactly(AgeBand)))

    def __attrs_post_init__(self) -> None:
        """Refuse a household that does not begin with somebody of working age."""
        if not self.members or self.members[0] is not AgeBand.ADULT_18_64:
            raise Malformed("HouseholdKind.members: the first is the holder, an adult")


@frozen(kw_only=True)
class People:
    """The people of a firm: how many enrol, and the households they live in.

    Of a hundred, `take_up_percent` enrol, `women_percent` are women,
    `near_percent` live in the zone where they work; the others anywhere in
    the zones of the firms.
    """

    take_up_percent: int = field(validator=percent)
    women_percent: int = field(default=45, validator=percent)
    near_percent: int = field(default=30, validator=percent)
    households: tuple[HouseholdKind, ...] = field(validator=tuple_of(exactly(HouseholdKind)))

    def __attrs_post_init__(self) -> None:
        """Refuse people who live nowhere."""
        if not self.households:
            raise Malformed("People.households: none")


@frozen(kw_only=True)
class Growth:
    """How membership spreads by word of mouth, and how it is lost.

    A firm outside joins in a year with chance `alone_ppm` + `heard_ppm` x the
    share of its neighbours that are in (per million). Firms of one zone and
    sector stand on a ring, each tied to `neighbours` others; `rewired_percent`
    of the ties go anywhere. Of a hundred members, `leaving_percent` leave in a
    year.
    """

    alone_ppm: int = field(validator=per_million)
    heard_ppm: int = field(validator=per_million)
    neighbours: int = field(default=8, validator=between(2, 1_000))
    rewired_percent: int = field(default=10, validator=percent)
    leaving_percent: int = field(default=0, validator=percent)
