"""The life of a need: declared, revised, and, when nothing serves it, ended."""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar

import attrs
from attrs import field
from attrs import validators as v

from wis_engine import catalogue
from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known, personal
from wis_engine.facts.base import Reason as BaseReason
from wis_engine.facts.membership import a_nil
from wis_engine.network import Network, rules
from wis_engine.network.parties import Household, Purpose, Role
from wis_engine.network.promises import Need, NeedState, NeedStep
from wis_engine.shapes import between, checked_id, exactly, matching, natural, positive, tuple_of
from wis_engine.territory import MUNICIPI, municipio_of
from wis_engine.values import (
    SLOTS_A_DAY,
    ActionCode,
    Cents,
    Channel,
    HouseholdId,
    MemberId,
    Metres,
    Minutes,
    NeedId,
    Period,
    PersonId,
    Sensitivity,
    ServiceCode,
    WeekSlots,
    is_redacted,
    slots_for,
)

PRIORITY_MAX = 3
STEPS_MAX = 3


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    NO_ACTIVE_RECIPIENT = "no-active-recipient"
    UNKNOWN_BENEFICIARY = "unknown-beneficiary"
    CONSENT_MISSING = "consent-missing"
    NEVER_FITS = "never-fits"
    NEED_NOT_OPEN = "need-not-open"
    LESS_THAN_DELIVERED = "less-than-delivered"
    NOT_YET_OVER = "not-yet-over"


class UnmetReason(StrEnum):
    """Why a need went unmet: the gap in the supply, by its cause."""

    NO_SUPPLY = "no-supply"
    NO_QUORUM = "no-quorum"
    PRICE = "price"
    TIME = "time"
    PLACE = "place"
    ELIGIBILITY = "eligibility"
    CAPACITY = "capacity"
    BUDGET = "budget"
    REFUSED = "refused"


def has_active_recipient(network: Network, household: HouseholdId) -> bool:
    """Say whether somebody who lives in a household is enrolled through a firm, as the project's rules ask."""
    if rules.only_employees(network.projects.values()):
        return has_active_employee(network, household)
    holders = network.links.sources(household, "lives_in")
    return any(network.links.sources(person, "employs") for person in holders)


def has_active_employee(network: Network, household: HouseholdId) -> bool:
    """Say whether somebody who lives in a household is enrolled as an employee."""
    holders = network.links.sources(household, "lives_in")
    return any(
        network.persons[PersonId(person)].role is Role.EMPLOYEE and network.links.sources(person, "employs")
        for person in holders
    )


def needs_consent(service: str) -> bool:
    """Say whether naming this service tells something special about a person (article 9 of the GDPR)."""
    return catalogue.service(service).sensitivity is Sensitivity.SPECIAL


def lacks_consent(household: Household, services: Iterable[str]) -> bool:
    """Say whether one of these services is special and the household does not, or no longer, consent."""
    return Purpose.SPECIAL_DATA not in household.consents and any(map(needs_consent, services))


def a_service(instance: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:  # noqa: ANN401 - typed by the field
    """Validate a code of the catalogue (attrs validator)."""
    checked_id(instance, attribute, value)
    catalogue.service(value)


def linked_steps(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[NeedStep, ...]) -> None:
    """Validate the steps of a composite need: none, two or three (attrs validator)."""
    tuple_of(exactly(NeedStep))(instance, attribute, value)
    if len(value) == 1 or len(value) > STEPS_MAX:
        raise Malformed(f"{type(instance).__name__}.steps: a chain has two or {STEPS_MAX} steps")
    for step in value:
        catalogue.service(step.service)


def windows(instance: object, _attribute: object, value: Any) -> None:  # noqa: ANN401 - typed by the field
    """Validate the half-hours of a need: some are marked (attrs validator)."""
    if not isinstance(value, WeekSlots) or not value:
        raise Malformed(f"{type(instance).__name__}.slots: no half-hour of the week")


a_language = matching("[a-z]{2}")
"""Validates a two-letter code of a language (attrs validator)."""


def _action(need: "NeedDeclared") -> ActionCode:
    return catalogue.service(need.service).action


def _municipio(need: "NeedDeclared") -> int:
    return municipio_of(need.nil)


def _step_count(need: "NeedDeclared") -> int:
    return max(1, len(need.steps))


@attrs.frozen(kw_only=True)
class NeedDeclared(Event):
    """A household declared a need: one service for one of its members.

    `minutes` is the total over `sessions` equal sessions in `period`, `slots`
    the half-hours of the week in which sessions may lie, `nil` where (with
    `radius_m`: how far the household travels), `price_limit_cents` the most it
    pays for the whole after public money, `group_max` 1 for «alone».

    A composite need spells its ordered services out in `steps`; its `service`
    is then the one that names it. What stays public when the household is
    forgotten (`action`, `municipio`, `step_count`) follows from the rest.
    """

    name: ClassVar[str] = "need-declared"

    need: NeedId = id_field()
    household: HouseholdId = id_field()
    service: ServiceCode = personal(subject="household", validator=a_service)
    beneficiary: MemberId = personal(subject="household", validator=checked_id)
    slots: WeekSlots = personal(subject="household", validator=windows)
    nil: int = personal(subject="household", validator=a_nil)
    language: str | None = personal(subject="household", default=None, validator=v.optional(a_language))
    steps: tuple[NeedStep, ...] = personal(subject="household", default=(), validator=linked_steps)
    minutes: Minutes = field(validator=positive)
    sessions: int = field(default=1, validator=positive)
    period: Period = field(validator=exactly(Period))
    radius_m: Metres | None = field(default=None, validator=v.optional(natural))
    price_limit_cents: Cents | None = field(default=None, validator=v.optional(natural))
    priority: int = field(default=0, validator=between(0, PRIORITY_MAX))
    group_max: int | None = field(default=None, validator=v.optional(positive))
    channel: Channel | None = field(default=None, validator=v.optional(exactly(Channel)))
    action: ActionCode = field(default=attrs.Factory(_action, takes_self=True), validator=checked_id)
    municipio: int = field(default=attrs.Factory(_municipio, takes_self=True), validator=between(1, MUNICIPI))
    step_count: int = field(default=attrs.Factory(_step_count, takes_self=True), validator=positive)

    def __attrs_post_init__(self) -> None:
        """Hold what is public to the personal fields that it comes from."""
        if any(is_redacted(value) for value in (self.service, self.nil, self.steps)):
            return
        if (self.action, self.municipio, self.step_count) != (_action(self), _municipio(self), _step_count(self)):
            raise Malformed("NeedDeclared: action, municipio or step_count do not follow from service, nil, steps")
        if self.steps and sum(step.minutes for step in self.steps) * self.sessions != self.minutes:
            raise Malformed("NeedDeclared.minutes: not the sum of its steps over its sessions")

    def check(self, network: Network) -> None:
        """Refuse without an active recipient, a known member, a consent where due, or a time that can exist."""
        fresh(network, self.need)
        household = known(network.households, self.household)
        if not has_active_recipient(network, self.household):
            refuse(Reason.NO_ACTIVE_RECIPIENT, self.household)
        _check_beneficiary(household, self.beneficiary)
        services = [step.service for step in self.steps] or [self.service]
        if lacks_consent(household, services):
            refuse(Reason.CONSENT_MISSING, Purpose.SPECIAL_DATA)
        _check_time(network, self)

    def apply(self, network: Network) -> None:
        """Put the need, open."""
        network.put(
            Need(
                id=self.need,
                household=self.household,
                service=self.service,
                steps=self.steps,
                beneficiary=self.beneficiary,
                slots=self.slots,
                nil=self.nil,
                language=self.language,
                minutes=self.minutes,
                sessions=self.sessions,
                period=self.period,
                radius_m=self.radius_m,
                price_limit_cents=self.price_limit_cents,
                priority=self.priority,
                group_max=self.group_max,
                channel=self.channel,
                action=self.action,
                municipio=self.municipio,
                step_count=self.step_count,
            )
        )


def _check_beneficiary(household: Household, beneficiary: MemberId) -> None:
    members = household.members
    if not is_redacted(members) and all(member.id != beneficiary for member in members):
        refuse(Reason.UNKNOWN_BENEFICIARY, household.id)


def _check_time(network: Network, need: "NeedDeclared | Need") -> None:
    """Refuse when fewer sessions than are still to come find room one after the other in the period."""
    lengths = [slots_for(step.minutes) for step in need.steps] if need.steps else [slots_for(_session_minutes(need))]
    sessions = need.left_sessions if isinstance(need, Need) else need.sessions
    if _count(_by_weekday(need.slots, sum(lengths)), need.period, network.closed_days) < sessions:
        refuse(Reason.NEVER_FITS, f"{sessions} sessions of {_session_minutes(need)} min")


def _session_minutes(need: "NeedDeclared | Need") -> Minutes:
    return -(-need.minutes // need.sessions)


def _count(by_weekday: tuple[int, ...], period: Period, closed: frozenset[dt.date]) -> int:
    """How many dated sessions a weekly pattern has in a period, however long; closed days have none."""
    weeks, rest = divmod(period.days, 7)
    found = weeks * sum(by_weekday)
    found += sum(by_weekday[(period.start.weekday() + day) % 7] for day in range(rest))
    return found - sum(by_weekday[day.weekday()] for day in closed if day in period)


@lru_cache(maxsize=4096)
def _by_weekday(slots: WeekSlots, length: int) -> tuple[int, ...]:
    """How many sessions of a length in half-hours find room on each day of the week, none running into another."""
    found, free_from = [0] * 7, 0
    for slot in slots.starts(length):
        if slot >= free_from:
            found[slot // SLOTS_A_DAY] += 1
            free_from = slot + length
    return tuple(found)


@attrs.frozen(kw_only=True)
class NeedRevised(Event):
    """A household changed what it asks for; a field that is None stays as it was."""

    name: ClassVar[str] = "need-revised"

    need: NeedId = id_field()
    household: HouseholdId = id_field()
    slots: WeekSlots | None = personal(subject="household", default=None, validator=v.optional(windows))
    minutes: Minutes | None = field(default=None, validator=v.optional(positive))
    sessions: int | None = field(default=None, validator=v.optional(positive))
    period: Period | None = field(default=None, validator=v.optional(exactly(Period)))
    radius_m: Metres | None = field(default=None, validator=v.optional(natural))
    price_limit_cents: Cents | None = field(default=None, validator=v.optional(natural))
    group_max: int | None = field(default=None, validator=v.optional(positive))

    def check(self, network: Network) -> None:
        """Refuse unless the need is open and what is asked for can still exist."""
        need = _open_need(network, self.need)
        if need.household != self.household:
            refuse(BaseReason.UNKNOWN_ID, self.household)
        changed = need.replace(**self._changes())
        if changed.sessions <= need.delivered:
            refuse(Reason.LESS_THAN_DELIVERED, need.delivered)
        if not is_redacted(changed.slots):
            _check_time(network, changed)
        if need.step_count > 1:
            per_session = need.minutes // need.sessions
            if changed.minutes != per_session * changed.sessions:
                refuse(Reason.NEVER_FITS, f"{per_session} min a session")

    def apply(self, network: Network) -> None:
        """Replace what changed."""
        network.put(network.needs[self.need].replace(**self._changes()))

    def _changes(self) -> dict[str, Any]:
        names = ("slots", "minutes", "sessions", "period", "radius_m", "price_limit_cents", "group_max")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def _open_need(network: Network, name: NeedId) -> Need:
    need = known(network.needs, name)
    if need.state is not NeedState.OPEN:
        refuse(Reason.NEED_NOT_OPEN, need.state)
    return need


@attrs.frozen(kw_only=True)
class NeedWithdrawn(Event):
    """A household no longer asks; only an open need can be withdrawn (leave the pool first)."""

    name: ClassVar[str] = "need-withdrawn"

    need: NeedId = id_field()

    def check(self, network: Network) -> None:
        """Refuse unless the need is open."""
        _open_need(network, self.need)

    def apply(self, network: Network) -> None:
        """End the need."""
        network.put(network.needs[self.need].ended(NeedState.WITHDRAWN))


@attrs.frozen(kw_only=True)
class NeedExpired(Event):
    """The period of an open need passed; recorded by `advance`."""

    name: ClassVar[str] = "need-expired"

    need: NeedId = id_field()

    def check(self, network: Network) -> None:
        """Refuse before the end of its period."""
        need = _open_need(network, self.need)
        if network.today < need.period.end:
            refuse(Reason.NOT_YET_OVER, need.period)

    def apply(self, network: Network) -> None:
        """End the need."""
        network.put(network.needs[self.need].ended(NeedState.EXPIRED))


@attrs.frozen(kw_only=True)
class NeedUnmet(Event):
    """The welfare manager closed a need that nothing can serve, and said why."""

    name: ClassVar[str] = "need-unmet"

    need: NeedId = id_field()
    reason: UnmetReason = field(validator=exactly(UnmetReason))

    def check(self, network: Network) -> None:
        """Refuse unless the need is open."""
        _open_need(network, self.need)

    def apply(self, network: Network) -> None:
        """End the need."""
        network.put(network.needs[self.need].ended(NeedState.UNMET))
