"""Phase 4: services asked for, delivered, paid; who had them and from whom."""

import pytest
import stories
from stories import (
    LESSONS,
    MONDAYS,
    RIDES,
    answered,
    booked,
    confirmed,
    delivered,
    disputed,
    household,
    matched,
    need,
    offer,
    pool,
    redeemed,
    request,
    resolved,
    reversed_,
    voucher,
)
from telling import APRIL, MARCH, YEAR, day, figure, parts, told

from wis_engine.facts import AgreementEnded, VoucherExpired
from wis_engine.network.guidance import AccessMode
from wis_engine.network.parties import Gender, Recipient, Role
from wis_engine.values import Channel, Occurrence, Period
from wis_engine.views.indicators import Indicators

SERVED = [*matched(), booked("e1"), booked("e2", need="n2"), delivered("e1", 0), delivered("e1", 1), delivered("e2", 0)]
CHAINED = [
    *matched(),
    booked("ride-1", pool="pool-2", need="n4", occurrences=RIDES, price_cents=4_000),
    booked("lesson-1", pool="pool-2", need="n4", step=1, occurrences=LESSONS, price_cents=12_000),
    delivered("ride-1", 0, minutes=30),
    delivered("lesson-1", 0),
]


def test_requests_count_by_action_channel_and_mode():
    story = [request("q1"), request("q2", need="n2", channel=Channel.AGREEMENT, mode=AccessMode.TRADITIONAL)]
    one = figure("I4.1", *story, day("04-01"), request("q3", need="n3"))
    assert one.ids == ("q1", "q2")
    assert parts(one, "action") == {"B.1": 2}
    assert parts(one, "channel") == {"agreement": 1, "wemi": 1}
    assert parts(one, "mode") == {"digital": 1, "traditional": 1}


def test_one_need_may_be_requested_twice():
    assert figure("I4.1", request("q1"), answered("q1", accepted=False), request("q2")).value == 2


def test_needs_that_were_never_requested_stand_apart():
    fresh = [need("n8"), need("n9"), need("n7", service="welfare_consultation")]
    assert figure("I4.1", *fresh).variant("needs never requested").ids == ("n8", "n9")
    assert figure("I4.1", *fresh, request(need="n8")).variant("needs never requested").ids == ("n9",)
    late = [*fresh, day("04-01"), request(need="n8")]
    assert figure("I4.1", *late).variant("needs never requested").ids == ("n8", "n9")
    assert figure("I4.1", *late, period=YEAR).variant("needs never requested").value == 5
    advice = figure("I4.1", *fresh, request(need="n7"))
    assert advice.value == 0


def test_services_delivered_are_engagements_and_their_sessions():
    one = figure("I4.2a", *SERVED)
    assert (one.ids, one.variant("sessions").value) == (("e1", "e2"), 3)
    assert [(each.id, each.amount) for each in one.variant("sessions").counted] == [("e1", 2), ("e2", 1)]
    assert parts(one, "action") == {"B.1": 2}
    assert figure("I4.2a", *SERVED, period=APRIL).value == 0


def test_a_dispute_that_is_upheld_takes_a_delivery_out_of_every_figure():
    lost = [*SERVED, disputed("e2"), resolved("e2")]
    waiting, won = lost[:-1], [*lost[:-1], resolved("e2", upheld=False)]
    for name in ("I4.2a", "I4.2b", "I4.3", "I4.4", "I4.5c", "X5"):
        assert figure(name, *lost).value < figure(name, *SERVED).value
        assert figure(name, *waiting).value == figure(name, *won).value == figure(name, *SERVED).value
    assert figure("I4.2e", *waiting).value == 0
    assert figure("I4.2e", *won).ids == ("e2",)
    assert figure("I4.2e", *lost).ids == ()


def test_time_is_read_as_recipients_had_it_and_as_providers_gave_it():
    one = figure("I4.2b", *SERVED)
    assert (one.value, one.unit) == (270, "minutes")
    assert one.variant("as providers gave it").value == 180
    short = [*SERVED[:-1], delivered("e2", 0, minutes=30)]
    assert figure("I4.2b", *short).value == 210
    assert figure("I4.2b", *short).variant("as providers gave it").value == 180


def test_sessions_of_other_pools_or_dates_are_other_sessions_of_a_provider():
    apart = [
        *matched(),
        booked("e1", occurrences=MONDAYS[:1]),
        booked("e2", need="n2", occurrences=MONDAYS[1:]),
        delivered("e1"),
        delivered("e2"),
    ]
    assert figure("I4.2b", *apart).variant("as providers gave it").value == 180


def test_only_services_by_the_hour_count_as_time():
    assert figure("I4.2a", *CHAINED).variant("sessions").value == 2
    assert figure("I4.2b", *CHAINED).ids == ("lesson-1",)


PAID = [
    *SERVED,
    confirmed("e1"),
    voucher("v1"),
    voucher("v2", household="h2", face_cents=500),
    redeemed(amount_cents=900),
]


def test_vouchers_count_when_they_pay():
    one = figure("I4.2c", *PAID, redeemed(amount_cents=100))
    assert one.ids == ("v1",)
    assert parts(one, "action") == {"B.1": 1}
    assert one.variant("issued").ids == ("v1", "v2")
    cents = {each.name: each.value for each in one.variants if each.unit == "cents"}
    assert cents == {
        "cents issued": 6_500,
        "cents redeemed": 1_000,
        "cents expired or cancelled": 0,
        "cents left at the end": 5_500,
    }


def test_a_payment_that_is_taken_back_never_was():
    one = figure("I4.2c", *PAID, reversed_(amount_cents=900))
    assert (one.value, one.variant("cents redeemed").value, one.variant("cents left at the end").value) == (0, 0, 6_500)
    part = figure("I4.2c", *PAID, reversed_(amount_cents=400))
    assert (part.value, part.variant("cents redeemed").value) == (1, 500)


def test_what_is_left_is_counted_at_the_end_of_the_period():
    story = [*PAID, day("04-10"), redeemed(amount_cents=100), VoucherExpired(voucher="v2")]
    march, april = figure("I4.2c", *story), figure("I4.2c", *story, period=APRIL)
    assert (march.variant("cents left at the end").value, april.variant("cents left at the end").value) == (
        5_600,
        5_000,
    )
    assert (march.variant("cents expired or cancelled").value, april.variant("cents expired or cancelled").value) == (
        0,
        500,
    )
    assert april.variant("cents issued").value == 0


@pytest.mark.parametrize(
    ("on", "period", "counted"),
    [("03-15", MARCH, True), ("03-15", APRIL, False), ("03-01", MARCH, False), ("12-31", APRIL, True)],
)
def test_an_agreement_counts_while_in_force(on, period, counted):
    story = [AgreementEnded(agreement="a1", on=day(on))]
    assert ("a1" in figure("I4.2d", *story, period=period).ids) is counted


def test_an_agreement_is_used_when_its_offers_are():
    agreed = stories.agreement("a9", "hw", supplier="s1")
    one = figure("I4.2d", agreed, *SERVED)
    assert (one.ids, one.variant("used").ids) == (("a1", "a9"), ("a9",))
    assert figure("I4.2d", agreed, *SERVED[:-3]).variant("used").value == 0
    ended = [agreed, AgreementEnded(agreement="a9", on=day("03-02")), *SERVED]
    assert figure("I4.2d", *ended).variant("used").value == 0


def test_other_readings_of_an_access_count_sessions_and_months():
    done = [*SERVED, confirmed("e1", 0), confirmed("e1", 1), day("04-02"), delivered("e1", 2), confirmed("e1", 2)]
    one = figure("I4.2e", *done, period=YEAR)
    assert (one.value, one.variant("confirmed sessions").value) == (1, 3)
    assert one.variant("household, service and month").ids == ("e1", "e1:2")
    assert parts(one, "action") == {"B.1": 1}


def test_a_target_is_the_projects_and_of_one_figure_alone():
    planned = stories.project("other", targets=(stories.Target(indicator="I4.2e", value=80),))
    story = [planned, stories.action("F.1"), *SERVED, confirmed("e1"), confirmed("e2")]
    one = figure("I4.2e", *story)
    assert (one.value, one.target) == (2, 80)
    assert sum(parts(one, "action").values()) == 2
    assert not any(hasattr(part, "target") for part in one.variants)
    assert [each.id for each in told(Indicators, *stories.pilot()).of(YEAR) if each.target] == ["I1.1"]


WOMAN, BOSS = Recipient(role=Role.EMPLOYEE, gender=Gender.WOMAN), Recipient(role=Role.ENTREPRENEUR, gender=Gender.MAN)


def lived_in_by(*recipients):
    """Serve one household that is held by these."""
    people = [f"p{number}" for number in range(len(recipients))]
    formed = household("h9", *people, recipients=recipients)
    alone = pool("pool-9", stories.member("n9", 6_000))
    return [formed, need("n9", "h9"), stories.plan(), alone, booked("e9", pool="pool-9", need="n9"), delivered("e9")]


def test_people_count_with_their_household_by_what_it_said_of_them():
    one = figure("I4.3", *lived_in_by(WOMAN, BOSS))
    assert (one.value, one.ids) == (2, ("h9:1", "h9:2"))
    assert parts(one, "role") == {"employee": 1, "entrepreneur": 1}
    assert parts(one, "gender") == {"man": 1, "woman": 1}
    unsaid = figure("I4.3", *SERVED)
    assert (unsaid.value, parts(unsaid, "role")) == (2, {"not said": 2})


@pytest.mark.parametrize(
    ("recipients", "counted"),
    [
        ([WOMAN], True),
        ([BOSS], False),
        ([BOSS, WOMAN], True),
        ([Recipient(role=Role.ENTREPRENEUR, gender=Gender.WOMAN)], True),
        ([Recipient(role=Role.EMPLOYEE, gender=Gender.MAN)], True),
    ],
)
def test_to_the_letter_of_the_card_men_who_are_entrepreneurs_are_left_out(recipients, counted):
    one = figure("I4.4", *lived_in_by(*recipients))
    assert one.ids == ("h9",)
    assert (one.variant("to the letter").value == 1) is counted


def test_suppliers_involved_stay_involved_and_those_active_delivered():
    assert figure("I4.5a").ids == ("s1", "s2", "s3")
    assert figure("I4.5a", period=Period.parse("2026-01-01/2026-01-10")).value == 0
    assert figure("I4.5a", day("04-01"), stories.supplier("s9"), offer("o9", supplier="s9")).value == 3
    active = figure("I4.5b", *CHAINED)
    assert active.ids == ("s1", "s3")
    assert set(active.ids) <= set(figure("I4.5a", *CHAINED).ids)
    assert parts(active, "channel") == {"partner": 1, "wemi": 1}


@pytest.mark.parametrize("name", ["I4.5c", "X5"])
def test_deliveries_are_shared_out_by_channel_and_mode(name):
    asked = [request("q1", need="n1"), answered("q1"), request("q2", need="n2"), answered("q2", accepted=False)]
    one = figure(name, *asked, *SERVED)
    assert one.value == 3
    assert parts(one, "mode") == {"digital": 2, "not requested": 1}
    assert parts(one, "channel") == {"wemi": 3}


def test_a_moved_session_is_the_same_for_its_members():
    moved = Occurrence(day("03-11"), 32, 90)
    story = [
        *matched(),
        stories.rescheduled("pool-1", 1),
        booked("e1", occurrences=(moved,)),
        booked("e2", need="n2", occurrences=(moved,)),
        delivered("e1"),
        delivered("e2"),
    ]
    assert figure("I4.2b", *story).variant("as providers gave it").value == 90
