"""Calibrate how intense the simulated demand is: `python -m benchmarks.calibrate [intensity ...]`.

The project card promises 80 accesses in the pilot year. Each intensity lives
60 years in memory, seeds 0 to 59, and counts I4.2e in each; the first whose
mean is 80 within 5 stands in `wis_demand.toml` as `intensity_percent`. Without
arguments the one that stands there is tried.
"""

import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from math import isqrt

from wis_engine.community import Community
from wis_engine.simulation.card import period, table
from wis_engine.simulation.demand import calibrated_percent
from wis_engine.simulation.year import live

SEEDS = range(60)
WITHIN = 5


def accesses(seed: int, *, intensity: int) -> int:
    """Live one year; count its accesses."""
    community = Community.open("memory:")
    live(community, seed=seed, intensity_percent=intensity)
    found = {one.id: one.value for one in community.indicators(period())}
    return found["I4.2e"]


def row(intensity: int, executor: Executor, seeds: Sequence[int] = SEEDS) -> str:
    """Measure one intensity: mean, spread, extremes."""
    counts = sorted(executor.map(partial(accesses, intensity=intensity), seeds))
    total, many = sum(counts), len(counts)
    tenths = (total * 10 + many // 2) // many
    variance_hundredths = sum((count * many - total) ** 2 for count in counts) * 100 // (many * many * (many - 1))
    spread_tenths = isqrt(variance_hundredths)
    target = table("card")["project"]["targets"]["accesses"]
    verdict = "within" if abs(total - target * many) <= WITHIN * many else "outside"
    return (
        f"| {intensity} | {tenths // 10}.{tenths % 10} | {spread_tenths // 10}.{spread_tenths % 10} | {counts[0]} |"
        f" {counts[many // 2]} | {counts[-1]} | {verdict} {target} ± {WITHIN} |"
    )


def main(intensities: Sequence[int]) -> None:
    print("| intensity, % | mean accesses | standard deviation | least | median | most | |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    with ProcessPoolExecutor() as executor:
        for intensity in intensities or [calibrated_percent()]:
            print(row(intensity, executor), flush=True)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]])
