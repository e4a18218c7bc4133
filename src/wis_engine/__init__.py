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
    "facts.base": ("Event", "Recorded", "Receipt", "id_field", "personal"),
    "facts.project": ("ProjectPlanned", "ActionPlanned", "GrantAwarded", "FundLine"),
    "facts.partners": (
        *("PartnerAdmitted", "PartnerWithdrawn"),
        *("StaffAssigned", "StaffHoursLogged", "StaffHoursReversed"),
    ),
    "facts.costs": ("CostIncurred", "CostReversed"),
    "facts.firms": (
        *("FirmApproached", "FirmSheetCompleted"),
        *("NetworkAgreementSigned", "NetworkAgreementJoined", "NetworkAgreementLeft"),
    ),
    "facts.membership": (
        *("FirmJoined", "FirmLeft", "PersonEnrolled", "PersonLeft"),
        *("HouseholdFormed", "ConsentGiven", "ConsentWithdrawn"),
    ),
    "facts.needs": ("NeedDeclared", "NeedRevised", "NeedWithdrawn", "NeedExpired", "NeedUnmet", "UnmetReason"),
    "facts.guidance": ("ConsultationHeld", "PersonalPlanDrafted", "PersonalPlanApproved", "PersonalPlanRevised"),
    "facts.supply": (
        *("SupplierRegistered", "SupplierSurveyed", "SupplierSuspended", "SupplierReinstated"),
        *("SupplierOffered", "OfferRevised", "OfferWithdrawn", "AgreementSigned", "AgreementEnded"),
    ),
    "facts.matches": (
        *("PlanAdopted", "PlanLevel", "PlanSetting", "ChainComposed", "ChainBroken"),
        *("PoolFormed", "PoolMemberLeft", "PoolDissolved", "LeavingReason"),
    ),
    "facts.requests": ("ServiceRequested", "RequestAnswered"),
    "facts.engagements": (
        *("ServiceBooked", "ServiceDelivered", "DeliveryConfirmed", "ServiceCancelled", "CancelReason"),
        *("NoShowRecorded", "NoShowBy", "DeliveryDisputed", "DisputeResolved", "SatisfactionRecorded"),
    ),
    "facts.moving": ("ServiceRescheduled",),
    "facts.vouchers": (
        *("VoucherIssued", "VoucherRedeemed", "VoucherReversed", "VoucherSettled"),
        *("VoucherExpired", "VoucherCancelled"),
    ),
    "facts.governance": ("WorkingGroupFormed", "MeetingHeld", "MonitoringReportIssued"),
    "facts.outreach": (
        *("CampaignLaunched", "CampaignReached", "ProductReleased"),
        *("PaternityLeavePlanned", "PaternityLeaveTaken"),
    ),
    "log.codec": ("fact_from_dict", "fact_to_dict"),
    "log.log": ("Batch", "Fault"),
    "log.schema": ("json_schema",),
    "log.upcast": ("Upcast",),
    "network.choice": ("Choice", "choices"),
    "network.guidance": (
        *("AccessMode", "CampaignFocus", "ConsultationMode", "ConsultationTopic", "ProductKind", "SurveyCriterion"),
    ),
    "network.network": ("Network",),
    "network.parties": (
        *("CostClass", "FirmStage", "FirmStatus", "FundingRules", "FundSource", "Gender", "MeetingKind", "Member"),
        *("PlannedCost", "Purpose", "Recipient", "Role", "SupplierKind", "Target"),
    ),
    "network.partners": ("Evidence", "Figure", "NetworkAgreementKind", "PartnerKind", "StaffRole"),
    "network.promises": ("ChainStep", "NeedStep", "PoolMember", "VoucherKind"),
    "network.rules": ("Rule", "RuleCheck", "rule_checks"),
    "network.sizes": ("FirmSize", "LinkedFirm"),
    "simulation.samples": ("sample",),
    "values": (
        *("AgeBand", "Channel", "Occurrence", "Period", "Place", "Point", "PriceTier", "Redacted", "WeekSlots"),
        *("AccountId", "ActionCode", "AgreementId", "ChainId", "EngagementId", "FirmId", "FundId", "HouseholdId"),
        *("MeetingId", "MemberId", "NeedId", "OfferId", "PersonId", "PlanId", "PoolId", "ProjectId", "ServiceCode"),
        *("SupplierId", "VoucherId", "new_id"),
        *("CampaignId", "ConsultationId", "CostId", "GroupId", "LeaveId", "NetworkAgreementId", "PartnerId"),
        *("PersonalPlanId", "ProductId", "ReportId", "RequestId", "StaffId", "SurveyId", "TimesheetId"),
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
