import pytest
from pictured import legend

from wis_engine.charts import along, frontier, paired
from wis_engine.errors import Malformed


def test_each_seed_has_a_line_between_the_strategies(ensemble):
    axes = paired(ensemble, language="en")
    lines = [list(line.get_ydata()) for line in axes.get_lines()[:3]]
    assert lines == [[6, 9], [7, 10], [8, 11]]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["by firm", "by zone"]
    assert axes.get_title(loc="left") == "Saving against alone: each line is a seed"


def test_only_seeds_that_ran_with_every_strategy_are_compared(ensemble):
    ensemble["seed"][0] = 9
    assert len([line for line in paired(ensemble).get_lines() if line.get_marker() == "o"]) == 2
    with pytest.raises(Malformed, match="no seed ran"):
        paired(ensemble | {"seed": list(range(6))})
    with pytest.raises(Malformed, match="stands twice"):
        paired(ensemble | {"seed": [1] * 6})


def test_a_measure_of_somebody_else_is_drawn_under_its_name(ensemble):
    axes = paired(ensemble | {"joy": [1, 2, 3, 4, 5, 6]}, "joy")
    assert axes.get_ylabel() == "joy"


def test_the_frontier_has_a_cloud_and_a_middle_for_each_strategy(ensemble):
    axes = frontier(ensemble, language="en")
    clouds, middles = axes.collections[::2], axes.collections[1::2]
    assert [len(cloud.get_offsets()) for cloud in clouds] == [3, 3]
    assert [tuple(middle.get_offsets()[0]) for middle in middles] == [(12, 7), (16, 10)]
    assert legend(axes) == ["by firm", "by zone"]
    assert axes.get_xlabel() == "Waiting time (days)"
    with pytest.raises(Malformed, match="no column 'walk_m'"):
        frontier(ensemble, "walk_m")


def test_a_measure_is_drawn_along_what_was_varied():
    rows = [(firms, "by_zone", saving) for firms in (3, 30, 300) for saving in (firms * 100, firms * 300)]
    columns = dict(zip(("firms", "strategy", "saving_ppm"), zip(*rows, strict=True), strict=True))
    axes = along(columns, "firms", language="en")
    line = axes.get_lines()[-1]
    assert list(line.get_xdata()) == [3, 30, 300]
    assert list(line.get_ydata()) == pytest.approx([0.06, 0.6, 6])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["3", "30", "300"]
    assert axes.get_title(loc="left") == "Saving against alone, by number of firms"
    with pytest.raises(Malformed, match="not above zero"):
        along(columns | {"firms": [0] * 6}, "firms")
