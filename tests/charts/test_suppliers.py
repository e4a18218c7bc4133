import datetime as dt

import pytest

from wis_engine.charts import adjacency, utilisation, weeks
from wis_engine.errors import Malformed

USED = {"supplier": ["a", "b", "c"], "delivered_minutes": [10, 90, 0], "capacity_minutes": [100, 100, 0]}


def test_suppliers_are_sorted_by_use_and_those_without_capacity_left_out():
    axes = utilisation(USED)
    assert [bar.get_width() for bar in axes.patches] == [90, 10]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["b", "a"]
    with pytest.raises(Malformed, match="capacity"):
        utilisation(USED | {"capacity_minutes": [0, 0, 0]})


def test_of_many_suppliers_the_least_used_share_a_bar():
    many = range(1, 41)
    axes = utilisation({"supplier": many, "delivered_minutes": many, "capacity_minutes": [100] * 40}, language="en")
    assert len(axes.patches) == 30
    assert axes.get_yticklabels()[-1].get_text() == "11 other suppliers"
    assert axes.patches[-1].get_width() == 6


def test_weeks_without_capacity_are_blank():
    days = [dt.date(2025, 9, 1), dt.date(2025, 9, 15)]
    told = {"supplier": ["a", "a"], "week_day": days, "delivered_minutes": [5, 0], "capacity_minutes": [10, 10]}
    cells = weeks(told).images[0].get_array()
    assert cells[0].filled(-1).tolist() == [50, -1, 0]
    with pytest.raises(Malformed, match="31 suppliers"):
        weeks({name: [values[0]] * 31 for name, values in told.items()} | {"supplier": range(31)})


def test_pairs_are_counted_and_written():
    axes = adjacency({"nil": [10, 10, 9, None], "supplier": ["b", "b", "a", "a"]})
    assert axes.images[0].get_array().tolist() == [[1, 0], [0, 2]]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["9", "10"]
    assert sorted(text.get_text() for text in axes.texts) == ["1", "2"]
    with pytest.raises(Malformed, match="from 1 to 100"):
        adjacency({"nil": range(101), "supplier": ["a"] * 101})
    with pytest.raises(Malformed, match="0 and 0 names"):
        adjacency({"nil": [None], "supplier": ["a"]})
