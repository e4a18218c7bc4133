"""How much a conclusion hangs on what nobody measured: `python -m benchmarks.sensitivity [samples]`.

The scenario's judgements are drawn anew, all at once, and the conclusion (what
serving together saves, and how many it reaches) is worked out each time, over
the same seeds. The first-order index of a parameter is the part of the variance of the
conclusion that would go if that parameter alone were known. Method: RBD-FAST
(Tarantola, Gatelli and Mara 2006, with the correction of Plischke) of SALib,
on a Latin hypercube; its interval is a bootstrap.
"""

import argparse
import datetime as dt
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import attrs
import numpy as np

from benchmarks.ensemble import village
from wis_engine.simulation import Scenario, sweep

# What is drawn, from least to most: the price of a group (a and b of simulation.md), how many join by themselves and
# by word of mouth in a year (p and q, per million), the capacity of suppliers in per cent of the scenario's.
BOUNDS = {
    "price floor a, %": (40, 80),
    "price exponent b, hundredths": (20, 100),
    "joining alone p, ppm": (2_000, 40_000),
    "joining heard q, ppm": (100_000, 400_000),
    "capacity, %": (25, 200),
}
SEEDS = range(2)
UNTIL = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
CONCLUSIONS = ("saving_ppm", "coverage_ppm")
LEVEL = 0.95


def drawn(number: int, values: list[float]) -> Scenario:
    """The village with a sample's parameters; half of the firms are members, so that it can grow."""
    floor, exponent, alone, heard, capacity = (round(value) for value in values)
    scenario = village()
    assert scenario.firms is not None
    assert scenario.growth is not None
    assert scenario.supply is not None
    supply = attrs.evolve(
        scenario.supply,
        discount=attrs.evolve(scenario.supply.discount, floor_percent=floor, exponent_hundredths=exponent),
        kinds=tuple(
            attrs.evolve(kind, capacity_hours=max(1, kind.capacity_hours * capacity // 100))
            for kind in scenario.supply.kinds
        ),
    )
    return attrs.evolve(
        scenario,
        name=f"sample-{number:04}",
        firms=attrs.evolve(scenario.firms, members_at_start=20),
        growth=attrs.evolve(scenario.growth, alone_ppm=alone, heard_ppm=heard),
        supply=supply,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sensitivity", description=__doc__)
    parser.add_argument("samples", type=int, nargs="?", default=96)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SALib warns of what pandas will change
        from SALib.analyze import rbd_fast  # noqa: PLC0415 - measured where it is installed
        from SALib.sample import latin  # noqa: PLC0415 - as above
    problem = {"num_vars": len(BOUNDS), "names": list(BOUNDS), "bounds": [list(pair) for pair in BOUNDS.values()]}
    samples = latin.sample(problem, asked.samples, seed=1)
    scenarios = [drawn(number, row) for number, row in enumerate(samples.tolist())]
    with ProcessPoolExecutor(asked.processes, mp_context=get_context("spawn")) as executor:
        runs = sweep(scenarios, seeds=SEEDS, until=UNTIL, executor=executor, batch=4)
    print(f"{len(runs)} runs, {sum(map(int, runs['facts'])):,} facts, up to {UNTIL:%Y-%m-%d}\n")
    print("| by_zone | mean | parameter | first-order index | 95 % |")
    print("| --- | ---: | --- | ---: | ---: |")
    for measure in CONCLUSIONS:
        found_in = [runs.runs.where(scenario=one.name).numbers(measure) for one in scenarios]
        means = np.array([sum(values) / len(values) for values in found_in])
        found = rbd_fast.analyze(problem, samples, means, conf_level=LEVEL, seed=1)
        for name, index, reach in zip(problem["names"], found["S1"], found["S1_conf"], strict=True):
            print(f"| {measure} | {np.mean(means) / 10_000:.1f} % | {name} | {index:.2f} | +/- {reach:.2f} |")


if __name__ == "__main__":
    main()
