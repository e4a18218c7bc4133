"""The life of an offer: its supplier registered, surveyed, suspended; offered, agreed on, revised, withdrawn."""

import datetime as dt
from enum import StrEnum
from typing import Any, ClassVar

import attrs
from attrs import field
from attrs import validators as v

from wis_engine import catalogue
from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.facts.membership import a_nil
from wis_engine.facts.needs import a_language, a_service, windows
from wis_engine.network import Network, timetable
from wis_engine.network.choice import ranked
from wis_engine.network.guidance import Survey, SurveyCriterion
from wis_engine.network.parties import Agreement, Offer, Supplier, SupplierKind
from wis_engine.shapes import between, checked_id, exactly, frozenset_of, natural, positive, short_text, text, tuple_of
from wis_engine.territory import MUNICIPI
from wis_engine.values import (
    AgeBand,
    AgreementId,
    Cents,
    Channel,
    FirmId,
    Metres,
    Minutes,
    OfferId,
    Period,
    Place,
    PriceTier,
    ServiceCode,
    SupplierId,
    SurveyId,
    WeekSlots,
    require_distinct,
)


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    FIRM_NOT_MEMBER = "firm-not-member"
    OFFER_WITHDRAWN = "offer-withdrawn"
    OTHER_SUPPLIER = "other-supplier"
    LESS_THAN_COMMITTED = "less-than-committed"
    SMALLEST_GROUP_UNPRICED = "smallest-group-unpriced"
    OTHER_SERVICE = "other-service"
    NOT_SURVEYED = "not-surveyed"
    CHOICE_UNEXPLAINED = "choice-unexplained"
    NOT_IN_FORCE = "not-in-force"
    ALREADY_SUSPENDED = "already-suspended"
    NOT_SUSPENDED = "not-suspended"


def price_table(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[PriceTier, ...]) -> None:
    """Validate the tiers of a price: some, each pair of thresholds once (attrs validator)."""
    tuple_of(exactly(PriceTier))(instance, attribute, value)
    where = f"{type(instance).__name__}.tiers"
    if not value:
        raise Malformed(f"{where}: no price")
    require_distinct(((tier.people_from, tier.units_from) for tier in value), where)


def prices_everyone(tiers: tuple[PriceTier, ...], group_min: int) -> bool:
    """Say whether the smallest group has a price, however small the quantity."""
    return any(tier.people_from <= group_min and not tier.units_from for tier in tiers)


def distinct_offers(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[OfferId, ...]) -> None:
    """Validate the offers that an agreement covers: some, none twice (attrs validator)."""
    tuple_of(checked_id)(instance, attribute, value)
    if not value:
        raise Malformed("AgreementSigned.offers: none")
    require_distinct(value, "AgreementSigned.offers")


def distinct_surveys(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[SurveyId, ...]) -> None:
    """Validate the surveys that were compared: none twice (attrs validator)."""
    tuple_of(checked_id)(instance, attribute, value)
    require_distinct(value, "AgreementSigned.surveys")


def _unit_minutes(offer: "SupplierOffered") -> Minutes:
    return catalogue.service(offer.service).unit_minutes


@attrs.frozen(kw_only=True)
class SupplierRegistered(Event):
    """Somebody who delivers services was registered; a member firm that supplies others names itself."""

    name: ClassVar[str] = "supplier-registered"

    supplier: SupplierId = id_field()
    title: str = field(validator=short_text)
    kind: SupplierKind = field(validator=exactly(SupplierKind))
    firm: FirmId | None = id_field(default=None)

    def check(self, network: Network) -> None:
        """Refuse a firm that is no member."""
        fresh(network, self.supplier)
        if self.firm is not None and not known(network.firms, self.firm).member:
            refuse(Reason.FIRM_NOT_MEMBER, self.firm)

    def apply(self, network: Network) -> None:
        """Put the supplier."""
        network.put(Supplier(id=self.supplier, title=self.title, supplier_kind=self.kind, firm=self.firm))


def distinct_criteria(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[SurveyCriterion, ...]) -> None:
    """Validate what a survey looked at: something, nothing twice (attrs validator)."""
    tuple_of(exactly(SurveyCriterion))(instance, attribute, value)
    if not value:
        raise Malformed("SupplierSurveyed.criteria: none")
    require_distinct((one.criterion for one in value), "SupplierSurveyed.criteria")


@attrs.frozen(kw_only=True)
class SupplierSurveyed(Event):
    """Quality and price of a supplier were surveyed for one service; `price_cents` is for one unit of it."""

    name: ClassVar[str] = "supplier-surveyed"

    survey: SurveyId = id_field()
    supplier: SupplierId = id_field()
    service: ServiceCode = field(validator=a_service)
    criteria: tuple[SurveyCriterion, ...] = field(validator=distinct_criteria)
    price_cents: Cents = field(validator=positive)

    def check(self, network: Network) -> None:
        """Refuse an unknown supplier."""
        fresh(network, self.survey)
        known(network.suppliers, self.supplier)

    def apply(self, network: Network) -> None:
        """Put the survey."""
        network.put(
            Survey(
                id=self.survey,
                supplier=self.supplier,
                service=self.service,
                criteria=self.criteria,
                price_cents=self.price_cents,
            )
        )


@attrs.frozen(kw_only=True)
class SupplierSuspended(Event):
    """A supplier takes no new pools and no new bookings for now; what is booked is served."""

    name: ClassVar[str] = "supplier-suspended"

    supplier: SupplierId = id_field()
    reason: str = field(default="", validator=text(200))

    def check(self, network: Network) -> None:
        """Refuse a second suspension."""
        if known(network.suppliers, self.supplier).suspended:
            refuse(Reason.ALREADY_SUSPENDED, self.supplier)

    def apply(self, network: Network) -> None:
        """Suspend the supplier and its offers."""
        _suspend(network, self.supplier, suspended=True)


@attrs.frozen(kw_only=True)
class SupplierReinstated(Event):
    """A supplier that was suspended is back."""

    name: ClassVar[str] = "supplier-reinstated"

    supplier: SupplierId = id_field()

    def check(self, network: Network) -> None:
        """Refuse for one that is not suspended."""
        if not known(network.suppliers, self.supplier).suspended:
            refuse(Reason.NOT_SUSPENDED, self.supplier)

    def apply(self, network: Network) -> None:
        """Let the supplier and its offers take part again."""
        _suspend(network, self.supplier, suspended=False)


def _suspend(network: Network, name: SupplierId, *, suspended: bool) -> None:
    network.put(network.suppliers[name].replace(suspended=suspended))
    for offer in network.links.targets(name, "offers"):
        network.put(network.offers[OfferId(offer)].replace(suspended=suspended))


@attrs.frozen(kw_only=True)
class SupplierOffered(Event):
    """A supplier offered a service: when, where, at what price by people and quantity, how much.

    `tiers` are prices per head for one unit of the service, of `unit_minutes`
    (the catalogue's unless said otherwise); `opening_cents` is paid once by a
    pool. `capacity_minutes` is the total in `period` over all heads,
    `capacity_per_slot` how many sessions run at once. `place` says who
    travels, `nil` and `radius_m` how far; `municipi`, when given, are the only
    ones served. Empty `age_bands` and `languages` exclude nobody.
    """

    name: ClassVar[str] = "supplier-offered"

    offer: OfferId = id_field()
    supplier: SupplierId = id_field()
    service: ServiceCode = field(validator=a_service)
    place: Place = field(validator=exactly(Place))
    slots: WeekSlots = field(validator=windows)
    period: Period = field(validator=exactly(Period))
    nil: int = field(validator=a_nil)
    radius_m: Metres | None = field(default=None, validator=v.optional(natural))
    municipi: frozenset[int] = field(default=frozenset(), validator=frozenset_of(between(1, MUNICIPI)))
    capacity_minutes: Minutes = field(validator=positive)
    capacity_per_slot: int = field(default=1, validator=positive)
    tiers: tuple[PriceTier, ...] = field(validator=price_table)
    opening_cents: Cents = field(default=0, validator=natural)
    group_min: int = field(default=1, validator=positive)
    group_max: int = field(default=1, validator=positive)
    quality_percent: int = field(default=0, validator=between(0, 100))
    channel: Channel = field(default=Channel.AGREEMENT, validator=exactly(Channel))
    age_bands: frozenset[AgeBand] = field(default=frozenset(), validator=frozenset_of(exactly(AgeBand)))
    languages: frozenset[str] = field(default=frozenset(), validator=frozenset_of(a_language))
    unit_minutes: Minutes = field(default=attrs.Factory(_unit_minutes, takes_self=True), validator=positive)

    def __attrs_post_init__(self) -> None:
        """Refuse a group that cannot be, or that has no price."""
        if self.group_min > self.group_max:
            raise Malformed("SupplierOffered: group_min above group_max")
        if not prices_everyone(self.tiers, self.group_min):
            raise Malformed("SupplierOffered.tiers: no price for the smallest group and quantity")

    def check(self, network: Network) -> None:
        """Refuse an unknown supplier."""
        fresh(network, self.offer)
        known(network.suppliers, self.supplier)

    def apply(self, network: Network) -> None:
        """Put the offer."""
        values = {a.name: getattr(self, a.name) for a in attrs.fields(SupplierOffered) if a.name != "offer"}
        network.put(Offer(id=self.offer, suspended=network.suppliers[self.supplier].suspended, **values))


@attrs.frozen(kw_only=True)
class OfferRevised(Event):
    """A supplier changed an offer for what comes next; a field that is None stays as it was.

    Pools already formed keep their price and their terms.
    """

    name: ClassVar[str] = "offer-revised"

    offer: OfferId = id_field()
    slots: WeekSlots | None = field(default=None, validator=v.optional(windows))
    period: Period | None = field(default=None, validator=v.optional(exactly(Period)))
    capacity_minutes: Minutes | None = field(default=None, validator=v.optional(positive))
    capacity_per_slot: int | None = field(default=None, validator=v.optional(positive))
    tiers: tuple[PriceTier, ...] | None = field(default=None, validator=v.optional(price_table))
    opening_cents: Cents | None = field(default=None, validator=v.optional(natural))
    quality_percent: int | None = field(default=None, validator=v.optional(between(0, 100)))

    def check(self, network: Network) -> None:
        """Refuse less capacity than is promised."""
        offer = _standing_offer(network, self.offer)
        if self.capacity_minutes is not None and self.capacity_minutes < offer.committed_minutes:
            refuse(Reason.LESS_THAN_COMMITTED, offer.committed_minutes)
        if self.capacity_per_slot is not None and self.capacity_per_slot < offer.capacity_per_slot:
            at_once = timetable.most_promised_at_once(network, self.offer)
            if self.capacity_per_slot < at_once:
                refuse(Reason.LESS_THAN_COMMITTED, at_once)
        if self.tiers is not None and not prices_everyone(self.tiers, offer.group_min):
            refuse(Reason.SMALLEST_GROUP_UNPRICED, offer.group_min)

    def apply(self, network: Network) -> None:
        """Replace what changed."""
        names = [a.name for a in attrs.fields(OfferRevised) if a.name != "offer"]
        changes: dict[str, Any] = {name: value for name in names if (value := getattr(self, name)) is not None}
        network.put(network.offers[self.offer].replace(**changes))


def _standing_offer(network: Network, name: OfferId) -> Offer:
    offer = known(network.offers, name)
    if offer.withdrawn:
        refuse(Reason.OFFER_WITHDRAWN, name)
    return offer


@attrs.frozen(kw_only=True)
class OfferWithdrawn(Event):
    """A supplier takes no new pools on an offer; pools already formed are served."""

    name: ClassVar[str] = "offer-withdrawn"

    offer: OfferId = id_field()

    def check(self, network: Network) -> None:
        """Refuse a second withdrawal."""
        _standing_offer(network, self.offer)

    def apply(self, network: Network) -> None:
        """Close the offer to new pools."""
        network.put(network.offers[self.offer].replace(withdrawn=True))


@attrs.frozen(kw_only=True)
class AgreementSigned(Event):
    """A direct agreement was signed with a supplier, after a survey of quality and price.

    An offer on the channel `agreement` takes pools only inside the period of
    an agreement that covers it. `surveys` are those that were compared, of one
    service; when the supplier is not the one that gives most quality for the
    euro, `reason` says why it was chosen.
    """

    name: ClassVar[str] = "agreement-signed"

    agreement: AgreementId = id_field()
    supplier: SupplierId = id_field()
    offers: tuple[OfferId, ...] = field(validator=distinct_offers)
    period: Period = field(validator=exactly(Period))
    surveys: tuple[SurveyId, ...] = field(default=(), validator=distinct_surveys)
    reason: str = field(default="", validator=text(200))

    def check(self, network: Network) -> None:
        """Refuse offers of somebody else, and a choice that nothing explains."""
        fresh(network, self.agreement)
        known(network.suppliers, self.supplier)
        for name in self.offers:
            if _standing_offer(network, name).supplier != self.supplier:
                refuse(Reason.OTHER_SUPPLIER, name)
        if self.surveys:
            self._check_choice(network, {network.offers[name].service for name in self.offers})

    def _check_choice(self, network: Network, services: set[ServiceCode]) -> None:
        surveys = [known(network.surveys, name) for name in self.surveys]
        if len({survey.service for survey in surveys}) > 1 or surveys[0].service not in services:
            refuse(Reason.OTHER_SERVICE, surveys[0].service)
        if all(survey.supplier != self.supplier for survey in surveys):
            refuse(Reason.NOT_SURVEYED, self.supplier)
        first = ranked(surveys)[0]
        if first.supplier != self.supplier and not self.reason:
            refuse(Reason.CHOICE_UNEXPLAINED, first.supplier)

    def apply(self, network: Network) -> None:
        """Put the agreement."""
        network.put(
            Agreement(
                id=self.agreement,
                supplier=self.supplier,
                offers=self.offers,
                period=self.period,
                surveys=self.surveys,
                reason=self.reason,
            )
        )


@attrs.frozen(kw_only=True)
class AgreementEnded(Event):
    """An agreement ends before its time: `on` is the first day on which it no longer holds.

    Pools already formed are served.
    """

    name: ClassVar[str] = "agreement-ended"

    agreement: AgreementId = id_field()
    on: dt.date = field(validator=exactly(dt.date))

    def check(self, network: Network) -> None:
        """Refuse a day on which it has not begun, or is over already."""
        period = known(network.agreements, self.agreement).period
        if not period.start < self.on < period.end:
            refuse(Reason.NOT_IN_FORCE, period)

    def apply(self, network: Network) -> None:
        """Shorten the agreement."""
        agreement = network.agreements[self.agreement]
        network.put(agreement.replace(period=Period(agreement.period.start, self.on)))
