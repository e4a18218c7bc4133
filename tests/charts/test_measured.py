"""Every picture draws what the measures and an ensemble give, under the names that they give it."""

from functools import cache

import hamlet
import pytest
from matplotlib.axes import Axes

from wis_engine import charts
from wis_engine.measures import Measures
from wis_engine.simulation import diverge, ensemble


@cache
def measures():
    return Measures(hamlet.year().community)


@cache
def runs():
    until = hamlet.instant("2025-11-05")
    return ensemble(hamlet.hamlet(), seeds=[1, 2], strategies=["by_firm", "greedy"], until=until)


PICTURES = {
    "coverage": lambda: charts.coverage(measures().months),
    "growth": lambda: charts.growth(measures().growth, kinds=("firms", "suppliers", "households")),
    "burn_down": lambda: charts.burn_down(measures().budget),
    "pool_sizes": lambda: charts.pool_sizes(measures().pool_sizes),
    "waiting": lambda: charts.waiting(measures().waiting),
    "lorenz": lambda: charts.lorenz(measures().lorenz.where(of="coverage")),
    "utilisation": lambda: charts.utilisation(measures().suppliers),
    "weeks": lambda: charts.weeks(measures().weeks),
    "adjacency": lambda: charts.adjacency(measures().needs, "municipio", "action"),
    "flow": lambda: charts.flow(measures().flows),
    "zone_map": lambda: charts.zone_map(measures().groups.where(by="zone")),
    "network": lambda: charts.network(hamlet.year().community.network.graph),
    "divergence": lambda: charts.divergence(diverge(hamlet.year().community, hamlet.year(1).community).side),
    "paired": lambda: charts.paired(runs(), "coverage_ppm"),
    "frontier": lambda: charts.frontier(runs(), "notice_days_median", "coverage_ppm"),
    "along": lambda: charts.along(charts.stacked(({"firms": 30}, runs())), "firms", "coverage_ppm"),
}


def test_every_picture_is_among_them():
    assert set(PICTURES) == set(charts.__all__) - {"Columns", "Svg", "stacked"}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_draws_what_was_measured(name):
    drawn = PICTURES[name]()
    assert isinstance(drawn, Axes | charts.Svg)
