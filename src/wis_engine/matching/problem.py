"""What there is to match: needs, offers, money, and what is already promised.

A `Problem` is frozen, sorted by id and made of integers, so that the same
problem given in any order has the same digest and every strategy reads it in
the same order. It knows no log and no entities.

Two kinds of problem share the model. Without `options` the ways to serve a
need are found by service, period, distance, time, price and eligibility. With
`options` each pair of need and offer has its own minutes and price, nothing is
filtered and nothing has a time.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final, Self

import attrs
from attrs import field, frozen
from attrs import validators as v

from wis_engine.errors import Malformed
from wis_engine.matching.collect import as_frozenset, as_sorted, as_tuple
from wis_engine.plain import canonical, from_plain, to_plain
from wis_engine.shapes import (
    INTEGER_BITS,
    between,
    checked_id,
    exactly,
    frozenset_of,
    is_id,
    natural,
    positive,
    tuple_of,
)
from wis_engine.values import (
    AgeBand,
    Cents,
    Channel,
    Metres,
    Minutes,
    Occurrence,
    Period,
    Point,
    PriceTier,
    WeekSlots,
    require_distinct,
    slots_for,
)

PRIORITIES: Final = 4
PERCENT: Final = 100
STEPS_MAX: Final = 3
TOTAL_MAX: Final = (1 << INTEGER_BITS) // 1_000
"""Largest sum of values or of prices; a proof counts in thousandths."""
ANY_WEEK: Final = Period(dt.date(1, 1, 1), dt.date(1, 1, 8))
"""The dates of what has none: it meets any period, and alone it is one week."""


def _id_or_empty(instance: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if value != "" and not is_id(value):
        raise Malformed(f"{type(instance).__name__}.{attribute.name}: neither an id nor empty")


def _tiers(given: Iterable[PriceTier]) -> tuple[PriceTier, ...]:
    return as_sorted(given, PriceTier, lambda tier: tier)


def _dated(given: Iterable[Occurrence]) -> tuple[Occurrence, ...]:
    return as_sorted(given, Occurrence, lambda occurrence: occurrence)


@frozen(kw_only=True)
class Step:
    """One service of a composite need, with its hand-over from the step before.

    Parameters
    ----------
    minutes
        Of one session of this step.
    gap_max_minutes
        Longest wait after the half-hour in which the step before ends.
    distance_max_m
        Longest way from the place of the offer before; None is any.
    """

    service: str = field(validator=checked_id)
    minutes: Minutes = field(validator=positive)
    gap_max_minutes: Minutes = field(default=30, validator=natural)
    distance_max_m: Metres | None = field(default=None, validator=v.optional(natural))


@frozen(kw_only=True)
class Need:
    """One service wanted: how much, when, where, up to what price, with whom.

    Parameters
    ----------
    minutes
        Total in the period.
    beneficiary
        Who must not be in two places; empty is not known.
    sessions
        How many in the period; a session lasts `session_minutes`.
    slots
        Half-hours of the week in which a session may lie.
    period
        Dates; None is any dates, those of its offer or, where that has none
        either, one week without dates.
    radius_m
        How far the beneficiary travels; None is any distance.
    price_limit_cents
        The most the household pays for the whole need, after public money.
    priority
        0 to 3, the higher first.
    group_max
        The largest group that is wanted; 1 is alone, None is any.
    channel
        Only offers of this channel; None is any.
    steps
        Two or three services in order: the need is a chain.
    """

    id: str = field(validator=checked_id)
    minutes: Minutes = field(validator=positive)
    household: str = field(default="", validator=_id_or_empty)
    firm: str = field(default="", validator=_id_or_empty)
    beneficiary: str = field(default="", validator=_id_or_empty)
    service: str = field(default="", validator=_id_or_empty)
    sessions: int = field(default=1, validator=positive)
    slots: WeekSlots = field(default=WeekSlots.ALWAYS, validator=exactly(WeekSlots))
    period: Period | None = field(default=None, validator=v.optional(exactly(Period)))
    place: Point | None = field(default=None, validator=v.optional(exactly(Point)))
    zone: int | None = field(default=None, validator=v.optional(natural))
    radius_m: Metres | None = field(default=None, validator=v.optional(natural))
    price_limit_cents: Cents | None = field(default=None, validator=v.optional(natural))
    priority: int = field(default=0, validator=natural)
    group_max: int | None = field(default=None, validator=v.optional(positive))
    age_band: AgeBand | None = field(default=None, validator=v.optional(exactly(AgeBand)))
    language: str | None = field(default=None, validator=v.optional(checked_id))
    channel: Channel | None = field(default=None, validator=v.optional(exactly(Channel)))
    steps: tuple[Step, ...] = field(default=(), converter=as_tuple, validator=tuple_of(exactly(Step)))

    def __attrs_post_init__(self) -> None:
        """Refuse a priority out of range and a chain of one step or of too many."""
        if self.priority >= PRIORITIES:
            raise Malformed(f"need {self.id}: priority goes from 0 to {PRIORITIES - 1}")
        if self.steps and not 1 < len(self.steps) <= STEPS_MAX:
            raise Malformed(f"need {self.id}: a chain has two or three steps")

    @property
    def session_minutes(self) -> Minutes:
        """Minutes of one session: of its steps together, or an equal part rounded up."""
        return sum(step.minutes for step in self.steps) or -(-self.minutes // self.sessions)


@frozen(kw_only=True)
class Offer:
    """What a supplier delivers: when, where, how much of it and at what price.

    Parameters
    ----------
    capacity_minutes
        Total in the period, counted by person served.
    period
        Dates; None is any dates.
    radius_m
        How far from `place` the supplier serves; None is any distance.
    mobile
        The supplier comes to the place of one member of the pool.
    zones
        Only needs of these zones; empty is all.
    capacity_per_slot
        Sessions that may run at once; None is any number.
    tiers
        Price per head by size of the group and quantity.
    unit_minutes
        What a tier's price is for; 0 is the whole need.
    opening_cents
        Paid once by each pool.
    group_min, group_max
        Size of a pool; no `group_max` is no limit.
    age_bands
        Only these; a need whose age band is not known is then left out.
    languages
        Spoken ones; empty is not stated, and stops nobody.
    """

    id: str = field(validator=checked_id)
    capacity_minutes: Minutes = field(validator=natural)
    supplier: str = field(default="", validator=_id_or_empty)
    service: str = field(default="", validator=_id_or_empty)
    slots: WeekSlots = field(default=WeekSlots.ALWAYS, validator=exactly(WeekSlots))
    period: Period | None = field(default=None, validator=v.optional(exactly(Period)))
    place: Point | None = field(default=None, validator=v.optional(exactly(Point)))
    radius_m: Metres | None = field(default=None, validator=v.optional(natural))
    mobile: bool = field(default=False, validator=exactly(bool))
    zones: frozenset[int] = field(default=frozenset(), converter=as_frozenset, validator=frozenset_of(natural))
    capacity_per_slot: int | None = field(default=None, validator=v.optional(positive))
    tiers: tuple[PriceTier, ...] = field(default=(), converter=_tiers)
    unit_minutes: Minutes = field(default=0, validator=natural)
    opening_cents: Cents = field(default=0, validator=natural)
    group_min: int = field(default=1, validator=positive)
    group_max: int | None = field(default=None, validator=v.optional(positive))
    quality_percent: int = field(default=0, validator=between(0, PERCENT))
    channel: Channel | None = field(default=None, validator=v.optional(exactly(Channel)))
    age_bands: frozenset[AgeBand] = field(
        default=frozenset(), converter=as_frozenset, validator=frozenset_of(exactly(AgeBand))
    )
    languages: frozenset[str] = field(default=frozenset(), converter=as_frozenset, validator=frozenset_of(checked_id))

    def __attrs_post_init__(self) -> None:
        """Refuse a group that cannot be and two tiers with the same thresholds."""
        if self.group_max is not None and self.group_max < self.group_min:
            raise Malformed(f"offer {self.id}: group_max below group_min")
        require_distinct(((tier.people_from, tier.units_from) for tier in self.tiers), f"offer {self.id}: tiers")


@frozen(kw_only=True)
class Option:
    """One way to serve one need, given and not found: its use of capacity and its price alone."""

    need: str = field(validator=checked_id)
    offer: str = field(validator=checked_id)
    minutes: Minutes = field(validator=natural)
    price_cents: Cents = field(validator=natural)


@frozen(kw_only=True, order=True)
class Drawn:
    """What a household already holds of a budget, before this match."""

    household: str = field(validator=checked_id)
    cents: Cents = field(validator=natural)


def _drawn(given: Iterable[Drawn]) -> tuple[Drawn, ...]:
    return as_sorted(given, Drawn, lambda drawn: drawn)


@frozen(kw_only=True)
class Budget:
    """Public or firm money: how much, for which services, up to which part of a price.

    What may pay for little is drawn on first, so that what may pay for much is
    left for others: the budget with the fewest services before the others, one
    for any service last, ties by id.

    Parameters
    ----------
    services
        What it may pay for; empty is anything.
    share_percent
        The most it pays of what one need costs.
    household_cap_cents
        The most one household draws from it; None is no ceiling.
    drawn
        What households hold of it already; it counts towards that ceiling.
    """

    id: str = field(validator=checked_id)
    cap_cents: Cents = field(validator=natural)
    services: frozenset[str] = field(default=frozenset(), converter=as_frozenset, validator=frozenset_of(checked_id))
    share_percent: int = field(default=100, validator=between(0, PERCENT))
    household_cap_cents: Cents | None = field(default=None, validator=v.optional(natural))
    drawn: tuple[Drawn, ...] = field(default=(), converter=_drawn)

    def __attrs_post_init__(self) -> None:
        """Refuse one household twice."""
        require_distinct((drawn.household for drawn in self.drawn), f"budget {self.id}: drawn")


@frozen(kw_only=True)
class Commitment:
    """What is already promised: it takes capacity, sessions at once and people's time.

    Its offer need not be among the offers of the problem: what was promised is
    kept when an offer is withdrawn.
    """

    offer: str = field(validator=checked_id)
    minutes: Minutes = field(validator=natural)
    occurrences: tuple[Occurrence, ...] = field(default=(), converter=_dated)
    beneficiaries: frozenset[str] = field(
        default=frozenset(), converter=as_frozenset, validator=frozenset_of(checked_id)
    )


def _needs(given: Iterable[Need]) -> tuple[Need, ...]:
    return as_sorted(given, Need, lambda need: need.id)


def _offers(given: Iterable[Offer]) -> tuple[Offer, ...]:
    return as_sorted(given, Offer, lambda offer: offer.id)


def _options(given: Iterable[Option] | None) -> tuple[Option, ...] | None:
    return None if given is None else as_sorted(given, Option, lambda option: (option.need, option.offer))


def _budgets(given: Iterable[Budget]) -> tuple[Budget, ...]:
    return as_sorted(given, Budget, lambda budget: budget.id)


def _commitments(given: Iterable[Commitment]) -> tuple[Commitment, ...]:
    return as_sorted(
        given, Commitment, lambda one: (one.offer, one.minutes, one.occurrences, sorted(one.beneficiaries))
    )


@frozen(kw_only=True, eq=False)
class Problem:
    """Everything a strategy may look at, in one frozen picture.

    Parameters
    ----------
    options
        The ways to serve; None finds them. An empty collection is «none».
    closed_days
        Dates on which no session takes place.
    priority_weights
        What a covered minute counts in each priority class, from 0 to 3.

    Raises
    ------
    Malformed
        The same id twice, an option that names an unknown id, a composite
        need among explicit options, weights that are not four; minutes times
        their weights, or prices at their dearest, that together pass
        `TOTAL_MAX`, beyond which sums would not fit in 63 bits.

    Notes
    -----
    Two problems are equal when their digests are.
    """

    needs: tuple[Need, ...] = field(converter=_needs)
    offers: tuple[Offer, ...] = field(converter=_offers)
    options: tuple[Option, ...] | None = field(default=None, converter=_options)
    budgets: tuple[Budget, ...] = field(default=(), converter=_budgets)
    commitments: tuple[Commitment, ...] = field(default=(), converter=_commitments)
    closed_days: frozenset[dt.date] = field(
        default=frozenset(), converter=as_frozenset, validator=frozenset_of(exactly(dt.date))
    )
    priority_weights: tuple[int, ...] = field(default=(1, 2, 4, 8), converter=as_tuple)

    def __attrs_post_init__(self) -> None:
        """Refuse what does not hang together."""
        require_distinct((need.id for need in self.needs), "needs")
        require_distinct((offer.id for offer in self.offers), "offers")
        require_distinct((budget.id for budget in self.budgets), "budgets")
        weights = self.priority_weights
        if len(weights) != PRIORITIES or not all(type(weight) is int and weight > 0 for weight in weights):
            raise Malformed(f"priority_weights: {PRIORITIES} whole numbers of 1 or more")
        self._check_totals()
        if self.options is None:
            return
        require_distinct(((option.need, option.offer) for option in self.options), "options")
        needs, offers = {need.id for need in self.needs}, {offer.id for offer in self.offers}
        for option in self.options:
            if option.need not in needs or option.offer not in offers:
                raise Malformed(f"options: {option.need} with {option.offer} names an unknown id")
        if any(need.steps for need in self.needs):
            raise Malformed("options: a need with steps finds its chains; explicit options serve plain needs")

    def _check_totals(self) -> None:
        """Refuse quantities whose sums could pass 63 bits, in a plan or in its proof."""
        if sum(map(self.value, self.needs)) > TOTAL_MAX:
            raise Malformed(f"needs: minutes times their weights are more than {TOTAL_MAX} together")
        minutes = [max(need.minutes, sum(step.minutes for step in need.steps) * need.sessions) for need in self.needs]
        by_minute = max((_price_a_minute(offer) for offer in self.offers if offer.unit_minutes), default=0)
        flat = max((_dearest(offer) for offer in self.offers if not offer.unit_minutes), default=0)
        flat = max([flat, *(option.price_cents for option in self.options or ())])
        opening = max((offer.opening_cents for offer in self.offers), default=0)
        places = sum(max(1, len(need.steps)) for need in self.needs)
        if places * (flat + opening + 1) + sum(minutes) * by_minute > TOTAL_MAX:
            raise Malformed(f"offers: at the dearest, all needs together would cost more than {TOTAL_MAX} cents")

    def __eq__(self, other: object) -> bool:
        """Compare by digest."""
        return isinstance(other, Problem) and self.digest == other.digest

    def __hash__(self) -> int:
        """Hash by digest."""
        return hash(self.digest)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON: the identity of the problem."""
        return hashlib.sha256(canonical(self)).hexdigest()

    def value(self, need: Need) -> int:
        """Say what covering a need is worth: its minutes times the weight of its priority."""
        return self.priority_weights[need.priority] * need.minutes

    def to_dict(self) -> dict[str, Any]:
        """Turn into plain data for JSON."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """Read what `to_dict` gave; raise `Malformed` for anything else."""
        return from_plain(data, cls)

    @classmethod
    def from_csv(cls, needs: str, offers: str, budgets: str | None = None) -> "tuple[Problem, tuple[Diagnostic, ...]]":
        """Read a problem from the text of CSV tables; see `wis_engine.matching.tables`.

        Raises
        ------
        Malformed
            A table is no text; whatever stands in a text is never an error.
        """
        from wis_engine.matching.tables import read_problem  # noqa: PLC0415 - tables build on this module

        return read_problem(needs, offers, budgets)


def _dearest(offer: Offer) -> Cents:
    return max((tier.price_cents for tier in offer.tiers), default=0)


def _price_a_minute(offer: Offer) -> Cents:
    return -(-_dearest(offer) // offer.unit_minutes)


@frozen(kw_only=True)
class Diagnostic:
    """Why one row or one cell of a table was left out."""

    table: str
    row: int
    column: str
    what: str
    why: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.table} row {self.row}, {self.column or 'whole row'}: {self.what} ({self.why})"


def span_slots(steps: tuple[Step, ...], offsets: tuple[int, ...]) -> int:
    """Half-hours from the start of a chain to the end of its last step."""
    return offsets[-1] + slots_for(steps[-1].minutes)
