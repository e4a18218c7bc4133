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
    opened_by, closed_by
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
    Relation("paid", "voucher", "engagement", "voucher-redeemed", tells="backward"),
)
