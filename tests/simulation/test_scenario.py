import attrs
import pytest

from wis_engine.errors import Malformed
from wis_engine.simulation import Scenario
from wis_engine.simulation.ladder import RUNGS
from wis_engine.simulation.scenario import Frame

NAMES = [made.__name__ for made in RUNGS]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_read_as_it_was_written(name):
    scenario = Scenario.named(name)
    assert scenario.name == name
    assert Scenario.parse(scenario.to_toml()) == scenario
    assert getattr(Scenario, name)() == scenario


def test_dates_may_stand_as_toml_has_them():
    text = Scenario.district().to_toml()
    assert 'day = "2025-09-01"' in text
    assert Scenario.parse(text.replace('day = "2025-09-01"', "day = 2025-09-01")) == Scenario.district()


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ('name = "district"', 'nome = "district"', "required field missing @ $.name"),
        ("intensity_percent = 100", 'intensity_percent = "100"', "$.demand.intensity_percent"),
        ("members_at_start = 40", "members_at_start = 101", "members_at_start"),
        ("size_exponent_hundredths = 133", "size_exponent_hundredths = 0", "size_exponent_hundredths"),
        ('season = "steady"', 'season = "monsoon"', "monsoon"),
        ('name = "district"', "name = ", "no TOML"),
    ],
)
def test_an_error_names_the_key(was, becomes, words):
    text = Scenario.district().to_toml()
    assert was in text
    with pytest.raises(Malformed) as error:
        Scenario.parse(text.replace(was, becomes))
    assert words in str(error.value)


def test_one_thing_changes_and_the_rest_stays():
    district = Scenario.district()
    other = attrs.evolve(district, growth=attrs.evolve(district.growth, heard_ppm=380_000))
    assert other.growth.heard_ppm == 380_000
    assert attrs.evolve(other, growth=district.growth) == district


def test_there_is_no_other_rung():
    with pytest.raises(Malformed, match="pilot, district, municipio, city, milan"):
        Scenario.named("village")


@pytest.mark.parametrize("law", ["firms", "people", "growth", "supply"])
def test_a_drawn_community_has_all_its_laws_and_another_none(law):
    with pytest.raises(Malformed, match=f"Scenario.{law}: missing"):
        attrs.evolve(Scenario.district(), **{law: None})
    with pytest.raises(Malformed, match=f"Scenario.{law}: not with"):
        attrs.evolve(Scenario.pilot(), **{law: getattr(Scenario.district(), law)})


def test_an_action_is_funded_in_one_round():
    district = Scenario.district()
    with pytest.raises(Malformed, match="action"):
        attrs.evolve(district, rounds=district.rounds * 2)
    with pytest.raises(Malformed, match="rounds: not with"):
        attrs.evolve(Scenario.pilot(), rounds=district.rounds)
    late = attrs.evolve(district.rounds[0], day=district.period.end)
    with pytest.raises(Malformed, match="outside the period"):
        attrs.evolve(district, rounds=(late,))


def test_the_pilot_is_the_card_s():
    pilot = Scenario.pilot()
    assert pilot.frame is Frame.CARD
    assert str(pilot.period) == "2023-01-01/2024-01-01"
