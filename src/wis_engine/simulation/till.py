"""The till of a simulated year: vouchers issued, paid with, judged by, taken back in part, settled."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from wis_engine.facts import (
    Event,
    SatisfactionRecorded,
    VoucherCancelled,
    VoucherIssued,
    VoucherRedeemed,
    VoucherReversed,
    VoucherSettled,
)
from wis_engine.network import Network
from wis_engine.network.promises import Engagement, Pool, PoolMember, SessionState, Voucher
from wis_engine.simulation.luck import Luck
from wis_engine.simulation.office import evidence
from wis_engine.values import Cents, EngagementId, NeedId, Period, PoolId, VoucherId, split_cents

SETTLE_DAYS: Final = 31
"""Days after a pool's last in which its vouchers are still good."""
_DAY: Final = dt.timedelta(days=1)
_SCORE_MAX: Final = 5


class Till:
    """Vouchers by the promise that they keep, and the bills to settle by their day."""

    def __init__(self, luck: Luck) -> None:
        self.luck = luck
        self._vouchers: dict[tuple[PoolId, NeedId], list[VoucherId]] = defaultdict(list)
        self._bills: dict[dt.date, list[tuple[VoucherId, EngagementId]]] = defaultdict(list)
        self._issued = 0

    def issue(self, network: Network, pool: Pool, member: PoolMember, day: dt.date) -> Iterator[Event]:
        """Issue one voucher for each fund that the pool promised of."""
        for grant in member.grants:
            self._issued += 1
            voucher = VoucherId(f"voucher-{self._issued:04d}")
            self._vouchers[pool.id, member.need].append(voucher)
            yield VoucherIssued(
                voucher=voucher,
                fund=grant.fund,
                household=network.needs[member.need].household,
                need=member.need,
                face_cents=grant.cents,
                valid=Period(day, pool.period.end + SETTLE_DAYS * _DAY),
            )

    def close(
        self, network: Network, pool: Pool, engagements: list[Engagement], day: dt.date, *, given_up: bool
    ) -> Iterator[Event]:
        """Pay the engagements of a member for what was confirmed, and ask for a judgement."""
        need = engagements[0].need
        vouchers = [network.vouchers[name] for name in self._vouchers.pop((pool.id, need), [])]
        left_cents = {voucher.id: voucher.left_cents for voucher in vouchers}
        for engagement in engagements:
            for voucher, cents in _payments(engagement, engagements, vouchers):
                left_cents[voucher] -= cents
                yield VoucherRedeemed(voucher=voucher, engagement=engagement.id, amount_cents=cents)
                after = self.luck.between("settled_after_days", need, engagement.step)
                self._bills[day + after * _DAY].append((voucher, engagement.id))
            if engagement.confirmed and engagement.score is None and self._judged(engagement):
                yield self._judgement(engagement)
        if given_up:
            for name, cents in left_cents.items():
                if cents:
                    yield VoucherCancelled(voucher=name, reason="the household gave the service up")

    def settled(self, network: Network, day: dt.date) -> list[Event]:
        """Settle the bills of the day; of one that was wrong, what it said too much is taken back first."""
        facts: list[Event] = []
        for voucher, name in sorted(self._bills.pop(day, [])):
            engagement = network.engagements[name]
            use = network.vouchers[voucher].use(name)
            cents = use.redeemed_cents - use.settled_cents
            over_cents = cents * self.luck.odds["billed_over_percent"] // 100
            if over_cents and self.luck.happens("billed_wrong_percent", engagement.need, engagement.step):
                cents -= over_cents
                reason = "billed for more than was given"
                facts.append(VoucherReversed(voucher=voucher, engagement=name, amount_cents=over_cents, reason=reason))
            paper = evidence(f"bill-{voucher}-{name}")
            facts.append(VoucherSettled(voucher=voucher, engagement=name, amount_cents=cents, evidence=paper))
        return facts

    # What households say

    def _judged(self, engagement: Engagement) -> bool:
        return self.luck.happens("judged_percent", engagement.need, engagement.step)

    def _judgement(self, engagement: Engagement) -> SatisfactionRecorded:
        need, step = engagement.need, engagement.step
        life_before, life_after = self._before_and_after("life", engagement)
        climate_before, climate_after = self._before_and_after("climate", engagement)
        saved_minutes = None
        if self.luck.happens("saved_told_percent", need, step):
            saved_minutes = self.luck.between("saved_minutes", need, step)
            saved_minutes *= engagement.states.count(SessionState.CONFIRMED)
        return SatisfactionRecorded(
            engagement=engagement.id,
            score=1 + self.luck.pick("scores", need, step),
            life_before=life_before,
            life_after=life_after,
            climate_before=climate_before,
            climate_after=climate_after,
            saved_minutes=saved_minutes,
        )

    def _before_and_after(self, what: str, engagement: Engagement) -> tuple[int | None, int | None]:
        """Draw two scores, or none."""
        need, step = engagement.need, engagement.step
        if not self.luck.happens(f"{what}_told_percent", need, step):
            return None, None
        before = 1 + self.luck.pick(f"{what}_before", need, step)
        change = self.luck.pick(f"{what}_change", need, step) - 1
        return before, min(max(before + change, 1), _SCORE_MAX)


def _payments(
    engagement: Engagement, engagements: list[Engagement], vouchers: list[Voucher]
) -> Iterator[tuple[VoucherId, Cents]]:
    """Say what each voucher pays of an engagement: its part of the face, for the sessions that were confirmed."""
    confirmed = engagement.states.count(SessionState.CONFIRMED)
    room_cents = engagement.price_cents - engagement.redeemed_cents
    prices = {one.id: one.price_cents for one in engagements}
    for voucher in vouchers:
        part_cents = split_cents(voucher.face_cents, prices)[engagement.id]
        cents = min(part_cents * confirmed // len(engagement.states), room_cents)
        if cents:
            room_cents -= cents
            yield voucher.id, cents
