"""Vouchers are issued, redeemed, reversed and settled, expire and are cancelled: against balances in plain integers."""

import datetime as dt

import stories
from hypothesis.stateful import precondition, rule
from hypothesis.strategies import data, integers, sampled_from
from machinery import Telling, mostly

from wis_engine.facts import VoucherCancelled, VoucherExpired
from wis_engine.network import ledger
from wis_engine.values import Period

VOUCHERS = ["v1", "v2", "v3", "v4", "v5", "v6"]
HOUSEHOLDS = {"h1": "e1", "h2": "e2"}
CENTS = sampled_from([2_000, 6_000, 1, 12_000, 30_000])
PRICE_CENTS = 6_000
SESSIONS = 4
PROMISED = {("h1", "b1"): 6_000}
"""What the first pool promised, and no voucher here keeps."""


class Vouchers(Telling):
    beginning = (
        *stories.matched(),
        stories.booked("e1"),
        stories.booked("e2", need="n2"),
    )

    def __init__(self):
        super().__init__()
        self.free = {"b1": 100_000, "c1": 50_000}
        self.vouchers = {}
        self.paid = {"e1": 0, "e2": 0}
        self.served = {}
        self.settled = 0
        self.now = stories.AFTER_ALL
        self.serve_first("e1")

    @precondition(lambda self: "e2" not in self.served)
    @rule()
    def serve(self):
        self.serve_first("e2")

    def serve_first(self, engagement):
        """Deliver and confirm the first session of an engagement."""
        self.tell(stories.delivered(engagement), stories.confirmed(engagement), allowed=True)
        self.served[engagement] = 1

    @rule(engagement=sampled_from(["e1", "e2"]))
    def serve_next(self, engagement):
        session = self.served.get(engagement, 0)
        if 0 < session < SESSIONS:
            self.tell(stories.delivered(engagement, session), allowed=True)
            self.served[engagement] = session + 1

    def held(self, household, fund):
        mine = [one for one in self.vouchers.values() if (one["household"], one["fund"]) == (household, fund)]
        return PROMISED.get((household, fund), 0) + sum(one["paid"] + one["left"] for one in mine)

    @rule(
        voucher=sampled_from(VOUCHERS),
        household=sampled_from(sorted(HOUSEHOLDS)),
        fund=sampled_from(["b1", "b1", "c1"]),
        cents=CENTS,
        days=integers(1, 60),
    )
    def issue(self, voucher, household, fund, cents, days):
        allowed = (
            voucher not in self.vouchers
            and cents <= self.free[fund] - sum(promised for (_, name), promised in PROMISED.items() if name == fund)
            and self.held(household, fund) + cents <= 30_000
        )
        valid = Period(self.today, self.today + dt.timedelta(days=days))
        fact = stories.voucher(voucher, household=household, fund=fund, face_cents=cents, valid=valid)
        self.tell(fact, allowed=allowed)
        if allowed:
            self.free[fund] -= cents
            self.vouchers[voucher] = {
                "household": household,
                "fund": fund,
                "left": cents,
                "paid": 0,
                "settled": 0,
                "state": "active",
                "end": valid.end,
            }

    def active(self, voucher):
        return self.vouchers.get(voucher, {}).get("state") == "active"

    def some_voucher(self, data):
        return data.draw(mostly(filter(self.active, self.vouchers), VOUCHERS))

    @precondition(lambda self: any(map(self.active, self.vouchers)))
    @rule(data=data(), right=sampled_from([True, True, False]), cents=CENTS)
    def redeem(self, data, right, cents):
        voucher = self.some_voucher(data)
        one = self.vouchers.get(voucher)
        mine = HOUSEHOLDS[one["household"]] if one else "e1"
        engagement = mine if right else {"e1": "e2", "e2": "e1"}[mine]
        allowed = (
            self.active(voucher)
            and self.today < one["end"]
            and right
            and one["fund"] == "b1"
            and engagement in self.served
            and cents <= one["left"]
            and cents <= PRICE_CENTS * self.served[engagement] // SESSIONS - self.paid[engagement]
        )
        self.tell(stories.redeemed(voucher, engagement=engagement, amount_cents=cents), allowed=allowed)
        if allowed:
            one["left"] -= cents
            one["paid"] += cents
            one["state"] = "active" if one["left"] else "spent"
            self.paid[engagement] += cents

    def some_paid(self, data):
        paid = [name for name, one in self.vouchers.items() if one["paid"] > one["settled"]]
        return data.draw(mostly(paid, VOUCHERS))

    @precondition(lambda self: any(one["paid"] for one in self.vouchers.values()))
    @rule(data=data(), cents=CENTS, right=sampled_from([True, True, False]))
    def take_back(self, data, cents, right):
        voucher = self.some_paid(data)
        one = self.vouchers.get(voucher)
        mine = HOUSEHOLDS[one["household"]] if one else "e1"
        engagement = mine if right else {"e1": "e2", "e2": "e1"}[mine]
        allowed = one is not None and right and cents <= one["paid"] - one["settled"]
        self.tell(stories.reversed_(voucher, engagement=engagement, amount_cents=cents), allowed=allowed)
        if allowed:
            one["paid"] -= cents
            self.paid[engagement] -= cents
            if one["state"] in {"active", "spent"}:
                one["left"] += cents
                one["state"] = "active"
            else:
                self.free[one["fund"]] += cents

    @precondition(lambda self: any(one["paid"] for one in self.vouchers.values()))
    @rule(data=data(), cents=CENTS)
    def settle(self, data, cents):
        voucher = self.some_paid(data)
        one = self.vouchers.get(voucher)
        engagement = HOUSEHOLDS[one["household"]] if one else "e1"
        allowed = one is not None and cents <= one["paid"] - one["settled"]
        self.tell(stories.settled(voucher, engagement=engagement, amount_cents=cents), allowed=allowed)
        if allowed:
            one["settled"] += cents
            self.settled += cents

    @precondition(lambda self: self.vouchers)
    @rule(voucher=sampled_from(VOUCHERS))
    def cancel(self, voucher):
        self.end(VoucherCancelled(voucher=voucher), voucher, "cancelled", allowed=self.active(voucher))

    @precondition(lambda self: any(map(self.active, self.vouchers)))
    @rule(data=data())
    def expire(self, data):
        voucher = self.some_voucher(data)
        over = self.active(voucher) and self.today >= self.vouchers[voucher]["end"]
        self.end(VoucherExpired(voucher=voucher), voucher, "expired", allowed=over)

    def end(self, fact, voucher, state, *, allowed):
        self.tell(fact, allowed=allowed)
        if allowed:
            one = self.vouchers[voucher]
            self.free[one["fund"]] += one["left"]
            one |= {"left": 0, "state": state}

    def teardown(self):
        super().teardown()
        accounts = self.network.accounts
        for fund, cents in self.free.items():
            assert ledger.free_cents(accounts[ledger.account_of(fund)]) == cents
        for name, one in self.vouchers.items():
            voucher = self.network.vouchers[name]
            assert (voucher.left_cents, voucher.redeemed_cents, voucher.state) == (
                one["left"],
                one["paid"],
                one["state"],
            )
        supplier = accounts.get(ledger.account_of("s1"))
        assert (supplier.credits_posted_cents if supplier else 0) == sum(self.paid.values())
        assert (supplier.debits_posted_cents if supplier else 0) == self.settled


TestVouchers = Vouchers.TestCase
