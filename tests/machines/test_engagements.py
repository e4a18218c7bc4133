"""Sessions are booked, delivered or missed, confirmed or disputed, cancelled, judged: against a dict of sessions."""

import datetime as dt

import stories
from hypothesis.stateful import precondition, rule
from hypothesis.strategies import booleans, data, integers, sampled_from, sets
from machinery import Telling, mostly

NAMES = sampled_from(["e1", "e2", "e3"])
NEEDS = sampled_from(["n1", "n2", "n4"])
STARTS = [dt.date(2026, 3, day) for day in (2, 9, 16, 23)]
SHARE_CENTS = 6_000
SESSIONS = 4
TOOK_PLACE = {"delivered", "confirmed", "disputed"}
BROKEN = {"cancelled", "missed", "failed"}


class Engagements(Telling):
    beginning = tuple(stories.matched())

    def __init__(self):
        super().__init__()
        self.engagements = {}
        self.now = stories.AFTER_FIRST
        self.record_booking("e1", "n1", {0, 1, 2, 3}, 6_000)

    def of(self, need):
        return [one for one in self.engagements.values() if one["need"] == need]

    def delivered_of(self, need):
        return sum(state in TOOK_PLACE for one in self.of(need) for state in one["states"].values())

    @rule(
        name=NAMES,
        need=NEEDS,
        numbers=sets(integers(0, 3), min_size=1),
        cents=sampled_from([0, 1_500, 3_000, 6_000, 6_001]),
    )
    def book(self, name, need, numbers, cents):
        kept = [(one, [n for n, state in one["states"].items() if state not in BROKEN]) for one in self.of(need)]
        taken = {number for _, numbers in kept for number in numbers}
        kept_cents = sum(one["cents"] * len(numbers) // len(one["states"]) for one, numbers in kept)
        allowed = (
            name not in self.engagements
            and need in {"n1", "n2"}
            and not taken & numbers
            and kept_cents + cents <= SHARE_CENTS
            and cents <= SHARE_CENTS * len(numbers) // SESSIONS
        )
        self.record_booking(name, need, numbers, cents, allowed=allowed)

    def record_booking(self, name, need, numbers, cents, *, allowed=True):
        dates = tuple(stories.MONDAYS[number] for number in sorted(numbers))
        self.tell(stories.booked(name, need=need, occurrences=dates, price_cents=cents), allowed=allowed)
        if allowed:
            states = dict.fromkeys(sorted(numbers), "booked")
            self.engagements[name] = {"need": need, "states": states, "cents": cents, "score": None}

    def any_stands(self, state):
        return any(state in held["states"].values() for held in self.engagements.values())

    def some_session(self, data, state):
        """Draw an engagement and the place of a session in it, mostly one that stands so."""
        fitting = [
            (name, place)
            for name, held in self.engagements.items()
            for place, one in enumerate(held["states"].values())
            if one == state
        ]
        return data.draw(mostly(fitting, [("e1", 0), ("e2", 3), ("e3", 4)]))

    def session(self, name, place):
        """Find the number of a session by its place in its engagement, and how it stands."""
        states = self.engagements.get(name, {}).get("states", {})
        number = list(states)[place] if place < len(states) else None
        return number, states.get(number)

    @precondition(lambda self: self.any_stands("booked"))
    @rule(data=data(), minutes=sampled_from([90, 1, 91]))
    def deliver(self, data, minutes):
        name, place = self.some_session(data, "booked")
        number, state = self.session(name, place)
        allowed = state == "booked" and self.has_begun(number) and minutes <= 90
        self.tell(stories.delivered(name, place, minutes=minutes), allowed=allowed)
        if allowed:
            self.engagements[name]["states"][number] = "delivered"

    def has_begun(self, number):
        return (self.now.date(), self.now.hour) >= (STARTS[number], 15)  # 16:00 in Milano

    @precondition(lambda self: self.any_stands("delivered"))
    @rule(data=data())
    def confirm(self, data):
        name, place = self.some_session(data, "delivered")
        number, state = self.session(name, place)
        self.tell(stories.confirmed(name, place), allowed=state == "delivered")
        if state == "delivered":
            self.engagements[name]["states"][number] = "confirmed"

    @precondition(lambda self: self.any_stands("booked"))
    @rule(data=data(), sure=sampled_from([False, True]))
    def miss(self, data, sure):
        if not sure:
            return
        name, place = self.some_session(data, "booked")
        number, state = self.session(name, place)
        allowed = state == "booked" and self.has_begun(number)
        self.tell(stories.missed(name, place), allowed=allowed)
        if allowed:
            self.engagements[name]["states"][number] = "missed"

    @precondition(lambda self: self.any_stands("delivered"))
    @rule(data=data())
    def dispute(self, data):
        name, place = self.some_session(data, "delivered")
        number, state = self.session(name, place)
        self.tell(stories.disputed(name, place), allowed=state == "delivered")
        if state == "delivered":
            self.engagements[name]["states"][number] = "disputed"

    @precondition(lambda self: self.any_stands("disputed"))
    @rule(data=data(), upheld=booleans())
    def resolve(self, data, upheld):
        name, place = self.some_session(data, "disputed")
        number, state = self.session(name, place)
        self.tell(stories.resolved(name, place, upheld=upheld), allowed=state == "disputed")
        if state == "disputed":
            self.engagements[name]["states"][number] = "failed" if upheld else "confirmed"

    @rule(name=NAMES, sure=booleans())
    def cancel(self, name, sure):
        if not sure:
            return
        states = self.engagements.get(name, {}).get("states", {})
        allowed = "booked" in states.values()
        self.tell(stories.cancelled(name), allowed=allowed)
        for number, state in states.items():
            states[number] = "cancelled" if state == "booked" else state

    @precondition(lambda self: self.any_stands("confirmed"))
    @rule(data=data(), score=integers(1, 5))
    def judge(self, data, score):
        name, _ = self.some_session(data, "confirmed")
        held = self.engagements.get(name)
        allowed = held is not None and "confirmed" in held["states"].values() and held["score"] is None
        self.tell(stories.judged(name, score), allowed=allowed)
        if allowed:
            held["score"] = score

    def teardown(self):
        super().teardown()
        for name, held in self.engagements.items():
            engagement = self.network.engagements[name]
            assert [str(state) for state in engagement.states] == list(held["states"].values())
            assert engagement.score == held["score"]
        for need in ("n1", "n2", "n3"):
            delivered = self.delivered_of(need)
            assert self.network.needs[need].delivered == delivered
            assert str(self.network.needs[need].state) == ("met" if delivered == 4 else "pooled")


TestEngagements = Engagements.TestCase
