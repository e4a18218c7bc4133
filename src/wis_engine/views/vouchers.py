"""What became of every voucher: its face, what it paid, what it has left."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import ClassVar

import attrs

from wis_engine.facts import (
    Event,
    GrantAwarded,
    VoucherCancelled,
    VoucherExpired,
    VoucherIssued,
    VoucherRedeemed,
    VoucherReversed,
    VoucherSettled,
)
from wis_engine.facts.project import FundLine
from wis_engine.network.promises import VoucherKind, VoucherState
from wis_engine.values import Cents, EngagementId, FundId, HouseholdId, NeedId, Period, VoucherId
from wis_engine.views.view import Handler, Mark, Row, View


@attrs.define(kw_only=True)
class Payment:
    """What a voucher paid for an engagement, less what was taken back."""

    engagement: EngagementId
    cents: Cents
    at: Mark


@attrs.define(kw_only=True)
class VoucherLine:
    """One voucher and its payments; `ended` says when it expired or was cancelled."""

    voucher: VoucherId
    kind: VoucherKind
    fund: FundLine
    household: HouseholdId
    need: NeedId | None
    face_cents: Cents
    valid: Period
    issued: Mark
    payments: list[Payment] = attrs.Factory(list)
    settled_cents: Cents = 0
    ended: Mark | None = None
    end: VoucherState = VoucherState.ACTIVE

    @property
    def state(self) -> VoucherState:
        """Where it stands."""
        return VoucherState.SPENT if self.redeemed_cents == self.face_cents else self.end

    @property
    def redeemed_cents(self) -> Cents:
        """What it paid by now."""
        return sum(payment.cents for payment in self.payments)

    @property
    def left_cents(self) -> Cents:
        """What it can still pay."""
        return 0 if self.ended else self.face_cents - self.redeemed_cents

    @property
    def released_cents(self) -> Cents:
        """What went back to its fund when it ended."""
        return self.face_cents - self.redeemed_cents if self.ended else 0

    def take_back(self, engagement: EngagementId, cents: Cents) -> None:
        """Take back what it paid for an engagement, the last payment first; what is wholly taken back never was."""
        for payment in reversed(self.payments):
            if payment.engagement == engagement:
                part = min(cents, payment.cents)
                payment.cents -= part
                cents -= part
        self.payments = [payment for payment in self.payments if payment.cents]

    def left_before(self, day: dt.date) -> Cents:
        """What it could still pay at the beginning of a day."""
        if self.issued.day >= day or (self.ended and self.ended.day < day):
            return 0
        return self.face_cents - sum(payment.cents for payment in self.payments if payment.at.day < day)


class Vouchers(View):
    """The book of vouchers, one line each."""

    READS: ClassVar[tuple[type[Event], ...]] = (
        *(GrantAwarded, VoucherIssued, VoucherRedeemed, VoucherReversed, VoucherSettled),
        *(VoucherExpired, VoucherCancelled),
    )

    def __init__(self, *, zone: str = "Europe/Rome") -> None:
        self.funds: dict[FundId, FundLine] = {}
        self._lines: dict[VoucherId, VoucherLine] = {}
        super().__init__(zone=zone)

    def handlers(self) -> Mapping[type[Event], Handler]:
        """Open a line, write a payment into it or take it back, settle, close."""
        return {
            GrantAwarded: self._granted,
            VoucherIssued: self._issued,
            VoucherRedeemed: self._redeemed,
            VoucherReversed: self._reversed,
            VoucherSettled: self._settled,
            VoucherExpired: self._expired,
            VoucherCancelled: self._cancelled,
        }

    def lines(self) -> Iterator[VoucherLine]:
        """Every voucher, in order of id."""
        return (self._lines[name] for name in sorted(self._lines))

    def records(self) -> list[Row]:
        """List the vouchers, one row each, in order of id."""
        return [
            {
                "voucher": line.voucher,
                "kind": line.kind.value,
                "household": line.household,
                "need": line.need,
                "fund": line.fund.fund,
                "action": line.fund.action,
                "source": line.fund.source.value,
                "issued": line.issued.day.isoformat(),
                "valid": str(line.valid),
                "state": line.state.value,
                "face_cents": line.face_cents,
                "redeemed_cents": line.redeemed_cents,
                "settled_cents": line.settled_cents,
                "left_cents": line.left_cents,
                "released_cents": line.released_cents,
            }
            for line in self.lines()
        ]

    def expiring(self, until: dt.date) -> list[Row]:
        """List the vouchers that still have money on them and pay no more on a date, the soonest first."""
        due = [line for line in self.lines() if line.left_cents and line.valid.end <= until]
        return [
            {"voucher": line.voucher, "last_day": _last_day(line.valid).isoformat(), "left_cents": line.left_cents}
            for line in sorted(due, key=lambda line: (line.valid.end, line.voucher))
        ]

    def yearly(self) -> list[Row]:
        """List what was issued to each household and what it used of that, by year of issue and of payment."""
        sums: dict[tuple[HouseholdId, int], list[Cents]] = {}
        for line in self._lines.values():
            sums.setdefault((line.household, line.issued.day.year), [0, 0])[0] += line.face_cents
            for payment in line.payments:
                sums.setdefault((line.household, payment.at.day.year), [0, 0])[1] += payment.cents
        return [
            {"household": household, "year": year, "issued_cents": issued, "redeemed_cents": redeemed}
            for (household, year), (issued, redeemed) in sorted(sums.items())
        ]

    def _granted(self, fact: GrantAwarded, _at: Mark) -> None:
        self.funds |= {line.fund: line for line in fact.funds}

    def _issued(self, fact: VoucherIssued, at: Mark) -> None:
        self._lines[fact.voucher] = VoucherLine(
            voucher=fact.voucher,
            kind=fact.kind,
            fund=self.funds[fact.fund],
            household=fact.household,
            need=fact.need,
            face_cents=fact.face_cents,
            valid=fact.valid,
            issued=at,
        )

    def _redeemed(self, fact: VoucherRedeemed, at: Mark) -> None:
        payment = Payment(engagement=fact.engagement, cents=fact.amount_cents, at=at)
        self._lines[fact.voucher].payments.append(payment)

    def _reversed(self, fact: VoucherReversed, _at: Mark) -> None:
        self._lines[fact.voucher].take_back(fact.engagement, fact.amount_cents)

    def _settled(self, fact: VoucherSettled, _at: Mark) -> None:
        self._lines[fact.voucher].settled_cents += fact.amount_cents

    def _expired(self, fact: VoucherExpired, at: Mark) -> None:
        self._end(fact.voucher, VoucherState.EXPIRED, at)

    def _cancelled(self, fact: VoucherCancelled, at: Mark) -> None:
        self._end(fact.voucher, VoucherState.CANCELLED, at)

    def _end(self, voucher: VoucherId, state: VoucherState, at: Mark) -> None:
        line = self._lines[voucher]
        line.ended, line.end = at, state


def _last_day(period: Period) -> dt.date:
    return period.end - dt.timedelta(days=1)
