"""The small words everything else is said in: ids, cents, weeks, periods.

All values are immutable and made of integers; units stand in the names. A
value checks its own shape and nothing else: rules that need history live in
the facts.
"""

import datetime as dt
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import ClassVar, Final, NewType, NoReturn, Self, TypeAlias, TypeVar

from attrs import field, frozen

from wis_engine.errors import Malformed, PrivacyError
from wis_engine.shapes import between, exactly, is_id, natural, positive

_Name = TypeVar("_Name", bound=str)
Cents: TypeAlias = int
Minutes: TypeAlias = int
Metres: TypeAlias = int

ProjectId = NewType("ProjectId", str)
ActionCode = NewType("ActionCode", str)
FundId = NewType("FundId", str)
AccountId = NewType("AccountId", str)
FirmId = NewType("FirmId", str)
PersonId = NewType("PersonId", str)
HouseholdId = NewType("HouseholdId", str)
MemberId = NewType("MemberId", str)
NeedId = NewType("NeedId", str)
SupplierId = NewType("SupplierId", str)
OfferId = NewType("OfferId", str)
AgreementId = NewType("AgreementId", str)
PlanId = NewType("PlanId", str)
PoolId = NewType("PoolId", str)
ChainId = NewType("ChainId", str)
EngagementId = NewType("EngagementId", str)
VoucherId = NewType("VoucherId", str)
MeetingId = NewType("MeetingId", str)
PartnerId = NewType("PartnerId", str)
StaffId = NewType("StaffId", str)
TimesheetId = NewType("TimesheetId", str)
CostId = NewType("CostId", str)
GroupId = NewType("GroupId", str)
ReportId = NewType("ReportId", str)
NetworkAgreementId = NewType("NetworkAgreementId", str)
SurveyId = NewType("SurveyId", str)
RequestId = NewType("RequestId", str)
ConsultationId = NewType("ConsultationId", str)
PersonalPlanId = NewType("PersonalPlanId", str)
CampaignId = NewType("CampaignId", str)
ProductId = NewType("ProductId", str)
LeaveId = NewType("LeaveId", str)
ServiceCode = NewType("ServiceCode", str)


def new_id(kind: str) -> str:
    """Make a fresh id for an app to use, such as `need-3f9c0a51b2d47e88`.

    The engine never calls this: ids it makes itself come from the digest of a
    plan, so that the same log gives the same bytes.
    """
    if not is_id(kind) or len(kind) > 40:  # noqa: PLR2004 - room for the 17 that follow
        raise Malformed(f"no kind of thing: {kind!r}")
    return f"{kind}-{secrets.token_hex(8)}"


class AgeBand(StrEnum):
    """Age in the steps of Italian school and care; never a birth date."""

    INFANT_0_2 = "infant-0-2"
    CHILD_3_5 = "child-3-5"
    SCHOOL_6_10 = "school-6-10"
    LOWER_11_13 = "lower-11-13"
    TEEN_14_17 = "teen-14-17"
    ADULT_18_64 = "adult-18-64"
    SENIOR_65_74 = "senior-65-74"
    OLD_75_PLUS = "old-75-plus"


class Channel(StrEnum):
    """How a supplier's service reaches the community (project card, B.1 and C.1)."""

    AGREEMENT = "agreement"
    WEMI = "wemi"
    PARTNER = "partner"


class Place(StrEnum):
    """Where a service happens, and so who travels."""

    HOME = "home"
    FIRM = "firm"
    SUPPLIER = "supplier"
    REMOTE = "remote"


class Sensitivity(IntEnum):
    """How much a datum tells about a person; SPECIAL is article 9 of the GDPR."""

    PUBLIC = 0
    ORGANISATION = 1
    PERSONAL = 2
    SPECIAL = 3


class Redacted:
    """What is left of a personal value whose key is gone.

    Falsy; equal by field and subject; refuses order, arithmetic and text, so
    that no rule can compute with it unseen.
    """

    __slots__ = ("field", "subject")

    def __init__(self, field: str, subject: str) -> None:
        self.field = field
        self.subject = subject

    def __repr__(self) -> str:
        """Never more than `<redacted>`."""
        return "<redacted>"

    def __bool__(self) -> bool:
        """Say False: there is nothing here."""
        return False

    def __eq__(self, other: object) -> bool:
        """Compare by field and subject."""
        return isinstance(other, Redacted) and (self.field, self.subject) == (other.field, other.subject)

    def __hash__(self) -> int:
        """Hash by field and subject."""
        return hash((self.field, self.subject))

    def _refuse(self, *_: object) -> NoReturn:
        raise PrivacyError(f"{self.field} of {self.subject} is redacted")

    __format__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __and__ = __or__ = __iter__ = __len__ = _refuse


def is_redacted(value: object) -> bool:
    """Say whether a personal value is gone; its declared type does not tell."""
    return isinstance(value, Redacted)


DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SLOT_MINUTES: Final = 30
SLOTS_A_DAY: Final = 48
SLOTS_A_WEEK: Final = 336
_FULL_WEEK: Final = (1 << SLOTS_A_WEEK) - 1
_WINDOW = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d):(00|30)-(\d\d):(00|30)")


def slots_for(minutes: Minutes) -> int:
    """How many half-hours a session of `minutes` takes, rounded up."""
    return -(-minutes // SLOT_MINUTES)


@frozen(order=True)
class WeekSlots:
    """The 336 half-hours of a local week as one integer, bit 0 Monday 00:00.

    The week does not wrap: a session never runs past Sunday 24:00.

    Examples
    --------
    >>> evening = WeekSlots.parse("mon-fri 16:00-19:00")
    >>> str(evening & WeekSlots.parse("mon 18:00-20:00, sat 09:00-12:00"))
    'mon 18:00-19:00'
    >>> (evening & WeekSlots.parse("mon 18:00-20:00")).fits(90)
    False
    """

    ALWAYS: ClassVar["WeekSlots"]
    NEVER: ClassVar["WeekSlots"]

    bits: int = field()

    @bits.validator
    def _shape(self, _attribute: object, value: object) -> None:
        if type(value) is not int or not 0 <= value <= _FULL_WEEK:
            raise Malformed("WeekSlots.bits: not a mask of 336 half-hours")

    @classmethod
    def parse(cls, text: str) -> "WeekSlots":
        """Read «mon-fri 16:00-19:00, sat 09:00-12:00», «always» or «never»."""
        if type(text) is not str:
            raise Malformed("a week is read from a text")
        return _parsed_week(text)

    @classmethod
    def at(cls, day: int, start_slot: int, slots: int = 1) -> "WeekSlots":
        """Mark `slots` half-hours from `start_slot` (0 to 47) of weekday `day` (0 Monday)."""
        return cls(((1 << slots) - 1) << (day * SLOTS_A_DAY + start_slot))

    def __and__(self, other: "WeekSlots") -> "WeekSlots":
        """Half-hours in both."""
        return WeekSlots(self.bits & other.bits)

    def __or__(self, other: "WeekSlots") -> "WeekSlots":
        """Half-hours in either."""
        return WeekSlots(self.bits | other.bits)

    def __bool__(self) -> bool:
        """Say whether any half-hour is marked."""
        return self.bits != 0

    def __len__(self) -> int:
        """How many half-hours are marked."""
        return self.bits.bit_count()

    def __iter__(self) -> Iterator[int]:
        """Marked half-hours as numbers 0 to 335, in order."""
        bits = self.bits
        while bits:
            low = bits & -bits
            yield low.bit_length() - 1
            bits ^= low

    def starts(self, slots: int) -> "WeekSlots":
        """Half-hours from which `slots` marked half-hours follow in a row."""
        if slots < 1:
            raise Malformed("a session takes at least one half-hour")
        bits, have = self.bits, 1
        while have < slots and bits:
            step = min(have, slots - have)
            bits &= bits >> step
            have += step
        return WeekSlots(bits)

    def fits(self, minutes: Minutes) -> bool:
        """Say whether one session of `minutes` fits somewhere in the week."""
        return bool(self.starts(slots_for(minutes)))

    def spread(self, slots: int) -> "WeekSlots":
        """Half-hours taken by sessions of `slots` that begin where `self` is marked."""
        bits = 0
        for k in range(slots):
            bits |= self.bits << k
        return WeekSlots(bits & _FULL_WEEK)

    def on_days(self, days: AbstractSet[int]) -> "WeekSlots":
        """Only the half-hours of these weekdays (0 Monday)."""
        return self & WeekSlots(sum(((1 << SLOTS_A_DAY) - 1) << (day * SLOTS_A_DAY) for day in days))

    def __str__(self) -> str:
        """Canonical text, one window a run of half-hours: «mon 16:00-18:30, tue 08:00-09:00»."""
        if not self.bits:
            return "never"
        if self.bits == _FULL_WEEK:
            return "always"
        windows = []
        for day in range(7):
            row = (self.bits >> (day * SLOTS_A_DAY)) & ((1 << SLOTS_A_DAY) - 1)
            while row:
                begin = (row & -row).bit_length() - 1
                run = row >> begin
                length = (~run & (run + 1)).bit_length() - 1
                windows.append(f"{DAYS[day]} {clock_text(begin)}-{clock_text(begin + length)}")
                row &= ~(((1 << length) - 1) << begin)
        return ", ".join(windows)


WeekSlots.ALWAYS = WeekSlots(_FULL_WEEK)
WeekSlots.NEVER = WeekSlots(0)


def clock_text(slot: int) -> str:
    """Wall clock of half-hour `slot` of a day: 32 is «16:00»; 48 is «24:00»."""
    return f"{slot // 2:02d}:{'30' if slot % 2 else '00'}"


@lru_cache(maxsize=4096)
def _parsed_week(text: str) -> WeekSlots:
    if text == "always":
        return WeekSlots.ALWAYS
    if text == "never":
        return WeekSlots.NEVER
    bits = 0
    for window in text.split(", "):
        read = _WINDOW.fullmatch(window)
        if read is None or read[1] not in DAYS or (read[2] or read[1]) not in DAYS:
            raise Malformed("no window of a week")
        begin = int(read[3]) * 2 + (read[4] == "30")
        end = int(read[5]) * 2 + (read[6] == "30")
        first, last = DAYS.index(read[1]), DAYS.index(read[2] or read[1])
        if not begin < end <= SLOTS_A_DAY or first > last:
            raise Malformed("a window ends after it begins and inside its day")
        for day in range(first, last + 1):
            bits |= WeekSlots.at(day, begin, end - begin).bits
    return WeekSlots(bits)


PERIOD_DAYS_MAX: Final = 36_600


@frozen(order=True)
class Period:
    """Half-open range of local dates: `start` is in, `end` is out.

    Examples
    --------
    >>> Period.parse("2026-03-01/2026-04-01").days
    31
    """

    start: dt.date = field(validator=exactly(dt.date))
    end: dt.date = field(validator=exactly(dt.date))

    def __attrs_post_init__(self) -> None:
        """Refuse empty, backward and endless ranges."""
        if self.start >= self.end:
            raise Malformed("a period starts before it ends")
        if self.days > PERIOD_DAYS_MAX or self.end.year == dt.MAXYEAR:
            raise Malformed("a period of more than a hundred years, or to the end of time")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read «2026-03-01/2026-04-01»."""
        if type(text) is not str:
            raise Malformed("a period is read from a text")
        try:
            start, end = text.split("/")
            return cls(dt.date.fromisoformat(start), dt.date.fromisoformat(end))
        except ValueError:
            raise Malformed("no period") from None

    @classmethod
    def day(cls, day: dt.date) -> Self:
        """One day, the period of a one-off need."""
        try:
            return cls(day, day + dt.timedelta(days=1))
        except (OverflowError, TypeError):
            raise Malformed("no day that another follows") from None

    @property
    def days(self) -> int:
        """How many days."""
        return (self.end - self.start).days

    @property
    def weekdays(self) -> frozenset[int]:
        """Weekdays (0 Monday) that occur."""
        first = self.start.weekday()
        return frozenset((first + k) % 7 for k in range(min(7, self.days)))

    def __contains__(self, day: object) -> bool:
        """Say whether a date is inside."""
        return isinstance(day, dt.date) and self.start <= day < self.end

    def __and__(self, other: "Period") -> "Period | None":
        """Dates in both, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def covers(self, other: "Period") -> bool:
        """Say whether every date of `other` is inside."""
        return self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        """Canonical text «2026-03-01/2026-04-01»."""
        return f"{self.start.isoformat()}/{self.end.isoformat()}"


@frozen(order=True)
class Occurrence:
    """One dated session on the wall clock: day, first half-hour, minutes."""

    day: dt.date = field(validator=exactly(dt.date))
    start_slot: int = field(validator=between(0, SLOTS_A_DAY - 1))
    minutes: Minutes = field(validator=positive)

    @property
    def mask(self) -> int:
        """Half-hours of the day that are taken, bit 0 midnight."""
        return ((1 << slots_for(self.minutes)) - 1) << self.start_slot

    def __str__(self) -> str:
        """Text for people: «2026-03-02 16:00, 90 min»."""
        return f"{self.day.isoformat()} {clock_text(self.start_slot)}, {self.minutes} min"


@lru_cache(maxsize=1 << 14)
def occurrences(
    starts: WeekSlots, minutes: Minutes, period: Period, sessions: int, closed: frozenset[dt.date] = frozenset()
) -> tuple[Occurrence, ...]:
    """List the first `sessions` dated sessions of a weekly pattern.

    Days in `closed` are skipped. Fewer come back when the period ends first:
    the caller compares the length.
    """
    pattern = [divmod(slot, SLOTS_A_DAY) for slot in starts]
    monday = period.start - dt.timedelta(days=period.start.weekday())
    found: list[Occurrence] = []
    while pattern and len(found) < sessions and monday < period.end:
        for weekday, slot in pattern:
            day = monday + dt.timedelta(days=weekday)
            if day in period and day not in closed:
                found.append(Occurrence(day, slot, minutes))
        monday += dt.timedelta(days=7)
    return tuple(found[:sessions])


@frozen(order=True)
class Point:
    """A place on the map in whole microdegrees (WGS84)."""

    lat_microdegrees: int = field(validator=between(-90_000_000, 90_000_000))
    lon_microdegrees: int = field(validator=between(-180_000_000, 180_000_000))


@frozen(kw_only=True, order=True)
class PriceTier:
    """A price per head that holds from a number of people and a quantity on.

    The shape of WeMi's price tables: bands of people, inside them bands of
    quantity. `price_cents` is for one unit of the service (an hour, a
    delivery); the highest tier whose two thresholds are reached applies.
    """

    people_from: int = field(default=1, validator=positive)
    units_from: int = field(default=0, validator=natural)
    price_cents: Cents = field(validator=natural)


def split_cents(total_cents: Cents, weights: Mapping[_Name, int]) -> dict[_Name, Cents]:
    """Split an amount in proportion to weights, exact to the cent.

    Largest remainder; equal remainders go to the smaller id. Weights that are
    all zero count as equal.

    Examples
    --------
    >>> split_cents(1000, {"b": 1, "a": 1, "c": 1})
    {'a': 334, 'b': 333, 'c': 333}
    """
    names = sorted(weights)
    if not names:
        raise Malformed("nobody to split an amount among")
    whole = sum(weights.values()) or len(names)
    share = {name: weights[name] if any(weights.values()) else 1 for name in names}
    parts = {name: total_cents * share[name] // whole for name in names}
    left = total_cents - sum(parts.values())
    for name in sorted(names, key=lambda name: (-(total_cents * share[name] % whole), name))[:left]:
        parts[name] += 1
    return parts


def require_distinct(values: Iterable[object], what: str) -> None:
    """Raise `Malformed` when a value comes twice."""
    listed: Sequence[object] = list(values)
    if len(set(listed)) != len(listed):
        raise Malformed(f"{what}: the same value twice")


def price_per_head(tiers: Sequence[PriceTier], people: int, minutes: Minutes, unit_minutes: Minutes) -> Cents | None:
    """Price for one head of a group, whole quantity; None when no tier reaches so few people.

    A tier's quantity is reached by whole units; the price itself follows the
    minutes, rounded up to the cent. `unit_minutes` 0 means that prices are for
    the whole quantity, which is then one unit.
    """
    units = minutes // unit_minutes if unit_minutes else 1
    reached = [tier for tier in tiers if tier.people_from <= people and tier.units_from <= units]
    if not reached:
        return None
    price_cents = max(reached, key=lambda tier: (tier.people_from, tier.units_from)).price_cents
    return -(-price_cents * minutes // unit_minutes) if unit_minutes else price_cents
