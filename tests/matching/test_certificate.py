"""Any prices prove a bound; better prices prove a better one."""

from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.matching import Need, Offer, Option, Problem, solve
from wis_engine.matching.bounds import HOUSEHOLD, PUBLIC, cents_bound, covered_bound, stands
from wis_engine.matching.places import Book
from wis_engine.matching.proof import BudgetPrice, NeedPrices, OfferPrice, Proof, Rate
from wis_engine.matching.reading import Reading


@st.composite
def proofs(draw, book):
    """Prices that nobody searched for."""
    top = draw(st.sampled_from([10, 3_000, 300_000]))
    prices = st.integers(0, top)
    offers = [
        OfferPrice(
            offer=offer,
            prices=draw(st.lists(prices, min_size=1, max_size=3)),
            rooms=book.rooms[offer] is not None and draw(st.booleans()),
        )
        for offer in sorted(book.sizes)
        if draw(st.booleans())
    ]
    needs = [
        NeedPrices(need=need, prices=[draw(prices) for step in steps for _ in step])
        for need, steps in sorted(book.steps.items())
        if draw(st.booleans())
    ]
    budgets = [
        BudgetPrice(budget=budget.id, price=draw(prices))
        for budget in book.reading.problem.budgets
        if draw(st.booleans())
    ]
    rate = Rate(cents=draw(st.integers(0, 60)), units=draw(st.integers(1, 60)))
    return Proof(rate=rate, offers=offers, needs=needs, budgets=budgets, spent_percent=draw(st.integers(0, 100)))


@given(problems(), st.data())
def test_any_prices_and_rates_give_valid_bounds(problem, data):
    book, plan = Book(Reading(problem)), solve(problem, "exact")
    covered, household, public = (level.value for level in plan.certificate.levels)
    proof = data.draw(proofs(book))
    assert stands(book, proof)
    assert covered_bound(book, proof) >= covered
    assert cents_bound(book, proof, HOUSEHOLD, covered) <= household
    assert cents_bound(book, proof, PUBLIC, covered) <= household + public


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
    assert {price.offer for price in certificate.proofs[0].offers} == {"o1", "o2"}


def test_minutes_that_suffice_have_no_price():
    assert scarce(300).proofs[0].offers == ()


def test_the_gap_is_that_of_the_first_level_not_proved():
    needs = [Need(id=f"n{k}", minutes=60) for k in range(3)]
    options = [Option(need=need.id, offer="o", minutes=60, price_cents=100) for need in needs]
    problem = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=170, group_min=2)], options=options)
    certificate = solve(problem, "exact").certificate
    assert certificate.enumerated
    assert certificate.open_level.name == "covered_minutes"
    assert (certificate.gap, certificate.gap_ppm) == (50, 294_118)
