"""The book of vouchers: faces, payments, what is left, what went back."""

import attrs
import pytest
import stories
from stories import redeemed, reversed_, settled, voucher
from telling import day, told

from wis_engine.facts import VoucherCancelled, VoucherExpired
from wis_engine.network.promises import VoucherKind
from wis_engine.values import Period
from wis_engine.views.vouchers import Vouchers

MARCH = Period.parse("2026-03-02/2026-04-01")


def book(*story):
    return told(Vouchers, *stories.pilot(), *story)


def row(*story, name="v1"):
    return next(one for one in book(*story).records() if one["voucher"] == name)


def cents(*story):
    one = row(*story)
    return tuple(one[f"{name}_cents"] for name in ("face", "redeemed", "settled", "left", "released"))


def test_a_voucher_is_a_line():
    assert row(voucher("v2"), voucher(need="n1", kind=VoucherKind.SINGLE_USE)) == {
        "voucher": "v1",
        "kind": "single-use",
        "household": "h1",
        "need": "n1",
        "fund": "b1",
        "action": "B.1",
        "source": "contribution",
        "issued": "2026-03-02",
        "valid": "2026-01-01/2027-01-01",
        "state": "active",
        "face_cents": 6_000,
        "redeemed_cents": 0,
        "settled_cents": 0,
        "left_cents": 6_000,
        "released_cents": 0,
    }


@pytest.mark.parametrize(
    ("story", "held", "state"),
    [
        ([], (6_000, 0, 0, 6_000, 0), "active"),
        ([redeemed(amount_cents=1_000)], (6_000, 1_000, 0, 5_000, 0), "active"),
        ([redeemed(amount_cents=6_000)], (6_000, 6_000, 0, 0, 0), "spent"),
        ([redeemed(amount_cents=2_000), settled(amount_cents=1_500)], (6_000, 2_000, 1_500, 4_000, 0), "active"),
        ([redeemed(amount_cents=2_000), reversed_(amount_cents=500)], (6_000, 1_500, 0, 4_500, 0), "active"),
        ([redeemed(amount_cents=6_000), reversed_(amount_cents=6_000)], (6_000, 0, 0, 6_000, 0), "active"),
        ([redeemed(amount_cents=2_000), VoucherExpired(voucher="v1")], (6_000, 2_000, 0, 0, 4_000), "expired"),
        ([VoucherCancelled(voucher="v1")], (6_000, 0, 0, 0, 6_000), "cancelled"),
    ],
)
def test_every_cent_is_paid_left_or_released(story, held, state):
    assert cents(voucher(), *story) == held
    assert row(voucher(), *story)["state"] == state


def test_the_last_payment_for_an_engagement_is_taken_back_first():
    other = redeemed(engagement="e2", amount_cents=700)
    story = [voucher(), redeemed(amount_cents=300), day("03-09"), redeemed(amount_cents=200), other]
    (line,) = book(*story, reversed_(amount_cents=400)).lines()
    assert [(one.engagement, one.cents, one.at.day) for one in line.payments] == [
        ("e1", 100, day("03-02")),
        ("e2", 700, day("03-09")),
    ]


def test_what_was_left_before_a_day_forgets_what_came_later():
    story = [voucher(), day("03-09"), redeemed(amount_cents=1_000), day("04-01"), VoucherExpired(voucher="v1")]
    (line,) = book(*story).lines()
    before = {name: line.left_before(day(name)) for name in ("03-02", "03-03", "03-09", "03-10", "04-01", "04-02")}
    assert before == {"03-02": 0, "03-03": 6_000, "03-09": 6_000, "03-10": 5_000, "04-01": 5_000, "04-02": 0}


def test_lines_stand_in_order_of_id():
    assert [one.voucher for one in book(voucher("v3"), voucher("v1"), voucher("v2")).lines()] == ["v1", "v2", "v3"]


def test_vouchers_about_to_expire_stand_the_soonest_first():
    soon = voucher("v2", valid=attrs.evolve(MARCH, end=day("03-20")))
    one = book(
        voucher("v1", valid=MARCH), soon, voucher("v3"), voucher("v4", valid=MARCH), VoucherCancelled(voucher="v4")
    )
    assert one.expiring(day("04-01")) == [
        {"voucher": "v2", "last_day": "2026-03-19", "left_cents": 6_000},
        {"voucher": "v1", "last_day": "2026-03-31", "left_cents": 6_000},
    ]
    assert one.expiring(day("03-31")) == one.expiring(day("04-01"))[:1]


def test_each_year_says_what_a_household_was_given_and_used():
    later = day("03-02").replace(year=2027)
    story = [voucher(), voucher("v2", household="h2", face_cents=500), redeemed(amount_cents=900), later]
    assert book(*story, redeemed(amount_cents=100)).yearly() == [
        {"household": "h1", "year": 2026, "issued_cents": 6_000, "redeemed_cents": 900},
        {"household": "h1", "year": 2027, "issued_cents": 0, "redeemed_cents": 100},
        {"household": "h2", "year": 2026, "issued_cents": 500, "redeemed_cents": 0},
    ]
