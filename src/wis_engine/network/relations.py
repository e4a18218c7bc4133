"""The one table of relations: what links what, which facts open and close it."""

from typing import Final, Literal

import attrs


@attrs.frozen
class Relation:
    """A line of the table of relations: what may be linked, by which facts.

    Attributes
    ----------
    name, source, target
        The verb, and the kinds of node it joins. A name may stand in several
        lines, with other kinds.
    opened_by, also_opened_by, closed_by
        Names of facts; a relation without `closed_by` holds for ever.
    tells
        Which end's story takes in the other end: the source's (`forward`),
        the target's (`backward`), or neither.
    """

    name: str
    source: str
    target: str
    opened_by: str
    closed_by: tuple[str, ...] = ()
    also_opened_by: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    tells: Literal["forward", "backward"] | None = attrs.field(default=None, kw_only=True)


ENDS: Final = ("pool-member-left", "pool-dissolved", "service-delivered")
"""Facts that end a member's place in a pool, or the pool: the last delivery does too."""

RELATIONS: Final = (
    Relation("plans", "project", "action", "action-planned", tells="forward"),
    Relation("funds", "action", "fund", "grant-awarded", tells="forward"),
    Relation("keeps", "fund", "account", "grant-awarded"),
    Relation("employs", "firm", "person", "person-enrolled", ("person-left",), tells="forward"),
    Relation("lives_in", "person", "household", "household-formed", tells="backward"),
    Relation("declares", "household", "need", "need-declared", tells="forward"),
    Relation("acts_as", "firm", "supplier", "supplier-registered", tells="forward"),
    Relation("offers", "supplier", "offer", "supplier-offered", tells="forward"),
    Relation("signs", "supplier", "agreement", "agreement-signed", tells="forward"),
    Relation("covers", "agreement", "offer", "agreement-signed", tells="backward"),
    Relation("forms", "plan", "pool", "pool-formed", tells="forward"),
    Relation("composes", "plan", "chain", "chain-composed", tells="forward"),
    Relation("leads", "supplier", "chain", "chain-composed"),
    Relation("uses", "chain", "offer", "chain-composed", ("chain-broken",)),
    Relation("shapes", "chain", "pool", "pool-formed", tells="backward"),
    Relation("serves", "offer", "pool", "pool-formed", ENDS),
    Relation("joins", "need", "pool", "pool-formed", ENDS, tells="forward"),
    Relation("within", "engagement", "pool", "service-booked"),
    Relation("fulfils", "engagement", "need", "service-booked", tells="backward"),
    Relation("delivers", "offer", "engagement", "service-booked"),
    Relation("backs", "fund", "voucher", "voucher-issued", tells="forward"),
    Relation("holds", "household", "voucher", "voucher-issued", tells="forward"),
    Relation("grants", "pool", "voucher", "voucher-issued"),
    Relation("meant_for", "voucher", "need", "voucher-issued", tells="backward"),
    Relation("paid", "voucher", "engagement", "voucher-redeemed", ("voucher-reversed",), tells="backward"),
    Relation("unites", "project", "partner", "partner-admitted", tells="forward"),
    Relation("partners", "firm", "partner", "partner-admitted"),
    Relation("assigns", "partner", "staff_member", "staff-assigned", tells="forward"),
    Relation("logs", "staff_member", "timesheet", "staff-hours-logged", tells="forward"),
    Relation("takes", "action", "timesheet", "staff-hours-logged", tells="forward"),
    Relation("bears", "action", "cost", "cost-incurred", tells="forward"),
    Relation("spends", "partner", "cost", "cost-incurred"),
    Relation("gathers", "project", "working_group", "working-group-formed", tells="forward"),
    Relation("heads", "partner", "working_group", "working-group-formed"),
    Relation("meets", "working_group", "meeting", "meeting-held", tells="forward"),
    Relation("reports", "project", "report", "monitoring-report-issued", tells="forward"),
    Relation(
        "binds",
        "network_agreement",
        "firm",
        "network-agreement-signed",
        ("network-agreement-left", "firm-left"),
        also_opened_by=("network-agreement-joined",),
        tells="forward",
    ),
    Relation("undergoes", "supplier", "survey", "supplier-surveyed", tells="forward"),
    Relation("compares", "agreement", "survey", "agreement-signed", tells="forward"),
    Relation("asks", "need", "request", "service-requested", tells="forward"),
    Relation("consults", "firm", "consultation", "consultation-held", tells="forward"),
    Relation("consults", "household", "consultation", "consultation-held", tells="forward"),
    Relation("follows", "household", "personal_plan", "personal-plan-drafted", tells="forward"),
    Relation(
        "sets_out",
        "personal_plan",
        "need",
        "personal-plan-drafted",
        ("personal-plan-revised",),
        also_opened_by=("personal-plan-revised",),
    ),
    Relation("runs", "project", "campaign", "campaign-launched", tells="forward"),
    Relation("releases", "project", "product", "product-released", tells="forward"),
    Relation("grants_leave", "household", "leave", "paternity-leave-planned", tells="forward"),
)
