"""Pictures of communities, for notebooks, reports and studies: readable in grey, in Italian or English.

Each picture is a function of columns: a dict of lists, a table of
`wis_engine.measures`, a frame of pandas or polars. Those on axes need
matplotlib (the extra `viz`), take axes or make some, and return them; maps and
diagrams are SVG text of our own, which a notebook draws as it is.

`stacked` puts the columns of several runs under each other, labelled with
their strategy and seed.
"""

from wis_engine.charts.columns import Columns, stacked
from wis_engine.charts.flow import flow
from wis_engine.charts.matrix import adjacency
from wis_engine.charts.over_time import burn_down, coverage, growth
from wis_engine.charts.parting import divergence
from wis_engine.charts.shares import lorenz, pool_sizes, waiting
from wis_engine.charts.strategies import along, frontier, paired
from wis_engine.charts.suppliers import utilisation, weeks
from wis_engine.charts.svg import Svg
from wis_engine.charts.tiers import network
from wis_engine.charts.zones import zone_map

__all__ = [
    "Columns",
    "Svg",
    "adjacency",
    "along",
    "burn_down",
    "coverage",
    "divergence",
    "flow",
    "frontier",
    "growth",
    "lorenz",
    "network",
    "paired",
    "pool_sizes",
    "stacked",
    "utilisation",
    "waiting",
    "weeks",
    "zone_map",
]
