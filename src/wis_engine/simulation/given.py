"""What a scenario gives: suppliers with their prices, and rounds of public money."""

import datetime as dt

from attrs import field, frozen
from attrs import validators as v

from wis_engine.facts.needs import a_service
from wis_engine.shapes import between, checked_id, exactly, natural, positive, short_text, tuple_of
from wis_engine.simulation.shares import percent
from wis_engine.values import (
    ActionCode,
    AgeBand,
    Cents,
    Channel,
    Metres,
    Place,
    ServiceCode,
    WeekSlots,
    require_distinct,
)


@frozen(kw_only=True)
class SupplyKind:
    """One kind of supplier: what it offers, where, when, at what price alone, how much in the period.

    There is one for every `firms_each` firms of the scenario, at least one,
    each in a zone drawn from those of the firms. It makes a new offer every
    `Supply.offer_months`, of `capacity_hours` each. `price_cents` is for one head
    and one unit of the service; what more heads pay follows from the discount.
    """

    kind: str = field(validator=checked_id)
    service: ServiceCode = field(validator=a_service)
    channel: Channel = field(default=Channel.AGREEMENT, validator=exactly(Channel))
    place: Place = field(validator=exactly(Place))
    windows: WeekSlots = field(validator=exactly(WeekSlots))
    firms_each: int = field(validator=positive)
    price_cents: Cents = field(validator=natural)
    opening_cents: Cents = field(default=0, validator=natural)
    capacity_hours: int = field(validator=positive)
    sessions_at_once: int = field(default=1, validator=positive)
    group_min: int = field(default=1, validator=positive)
    group_max: int = field(default=1, validator=positive)
    radius_m: Metres | None = field(default=None, validator=v.optional(natural))
    quality_percent: int = field(default=80, validator=percent)
    age_bands: tuple[AgeBand, ...] = field(default=(), validator=tuple_of(exactly(AgeBand)))
    languages: tuple[str, ...] = field(default=(), validator=tuple_of(short_text))


@frozen(kw_only=True)
class Discount:
    """What each of n heads pays of the price for one: floor + (1 - floor) x n to the power of -exponent.

    n counts up to `heads_max`.
    """

    floor_percent: int = field(default=60, validator=percent)
    exponent_hundredths: int = field(default=50, validator=between(0, 300))
    heads_max: int = field(default=12, validator=positive)


@frozen(kw_only=True)
class Supply:
    """Who supplies, the discount that a group gets, how long an offer stands, how many end before their time.

    An offer is for `offer_months` months, the whole period when None; of a
    hundred offers `leaving_percent` end early. Where they are `local`, the
    suppliers of a kind sit in one municipio after the other and serve only
    their own.
    """

    kinds: tuple[SupplyKind, ...] = field(validator=tuple_of(exactly(SupplyKind)))
    discount: Discount = field(default=Discount(), validator=exactly(Discount))
    offer_months: int | None = field(default=None, validator=v.optional(positive))
    local: bool = field(default=False, validator=exactly(bool))
    leaving_percent: int = field(default=0, validator=percent)

    def __attrs_post_init__(self) -> None:
        """Refuse two kinds of one name."""
        require_distinct((one.kind for one in self.kinds), "Supply.kinds")


@frozen(kw_only=True)
class Line:
    """Public money of a round for the vouchers of one action."""

    action: ActionCode = field(validator=checked_id)
    amount_cents: Cents = field(validator=positive)
    share_percent: int = field(default=50, validator=between(1, 100))
    household_cap_cents: Cents | None = field(default=None, validator=v.optional(positive))


@frozen(kw_only=True)
class Round:
    """A round of funding: the day on which it is awarded, and its lines.

    A round is a project of its own; an action is planned once, so each action
    stands in one round.
    """

    day: dt.date = field(validator=exactly(dt.date))
    lines: tuple[Line, ...] = field(validator=tuple_of(exactly(Line)))
