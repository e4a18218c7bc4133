"""Every invariant is seen failing: one thing is corrupted by hand, and the breach of that name is told."""

import datetime as dt

import pytest
from stories import (
    TUESDAY_1530,
    cancelled,
    cost,
    facts_in,
    matched,
    member,
    need,
    network_of,
    offer,
    partner,
    pilot,
    plan,
    pool,
    replay,
    served,
    step,
)

from wis_engine.facts import CostReversed
from wis_engine.facts.base import redacted
from wis_engine.network import Network, ledger
from wis_engine.network.parties import Account, FundingRules
from wis_engine.network.promises import (
    Engagement,
    NeedState,
    Payment,
    PoolState,
    SessionState,
    VoucherState,
    VoucherUse,
)
from wis_engine.values import Occurrence, Redacted

E1, N1, V1 = "e1", "n1", "v1"
MONDAY, TUESDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 3)
BOOKED = (SessionState.BOOKED,)


@pytest.fixture
def network():
    return network_of(*matched(), *served(), cancelled("e2"))


def breaches(network):
    return [(breach.invariant, breach.ids) for breach in network.check()]


def corrupt(network, table, name, **changes):
    network.put(getattr(network, table)[name].replace(**changes))
    return breaches(network)


def test_a_sound_network_breaks_nothing(network):
    assert breaches(network) == []


def test_quantity_sessions_without_a_state(network):
    states = network.engagements[E1].states
    assert corrupt(network, "engagements", E1, states=states[:3]) == [
        ("quantity", (E1,)),
        ("quantity", (N1,)),
    ]


def test_quantity_minutes_beyond_what_was_booked(network):
    assert corrupt(network, "engagements", E1, delivered_minutes=(91, 90, 90, 90)) == [("quantity", (E1,))]


@pytest.mark.parametrize("minutes", [(0, 90, 90, 90), (-1, 90, 90, 90)])
def test_quantity_delivered_without_minutes(network, minutes):
    # What was not delivered cannot have been paid for either.
    told = [("money", (E1,)), ("quantity", (E1,))]
    assert corrupt(network, "engagements", E1, delivered_minutes=minutes) == told


def test_quantity_minutes_of_what_was_not_delivered(network):
    assert corrupt(network, "engagements", "e2", delivered_minutes=(0, 0, 0, 1)) == [("quantity", ("e2",))]


def test_quantity_sessions_counted_that_nobody_delivered(network):
    assert corrupt(network, "needs", "n2", delivered=1) == [("quantity", ("n2",))]


def test_quantity_met_before_the_last_session(network):
    assert corrupt(network, "needs", "n2", state=NeedState.MET) == [("quantity", ("n2",))]


def test_quantity_not_met_after_the_last_session(network):
    assert corrupt(network, "needs", N1, state=NeedState.POOLED) == [("quantity", (N1,))]


@pytest.mark.parametrize("counter", ["debits_posted_cents", "credits_pending_cents"])
def test_money_debits_that_are_no_credits(network, counter):
    assert corrupt(network, "accounts", ledger.PROMISED, **{counter: 7}) == [("money", ())]


def test_money_that_no_voucher_holds(network):
    name = ledger.account_of("b1")
    network.put(network.accounts[ledger.PROMISED].replace(credits_pending_cents=7))
    assert corrupt(network, "accounts", name, debits_pending_cents=7) == [("money", ("b1",))]


def test_money_spent_that_no_voucher_paid(network):
    name = ledger.account_of("b1")
    network.put(network.accounts[ledger.GRANTOR].replace(debits_posted_cents=149_999))
    assert corrupt(network, "accounts", name, debits_posted_cents=6_001) == [("money", ("b1",))]


def test_money_a_fund_that_is_overspent(network):
    network.put(network.accounts[ledger.GRANTOR].replace(debits_posted_cents=55_999))
    counted = [("money", ("B.1",)), ("money", ("b1",)), ("money", ("wis",))]
    assert corrupt(network, "accounts", ledger.account_of("b1"), credits_posted_cents=5_999) == counted


def test_money_a_voucher_that_paid_beyond_its_face(network):
    assert corrupt(network, "vouchers", V1, face_cents=5_999) == [("money", ("b1",)), ("money", (V1,))]


@pytest.mark.parametrize(("redeemed", "state"), [(6_000, VoucherState.ACTIVE), (5_000, VoucherState.SPENT)])
def test_money_a_voucher_that_is_spent_and_is_not(network, redeemed, state):
    assert ("money", (V1,)) in corrupt(network, "vouchers", V1, redeemed_cents=redeemed, state=state)


def test_money_an_engagement_that_was_paid_beyond_its_price(network):
    assert corrupt(network, "engagements", E1, price_cents=5_999) == [("money", (E1,))]


def test_money_a_supplier_whose_account_says_something_else(network):
    differ = [("money", (E1,)), ("money", ("s1",))]
    assert corrupt(network, "engagements", E1, payments=(Payment(fund="b1", cents=5_999),)) == differ


def use(redeemed, settled=0, engagement=E1):
    return VoucherUse(engagement=engagement, redeemed_cents=redeemed, settled_cents=settled)


def test_money_a_voucher_whose_uses_say_something_else(network):
    assert corrupt(network, "vouchers", V1, uses=(use(5_999),)) == [("money", (E1,)), ("money", (V1,))]
    assert corrupt(network, "vouchers", V1, uses=(use(6_000),)) == []


@pytest.mark.parametrize("settled", [6_001, -1])
def test_money_settled_that_was_not_redeemed(network, settled):
    account = network.accounts[ledger.account_of("s1")]
    network.put(account.replace(debits_posted_cents=settled))
    network.put(Account(id=ledger.SETTLED, credits_posted_cents=settled))
    assert corrupt(network, "vouchers", V1, uses=(use(6_000, settled),)) == [("money", (V1,))]


def test_money_settled_that_has_not_left_the_account(network):
    assert corrupt(network, "vouchers", V1, uses=(use(6_000, 1),)) == [("money", ("s1",))]


@pytest.fixture
def spent():
    return network_of(partner(), cost(), cost("k2"), CostReversed(cost="k2"))


def test_money_a_partner_whose_account_says_something_else(spent):
    assert breaches(spent) == []
    spent.put(spent.accounts[ledger.GRANTOR].replace(debits_posted_cents=160_001))
    assert corrupt(spent, "accounts", ledger.account_of("lead"), credits_posted_cents=10_001) == [("money", ("lead",))]


@pytest.mark.parametrize("counter", ["costs_cents", "lines_cents"])
def test_money_an_action_that_counts_something_else(spent, counter):
    assert corrupt(spent, "actions", "B.1", **{counter: 1}) == [("money", ("B.1",))]


def test_money_an_action_beyond_its_budget(spent):
    assert corrupt(spent, "actions", "B.1", budget_cents=110_000) == []
    assert corrupt(spent, "actions", "B.1", budget_cents=109_999) == [("money", ("B.1",))]


@pytest.mark.parametrize("counter", ["contribution_used_cents", "cofinancing_used_cents", "goods_cents"])
def test_money_a_project_that_counts_something_else(spent, counter):
    assert corrupt(spent, "projects", "wis", **{counter: 1}) == [("money", ("wis",))]


@pytest.mark.parametrize(("granted", "used"), [("contribution_cents", 110_000), ("cofinancing_cents", 50_000)])
def test_money_a_source_beyond_what_was_granted(spent, granted, used):
    assert corrupt(spent, "projects", "wis", **{granted: used}) == []
    assert corrupt(spent, "projects", "wis", **{granted: used - 1}) == [("money", ("wis",))]


def test_money_goods_beyond_their_cap(spent):
    # 15 % of 150,000 is 22,500; 6 % is 9,000.
    assert corrupt(spent, "projects", "wis", rules=FundingRules()) == []
    assert corrupt(spent, "projects", "wis", rules=FundingRules(goods_max_percent=6)) == [("money", ("wis",))]


def test_capacity_promised_and_not_committed(network):
    assert corrupt(network, "offers", "hw", committed_minutes=1_439) == [("capacity", ("hw",))]


def test_capacity_committed_beyond_what_there_is(network):
    assert corrupt(network, "offers", "hw", capacity_minutes=1_439) == [("capacity", ("hw",))]


def test_capacity_may_be_committed_to_the_last_minute(network):
    assert corrupt(network, "offers", "hw", capacity_minutes=1_440) == []


def test_capacity_more_sessions_at_once_than_there_may_be(network):
    network.put(network.needs["n4"].replace(delivered=1))
    late = network.engagements[E1].replace(
        id="x",
        pool="pool-2",
        need="n4",
        occurrences=(Occurrence(network.engagements[E1].occurrences[0].day, 34, 60),),
        states=(SessionState.DELIVERED,),
        delivered_minutes=(60,),
        step=1,
        payments=(),
    )
    network.put(late)
    assert breaches(network) == [("capacity", ("hw",))]


def test_capacity_is_counted_past_midnight():
    anytime = {"sessions": 1, "minutes": 90}
    network = network_of(
        plan(),
        offer("o9"),
        need("n8", "h1", **anytime),
        need("n9", "h2", **anytime),
        pool("pool-8", member("n8", 3_000, **anytime), steps=(step("o9"),)),
        pool("pool-9", member("n9", 3_000, **anytime), steps=(step("o9"),), starts=TUESDAY_1530),
    )
    assert breaches(network) == []
    engaged = {"pool": "pool-8", "need": "n8", "offer": "o9", "step": 0, "price_cents": 0}
    night = Occurrence(MONDAY, 47, 90)
    network.put(Engagement(id="x", occurrences=(night,), states=BOOKED, delivered_minutes=(0,), **engaged))
    morning = Occurrence(TUESDAY, 0, 90)
    engaged |= {"pool": "pool-9", "need": "n9"}
    network.put(Engagement(id="y", occurrences=(morning,), states=BOOKED, delivered_minutes=(0,), **engaged))
    assert breaches(network) == [("capacity", ("o9",))]


def test_two_places_at_one_time(network):
    other = network.engagements[E1].occurrences
    twin = network.engagements["e2"].replace(
        id="x", need="n9", pool="pool-1", occurrences=other[:1], states=BOOKED, delivered_minutes=(0,), price_cents=0
    )
    network.put(network.needs["n2"].replace(id="n9", household="h1"))
    network.put(twin)
    found = corrupt(network, "needs", "n9", state=NeedState.OPEN)
    assert found == [("two-places", (E1, "x"))]
    assert corrupt(network, "needs", "n9", beneficiary=Redacted("beneficiary", "h1")) == []


def test_pools_whose_shares_are_not_the_price(network):
    assert corrupt(network, "pools", "pool-1", price_cents=17_999) == [("pools", ("pool-1",))]


def test_pools_that_share_a_need(network):
    first = network.pools["pool-1"]
    twin = first.replace(id="x", steps=(step("cm"),))
    network.put(network.offers["cm"].replace(committed_minutes=1_080))
    network.put(twin)
    shared = [("pools", (name, "pool-1", "x")) for name in ("n1", "n2", "n3")]
    # What the twin promised of the fund is nowhere counted.
    assert breaches(network) == [("money", ("b1",)), *shared]


def test_pools_a_need_pooled_nowhere(network):
    assert corrupt(network, "pools", "pool-2", state=PoolState.DISSOLVED) == [("pools", ("n4",))]


@pytest.mark.parametrize("state", [NeedState.OPEN, NeedState.WITHDRAWN, NeedState.EXPIRED, NeedState.UNMET])
def test_pools_a_need_that_is_elsewhere_than_its_pool_says(network, state):
    assert corrupt(network, "needs", "n2", state=state) == [("pools", ("n2", "pool-1"))]


def test_a_breach_says_what_is_wrong_in_words(network):
    network.put(network.pools["pool-1"].replace(price_cents=17_999))
    (breach,) = network.check()
    assert breach.what == "shares 18000, price 17999"


def test_what_redaction_emptied_is_left_out():
    network = Network()
    replay(network, map(redacted, [*pilot(), *facts_in([*matched(), *served(), cancelled("e2")])]))
    assert network.check() == ()
