"""A problem with everything in it, and its plan."""

import pytest

from wis_engine.matching import Budget, Commitment, Need, Offer, Problem, Step, solve
from wis_engine.values import Occurrence, Period, Point, PriceTier, WeekSlots


@pytest.fixture(scope="session")
def rich_problem():
    march = Period.parse("2026-03-02/2026-03-30")
    afternoon = WeekSlots.parse("mon-fri 15:00-19:00")
    home = Point(45_460_000, 9_190_000)
    near = Point(45_461_000, 9_190_000)
    common = {"period": march, "slots": afternoon}
    homework = {
        **common,
        "service": "homework",
        "minutes": 240,
        "sessions": 4,
        "place": home,
        "price_limit_cents": 3_400,
    }
    return Problem(
        needs=[
            *(Need(id=f"n{k}", household=f"h{k}", firm=f"f{k}", beneficiary=f"b{k}", **homework) for k in range(3)),
            Need(
                id="n3",
                household="h0",
                beneficiary="b9",
                service="afternoon",
                minutes=90,
                steps=[Step(service="pickup", minutes=30), Step(service="play", minutes=60, distance_max_m=500)],
                **common,
            ),
            Need(id="n4", service="nobody-has-it", minutes=60),
            Need(id="n5", beneficiary="b0", **homework | {"price_limit_cents": None, "group_max": 1, "priority": 1}),
        ],
        offers=[
            Offer(
                id="o-group",
                supplier="s1",
                service="homework",
                capacity_minutes=720,
                capacity_per_slot=1,
                place=home,
                mobile=True,
                tiers=[PriceTier(price_cents=1_500), PriceTier(people_from=3, price_cents=800)],
                unit_minutes=60,
                opening_cents=1_000,
                group_min=2,
                group_max=4,
                **common,
            ),
            Offer(
                id="o-single",
                supplier="s2",
                service="homework",
                capacity_minutes=480,
                place=near,
                tiers=[PriceTier(price_cents=5_000)],
                **common,
            ),
            Offer(id="o-pickup", supplier="s3", service="pickup", capacity_minutes=60, place=home, **common),
            Offer(
                id="o-play",
                supplier="s4",
                service="play",
                capacity_minutes=60,
                place=near,
                tiers=[PriceTier(price_cents=700)],
                **common,
            ),
        ],
        budgets=[Budget(id="g1", cap_cents=1_000, share_percent=40, household_cap_cents=400)],
        commitments=[
            Commitment(
                offer="o-group",
                minutes=0,
                occurrences=[Occurrence(march.start, 30, 60)],
                beneficiaries=frozenset(("b1",)),
            )
        ],
    )


@pytest.fixture(scope="session")
def rich_plan(rich_problem):
    return solve(rich_problem, "exact")
