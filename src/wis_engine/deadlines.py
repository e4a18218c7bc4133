"""What the passage of time makes happen: pools, needs and vouchers whose last day is over."""

import datetime as dt
import heapq
from typing import Final

from wis_engine.facts import Event, NeedExpired, PoolDissolved, VoucherExpired
from wis_engine.facts.matches import LeavingReason
from wis_engine.network import Network
from wis_engine.values import EngagementId, NeedId, Period, PoolId, VoucherId

_ORDER: Final = {"pool": 0, "need": 1, "voucher": 2}
"""On one day pools end first, so that what they leave can expire."""


class Deadlines:
    """The deadlines of a network, soonest first; it looks again before it says what one makes happen.

    Attributes
    ----------
    moment
        Midnight, local time, at which the last fact given by `next` was due.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._due: list[tuple[dt.date, int, str, str]] = []
        for kind in _ORDER:
            for name in network.opened(kind):
                self._add(kind, name)
        self.moment = network.now

    def next(self, today: dt.date) -> Event | None:
        """Find the next fact due by a local date, or None; record it before asking again.

        A pool with a booked session that still waits is left alone.
        """
        while self._due and self._due[0][0] <= today:
            day, _, kind, name = heapq.heappop(self._due)
            fact = self._made(kind, name)
            if fact is None:
                continue
            self.moment = dt.datetime.combine(day, dt.time(), tzinfo=self._network.zone_info).astimezone(dt.UTC)
            if isinstance(fact, PoolDissolved):
                for member in self._network.pools[fact.pool].members:
                    self._add("need", member.need)
            return fact
        return None

    def _add(self, kind: str, name: str) -> None:
        heapq.heappush(self._due, (self._period(kind, name).end, _ORDER[kind], kind, name))

    def _period(self, kind: str, name: str) -> Period:
        match kind:
            case "pool":
                return self._network.pools[PoolId(name)].period
            case "need":
                return self._network.needs[NeedId(name)].period
        return self._network.vouchers[VoucherId(name)].valid

    def _made(self, kind: str, name: str) -> Event | None:
        """Say which fact the deadline of a thing makes, unless it was settled meanwhile."""
        network = self._network
        entity = network.entity(name)
        if entity is None or not entity.open:
            return None
        match kind:
            case "pool":
                engagements = network.links.sources(name, "within")
                if any(network.engagements[EngagementId(one)].open for one in engagements):
                    return None
                return PoolDissolved(pool=PoolId(name), reason=LeavingReason.PERIOD_OVER)
            case "need":
                return NeedExpired(need=NeedId(name))
        return VoucherExpired(voucher=VoucherId(name))
