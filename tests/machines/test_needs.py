"""Needs are declared, revised and ended: against a dict of what is asked and how it stands."""

import datetime as dt

import stories
from hypothesis.stateful import precondition, rule
from hypothesis.strategies import data, integers, sampled_from
from machinery import Telling, mostly

from wis_engine.facts import NeedExpired, NeedRevised, NeedUnmet, NeedWithdrawn
from wis_engine.facts.needs import UnmetReason
from wis_engine.values import Period, WeekSlots

NEEDS = ["n1", "n2", "n8", "n9"]
SESSIONS, MINUTES = integers(1, 8), sampled_from([30, 60, 90])
MONDAY_WINDOWS = {2: WeekSlots.parse("mon 16:00-17:00"), 5: WeekSlots.parse("mon 16:00-18:30")}
"""Windows on Mondays, by their half-hours."""


def room(period, half_hours, minutes):
    """Count, day by day, how many sessions of so many minutes the Mondays of a period hold."""
    count, day = 0, period.start
    while day < period.end:
        if day.weekday() == 0 and day != dt.date(2026, 4, 6):
            count += half_hours // (minutes // 30)
        day += dt.timedelta(days=1)
    return count


class Needs(Telling):
    def __init__(self):
        super().__init__()
        self.needs = {
            name: {
                "household": home,
                "state": "open",
                "period": stories.MARCH,
                "minutes": 360,
                "sessions": 4,
                "room": 8,
            }
            for name, home in [("n1", "h1"), ("n2", "h2")]
        }

    def some_need(self, data):
        return data.draw(mostly(filter(self.stands, self.needs), NEEDS))

    def stands(self, need):
        return self.needs.get(need, {}).get("state") == "open"

    @rule(
        need=sampled_from(["n8", "n9", "n1"]),
        half_hours=sampled_from([2, 5]),
        minutes=MINUTES,
        sessions=SESSIONS,
        days=integers(1, 40),
    )
    def declare(self, need, half_hours, minutes, sessions, days):
        period = Period(self.today, self.today + dt.timedelta(days=days))
        allowed = need not in self.needs and room(period, half_hours, minutes) >= sessions
        values = {"slots": MONDAY_WINDOWS[half_hours], "minutes": minutes * sessions, "sessions": sessions}
        self.tell(stories.need(need, "h1", period=period, **values), allowed=allowed)
        if allowed:
            self.needs[need] = {
                "household": "h1",
                "state": "open",
                "period": period,
                "minutes": minutes * sessions,
                "sessions": sessions,
                "room": half_hours,
            }

    @rule(data=data(), sessions=SESSIONS, minutes=MINUTES, stranger=sampled_from([False, False, True]))
    def revise(self, data, sessions, minutes, stranger):
        need = self.some_need(data)
        held = self.needs.get(need, {"household": "h1"})
        household = "h3" if stranger else held["household"]
        changes = {"minutes": minutes * sessions, "sessions": sessions}
        allowed = self.stands(need) and not stranger
        if allowed and held["room"] == 8:  # every weekday of four hours, in March
            allowed = True
        elif allowed:
            allowed = room(held["period"], held["room"], minutes) >= sessions
        self.tell(NeedRevised(need=need, household=household, **changes), allowed=allowed)
        if allowed:
            held |= changes

    @precondition(lambda self: len(self.needs) > 2)
    @rule(need=sampled_from(NEEDS))
    def withdraw(self, need):
        self.end(NeedWithdrawn(need=need), need, "withdrawn")

    @precondition(lambda self: len(self.needs) > 2)
    @rule(need=sampled_from(NEEDS), reason=sampled_from(UnmetReason))
    def give_up(self, need, reason):
        self.end(NeedUnmet(need=need, reason=reason), need, "unmet")

    @precondition(lambda self: any(self.is_over(need) for need in self.needs))
    @rule(data=data())
    def expire(self, data):
        need = self.some_need(data)
        self.end(NeedExpired(need=need), need, "expired", also=self.is_over(need))

    def is_over(self, need):
        return self.stands(need) and self.today >= self.needs[need]["period"].end

    def end(self, fact, need, state, *, also=True):
        allowed = self.stands(need) and also
        self.tell(fact, allowed=allowed)
        if allowed:
            self.needs[need]["state"] = state

    def teardown(self):
        super().teardown()
        for name, held in self.needs.items():
            need = self.network.needs[name]
            assert (need.state, need.minutes, need.sessions) == (held["state"], held["minutes"], held["sessions"])
        waiting = {name for name, held in self.needs.items() if held["state"] == "open"}
        assert set(self.network.opened("need")) == waiting | {"n3", "n4"}


TestNeeds = Needs.TestCase
