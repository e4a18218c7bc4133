"""Columns as the measures give them, with numbers whose pictures are known."""

import pytest
from pictured import MONTHS

from wis_engine.charts import stacked


@pytest.fixture
def months():
    """Two seeds of one strategy: 25 and 75 of a hundred served at the end, fewer than 40 needs in September."""
    runs = [{"month_day": MONTHS, "needs": [10, 50, 100], "served": [9, 10, last]} for last in (25, 75)]
    return stacked(*(({"strategy": "by_zone", "seed": seed}, run) for seed, run in enumerate(runs)))


@pytest.fixture
def ensemble():
    """Three seeds, two strategies, the second one always three points better and four days later."""
    rows = [
        (strategy, seed, 50_000 + 10_000 * seed + 30_000 * better, 10 + seed + 4 * better)
        for better, strategy in enumerate(("by_firm", "by_zone"))
        for seed in (1, 2, 3)
    ]
    names = ("strategy", "seed", "saving_ppm", "wait_days_median")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
