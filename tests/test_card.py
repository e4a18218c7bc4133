import datetime as dt
import tomllib
from collections import Counter
from importlib import resources
from itertools import product

import pytest

from wis_engine import catalogue, territory
from wis_engine.shapes import is_id
from wis_engine.values import AgeBand, Channel, Period, Place, PriceTier, WeekSlots, require_distinct


def table(name):
    return tomllib.loads(resources.files("wis_engine").joinpath(f"data/{name}").read_text(encoding="utf-8"))


CARD, SUPPLY, DEMAND = table("wis_card.toml"), table("wis_supply.toml"), table("wis_demand.toml")
PROGRAMME = table("wis_programme.toml")
OFFERS = [offer | {"supplier": supplier["id"]} for supplier in SUPPLY["suppliers"] for offer in supplier["offers"]]
TEMPLATES = DEMAND["templates"]


def test_budgets_hours_and_financing_are_the_card_s():
    assert sum(action["budget_cents"] for action in CARD["actions"]) == 6_980_000
    assert sum(action["staff_minutes"] for action in CARD["actions"]) == 2_328 * 60
    assert sum(CARD["grant"].values()) == 6_980_000
    assert sum(CARD["costs"].values()) == 6_980_000
    assert CARD["grant"]["contribution_cents"] * 10 <= 6_980_000 * 7


def test_hours_of_each_action_are_its_budget_over_thirty_euro():
    # domain.md 0.4: the card derived them so; a slip in either figure shows here.
    for action in CARD["actions"]:
        assert action["staff_minutes"] == -(-action["budget_cents"] // 3_000) * 60


def test_targets_are_one_total_for_the_project():
    assert CARD["project"]["targets"] == {"recipients": 22, "accesses": 80, "boards": 4}
    boards = next(meeting for meeting in CARD["meetings"] if meeting["kind"] == "steering-board")
    assert len({(day.month - 1) // 3 for day in boards["dates"]}) == len(boards["dates"]) == 4


def test_actions_fill_twelve_or_ten_months_of_the_project():
    project = Period.parse(CARD["project"]["period"])
    months = {}
    for action in CARD["actions"]:
        period = Period.parse(action["period"])
        assert project.covers(period)
        months[action["code"]] = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    assert months == {"A.1": 12, "A.2": 12, "F.1": 12, "B.1": 10, "C.1": 10}


def test_voucher_lines_stay_within_other_costs_and_within_each_action():
    lines = CARD["funds"]
    assert sum(line["budget_cents"] for line in lines) <= CARD["costs"]["other_cents"]
    budgets = {action["code"]: action["budget_cents"] for action in CARD["actions"]}
    by_action = Counter()
    for line in lines:
        by_action[line["action"]] += line["budget_cents"]
        assert line["simulated"]
    assert set(by_action) == {"B.1", "C.1"}
    assert all(cents <= budgets[action] for action, cents in by_action.items())
    assert {(line["action"], line["source"]) for line in lines} == {
        (action, source) for action in ("B.1", "C.1") for source in ("contribution", "cofinancing")
    }


def test_the_22_people_work_for_the_three_micro_firms():
    people = CARD["population"]["people"]
    assert len({person for person, *_ in people}) == 22
    assert Counter(firm for _, firm, *_ in people) == {firm["id"]: firm["persons"] for firm in CARD["firms"]}
    assert all(firm["persons"] < 10 for firm in CARD["firms"])
    assert {role for _, _, role, _ in people} == {"employee", "entrepreneur"}


def test_every_person_holds_one_household():
    held = [person for household in CARD["households"] for person in household["holders"]]
    assert sorted(held) == [person for person, *_ in CARD["population"]["people"]]
    for household in CARD["households"]:
        bands = [AgeBand(band) for band in household["members"]]
        assert bands[: len(household["holders"])] == [AgeBand.ADULT_18_64] * len(household["holders"])


def test_nobody_has_a_name():
    assert all(is_id(entry) for row in CARD["population"]["people"] for entry in row)


@pytest.mark.parametrize("where", [CARD["firms"], CARD["households"], OFFERS], ids=["firms", "households", "offers"])
def test_every_place_is_a_zone(where):
    assert all(territory.zone(row["nil"]) for row in where)


def test_ids_are_ids_and_distinct():
    for rows in (CARD["firms"], CARD["households"], CARD["funds"], SUPPLY["suppliers"], OFFERS):
        assert all(is_id(row["id"]) for row in rows)
        require_distinct((row["id"] for row in rows), "id")


def test_every_service_has_an_offer_and_a_kind_of_need():
    services = {service.code for service in catalogue.services()}
    assert {offer["service"] for offer in OFFERS} == services
    needed = {template["service"] for template in TEMPLATES}
    assert needed == services


def test_all_channels_supply_and_member_firms_among_them():
    assert {offer["channel"] for offer in OFFERS} == set(Channel)
    assert {supplier.get("firm") for supplier in SUPPLY["suppliers"]} == {None, *(firm["id"] for firm in CARD["firms"])}


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer["id"])
def test_offer_can_be_used(offer):
    service = catalogue.service(offer["service"])
    assert Place(offer["place"]) in service.places
    windows = WeekSlots.parse(offer["windows"])
    assert windows.fits(service.unit_minutes)
    assert Period.parse(CARD["project"]["period"]).covers(Period.parse(offer.get("period", SUPPLY["supply"]["period"])))
    tiers = [
        PriceTier(people_from=people, units_from=units, price_cents=cents) for people, units, cents in offer["tiers"]
    ]
    assert tiers == sorted(tiers)
    assert [tier.price_cents for tier in tiers] == sorted((tier.price_cents for tier in tiers), reverse=True)
    assert 1 <= offer["group_min"] <= offer["group_max"]
    assert offer["group_max"] == 1 or service.shareable
    assert all(AgeBand(band) for band in offer.get("age_bands", ()))
    assert set(offer.get("municipi", ())) <= set(range(1, 10))
    assert offer["capacity_hours"] > 0
    assert offer["sessions_at_once"] > 0
    assert 0 <= offer["quality_percent"] <= 100


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template["kind"])
def test_template_meets_some_offer_in_time_and_age(template):
    steps = template.get("steps") or [{"service": template["service"], "minutes": template["minutes"]}]
    assert sum(step["minutes"] for step in steps) == template["minutes"]
    assert len(DEMAND["seasons"][template["season"]]) == 12
    assert sum(template["priority"]) == 100
    for low, high in (template["sessions"], template["weeks"], template["limit_cents"]):
        assert low <= high
    bands = {AgeBand(band) for band in template["rate"]}
    wanted = [WeekSlots.parse(windows) for windows in template["windows"]]
    for slots in wanted:
        assert slots.fits(template["minutes"])
    for step in steps:
        offers = [offer for offer in OFFERS if offer["service"] == step["service"]]
        assert any((slots & WeekSlots.parse(o["windows"])).fits(step["minutes"]) for o in offers for slots in wanted)
        ages = [frozenset(map(AgeBand, offer.get("age_bands", AgeBand))) for offer in offers]
        assert bands <= frozenset().union(*ages)


def test_chain_of_the_school_afternoon_can_be_made_by_as_many_suppliers_as_steps():
    [template] = [template for template in TEMPLATES if "steps" in template]
    choices = [[o for o in OFFERS if o["service"] == step["service"]] for step in template["steps"]]
    homework = set()
    for chain in product(*choices):
        places = [territory.zone(offer["nil"]).centroid for offer in chain]
        near = all(
            territory.distance_m(a, b) <= step["distance_max_m"]
            for a, b, step in zip(places, places[1:], template["steps"][1:], strict=False)
        )
        if near and len({offer["supplier"] for offer in chain}) == len(chain):
            homework.add(chain[1]["id"])
    assert homework == {"cortile-homework", "darsena-homework"}


def test_everything_beyond_the_card_says_that_it_is_simulated():
    assert SUPPLY["supply"]["simulated"]
    assert DEMAND["demand"]["simulated"]
    assert PROGRAMME["programme"]["simulated"]
    assert CARD["population"]["simulated"]


def test_the_programme_is_about_who_and_what_there_is():
    firms = {row["id"] for rows in (CARD["firms"], CARD["visitors"]) for row in rows}
    assert {row["firm"] for row in PROGRAMME["sheets"]} == {row["id"] for row in CARD["firms"]}
    assert {row["firm"] for row in PROGRAMME["visits"]} <= firms | {row["firm"] for row in PROGRAMME["approached"]}
    assert {row["id"] for row in CARD["visitors"]} <= {row["firm"] for row in PROGRAMME["approached"]}
    fathers = {
        person for person, _, role, gender in CARD["population"]["people"] if (role, gender) == ("employee", "man")
    }
    households = {row["id"]: row["holders"] for row in CARD["households"]}
    for birth in PROGRAMME["births"]:
        assert birth["father"] in fathers
        assert birth["father"] in households[birth["household"]]


def test_staff_is_as_many_as_the_card_says_for_each_action():
    given = Counter(action for row in CARD["staff"].values() for action in row["actions"])
    assert given == {"A.1": 8, "A.2": 8, "B.1": 4, "C.1": 4, "F.1": 5}


def test_dates_lie_in_the_project():
    project = Period.parse(CARD["project"]["period"])
    days = [day for meeting in CARD["meetings"] for day in meeting["dates"]]
    assert all(isinstance(day, dt.date) and day in project for day in [*days, SUPPLY["supply"]["signed"]])
    assert not set(days) & territory.closed_days(project)
