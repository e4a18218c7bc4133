import pytest
from pictured import legend

from wis_engine.charts import lorenz, pool_sizes, stacked, waiting
from wis_engine.charts.shares import _gini
from wis_engine.errors import Malformed
from wis_engine.matching import gini_ppm


def test_pool_sizes_are_counted_by_need():
    axes = pool_sizes({"pool_size": [1, 3, 3], "needs": [5, 9, 6]})
    assert list(axes.patches[0].get_data().values) == [25, 0, 75]


def test_a_strategy_that_served_nobody_is_not_drawn():
    columns = {"strategy": ["a", "b"], "pool_size": [1, 1], "needs": [0, 4]}
    assert legend(pool_sizes(columns)) == ["b"]
    with pytest.raises(Malformed, match="no need"):
        pool_sizes(columns | {"needs": [0, 0]})
    with pytest.raises(Malformed, match="below 1"):
        pool_sizes(columns | {"pool_size": [0, 1]})


def test_waiting_says_the_median_of_each_strategy():
    quick, slow = (
        {"wait_days": [2, 5], "served_ppm": [500_000, 1_000_000]},
        {"wait_days": [9], "served_ppm": [1_000_000]},
    )
    axes = waiting(stacked(({"strategy": "a"}, quick), ({"strategy": "b"}, slow)), language="en")
    assert legend(axes) == ["a: half within 2 days", "b: half within 9 days"]
    assert [list(line.get_ydata()) for line in axes.get_lines()] == [[50, 100], [100]]


@pytest.mark.parametrize("shares", [[600_000, 500_000, 1_000_000], [0, 1, 2], [-1, 0, 1_000_000]])
def test_shares_that_are_no_distribution_are_refused(shares):
    with pytest.raises(Malformed, match="waiting"):
        waiting({"wait_days": [1, 2, 3], "served_ppm": shares})


def curve(values):
    ordered, total = sorted(values), sum(values)
    sums = [sum(ordered[:count]) for count in range(len(values) + 1)]
    return [(count * 1_000_000 // len(values), one * 1_000_000 // total) for count, one in enumerate(sums)]


@pytest.mark.parametrize("values", [[1, 3], [0, 0, 0, 10], [2, 2], [1, 2, 3, 4, 5]])
def test_the_gini_of_a_curve_is_that_of_its_values(values):
    assert _gini(curve(values)) == pytest.approx(gini_ppm(values) / 1_000_000, abs=1e-5)


def test_the_legend_of_a_curve_says_its_gini():
    groups, amounts = zip(*curve([1, 3]), strict=True)
    axes = lorenz({"by": ["zone"] * 3, "groups_ppm": groups, "amount_ppm": amounts})
    assert legend(axes) == ["parti uguali", "zone: Gini 0,25"]
    with pytest.raises(Malformed, match="does not rise"):
        lorenz({"by": ["zone"] * 3, "groups_ppm": groups, "amount_ppm": [0, 5, 4]})
