"""Any prices prove a bound; better prices prove a better one."""

from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.matching import Need, Offer, Option, Problem, solve
from wis_engine.matching.certificate import MinutePrice, Rate, cents_bound, covered_bound
from wis_engine.matching.reading import Reading


@given(problems(), st.lists(st.integers(0, 9_000), min_size=3, max_size=3), st.integers(0, 50), st.integers(1, 50))
def test_any_prices_and_rates_give_valid_bounds(problem, prices, cents, units):
    reading, plan = Reading(problem), solve(problem, "exact")
    covered, household, public = (level.value for level in plan.certificate.levels)
    listed = [MinutePrice(offer=offer.id, price=price) for offer, price in zip(problem.offers, prices, strict=False)]
    rate = Rate(cents=cents, units=units)
    assert covered_bound(reading, listed) >= covered
    assert cents_bound(reading, reading.least_household, covered, rate) <= household
    assert cents_bound(reading, reading.least_price, covered, rate) <= household + public


def scarce(capacity):
    needs = [Need(id=f"n{k}", minutes=60) for k in range(5)]
    offers = [Offer(id="o1", capacity_minutes=capacity), Offer(id="o2", capacity_minutes=60)]
    options = [
        Option(need=need.id, offer=offer.id, minutes=60, price_cents=500 + 10 * k)
        for k, need in enumerate(needs)
        for offer in offers
    ]
    return solve(Problem(needs=needs, offers=offers, options=options), "exact").certificate


def test_scarce_minutes_get_a_price_that_proves_the_optimum():
    certificate = scarce(180)
    covered, household, public = certificate.levels
    assert (covered.value, covered.bound) == (240, 240)
    assert (household.value, household.bound) == (2_060, 2_060)
    assert (public.value, public.bound) == (0, 0)
    assert certificate.gap == certificate.gap_ppm == 0
    assert certificate.open_level is None
    assert {price.offer for price in certificate.prices} == {"o1", "o2"}


def test_minutes_that_suffice_have_no_price():
    assert scarce(300).prices == ()


def test_the_gap_is_that_of_the_first_level_not_proved():
    needs = [Need(id=f"n{k}", minutes=60) for k in range(2)]
    problem = Problem(
        needs=needs,
        offers=[Offer(id="o", capacity_minutes=600, group_min=3)],
        options=[Option(need=need.id, offer="o", minutes=60, price_cents=100) for need in needs],
    )
    certificate = solve(problem, "exact").certificate
    assert certificate.enumerated
    assert certificate.open_level.name == "covered_minutes"
    assert (certificate.gap, certificate.gap_ppm) == (120, 1_000_000)
