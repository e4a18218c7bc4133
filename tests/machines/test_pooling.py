"""Offers are made and changed, pools formed, moved, left and dissolved: against a diary of half-hours.

The diary is a set of (whom or what, date, half-hour, pool), filled day by day;
prices are worked out here by hand.
"""

import datetime as dt
from collections import Counter

import stories
from hypothesis.stateful import precondition, rule
from hypothesis.strategies import data, integers, lists, sampled_from
from machinery import Telling, mostly

from wis_engine.facts import OfferRevised, OfferWithdrawn, PoolDissolved, PoolMemberLeft
from wis_engine.facts.matches import LeavingReason
from wis_engine.values import WeekSlots

HOUSEHOLDS = {"n1": "h1", "n2": "h2", "n3": "h3", "n5": "h1", "n6": "h1", "n7": "h2"}
KIDS = {"n6": "sister"}
OFFERS = sampled_from(["hw", "o8"])
PER_HOUR = {1: 2_000, 2: 1_500, 3: 1_000, 4: 1_000}
LENGTH = 3  # half-hours of one session


def mondays(weekday, start):
    """List the half-hours of the first four dates of a weekday in March, three in a row each."""
    first = dt.date(2026, 3, 2) + dt.timedelta(days=weekday)
    dates = [first + dt.timedelta(days=7 * week) for week in range(4)]
    return [(date, start + k) for date in dates for k in range(LENGTH)]


class Pooling(Telling):
    beginning = (
        stories.plan(),
        stories.need("n5", "h1"),
        stories.need("n6", "h1", beneficiary="sister"),
        stories.need("n7", "h2"),
        stories.offer("o8", supplier="s2", capacity_minutes=1_500, capacity_per_slot=2, group_min=2, group_max=3),
    )

    def __init__(self):
        super().__init__()
        self.offers = {
            "hw": {"capacity": 6_000, "at_once": 1, "least": 1, "most": 4, "stands": True},
            "o8": {"capacity": 1_500, "at_once": 2, "least": 2, "most": 3, "stands": True},
        }
        self.pools = {}
        self.record_pool("hw", ["n2", "n3"], 0, 32)

    def waits(self, need):
        return all(need not in pool["needs"] for pool in self.pools.values())

    def committed(self, offer):
        return sum(360 * len(pool["needs"]) for pool in self.pools.values() if pool["offer"] == offer)

    def at_once(self, offer):
        return Counter(when for pool in self.pools.values() if pool["offer"] == offer for when in pool["when"])

    def busy(self, pools=None):
        """List who is where: a household's kid, a date, a half-hour."""
        return {
            (HOUSEHOLDS[need], KIDS.get(need, "kid"), *when)
            for pool in (self.pools if pools is None else pools).values()
            for need in pool["needs"]
            for when in pool["when"]
        }

    @rule(
        data=data(),
        offer=OFFERS,
        weekday=integers(0, 1),
        start=sampled_from([32, 30, 33, 35, 29, 36]),
        wrong_cents=sampled_from([0, 0, 0, 0, 1]),
    )
    def form(self, data, offer, weekday, start, wrong_cents):
        one_need = mostly(filter(self.waits, HOUSEHOLDS), HOUSEHOLDS)
        needs = data.draw(lists(one_need, min_size=1, max_size=4, unique=True))
        held, when = self.offers[offer], mondays(weekday, start)
        kids = [(HOUSEHOLDS[need], KIDS.get(need, "kid")) for need in needs]
        allowed = (
            held["stands"]
            and 30 <= start <= 38 - LENGTH
            and held["least"] <= len(needs) <= held["most"]
            and all(map(self.waits, needs))
            and self.committed(offer) + 360 * len(needs) <= held["capacity"]
            and all(self.at_once(offer)[one] < held["at_once"] for one in when)
            and len(set(kids)) == len(kids)
            and not {(*kid, *one) for kid in kids for one in when} & self.busy()
            and not wrong_cents
        )
        self.record_pool(offer, needs, weekday, start, wrong_cents, allowed=allowed)

    def record_pool(self, offer, needs, weekday, start, wrong_cents=0, *, allowed=True):
        share = PER_HOUR[len(needs)] * 6
        name = f"pool-{len(self.told)}"
        members = [stories.member(need, share) for need in needs]
        pool = stories.pool(
            name,
            *members,
            steps=(stories.step(offer),),
            starts=WeekSlots.at(weekday, start),
            price_cents=share * len(needs) + wrong_cents,
        )
        self.tell(pool, allowed=allowed)
        if allowed:
            self.pools[name] = {"offer": offer, "needs": needs, "when": mondays(weekday, start)}

    @precondition(lambda self: self.pools)
    @rule(data=data())
    def leave(self, data):
        name = data.draw(sampled_from(sorted(self.pools)))
        pool = self.pools[name]
        need = data.draw(mostly(pool["needs"], HOUSEHOLDS))
        allowed = need in pool["needs"] and len(pool["needs"]) > self.offers[pool["offer"]]["least"]
        self.tell(PoolMemberLeft(pool=name, need=need), allowed=allowed)
        if allowed:
            pool["needs"] = [one for one in pool["needs"] if one != need]

    @precondition(lambda self: self.pools)
    @rule(
        data=data(),
        session=sampled_from([0, 1, 2, 3, 4]),
        day=integers(0, 29),
        start=sampled_from([32, 30, 33, 35, 29, 36]),
    )
    def move(self, data, session, day, start):
        name = data.draw(sampled_from(sorted(self.pools)))
        pool, date = self.pools[name], dt.date(2026, 3, 2) + dt.timedelta(days=day)
        others = {other: held for other, held in self.pools.items() if other != name}
        moved = [(date, start + k) for k in range(LENGTH)]
        rest = pool["when"][: session * LENGTH] + pool["when"][(session + 1) * LENGTH :]
        kids = [(HOUSEHOLDS[need], KIDS.get(need, "kid")) for need in pool["needs"]]
        offer = Counter(when for held in others.values() if held["offer"] == pool["offer"] for when in held["when"])
        allowed = (
            session < 4
            and date.weekday() < 5
            and 30 <= start <= 38 - LENGTH
            and (date, start * 30) >= (self.now.date(), self.now.hour * 60 + 60)
            and all(offer[when] < self.offers[pool["offer"]]["at_once"] for when in moved + rest)
            and not set(moved) & set(rest)
            and not {(*kid, *when) for kid in kids for when in moved + rest} & self.busy(others)
        )
        self.tell(stories.rescheduled(name, session, day=date, start_slot=start), allowed=allowed)
        if allowed:
            # Dates stay in the order of their sessions, wherever they went.
            pool["when"] = pool["when"][: session * LENGTH] + moved + pool["when"][(session + 1) * LENGTH :]

    @precondition(lambda self: self.pools)
    @rule(data=data())
    def dissolve(self, data):
        name = data.draw(sampled_from(sorted(self.pools)))
        self.tell(PoolDissolved(pool=name, reason=LeavingReason.SUPPLIER), allowed=True)
        del self.pools[name]

    @rule(offer=OFFERS, minutes=sampled_from([360, 1_080, 1_500, 6_000]))
    def change_capacity(self, offer, minutes):
        allowed = self.offers[offer]["stands"] and minutes >= self.committed(offer)
        self.tell(OfferRevised(offer=offer, capacity_minutes=minutes), allowed=allowed)
        if allowed:
            self.offers[offer]["capacity"] = minutes

    @rule(offer=OFFERS, count=integers(1, 3))
    def change_sessions_at_once(self, offer, count):
        allowed = self.offers[offer]["stands"] and max(self.at_once(offer).values(), default=0) <= count
        self.tell(OfferRevised(offer=offer, capacity_per_slot=count), allowed=allowed)
        if allowed:
            self.offers[offer]["at_once"] = count

    @rule(needed=sampled_from([False, False, False, True]))
    def withdraw_the_second_offer(self, needed):
        if needed:
            allowed = self.offers["o8"]["stands"]
            self.tell(OfferWithdrawn(offer="o8"), allowed=allowed)
            self.offers["o8"]["stands"] = False

    def teardown(self):
        super().teardown()
        for name in self.offers:
            assert self.network.offers[name].committed_minutes == self.committed(name)
        standing = {name: [m.need for m in self.network.pools[name].members] for name in self.network.opened("pool")}
        assert standing == {name: pool["needs"] for name, pool in self.pools.items()}
        waiting = {need for need in HOUSEHOLDS if self.waits(need)}
        assert set(self.network.opened("need")) == waiting | {"n4"}


TestPooling = Pooling.TestCase
