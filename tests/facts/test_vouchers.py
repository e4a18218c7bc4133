"""The life of a voucher: what its facts leave, and why they are refused."""

import datetime as dt

import attrs
import pytest
from stories import (
    AFTER_ALL,
    APRIL,
    MARCH,
    NEXT_YEAR,
    action,
    booked,
    confirmed,
    delivered,
    fund_line,
    grant,
    granted,
    household,
    instant,
    member,
    need,
    network_of,
    person,
    pilot,
    plan,
    pool,
    project,
    redeemed,
    refusal,
    reversed_,
    settled,
    voucher,
    why_refused,
)

from wis_engine.errors import Malformed
from wis_engine.facts import GrantAwarded, PersonLeft, PoolMemberLeft, VoucherCancelled, VoucherExpired
from wis_engine.facts.vouchers import Reason
from wis_engine.network import grants, ledger
from wis_engine.network.parties import Role
from wis_engine.network.promises import VoucherKind, VoucherState
from wis_engine.values import Occurrence, WeekSlots

TUESDAY_16 = WeekSlots.at(1, 32)
TUESDAYS = tuple(Occurrence(dt.date(2026, 3, day), 32, 90) for day in (3, 10, 17, 24))
CANCELLED = VoucherCancelled(voucher="v1")
BOOKED = [plan(), pool(), booked(), AFTER_ALL]
RECEIVED = [*BOOKED, *(delivered("e1", session) for session in range(4))]
IN_PART = [*BOOKED, delivered("e1", 0), delivered("e1", 1), confirmed()]
CONFIRMED = [*RECEIVED, confirmed()]
GRANTED = [plan(), pool("pool-1", member("n1", 12_000, grants=granted(6_000)))]
SISTERS = pool("pool-9", member("n9", 12_000), starts=TUESDAY_16, plan="plan-9")
SISTER_SERVED = [
    booked("e9", pool="pool-9", need="n9", occurrences=TUESDAYS, price_cents=12_000),
    AFTER_ALL,
    *(delivered("e9", session) for session in range(4)),
    confirmed("e9"),
]
ONE_USE = {"kind": VoucherKind.SINGLE_USE}
WHOLLY = [plan(), pool("pool-1", member("n1", 12_000, grants=granted(12_000)))]
WHOLE_BOOKED = [*WHOLLY, booked(price_cents=12_000), AFTER_ALL]
WHOLE = [*WHOLE_BOOKED, *(delivered("e1", session) for session in range(4)), confirmed()]
TITLE = voucher(need="n1", face_cents=12_000, **ONE_USE)
TITLED = [*WHOLLY, TITLE, *WHOLE[2:]]
OWNER = [person("p9", role=Role.ENTREPRENEUR), household("h9", "p9"), need("n9", "h9"), plan()]
OWNED = [*OWNER, pool("pool-1", member("n9", 12_000, grants=granted(12_000)))]


def whole(**changes):
    return redeemed(**{"amount_cents": 12_000} | changes)


PAIRS = [
    (
        Reason.NOT_EMPLOYED,
        [*OWNED, voucher(household="h9", need="n9", face_cents=12_000, **ONE_USE)],
        [*OWNED, voucher(household="h9", need="n9", face_cents=12_000)],
    ),
    (
        Reason.NOT_WHOLE,
        [*TITLED, whole(amount_cents=11_999)],
        [*TITLED, whole()],
    ),
    (
        Reason.NOT_WHOLE,
        [*WHOLLY, voucher(need="n1", face_cents=11_000, **ONE_USE), *WHOLE[2:], whole(amount_cents=11_000)],
        [*WHOLLY, voucher(need="n1", face_cents=11_000), *WHOLE[2:], whole(amount_cents=11_000)],
    ),
    (
        Reason.OTHER_NEED,
        [
            need("n9", "h1", beneficiary="sister"),
            *TITLED[:3],
            plan("plan-9"),
            SISTERS,
            *SISTER_SERVED,
            whole(engagement="e9"),
        ],
        [need("n9", "h1", beneficiary="sister"), *TITLED[:3], plan("plan-9"), SISTERS, *TITLED[3:], whole()],
    ),
    (
        Reason.OVER_REDEEMED,
        [*CONFIRMED, voucher(), redeemed(), reversed_(amount_cents=6_001)],
        [*CONFIRMED, voucher(), redeemed(), reversed_(amount_cents=6_000)],
    ),
    (
        Reason.OVER_REDEEMED,
        [*CONFIRMED, voucher(), redeemed(), settled(), reversed_(amount_cents=5_001)],
        [*CONFIRMED, voucher(), redeemed(), settled(), reversed_(amount_cents=5_000)],
    ),
    (
        Reason.OVER_REDEEMED,
        [*CONFIRMED, voucher(), redeemed(), reversed_(), settled(amount_cents=5_001)],
        [*CONFIRMED, voucher(), redeemed(), reversed_(), settled(amount_cents=5_000)],
    ),
    (
        Reason.OVER_REDEEMED,
        [*CONFIRMED, booked("e2", need="n2"), voucher(), redeemed(), reversed_(engagement="e2", amount_cents=1)],
        [*CONFIRMED, booked("e2", need="n2"), voucher(), redeemed(), reversed_(engagement="e1", amount_cents=1)],
    ),
    (
        Reason.OVER_PROMISE,
        [*GRANTED, voucher(need="n1", face_cents=6_001)],
        [*GRANTED, voucher(need="n1", face_cents=6_000)],
    ),
    (
        Reason.OVER_PROMISE,
        [*GRANTED, voucher(need="n1", face_cents=5_000), voucher("v2", need="n1", face_cents=1_001)],
        [*GRANTED, voucher(need="n1", face_cents=5_000), voucher("v2", need="n1", face_cents=1_000)],
    ),
    (Reason.OVER_PROMISE, [voucher(need="n1", face_cents=1)], [voucher(face_cents=1)]),
    (
        Reason.OTHER_HOUSEHOLD,
        [*GRANTED, voucher(need="n1", household="h2", face_cents=1)],
        [*GRANTED, voucher(need="n1", household="h1", face_cents=1)],
    ),
    (Reason.OVER_HOUSEHOLD_CAP, [*GRANTED, voucher(face_cents=24_001)], [*GRANTED, voucher(face_cents=24_000)]),
    (
        Reason.NO_ACTIVE_RECIPIENT,
        [PersonLeft(person="p5", firm="f3"), voucher(household="h4")],
        [PersonLeft(person="p4", firm="f2"), voucher(household="h3")],
    ),
    (
        Reason.OVER_FUND,
        [voucher(fund="c1", face_cents=30_000), voucher("v2", fund="c1", household="h2", face_cents=20_001)],
        [voucher(fund="c1", face_cents=30_000), voucher("v2", fund="c1", household="h2", face_cents=20_000)],
    ),
    (Reason.OVER_HOUSEHOLD_CAP, [voucher(face_cents=30_001)], [voucher(face_cents=30_000)]),
    (
        Reason.OVER_HOUSEHOLD_CAP,
        [*CONFIRMED, voucher(), redeemed(), voucher("v2", face_cents=24_001)],
        [*CONFIRMED, voucher(), redeemed(), voucher("v2", face_cents=24_000)],
    ),
    (Reason.VOUCHER_NOT_ACTIVE, [*CONFIRMED, voucher(), CANCELLED, redeemed()], [*CONFIRMED, voucher(), redeemed()]),
    (Reason.VOUCHER_NOT_ACTIVE, [voucher(), CANCELLED, CANCELLED], [voucher(), CANCELLED]),
    (
        Reason.VOUCHER_NOT_ACTIVE,
        [voucher(), CANCELLED, NEXT_YEAR, VoucherExpired(voucher="v1")],
        [voucher(), NEXT_YEAR, VoucherExpired(voucher="v1")],
    ),
    (
        Reason.OUTSIDE_VALIDITY,
        [*CONFIRMED, voucher(valid=MARCH), instant("2026-03-31 22:00"), redeemed()],
        [*CONFIRMED, voucher(valid=MARCH), instant("2026-03-31 21:59"), redeemed()],
    ),
    (
        Reason.OTHER_HOUSEHOLD,
        [*CONFIRMED, voucher(household="h2"), redeemed()],
        [*CONFIRMED, voucher(household="h1"), redeemed()],
    ),
    (Reason.OTHER_ACTION, [*CONFIRMED, voucher(fund="c1"), redeemed()], [*CONFIRMED, voucher(fund="b1"), redeemed()]),
    (Reason.NOT_CONFIRMED, [*RECEIVED, voucher(), redeemed()], [*RECEIVED, voucher(), confirmed(), redeemed()]),
    (
        Reason.OVER_VOUCHER,
        [*CONFIRMED, voucher(face_cents=5_000), redeemed(amount_cents=5_001)],
        [*CONFIRMED, voucher(face_cents=5_000), redeemed(amount_cents=5_000)],
    ),
    (
        Reason.OVER_PRICE,
        [*CONFIRMED, voucher(face_cents=9_000), redeemed(amount_cents=6_001)],
        [*CONFIRMED, voucher(face_cents=9_000), redeemed(amount_cents=6_000)],
    ),
    (
        Reason.OVER_PRICE,
        [*CONFIRMED, voucher(), redeemed(amount_cents=5_000), voucher("v2"), redeemed("v2", amount_cents=1_001)],
        [*CONFIRMED, voucher(), redeemed(amount_cents=5_000), voucher("v2"), redeemed("v2", amount_cents=1_000)],
    ),
    (
        Reason.OVER_PRICE,
        [*IN_PART, voucher(), redeemed(amount_cents=3_001)],
        [*IN_PART, voucher(), redeemed(amount_cents=3_000)],
    ),
    (
        Reason.NOT_YET_OVER,
        [voucher(valid=MARCH), instant("2026-03-31 21:59"), VoucherExpired(voucher="v1")],
        [voucher(valid=MARCH), instant("2026-03-31 22:00"), VoucherExpired(voucher="v1")],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} | {Reason.OVER_FUND_SHARE} == set(Reason)


def test_a_fund_pays_only_its_part_of_a_price():
    half = [
        attrs.evolve(fact, funds=tuple(attrs.evolve(line, share_percent=50) for line in fact.funds))
        if isinstance(fact, GrantAwarded)
        else fact
        for fact in pilot()
    ]
    network = network_of(*CONFIRMED, voucher(), redeemed(amount_cents=1_000), given=half)
    assert refusal(network, redeemed(amount_cents=2_001)) is Reason.OVER_FUND_SHARE
    assert refusal(network, redeemed(amount_cents=2_000)) is None
    assert network.engagements["e1"].paid_by("b1") == 3_000


def fund_account(network):
    return network.accounts[ledger.account_of("b1")]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_vouchers_hold_their_face_on_the_fund(count):
    network = network_of(*(voucher(f"v{number}", face_cents=1_000 + number) for number in range(count)))
    held = sum(1_000 + number for number in range(count))
    assert fund_account(network).debits_pending_cents == held
    assert ledger.free_cents(fund_account(network)) == 100_000 - held
    assert grants.household_cents(network, "h1", "b1") == held
    assert grants.household_cents(network, "h1", "c1") == grants.household_cents(network, "h2", "b1") == 0
    assert network.links.targets("h1", "holds") == network.links.targets("b1", "backs")
    assert network.check() == ()


def test_a_voucher_pays_in_parts_until_it_is_spent():
    part = network_of(*CONFIRMED, voucher(), redeemed(amount_cents=2_000))
    assert (part.vouchers["v1"].state, part.vouchers["v1"].left_cents) == (VoucherState.ACTIVE, 4_000)
    whole = network_of(*CONFIRMED, voucher(), redeemed(amount_cents=2_000), redeemed(amount_cents=4_000))
    assert (whole.vouchers["v1"].state, whole.vouchers["v1"].left_cents) == (VoucherState.SPENT, 0)
    assert "v1" not in whole.opened("voucher")
    assert whole.engagements["e1"].redeemed_cents == 6_000
    assert whole.accounts[ledger.account_of("s1")].credits_posted_cents == 6_000
    assert (fund_account(whole).debits_pending_cents, fund_account(whole).debits_posted_cents) == (0, 6_000)
    assert whole.links.targets("v1", "paid") == ["e1"]
    assert part.check() == whole.check() == ()


@pytest.mark.parametrize(
    ("end", "state"),
    [([CANCELLED], VoucherState.CANCELLED), ([NEXT_YEAR, VoucherExpired(voucher="v1")], VoucherState.EXPIRED)],
)
def test_what_a_voucher_has_left_is_free_again_when_it_ends(end, state):
    network = network_of(*CONFIRMED, voucher(), redeemed(amount_cents=2_000), *end)
    ended = network.vouchers["v1"]
    assert (ended.state, ended.left_cents, ended.redeemed_cents) == (state, 0, 2_000)
    assert ledger.free_cents(fund_account(network)) == 98_000
    assert network.check() == ()


def test_a_fund_without_a_cap_gives_one_household_all_it_has():
    line = fund_line("x", amount_cents=90_000, household_cap_cents=None)
    second = [project("second"), action("F.1", project="second")]
    granted = [*second, grant(attrs.evolve(line, action="F.1"), project="second")]
    assert why_refused(*granted, voucher(fund="x", face_cents=90_000)) is None
    assert why_refused(*granted, voucher(fund="x", face_cents=90_001)) is Reason.OVER_FUND


def test_a_spent_voucher_does_not_expire():
    assert why_refused(*CONFIRMED, voucher(valid=MARCH), redeemed(), APRIL, VoucherExpired(voucher="v1")) is (
        Reason.VOUCHER_NOT_ACTIVE
    )


@pytest.mark.parametrize("name", ["grantor", "promised"])
def test_nobody_takes_an_account_of_the_ledger_by_its_name(name):
    assert ledger.account_of(name) not in {ledger.GRANTOR, ledger.PROMISED}


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (voucher, {"face_cents": 0}),
        (voucher, {"valid": "always"}),
        (redeemed, {"amount_cents": 0}),
        (redeemed, {"amount_cents": True}),
        (VoucherCancelled, {"voucher": "v1", "reason": None}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)


def test_a_promise_is_counted_until_a_voucher_keeps_it_or_the_member_leaves():
    promised = network_of(*GRANTED)
    assert (grants.free_cents(promised, "b1"), promised.funds["b1"].promised_cents) == (94_000, 6_000)
    kept = network_of(*GRANTED, voucher(need="n1", face_cents=6_000))
    assert (grants.free_cents(kept, "b1"), kept.funds["b1"].promised_cents) == (94_000, 0)
    assert kept.links.targets("pool-1", "grants") == ["v1"]
    both = pool("pool-1", member("n1", 9_000, grants=granted(6_000)), member("n2", 9_000), price_cents=18_000)
    gone = network_of(plan(), both, PoolMemberLeft(pool="pool-1", need="n1"))
    assert (grants.free_cents(gone, "b1"), gone.funds["b1"].promised_cents) == (100_000, 0)
    assert promised.check() == kept.check() == gone.check() == ()


def test_what_is_taken_back_is_on_the_voucher_again():
    network = network_of(*CONFIRMED, voucher(), redeemed(), reversed_(amount_cents=2_000))
    held = network.vouchers["v1"]
    assert (held.state, held.left_cents, held.redeemed_cents) == (VoucherState.ACTIVE, 2_000, 4_000)
    assert network.engagements["e1"].redeemed_cents == 4_000
    assert fund_account(network).debits_pending_cents == 2_000
    assert network.links.targets("v1", "paid") == ["e1"]
    assert network.check() == ()
    assert why_refused(*CONFIRMED, voucher(), redeemed(), reversed_(), redeemed(amount_cents=1_000)) is None


def test_what_is_taken_back_whole_was_not_paid():
    network = network_of(*CONFIRMED, voucher(), redeemed(), reversed_(amount_cents=6_000))
    assert (network.vouchers["v1"].uses, network.engagements["e1"].payments) == ((), ())
    assert network.links.targets("v1", "paid") == []
    assert network.check() == ()


def test_what_is_taken_back_of_a_voucher_that_ended_is_free():
    network = network_of(*CONFIRMED, voucher(), redeemed(amount_cents=2_000), CANCELLED, reversed_())
    assert (network.vouchers["v1"].state, network.vouchers["v1"].left_cents) == (VoucherState.CANCELLED, 0)
    assert ledger.free_cents(fund_account(network)) == 99_000
    assert network.check() == ()


def test_what_is_settled_has_left_the_suppliers_account():
    network = network_of(*CONFIRMED, voucher(), redeemed(), settled(), settled(amount_cents=2_000))
    account = network.accounts[ledger.account_of("s1")]
    assert (account.credits_posted_cents, account.debits_posted_cents) == (6_000, 3_000)
    assert network.vouchers["v1"].settled_cents == 3_000
    assert network.accounts[ledger.SETTLED].credits_posted_cents == 3_000
    assert network.check() == ()


def test_a_title_for_one_service_pays_it_whole_and_is_spent():
    network = network_of(*TITLED, whole())
    assert (network.vouchers["v1"].voucher_kind, network.vouchers["v1"].state) == (
        VoucherKind.SINGLE_USE,
        VoucherState.SPENT,
    )
    assert network.check() == ()


def test_a_title_for_one_service_names_it():
    with pytest.raises(Malformed):
        voucher(**ONE_USE)
