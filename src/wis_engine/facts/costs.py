"""The life of a cost: incurred by a partner on an action and a source, reversed when it was wrong."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar

import attrs
from attrs import field

from wis_engine.errors import refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.facts.partners import standing_partner
from wis_engine.network import Network, ledger
from wis_engine.network.parties import CostClass, FundSource, Project
from wis_engine.network.partners import Cost, Evidence
from wis_engine.shapes import exactly, natural, positive, text
from wis_engine.values import ActionCode, Cents, CostId, PartnerId


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    OTHER_PROJECT = "other-project"
    NOT_YET_GRANTED = "not-yet-granted"
    NOT_YET_PAID = "not-yet-paid"
    OVER_ACTION_BUDGET = "over-action-budget"
    OVER_SOURCE = "over-source"
    OVER_GOODS_CAP = "over-goods-cap"
    ALREADY_REVERSED = "already-reversed"


@attrs.frozen(kw_only=True)
class CostIncurred(Event):
    """A partner paid for something that an action needed; what a voucher pays for is no such cost.

    It counts net of VAT, on one source of the grant.
    """

    name: ClassVar[str] = "cost-incurred"

    cost: CostId = id_field()
    action: ActionCode = id_field()
    partner: PartnerId = id_field()
    cost_class: CostClass = field(validator=exactly(CostClass))
    source: FundSource = field(validator=exactly(FundSource))
    net_cents: Cents = field(validator=positive)
    vat_cents: Cents = field(default=0, validator=natural)
    paid_on: dt.date = field(validator=exactly(dt.date))
    evidence: Evidence = field(validator=exactly(Evidence))

    def check(self, network: Network) -> None:
        """Refuse beyond the action's budget, the source, or what goods may cost of the contribution granted."""
        fresh(network, self.cost)
        action = known(network.actions, self.action)
        partner = standing_partner(network, self.partner)
        project = network.projects[action.project]
        if partner.project != project.id:
            refuse(Reason.OTHER_PROJECT, partner.project)
        if project.contribution_cents is None:
            refuse(Reason.NOT_YET_GRANTED, project.id)
        if self.paid_on > network.today:
            refuse(Reason.NOT_YET_PAID, self.paid_on)
        if self.net_cents > action.left_cents:
            refuse(Reason.OVER_ACTION_BUDGET, action.left_cents)
        if self.net_cents > project.left_cents(self.source):
            refuse(Reason.OVER_SOURCE, project.left_cents(self.source))
        if self.cost_class is CostClass.GOODS:
            self._check_goods(project)

    def _check_goods(self, project: Project) -> None:
        cap_cents = project.goods_cap_cents
        if cap_cents is not None and project.goods_cents + self.net_cents > cap_cents:
            refuse(Reason.OVER_GOODS_CAP, cap_cents - project.goods_cents)

    def apply(self, network: Network) -> None:
        """Put the cost, and count it."""
        network.put(
            Cost(
                id=self.cost,
                action=self.action,
                partner=self.partner,
                cost_class=self.cost_class,
                source=self.source,
                net_cents=self.net_cents,
                vat_cents=self.vat_cents,
                paid_on=self.paid_on,
                evidence=self.evidence,
            )
        )
        _count(network, network.costs[self.cost], self.net_cents)


@attrs.frozen(kw_only=True)
class CostReversed(Event):
    """A cost was wrong or is not accepted: it counts no more."""

    name: ClassVar[str] = "cost-reversed"

    cost: CostId = id_field()
    reason: str = field(default="", validator=text(200))

    def check(self, network: Network) -> None:
        """Refuse a second time."""
        if known(network.costs, self.cost).reversed:
            refuse(Reason.ALREADY_REVERSED, self.cost)

    def apply(self, network: Network) -> None:
        """Mark the cost, and give back what it took."""
        cost = network.costs[self.cost]
        network.put(cost.replace(reversed=True))
        _count(network, cost, -cost.net_cents)


def _count(network: Network, cost: Cost, cents: Cents) -> None:
    """Count cents for a cost: on its action, its source, the goods, and the account of its partner."""
    action = network.actions[cost.action]
    network.put(action.cost(cents))
    project = network.projects[action.project].used(cost.source, cents)
    network.put(project.bought(cents) if cost.cost_class is CostClass.GOODS else project)
    for account in ledger.incurred(network.accounts, cost.partner, cents):
        network.put(account)
