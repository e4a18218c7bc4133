from functools import cache

import attrs
import pytest
from hamlet import hamlet, instant

from wis_engine.errors import Malformed
from wis_engine.measures import Table
from wis_engine.simulation import Ensemble, compare, ensemble, sweep
from wis_engine.simulation.lives import RUNS

UNTIL = instant("2025-10-15T00:00")


def told(rows, names=("by_firm", "by_zone")):
    """An ensemble of which only some measures matter: rows of strategy, seed, coverage, demand."""
    blank = dict.fromkeys(RUNS)
    records = [
        blank | {"scenario": "s", "strategy": names[side], "seed": seed, "coverage_ppm": value, "demand": demand}
        for side, seed, value, demand in rows
    ]
    table = Table.from_records("runs", RUNS, records)
    return Ensemble(runs=table, months=Table.of("months", (), []), pool_sizes=Table.of("sizes", (), []))


PAIRS = [(0, 1, 10, "a"), (0, 2, 20, "b"), (0, 3, 60, "c"), (1, 1, 13, "a"), (1, 2, 22, "b"), (1, 3, 64, "x")]


def test_differences_are_taken_within_a_seed():
    one = compare(told(PAIRS), measures=["coverage_ppm"])["coverage_ppm", "by_zone"]
    assert (one.base, one.other, one.pairs, one.same_demand) == ("by_firm", "by_zone", 3, 2)
    assert (one.base_mean, one.other_mean, one.difference) == (30, 33, 3)
    # Differences 3, 2, 4: variance 1, and Student's t of 2 degrees of freedom at 97.5 % is 4.30265.
    assert one.paired_variance == 1
    assert one.low == pytest.approx(3 - 4.30265 / 3**0.5, abs=1e-4)
    assert one.high == pytest.approx(3 + 4.30265 / 3**0.5, abs=1e-4)
    assert one.independent_variance == 700 + 741
    assert one.fewer_runs == 1_441
    assert (one.verdict, one.better) == ("more", "by_zone")


def test_fewer_per_cent_are_a_shorter_interval():
    wide, narrow = (
        compare(told(PAIRS), measures=["coverage_ppm"], level_percent=level)["coverage_ppm", "by_zone"]
        for level in (95, 50)
    )
    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_other_way_round_is_the_opposite():
    one = compare(told(PAIRS), base="by_zone", measures=["coverage_ppm"])["coverage_ppm", "by_firm"]
    assert (one.difference, one.verdict, one.better) == (-3, "less", "by_zone")


@pytest.mark.parametrize(
    ("values", "verdict"), [((5, 5, 5), "same"), ((5, 1, 9), "unclear"), ((9, 9, 9), "more"), ((1, 1, 1), "less")]
)
def test_the_verdict_follows_from_the_interval(values, verdict):
    rows = [(0, seed, 5, "a") for seed in range(3)] + [(1, seed, value, "a") for seed, value in enumerate(values)]
    assert compare(told(rows), measures=["coverage_ppm"])["coverage_ppm", "by_zone"].verdict == verdict


def test_one_pair_has_no_interval():
    one = compare(told([PAIRS[0], PAIRS[3]]), measures=["coverage_ppm"])["coverage_ppm", "by_zone"]
    assert (one.low, one.high, one.verdict, one.better) == (None, None, "unclear", None)


def test_seeds_without_a_partner_or_without_the_measure_are_left_out():
    rows = [*PAIRS, (0, 4, 99, "d"), (0, 5, None, "e"), (1, 5, 7, "e")]
    assert compare(told(rows), measures=["coverage_ppm"])["coverage_ppm", "by_zone"].pairs == 3
    with pytest.raises(Malformed, match="no run of one seed"):
        compare(told([PAIRS[0], PAIRS[4]]), measures=["coverage_ppm"])


@cache
def lived():
    return ensemble(hamlet(), seeds=range(3), strategies=["by_firm", "by_zone", "greedy"], until=UNTIL)


def test_strategies_of_an_ensemble_are_compared():
    found = compare(lived(), measures=["needs", "coverage_ppm"])
    assert {(one.measure, one.other) for one in found.differences} == {
        (measure, other) for measure in ("needs", "coverage_ppm") for other in ("by_zone", "greedy")
    }
    assert found["needs", "greedy"].verdict == "same"
    assert {one.same_demand for one in found.differences} == {3}
    assert len(found.records()) == len(str(found).splitlines()) == 4
    assert "Student" in found._repr_html_()


def test_scenarios_are_compared_too():
    rich = attrs.evolve(hamlet(), name="rich", demand=attrs.evolve(hamlet().demand, intensity_percent=300))
    found = compare(sweep([hamlet(), rich], seeds=range(2), until=UNTIL), by="scenario", measures=["needs"])
    one = found["needs", "rich"]
    assert (one.pairs, one.same_demand) == (2, 0)
    assert one.difference > 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"base": "by_moon"},
        {"by": "seed"},
        {"by": "scenario"},
        {"measures": ["beauty"]},
        {"level_percent": 100},
    ],
)
def test_a_wrong_argument_is_told(arguments):
    with pytest.raises(Malformed):
        compare(lived(), **arguments)
    with pytest.raises(Malformed):
        compare(lived())["beauty", "greedy"]
