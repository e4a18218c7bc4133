"""An event-sourced service-matching engine for territorial welfare.

Facts are recorded in a log, add up to a network of firms, households and
suppliers, and the matcher merges alike needs into pools and joins offers into
chains, with a proof of how good the plan is and a reason for every need left
out. Begin with `Community.open("memory:")`.

The public names stand in one table, by the module that they live in, and are
loaded when first used; `__init__.pyi` tells type checkers the same.
"""

from importlib import import_module
from typing import Any

_PUBLIC = {
    "community": ("Community", "system_clock"),
    "errors": (
        *("WisError", "Refused", "Malformed", "Conflict", "KeyReused", "OutcomeUnknown", "IntegrityError"),
        *("StorageUnavailable", "Busy", "Full", "ReadOnly", "ConnectionLost", "LogClosed"),
        *("FormatError", "PrivacyError", "PlanError", "StrategyError"),
    ),
    "facts.base": ("Event", "Recorded", "Receipt", "personal"),
    "facts.project": ("ProjectPlanned", "ActionPlanned", "GrantAwarded", "FundLine"),
    "facts.membership": (
        *("FirmJoined", "FirmLeft", "PersonEnrolled", "PersonLeft"),
        *("HouseholdFormed", "ConsentGiven", "ConsentWithdrawn"),
    ),
    "facts.needs": ("NeedDeclared", "NeedRevised", "NeedWithdrawn", "NeedExpired", "NeedUnmet", "UnmetReason"),
    "facts.supply": ("SupplierRegistered", "SupplierOffered", "OfferRevised", "OfferWithdrawn", "AgreementSigned"),
    "facts.matches": (
        *("PlanAdopted", "PlanLevel", "PlanSetting", "ChainComposed", "ChainBroken"),
        *("PoolFormed", "PoolMemberLeft", "PoolDissolved", "LeavingReason"),
    ),
    "facts.engagements": (
        *("ServiceBooked", "ServiceDelivered", "DeliveryConfirmed", "ServiceCancelled", "CancelReason"),
        "SatisfactionRecorded",
    ),
    "facts.vouchers": ("VoucherIssued", "VoucherRedeemed", "VoucherExpired", "VoucherCancelled"),
    "facts.governance": ("MeetingHeld",),
    "log.codec": ("fact_from_dict", "fact_to_dict"),
    "log.log": ("Fault",),
    "log.schema": ("json_schema",),
    "log.upcast": ("Upcast",),
    "network.parties": (
        *("FirmStatus", "FundSource", "Gender", "MeetingKind", "Member"),
        *("Purpose", "Role", "SupplierKind", "Target"),
    ),
    "network.promises": ("ChainStep", "NeedStep", "PoolMember"),
    "values": (
        *("AgeBand", "Channel", "Occurrence", "Period", "Place", "Point", "PriceTier", "Redacted", "WeekSlots"),
        "new_id",
    ),
    "verification": ("Verification",),
}
_HOMES = {name: home for home, names in _PUBLIC.items() for name in names}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever bears the name
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(_HOMES)
