import attrs
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.facts import FirmJoined, HouseholdFormed, PersonEnrolled
from wis_engine.simulation import Scenario
from wis_engine.simulation.diffusion import NEVER, spread
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.given import Discount
from wis_engine.simulation.lots import Lots
from wis_engine.simulation.membership import Growth
from wis_engine.simulation.population import Population, power_ppm, size_weights, tiers_of

CITY = Scenario.city()
FIRMS = attrs.evolve(CITY.firms, count=4_000, members_at_start=400)


def population(firms=FIRMS, seed=1):
    return Population(Draws(seed), Lots(seed), firms, CITY.people)


@given(st.integers(1, 50), st.integers(0, 300))
def test_a_power_is_exact(base, hundredths):
    ppm = power_ppm(base, hundredths)
    assert ppm**100 * base**hundredths <= 10**600 < (ppm + 1) ** 100 * base**hundredths


def test_sizes_follow_the_census():
    persons = population().persons
    assert persons.min() == 3
    assert persons.max() <= 49
    assert 6.6 <= persons.mean() <= 7.4  # the law's own mean is 7.0, the pilot's 7.3
    assert sum(size_weights(FIRMS)[:7]) / sum(size_weights(FIRMS)) > 0.795  # micro firms: of 3 to 9 persons


def test_a_firm_more_moves_nobody():
    more = attrs.evolve(FIRMS, count=4_001)
    for number in (0, 17, 3_999):
        assert list(population().joining(number)) == list(population(more).joining(number))


def test_people_enrol_with_a_household_each():
    facts = [fact for number in range(300) for fact in population().joining(number)]
    kinds = [type(fact) for fact in facts]
    assert kinds.count(FirmJoined) == 300
    assert kinds.count(PersonEnrolled) == kinds.count(HouseholdFormed)
    persons = sum(fact.persons for fact in facts if isinstance(fact, FirmJoined))
    assert 0.25 <= kinds.count(PersonEnrolled) / persons <= 0.35


def test_a_price_falls_with_the_group():
    tiers = tiers_of(1_000, Discount(floor_percent=60, exponent_hundredths=50, heads_max=12), 1, 20)
    assert [(tier.people_from, tier.price_cents) for tier in tiers][:3] == [(1, 1_000), (2, 882), (3, 830)]
    assert [tier.price_cents for tier in tiers] == sorted((tier.price_cents for tier in tiers), reverse=True)
    assert tiers[-1].price_cents == tiers[-2].price_cents  # beyond twelve nobody gets more


def test_the_smallest_group_has_a_price():
    tiers = tiers_of(1_000, Discount(), 3, 6)
    assert [tier.people_from for tier in tiers] == [1, 4, 6]
    assert tiers[0].price_cents == 830


def test_without_word_of_mouth_membership_grows_by_itself_alone():
    still = spread(Lots(1), FIRMS, Growth(alone_ppm=0, heard_ppm=0), 12)
    assert (still.joined < NEVER).sum() == 400
    assert (still.left == NEVER).all()


def test_word_of_mouth_is_heard():
    alone = spread(Lots(1), FIRMS, Growth(alone_ppm=50_000, heard_ppm=0), 24)
    heard = spread(Lots(1), FIRMS, Growth(alone_ppm=50_000, heard_ppm=500_000), 24)
    assert (heard.joined <= alone.joined).all()
    assert (heard.joined < NEVER).sum() > (alone.joined < NEVER).sum() + 200


def test_firms_leave_after_they_joined():
    told = spread(Lots(1), FIRMS, Growth(alone_ppm=50_000, heard_ppm=200_000, leaving_percent=30), 24)
    gone = told.left < NEVER
    assert gone.any()
    assert (told.left[gone] > told.joined[gone]).all()
