"""The derived figures: what the card promises without an indicator of its own."""

import pytest
import stories
from stories import (
    booked,
    chain,
    chain_pool,
    confirmed,
    consultation,
    cost,
    delivered,
    judged,
    leave,
    leave_taken,
    matched,
    member,
    need,
    plan,
    pool,
    reached,
    redeemed,
    voucher,
)
from telling import APRIL, YEAR, day, figure, parts

from wis_engine.facts import CostReversed, NeedUnmet, SatisfactionRecorded
from wis_engine.facts.needs import UnmetReason
from wis_engine.network.guidance import ConsultationTopic
from wis_engine.network.parties import FundSource

SERVED = [*matched(), booked("e1"), delivered("e1"), confirmed("e1")]


def answers(count, **said):
    return [SatisfactionRecorded(engagement=f"e{number}", score=4, **said) for number in range(count)]


def test_quality_of_life_is_after_less_before_of_those_who_said_both():
    said = [
        SatisfactionRecorded(engagement="e1", score=4, life_before=2, life_after=5),
        SatisfactionRecorded(engagement="e2", score=4, life_before=4, life_after=3),
        judged("e4"),
    ]
    one = figure("X1", *said)
    assert (one.value, one.variant("answers").ids) == (2, ("e1", "e2"))
    assert figure("X1", *said, period=APRIL).variant("answers").value == 0


@pytest.mark.parametrize(("count", "shown"), [(1, False), (4, False), (5, True)])
def test_the_climate_in_firms_is_told_from_five_answers_on(count, shown):
    one = figure("X2", *answers(count, climate_before=2, climate_after=4))
    assert (one.value, one.variant("answers").value) == ((2 * count, count) if shown else (0, 0))


def test_the_climate_counts_answers_that_say_it():
    assert figure("X2", *answers(4, climate_before=1, climate_after=2), judged("e9")).value == 0


def test_time_saved_is_what_households_say():
    one = figure("X3", *answers(3, saved_minutes=40), judged("e9"))
    assert (one.value, one.variant("answers").value) == (120, 3)


def test_sharing_among_firms_counts_what_a_member_firm_delivered():
    story = [*matched(), booked("ride-1", pool="pool-2", need="n4", occurrences=stories.RIDES, price_cents=4_000)]
    one = figure("X4", *story, delivered("ride-1", 0, minutes=30), *SERVED[-3:])
    assert (one.value, one.ids) == (1, ("ride-1",))
    assert parts(one, "firm") == {"f3": 1}
    assert one.variant("shared by several households").ids == ("e1",)


def test_needs_served_together_are_those_of_pools_and_chains():
    one = figure("X6", *matched())
    assert one.ids == ("n1", "n2", "n3", "n4")
    assert parts(one, "how") == {"chain": 1, "pool": 3}
    assert one.variant("saved").value == 3 * (12_000 - 6_000) + 12_000 - 16_000
    assert one.variant("suppliers in chains").ids == ("s1", "s3")


def test_a_need_served_alone_is_in_a_pool_and_not_together():
    one = figure("X6", plan(), pool("pool-1", member("n1", 6_000)))
    assert (one.value, one.variant("all needs in pools").value, one.variant("saved").value) == (0, 1, 0)
    assert figure("X6", plan(), chain(), chain_pool()).value == 1


def test_unmet_demand_says_its_reason_and_what_is_public():
    story = [need("n8"), NeedUnmet(need="n8", reason=UnmetReason.PRICE), NeedUnmet(need="n3", reason=UnmetReason.TIME)]
    one = figure("X7", *story)
    assert one.ids == ("n3", "n8")
    assert parts(one, "reason") == {"price": 1, "time": 1}
    assert parts(one, "action") == {"B.1": 2}
    assert sum(parts(one, "municipio").values()) == 2
    assert figure("X7", *story, period=APRIL).value == 0


def test_money_is_spent_by_source_and_promised_by_source():
    story = [*SERVED, voucher(), redeemed(amount_cents=900), cost(paid_on=day("03-05"), source=FundSource.COFINANCING)]
    one = figure("X8", *story)
    assert (one.value, one.unit) == (10_900, "cents")
    assert parts(one, "source") == {"cofinancing": 10_000, "contribution": 900}
    assert parts(one, "by") == {"costs": 10_000, "vouchers": 900}
    promised = {part.name: part.value for part in one.variants if not part.split}
    assert promised == {
        "promised by contribution": 6_000,
        "promised by cofinancing": 0,
        "promised by households": 2 * 6_000 + 16_000,
    }


def test_a_cost_counts_on_the_day_on_which_it_was_paid_and_not_when_taken_back():
    paid = cost(paid_on=day("02-27"))
    assert figure("X8", paid).value == 0
    assert figure("X8", paid, period=YEAR).value == 10_000
    assert figure("X8", paid, CostReversed(cost="k1"), period=YEAR).value == 0


def test_paternity_is_advice_leave_and_fathers_reached():
    other = consultation("c-2", topic=ConsultationTopic.OTHER)
    story = [consultation("c-1"), other, leave(), reached(fathers=12), reached(fathers=3), day("04-02"), leave_taken()]
    one = figure("X9", *story)
    assert one.ids == ("c-1",)
    said = {part.name: part.value for part in one.variants}
    assert said == {"leave planned": 2, "leave taken": 0, "fathers reached by campaigns": 15}
    assert figure("X9", *story, period=APRIL).variant("leave taken").value == 2
