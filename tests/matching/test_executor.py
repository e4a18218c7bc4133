"""An executor lends its workers and changes nothing."""

import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from wis_engine.matching import Budget, Need, Offer, Problem, solve

PART = 20


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr("wis_engine.matching.explaining.PART", PART)


@pytest.fixture(scope="module")
def many_left():
    """More needs than fit into two parts, few of which find a place: full offers, short groups, spent money."""
    rng = random.Random(0)
    needs = [
        Need(
            id=f"n{number:02}",
            minutes=rng.choice((30, 60, 90)),
            service=rng.choice(("homework", "ride", "none")),
            household=f"h{number % 7}",
            price_limit_cents=rng.choice((None, 400, 900)),
            group_max=rng.choice((None, None, 1)),
        )
        for number in range(3 * PART)
    ]
    offers = [
        Offer(id="o1", service="homework", capacity_minutes=300, opening_cents=300, group_min=2, group_max=4),
        Offer(id="o2", service="ride", capacity_minutes=200, opening_cents=800),
    ]
    return Problem(needs=needs, offers=offers, budgets=[Budget(id="g", cap_cents=500, share_percent=50)])


def processes(workers):
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


@pytest.mark.parametrize("lent", [ThreadPoolExecutor, processes])
def test_the_plan_is_the_same_with_an_executor(many_left, lent):
    serial = solve(many_left, effort=5)
    assert len(serial.unmatched) > 2 * PART
    assert len({one.reasons for one in serial.unmatched}) > 2
    with lent(2) as executor:
        assert solve(many_left, effort=5, executor=executor) == serial


def test_few_needs_are_not_sent_anywhere():
    problem = Problem(needs=[Need(id="n", minutes=60, service="x")], offers=[])
    with ThreadPoolExecutor(1) as executor:
        executor.shutdown()
        assert solve(problem, executor=executor).unmatched[0].need == "n"
