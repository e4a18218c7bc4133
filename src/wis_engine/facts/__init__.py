"""Every fact the engine knows, one file per chapter of the story; the table of them is `EVENTS`."""

from typing import Final

from wis_engine.facts.base import Event, Receipt, Recorded, personal
from wis_engine.facts.engagements import (
    DeliveryConfirmed,
    SatisfactionRecorded,
    ServiceBooked,
    ServiceCancelled,
    ServiceDelivered,
)
from wis_engine.facts.governance import MeetingHeld
from wis_engine.facts.matches import ChainBroken, ChainComposed, PlanAdopted, PoolDissolved, PoolFormed, PoolMemberLeft
from wis_engine.facts.membership import (
    ConsentGiven,
    ConsentWithdrawn,
    FirmJoined,
    FirmLeft,
    HouseholdFormed,
    PersonEnrolled,
    PersonLeft,
)
from wis_engine.facts.needs import NeedDeclared, NeedExpired, NeedRevised, NeedUnmet, NeedWithdrawn
from wis_engine.facts.project import ActionPlanned, GrantAwarded, ProjectPlanned
from wis_engine.facts.supply import AgreementSigned, OfferRevised, OfferWithdrawn, SupplierOffered, SupplierRegistered
from wis_engine.facts.vouchers import VoucherCancelled, VoucherExpired, VoucherIssued, VoucherRedeemed

EVENTS: Final[tuple[type[Event], ...]] = (
    *(ProjectPlanned, ActionPlanned, GrantAwarded),
    *(FirmJoined, FirmLeft, PersonEnrolled, PersonLeft, HouseholdFormed, ConsentGiven, ConsentWithdrawn),
    *(NeedDeclared, NeedRevised, NeedWithdrawn, NeedExpired, NeedUnmet),
    *(SupplierRegistered, SupplierOffered, OfferRevised, OfferWithdrawn, AgreementSigned),
    *(PlanAdopted, PoolFormed, PoolMemberLeft, PoolDissolved, ChainComposed, ChainBroken),
    *(ServiceBooked, ServiceDelivered, DeliveryConfirmed, ServiceCancelled),
    *(VoucherIssued, VoucherRedeemed, VoucherExpired, VoucherCancelled),
    *(MeetingHeld, SatisfactionRecorded),
)

__all__ = [
    "EVENTS",
    "ActionPlanned",
    "AgreementSigned",
    "ChainBroken",
    "ChainComposed",
    "ConsentGiven",
    "ConsentWithdrawn",
    "DeliveryConfirmed",
    "Event",
    "FirmJoined",
    "FirmLeft",
    "GrantAwarded",
    "HouseholdFormed",
    "MeetingHeld",
    "NeedDeclared",
    "NeedExpired",
    "NeedRevised",
    "NeedUnmet",
    "NeedWithdrawn",
    "OfferRevised",
    "OfferWithdrawn",
    "PersonEnrolled",
    "PersonLeft",
    "PlanAdopted",
    "PoolDissolved",
    "PoolFormed",
    "PoolMemberLeft",
    "ProjectPlanned",
    "Receipt",
    "Recorded",
    "SatisfactionRecorded",
    "ServiceBooked",
    "ServiceCancelled",
    "ServiceDelivered",
    "SupplierOffered",
    "SupplierRegistered",
    "VoucherCancelled",
    "VoucherExpired",
    "VoucherIssued",
    "VoucherRedeemed",
    "personal",
]
