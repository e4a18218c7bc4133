"""The life of a voucher: issued on a fund, redeemed for deliveries, reversed or settled, expired or cancelled."""

from enum import StrEnum
from typing import ClassVar

import attrs
from attrs import field

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.facts.needs import has_active_employee, has_active_recipient
from wis_engine.network import Network, grants, ledger
from wis_engine.network.partners import Evidence
from wis_engine.network.promises import Engagement, Need, Pool, Voucher, VoucherKind, VoucherState
from wis_engine.shapes import exactly, positive, text
from wis_engine.values import Cents, EngagementId, FundId, HouseholdId, NeedId, Period, PoolId, VoucherId


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    NO_ACTIVE_RECIPIENT = "no-active-recipient"
    OVER_FUND = "over-fund"
    OVER_PROMISE = "over-promise"
    OVER_HOUSEHOLD_CAP = "over-household-cap"
    VOUCHER_NOT_ACTIVE = "voucher-not-active"
    OUTSIDE_VALIDITY = "outside-validity"
    OTHER_HOUSEHOLD = "other-household"
    OTHER_ACTION = "other-action"
    NOT_CONFIRMED = "not-confirmed"
    OVER_VOUCHER = "over-voucher"
    OVER_PRICE = "over-price"
    OVER_FUND_SHARE = "over-fund-share"
    NOT_YET_OVER = "not-yet-over"
    NOT_EMPLOYED = "not-employed"
    OTHER_NEED = "other-need"
    NOT_WHOLE = "not-whole"
    OVER_REDEEMED = "over-redeemed"


@attrs.frozen(kw_only=True)
class VoucherIssued(Event):
    """A voucher was issued to a household, its face reserved on a fund.

    It is nominative: it pays for services of the fund's action, used by this
    household, and is redeemed on the dates of `valid`. With `need` it keeps
    what the need's pool, while it stands, promised of this fund.

    A `divisible` one is a balance. A `single-use` one is for one need of a
    household in which somebody is employed, and pays an engagement whole,
    without anything on top (article 51 TUIR, D.M. 25/3/2016).
    """

    name: ClassVar[str] = "voucher-issued"

    voucher: VoucherId = id_field()
    fund: FundId = id_field()
    household: HouseholdId = id_field()
    need: NeedId | None = id_field(default=None)
    face_cents: Cents = field(validator=positive)
    valid: Period = field(validator=exactly(Period))
    kind: VoucherKind = field(default=VoucherKind.DIVISIBLE, validator=exactly(VoucherKind))

    def __attrs_post_init__(self) -> None:
        """Refuse a title for one service that names none."""
        if self.kind is VoucherKind.SINGLE_USE and self.need is None:
            raise Malformed("VoucherIssued.need: a single-use voucher names it")

    def check(self, network: Network) -> None:
        """Refuse more than the fund has free, or than one household may hold of it."""
        fresh(network, self.voucher)
        fund = known(network.funds, self.fund)
        known(network.households, self.household)
        if not has_active_recipient(network, self.household):
            refuse(Reason.NO_ACTIVE_RECIPIENT, self.household)
        if self.kind is VoucherKind.SINGLE_USE and not has_active_employee(network, self.household):
            refuse(Reason.NOT_EMPLOYED, self.household)
        promised_cents = self._promised(network)
        if self.face_cents > promised_cents and self.need is not None:
            refuse(Reason.OVER_PROMISE, promised_cents)
        free_cents = grants.free_cents(network, self.fund) + promised_cents
        if self.face_cents > free_cents:
            refuse(Reason.OVER_FUND, free_cents)
        if fund.household_cap_cents is not None:
            had_cents = grants.household_cents(network, self.household, self.fund) - promised_cents
            if had_cents + self.face_cents > fund.household_cap_cents:
                refuse(Reason.OVER_HOUSEHOLD_CAP, fund.household_cap_cents - had_cents)

    def _promised(self, network: Network) -> Cents:
        """What an open pool promised of this fund to the need, and no voucher holds yet."""
        if self.need is None:
            return 0
        if known(network.needs, self.need).household != self.household:
            refuse(Reason.OTHER_HOUSEHOLD, self.need)
        pool = open_pool(network, self.need)
        member = pool.member(self.need) if pool else None
        return grants.outstanding(network, pool, member).get(self.fund, 0) if pool and member else 0

    def apply(self, network: Network) -> None:
        """Put the voucher and reserve its face."""
        for account in ledger.reserved(network.accounts, self.fund, self.face_cents):
            network.put(account)
        pool = None if self.need is None else open_pool(network, self.need)
        if self.need is not None:
            network.put(network.funds[self.fund].promised(-self.face_cents))
        network.put(
            Voucher(
                id=self.voucher,
                fund=self.fund,
                household=self.household,
                pool=None if pool is None else pool.id,
                need=self.need,
                face_cents=self.face_cents,
                valid=self.valid,
                voucher_kind=self.kind,
            )
        )


def open_pool(network: Network, need: NeedId) -> Pool | None:
    """Find the open pool that a need is in."""
    names = network.links.targets(need, "joins")
    return network.pools[PoolId(names[0])] if names else None


@attrs.frozen(kw_only=True)
class VoucherRedeemed(Event):
    """A voucher paid, wholly or in part, for an engagement with a confirmed delivery."""

    name: ClassVar[str] = "voucher-redeemed"

    voucher: VoucherId = id_field()
    engagement: EngagementId = id_field()
    amount_cents: Cents = field(validator=positive)

    def check(self, network: Network) -> None:
        """Refuse beyond the voucher, its dates, its household, its action, what was delivered, or the fund's part."""
        voucher = known(network.vouchers, self.voucher)
        engagement = known(network.engagements, self.engagement)
        self._check_voucher(network, voucher, network.needs[engagement.need])
        if voucher.voucher_kind is VoucherKind.SINGLE_USE:
            self._check_whole(voucher, engagement)
        if not engagement.confirmed:
            refuse(Reason.NOT_CONFIRMED, self.engagement)
        if self.amount_cents > voucher.left_cents:
            refuse(Reason.OVER_VOUCHER, voucher.left_cents)
        if engagement.redeemed_cents + self.amount_cents > engagement.payable_cents:
            refuse(Reason.OVER_PRICE, engagement.payable_cents - engagement.redeemed_cents)
        share_cents = -(-engagement.price_cents * network.funds[voucher.fund].share_percent // 100)
        if engagement.paid_by(voucher.fund) + self.amount_cents > share_cents:
            refuse(Reason.OVER_FUND_SHARE, share_cents)

    def _check_voucher(self, network: Network, voucher: Voucher, need: Need) -> None:
        if voucher.state is not VoucherState.ACTIVE:
            refuse(Reason.VOUCHER_NOT_ACTIVE, voucher.state)
        if network.today not in voucher.valid:
            refuse(Reason.OUTSIDE_VALIDITY, voucher.valid)
        if need.household != voucher.household:
            refuse(Reason.OTHER_HOUSEHOLD, voucher.household)
        if need.action != network.funds[voucher.fund].action:
            refuse(Reason.OTHER_ACTION, need.action)

    def _check_whole(self, voucher: Voucher, engagement: Engagement) -> None:
        """Refuse to use a title for one service elsewhere, in part, or with something on top."""
        if engagement.need != voucher.need:
            refuse(Reason.OTHER_NEED, engagement.need)
        if not self.amount_cents == voucher.face_cents == engagement.price_cents:
            refuse(Reason.NOT_WHOLE, engagement.price_cents)

    def apply(self, network: Network) -> None:
        """Post the payment from the fund to the supplier."""
        voucher = network.vouchers[self.voucher]
        engagement = network.engagements[self.engagement]
        supplier = network.offers[engagement.offer].supplier
        network.put(voucher.redeemed(self.engagement, self.amount_cents))
        network.put(engagement.paid(voucher.fund, self.amount_cents))
        for account in ledger.posted(network.accounts, voucher.fund, supplier, self.amount_cents):
            network.put(account)
        network.link(self.voucher, "paid", self.engagement)


def _check_unsettled(network: Network, name: VoucherId, engagement: EngagementId, cents: Cents) -> None:
    """Refuse more than a voucher paid for an engagement and nobody has settled."""
    known(network.engagements, engagement)
    use = known(network.vouchers, name).use(engagement)
    left_cents = use.redeemed_cents - use.settled_cents
    if cents > left_cents:
        refuse(Reason.OVER_REDEEMED, left_cents)


@attrs.frozen(kw_only=True)
class VoucherReversed(Event):
    """What a voucher paid for an engagement was taken back, wholly or in part, before it was settled.

    A voucher that still holds, or held until its last cent, has it again; of
    one that has ended, it is free.
    """

    name: ClassVar[str] = "voucher-reversed"

    voucher: VoucherId = id_field()
    engagement: EngagementId = id_field()
    amount_cents: Cents = field(validator=positive)
    reason: str = field(default="", validator=text(200))

    def check(self, network: Network) -> None:
        """Refuse more than was redeemed and not settled."""
        _check_unsettled(network, self.voucher, self.engagement, self.amount_cents)

    def apply(self, network: Network) -> None:
        """Take the payment back."""
        engagement = network.engagements[self.engagement]
        supplier = network.offers[engagement.offer].supplier
        voucher = network.vouchers[self.voucher].redeemed(self.engagement, -self.amount_cents)
        network.put(voucher)
        network.put(engagement.paid(voucher.fund, -self.amount_cents))
        for account in ledger.reversed_(network.accounts, voucher.fund, supplier, self.amount_cents, held=voucher.open):
            network.put(account)
        if not voucher.use(self.engagement).redeemed_cents:
            network.unlink(self.voucher, "paid", self.engagement)


@attrs.frozen(kw_only=True)
class VoucherSettled(Event):
    """The supplier received what a voucher had paid for an engagement, wholly or in part."""

    name: ClassVar[str] = "voucher-settled"

    voucher: VoucherId = id_field()
    engagement: EngagementId = id_field()
    amount_cents: Cents = field(validator=positive)
    evidence: Evidence = field(validator=exactly(Evidence))

    def check(self, network: Network) -> None:
        """Refuse more than was redeemed and not settled before."""
        _check_unsettled(network, self.voucher, self.engagement, self.amount_cents)

    def apply(self, network: Network) -> None:
        """Let the money leave the supplier's account."""
        engagement = network.engagements[self.engagement]
        network.put(network.vouchers[self.voucher].settled(self.engagement, self.amount_cents))
        supplier = network.offers[engagement.offer].supplier
        for account in ledger.settled(network.accounts, supplier, self.amount_cents):
            network.put(account)


def _active(network: Network, name: VoucherId) -> Voucher:
    voucher = known(network.vouchers, name)
    if voucher.state is not VoucherState.ACTIVE:
        refuse(Reason.VOUCHER_NOT_ACTIVE, voucher.state)
    return voucher


def _end(network: Network, name: VoucherId, state: VoucherState) -> None:
    voucher = network.vouchers[name]
    for account in ledger.reserved(network.accounts, voucher.fund, -voucher.left_cents):
        network.put(account)
    network.put(voucher.ended(state))


@attrs.frozen(kw_only=True)
class VoucherExpired(Event):
    """A voucher's time passed; what it had left is free again. Recorded by `advance`."""

    name: ClassVar[str] = "voucher-expired"

    voucher: VoucherId = id_field()

    def check(self, network: Network) -> None:
        """Refuse before its last day is over."""
        voucher = _active(network, self.voucher)
        if network.today < voucher.valid.end:
            refuse(Reason.NOT_YET_OVER, voucher.valid)

    def apply(self, network: Network) -> None:
        """Release what is left."""
        _end(network, self.voucher, VoucherState.EXPIRED)


@attrs.frozen(kw_only=True)
class VoucherCancelled(Event):
    """A voucher was cancelled; what it had left is free again."""

    name: ClassVar[str] = "voucher-cancelled"

    voucher: VoucherId = id_field()
    reason: str = field(default="", validator=text(200))

    def check(self, network: Network) -> None:
        """Refuse one that is not active."""
        _active(network, self.voucher)

    def apply(self, network: Network) -> None:
        """Release what is left."""
        _end(network, self.voucher, VoucherState.CANCELLED)
