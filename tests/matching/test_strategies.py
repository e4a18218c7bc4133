import attrs
import pytest
from hypothesis import given, settings
from problems import timed_problems

from wis_engine.errors import Malformed, StrategyError
from wis_engine.matching import ByFirm, ByZone, Greedy, Need, Offer, Option, Problem, Proposal, Unserved, solve
from wis_engine.matching import strategies as strategies_module
from wis_engine.values import Period, PriceTier, WeekSlots

# Each example solves a problem several times: a part of the profile's number is enough for a run.
FEW = settings().max_examples // 2


def pools(problem, strategy):
    return [pool.needs for pool in solve(problem, strategy).pools]


GROUP = Offer(
    id="o",
    capacity_minutes=600,
    tiers=[
        PriceTier(price_cents=100),
        PriceTier(people_from=2, price_cents=60),
        PriceTier(people_from=4, price_cents=40),
    ],
)
FOUR = Problem(
    needs=[Need(id=f"n{k}", minutes=60, firm="f1" if k < 2 else "f2", zone=k // 3) for k in range(4)], offers=[GROUP]
)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("by_firm", [("n0", "n1"), ("n2", "n3")]),
        ("by_zone", [("n0", "n1", "n2"), ("n3",)]),
        ("greedy", [("n0", "n1", "n2", "n3")]),
        (ByZone(group_max=2), [("n0", "n1"), ("n2",), ("n3",)]),
        (ByFirm(group_max=1), [("n0",), ("n1",), ("n2",), ("n3",)]),
    ],
)
def test_a_strategy_pools_within_its_bounds(strategy, expected):
    assert pools(FOUR, strategy) == expected


def test_a_need_without_firm_or_zone_is_pooled_with_nobody():
    problem = Problem(needs=[Need(id=f"n{k}", minutes=60) for k in range(3)], offers=[GROUP])
    alone = [("n0",), ("n1",), ("n2",)]
    assert pools(problem, "by_firm") == alone
    assert pools(problem, "by_zone") == alone


def test_parameters_are_part_of_the_plan():
    plan = solve(FOUR, ByZone(group_max=2))
    assert plan.strategy == "by_zone"
    assert [(one.name, one.value) for one in plan.settings] == [("group_max", "2")]
    assert plan.digest != solve(FOUR, ByZone()).digest


def test_greedy_makes_room_for_more_by_sending_a_need_elsewhere():
    """The first need could go to either offer, the second to one only."""
    problem = Problem(
        needs=[Need(id="n1", minutes=60), Need(id="n2", minutes=60), Need(id="n3", minutes=60)],
        offers=[Offer(id=f"o{k}", capacity_minutes=60) for k in range(3)],
        options=[
            Option(need=need, offer=offer, minutes=60, price_cents=price)
            for need, offer, price in (
                ("n1", "o0", 1),
                ("n1", "o1", 9),
                ("n2", "o0", 5),
                ("n3", "o2", 1),
                ("n2", "o2", 1),
            )
        ],
    )
    assert solve(problem, Greedy()).covered == {"n1", "n2", "n3"}


def test_greedy_puts_several_groups_of_one_offer_at_different_times():
    offer = Offer(
        id="o",
        capacity_minutes=600,
        slots=WeekSlots.parse("mon 16:00-18:00"),
        group_max=2,
        capacity_per_slot=1,
    )
    problem = Problem(needs=[Need(id=f"n{k}", minutes=60) for k in range(5)], offers=[offer])
    plan = solve(problem, "greedy")
    assert sorted(str(pool.starts) for pool in plan.pools) == ["mon 16:00-16:30", "mon 17:00-17:30"]
    assert [len(pool.needs) for pool in plan.pools] == [2, 2]


MONTH = Period.parse("2026-03-02/2026-03-30")


@pytest.mark.parametrize("strategy", ["greedy", "exact"])
def test_two_sessions_a_week_lie_on_two_days_that_suit_everybody(strategy):
    slots = ["mon-wed 16:00-18:00", "tue-fri 16:00-18:00", "tue 17:00-18:00, thu 16:00-17:00, wed 17:00-18:00"]
    needs = [
        Need(id=f"n{k}", minutes=480, sessions=8, period=MONTH, slots=WeekSlots.parse(text))
        for k, text in enumerate(slots)
    ]
    offer = Offer(id="o", capacity_minutes=1_440, group_min=3, capacity_per_slot=1)
    (pool,) = solve(Problem(needs=needs, offers=[offer]), strategy).pools
    assert str(pool.starts) == "tue 17:00-17:30, wed 17:00-17:30"
    assert pool.sessions == 8


def test_two_meals_a_day_are_packed_into_the_week():
    need = Need(id="n", minutes=56 * 30, sessions=56, period=MONTH, slots=WeekSlots.parse("mon-sun 12:00-13:00"))
    plan = solve(Problem(needs=[need], offers=[Offer(id="o", capacity_minutes=1_680)]), "greedy")
    assert len(plan.pools[0].starts) == 14
    assert len(plan.pools[0].occurrences()) == 56


@settings(max_examples=FEW)
@given(timed_problems())
def test_no_heuristic_leaves_out_a_need_that_one_offer_could_serve_alone(problem):
    for strategy in ("by_firm", "by_zone", "greedy"):
        for why in solve(problem, strategy).unmatched:
            if Unserved.STRATEGY in why.reasons:
                # What it leaves out although there is room takes company that it does not look for.
                need = next(need for need in problem.needs if need.id == why.need)
                alone = Problem(
                    needs=[need],
                    offers=problem.offers,
                    budgets=problem.budgets,
                    commitments=problem.commitments,
                    closed_days=problem.closed_days,
                )
                assert strategy != "greedy" or not solve(alone, "exact").covered


@pytest.mark.parametrize("strategy", ["best", "", Greedy, 3, None])
def test_what_is_no_strategy_is_refused(strategy):
    with pytest.raises(StrategyError):
        solve(FOUR, strategy)


def test_what_gives_no_proposal_or_takes_other_arguments_is_refused():
    with pytest.raises(StrategyError):
        solve(FOUR, lambda problem, *, seed, effort: [])
    with pytest.raises(StrategyError):
        solve(FOUR, lambda problem: Proposal(placements=()))


@pytest.mark.parametrize(
    "error", [ValueError("secret"), TypeError("secret"), KeyError("secret"), Malformed("secret"), RecursionError()]
)
def test_whatever_fails_in_a_strategy_is_told_as_its_failure(error):
    def failing(problem, *, seed, effort):
        raise error

    with pytest.raises(StrategyError) as caught:
        solve(FOUR, failing)
    assert str(caught.value) == f"strategy function failed: {type(error).__name__}"


def test_what_takes_other_arguments_is_told_apart_from_what_fails():
    with pytest.raises(StrategyError, match="cannot be called as one"):
        solve(FOUR, lambda problem: Proposal(placements=()))


def test_a_parameter_that_cannot_be_told_in_a_plan_is_refused():
    @attrs.frozen
    class Odd:
        parameter: object

        def __call__(self, problem, *, seed, effort):
            return Proposal(placements=())

    assert solve(FOUR, Odd(3)).settings[0].value == "3"
    with pytest.raises(StrategyError):
        solve(FOUR, Odd(float("nan")))


@pytest.mark.parametrize("group_max", [0, "a", None, True])
def test_a_group_of_nobody_is_refused(group_max):
    with pytest.raises(Malformed):
        ByZone(group_max=group_max)


def test_only_exact_says_that_it_looked_at_every_plan():
    plan = solve(FOUR, lambda problem, *, seed, effort: Proposal(placements=(), complete=True))
    assert not plan.certificate.enumerated


def test_a_strategy_may_come_from_an_entry_point(monkeypatch):
    class Entry:
        def __init__(self, value):
            self.value = value

        def load(self):
            if isinstance(self.value, Exception):
                raise self.value
            return self.value

    def nobody(problem, *, seed, effort):
        return Proposal(placements=())

    given_ = {"nobody": Entry(nobody), "broken": Entry(ImportError("x"))}
    monkeypatch.setattr(
        strategies_module,
        "entry_points",
        lambda *, group, name: [given_[name]] if group == "wis_engine.strategies" and name in given_ else [],
    )
    plan = solve(FOUR, "nobody")
    assert plan.strategy == "function"
    assert len(plan.unmatched) == 4
    with pytest.raises(StrategyError):
        solve(FOUR, "broken")
