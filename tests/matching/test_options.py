import datetime as dt

import attrs
import pytest

from wis_engine.matching import Budget, Need, Offer, Option, Problem, Unserved, solve
from wis_engine.matching.options import Ground
from wis_engine.matching.problem import ANY_WEEK
from wis_engine.values import AgeBand, Channel, Period, Point, PriceTier, WeekSlots

MARCH, MAY = Period.parse("2026-03-02/2026-03-30"), Period.parse("2026-05-04/2026-06-01")
HERE, FAR = Point(45_460_000, 9_190_000), Point(45_560_000, 9_190_000)
SLOTS = WeekSlots.parse("mon 16:00-18:00")
NEED = {"id": "n", "minutes": 60, "service": "s", "slots": SLOTS, "period": MARCH, "place": HERE}
OFFER = {"id": "o", "capacity_minutes": 60, "service": "s", "slots": SLOTS, "period": MARCH, "place": HERE}


def stage(need=(), offer=(), budgets=()):
    """The filter at which the one offer falls; None when it passes all."""
    problem = Problem(needs=[Need(**NEED | dict(need))], offers=[Offer(**OFFER | dict(offer))], budgets=budgets)
    ground = Ground(problem)
    fallen = [one for one, count in ground.fallen["n"].items() if count]
    assert bool(ground.ways["n"]) is not bool(fallen)
    return fallen[0] if fallen else None


@pytest.mark.parametrize(
    ("need", "offer", "expected"),
    [
        ({}, {}, None),
        ({}, {"service": "t"}, Unserved.SERVICE),
        ({}, {"period": MAY}, Unserved.PERIOD),
        ({}, {"place": FAR, "radius_m": 5_000}, Unserved.DISTANCE),
        ({}, {"place": FAR, "radius_m": 50_000}, None),
        ({"radius_m": 5_000}, {"place": FAR}, Unserved.DISTANCE),
        ({"radius_m": 5_000}, {"place": FAR, "mobile": True}, None),
        ({"radius_m": 5_000}, {"place": None}, None),
        ({"zone": 1}, {"zones": [2]}, Unserved.DISTANCE),
        ({"zone": 2}, {"zones": [2]}, None),
        ({}, {"zones": [2]}, Unserved.DISTANCE),
        ({}, {"slots": WeekSlots.parse("mon 17:30-19:00")}, Unserved.TIME),
        ({}, {"slots": WeekSlots.parse("mon 17:00-19:00")}, None),
        ({"minutes": 540, "sessions": 9}, {}, Unserved.TIME),
        ({"minutes": 480, "sessions": 8}, {}, None),
        ({"price_limit_cents": 99}, {"tiers": [PriceTier(price_cents=100)]}, Unserved.PRICE),
        ({"price_limit_cents": 100}, {"tiers": [PriceTier(price_cents=100)]}, None),
        ({"price_limit_cents": 99}, {"tiers": [PriceTier(price_cents=100)], "unit_minutes": 120}, None),
        (
            {"price_limit_cents": 99},
            {"tiers": [PriceTier(price_cents=100), PriceTier(people_from=5, price_cents=50)]},
            None,
        ),
        (
            {"price_limit_cents": 99, "group_max": 4},
            {"tiers": [PriceTier(price_cents=100), PriceTier(people_from=5, price_cents=50)]},
            Unserved.PRICE,
        ),
        ({"channel": Channel.WEMI}, {}, Unserved.ELIGIBILITY),
        ({"channel": Channel.WEMI}, {"channel": Channel.WEMI}, None),
        ({}, {"age_bands": [AgeBand.CHILD_3_5]}, Unserved.ELIGIBILITY),
        ({"age_band": AgeBand.CHILD_3_5}, {"age_bands": [AgeBand.CHILD_3_5]}, None),
        ({"language": "it"}, {"languages": ["en"]}, Unserved.ELIGIBILITY),
        ({"language": "it"}, {}, None),
        ({"group_max": 2}, {"group_min": 3}, Unserved.ELIGIBILITY),
    ],
)
def test_an_offer_falls_at_the_first_filter_it_does_not_pass(need, offer, expected):
    assert stage(need, offer) is expected


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ({"cap_cents": 50}, None),
        ({"cap_cents": 49}, Unserved.PRICE),
        ({"cap_cents": 500, "share_percent": 49}, Unserved.PRICE),
        ({"cap_cents": 500, "household_cap_cents": 49}, Unserved.PRICE),
        ({"cap_cents": 500, "services": ["t"]}, Unserved.PRICE),
    ],
)
def test_public_money_may_bring_a_price_under_the_limit(budget, expected):
    tiers = [PriceTier(price_cents=100)]
    assert stage({"price_limit_cents": 50}, {"tiers": tiers}, [Budget(id="g", **budget)]) is expected


def test_counts_by_stage_sum_to_all_offers():
    offers = [
        Offer(**OFFER | {"id": f"o{k}"} | change) for k, change in enumerate([{}, {"service": "t"}, {"period": MAY}])
    ]
    ground = Ground(Problem(needs=[Need(**NEED)], offers=offers))
    assert sum(ground.fallen["n"].values()) + len(ground.ways["n"]) == 3


def test_closed_days_may_leave_too_few_sessions():
    closed = [MARCH.start + dt.timedelta(days=7 * week) for week in range(2)]
    need = Need(**NEED | {"minutes": 360, "sessions": 3, "period": MARCH})
    for days, found in ((closed[:1], True), (closed, False)):
        ground = Ground(Problem(needs=[need], offers=[Offer(**OFFER)], closed_days=days))
        assert bool(ground.ways["n"]) is found


def test_explicit_options_meet_no_filter():
    need, offer = Need(**NEED), Offer(**OFFER | {"service": "t", "period": MAY})
    options = [Option(need="n", offer="o", minutes=7, price_cents=9)]
    ground = Ground(Problem(needs=[need], offers=[offer], options=options))
    assert ground.ways["n"]["o"][:2] == (7, 9)


MONDAYS = WeekSlots.parse("mon 16:00-18:00")
SUNDAY = dt.date(2026, 3, 8)


@pytest.mark.parametrize(
    ("sessions", "period", "closed"),
    [(4, "2026-03-02/2026-03-30", [SUNDAY]), (4, "2026-03-05/2026-04-01", []), (3, "2026-03-02/2026-03-17", [])],
)
def test_a_closed_day_or_a_day_gone_by_does_not_double_the_week(sessions, period, closed):
    need = Need(id="n", minutes=60 * sessions, sessions=sessions, slots=MONDAYS, period=Period.parse(period))
    problem = Problem(needs=[need], offers=[Offer(id="o", capacity_minutes=600)], closed_days=closed)
    for strategy in ("greedy", "exact"):
        (pool,) = solve(problem, strategy).pools
        assert len(pool.starts) == 1
        assert len(pool.occurrences(problem.closed_days)) == sessions


def test_a_day_of_difference_does_not_split_a_pool():
    needs = [
        Need(id=f"n{k}", minutes=240, sessions=4, slots=MONDAYS, period=Period.parse(text))
        for k, text in enumerate(["2026-03-02/2026-03-30", "2026-03-01/2026-03-29", "2026-03-02/2026-03-24"])
    ]
    plan = solve(Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=960, group_min=3)]), "greedy")
    assert [pool.needs for pool in plan.pools] == [("n0", "n1", "n2")]


def test_where_the_days_do_not_suffice_there_are_several_sessions_a_day():
    need = Need(id="n", minutes=300, sessions=5, slots=MONDAYS, period=MARCH)
    problem = Problem(needs=[need], offers=[Offer(id="o", capacity_minutes=300)])
    for strategy in ("greedy", "exact"):
        (pool,) = solve(problem, strategy).pools
        assert str(pool.starts) == "mon 16:00-16:30, mon 17:00-17:30"


def test_what_has_no_dates_takes_those_of_the_other_side_or_one_week():
    need, offer = Need(id="n", minutes=240, sessions=4, service="s"), Offer(id="o", capacity_minutes=240, service="s")

    def pool(need, offer):
        return solve(Problem(needs=[need], offers=[offer]), "exact").pools[0]

    both = pool(need, offer)
    assert (len(both.starts), both.period) == (4, ANY_WEEK)
    for changed in (pool(need, attrs.evolve(offer, period=MARCH)), pool(attrs.evolve(need, period=MARCH), offer)):
        assert (len(changed.starts), changed.period) == (1, MARCH)


def test_a_need_without_dates_joins_one_with_dates_where_they_meet_as_often():
    needs = [Need(id="m", minutes=240, sessions=4, period=MARCH), Need(id="n", minutes=240, sessions=4)]
    offer = Offer(id="o", capacity_minutes=960, group_min=2, period=Period.parse("2026-03-02/2026-04-06"))
    for strategy in ("greedy", "exact"):
        (pool,) = solve(Problem(needs=needs, offers=[offer]), strategy).pools
        assert (pool.needs, pool.period) == (("m", "n"), MARCH)


def test_only_the_sessions_that_are_wanted_are_dated():
    century = Period.parse("2000-01-01/2099-12-31")
    ground = Ground(
        Problem(needs=[Need(id="n", minutes=60)], offers=[Offer(id="o", capacity_minutes=60, period=century)])
    )
    assert len(ground.dates(1, century, 3)) == 3
    assert ground.count(1, century) == 5_218
