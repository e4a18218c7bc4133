"""What people come to need, as a scenario tells it: kinds of need, seasons, spells."""

from enum import StrEnum

from attrs import field, frozen
from attrs import validators as v

from wis_engine.errors import Malformed
from wis_engine.facts.needs import a_service
from wis_engine.network.promises import NeedStep
from wis_engine.shapes import between, checked_id, exactly, natural, positive, short_text, tuple_of
from wis_engine.simulation.shares import MONTHS, least_and_most, percent
from wis_engine.values import (
    AgeBand,
    Metres,
    Minutes,
    Period,
    ServiceCode,
    WeekSlots,
    require_distinct,
)


class Who(StrEnum):
    """Whose need it is."""

    MEMBER = "member"
    HOLDER = "holder"


class At(StrEnum):
    """Where a need is: the zone of the household or of the firm."""

    HOME = "home"
    WORK = "work"


@frozen(kw_only=True)
class Rate:
    """Needs in a thousand person-years, for people of one age."""

    age_band: AgeBand = field(validator=exactly(AgeBand))
    per_mille: int = field(validator=natural)


@frozen(kw_only=True)
class NeedKind:
    """One kind of need: whose, how often, how much, when, up to what price.

    `season` names a row of `Demand.seasons`; `weeks` are from the first
    session to the last day; one of `windows` is drawn; `limit_cents` is for
    one session, public money already taken off; `priority` weighs 0 to 3;
    `sectors` limits it to people of those firms (prefixes of ATECO). Pairs are
    a least and a most, both in.
    """

    kind: str = field(validator=checked_id)
    service: ServiceCode = field(validator=a_service)
    who: Who = field(validator=exactly(Who))
    rates: tuple[Rate, ...] = field(validator=tuple_of(exactly(Rate)))
    season: str = field(default="steady", validator=checked_id)
    at: At = field(validator=exactly(At))
    sessions: tuple[int, int] = field(validator=least_and_most)
    minutes: Minutes = field(validator=positive)
    weeks: tuple[int, int] = field(validator=least_and_most)
    windows: tuple[WeekSlots, ...] = field(validator=tuple_of(exactly(WeekSlots)))
    limit_cents: tuple[int, int] = field(validator=least_and_most)
    share_percent: int = field(validator=percent)
    company_percent: int | None = field(default=None, validator=v.optional(percent))
    group_max: int = field(validator=positive)
    radius_m: Metres | None = field(default=None, validator=v.optional(natural))
    priority: tuple[int, ...] = field(default=(1,), validator=tuple_of(natural))
    sectors: tuple[str, ...] = field(default=(), validator=tuple_of(short_text))
    speaks: bool = field(default=False, validator=exactly(bool))
    steps: tuple[NeedStep, ...] = field(default=(), validator=tuple_of(exactly(NeedStep)))

    def __attrs_post_init__(self) -> None:
        """Refuse a need without a time, and sessions that are none."""
        if not self.windows or not all(self.windows):
            raise Malformed("NeedKind.windows: no half-hour of the week")
        if not self.sessions[0] or not self.weeks[0]:
            raise Malformed("NeedKind: no session, or no week")
        if not any(self.priority) or len(self.priority) > 4:  # noqa: PLR2004 - priorities go from 0 to 3
            raise Malformed("NeedKind.priority: one to four weights, not all zero")


@frozen(kw_only=True)
class Season:
    """How a rate moves with the months: per cent of it in each, January first."""

    name: str = field(validator=checked_id)
    percents: tuple[int, ...] = field(validator=tuple_of(natural))

    def __attrs_post_init__(self) -> None:
        """Refuse another number of months."""
        if len(self.percents) != MONTHS:
            raise Malformed("Season.percents: not one for each month")


@frozen(kw_only=True)
class Spell:
    """Days on which needs of some seasons (of all, when none is named) come at another rate: August, closed schools."""

    period: Period = field(validator=exactly(Period))
    percent: int = field(validator=natural)
    seasons: tuple[str, ...] = field(default=(), validator=tuple_of(checked_id))


@frozen(kw_only=True)
class Demand:
    """What people come to need, and when they say so.

    `intensity_percent` of every rate; a need is declared `notice_days` before
    its first session; `cluster_percent` bring a second one in the household,
    `company_percent` of those that would be shared a colleague's along.
    `sessions_max` cuts a need short, where a whole city would else be told
    session by session; `weekdays_max` lets a household name so many days of
    the week, drawn among those of the window.
    """

    intensity_percent: int = field(default=100, validator=natural)
    notice_days: tuple[int, int] = field(default=(10, 40), validator=least_and_most)
    cluster_percent: int = field(default=20, validator=between(0, 90))
    company_percent: int = field(default=55, validator=between(0, 90))
    sessions_max: int | None = field(default=None, validator=v.optional(positive))
    weekdays_max: int | None = field(default=None, validator=v.optional(positive))
    kinds: tuple[NeedKind, ...] = field(validator=tuple_of(exactly(NeedKind)))
    seasons: tuple[Season, ...] = field(validator=tuple_of(exactly(Season)))
    spells: tuple[Spell, ...] = field(default=(), validator=tuple_of(exactly(Spell)))

    def __attrs_post_init__(self) -> None:
        """Refuse two kinds or seasons of one name, and seasons that are not told."""
        require_distinct((one.kind for one in self.kinds), "Demand.kinds")
        require_distinct((one.name for one in self.seasons), "Demand.seasons")
        told = {one.name for one in self.seasons}
        asked = {one.season for one in self.kinds}.union(*(spell.seasons for spell in self.spells))
        if asked - told:
            raise Malformed(f"Demand.seasons: no {min(asked - told)}")
