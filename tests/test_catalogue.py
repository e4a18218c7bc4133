from collections import Counter

import pytest

from wis_engine import catalogue
from wis_engine.errors import Malformed
from wis_engine.shapes import is_id
from wis_engine.values import Place, Sensitivity


def test_catalogue_holds_the_services_of_the_three_actions():
    assert Counter(service.action for service in catalogue.services()) == {"B.1": 8, "C.1": 10, "F.1": 2}
    assert catalogue.services_of("B.1") == catalogue.services()[:8]
    assert catalogue.services_of("A.1") == ()


def test_card_ids_count_up_in_each_action():
    for action, last in (("B.1", 8), ("C.1", 10), ("F.1", 2)):
        ids = [service.card_id for service in catalogue.services_of(action)]
        assert ids == [f"{action.replace('.', '')}.{n}" for n in range(1, last + 1)]


def test_codes_are_ids_and_distinct():
    codes = [service.code for service in catalogue.services()]
    assert len(set(codes)) == 20
    assert all(is_id(code) for code in codes)


def test_names_are_distinct_in_both_languages():
    assert len({service.name_it for service in catalogue.services()}) == 20
    assert len({service.name_en for service in catalogue.services()}) == 20


def test_broader_services_exist_in_the_same_action_and_make_no_circle():
    for service in catalogue.services():
        above = [service.code]
        while (broader := catalogue.service(above[-1]).broader) is not None:
            assert catalogue.service(broader).action == service.action
            assert broader not in above
            above.append(broader)


def test_units_stand_for_minutes():
    assert all(0 < service.unit_minutes <= 480 for service in catalogue.services())
    assert {s.unit_minutes for s in catalogue.services() if s.unit is catalogue.Unit.HOUR} == {60}


def test_every_service_happens_somewhere():
    assert all(service.places for service in catalogue.services())
    assert catalogue.service("grocery_delivery_at_work").places == {Place.FIRM}


def test_health_and_care_of_the_frail_are_special():
    special = {service.code for service in catalogue.services() if service.sensitivity is Sensitivity.SPECIAL}
    assert special == {"social_care", "health_care", "elder_care", "strenuous_work_care"}
    assert not any(catalogue.service(code).shareable for code in ("health_care", "strenuous_work_care"))


@pytest.mark.parametrize("code", ["", "child-minding", "B1.4"])
def test_unknown_service_is_malformed(code):
    with pytest.raises(Malformed, match="no service"):
        catalogue.service(code)
