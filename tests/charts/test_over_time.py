import datetime as dt

import pytest
from pictured import MONTHS, legend

from wis_engine.charts import burn_down, coverage, growth
from wis_engine.errors import Malformed

EPOCH = dt.date(1970, 1, 1)


def days(*found):
    return [(day - EPOCH).days for day in found]


def test_coverage_is_the_median_of_the_seeds_from_forty_needs_on(months):
    axes = coverage(months, language="en")
    middle, low, high = axes.get_lines()
    assert list(middle.get_xdata()) == days(*MONTHS[1:])
    assert list(middle.get_ydata()) == [20, 50]
    assert list(low.get_ydata()) == [20, pytest.approx(30)]
    assert list(high.get_ydata()) == [20, pytest.approx(70)]
    assert legend(axes) == ["by zone"]
    assert len(axes.collections) == 1


def test_one_run_has_a_line_and_no_band(months):
    one = {name: column[:3] for name, column in months.items()}
    axes = coverage(one)
    assert (len(axes.get_lines()), len(axes.collections)) == (1, 0)


def test_a_share_of_few_needs_is_not_drawn(months):
    with pytest.raises(Malformed, match="fewer than 40 needs"):
        coverage(months | {"needs": [1, 2, 3] * 2})
    with pytest.raises(Malformed, match="no column 'promised'"):
        coverage(months, of="promised")


def test_growth_draws_each_kind(months):
    axes = growth(months | {"firms": [1, 2, 3, 1, 4, 5], "people": [9] * 6}, kinds=("firms", "people"))
    assert list(axes.get_lines()[0].get_ydata()) == [1, 3, 4]
    assert legend(axes) == ["imprese", "persone"]
    with pytest.raises(Malformed, match="no kind"):
        growth(months, kinds=())


def budget(**more):
    return {"day": [dt.date(2025, 1, 1), dt.date(2025, 1, 3), dt.date(2025, 1, 5)], "left_cents": [900, 300, 0]} | more


def test_money_stands_until_it_moves_and_the_legend_says_when_it_is_gone():
    axes = burn_down(budget(), language="en")
    left, zero = axes.get_lines()
    assert list(left.get_ydata()) == [9, 9, 3, 3, 0]
    assert list(zero.get_ydata()) == [0, 0]
    assert legend(axes) == ["empty on day 4"]


def test_funds_are_told_apart():
    axes = burn_down(budget(action=["B", "A", "A"], left_cents=[900, 500, 300]))
    assert legend(axes) == ["A: non si esaurisce", "B: non si esaurisce"]
